//! What the catalog says of a field that bounds the values it may be compared with.

use sockeye_wire::{Meaning, Scalar};

use crate::{FieldInfo, FieldKind};

/// The smallest and the greatest number a field can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) min: i128,
    pub(super) max: i128,
}

impl Limits {
    /// The limits of a field's kind.
    pub(super) fn of(info: &FieldInfo) -> Self {
        let max = match (info.kind, info.scalar) {
            (FieldKind::Number(Meaning::Truth), _) => 1,
            (_, Some(Scalar::I32)) if info.kind != FieldKind::Interface => {
                return Self { min: i32::MIN.into(), max: i32::MAX.into() };
            }
            (_, Some(scalar)) => (1i128 << scalar.bits()) - 1,
            (FieldKind::SocketAddress, None) => i128::from(u16::MAX),
            // Ports of Netlink and vsock are that wide.
            (FieldKind::Port | FieldKind::User | FieldKind::Interface, None) => i128::from(u32::MAX),
            // PID_MAX_LIMIT (include/linux/threads.h).
            _ if is_named(info, "pid") || is_named(info, "peer-pid") => 4_194_304,
            _ => i128::from(u64::MAX),
        };
        Self { min: 0, max }
    }

    /// The limits of the numbers that rows have: interfaces are counted from one, and a zero says that there is none.
    pub(super) fn of_values(info: &FieldInfo) -> Self {
        let limits = Self::of(info);
        if info.kind == FieldKind::Interface || is_named(info, "ifindex") { Self { min: 1, ..limits } } else { limits }
    }
}

/// Bytes that a text can have: the kernel cuts names of processes (`TASK_COMM_LEN`, include/linux/sched.h).
pub(super) fn text_len_max(info: &FieldInfo) -> Option<usize> {
    (is_named(info, "process") || is_named(info, "peer-process")).then_some(15)
}

/// Whether `FIELD VALUE` means `FIELD = VALUE`, as `ss` has it for `dst 10.0.0.1`, `sport 22`, `dev eth0`.
pub(super) fn needs_no_operator(info: &FieldInfo) -> bool {
    match info.kind {
        FieldKind::Address
        | FieldKind::Network
        | FieldKind::LinkAddress
        | FieldKind::SocketAddress
        | FieldKind::Port
        | FieldKind::User
        | FieldKind::Interface
        | FieldKind::UserName
        | FieldKind::Cgroup => true,
        FieldKind::Number(_) => is_named(info, "mark"),
        FieldKind::Text | FieldKind::Structure => false,
    }
}

fn is_named(info: &FieldInfo, name: &str) -> bool {
    info.path == name || info.aliases.contains(&name)
}

/// A value that a field of that kind could be compared with, for examples in messages.
pub(super) const fn example(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number(
            Meaning::Nanoseconds
            | Meaning::Microseconds
            | Meaning::Milliseconds
            | Meaning::Centiseconds
            | Meaning::Seconds,
        ) => "100ms",
        FieldKind::Number(Meaning::Handle) => "1:10",
        FieldKind::Number(Meaning::Bytes) => "1MiB",
        FieldKind::Number(Meaning::BytesPerSecond) => "10Mbit/s",
        FieldKind::Number(Meaning::Truth) => "true",
        FieldKind::Port => "443",
        FieldKind::Address | FieldKind::SocketAddress => "10.0.0.1",
        FieldKind::Network => "10.0.0.0/8",
        FieldKind::LinkAddress => "52:54:00:12:34:56",
        FieldKind::User | FieldKind::UserName => "root",
        FieldKind::Interface => "eth0",
        FieldKind::Cgroup => "/system.slice",
        FieldKind::Text => "NAME",
        FieldKind::Number(Meaning::OneOf([first, ..]) | Meaning::SetOf([first, ..])) => first.name,
        _ => "10",
    }
}

/// The same for a field that is compared by its order.
pub(super) const fn example_of_order(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Port => "1024",
        FieldKind::User => "1000",
        other => example(other),
    }
}

/// Whether values of that kind have an order.
pub(super) const fn has_order(kind: FieldKind) -> bool {
    match kind {
        FieldKind::Number(Meaning::Truth | Meaning::OneOf(_) | Meaning::SetOf(_)) => false,
        FieldKind::Number(_) | FieldKind::Port | FieldKind::User => true,
        _ => false,
    }
}

/// What a field of that kind is compared with, for messages.
pub(super) const fn values(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number(Meaning::Truth) => "true or false",
        FieldKind::Number(Meaning::OneOf(_) | Meaning::SetOf(_)) => "a name or a number",
        FieldKind::Number(_) => "a number",
        FieldKind::Text => "a text",
        FieldKind::Address | FieldKind::SocketAddress => {
            "an address (10.0.0.1, 10.0.0.0/8, [::1]:443), a host name or a text in quotes"
        }
        FieldKind::Network => "a network (10.0.0.0/8, 2001:db8::/32), or `default`",
        FieldKind::LinkAddress => "octets in hexadecimal, as in 52:54:00:12:34:56",
        FieldKind::Port => "a port, a range or a service name",
        FieldKind::User | FieldKind::UserName => "a user name or id",
        FieldKind::Interface => "an interface name or index",
        FieldKind::Cgroup => "the path of a cgroup",
        FieldKind::Structure => "nothing; it can be tested with `has`",
    }
}
