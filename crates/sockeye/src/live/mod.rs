//! Sockets live: what feeds the engine of [`sockeye_state::lives`] on this machine, for whoever shows it.

pub(crate) mod feed;
pub(crate) mod filter;
mod incident;
pub(crate) mod kinds;
pub(crate) mod named;
pub(crate) mod owners;
pub(crate) mod row;
mod symbols;
pub(crate) mod trace;

use std::time::{Duration, SystemTime};

use sockeye_state::lives::Time;

/// The time since the machine started, by the clock that the kernel's events have.
pub(crate) fn now() -> Time {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// The same moment by the calendar.
pub(crate) fn calendar(at: Time) -> SystemTime {
    let (clock, now) = (SystemTime::now(), now());
    match now.checked_sub(at) {
        Some(ago) => clock - ago,
        None => clock + at.saturating_sub(now),
    }
}
