//! How fast a socket moves: what its counters have grown by between two rounds of dumps.

use std::collections::HashMap;

use sockeye_state::lives::{Life, Time, Totals};

use crate::top::model::Id;

/// Counters of which rates are made, in the order of [`Growth`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    received: u64,
    acked: u64,
    segs_in: u32,
    segs_out: u32,
    retransmissions: u32,
}

impl Counters {
    /// Those of a socket; `None` where the kernel counts nothing: it is no connection of TCP.
    #[expect(clippy::cast_possible_truncation, reason = "the kernel's counters have 32 bits and wrap")]
    fn of(totals: &Totals) -> Option<Self> {
        Some(Self {
            received: totals.bytes_received?,
            acked: totals.bytes_acked?,
            segs_in: totals.segs_in.unwrap_or(0) as u32,
            segs_out: totals.segs_out.unwrap_or(0) as u32,
            retransmissions: totals.retransmissions.unwrap_or(0) as u32,
        })
    }

    /// What was added since. Counters of 32 bits begin anew where they end; one of 64 that is smaller was taken apart.
    fn since(self, before: Self) -> Growth {
        let narrow = |now: u32, before: u32| u64::from(now.wrapping_sub(before));
        Growth([
            self.received.saturating_sub(before.received),
            self.acked.saturating_sub(before.acked),
            narrow(self.segs_in, before.segs_in),
            narrow(self.segs_out, before.segs_out),
            narrow(self.retransmissions, before.retransmissions),
        ])
    }
}

/// Bytes received, bytes acknowledged, segments received, segments sent, segments sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Growth(pub(super) [u64; 5]);

impl Growth {
    pub(super) fn add(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(more);
        }
    }

    /// The same a second.
    #[expect(clippy::cast_precision_loss, reason = "rates have three digits")]
    pub(super) fn over(self, elapsed: Time) -> [f32; 5] {
        let seconds = elapsed.as_secs_f64().max(1e-3);
        #[expect(clippy::cast_possible_truncation, reason = "rates have three digits")]
        self.0.map(|grown| (grown as f64 / seconds) as f32)
    }
}

/// What is kept of one socket beside its life: little, since there can be very many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pace {
    counters: Counters,
    /// When they stood so, in milliseconds, which wrap after 49 days.
    at: u32,
    /// A second; they are only right where [`Pace::is_known`].
    rates: [f32; 5],
    is_counted: bool,
    pub(super) is_known: bool,
    /// The filter holds of it.
    pub(super) fits: bool,
}

impl Pace {
    /// Of a socket that did nothing before this moment.
    fn newborn(at: Time) -> Self {
        Self { at: millis(at), is_counted: true, ..Self::default() }
    }

    /// The socket's counters stand so now.
    fn step(&mut self, life: &Life) {
        let Some(now) = Counters::of(&life.totals) else { return };
        let at = millis(life.totals_at);
        if self.is_counted {
            // Nothing was told since: the rate of then still is the best that is known.
            if at == self.at {
                return;
            }
            let elapsed = Time::from_millis(at.wrapping_sub(self.at).into());
            self.rates = now.since(self.counters).over(elapsed);
            self.is_known = true;
        }
        (self.counters, self.at, self.is_counted) = (now, at, true);
    }

    /// One of the rates, by its place.
    pub(super) fn rate(&self, place: usize) -> Option<f64> {
        self.rates.get(place).filter(|_| self.is_known).map(|&rate| rate.into())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "differences of wrapping numbers are taken")]
const fn millis(time: Time) -> u32 {
    time.as_millis() as u32
}

/// The paces of all sockets.
#[derive(Default)]
pub(super) struct Paces(HashMap<Id, Pace>);

impl Paces {
    /// A socket was born: all that it has done, it did from now on.
    pub(super) fn born(&mut self, id: Id, at: Time) {
        self.0.insert(id, Pace::newborn(at));
    }

    /// A round is over: takes the counters of a socket.
    pub(super) fn step(&mut self, id: Id, life: &Life, fits: bool) {
        let pace = self.0.entry(id).or_default();
        pace.step(life);
        pace.fits = fits;
    }

    /// A socket is gone. What it did since the last round; `None` where that is not known: it was not seen before, and
    /// lived already when the watch began.
    pub(super) fn end(&mut self, id: Id, life: &Life, born_since: bool) -> Option<Growth> {
        let before = match self.0.remove(&id) {
            Some(pace) => Some(pace.counters).filter(|_| pace.is_counted)?,
            None if born_since => Counters::default(),
            None => return None,
        };
        Some(Counters::of(&life.totals)?.since(before))
    }

    pub(super) fn of(&self, id: Id) -> Option<&Pace> {
        self.0.get(&id)
    }

    /// Says again of each whether the filter holds.
    pub(super) fn fit(&mut self, id: Id, fits: bool) {
        self.0.entry(id).or_default().fits = fits;
    }

    /// Gives back memory that a crowd of sockets left behind.
    pub(super) fn shrink(&mut self) {
        if self.0.capacity() > 4 * self.0.len().max(1_024) {
            self.0.shrink_to(self.0.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(received: u64, acked: u64, segs: u64, again: u64) -> Totals {
        Totals {
            bytes_received: Some(received),
            bytes_acked: Some(acked),
            segs_in: Some(segs),
            segs_out: Some(segs + 1),
            retransmissions: Some(again),
            ..Totals::default()
        }
    }

    #[test]
    fn counters_that_wrap_and_those_that_do_not() {
        let before = Counters::of(&totals(5_000, 1_000, 0xffff_fff0, 7)).unwrap();
        let now = Counters::of(&totals(5_400, 251_000, 0x10, 9)).unwrap();
        assert_eq!(now.since(before).0, [400, 250_000, 32, 32, 2]);
        let apart = Counters::of(&totals(0, 0, 0, 0)).unwrap();
        assert_eq!(apart.since(before).0[..2], [0, 0], "taken apart, not 2^64 bytes");
    }

    #[test]
    fn a_rate_is_growth_over_the_time_between_two_looks() {
        let mut sum = Growth([400, 250_000, 20, 21, 2]);
        sum.add(Growth([100, 0, 5, 0, 1]));
        let shown = sum.over(Time::from_millis(500)).map(|rate| format!("{rate:.1}"));
        assert_eq!(shown, ["1000.0", "500000.0", "50.0", "42.0", "6.0"]);
    }

    #[test]
    fn a_hundred_thousand_of_them_fit_ten_megabytes() {
        assert!(size_of::<(Id, Pace)>() <= 80, "{}", size_of::<(Id, Pace)>());
    }

    #[test]
    fn what_the_kernel_does_not_count_has_no_rate() {
        assert_eq!(Counters::of(&Totals::default()), None);
        assert_eq!(Pace::default().rate(1), None);
    }
}
