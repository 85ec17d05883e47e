//! The line in which a filter is written.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Letters of a filter that is written on the screen; longer ones stand on the command line.
const LETTERS_MAX: usize = 2000;

/// A filter that is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) text: String,
    /// Where the cursor is, in bytes.
    pub(super) at: usize,
    /// What is wrong with it, in one line.
    pub(super) mistake: Option<String>,
    /// It is being read.
    pub(super) waits: bool,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edited {
    /// The line is another, or the same.
    Goes,
    /// It is done.
    Done,
    /// It is given up.
    Left,
}

impl Prompt {
    /// A line to change this filter in.
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), at: text.len(), ..Self::default() }
    }

    /// Does what a key says.
    pub(super) fn edit(&mut self, key: KeyEvent) -> Edited {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Edited::Left,
            KeyCode::Enter => return Edited::Done,
            KeyCode::Char('u') if control => drop(self.text.drain(..std::mem::take(&mut self.at))),
            KeyCode::Char('w') if control => self.remove_word(),
            KeyCode::Char('a') if control => self.at = 0,
            KeyCode::Char('e') if control => self.at = self.text.len(),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.text.len(),
            KeyCode::Left => self.at = self.before(),
            KeyCode::Right => self.at = self.behind(),
            KeyCode::Backspace => {
                let before = self.before();
                self.text.drain(before..self.at);
                self.at = before;
            }
            KeyCode::Delete => drop(self.text.drain(self.at..self.behind())),
            KeyCode::Char(letter) if !control && self.text.chars().count() < LETTERS_MAX => {
                self.text.insert(self.at, letter);
                self.at += letter.len_utf8();
            }
            _ => return Edited::Goes,
        }
        self.mistake = None;
        Edited::Goes
    }

    fn before(&self) -> usize {
        self.text[..self.at].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn behind(&self) -> usize {
        self.text[self.at..].chars().next().map_or(self.at, |letter| self.at + letter.len_utf8())
    }

    fn remove_word(&mut self) {
        let kept = self.text[..self.at].trim_end();
        let start = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.text.drain(start..self.at);
        self.at = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(prompt: &mut Prompt, keys: &[KeyCode]) -> String {
        for &code in keys {
            prompt.edit(KeyEvent::new(code, KeyModifiers::NONE));
        }
        format!("{}|{}", &prompt.text[..prompt.at], &prompt.text[prompt.at..])
    }

    #[test]
    fn letters_come_and_go_where_the_cursor_is() {
        let mut prompt = Prompt::of("dport = 43");
        assert_eq!(after(&mut prompt, &[KeyCode::Left, KeyCode::Char('4')]), "dport = 44|3");
        assert_eq!(after(&mut prompt, &[KeyCode::Home, KeyCode::Delete, KeyCode::Char('s')]), "s|port = 443");
        assert_eq!(after(&mut prompt, &[KeyCode::End, KeyCode::Backspace, KeyCode::Backspace]), "sport = 4|");
        prompt.edit(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(after(&mut prompt, &[KeyCode::Char('ü'), KeyCode::Left, KeyCode::Right]), "sport = ü|");
        prompt.edit(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(prompt.text, "");
    }
}
