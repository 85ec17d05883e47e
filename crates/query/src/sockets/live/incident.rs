//! What went wrong with a socket or a packet, as filters speak of it: `drop and reason = NETFILTER_DROP`.

use sockeye_wire::{Meaning, Name, names};

use super::super::table::Table;
use crate::{FieldKind, Value};

/// A field that only an incident has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Which way the packet went.
    Direction,
    /// Why.
    Reason,
    /// Where in the kernel.
    Location,
    /// How many segments.
    Segments,
    /// Which error.
    Error,
}

const DIRECTIONS: &[Name] = names![(0, "sent"), (1, "received")];

/// Errors that sockets report, by the kernel's names (include/uapi/asm-generic/errno.h, errno-base.h). Others are numbers.
pub const ERRORS: &[Name] = names![
    (1, "EPERM"),
    (4, "EINTR"),
    (5, "EIO"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (19, "ENODEV"),
    (22, "EINVAL"),
    (32, "EPIPE"),
    (71, "EPROTO"),
    (74, "EBADMSG"),
    (90, "EMSGSIZE"),
    (92, "ENOPROTOOPT"),
    (93, "EPROTONOSUPPORT"),
    (95, "EOPNOTSUPP"),
    (97, "EAFNOSUPPORT"),
    (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"),
    (100, "ENETDOWN"),
    (101, "ENETUNREACH"),
    (102, "ENETRESET"),
    (103, "ECONNABORTED"),
    (104, "ECONNRESET"),
    (105, "ENOBUFS"),
    (106, "EISCONN"),
    (107, "ENOTCONN"),
    (108, "ESHUTDOWN"),
    (110, "ETIMEDOUT"),
    (111, "ECONNREFUSED"),
    (112, "EHOSTDOWN"),
    (113, "EHOSTUNREACH"),
];

/// The fields in their order.
pub(super) const FIELDS: [(Part, &str, FieldKind, &str); 5] = [
    (
        Part::Direction,
        "direction",
        FieldKind::Number(Meaning::OneOf(DIRECTIONS)),
        "Which way the packet went that was dropped, or the reset; what is only passed on was received.",
    ),
    (
        Part::Reason,
        "reason",
        FieldKind::Text,
        "Why the packet was dropped, or the reset sent, in the kernel's word: NETFILTER_DROP.",
    ),
    (Part::Location, "location", FieldKind::Text, "The function of the kernel that dropped the packet."),
    (Part::Segments, "segments", FieldKind::Number(Meaning::Count), "Segments that were sent again at once."),
    (Part::Error, "error", FieldKind::Number(Meaning::OneOf(ERRORS)), "The error that the socket reports."),
];

/// What is known of an incident, beside its ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Incident<'a> {
    /// `IPPROTO_TCP` and others.
    pub protocol: Option<u16>,
    /// The message says a state of the socket.
    pub has_state: bool,
    /// The message says the cookie of the socket.
    pub has_cookie: bool,
    /// Which way the packet went.
    pub direction: Option<&'static str>,
    /// Why.
    pub reason: Option<&'a str>,
    /// Where in the kernel.
    pub location: Option<&'a str>,
    /// How many segments.
    pub segments: Option<u64>,
    /// The error number.
    pub error: Option<u32>,
}

impl<'a> Incident<'a> {
    /// The value of a field.
    pub(super) fn value(&self, part: Part) -> Option<Value<'a>> {
        match part {
            Part::Direction => self.direction.map(Value::Word),
            Part::Reason => self.reason.map(|reason| Value::Text(reason.as_bytes())),
            Part::Location => self.location.map(|location| Value::Text(location.as_bytes())),
            Part::Segments => self.segments.map(Value::Unsigned),
            Part::Error => self.error.map(|number| named(ERRORS, number.into())),
        }
    }

    /// The protocol, where it is that of no table.
    pub(super) fn foreign_protocol(&self) -> Option<Value<'static>> {
        let number = self.protocol.filter(|&number| table_of(number).is_none())?;
        Some(named(PROTOCOLS, number.into()))
    }
}

/// Protocols of packets that belong to no table of sockets; others are numbers.
const PROTOCOLS: &[Name] = names![
    (1, "icmp"),
    (2, "igmp"),
    (4, "ipip"),
    (33, "dccp"),
    (41, "ipv6"),
    (47, "gre"),
    (50, "esp"),
    (51, "ah"),
    (58, "icmpv6"),
    (89, "ospf"),
    (103, "pim"),
    (112, "vrrp"),
];

/// The table of sockets of an internet protocol.
pub fn table_of(protocol: u16) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.ip_protocol() == Some(protocol))
}

fn named(names: &'static [Name], number: u64) -> Value<'static> {
    names.iter().find(|name| name.value == number).map_or(Value::Unsigned(number), |name| Value::Word(name.name))
}
