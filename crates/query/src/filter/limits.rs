//! What the catalog says of a field that bounds the values it may be compared with.

use sockeye_wire::Meaning;

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
        let max = match info.kind {
            FieldKind::Port => i128::from(u16::MAX),
            FieldKind::User | FieldKind::Interface => i128::from(u32::MAX),
            FieldKind::Number(Meaning::Truth) => 1,
            _ => i128::from(u64::MAX),
        };
        Self { min: 0, max }
    }
}

/// Whether a record can hold several values of the field, so that two different ones do not exclude each other.
///
/// An identifier may be one of a list (process ids, multicast groups, waiting connections); to take it for one only means
/// to prove less.
pub(super) fn has_several_values(info: &FieldInfo) -> bool {
    const SEVERAL: [&str; 8] = ["port", "process", "peer-process", "user", "cmdline", "unit", "container", "pod"];
    info.kind == FieldKind::Number(Meaning::Identifier) || SEVERAL.iter().any(|name| is_named(info, name))
}

/// Whether `FIELD VALUE` means `FIELD = VALUE`, as `ss` has it for `dst 10.0.0.1`, `sport 22`, `dev eth0`.
pub(super) fn needs_no_operator(info: &FieldInfo) -> bool {
    match info.kind {
        FieldKind::Address | FieldKind::Port | FieldKind::User | FieldKind::Interface | FieldKind::Cgroup => true,
        FieldKind::Number(_) => is_named(info, "mark"),
        FieldKind::Text => is_named(info, "user"),
        FieldKind::Structure => false,
    }
}

fn is_named(info: &FieldInfo, name: &str) -> bool {
    info.path == name || info.aliases.contains(&name)
}

/// A value that a field of that kind could be compared with, for examples in messages.
pub(super) const fn example(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number(Meaning::Microseconds | Meaning::Milliseconds | Meaning::Seconds) => "100ms",
        FieldKind::Number(Meaning::Bytes) => "1MiB",
        FieldKind::Number(Meaning::BytesPerSecond) => "10Mbit/s",
        FieldKind::Number(Meaning::Truth) => "true",
        FieldKind::Port => "443",
        FieldKind::Address => "10.0.0.1",
        FieldKind::User => "root",
        FieldKind::Interface => "eth0",
        FieldKind::Cgroup => "/system.slice",
        FieldKind::Text => "NAME",
        _ => "10",
    }
}

/// What a field of that kind is compared with, for messages.
pub(super) const fn values(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number(Meaning::Truth) => "true or false",
        FieldKind::Number(Meaning::OneOf(_) | Meaning::SetOf(_)) => "a name or a number",
        FieldKind::Number(_) => "a number",
        FieldKind::Text => "a text",
        FieldKind::Address => "an address (10.0.0.1, 10.0.0.0/8, [::1]:443), a host name or a text in quotes",
        FieldKind::Port => "a port, a range or a service name",
        FieldKind::User => "a user name or id",
        FieldKind::Interface => "an interface name or index",
        FieldKind::Cgroup => "the path of a cgroup",
        FieldKind::Structure => "nothing; it can be tested with `has`",
    }
}
