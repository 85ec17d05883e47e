//! TIPC sockets: `struct tipc_sock_diag_req` and the nests of the answer (include/uapi/linux/tipc_sockets_diag.h,
//! include/uapi/linux/tipc_netlink.h, `tipc_sk_fill_sock_diag` in net/tipc/socket.c).
//!
//! An answer has no fixed structure: everything stands in one nest. The kernel answers dumps only.

use super::SOCK_DIAG_BY_FAMILY;
use super::state::State;
use crate::bytes::{array, u32};
use crate::error::WireError;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_TIPC`.
pub const AF_TIPC: u8 = 30;

crate::attributes! {
    /// One answer: the nest that holds the socket.
    pub struct TipcMessage = "tipc_diag", header None, 0; {
        /// The socket.
        TIPC_NLA_SOCK = 2 => socket "tipc": Nest(&TipcAttributes::SPACE), Always, None, (4, 17);
    }
}

crate::attributes! {
    /// Attributes of one TIPC socket (`TIPC_NLA_SOCK_*`).
    pub struct TipcAttributes = "tipc_sock", header None, 0; {
        /// Address of this node.
        TIPC_NLA_SOCK_ADDR = 1 => addr "addr": Number(U32, Hexadecimal), Always, None, (4, 17);
        /// Port number of the socket.
        TIPC_NLA_SOCK_REF = 2 => reference "ref": Number(U32, Identifier), Always, None, (4, 17);
        /// The connection, where there is one.
        TIPC_NLA_SOCK_CON = 3 => connection "con": Nest(&TipcConnection::SPACE), Always, None, (4, 17);
        /// The socket has published names; not told of a connected one.
        TIPC_NLA_SOCK_HAS_PUBL = 4 => has_publ "has_publ": Flag, Always, None, (4, 17);
        /// Queues of the socket.
        TIPC_NLA_SOCK_STAT = 5 => stat "stat": Nest(&TipcStatistics::SPACE), Always, None, (4, 17);
        /// Kind of socket.
        TIPC_NLA_SOCK_TYPE = 6 => socket_type "type":
            Number(U32, OneOf(super::SOCKET_TYPES)), Always, None, (4, 17);
        /// Inode of the socket.
        TIPC_NLA_SOCK_INO = 7 => inode "inode": Number(U32, Identifier), Always, None, (4, 17);
        /// User the socket belongs to.
        TIPC_NLA_SOCK_UID = 8 => uid "uid": Number(U32, Identifier), Always, None, (4, 17);
        /// State of the socket, in TIPC's own words.
        TIPC_NLA_SOCK_TIPC_STATE = 9 => tipc_state "tipc_state":
            Number(U32, OneOf(crate::names![(1, "established"), (2, "connecting"),
            (7, "open"), (8, "disconnecting"), (10, "listen")])), Always, None, (4, 17);
        /// Identity of the socket, never used twice until the next boot.
        TIPC_NLA_SOCK_COOKIE = 10 => cookie "cookie": Number(U64, Hexadecimal), Always, None, (4, 17);
        /// Filler that aligns the attribute behind it.
        TIPC_NLA_SOCK_PAD = 11 => pad "pad": Padding, Always, None, (4, 17);
        /// Group of sockets that the socket has joined.
        TIPC_NLA_SOCK_GROUP = 12 => group "group": Nest(&TipcGroup::SPACE), Always, None, (4, 19);
    }
}

crate::attributes! {
    /// The connection of a TIPC socket (`TIPC_NLA_CON_*`).
    pub struct TipcConnection = "tipc_con", header None, 0; {
        /// The peer was found by a service's name, which type and instance tell.
        TIPC_NLA_CON_FLAG = 1 => flag "flag": Flag, Always, None, (4, 17);
        /// Address of the peer's node.
        TIPC_NLA_CON_NODE = 2 => node "node": Number(U32, Hexadecimal), Always, None, (4, 17);
        /// Port number of the peer's socket.
        TIPC_NLA_CON_SOCK = 3 => socket "sock": Number(U32, Identifier), Always, None, (4, 17);
        /// Type of the service.
        TIPC_NLA_CON_TYPE = 4 => service_type "type": Number(U32, Identifier), Always, None, (4, 17);
        /// Instance of the service.
        TIPC_NLA_CON_INST = 5 => instance "inst": Number(U32, Identifier), Always, None, (4, 17);
    }
}

crate::attributes! {
    /// Queues of a TIPC socket (`TIPC_NLA_SOCK_STAT_*`).
    pub struct TipcStatistics = "tipc_sock_stat", header None, 0; {
        /// Messages to be read.
        TIPC_NLA_SOCK_STAT_RCVQ = 0 => rcvq "rcvq": Number(U32, Count), Always, None, (4, 17);
        /// Messages to be sent.
        TIPC_NLA_SOCK_STAT_SENDQ = 1 => sendq "sendq": Number(U32, Count), Always, None, (4, 17);
        /// The link is congested.
        TIPC_NLA_SOCK_STAT_LINK_CONG = 2 => link_cong "link_cong": Flag, Always, None, (4, 17);
        /// The peer does not keep up.
        TIPC_NLA_SOCK_STAT_CONN_CONG = 3 => conn_cong "conn_cong": Flag, Always, None, (4, 17);
        /// Messages dropped.
        TIPC_NLA_SOCK_STAT_DROP = 4 => drop "drop": Number(U32, Count), Always, None, (4, 17);
    }
}

crate::attributes! {
    /// The group that a TIPC socket has joined (`TIPC_NLA_SOCK_GROUP_*`).
    pub struct TipcGroup = "tipc_sock_group", header None, 0; {
        /// Number of the group.
        TIPC_NLA_SOCK_GROUP_ID = 0 => id "id": Number(U32, Identifier), Always, None, (4, 19);
        /// The group is open for messages.
        TIPC_NLA_SOCK_GROUP_OPEN = 1 => open "open": Flag, Always, None, (4, 19);
        /// Only sockets of this node are members.
        TIPC_NLA_SOCK_GROUP_NODE_SCOPE = 2 => node_scope "node_scope": Flag, Always, None, (4, 19);
        /// Sockets of the whole cluster are members.
        TIPC_NLA_SOCK_GROUP_CLUSTER_SCOPE = 3 => cluster_scope "cluster_scope": Flag, Always, None, (4, 19);
        /// Number of this member.
        TIPC_NLA_SOCK_GROUP_INSTANCE = 4 => instance "instance": Number(U32, Identifier), Always, None, (4, 19);
        /// Sequence number of the next message to all members.
        TIPC_NLA_SOCK_GROUP_BC_SEND_NEXT = 5 => bc_send_next "bc_send_next":
            Number(U32, Identifier), Always, None, (4, 19);
    }
}

/// One TIPC socket.
#[derive(Clone, Copy, Debug)]
pub struct TipcSocket<'a> {
    /// What the kernel said of it.
    pub attributes: TipcAttributes<'a>,
}

impl<'a> TipcSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let answer = TipcMessage(Slots::read(payload));
        let Some(nest) = answer.socket() else {
            return Err(answer.0.defect().unwrap_or(WireError::Truncated {
                what: "TIPC_NLA_SOCK",
                at: 0,
                need: 4,
                have: payload.len(),
            }));
        };
        Ok(Self { attributes: TipcAttributes(Slots::read(nest)) })
    }

    /// State of the socket in the words of all families.
    pub fn state(&self) -> Option<State> {
        let number = u32(self.attributes.tipc_state()?, 0)?;
        Some(u8::try_from(number).map_or(State::Unknown(u8::MAX), State::from_number))
    }

    /// Inode of the socket.
    pub fn inode(&self) -> Option<u32> {
        self.attributes.inode().and_then(|payload| u32(payload, 0))
    }

    /// Identity of the socket.
    pub fn cookie(&self) -> Option<u64> {
        self.attributes.cookie().and_then(|payload| array(payload, 0)).map(u64::from_ne_bytes)
    }

    /// The connection, where there is one.
    pub fn connection(&self) -> Option<TipcConnection<'a>> {
        self.attributes.connection().map(|nest| TipcConnection(Slots::read(nest)))
    }

    /// Queues of the socket.
    pub fn statistics(&self) -> Option<TipcStatistics<'a>> {
        self.attributes.stat().map(|nest| TipcStatistics(Slots::read(nest)))
    }

    /// The group that the socket has joined.
    pub fn group(&self) -> Option<TipcGroup<'a>> {
        self.attributes.group().map(|nest| TipcGroup(Slots::read(nest)))
    }
}

/// A question about TIPC sockets.
#[derive(Clone, Copy, Debug)]
pub struct TipcQuestion {
    /// States, bit `n` for state `n` as `tipc_state` numbers them.
    pub states: u32,
}

impl TipcQuestion {
    /// The request for every socket in these states.
    pub fn dump(&self) -> Request {
        let mut body = [0; 8];
        body[0] = AF_TIPC;
        body[4..].copy_from_slice(&self.states.to_ne_bytes());
        Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP).body(&body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nest(build: impl Fn(Request) -> Request) -> Vec<u8> {
        build(Request::new(0, 0)).as_bytes()[16..].to_vec()
    }

    fn answer() -> Vec<u8> {
        let word = u32::to_ne_bytes;
        let connection = nest(|nest| {
            nest.attribute(1, &[]).attribute(2, &word(0x0100_1002)).attribute(3, &word(77)).attribute(4, &word(18888))
        });
        let statistics =
            nest(|nest| nest.attribute(0, &word(3)).attribute(1, &word(4)).attribute(4, &word(55)).attribute(3, &[]));
        let group = nest(|nest| nest.attribute(0, &word(4711)).attribute(3, &[]).attribute(5, &word(90)));
        let socket = nest(|nest| {
            nest.attribute(1, &word(0x0100_1001))
                .attribute(2, &word(2_345_678))
                .attribute(3, &connection)
                .attribute(6, &word(5))
                .attribute(9, &word(1))
                .attribute(7, &word(40_404))
                .attribute(8, &word(1004))
                .attribute(10, &0x1_0000_0abcu64.to_ne_bytes())
                .attribute(5, &statistics)
                .attribute(12, &group)
        });
        nest(|nest| nest.attribute(2, &socket))
    }

    #[test]
    fn everything_stands_in_nests() {
        let answer = answer();
        let socket = TipcSocket::read(&answer).unwrap();
        let word = |payload: Option<&[u8]>| payload.and_then(|payload| u32(payload, 0));
        assert_eq!(
            (socket.state(), socket.inode(), socket.cookie()),
            (Some(State::Established), Some(40_404), Some(0x1_0000_0abc))
        );
        assert_eq!(
            (word(socket.attributes.addr()), word(socket.attributes.reference())),
            (Some(0x0100_1001), Some(2_345_678))
        );
        assert_eq!((word(socket.attributes.socket_type()), word(socket.attributes.uid())), (Some(5), Some(1004)));
        assert_eq!(socket.attributes.has_publ(), None);
        let connection = socket.connection().unwrap();
        assert_eq!((connection.flag(), word(connection.node())), (Some(&[][..]), Some(0x0100_1002)));
        assert_eq!(
            (word(connection.socket()), word(connection.service_type()), connection.instance()),
            (Some(77), Some(18888), None)
        );
        let statistics = socket.statistics().unwrap();
        assert_eq!(
            (word(statistics.rcvq()), word(statistics.sendq()), word(statistics.drop())),
            (Some(3), Some(4), Some(55))
        );
        assert_eq!((statistics.link_cong(), statistics.conn_cong()), (None, Some(&[][..])));
        let group = socket.group().unwrap();
        assert_eq!((word(group.id()), group.open(), group.cluster_scope()), (Some(4711), None, Some(&[][..])));
        assert_eq!(word(group.bc_send_next()), Some(90));
    }

    #[test]
    fn an_answer_without_the_nest_is_an_error() {
        assert!(matches!(TipcSocket::read(&[]), Err(WireError::Truncated { what: "TIPC_NLA_SOCK", .. })));
        let answer = answer();
        assert!(matches!(TipcSocket::read(&answer[..20]), Err(WireError::Truncated { what: "nlattr", .. })));
    }

    #[test]
    fn the_request_is_what_the_kernel_wants() {
        let request = TipcQuestion { states: 0x586 }.dump();
        let bytes = request.as_bytes();
        assert_eq!((bytes.len(), &bytes[16..20], &bytes[20..]), (24, &[30, 0, 0, 0][..], &0x586u32.to_ne_bytes()[..]));
    }
}
