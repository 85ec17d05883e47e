//! What a message of the kernel says that the engine needs to know.

use core::net::SocketAddr;

use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::{InetSocket, MESSAGE_LEN};
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

use super::life::Totals;
use super::transition::Transition;

/// The part of a message about the peer: its port and its address.
type Peer<'m> = (&'m [u8], &'m [u8]);

/// The timer of what is left of a socket (net/ipv4/inet_diag.c, `inet_twsk_diag_fill`), also in FIN-WAIT-2.
const TIMER_TIMEWAIT: u64 = 3;

/// What a message says.
pub(super) struct Said {
    pub(super) cookie: u64,
    pub(super) state: State,
    pub(super) port: u16,
    /// `None`: it says nothing of what was done, or is about a socket that never could do anything.
    pub(super) totals: Option<Totals>,
    /// It has, or had, somebody to talk to.
    pub(super) has_peer: bool,
    /// No more than what is left of a socket to answer for it (`inet_timewait_sock`), in whatever state: the socket itself is
    /// destroyed, and this has its cookie.
    pub(super) is_remains: bool,
    /// Taken apart before it was destroyed (`tcp_disconnect`): its addresses and counters are gone.
    pub(super) is_disconnected: bool,
}

impl Said {
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let socket = InetSocket::read(message).ok()?;
        let info: Option<TcpInfo<'_>> = socket.tcp_info();
        let state = socket.message.state()?;
        let is_unspecified =
            |address: Option<core::net::IpAddr>| address.is_some_and(|address| address.is_unspecified());
        let has_peer = !is_unspecified(socket.message.destination()) || socket.message.dport() != Some(0);
        // The address of the peer outlives it: without one there never was a connection.
        let was_connected = !is_unspecified(socket.message.destination());
        // Its own address too, if the program chose it (net/ipv4/tcp.c, tcp_disconnect); the port of the peer never does.
        let is_erased = was_connected && (is_unspecified(socket.message.source()) || socket.message.dport() == Some(0));
        let did_nothing = |info: &TcpInfo<'_>| info.segs_in() == Some(0) && info.segs_out() == Some(0);
        Some(Self {
            cookie: socket.message.cookie()?,
            state,
            port: port(message),
            totals: info.as_ref().map(Totals::of).filter(|_| has_peer && state != State::Listening),
            has_peer,
            is_remains: state == State::TimeWait || socket.message.timer() == Some(TIMER_TIMEWAIT),
            is_disconnected: is_erased && info.as_ref().is_some_and(did_nothing),
        })
    }
}

/// The local port that a message says; 0 for none.
pub(super) fn port(message: &[u8]) -> u16 {
    message.get(4..).and_then(|rest| rest.first_chunk()).map_or(0, |&port| u16::from_be_bytes(port))
}

/// Whether two messages about one socket are about two connections of it: it was taken apart and connected elsewhere.
pub(super) fn is_another_connection(before: &[u8], now: &[u8]) -> bool {
    let is_one = |&(port, _): &Peer<'_>| port != [0, 0];
    let is_another_peer =
        matches!((peer(before).filter(is_one), peer(now).filter(is_one)), (Some(before), Some(now)) if before != now);
    // To the same peer again it goes from another port, which nothing else makes of it.
    let [from, to] = [port(before), port(now)];
    is_another_peer || (from != to && from != 0 && to != 0)
}

fn peer(message: &[u8]) -> Option<Peer<'_>> {
    message.get(6..8).zip(message.get(24..40))
}

/// A message with no more than what a transition says.
pub(super) fn bare_message(told: &Transition) -> [u8; MESSAGE_LEN] {
    let local = SocketAddr::new(told.local, told.local_port);
    let mut message = bare::message(told.new, local, SocketAddr::new(told.peer, told.peer_port), told.cookie);
    if let Some(inode) = told.inode {
        bare::set_inode(&mut message, inode);
    }
    message
}
