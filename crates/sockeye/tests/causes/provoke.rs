//! What goes wrong, one function each: sockets, and the causes that must be found at each of them.

use std::any::Any;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use sockeye_state::lives::{Cause, Counters};
use sockeye_zoo::Skip;

use crate::connection::{
    Connection, Limits, cookie, reads_all_the_time, reads_and_sleeps, writes_all_the_time, writes_and_sleeps,
};
use crate::place::{Place, Way};

/// One socket, and what must be found at it.
pub(crate) struct Subject {
    pub(crate) what: &'static str,
    pub(crate) cookie: u64,
    /// In any order.
    pub(crate) expected: &'static [Cause],
    /// What may be found beside, as the kernel happens to count it, and is not wrong. Where there is any, something must be found.
    pub(crate) possible: &'static [Cause],
    /// Whether it has come to the state that is provoked.
    pub(crate) ready: fn(&Counters) -> bool,
}

/// Something that goes wrong, or does not, as long as this is kept.
pub(crate) struct Provoked {
    pub(crate) subjects: Vec<Subject>,
    kept: Vec<Box<dyn Any>>,
}

/// How something is provoked.
pub(crate) type Provocation = fn(&Place) -> Result<Provoked, Skip>;

/// Every provocation of one cause, to be put together two by two.
pub(crate) const PROVOCATIONS: [Provocation; 6] =
    [small_window, small_send_buffer, token_bucket, dropped_packets, full_listener, rare_sender];

/// Whether so many bytes went out.
pub(crate) fn sent(counters: &Counters, bytes: u64) -> bool {
    counters.bytes_acked() > Some(bytes)
}

pub(crate) fn of(
    connection: Connection,
    near: (&'static str, &'static [Cause], fn(&Counters) -> bool),
    far: (&'static str, &'static [Cause], fn(&Counters) -> bool),
) -> Provoked {
    let subject = |socket: &TcpStream, (what, expected, ready)| Subject {
        what,
        cookie: cookie(socket),
        expected,
        possible: &[],
        ready,
    };
    let subjects = vec![subject(&connection.near, near), subject(&connection.far, far)];
    Provoked { subjects, kept: vec![Box::new(connection)] }
}

pub(crate) const ALWAYS: fn(&Counters) -> bool = |_| true;

/// A small receive window, and a reader that sleeps.
pub(crate) fn small_window(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Plain, Limits { receive: Some(8_192), ..Limits::default() })?;
    writes_all_the_time(&connection.near);
    reads_and_sleeps(&connection.far, 512, Duration::from_millis(100));
    let waits = |counters: &Counters| counters.rwnd_limited_us() > Some(100_000);
    let unread = |counters: &Counters| counters.rqueue() > Some(4_000) && counters.rcv_wnd() < Some(2_000);
    Ok(of(
        connection,
        ("sender behind a small window", &[Cause::ReceiverWindow], waits),
        ("reader that sleeps", &[Cause::ReceiverDoesNotRead], unread),
    ))
}

/// Whether a socket takes nothing more. A kernel before 6.2 does not say; then half of its memory is used.
pub(crate) fn offers_nothing(counters: &Counters) -> bool {
    match (counters.rcv_wnd(), counters.rmem_alloc().zip(counters.rcvbuf())) {
        (Some(window), _) => window == 0,
        (None, Some((used, limit))) => used >= limit / 2,
        (None, None) => false,
    }
}

/// A reader that has stopped, with the window that everybody has.
pub(crate) fn stopped_reader(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Loopback, Limits::default())?;
    writes_all_the_time(&connection.near);
    Ok(of(
        connection,
        ("sender behind a closed window", &[Cause::ReceiverWindow], |counters| counters.snd_wnd() == Some(0)),
        ("reader that has stopped", &[Cause::ReceiverDoesNotRead], offers_nothing),
    ))
}

/// A small window on a long way: the reader is not to blame.
pub(crate) fn small_window_on_a_long_way(place: &Place) -> Result<Provoked, Skip> {
    let limits = Limits { receive: Some(16_384), ..Limits::default() };
    let connection = Connection::over(place, Way::Long, limits)?.transfers();
    Ok(of(
        connection,
        ("sender behind a window too small for its way", &[Cause::ReceiverWindow], |counters| sent(counters, 100_000)),
        ("reader at the end of a long way", &[], ALWAYS),
    ))
}

/// A small send buffer, on a way that would carry far more.
pub(crate) fn small_send_buffer(place: &Place) -> Result<Provoked, Skip> {
    let limits = Limits { send: Some(8_192), ..Limits::default() };
    let connection = Connection::over(place, Way::Long, limits)?.transfers();
    Ok(of(
        connection,
        ("sender with a small buffer", &[Cause::SendBuffer], |counters| sent(counters, 500_000)),
        ("its reader", &[], ALWAYS),
    ))
}

/// A token bucket.
pub(crate) fn token_bucket(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Shaped, Limits::default())?.transfers();
    Ok(of(
        connection,
        ("sender into a token bucket", &[Cause::CongestionWindow], |counters| sent(counters, 500_000)),
        ("its reader", &[], ALWAYS),
    ))
}

/// Packets dropped by a firewall.
pub(crate) fn dropped_packets(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Lossy, Limits::default())?.transfers();
    Ok(of(
        connection,
        ("sender of which every twentieth packet is dropped", &[Cause::Loss], |counters| {
            counters.total_retrans() > Some(10)
        }),
        ("its reader", &[], ALWAYS),
    ))
}

/// A peer of which nothing is heard any more.
pub(crate) fn silent_peer(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Cut, Limits::default())?;
    writes_and_sleeps(&connection.near, 300, Duration::from_millis(100));
    reads_all_the_time(&connection.far);
    place.cut()?;
    Ok(of(
        connection,
        ("sender whose peer is gone", &[Cause::Loss], |counters| counters.retransmits() >= Some(2)),
        ("the peer that is gone", &[], ALWAYS),
    ))
}

/// A listener that nobody accepts from.
#[expect(clippy::unnecessary_wraps, reason = "as every provocation")]
pub(crate) fn full_listener(place: &Place) -> Result<Provoked, Skip> {
    let listen = || -> std::io::Result<TcpListener> {
        let listener = TcpListener::bind((Way::Plain.far_address(), 0))?;
        // The library asks for a long queue; asking again changes it.
        rustix::net::listen(&listener, 3)?;
        Ok(listener)
    };
    let listener = place.there(listen).expect("a port is free");
    let address = listener.local_addr().expect("bound");
    // One more than the limit fits.
    let clients: Vec<_> = (0..4).map(|_| TcpStream::connect(address).expect("there is room")).collect();
    let full = |counters: &Counters| counters.rqueue() == Some(4);
    let what = "listener that nobody accepts from";
    let expected = &[Cause::AcceptQueueFull];
    let subject = Subject { what, cookie: cookie(&listener), expected, possible: &[], ready: full };
    let waiting = clients.iter().map(|client| Subject {
        what: "client that waits to be accepted",
        cookie: cookie(client),
        expected: &[],
        possible: &[],
        ready: ALWAYS,
    });
    let subjects = std::iter::once(subject).chain(waiting).collect();
    Ok(Provoked { subjects, kept: vec![Box::new((listener, clients))] })
}

/// An application that sends rarely.
pub(crate) fn rare_sender(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Plain, Limits::default())?;
    writes_and_sleeps(&connection.near, 1_000, Duration::from_millis(50));
    reads_all_the_time(&connection.far);
    Ok(of(
        connection,
        ("program that sends rarely", &[Cause::Application], |counters| counters.data_segs_out() > Some(2)),
        ("its reader", &[], ALWAYS),
    ))
}

/// The same on a long way, where something is under way nearly all the time.
pub(crate) fn rare_sender_on_a_long_way(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Long, Limits::default())?;
    writes_and_sleeps(&connection.near, 1_000, Duration::from_millis(50));
    reads_all_the_time(&connection.far);
    Ok(of(
        connection,
        ("program that sends rarely, far away", &[Cause::Application], |counters| counters.data_segs_out() > Some(10)),
        ("its reader", &[], ALWAYS),
    ))
}

/// Two causes at each end: both write, and neither reads.
pub(crate) fn both_write_and_nobody_reads(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Plain, Limits::default())?;
    writes_all_the_time(&connection.near);
    writes_all_the_time(&connection.far);
    let stuck = |counters: &Counters| counters.snd_wnd() == Some(0) && offers_nothing(counters);
    let expected = &[Cause::ReceiverDoesNotRead, Cause::ReceiverWindow];
    Ok(of(connection, ("one that writes and does not read", expected, stuck), ("the other", expected, stuck)))
}

/// A healthy bulk transfer over the loopback device.
pub(crate) fn bulk_here(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Loopback, Limits::default())?.transfers();
    let moves = |counters: &Counters| sent(counters, 200_000_000);
    Ok(of(connection, ("bulk transfer here", &[], moves), ("its reader", &[], ALWAYS)))
}

/// A healthy bulk transfer to the other end.
pub(crate) fn bulk(place: &Place) -> Result<Provoked, Skip> {
    let connection = Connection::over(place, Way::Plain, Limits::default())?.transfers();
    let moves = |counters: &Counters| sent(counters, 200_000_000);
    Ok(of(connection, ("bulk transfer", &[], moves), ("its reader", &[], ALWAYS)))
}

/// Idle connections: one that has done nothing yet, and one with something unread.
pub(crate) fn idle(place: &Place) -> Result<Provoked, Skip> {
    use std::io::Write as _;
    let untouched = Connection::over(place, Way::Plain, Limits::default())?;
    let unread = Connection::over(place, Way::Loopback, Limits::default())?;
    (&unread.near).write_all(&[b'i'; 321]).expect("there is room");
    let mut both = of(untouched, ("idle connection", &[], ALWAYS), ("its other end", &[], ALWAYS));
    let unread = of(
        unread,
        ("connection that has gone idle", &[], |counters| counters.unacked() == Some(0)),
        ("its other end, with bytes unread", &[], |counters| counters.rqueue() == Some(321)),
    );
    both.subjects.extend(unread.subjects);
    both.kept.extend(unread.kept);
    Ok(both)
}
