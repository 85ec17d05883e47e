//! Rows that wait for the end of their round. At the beginning that is every socket there is, so that each takes its message and little
//! more.

use core::iter::{Enumerate, Peekable};
use std::vec::IntoIter;

use super::life::Time;

/// Rows, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    rows: Vec<Box<[u8]>>,
    /// When they came: from which row on it is this. Many come at once.
    times: Vec<(usize, Time)>,
}

impl Withheld {
    pub(super) fn add(&mut self, message: &[u8], at: Time) {
        if self.times.last().is_none_or(|&(_, last)| last != at) {
            self.times.push((self.rows.len(), at));
        }
        self.rows.push(message.into());
    }
}

impl IntoIterator for Withheld {
    type Item = (Box<[u8]>, Time);
    type IntoIter = Rows;

    fn into_iter(self) -> Rows {
        Rows { numbered: self.rows.into_iter().enumerate(), times: self.times.into_iter().peekable(), at: Time::ZERO }
    }
}

/// The same rows, each with its time.
pub(super) struct Rows {
    numbered: Enumerate<IntoIter<Box<[u8]>>>,
    times: Peekable<IntoIter<(usize, Time)>>,
    at: Time,
}

impl Iterator for Rows {
    type Item = (Box<[u8]>, Time);

    fn next(&mut self) -> Option<Self::Item> {
        let (number, row) = self.numbered.next()?;
        if let Some((_, at)) = self.times.next_if(|&(from, _)| from == number) {
            self.at = at;
        }
        Some((row, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_time() {
        let mut withheld = Withheld::default();
        let rows = [(1, 10), (2, 10), (3, 20), (4, 20), (5, 10)];
        for (byte, seconds) in rows {
            withheld.add(&[byte], Time::from_secs(seconds));
        }
        assert_eq!(withheld.times.len(), 3);
        let found: Vec<_> = withheld.into_iter().map(|(row, at)| (row[0], at.as_secs())).collect();
        assert_eq!(found, rows);
    }
}
