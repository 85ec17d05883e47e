//! Kernel structures declared once: name, offset, type, unit, first kernel, one line of documentation.
//!
//! [`layout!`](crate::layout!) makes from each row a typed getter of the view and a row of its [`Layout`] table. The
//! table is what columns, filters, JSON keys, metrics and the reference are made of. Almost every field is a number; a
//! few are a text of fixed room, or a socket address.
//!
//! Structures grow at their end from kernel to kernel. A view is bytes with a length: a field beyond what this
//! kernel sent is `None`, never zero.

use core::fmt;
use core::net::SocketAddr;

use crate::scalar::Scalar;
use crate::sock_diag::socket_address::{self, SOCKET_ADDRESS_LEN};
use crate::space::text;

/// The upstream kernel that first had something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u8, pub u8);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Everything before 3.0 counts its releases in the third number; what is older than git is 2.6.12 here.
        match *self {
            Self(2, patch) => write!(f, "2.6.{patch}"),
            Self(major, minor) => write!(f, "{major}.{minor}"),
        }
    }
}

/// The kernel's name of one value of an enumeration, or of one bit of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The value, or the mask of the bit.
    pub value: u64,
    /// The kernel's word for it, lower case, without prefix, dashes for underscores.
    pub name: &'static str,
}

/// A table of names, `(value, "name")`.
#[macro_export]
macro_rules! names {
    ($(($value:expr, $name:literal)),* $(,)?) => {
        &[$($crate::Name { value: $value, name: $name }),*]
    };
}

/// What a number means: its unit, or the names of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// A number of things, named by the field.
    Count,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Bits a second.
    BitsPerSecond,
    /// Thousands of bits a second.
    KilobitsPerSecond,
    /// Millions of bits a second.
    MegabitsPerSecond,
    /// Ticks of the packet scheduler: 64 nanoseconds each (`PSCHED_SHIFT`).
    Ticks,
    /// A share, counted so that `u32::MAX` is all of it.
    Share,
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Hundredths of a second: the kernel's `USER_HZ`.
    Centiseconds,
    /// Seconds.
    Seconds,
    /// The index of a network interface; 0 is none.
    Interface,
    /// The index of a network interface in the namespace that the message names, which may be another; 0 is none.
    LowerInterface,
    /// A handle of traffic control, `major:minor`, 16 bits each.
    Handle,
    /// An identifier: a number to compare, not to add.
    Identifier,
    /// An identifier that is written in hexadecimal.
    Hexadecimal,
    /// True or false.
    Truth,
    /// One of these values; any other is kept as a number.
    OneOf(&'static [Name]),
    /// A set of these bits; unknown bits are kept as a number.
    SetOf(&'static [Name]),
}

impl Meaning {
    /// The unit as it ends a JSON key (`_us`), empty where there is none.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Bytes => "_bytes",
            Self::BytesPerSecond => "_bytes_per_second",
            Self::BitsPerSecond => "_bits_per_second",
            Self::KilobitsPerSecond => "_kilobits_per_second",
            Self::MegabitsPerSecond => "_megabits_per_second",
            Self::Ticks => "_ticks",
            Self::Share => "_share",
            Self::Nanoseconds => "_ns",
            Self::Microseconds => "_us",
            Self::Milliseconds => "_ms",
            Self::Centiseconds => "_centiseconds",
            Self::Seconds => "_seconds",
            _ => "",
        }
    }

    /// The unit in words, for documentation.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes/s",
            Self::BitsPerSecond => "bit/s",
            Self::KilobitsPerSecond => "kbit/s",
            Self::MegabitsPerSecond => "Mbit/s",
            Self::Ticks => "64 ns",
            Self::Share => "1/(2³² − 1)",
            Self::Nanoseconds => "ns",
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
            Self::Centiseconds => "1/100 s",
            Self::Interface | Self::LowerInterface => "interface",
            Self::Handle => "handle",
            Self::Seconds => "s",
            Self::Identifier | Self::Hexadecimal => "identifier",
            Self::Truth => "true/false",
            Self::OneOf(_) => "one of",
            Self::SetOf(_) => "set of",
        }
    }
}

/// A number in a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its type.
    pub scalar: Scalar,
    /// Its unit or its names.
    pub meaning: Meaning,
    /// The value by which the kernel says that it has none.
    pub unset: Option<u64>,
    /// Bytes of a structure that has it, at least: in a shorter one, of an older kernel, its place is empty room.
    pub within: usize,
}

impl Number {
    /// The number at `offset` of a structure; `None` where the kernel sent less, or the value that means "none".
    #[inline]
    pub fn read(&self, bytes: &[u8], offset: usize) -> Option<u64> {
        let number = self.scalar.read(bytes, offset).filter(|&value| Some(value) != self.unset)?;
        (bytes.len() >= self.within).then_some(number)
    }
}

/// What stands at the place of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holds {
    /// A number.
    Number(Number),
    /// A text in so many bytes, ended by NUL where it is shorter.
    Text(usize),
    /// `struct sockaddr_storage`.
    SocketAddress,
    /// The octets of a link-layer address in so much room.
    LinkAddress(usize),
    /// An address of IPv4 in 4 bytes, or of IPv6 in 16.
    Address(usize),
    /// The group of `struct br_mdb_entry`: a union of 16 bytes, and behind it the Ethernet protocol that says whether
    /// that is an address of IPv4, of IPv6, or of the link layer.
    Group,
    /// So many numbers, one after the other.
    Numbers(Scalar, usize),
}

/// Bytes of [`Holds::Group`].
const GROUP_LEN: usize = 18;

impl Holds {
    /// Bytes this takes.
    pub const fn size(&self) -> usize {
        match *self {
            Self::Number(number) => number.scalar.size(),
            Self::Text(room) | Self::LinkAddress(room) | Self::Address(room) => room,
            Self::SocketAddress => SOCKET_ADDRESS_LEN,
            Self::Group => GROUP_LEN,
            Self::Numbers(scalar, count) => scalar.size() * count,
        }
    }
}

/// One field of a structure.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The kernel's name, whole, without its prefix: `rtt`.
    pub name: &'static str,
    /// The kernel's name as it stands in the header: `tcpi_rtt`.
    pub kernel: &'static str,
    /// What it says, in one line.
    pub doc: &'static str,
    /// Its place in the structure, in bytes.
    pub offset: usize,
    /// What stands there.
    pub holds: Holds,
    /// The kernel that first had it.
    pub since: Version,
}

impl Field {
    /// The number in `bytes`; `None` where the kernel sent less, or the value that means "none".
    #[inline]
    pub fn number(&self, bytes: &[u8]) -> Option<u64> {
        let Holds::Number(number) = self.holds else { return None };
        number.read(bytes, self.offset)
    }

    /// The text in `bytes`; `None` where the kernel sent less than the whole of its room.
    pub fn text<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let Holds::Text(room) = self.holds else { return None };
        bytes.get(self.offset..)?.get(..room).map(text)
    }

    /// The address in `bytes`; `None` where the kernel sent less, or no address of IPv4 or IPv6.
    pub fn socket_address(&self, bytes: &[u8]) -> Option<SocketAddr> {
        let Holds::SocketAddress = self.holds else { return None };
        bytes.get(self.offset..)?.get(..SOCKET_ADDRESS_LEN).and_then(socket_address::read)
    }

    /// The octets of the address in `bytes`, 4 of IPv4, 16 of IPv6, any other number of the link layer; `None` where the
    /// kernel sent less, or where this is no address.
    pub fn octets<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let bytes = bytes.get(self.offset..)?.get(..self.holds.size())?;
        match self.holds {
            Holds::LinkAddress(_) | Holds::Address(_) => Some(bytes),
            Holds::Group => bytes.get(
                ..match Scalar::Be16.read(bytes, 16) {
                    Some(0x0800) => 4,
                    Some(0x86dd) => 16,
                    _ => 6,
                },
            ),
            _ => None,
        }
    }

    /// The numbers in `bytes`; none where the kernel sent less, or where this is no array.
    pub fn numbers<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = u64> + use<'a> {
        let (scalar, room) = match self.holds {
            Holds::Numbers(scalar, _) => (scalar, self.holds.size()),
            _ => (Scalar::U8, 0),
        };
        let bytes = bytes.get(self.offset..).and_then(|rest| rest.get(..room)).unwrap_or_default();
        bytes.chunks_exact(scalar.size()).filter_map(move |one| scalar.read(one, 0))
    }
}

/// A name that is a word of Rust too, as it stands outside of Rust: `type` of `r#type`. For the macro.
#[doc(hidden)]
pub const fn plain(name: &'static str) -> &'static str {
    let [b'r', b'#', rest @ ..] = name.as_bytes() else { return name };
    match core::str::from_utf8(rest) {
        Ok(rest) => rest,
        Err(_) => name,
    }
}

/// The table of one structure.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The structure's kernel name: `tcp_info`.
    pub kernel: &'static str,
    /// What it is, in one line.
    pub doc: &'static str,
    /// Its fields, in the order of the kernel.
    pub fields: &'static [Field],
}

/// Declares a structure: a view with one getter a field, and its [`Layout`] table.
///
/// A row reads `kernel_name => name: type @ offset, Meaning, (major, minor);` with `[low; width]` behind the type of
/// a bitfield (`u8`, as the compiler laid it out) or of a part of a word (`u32`, as the kernel shifted it), and
/// `unset value` before the semicolon where one value means "none", and `within bytes` where the field took room that was empty
/// before, in a structure that has had so many bytes since. What is no number stands in brackets with its room
/// and has no meaning: `name: [text; 64] @ offset, (major, minor);` and so `[socket_address; 128]`, `[link_address; 6]`,
/// `[address; 4]`, `[group; 18]`; `[u8; 16]` is sixteen numbers.
#[macro_export]
macro_rules! layout {
    (
        #[doc = $first:literal]
        $(#[doc = $more:literal])*
        pub struct $view:ident = $struct:ident {
            $(
                #[doc = $doc:literal]
                $kernel:ident => $name:ident:
                $($type:ident $([$low:literal; $width:literal])? @ $offset:literal, $meaning:expr,)?
                $([$kind:ident; $room:tt] @ $start:literal,)?
                ($major:literal, $minor:literal) $(, unset $unset:literal)? $(, within $within:literal)?;
            )*
        }
    ) => {
        #[doc = $first]
        $(#[doc = $more])*
        #[derive(Clone, Copy, Debug)]
        pub struct $view<'a>(pub &'a [u8]);

        #[allow(clippy::len_without_is_empty)] // A field that the kernel calls `len` is no length of the view.
        impl<'a> $view<'a> {
            /// The table of this structure.
            pub const LAYOUT: $crate::Layout = $crate::Layout {
                kernel: stringify!($struct),
                doc: $first.trim_ascii(),
                fields: &[$($crate::Field {
                    name: $crate::layout::plain(stringify!($name)),
                    kernel: stringify!($kernel),
                    doc: $doc.trim_ascii(),
                    offset: $($offset)? $($start)?,
                    holds: {
                        #[allow(unused_imports)] // No structure uses every meaning.
                        use $crate::Meaning::*;
                        $crate::layout!(@holds ($($unset)? $(; $within)?)
                            $($type $([$low; $width])?, $meaning)? $([$kind; $room])?)
                    },
                    since: $crate::Version($major, $minor),
                }),*],
            };

            $(
                #[doc = $doc]
                #[inline]
                pub fn $name(&self) -> Option<$crate::layout!(@value $($type)? $([$kind] 'a)?)> {
                    const FIELD: $crate::Field = $crate::Field {
                        name: stringify!($name),
                        kernel: stringify!($kernel),
                        doc: "",
                        offset: $($offset)? $($start)?,
                        holds: $crate::layout!(@holds ($($unset)? $(; $within)?)
                            $($type $([$low; $width])?, $crate::Meaning::Count)? $([$kind; $room])?),
                        since: $crate::Version($major, $minor),
                    };
                    $crate::layout!(@read FIELD, self.0, $($type)? $([$kind])?)
                }
            )*
        }
    };
    (@holds () [text; $room:tt]) => { $crate::Holds::Text($room) };
    (@holds () [socket_address; 128]) => { $crate::Holds::SocketAddress };
    (@holds ($($unset:literal)? $(; $within:literal)?) $type:ident $([$low:literal; $width:literal])?, $meaning:expr) => {
        $crate::Holds::Number($crate::Number {
            scalar: $crate::layout!(@scalar $type $([$low; $width])?),
            meaning: $meaning,
            unset: $crate::layout!(@unset $($unset)?),
            within: 0 $(+ $within)?,
        })
    };
    (@holds () [link_address; $room:tt]) => { $crate::Holds::LinkAddress($room) };
    (@holds () [address; $room:tt]) => { $crate::Holds::Address($room) };
    (@holds () [group; 18]) => { $crate::Holds::Group };
    (@holds () [$type:ident; $count:tt]) => { $crate::Holds::Numbers($crate::layout!(@scalar $type), $count) };
    (@value [text] $life:lifetime) => { &$life [u8] };
    (@value [socket_address] $life:lifetime) => { core::net::SocketAddr };
    (@value [$octets:ident] $life:lifetime) => { &$life [u8] };
    (@value $number:ident) => { u64 };
    (@read $field:ident, $bytes:expr, [text]) => { $field.text($bytes) };
    (@read $field:ident, $bytes:expr, [socket_address]) => { $field.socket_address($bytes) };
    (@read $field:ident, $bytes:expr, [link_address]) => { $field.octets($bytes) };
    (@read $field:ident, $bytes:expr, [address]) => { $field.octets($bytes) };
    (@read $field:ident, $bytes:expr, [group]) => { $field.octets($bytes) };
    (@read $field:ident, $bytes:expr, [$numbers:ident]) => {
        $bytes.get($field.offset..).and_then(|rest| rest.get(..$field.holds.size()))
    };
    (@read $field:ident, $bytes:expr, $number:ident) => { $field.number($bytes) };
    (@scalar u8 [$low:literal; $width:literal]) => { $crate::Scalar::Bits { low: $low, width: $width } };
    (@scalar u32 [$low:literal; $width:literal]) => { $crate::Scalar::U32Bits { low: $low, width: $width } };
    (@scalar u32pair) => { $crate::Scalar::U32Pair };
    (@scalar u8) => { $crate::Scalar::U8 };
    (@scalar u16) => { $crate::Scalar::U16 };
    (@scalar u32) => { $crate::Scalar::U32 };
    (@scalar u64) => { $crate::Scalar::U64 };
    (@scalar i8) => { $crate::Scalar::I8 };
    (@scalar i16) => { $crate::Scalar::I16 };
    (@scalar i32) => { $crate::Scalar::I32 };
    (@scalar i64) => { $crate::Scalar::I64 };
    (@scalar be16) => { $crate::Scalar::Be16 };
    (@scalar be32) => { $crate::Scalar::Be32 };
    (@scalar be64) => { $crate::Scalar::Be64 };
    (@scalar be16low) => { $crate::Scalar::Be16Low };
    (@unset $unset:literal) => { Some($unset) };
    (@unset) => { None };
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub)] // The macro makes public views, this module is private.

    use crate::{Holds, Version};

    crate::layout! {
        /// A structure of the test.
        pub struct Sample = sample {
            /// A byte.
            s_a => a: u8 @ 0, Count, (3, 2);
            /// Four bits.
            s_b => b: u8[4; 4] @ 1, Identifier, (3, 2);
            /// A time that may be unknown.
            s_c => c: u32 @ 4, Microseconds, (4, 9), unset 0xffff_ffff;
            /// A byte in what was empty before there was more.
            s_d => d: u8 @ 2, Count, (5, 1), within 10;
        }
    }

    crate::layout! {
        /// A structure with more than numbers.
        pub struct Mixed = mixed {
            /// A byte.
            m_first => first: u8 @ 0, Count, (3, 2);
            /// A text.
            m_word => word: [text; 5] @ 1, (3, 2);
            /// A socket address.
            m_end => end: [socket_address; 128] @ 8, (4, 9);
            /// A byte at the end.
            m_last => last: u8 @ 136, Count, (4, 9);
        }
    }

    /// A [`Mixed`] with 203.0.113.77, port 50187.
    fn mixed(word: [u8; 5]) -> Vec<u8> {
        let mut bytes = vec![0xee; 137];
        bytes[0] = 17;
        bytes[1..6].copy_from_slice(&word);
        bytes[8..10].copy_from_slice(&2u16.to_ne_bytes());
        bytes[10..16].copy_from_slice(&[0xc4, 0x0b, 203, 0, 113, 77]);
        bytes[136] = 19;
        bytes
    }

    #[test]
    fn texts_and_addresses_stand_between_numbers() {
        let bytes = mixed(*b"ab\0cd");
        let mixed = Mixed(&bytes);
        assert_eq!((mixed.first(), mixed.last()), (Some(17), Some(19)));
        assert_eq!(mixed.word(), Some(&b"ab"[..]));
        assert_eq!(mixed.end(), Some(([203, 0, 113, 77], 50_187).into()));
    }

    #[test]
    fn a_text_ends_with_its_room_and_may_be_any_bytes() {
        assert_eq!(Mixed(&mixed(*b"abcde")).word(), Some(&b"abcde"[..]));
        assert_eq!(Mixed(&mixed(*b"\xff\x1b\n\0z")).word(), Some(&b"\xff\x1b\n"[..]));
        assert_eq!(Mixed(&mixed([0; 5])).word(), Some(&b""[..]));
    }

    #[test]
    fn a_text_or_an_address_that_is_cut_is_absent() {
        let bytes = mixed(*b"ab\0\0\0");
        assert_eq!((Mixed(&bytes[..5]).word(), Mixed(&bytes[..6]).word()), (None, Some(&b"ab"[..])));
        assert_eq!((Mixed(&bytes[..135]).end(), Mixed(&bytes[..136]).end().is_some()), (None, true));
        assert_eq!((Mixed(&[]).word(), Mixed(&[]).end()), (None, None));
    }

    #[test]
    fn a_field_is_read_only_as_what_it_holds() {
        let bytes = mixed(*b"ab\0\0\0");
        for field in Mixed::LAYOUT.fields {
            let read =
                [field.number(&bytes).is_some(), field.text(&bytes).is_some(), field.socket_address(&bytes).is_some()];
            let holds = match field.holds {
                Holds::Number(_) => [true, false, false],
                Holds::Text(_) => [false, true, false],
                Holds::SocketAddress => [false, false, true],
                _ => [false; 3],
            };
            assert_eq!(read, holds, "{}", field.name);
        }
        assert_eq!(Mixed::LAYOUT.fields.iter().map(|field| field.holds.size()).collect::<Vec<_>>(), [1, 5, 128, 1]);
    }

    crate::layout! {
        /// A structure with addresses and an array.
        pub struct Addressed = addressed {
            /// An address of the link layer.
            a_mac => mac: [link_address; 6] @ 0, (3, 2);
            /// An address of IPv4.
            a_ip => ip: [address; 4] @ 6, (3, 2);
            /// A group.
            a_group => group: [group; 18] @ 10, (3, 2);
            /// Three numbers.
            a_numbers => r#type: [be16; 3] @ 28, (3, 2);
        }
    }

    #[test]
    fn octets_and_arrays_are_read_where_they_are_whole() {
        let mut bytes: Vec<u8> = (1..=34).collect();
        let [mac, ip, group, numbers] = [0, 1, 2, 3].map(|index| Addressed::LAYOUT.fields[index]);
        assert_eq!((mac.octets(&bytes), ip.octets(&bytes)), (Some(&bytes[..6]), Some(&bytes[6..10])));
        assert_eq!((mac.octets(&bytes[..5]), numbers.octets(&bytes), group.octets(&bytes[..27])), (None, None, None));
        assert_eq!(numbers.numbers(&bytes).collect::<Vec<_>>(), [0x1d1e, 0x1f20, 0x2122]);
        assert_eq!((numbers.numbers(&bytes[..33]).count(), mac.numbers(&bytes).count()), (0, 0));
        for (protocol, length) in [([0x08, 0x00], 4), ([0x86, 0xdd], 16), ([0, 0], 6)] {
            bytes[26..28].copy_from_slice(&protocol);
            assert_eq!(group.octets(&bytes), Some(&bytes[10..10 + length]));
        }
        assert_eq!(numbers.name, "type");
        let view = Addressed(&bytes);
        assert_eq!((view.mac(), view.ip()), (Some(&bytes[..6]), Some(&bytes[6..10])));
        assert_eq!((view.group(), view.r#type()), (Some(&bytes[10..16]), Some(&bytes[28..34])));
    }

    #[test]
    fn a_field_beyond_what_the_kernel_sent_is_absent() {
        assert_eq!(Sample(&[9, 0, 0, 0]).a(), Some(9));
        assert_eq!((Sample(&[9]).b(), Sample(&[9, 0xff]).b()), (None, Some(15)));
        assert_eq!(Sample(&[9, 0, 0, 0]).c(), None);
        assert_eq!(Sample(&[9, 0, 0, 0, 1, 0]).c(), None);
    }

    #[test]
    fn the_value_for_unknown_is_absent() {
        assert_eq!(Sample(&[9, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).c(), None);
        let mut bytes = [0; 8];
        bytes[4..].copy_from_slice(&77u32.to_ne_bytes());
        assert_eq!(Sample(&bytes).c(), Some(77));
    }

    #[test]
    fn what_took_empty_room_is_absent_in_a_structure_that_is_shorter() {
        let bytes = [9, 0, 7, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!((Sample(&bytes).d(), Sample(&bytes[..9]).d()), (Some(7), None));
    }

    #[test]
    fn the_table_says_what_the_row_says() {
        let field = Sample::LAYOUT.fields[2];
        assert_eq!((field.name, field.kernel, field.doc), ("c", "s_c", "A time that may be unknown."));
        assert_eq!(Sample::LAYOUT.kernel, "sample");
        assert_eq!((field.since.to_string(), Version(2, 12).to_string()), ("4.9".into(), "2.6.12".into()));
    }
}
