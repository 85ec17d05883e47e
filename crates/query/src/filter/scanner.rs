//! Reads the pieces of a filter's text. What ends a piece depends on what is expected, so the grammar asks for it:
//! a word where a condition begins, a value behind an operator, a pattern behind `~`.

use core::ops::Range;

use crate::filter::mistake::Mistake;

/// A place in the text.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    taken: usize,
}

/// A piece of the text and its place.
#[derive(Clone, Debug)]
pub(super) struct Piece<'t> {
    pub(super) at: Range<usize>,
    pub(super) text: &'t str,
}

/// A value as it was written.
#[derive(Clone, Debug)]
pub(super) struct Literal<'t> {
    /// Its place, with quotes.
    pub(super) at: Range<usize>,
    /// Its text without quotes, escapes as they were written.
    pub(super) raw: &'t str,
    /// Whether it stood in quotes, and so is text whatever it looks like.
    pub(super) quoted: bool,
}

/// Values that were read once to see that they are there, and are read again by whoever wants them: a list may be long, and
/// nobody needs all of its texts at once.
#[derive(Clone, Debug)]
pub(super) enum Values<'t> {
    /// One value, or a pattern.
    One(Literal<'t>),
    /// So many values with commas between them, from this place on.
    List(Scanner<'t>, usize),
}

impl<'t> Values<'t> {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::List(_, count) => *count,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Literal<'t>> + Clone + use<'t> {
        let (one, list) = match self {
            Self::One(literal) => (Some(literal.clone()), None),
            Self::List(scanner, count) => (None, Some((scanner.clone(), *count))),
        };
        let (mut scanner, count) = list.unwrap_or((Scanner::new(""), 0));
        let again = (0..count).map_while(move |_| {
            let literal = scanner.value();
            scanner.take(",");
            literal.ok()
        });
        one.into_iter().chain(again)
    }
}

impl Literal<'_> {
    /// The bytes it means: `\xNN` is a byte, a backslash before anything else is dropped.
    pub(super) fn unescaped(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw.as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            if byte != b'\\' {
                bytes.push(byte);
                continue;
            }
            match (hexadecimal_byte(tail), tail.split_first()) {
                (Some(byte), _) => {
                    bytes.push(byte);
                    rest = &tail[3..];
                }
                (None, Some((&escaped, after))) => {
                    bytes.push(escaped);
                    rest = after;
                }
                (None, None) => bytes.push(b'\\'),
            }
        }
        bytes
    }

    /// The pattern it means: its backslashes are the pattern's own, but for those before quotation marks.
    pub(super) fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.raw.len());
        let mut letters = self.raw.chars();
        while let Some(letter) = letters.next() {
            if letter != '\\' {
                pattern.push(letter);
                continue;
            }
            match letters.next() {
                Some(quote @ ('\'' | '"')) => pattern.push(quote),
                Some(escaped) => pattern.extend(['\\', escaped]),
                None => pattern.push('\\'),
            }
        }
        pattern
    }
}

fn hexadecimal_byte(text: &[u8]) -> Option<u8> {
    match *text {
        [b'x', high, low, ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        }
        _ => None,
    }
}

impl<'t> Scanner<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, taken: 0 }
    }

    /// The place of the next piece, behind blanks.
    pub(super) fn place(&mut self) -> usize {
        self.skip_blanks();
        self.at
    }

    /// Where the last piece that was taken ends.
    pub(super) const fn taken(&self) -> usize {
        self.taken
    }

    /// The text between two places that were reported before.
    pub(super) fn text_between(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Whether nothing but blanks is left.
    pub(super) fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The next character behind blanks.
    pub(super) fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.rest().chars().next()
    }

    /// Takes a symbol if it is next.
    pub(super) fn take(&mut self, symbol: &str) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
            self.taken = self.at;
        }
        found
    }

    /// The next word, without taking it; empty where something else is next.
    pub(super) fn peek_word(&mut self) -> Piece<'t> {
        self.skip_blanks();
        let rest = self.rest();
        let len =
            rest.find(|letter: char| letter.is_whitespace() || "(),=!<>~&|'\"".contains(letter)).unwrap_or(rest.len());
        self.piece(len)
    }

    /// Takes a piece that was peeked at.
    pub(super) const fn take_piece(&mut self, piece: &Piece<'_>) {
        self.at = piece.at.end;
        self.taken = self.at;
    }

    /// Takes the next word if it is one of these, in upper or lower case.
    pub(super) fn take_word(&mut self, words: &[&str]) -> bool {
        let next = self.peek_word();
        let found = words.iter().any(|word| next.text.eq_ignore_ascii_case(word));
        if found {
            self.take_piece(&next);
        }
        found
    }

    /// The run of operator signs that is next, without taking it.
    pub(super) fn peek_signs(&mut self) -> Piece<'t> {
        self.skip_blanks();
        let rest = self.rest();
        let len = rest.find(|letter: char| !"=!<>~".contains(letter)).unwrap_or(rest.len());
        self.piece(len)
    }

    /// Takes a value: quoted, or up to a blank, comma, bracket, `&` or `|`. Empty where none is next.
    pub(super) fn value(&mut self) -> Result<Literal<'t>, Mistake> {
        if let Some(quoted) = self.quoted()? {
            return Ok(quoted);
        }
        let mut letters = self.rest().char_indices();
        let mut len = self.rest().len();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => _ = letters.next(),
                _ if letter.is_whitespace() || "(),&|".contains(letter) => {
                    len = at;
                    break;
                }
                _ => {}
            }
        }
        Ok(self.literal(len))
    }

    /// Takes a pattern: quoted, or up to a blank or a bracket that the pattern did not open.
    pub(super) fn pattern(&mut self) -> Result<Literal<'t>, Mistake> {
        if let Some(quoted) = self.quoted()? {
            return Ok(quoted);
        }
        let mut letters = self.rest().char_indices();
        let mut len = self.rest().len();
        let mut open = 0usize;
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => _ = letters.next(),
                '(' => open += 1,
                ')' if open > 0 => open -= 1,
                _ if letter.is_whitespace() || letter == ')' => {
                    len = at;
                    break;
                }
                _ => {}
            }
        }
        Ok(self.literal(len))
    }

    fn quoted(&mut self) -> Result<Option<Literal<'t>>, Mistake> {
        self.skip_blanks();
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|letter| matches!(letter, '\'' | '"')) else { return Ok(None) };
        let mut letters = rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            if letter == '\\' {
                letters.next();
            } else if letter == quote {
                let from = self.at;
                self.at += at + 1;
                self.taken = self.at;
                return Ok(Some(Literal { at: from..self.at, raw: &rest[1..at], quoted: true }));
            }
        }
        Err(Mistake::new(self.at..self.text.len(), "this quote is not closed")
            .help("a text that holds one quotation mark can stand between two of the other kind"))
    }

    fn literal(&mut self, len: usize) -> Literal<'t> {
        let piece = self.piece(len);
        self.take_piece(&piece);
        Literal { at: piece.at, raw: piece.text, quoted: false }
    }

    fn piece(&self, len: usize) -> Piece<'t> {
        Piece { at: self.at..self.at + len, text: &self.rest()[..len] }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests {
    use super::Scanner;

    #[test]
    fn a_word_ends_at_an_operator_and_a_value_does_not() {
        let mut scanner = Scanner::new("rtt>100ms&&x");
        let word = scanner.peek_word();
        scanner.take_piece(&word);
        assert_eq!((word.text, scanner.peek_signs().text), ("rtt", ">"));
        assert!(scanner.take(">"));
        assert_eq!(scanner.value().unwrap().raw, "100ms");
        assert_eq!(Scanner::new("a=b~c d").value().unwrap().raw, "a=b~c");
    }

    #[test]
    fn quotes_and_backslashes_keep_what_would_end_a_value() {
        for (text, bytes) in [
            ("'a b' c", b"a b".as_slice()),
            (r#""it's" c"#, b"it's"),
            (r"'it\'s'", b"it's"),
            (r"a\ b c", b"a b"),
            (r"\x00\xff\xz", b"\0\xffxz"),
            ("o'brien", b"o'brien"),
        ] {
            assert_eq!(Scanner::new(text).value().unwrap().unescaped(), bytes, "{text}");
        }
        assert_eq!(&*Scanner::new(" 'a").value().unwrap_err().message, "this quote is not closed");
    }

    #[test]
    fn a_pattern_keeps_its_own_brackets_and_backslashes() {
        assert_eq!(Scanner::new(r"^ng(inx|\))$) or x").pattern().unwrap().raw, r"^ng(inx|\))$");
        assert_eq!(Scanner::new(r"'a\.b c' x").pattern().unwrap().raw, r"a\.b c");
    }
}
