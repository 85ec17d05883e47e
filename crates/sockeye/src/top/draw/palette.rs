//! How things look: with the sixteen colours that every terminal has, or without any.

use ratatui::style::{Color, Modifier, Style};

use crate::top::model::Mood;

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub(in crate::top) struct Palette {
    /// Colours are wanted.
    pub(in crate::top) colour: bool,
    /// Letters beyond ASCII are.
    pub(in crate::top) unicode: bool,
}

impl Palette {
    /// What the environment says. An empty `NO_COLOR` is none (no-color.org).
    pub(in crate::top) fn of_environment(no_color: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        // Those have no colours, and take what chooses one for other attributes.
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb" || term.starts_with("vt"));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or_default();
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        Self {
            colour: !no_color && !dumb && set("NO_COLOR").is_none(),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    pub(super) fn title(self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The tab of the pane that is shown.
    pub(super) fn chosen(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub(super) fn heading() -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// The row under the cursor.
    pub(super) const fn cursor() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn faint(self) -> Style {
        self.coloured(Color::DarkGray)
    }

    /// Something that has to be read first.
    pub(super) fn banner(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    pub(super) const fn key() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn mood(self, mood: Mood) -> Style {
        match mood {
            Mood::Plain => Style::new(),
            Mood::Faint => self.faint(),
            Mood::Warning => self.coloured(Color::Yellow),
            Mood::Bad => self.coloured(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    /// The sign that something was cut away.
    pub(super) const fn cut(self) -> char {
        if self.unicode { '…' } else { '~' }
    }

    /// What stands between two parts of a line.
    pub(super) const fn between(self) -> &'static str {
        if self.unicode { " · " } else { " | " }
    }

    /// Steps of a history, lowest first.
    pub(super) const fn steps(self) -> [char; 8] {
        if self.unicode {
            ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
        } else {
            ['_', '.', ':', '-', '=', '+', '*', '#']
        }
    }

    /// Text of ours with its signs, as the terminal can show it. What came from the kernel keeps its letters.
    pub(in crate::top) fn signs(self, text: &str) -> String {
        if self.unicode { text.to_owned() } else { text.replace('→', "->").replace('…', "~").replace('·', "|") }
    }
}
