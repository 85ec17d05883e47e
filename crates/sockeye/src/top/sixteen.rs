//! Colours as a terminal with sixteen of them has them.
//!
//! What draws names even the first sixteen by their places in a palette of 256 (`38;5;9`), which terminals with sixteen read as
//! blinking text, or not at all. They have codes of their own since the first of them: 30 to 37, and 90 to 97 for the bright ones
//! (ECMA-48, 8.3.117, and aixterm).

use std::io::{self, Write};

/// Collects what is written, and passes it on when it is flushed: a whole screen is one write, however slow the line is.
pub(super) struct Sixteen<W> {
    out: W,
    collected: Vec<u8>,
}

impl<W: Write> Sixteen<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, collected: Vec::new() }
    }
}

impl<W: Write> Write for Sixteen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.collected.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let translated = translated(&self.collected);
        self.collected.clear();
        self.out.write_all(&translated)?;
        self.out.flush()
    }
}

fn translated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == 0x1b) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let length = if let Some((codes, length)) = colours(rest) {
            out.extend_from_slice(format!("\x1b[{codes}m").as_bytes());
            length
        } else {
            out.push(0x1b);
            1
        };
        rest = &rest[length..];
    }
    out.extend_from_slice(rest);
    out
}

/// The codes of a sequence at the beginning that sets colours of the sixteen, perhaps among other things, and how long it is there.
fn colours(bytes: &[u8]) -> Option<(String, usize)> {
    let behind = bytes.strip_prefix(b"\x1b[")?;
    let end = behind.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
    let codes = behind.get(end).filter(|&&byte| byte == b'm').and_then(|_| std::str::from_utf8(&behind[..end]).ok())?;
    let mut codes: Vec<_> = codes.split(';').map(str::to_owned).collect();
    let mut at = 0;
    while let Some([ground, kind, number]) = codes.get(at..at + 3) {
        if let Some(code) = colour(ground, kind, number) {
            codes.splice(at..at + 3, [code]);
        }
        at += 1;
    }
    Some((codes.join(";"), 2 + end + 1))
}

/// The code of one of the sixteen, of letters or of what is behind them.
fn colour(ground: &str, kind: &str, number: &str) -> Option<String> {
    let (dark, bright) = match (ground, kind) {
        ("38", "5") => (30, 90),
        ("48", "5") => (40, 100),
        _ => return None,
    };
    let number: u8 = number.parse().ok()?;
    let code = match number {
        0..8 => dark + number,
        8..16 => bright + number - 8,
        _ => return None,
    };
    Some(code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_their_own_codes_and_all_else_stays() {
        for (drawn, shown) in [
            ("\x1b[38;5;9mred\x1b[39m", "\x1b[91mred\x1b[39m"),
            ("\x1b[38;5;6m\x1b[1mtitle", "\x1b[36m\x1b[1mtitle"),
            ("\x1b[38;5;3;49mtwo\x1b[1;38;5;8;48;5;4;4m", "\x1b[33;49mtwo\x1b[1;90;44;4m"),
            ("a\x1b[48;5;1m\x1b[48;5;15mb", "a\x1b[41m\x1b[107mb"),
            ("\x1b[38;5;16m\x1b[38;5;m\x1b[38;5;", "\x1b[38;5;16m\x1b[38;5;m\x1b[38;5;"),
            ("\x1b[2J\x1b[3;4H▁▃\x1b", "\x1b[2J\x1b[3;4H▁▃\x1b"),
        ] {
            assert_eq!(String::from_utf8_lossy(&translated(drawn.as_bytes())), shown);
        }
    }

    #[test]
    fn what_comes_in_pieces_is_one_write() {
        let mut whole = Vec::new();
        let mut screen = Sixteen::new(&mut whole);
        for piece in ["\x1b[", "38;5;", "2", "m", "x"] {
            screen.write_all(piece.as_bytes()).expect("memory");
        }
        assert!(screen.out.is_empty());
        screen.flush().expect("memory");
        assert_eq!(whole, b"\x1b[32mx");
    }
}
