//! State of a socket: each family numbers its own.

use sockeye_wire::Scalar;
use sockeye_wire::sock_diag::inet::InetMessage;
use sockeye_wire::sock_diag::netlink::NetlinkMessage;
use sockeye_wire::sock_diag::smc::SmcMessage;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::unix::UnixMessage;
use sockeye_wire::sock_diag::vsock::VsockMessage;

use super::flat::tipc;
use super::row::SocketRow;
use super::table::Table;

/// State of the socket in a row; `None` where its family has none.
#[inline]
pub(super) fn of(row: &SocketRow<'_>) -> Option<State> {
    match row.table {
        Table::Sctp if row.is_association() => InetMessage(row.header).state_number().map(association),
        // Without a name of their own, these are as connected as a UDP socket that never was.
        Table::Packet | Table::Xdp => Some(State::Unconnected),
        Table::Netlink => NetlinkMessage(row.header).state(),
        Table::Unix => UnixMessage(row.header).state(),
        Table::Vsock => VsockMessage(row.header).state(),
        Table::Smc => SmcMessage(row.header).smc_state().map(smc),
        Table::Tipc => Scalar::U32.read(tipc(row)?.tipc_state()?, 0).map(tipc_state),
        // A TCP socket that is neither connected nor listening is in no table but that of bound ones (6.8), and its
        // answer carries the number of a closed one (inet_diag_dump_icsk).
        Table::Tcp => InetMessage(row.header).state().map(|state| match state {
            State::Unconnected => State::BoundInactive,
            other => other,
        }),
        _ => InetMessage(row.header).state(),
    }
}

/// An SCTP association in the words of TCP (`enum sctp_state`, include/net/sctp/constants.h).
fn association(number: u64) -> State {
    match number {
        0 => State::Unconnected,
        1 => State::SynSent,
        2 => State::SynReceived,
        3 => State::Established,
        4 => State::FinWait1,
        5 => State::FinWait2,
        6 => State::CloseWait,
        7 => State::LastAck,
        other => State::Unknown(u8::try_from(other).unwrap_or(u8::MAX)),
    }
}

/// TIPC numbers its states as TCP does.
fn tipc_state(number: u64) -> State {
    u8::try_from(number).map_or(State::Unknown(u8::MAX), State::from_number)
}

/// SMC keeps the numbers of TCP for what both have (`enum smc_state`, net/smc/smc.h).
fn smc(number: u64) -> State {
    match number {
        1 => State::Established,
        2 | 7 => State::Unconnected,
        10 => State::Listening,
        20 | 21 => State::FinWait1,
        22 | 23 => State::CloseWait,
        24 => State::LastAck,
        25..=27 => State::Closing,
        other => State::Unknown(u8::try_from(other).unwrap_or(u8::MAX)),
    }
}
