//! Attribute spaces declared once: which attributes may follow a family's structure, what each holds, how to ask for it.

use std::fmt;

use crate::attribute::Attributes;
use crate::error::WireError;
use crate::layout::{Layout, Meaning, Version};
use crate::scalar::Scalar;

/// What the kernel wants to see before it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Privilege {
    /// Nothing: everybody may know.
    None,
    /// `CAP_NET_ADMIN` in the user namespace that owns the network namespace.
    NetAdmin,
    /// The same in kernels before this one; since then nothing.
    NetAdminBefore(Version),
    /// `CAP_BPF`, or `CAP_SYS_ADMIN`.
    Bpf,
    /// `CAP_SYS_PTRACE`, for processes of other users: `/proc/PID/fd` is only for who could trace the process.
    Ptrace,
}

impl Privilege {
    /// `CAP_NET_ADMIN`, as 6.14 and older want it for everything of an upper layer (net/ipv4/tcp_diag.c,
    /// `tcp_diag_get_aux`).
    pub const NET_ADMIN_BEFORE_6_15: Self = Self::NetAdminBefore(Version(6, 15));

    /// What this kernel wants to see.
    #[must_use]
    pub fn of(self, kernel: Version) -> Self {
        match self {
            Self::NetAdminBefore(since) if kernel >= since => Self::None,
            Self::NetAdminBefore(_) => Self::NetAdmin,
            other => other,
        }
    }

    /// The capability's name; empty for [`Privilege::None`].
    pub const fn capability(self) -> &'static str {
        match self {
            Self::None => "",
            Self::NetAdmin | Self::NetAdminBefore(_) => "CAP_NET_ADMIN",
            Self::Bpf => "CAP_BPF",
            Self::Ptrace => "CAP_SYS_PTRACE",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.capability())?;
        match self {
            Self::NetAdminBefore(since) => write!(f, " before Linux {since}"),
            _ => Ok(()),
        }
    }
}

/// How a request asks for an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ask {
    /// Not at all: the kernel sends it where it applies.
    Always,
    /// A bit of `idiag_ext`: extension `n` is bit `n - 1`.
    Extension(u8),
    /// A bit of the family's `*_show` word.
    Show(u32),
    /// An attribute of the request: its number.
    Attribute(u16),
}

/// What an attribute's payload is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// One number.
    Number(Scalar, Meaning),
    /// A string of bytes, ended by NUL or by the attribute.
    Text,
    /// The name of a unix socket: a path, or behind a first NUL an abstract name, in which NUL is a byte like any other.
    UnixName,
    /// No bytes: that the attribute is there is what it says.
    Flag,
    /// Bytes whose meaning only their owner knows: their number is all that is shown.
    Opaque,
    /// One structure.
    Structure(&'static Layout),
    /// `struct packet_diag_mclist` again and again: a structure that ends in an address.
    Memberships,
    /// Numbers of this type, one after the other.
    Numbers(Scalar, Meaning),
    /// A set of bits numbered from one, in 32-bit words.
    BitNumbers,
    /// Attributes of another space.
    Nest(&'static Space),
    /// The same nest again and again, each under this attribute number.
    Nests(u16, &'static Space),
    /// `struct sockaddr_storage` again and again.
    SocketAddresses,
    /// `struct tcp_diag_md5sig` again and again.
    Md5Signatures,
    /// Classic BPF instructions (`struct sock_filter`).
    ClassicBpf,
    /// Filler.
    Padding,
    /// A number of 4 or 8 bytes, as the kernel finds room (`nla_put_uint`).
    Unsigned(Meaning),
    /// An address of IPv4 or IPv6, told apart by its length.
    Address,
    /// A link-layer address: octets, or an IP address where a link is a tunnel.
    LinkAddress,
    /// `struct rtvia`: an address of another family than the route's.
    Via,
    /// A stack of MPLS labels, 32 bits each (RFC 3032).
    Labels,
    /// Structures of this many bytes, one after the other.
    Structures(&'static Layout, usize),
    /// A structure, and behind it others of which it says the number.
    Counted(&'static Counted),
    /// Attributes whose numbers only count, or name what they belong to: each holds one of these.
    Listed(&'static Payload),
    /// The attribute comes again and again: each holds one of these.
    Repeated(&'static Payload),
    /// What another attribute of the same nest says it is.
    Selected(Selector, &'static [Choice]),
    /// What the address family of the message, its first byte, says it is; 0 stands for every family that is not named.
    OfFamily(&'static [(u8, &'static Payload)]),
    /// `struct rtnexthop` again and again, each with attributes of this space.
    NextHops(&'static Space),
}

/// The attribute that says what another one holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Selector {
    /// The text of this attribute.
    Text(u16),
    /// The text of this attribute in the nest around this one: `TCA_KIND` says what `TCA_STATS_APP` holds.
    OuterText(u16),
    /// The number in this attribute.
    Number(u16, Scalar),
}

/// One of the things that a selected attribute can hold.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The text that selects it.
    pub word: &'static str,
    /// The name of the object that its fields go into.
    pub key: &'static str,
    /// The number that selects it, where a number does.
    pub number: u64,
    /// What the attribute then holds.
    pub payload: Payload,
}

/// A structure and behind it others of one kind, of which it says the number: the keys of a filter, the segments of a
/// route.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The structure that comes first.
    pub head: &'static Layout,
    /// Its bytes: the others begin there.
    pub head_len: usize,
    /// The place of the byte that says how many follow.
    pub count_at: usize,
    /// How many more follow than that byte says.
    pub more: u8,
    /// The name of the list of the others.
    pub name: &'static str,
    /// One of the others.
    pub item: &'static Layout,
    /// Its bytes.
    pub item_len: usize,
}

impl Counted {
    /// The structures that follow the first: as many as it says, or as many as the kernel sent whole.
    pub fn items<'a>(&self, payload: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let count = payload.get(self.count_at).map_or(0, |&count| usize::from(count) + usize::from(self.more));
        payload.get(self.head_len..).unwrap_or_default().chunks_exact(self.item_len).take(count)
    }
}

/// One attribute of a space.
#[derive(Clone, Copy, Debug)]
pub struct AttributeRow {
    /// Its number.
    pub number: u16,
    /// Its name in the kernel's header: `INET_DIAG_INFO`.
    pub kernel: &'static str,
    /// Its name here: a flat key, or the object that its fields go into. A dot leads into an object: `congestion.bbr`.
    pub name: &'static str,
    /// What it says, in one line.
    pub doc: &'static str,
    /// What it holds.
    pub payload: Payload,
    /// How to get it.
    pub ask: Ask,
    /// What the kernel wants to see first.
    pub privilege: Privilege,
    /// The kernel that first had it.
    pub since: Version,
    /// The protocol (`IPPROTO_*`) for which the payload is this, where the number means several things.
    pub only: Option<u16>,
}

/// A family's structure and the attributes behind it.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// The space's name: `inet_diag`.
    pub name: &'static str,
    /// The fixed structure before the attributes, if there is one.
    pub header: Option<&'static Layout>,
    /// Bytes of that structure.
    pub header_len: usize,
    /// Its attributes, in the order of their numbers.
    pub attributes: &'static [AttributeRow],
}

/// Attribute numbers a [`Slots`] keeps; every `sock_diag` space fits.
pub const SLOTS: usize = 32;

/// The payloads of one message by attribute number, found in one walk.
///
/// Numbers from [`SLOTS`] up are not kept here but seen as [`Slots::has_unknown`]; of several attributes with one number the last
/// is kept, as the kernel's own parsers do.
#[derive(Clone, Copy, Debug)]
pub struct Slots<'a> {
    payloads: [&'a [u8]; SLOTS],
    present: u32,
    beyond: bool,
    defect: Option<WireError>,
}

impl<'a> Slots<'a> {
    /// Walks `bytes`, which begin at the first attribute.
    #[inline]
    pub fn read(bytes: &'a [u8]) -> Self {
        let mut slots = Self { payloads: [&[]; SLOTS], present: 0, beyond: false, defect: None };
        for attribute in Attributes::new(bytes) {
            match attribute {
                Ok(attribute) => match slots.payloads.get_mut(usize::from(attribute.number)) {
                    Some(place) => {
                        *place = attribute.payload;
                        slots.present |= 1 << attribute.number;
                    }
                    None => slots.beyond = true,
                },
                Err(error) => slots.defect = Some(error),
            }
        }
        slots
    }

    /// The payload of attribute `number`.
    #[inline]
    pub fn payload(&self, number: u16) -> Option<&'a [u8]> {
        let place = usize::from(number);
        (place < SLOTS && self.present & (1 << place) != 0).then(|| self.payloads[place])
    }

    /// The numbers that are there, one bit each.
    pub fn present(&self) -> u32 {
        self.present
    }

    /// Whether an attribute is there that `space` does not know.
    pub fn has_unknown(&self, space: &Space) -> bool {
        let known =
            space.attributes.iter().fold(0u32, |mask, row| mask | 1u32.checked_shl(row.number.into()).unwrap_or(0));
        self.beyond || self.present & !known != 0
    }

    /// The malformed attribute at which the walk stopped.
    pub fn defect(&self) -> Option<WireError> {
        self.defect
    }
}

/// A string payload: the bytes before the first NUL.
pub fn text(payload: &[u8]) -> &[u8] {
    let end = payload.iter().position(|&byte| byte == 0).unwrap_or(payload.len());
    &payload[..end]
}

/// Declares an attribute space: a view with one getter an attribute, and its [`Space`] table.
///
/// A row reads `KERNEL_NAME = number => getter "json.name": Payload, Ask, Privilege, (major, minor);`, with `only N`
/// before the semicolon where the payload is this for one protocol only.
#[macro_export]
macro_rules! attributes {
    (
        #[doc = $first:literal]
        $(#[doc = $more:literal])*
        pub struct $view:ident = $space:literal, header $header:expr, $header_len:expr; {
            $(
                #[doc = $doc:literal]
                $kernel:ident = $number:literal => $getter:ident $name:literal: $payload:expr,
                $ask:expr, $privilege:ident, ($major:literal, $minor:literal) $(, only $only:expr)?;
            )*
        }
    ) => {
        #[doc = $first]
        $(#[doc = $more])*
        #[derive(Clone, Copy, Debug)]
        pub struct $view<'a>(pub $crate::Slots<'a>);

        impl<'a> $view<'a> {
            /// The table of this space.
            pub const SPACE: $crate::Space = $crate::Space {
                name: $space,
                header: $header,
                header_len: $header_len,
                attributes: &[$($crate::AttributeRow {
                    number: $number,
                    kernel: stringify!($kernel),
                    name: $name,
                    doc: $doc.trim_ascii(),
                    payload: {
                        #[allow(unused_imports)] // No row uses every kind of payload.
                        use $crate::{Meaning::*, Payload::*, Scalar::*};
                        $payload
                    },
                    ask: {
                        #[allow(unused_imports)] // Nor every way of asking.
                        use $crate::Ask::*;
                        $ask
                    },
                    privilege: $crate::Privilege::$privilege,
                    since: $crate::Version($major, $minor),
                    only: $crate::attributes!(@only $($only)?),
                }),*],
            };

            $(
                #[doc = $doc]
                /// The payload, as the kernel sent it.
                #[inline]
                pub fn $getter(&self) -> Option<&'a [u8]> {
                    self.0.payload($number)
                }
            )*
        }
    };
    (@only $only:expr) => { Some($only) };
    (@only) => { None };
}

/// Declares an attribute space without a view: only its [`Space`] table, for spaces that are walked by table.
///
/// A row reads `KERNEL_NAME = number => "json.name": Payload, (major, minor);`, with a [`Privilege`] before the
/// semicolon where the kernel wants one. A row whose name is empty has its members in the object around it.
#[macro_export]
macro_rules! space {
    (
        #[doc = $first:literal]
        $(#[doc = $more:literal])*
        pub static $table:ident = $space:literal $(, header $header:expr, $header_len:expr)?; {
            $(
                #[doc = $doc:literal]
                $kernel:ident = $number:literal => $name:literal: $payload:expr,
                ($major:literal, $minor:literal) $(, $privilege:ident)?;
            )*
        }
    ) => {
        #[doc = $first]
        $(#[doc = $more])*
        pub static $table: $crate::Space = $crate::Space {
            name: $space,
            header: $crate::space!(@header $($header)?),
            header_len: 0 $(+ $header_len)?,
            attributes: &[$($crate::AttributeRow {
                number: $number,
                kernel: stringify!($kernel),
                name: $name,
                doc: $doc.trim_ascii(),
                payload: {
                    #[allow(unused_imports)] // No row uses every kind of payload.
                    use $crate::{Meaning::*, Payload::*, Scalar::*, Selector};
                    $payload
                },
                ask: $crate::Ask::Always,
                privilege: $crate::space!(@privilege $($privilege)?),
                since: $crate::Version($major, $minor),
                only: None,
            }),*],
        };
    };
    (@header $header:expr) => { Some($header) };
    (@header) => { None };
    (@privilege $privilege:ident) => { $crate::Privilege::$privilege };
    (@privilege) => { $crate::Privilege::None };
}

/// A table of choices, `(word, number, key, payload)`.
#[macro_export]
macro_rules! choices {
    ($(($word:literal, $number:literal, $key:literal, $payload:expr)),* $(,)?) => {
        &[$($crate::Choice {
            word: $word,
            key: $key,
            number: $number,
            payload: {
                #[allow(unused_imports)] // No table uses every kind of payload.
                use $crate::{Meaning::*, Payload::*, Scalar::*};
                $payload
            },
        }),*]
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Layout = Layout { kernel: "bare", doc: "A structure of the test.", fields: &[] };

    #[test]
    fn a_head_says_how_many_follow_and_the_payload_how_many_are_there() {
        let counted =
            Counted { head: &BARE, head_len: 4, count_at: 1, more: 1, name: "items", item: &BARE, item_len: 2 };
        let bytes = [9, 1, 9, 9, 3, 4, 5, 6, 7, 8];
        assert_eq!(counted.items(&bytes).collect::<Vec<_>>(), [[3, 4], [5, 6]]);
        assert_eq!(counted.items(&bytes[..7]).collect::<Vec<_>>(), [[3, 4]]);
        assert_eq!((counted.items(&bytes[..3]).count(), counted.items(&[]).count()), (0, 0));
    }
}
