//! Columns that text takes on a terminal, and text that is safe to print there.

use core::fmt::Write;

/// The text with every character that could move the cursor, reorder or hide text written as an escape.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' | '\n' | '\r' | '\0'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(safe, "\\x{:02x}", u32::from(letter));
            }
            _ if letter.is_control() || is_format(letter) => {
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
            }
            other => safe.push(other),
        }
    }
    safe
}

/// Columns of a text that is already [`escaped`]. Near enough for a caret: combining marks take none, East Asian wide
/// characters and emoji two.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(letter: char) -> usize {
    match letter {
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{e31}'
        | '\u{e34}'..='\u{e3a}'
        | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{3099}'..='\u{309a}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}'
        | '\u{e0100}'..='\u{e01ef}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f680}'..='\u{1f6ff}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Characters that print nothing and change what others look like: joiners, direction marks, line separators, tags.
pub(super) fn is_format(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, width};

    #[test]
    fn nothing_that_moves_the_cursor_stays() {
        assert_eq!(escaped("a\x1b[2Jb\n\u{9b}\u{202e}é"), "a\\x1b[2Jb\\x0a\\u{9b}\\u{202e}é");
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        assert_eq!((width("abc"), width("é"), width("e\u{301}"), width("端口"), width("🦀")), (3, 1, 1, 4, 2));
    }
}
