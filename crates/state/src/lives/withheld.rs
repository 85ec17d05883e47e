//! Rows that wait for the end of their round. At the beginning that is every socket there is, so that each takes its message and little
//! more.

use core::iter::{Enumerate, Peekable};
use std::vec::IntoIter;

use super::life::Time;
use super::store::ByCookie;

/// Rows, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    /// Empty where one was taken out.
    rows: Vec<Box<[u8]>>,
    /// When they came: from which row on it is this. Many come at once.
    times: Vec<(usize, Time)>,
    places: ByCookie<u32>,
}

impl Withheld {
    /// How many sockets have a row here.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Keeps a row, in place of an older one of the same socket.
    pub(super) fn add(&mut self, cookie: u64, message: &[u8], at: Time) {
        let Ok(place) = u32::try_from(self.rows.len()) else { return };
        if self.times.last().is_none_or(|&(_, last)| last != at) {
            self.times.push((self.rows.len(), at));
        }
        self.rows.push(message.into());
        if let Some(older) = self.places.insert(cookie, place) {
            self.rows[older as usize] = Box::default();
        }
    }

    /// The row of a socket, and when it came.
    pub(super) fn get(&self, cookie: u64) -> Option<(&[u8], Time)> {
        let place = *self.places.get(&cookie)? as usize;
        Some((self.rows.get(place)?, self.time(place)))
    }

    /// The same, which is no more here.
    pub(super) fn take(&mut self, cookie: u64) -> Option<(Box<[u8]>, Time)> {
        let place = self.places.remove(&cookie)? as usize;
        Some((core::mem::take(self.rows.get_mut(place)?), self.time(place)))
    }

    fn time(&self, place: usize) -> Time {
        let later = self.times.partition_point(|&(from, _)| from <= place);
        later.checked_sub(1).map_or(Time::ZERO, |at| self.times[at].1)
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
        loop {
            let (number, row) = self.numbered.next()?;
            if let Some((_, at)) = self.times.next_if(|&(from, _)| from == number) {
                self.at = at;
            }
            if !row.is_empty() {
                return Some((row, self.at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [(u8, u64); 5] = [(1, 10), (2, 10), (3, 20), (4, 20), (5, 10)];

    fn withheld() -> Withheld {
        let mut withheld = Withheld::default();
        for (byte, seconds) in ROWS {
            withheld.add(byte.into(), &[byte], Time::from_secs(seconds));
        }
        withheld
    }

    fn all(withheld: Withheld) -> Vec<(u8, u64)> {
        withheld.into_iter().map(|(row, at)| (row[0], at.as_secs())).collect()
    }

    #[test]
    fn each_row_has_its_time() {
        let withheld = withheld();
        assert_eq!(withheld.times.len(), 3);
        for (byte, seconds) in ROWS {
            assert_eq!(withheld.get(byte.into()), Some((&[byte][..], Time::from_secs(seconds))));
        }
        assert_eq!(all(withheld), ROWS);
    }

    #[test]
    fn what_was_taken_out_is_here_no_more() {
        let mut withheld = withheld();
        assert_eq!(withheld.take(3), Some((Box::from([3]), Time::from_secs(20))));
        assert_eq!((withheld.take(3), withheld.get(3), withheld.len()), (None, None, 4));
        assert_eq!(all(withheld), [(1, 10), (2, 10), (4, 20), (5, 10)]);
    }

    #[test]
    fn of_two_rows_of_a_socket_the_later_one_is_kept() {
        let mut withheld = withheld();
        withheld.add(1, &[11], Time::from_secs(30));
        assert_eq!(withheld.len(), 5);
        assert_eq!(withheld.get(1), Some((&[11][..], Time::from_secs(30))));
        assert_eq!(all(withheld), [(2, 10), (3, 20), (4, 20), (5, 10), (11, 30)]);
    }
}
