//! Globs and regular expressions over bytes.

use core::fmt;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes a pattern may have. A thousand is far beyond what anybody types, and keeps compilation in microseconds.
pub const PATTERN_BYTES_MAX: usize = 1024;

/// Memory a compiled pattern may take; `(a{1000}){1000}` is refused instead of built.
const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// `*`, `?` and `[a-z]`, over the whole text.
    Glob,
    /// A glob in upper or lower case, as `ss` compares names of unix sockets.
    GlobAnyCase,
    /// A regular expression, anywhere in the text.
    Regex,
}

/// A compiled glob or regular expression over bytes.
#[derive(Clone)]
pub struct Pattern {
    kind: PatternKind,
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern. `Err` says what is wrong with it.
    pub fn compile(kind: PatternKind, text: &str) -> Result<Self, String> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(format!("a pattern may have {PATTERN_BYTES_MAX} bytes, this one has {}", text.len()));
        }
        let source = match kind {
            PatternKind::Glob | PatternKind::GlobAnyCase => glob_to_regex(text)?,
            PatternKind::Regex => text.to_owned(),
        };
        let regex = RegexBuilder::new(&source)
            .case_insensitive(kind == PatternKind::GlobAnyCase)
            .size_limit(PATTERN_COMPILED_BYTES_MAX)
            .dfa_size_limit(PATTERN_COMPILED_BYTES_MAX)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(Self { kind, text: text.to_owned(), regex })
    }

    /// How it is written.
    pub const fn kind(&self) -> PatternKind {
        self.kind
    }

    /// As the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text fits.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.text) == (other.kind, &other.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?})", self.kind, self.text)
    }
}

/// The last line of the regex crate's report; the lines before it draw the pattern, which the caret already does.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the compiled pattern would be too big".to_owned(),
        other => {
            let report = other.to_string();
            let last = report.lines().last().unwrap_or_default();
            format!("this is no regular expression: {}", last.trim_start_matches("error:").trim())
        }
    }
}

/// A glob as an anchored regular expression. One `?` takes one character, or one byte where the text is not UTF-8.
fn glob_to_regex(glob: &str) -> Result<String, String> {
    let mut regex = String::from("(?s)\\A");
    let mut letters = glob.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '*' => regex.push_str("(?-u:.)*"),
            '?' => regex.push_str("(?:.|(?-u:.))"),
            '[' => push_class(&mut regex, &mut letters)?,
            '\\' => match letters.next() {
                Some(escaped) => push_literal(&mut regex, escaped),
                None => return Err("a glob cannot end in a backslash".to_owned()),
            },
            other => push_literal(&mut regex, other),
        }
    }
    regex.push_str("\\z");
    Ok(regex)
}

/// The class behind a `[`, up to its `]`; a `]` in the first place stands for itself.
fn push_class(regex: &mut String, letters: &mut core::str::Chars<'_>) -> Result<(), String> {
    let rest = letters.as_str();
    let body = rest.strip_prefix(['!', '^']).unwrap_or(rest);
    let first = body.chars().next().map_or(0, char::len_utf8);
    let Some(end) = body.get(first..).and_then(|tail| tail.find(']')).map(|at| at + first) else {
        return Err("`[` has no `]`; write `\\[` for the bracket itself".to_owned());
    };
    regex.push_str(if body.len() < rest.len() { "[^" } else { "[" });
    for letter in body[..end].chars() {
        if letter != '-' && letter.is_ascii_punctuation() {
            regex.push('\\');
        }
        regex.push(letter);
    }
    regex.push(']');
    *letters = body[end + 1..].chars();
    Ok(())
}

fn push_literal(regex: &mut String, letter: char) {
    let mut buffer = [0; 4];
    regex.push_str(&regex::escape(letter.encode_utf8(&mut buffer)));
}

#[cfg(test)]
mod tests {
    use super::{Pattern, PatternKind};

    fn glob(pattern: &str, text: &[u8]) -> bool {
        Pattern::compile(PatternKind::Glob, pattern).unwrap().matches(text)
    }

    #[test]
    fn a_glob_takes_the_whole_text() {
        assert!(glob("ng*x", b"nginx"));
        assert!(!glob("ngin", b"nginx"));
        assert!(glob("*", b"") && glob("/run/*.sock", b"/run/a/b.sock"));
    }

    #[test]
    fn a_glob_takes_bytes_that_are_no_text() {
        assert!(glob("a*", b"a\xff\n\0"));
        assert!(glob("a?", b"a\xff") && glob("a?", "aé".as_bytes()));
        assert!(!glob("a?", b"a"));
    }

    #[test]
    fn classes_and_escapes_are_those_of_the_shell() {
        assert!(glob("eth[0-3]", b"eth2") && !glob("eth[!0-3]", b"eth2"));
        assert!(glob("[]x]", b"]") && glob("[.^]", b"^"));
        assert!(glob(r"\*", b"*") && !glob(r"\*", b"x"));
        assert!(glob("a.b+(c)", b"a.b+(c)"));
    }

    #[test]
    fn a_bad_pattern_says_why() {
        let why = |kind, text: &str| Pattern::compile(kind, text).unwrap_err();
        assert_eq!(why(PatternKind::Regex, "a("), "this is no regular expression: unclosed group");
        assert_eq!(why(PatternKind::Regex, "((a{1000}){1000}){1000}"), "the compiled pattern would be too big");
        // What somebody writes for a name has room: letters of every script take much.
        assert!(Pattern::compile(PatternKind::Regex, r"^\w{20}$").is_ok());
        assert_eq!(why(PatternKind::Glob, "a["), "`[` has no `]`; write `\\[` for the bracket itself");
        assert_eq!(why(PatternKind::Glob, "a\\"), "a glob cannot end in a backslash");
        assert_eq!(why(PatternKind::Glob, &"a".repeat(2000)), "a pattern may have 1024 bytes, this one has 2000");
    }
}
