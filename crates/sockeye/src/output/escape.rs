//! Bytes of the kernel and of programs, made safe for people and for JSON.
//!
//! Names of interfaces, processes and unix sockets are chosen by whoever may create them. Control characters, DEL, the C1
//! range and the marks that turn writing direction around never reach a terminal raw, whether or not one is there.

use std::fmt::Write as _;

/// Characters that reorder or hide text (Unicode's bidirectional controls and invisible separators).
const fn is_deceptive(letter: char) -> bool {
    matches!(letter, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

const fn is_plain(letter: char) -> bool {
    !matches!(letter, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\\') && !is_deceptive(letter)
}

/// Appends `bytes` for people: what is not plain text becomes `\xHH`, `\n` … or `\u{HHHH}`, and a backslash is doubled.
pub(crate) fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\') {
        out.extend_from_slice(bytes);
        return;
    }
    let mut escaped = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => escaped.push_str("\\n"),
                '\t' => escaped.push_str("\\t"),
                '\\' => escaped.push_str("\\\\"),
                letter if is_plain(letter) => escaped.push(letter),
                letter if u32::from(letter) < 0x80 => put(&mut escaped, format_args!("\\x{:02x}", u32::from(letter))),
                letter => put(&mut escaped, format_args!("\\u{{{:x}}}", u32::from(letter))),
            }
        }
        for byte in chunk.invalid() {
            put(&mut escaped, format_args!("\\x{byte:02x}"));
        }
    }
    out.extend_from_slice(escaped.as_bytes());
}

/// Appends a sentence for people. Names in it are spelled out already, so a backslash stays; nothing else may slip through.
pub(crate) fn sentence(out: &mut Vec<u8>, sentence: &str) {
    for (index, part) in sentence.split('\\').enumerate() {
        if index > 0 {
            out.push(b'\\');
        }
        text(out, part.as_bytes());
    }
}

/// Appends formatted text. A string takes everything.
fn put(text: &mut String, formatted: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(formatted);
}

/// Appends `bytes` as a JSON string. What is UTF-8 is kept, letter by letter; the rest becomes the escaped form of
/// [`text`], and the caller adds the bytes in hex under another key.
pub(crate) fn json_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        out.extend_from_slice(bytes);
    } else if let Ok(valid) = std::str::from_utf8(bytes) {
        json_letters(out, valid);
    } else {
        let mut escaped = Vec::new();
        text(&mut escaped, bytes);
        json_letters(out, &String::from_utf8_lossy(&escaped));
    }
    out.push(b'"');
}

fn json_letters(out: &mut Vec<u8>, letters: &str) {
    for letter in letters.chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            letter if is_plain(letter) => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            letter => out.extend_from_slice(format!("\\u{:04x}", u32::from(letter)).as_bytes()),
        }
    }
}

/// Columns that text takes on a terminal: letters, as an approximation that is exact for what the kernel's own strings hold.
pub(crate) fn width(text: &[u8]) -> usize {
    // Bytes that continue a letter have no column of their own.
    text.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        text(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    fn json(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        json_string(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escape_codes_and_newlines_are_spelled_out() {
        assert_eq!(escaped(b"a\x1b[31m\nb\x07"), r"a\x1b[31m\nb\x07");
        assert_eq!(escaped("\u{9b}1m\u{202e}x".as_bytes()), r"\u{9b}1m\u{202e}x");
        assert_eq!(escaped(b"\xff\xfe"), r"\xff\xfe");
        assert_eq!(escaped(br"back\slash"), r"back\\slash");
        assert_eq!(escaped("größe".as_bytes()), "größe");
    }

    #[test]
    fn what_is_spelled_out_in_a_sentence_is_not_spelled_out_again() {
        let mut out = Vec::new();
        sentence(&mut out, "cannot enter a\\x1b[1m\\\\b: \x1b[2m");
        assert_eq!(String::from_utf8_lossy(&out), r"cannot enter a\x1b[1m\\b: \x1b[2m");
    }

    #[test]
    fn json_keeps_every_letter() {
        assert_eq!(json(b"a\"b\\c\x1b\0"), r#""a\"b\\c\u001b\u0000""#);
        assert_eq!(json(b"\xff"), r#""\\xff""#);
    }
}
