//! Rows in their order, of which only those that are seen are put in it.

use std::cmp::Ordering;
use std::net::IpAddr;

use crate::top::model::Request;

/// What rows are sorted by: what is larger, and if that is equal, what stands behind it. There is one for each socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) u64, pub(super) u64);

impl Rank {
    /// A number.
    pub(super) fn number(number: u64) -> Self {
        Self(number, 0)
    }

    /// A number that is not negative.
    pub(super) fn rate(rate: f64) -> Self {
        // Of numbers that are not negative, IEEE 754's bits have the same order.
        Self(rate.max(0.0).to_bits(), 0)
    }

    /// Text, by its first bytes.
    pub(super) fn text(text: &[u8]) -> Self {
        let mut bytes = [0; 16];
        let length = text.len().min(bytes.len());
        bytes[..length].copy_from_slice(&text[..length]);
        Self::wide(u128::from_be_bytes(bytes))
    }

    /// An address with its port; of IPv6 the address alone.
    pub(super) fn address(address: IpAddr, port: u64) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(0, u64::from(address.to_bits()) << 16 | port & 0xffff),
            IpAddr::V6(address) => Self::wide(address.to_bits()),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the halves of a number")]
    const fn wide(number: u128) -> Self {
        Self((number >> 64) as u64, number as u64)
    }
}

/// A row that can be put in order; `None`: it has nothing to be sorted by, and comes last.
#[derive(Clone, Debug)]
pub(super) struct Ranked<R> {
    pub(super) rank: Option<Rank>,
    pub(super) row: R,
}

impl<R: Ord> Ranked<R> {
    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let ranks = match (self.rank, other.rank) {
            (Some(one), Some(another)) if descending => another.cmp(&one),
            (Some(one), Some(another)) => one.cmp(&another),
            (one, another) => another.is_some().cmp(&one.is_some()),
        };
        ranks.then_with(|| self.row.cmp(&other.row))
    }
}

/// The rows that are to be seen, with a page on either side.
#[derive(Debug)]
pub(super) struct Window<R> {
    pub(super) offset: usize,
    pub(super) rows: Vec<R>,
    pub(super) total: usize,
    pub(super) cursor: usize,
}

/// Puts the rows in order that a request is to see. `held` is the row that the cursor stays with.
pub(super) fn window<R: Ord>(mut ranked: Vec<Ranked<R>>, request: &Request, held: impl Fn(&R) -> bool) -> Window<R> {
    let descending = request.sort.descending;
    let total = ranked.len();
    let place = |ranked: &[Ranked<R>]| {
        let held = ranked.iter().find(|one| held(&one.row))?;
        Some(ranked.iter().filter(|one| one.compare(held, descending) == Ordering::Less).count())
    };
    let held = request.held.as_ref().and_then(|_| place(&ranked));
    let cursor = held.unwrap_or(request.cursor).min(total.saturating_sub(1));
    let top = request.top_for(cursor);
    let begin = top.saturating_sub(request.height).min(total);
    let end = top.saturating_add(request.height.saturating_mul(2)).min(total);
    let compare = |one: &Ranked<R>, another: &Ranked<R>| one.compare(another, descending);
    if end < ranked.len() {
        ranked.select_nth_unstable_by(end, compare);
        ranked.truncate(end);
    }
    if begin > 0 && begin < ranked.len() {
        ranked.select_nth_unstable_by(begin, compare);
    }
    let mut rows = ranked.split_off(begin.min(ranked.len()));
    rows.sort_unstable_by(compare);
    Window { offset: begin, rows: rows.into_iter().map(|one| one.row).collect(), total, cursor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::model::{Grouping, Key, Pane, Sort};

    fn request(cursor: usize, top: usize, height: usize, descending: bool) -> Request {
        Request {
            number: 1,
            pane: Pane::Connections,
            grouping: Grouping::Process,
            sort: Sort { column: 0, descending },
            held: None,
            cursor,
            top,
            height,
            detail: None,
            paused: false,
        }
    }

    /// Rows `0..1000` in a wild order, each by its square; every tenth has nothing to be sorted by.
    fn rows() -> Vec<Ranked<u64>> {
        let row = |number: u64| Ranked { rank: (number % 10 != 3).then(|| Rank::number(number * number)), row: number };
        (0..1000).map(|number| row(number * 387 % 1000)).collect()
    }

    #[test]
    fn a_window_is_a_part_of_the_whole_order() {
        for descending in [false, true] {
            let mut whole = rows();
            whole.sort_by(|one, another| one.compare(another, descending));
            let whole: Vec<_> = whole.into_iter().map(|one| one.row).collect();
            assert!(whole[900..].iter().all(|row| row % 10 == 3), "those come last, whatever the direction");
            for (cursor, top, height) in [(0, 0, 20), (500, 490, 20), (995, 980, 30), (7, 0, 2_000), (3, 9, 1)] {
                let seen = window(rows(), &request(cursor, top, height, descending), |_| false);
                assert_eq!(seen.total, 1000);
                assert_eq!(seen.cursor, cursor);
                assert_eq!(seen.rows, whole[seen.offset..seen.offset + seen.rows.len()]);
                let first = request(cursor, top, height, descending).top_for(cursor);
                assert!(seen.offset <= first && seen.offset + seen.rows.len() >= (first + height).min(1000));
            }
        }
    }

    #[test]
    fn the_cursor_goes_where_its_row_went() {
        let mut asked = request(2, 0, 20, true);
        asked.held = Some(Key::Change(250));
        let seen = window(rows(), &asked, |&row| row == 250);
        assert_eq!(seen.rows[seen.cursor - seen.offset], 250);
        assert!(seen.cursor > 600, "{}", seen.cursor);
        let gone = window(rows(), &asked, |_| false);
        assert_eq!(gone.cursor, 2, "its row is no more, so it stays where it is");
    }

    #[test]
    fn addresses_have_the_order_of_their_numbers() {
        let ends = [("10.0.0.9", 80), ("10.0.0.9", 443), ("10.0.0.10", 22), ("192.0.2.1", 0), ("2001:db8::9", 7)];
        let ranks = ends.map(|(address, port)| Rank::address(address.parse().unwrap(), port));
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]));
        let mapped = Rank::address("::ffff:10.0.0.9".parse().unwrap(), 443);
        assert_eq!(mapped, ranks[1], "a dual-stack socket has the same peer");
    }

    #[test]
    fn texts_and_rates_have_the_order_that_people_expect() {
        let texts = ["", "a", "ab", "b", "nginx", "nginx-worker", "sshd"].map(|text| Rank::text(text.as_bytes()));
        assert!(texts.windows(2).all(|pair| pair[0] < pair[1]));
        let rates = [0.0, 0.001, 0.7, 12.0, 1e9].map(Rank::rate);
        assert!(rates.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
