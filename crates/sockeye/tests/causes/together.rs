//! Two things that go wrong on one connection.

use std::time::Duration;

use sockeye_state::lives::{Cause, Counters};
use sockeye_zoo::Skip;

use crate::connection::{
    Connection, Limits, reads_all_the_time, writes_all_the_time, writes_all_the_time_by, writes_and_sleeps,
};
use crate::place::{Place, Way};
use crate::provoke::{ALWAYS, Provoked, of, offers_nothing, sent};

/// What the small buffers are asked to be.
const SMALL: usize = 8_192;

/// A connection over `way` with buffers of these sizes, whose program writes all the time, so many bytes at once.
fn writes_over(
    place: &Place,
    way: Way,
    (limits, at_once): (Limits, usize),
    near: (&'static str, &'static [Cause], fn(&Counters) -> bool),
) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, way, limits)?;
    writes_all_the_time_by(&connection.near, at_once);
    reads_all_the_time(&connection.far);
    Ok(of(connection, near, ("its reader", &[], ALWAYS)))
}

/// A small window that stands in the queue of a token bucket as a whole.
fn small_window(place: &Place, way: Way) -> Result<Provoked, Skip> {
    let limits = Limits { receive: Some(SMALL), ..Limits::default() };
    let what = "sender behind a small window into a token bucket";
    let expected = &[Cause::ReceiverWindow, Cause::CongestionWindow];
    writes_over(place, way, (limits, 1 << 16), (what, expected, |counters| sent(counters, 500_000)))
}

pub(crate) fn small_window_in_a_token_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_window(place, Way::Shaped)
}

pub(crate) fn small_window_in_a_narrow_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_window(place, Way::Narrow)
}

/// A send buffer that stands as a whole in the queue of a token bucket, and a larger one would too. The kernel counts some of the
/// time for the buffer.
fn small_buffer(place: &Place, way: Way, bytes: usize, at_once: usize) -> Result<Provoked, Skip> {
    let limits = Limits { send: Some(bytes), ..Limits::default() };
    let what = "sender with a small buffer into a token bucket";
    let expected = &[Cause::CongestionWindow];
    let mut provoked =
        writes_over(place, way, (limits, at_once), (what, expected, |counters| sent(counters, 500_000)))?;
    provoked.subjects[0].possible = &[Cause::SendBuffer];
    Ok(provoked)
}

pub(crate) fn small_send_buffer_in_a_token_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_buffer(place, Way::Shaped, 30_000, 1 << 16)
}

pub(crate) fn smaller_send_buffer_in_a_token_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_buffer(place, Way::Shaped, SMALL, 1 << 16)
}

pub(crate) fn small_writes_into_a_small_send_buffer_in_a_token_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_buffer(place, Way::Shaped, SMALL, 4_096)
}

pub(crate) fn small_send_buffer_in_a_narrow_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_buffer(place, Way::Narrow, SMALL, 1 << 16)
}

pub(crate) fn small_send_buffer_in_a_wide_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_buffer(place, Way::Wide, SMALL, 1 << 16)
}

pub(crate) fn small_writes_into_a_small_send_buffer_in_a_narrow_bucket(place: &Place) -> Result<Provoked, Skip> {
    small_buffer(place, Way::Narrow, SMALL, 4_096)
}

/// Both buffers small, on a way that would carry more. Which of the two the kernel counts for longer is up to it.
pub(crate) fn both_buffers_small_on_a_long_way(place: &Place) -> Result<Provoked, Skip> {
    let limits = Limits { send: Some(SMALL), receive: Some(SMALL) };
    let what = "sender with a small buffer behind a small window";
    let mut provoked =
        writes_over(place, Way::Long, (limits, 1 << 16), (what, &[], |counters| sent(counters, 100_000)))?;
    provoked.subjects[0].possible = &[Cause::ReceiverWindow, Cause::SendBuffer];
    Ok(provoked)
}

/// A slow wire with a queue in front, and packets dropped behind it.
pub(crate) fn slow_wire_and_dropped_packets(place: &Place) -> Result<Provoked, Skip> {
    let what = "sender into a slow wire that leaks";
    let expected = &[Cause::CongestionWindow, Cause::Loss];
    let near = (what, expected as &[Cause], (|counters| counters.total_retrans() > Some(5)) as fn(&Counters) -> bool);
    writes_over(place, Way::SlowAndLossy, (Limits::default(), 1 << 16), near)
}

/// Two causes at one end: it sends rarely, and does not read what it gets.
pub(crate) fn sends_rarely_and_does_not_read(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Plain, Limits::default())?;
    writes_and_sleeps(&connection.near, 400, Duration::from_millis(50));
    writes_all_the_time(&connection.far);
    reads_all_the_time(&connection.far);
    Ok(of(
        connection,
        (
            "program that sends rarely and does not read",
            &[Cause::ReceiverDoesNotRead, Cause::Application],
            offers_nothing,
        ),
        ("its peer", &[Cause::ReceiverWindow], |counters| counters.snd_wnd() == Some(0)),
    ))
}
