//! What a terminal shows: enough of one for what `sockeye top` writes.

/// The letters on a terminal.
pub(super) struct Screen {
    lines: Vec<Vec<char>>,
    /// Where the next letter goes.
    at: (usize, usize),
    is_reverse: bool,
    /// The line of the last letter that was written in reverse: that of the cursor.
    pub(super) reverse: Option<usize>,
    /// The beginning of a sequence or letter whose rest has not come.
    begun: Vec<u8>,
}

impl Screen {
    /// An empty one.
    pub(super) fn new(columns: u16, lines: u16) -> Self {
        let lines = vec![vec![' '; usize::from(columns)]; usize::from(lines)];
        Self { lines, at: (0, 0), is_reverse: false, reverse: None, begun: Vec::new() }
    }

    /// Takes what was written.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let mut bytes = [std::mem::take(&mut self.begun), bytes.to_vec()].concat();
        let mut rest = &bytes[..];
        while let Some((&first, after)) = rest.split_first() {
            let length = match first {
                0x1b => sequence(rest),
                _ => Some(letter(first)),
            };
            let Some(whole) = length.and_then(|length| rest.get(..length)) else { break };
            match first {
                0x1b => self.control(whole),
                b' '.. => self.put(String::from_utf8_lossy(whole).chars().next().unwrap_or(' ')),
                _ => {}
            }
            rest = rest.get(whole.len()..).unwrap_or(after);
        }
        let left = rest.len();
        self.begun = bytes.split_off(bytes.len() - left);
    }

    /// The letters of a line.
    pub(super) fn line(&self, index: usize) -> String {
        self.lines.get(index).into_iter().flatten().collect()
    }

    fn put(&mut self, letter: char) {
        let (line, column) = self.at;
        if let Some(cell) = self.lines.get_mut(line).and_then(|line| line.get_mut(column)) {
            *cell = letter;
        }
        if self.is_reverse {
            self.reverse = Some(line);
        }
        self.at.1 += 1;
    }

    fn control(&mut self, whole: &[u8]) {
        let Some((&last, first)) = whole.split_last() else { return };
        let parameters = first.get(2..).unwrap_or_default();
        let mut numbers = parameters
            .split(|byte| *byte == b';')
            .map(|digits| std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<usize>().ok()));
        match last {
            b'H' => {
                let mut place = || numbers.next().flatten().unwrap_or(1).saturating_sub(1);
                self.at = (place(), place());
            }
            b'J' => self.lines.iter_mut().for_each(|line| line.fill(' ')),
            b'm' => match numbers.next().flatten() {
                Some(7) => self.is_reverse = true,
                None | Some(0 | 27) => self.is_reverse = false,
                Some(_) => {}
            },
            _ => {}
        }
    }
}

/// The length of an escape sequence, if all of it is there.
fn sequence(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'[' => bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 3),
        _ => Some(2),
    }
}

/// The length of a letter in UTF-8, by its first byte.
fn letter(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_where_they_are_sent_however_the_bytes_are_cut() {
        let said = "\x1b[?1049h\x1b[2;3Ha\u{2026}b\x1b[1m\x1b[3;1H\x1b[7mup\x1b[27m\x1b[1;1Hq\x1b[?25l".as_bytes();
        for cut in 0..said.len() {
            let mut screen = Screen::new(8, 3);
            screen.take(&said[..cut]);
            screen.take(&said[cut..]);
            assert_eq!([0, 1, 2].map(|line| screen.line(line)), ["q       ", "  a\u{2026}b   ", "up      "], "{cut}");
            assert_eq!(screen.reverse, Some(2));
        }
    }
}
