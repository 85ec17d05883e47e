//! The types that the kernel describes itself (Documentation/bpf/btf.rst), read in one pass.
//!
//! A kernel has more than a hundred thousand types, of which a program needs a dozen. The pass notes where each lies and
//! which have a name that is wanted; members are read when they are asked for.

use std::collections::HashMap;

use crate::error::{Error, Reason};
use crate::sys::{self, Bytes};

/// Where the running kernel shows its own types.
const VMLINUX: &str = "/sys/kernel/btf/vmlinux";
/// Bytes of types at most: ten times what kernels have today.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// First two bytes of the blob, in the order of bytes of this machine.
const MAGIC: u16 = 0xeb9f;
/// Anonymous members and qualifiers nest; real types stay below ten levels.
const DEPTH_MAX: u32 = 16;

/// Kinds of types (`BTF_KIND_*`, include/uapi/linux/btf.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A structure.
    Structure = 4,
    /// A typedef.
    Typedef = 8,
    /// A function.
    Function = 12,
}

/// The kernel's types.
#[derive(Debug)]
pub struct Btf {
    bytes: Bytes,
    /// Where each type lies, by its id.
    places: Vec<u32>,
    strings_at: usize,
    named: HashMap<(u8, &'static str), u32>,
}

/// A type's three words.
#[derive(Clone, Copy)]
struct Head {
    name: u32,
    kind: u8,
    count: u32,
    flagged: bool,
    /// Its size, or the type that it refers to.
    word: u32,
}

impl Btf {
    /// Reads the types of the running kernel.
    pub fn load() -> Result<Self, Error> {
        let doing = "read the types of the kernel";
        let bytes =
            sys::map_file(VMLINUX, BYTES_MAX).map_err(|source| Error { doing, reason: Reason::NoTypes(source) })?;
        Self::read(bytes, WANTED)
            .ok_or(Error { doing, reason: Reason::BadTypes("it ends early, or has unknown kinds") })
    }

    fn read(bytes: Bytes, wanted: &[(Kind, &'static str)]) -> Option<Self> {
        let whole: &[u8] = &bytes;
        if u16::from_ne_bytes(*whole.first_chunk()?) != MAGIC {
            return None;
        }
        let word =
            |at: usize| whole.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes).map(|word| word as usize);
        let header = word(4)?;
        let (types_at, types_len) = (header.checked_add(word(8)?)?, word(12)?);
        let (strings_at, strings_len) = (header.checked_add(word(16)?)?, word(20)?);
        let end = types_at.checked_add(types_len)?;
        if end > whole.len() || strings_at.checked_add(strings_len)? > whole.len() {
            return None;
        }
        let mut btf = Self { bytes, places: vec![0], strings_at, named: HashMap::new() };
        // Most names differ from all that are wanted in their first four bytes: that is cheaper than to compare them.
        // A name of three letters has the zero behind it as its fourth.
        let first = |name: &str| {
            let mut letters = name.bytes().chain([0]);
            u32::from_ne_bytes(std::array::from_fn(|_| letters.next().unwrap_or(0)))
        };
        let mut prefixes: Vec<_> = wanted.iter().map(|(_, name)| first(name)).collect();
        prefixes.sort_unstable();
        let mut at = types_at;
        while at < end {
            let head = btf.head(at)?;
            let id = u32::try_from(btf.places.len()).ok()?;
            btf.places.push(u32::try_from(at).ok()?);
            let begins = btf.bytes.get(strings_at + head.name as usize..).and_then(|rest| rest.first_chunk::<4>());
            if begins.is_some_and(|begins| prefixes.binary_search(&u32::from_ne_bytes(*begins)).is_ok()) {
                let name = btf.name(head.name);
                if let Some((kind, name)) =
                    wanted.iter().find(|(kind, wanted)| *kind as u8 == head.kind && wanted.as_bytes() == name)
                {
                    btf.named.entry((*kind as u8, name)).or_insert(id);
                }
            }
            at = at.checked_add(12 + tail_len(head)?)?;
        }
        Some(btf)
    }

    fn word(&self, at: usize) -> Option<u32> {
        self.bytes.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
    }

    fn head(&self, at: usize) -> Option<Head> {
        let info = self.word(at + 4)?;
        let kind = u8::try_from(info >> 24 & 0x1f).ok()?;
        Some(Head {
            name: self.word(at)?,
            kind,
            count: info & 0xffff,
            flagged: info >> 31 == 1,
            word: self.word(at + 8)?,
        })
    }

    fn name(&self, at: u32) -> &[u8] {
        let rest = self.bytes.get(self.strings_at + at as usize..).unwrap_or_default();
        rest.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The id of a type with a name that is wanted ([`WANTED`]).
    pub(crate) fn id(&self, kind: Kind, name: &'static str) -> Option<u32> {
        self.named.get(&(kind as u8, name)).copied()
    }

    /// How many arguments a tracepoint hands on (`btf_trace_*` is a pointer to a function whose first one is its own).
    pub(crate) fn arguments(&self, tracepoint: &'static str) -> Option<u32> {
        let mut id = self.id(Kind::Typedef, tracepoint)?;
        for _ in 0..DEPTH_MAX {
            let head = self.head(*self.places.get(id as usize)? as usize)?;
            match head.kind {
                13 => return head.count.checked_sub(1),
                2 | 8..=11 | 18 => id = head.word,
                _ => return None,
            }
        }
        None
    }

    /// Where a member lies in a structure, in bytes: `__sk_common.skc_net.net`, through anonymous ones too. `None`: this
    /// kernel does not have it, or it is a bit field.
    pub(crate) fn offset(&self, structure: &'static str, path: &str) -> Option<i16> {
        let mut id = self.id(Kind::Structure, structure)?;
        let mut offset = 0_u32;
        for name in path.split('.') {
            let (bits, of) = self.member(id, name.as_bytes(), DEPTH_MAX)?;
            offset = offset.checked_add(bits)?;
            id = of;
        }
        if offset.is_multiple_of(8) { i16::try_from(offset / 8).ok() } else { None }
    }

    /// The size of a structure in bytes.
    pub(crate) fn size(&self, structure: &'static str) -> Option<u32> {
        let id = self.id(Kind::Structure, structure)?;
        Some(self.head(*self.places.get(id as usize)? as usize)?.word)
    }

    /// A member of a structure or union: its place in bits, and its type.
    fn member(&self, id: u32, name: &[u8], depth: u32) -> Option<(u32, u32)> {
        let depth = depth.checked_sub(1)?;
        let at = *self.places.get(id as usize)? as usize;
        let head = self.head(at)?;
        match head.kind {
            // Typedefs and qualifiers.
            8..=11 | 18 => return self.member(head.word, name, depth),
            4 | 5 => {}
            _ => return None,
        }
        for index in 0..head.count as usize {
            let member = at + 12 + index * 12;
            let (called, of, place) = (self.word(member)?, self.word(member + 4)?, self.word(member + 8)?);
            let (bits, width) = if head.flagged { (place & 0xff_ffff, place >> 24) } else { (place, 0) };
            if called != 0 {
                if self.name(called) == name {
                    return (width == 0).then_some((bits, of));
                }
            } else if let Some((inner, of)) = self.member(of, name, depth) {
                return Some((bits.checked_add(inner)?, of));
            }
        }
        None
    }
}

/// Bytes behind the three words of a type.
fn tail_len(head: Head) -> Option<usize> {
    let count = head.count as usize;
    Some(match head.kind {
        1 | 14 | 17 => 4,
        3 => 12,
        4 | 5 | 15 | 19 => 12 * count,
        6 | 13 => 8 * count,
        2 | 7..=12 | 16 | 18 => 0,
        _ => return None,
    })
}

/// Every type by name that a program here needs.
pub(crate) const WANTED: &[(Kind, &str)] = &[
    (Kind::Function, "bpf_iter_task_file"),
    (Kind::Typedef, "btf_trace_inet_sock_set_state"),
    (Kind::Structure, "bpf_iter__task_file"),
    (Kind::Structure, "bpf_iter_meta"),
    (Kind::Structure, "task_struct"),
    (Kind::Structure, "signal_struct"),
    (Kind::Structure, "pid"),
    (Kind::Structure, "upid"),
    (Kind::Structure, "file"),
    (Kind::Structure, "inode"),
    (Kind::Structure, "sock"),
    (Kind::Structure, "tcp_sock"),
    (Kind::Structure, "net"),
    (Kind::Structure, "cgroup"),
    (Kind::Structure, "kernfs_node"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A blob with `struct sock { int: 8 a; union { int b; struct { char pad[4]; int c; } }; }` of types 1 to 4.
    fn blob() -> Vec<u8> {
        let strings = b"\0sock\0aaaa\0bbbb\0cccc\0int\0";
        let name = |text: &str| {
            let at =
                strings.windows(text.len() + 2).position(|it| it[0] == 0 && &it[1..=text.len()] == text.as_bytes());
            u32::try_from(at.expect("there") + 1).unwrap()
        };
        let info = |kind: u32, count: u32| kind << 24 | count;
        #[rustfmt::skip]
        let types = [
            name("int"), info(1, 0), 4, 32,
            0, info(4, 1), 8, name("cccc"), 1, 32,
            0, info(5, 2), 8, name("bbbb"), 1, 0, 0, 2, 0,
            name("sock"), info(4, 2), 16, name("aaaa"), 1, 0, 0, 3, 64,
        ];
        let types: Vec<u8> = types.iter().flat_map(|word: &u32| word.to_ne_bytes()).collect();
        let lengths = [24, 0, types.len(), types.len(), strings.len()];
        let mut blob = MAGIC.to_ne_bytes().to_vec();
        blob.extend([1, 0]);
        blob.extend(lengths.iter().flat_map(|&length| u32::try_from(length).unwrap().to_ne_bytes()));
        blob.extend(types);
        blob.extend(strings);
        blob
    }

    #[test]
    fn members_are_found_through_anonymous_ones() {
        let btf = Btf::read(Bytes::owned(blob()), WANTED).unwrap();
        assert_eq!(btf.offset("sock", "aaaa"), Some(0));
        assert_eq!(btf.offset("sock", "bbbb"), Some(8));
        assert_eq!(btf.offset("sock", "cccc"), Some(12));
        assert_eq!(btf.offset("sock", "dddd"), None);
        assert_eq!(btf.offset("tcp_sock", "aaaa"), None);
        assert_eq!(btf.size("sock"), Some(16));
    }

    #[test]
    fn no_bytes_make_it_panic_or_loop() {
        let whole = blob();
        for length in 0..whole.len() {
            if let Some(btf) = Btf::read(Bytes::owned(whole[..length].to_vec()), WANTED) {
                let _ = btf.offset("sock", "cccc");
            }
        }
        let mut random = 7_u64;
        for _ in 0..200_000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(random >> 33).unwrap() % bytes.len();
                bytes[at] = random.to_le_bytes()[2];
            }
            if let Some(btf) = Btf::read(Bytes::owned(bytes), WANTED) {
                let _ = (btf.offset("sock", "cccc"), btf.size("sock"), btf.arguments("btf_trace_inet_sock_set_state"));
            }
        }
    }

    #[test]
    fn this_kernel_has_the_types_if_it_has_any() {
        let Ok(btf) = Btf::load() else {
            return sockeye_zoo::skip::skip(
                "this_kernel_has_the_types_if_it_has_any",
                &sockeye_zoo::Skip::new("btf", "no BTF"),
            );
        };
        // The first member of a socket is what it shares with others, and of that two addresses.
        assert_eq!(btf.offset("sock", "__sk_common.skc_daddr"), Some(0));
        assert_eq!(btf.offset("sock", "__sk_common.skc_rcv_saddr"), Some(4));
        assert_eq!(btf.arguments("btf_trace_inet_sock_set_state"), Some(3));
        assert!(btf.id(Kind::Function, "bpf_iter_task_file").is_some());
    }
}
