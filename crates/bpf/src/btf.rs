//! The kernel's own type information (Documentation/bpf/btf.rst): numbers of types and places of members.
//!
//! The kernel says where its members are, so a program is made for the kernel that runs it. One pass finds the types
//! whose names this crate uses, and where each of the hundred thousand others begins; nothing else is kept. Bytes are
//! read as hostile: whatever stands there, a reader ends, and with an answer or an error.

mod header;
mod member;
mod names;
mod signature;
mod value;

use std::{collections::HashMap, fs::File, io::Read, os::fd::AsFd};

pub(crate) use member::Member;
pub(crate) use signature::Argument;
pub use value::{Layout as ValueLayout, Unwritten};

use crate::{
    error::{Cause, Error, Operation},
    sys::ConstantFile,
};
use header::{Layout, word};
use names::Wanted;

/// Where the kernel shows its types to everybody.
const PLACE: &str = "/sys/kernel/btf/vmlinux";

/// Bytes of type information that are read at most; twelve times what a kernel has today.
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// Types that lead to each other without being one (`const`, `typedef`) that are followed. Real ones are a handful.
const STEPS_MAX: u32 = 32;

// Kinds of types (include/uapi/linux/btf.h).
const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const FWD: u32 = 7;
const TYPEDEF: u32 = 8;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;
const VAR: u32 = 14;
const DATASEC: u32 = 15;
const FLOAT: u32 = 16;
const DECL_TAG: u32 = 17;
const TYPE_TAG: u32 = 18;
const ENUM64: u32 = 19;

/// Bytes that every type has: name, kind and length, size or another type.
const TYPE_BYTES: usize = 12;

/// The kernel's types, as far as this crate's programs need them.
pub struct Btf {
    bytes: Bytes,
    layout: Layout,
    /// Where each type begins, from the beginning of the types; 0 is `void`, which has no place.
    places: Vec<u32>,
    /// Types by those names that are used.
    named: HashMap<&'static str, Vec<u32>>,
}

/// The bytes, wherever they are.
enum Bytes {
    Mapped(ConstantFile),
    Read(Vec<u8>),
}

impl Bytes {
    fn all(&self) -> &[u8] {
        match self {
            Self::Mapped(file) => file.bytes(),
            Self::Read(bytes) => bytes,
        }
    }
}

/// One type, as far as every type is alike.
#[derive(Clone, Copy, Debug)]
struct Type {
    /// Where it begins among all bytes.
    at: usize,
    name: u32,
    kind: u32,
    /// Members, values or arguments that follow.
    length: usize,
    /// Whether members can be fields of bits, or values are signed.
    flag: bool,
    /// The size, or another type.
    referred: u32,
}

impl Btf {
    /// The types of the running kernel (`/sys/kernel/btf/vmlinux`): everybody may read them, where the kernel was built with them
    /// (`CONFIG_DEBUG_INFO_BTF`, from Linux 5.4 on).
    pub fn open() -> Result<Self, Error> {
        let refused = |error| Error::system(Operation::ReadTypes, error);
        let mut file = File::open(PLACE).map_err(refused)?;
        let length = usize::try_from(file.metadata().map_err(refused)?.len()).unwrap_or(usize::MAX);
        if length == 0 || length > BYTES_MAX {
            return Err(malformed("its length"));
        }
        // Since Linux 6.16 (kernel/bpf/sysfs_btf.c, btf_sysfs_vmlinux_mmap); before, the bytes are copied.
        if let Ok(mapping) = ConstantFile::map(file.as_fd(), length) {
            return Self::new(Bytes::Mapped(mapping));
        }
        let mut bytes = Vec::with_capacity(length + 1);
        file.by_ref().take(BYTES_MAX as u64).read_to_end(&mut bytes).map_err(refused)?;
        Self::from_bytes(bytes)
    }

    /// Types from bytes in the kernel's format and this machine's order.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::new(Bytes::Read(bytes))
    }

    fn new(bytes: Bytes) -> Result<Self, Error> {
        let all = bytes.all();
        let layout = Layout::of(all).map_err(malformed)?;
        let wanted = Wanted::of(crate::NAMES);
        let strings = layout.strings(all);
        let mut places = Vec::with_capacity(layout.types_len() / (3 * TYPE_BYTES));
        places.push(0);
        let mut named: HashMap<&'static str, Vec<u32>> = HashMap::new();
        let mut at = layout.types.start;
        while at < layout.types.end {
            let found = Type::read(all, at).ok_or_else(|| malformed("a type is cut"))?;
            let end =
                found.end().filter(|end| *end <= layout.types.end).ok_or_else(|| malformed("a kind or a length"))?;
            if let Some(name) = wanted.find(strings, found.name) {
                // As many types as bytes allow, and those are bounded.
                named.entry(name).or_default().push(u32::try_from(places.len()).unwrap_or(0));
            }
            places.push(u32::try_from(at - layout.types.start).unwrap_or(0));
            at = end;
        }
        Ok(Self { bytes, layout, places, named })
    }

    /// The number of a function, by one of [`NAMES`](crate::NAMES).
    pub(crate) fn function(&self, name: &str) -> Option<u32> {
        self.of_kind(name, &[FUNC])
    }

    /// A member of a structure by its path, `sk_cgrp_data.cgroup`. Members of members without a name count as the
    /// structure's own.
    pub(crate) fn member(&self, structure: &str, path: &str) -> Option<Member> {
        let start = self.of_kind(structure, &[STRUCT, UNION])?;
        member::find(self, start, path)
    }

    /// The same, where the program cannot do without.
    pub(crate) fn need(&self, structure: &str, path: &str) -> Result<Member, Error> {
        let missing = || Error::missing(Operation::ReadTypes, format!("{structure}.{path}"));
        self.member(structure, path).ok_or_else(missing)
    }

    /// The bytes of a structure.
    pub(crate) fn size_of(&self, structure: &str) -> Option<u32> {
        self.size(self.of_kind(structure, &[STRUCT, UNION])?)
    }

    fn of_kind(&self, name: &str, kinds: &[u32]) -> Option<u32> {
        let numbers = self.named.get(name)?;
        numbers.iter().copied().find(|&number| self.find(number).is_some_and(|found| kinds.contains(&found.kind)))
    }

    fn find(&self, number: u32) -> Option<Type> {
        let place = self.places.get(number as usize).filter(|_| number != 0)?;
        Type::read(self.bytes.all(), self.layout.types.start + *place as usize)
    }

    /// The type behind names, qualifiers and tags.
    fn resolve(&self, number: u32) -> Option<Type> {
        let mut found = self.find(number)?;
        for _ in 0..STEPS_MAX {
            if !matches!(found.kind, TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG) {
                return Some(found);
            }
            found = self.find(found.referred)?;
        }
        None
    }

    /// The bytes of a type's value.
    fn size(&self, number: u32) -> Option<u32> {
        let mut many = 1u32;
        let mut found = self.resolve(number)?;
        for _ in 0..STEPS_MAX {
            match found.kind {
                INT | STRUCT | UNION | ENUM | ENUM64 | FLOAT => return many.checked_mul(found.referred),
                PTR => return many.checked_mul(8),
                ARRAY => {
                    let all = self.bytes.all();
                    many = many.checked_mul(word(all, found.at + TYPE_BYTES + 8)?)?;
                    found = self.resolve(word(all, found.at + TYPE_BYTES)?)?;
                }
                _ => return None,
            }
        }
        None
    }
}

impl Type {
    fn read(all: &[u8], at: usize) -> Option<Self> {
        let (name, info, referred) = (word(all, at)?, word(all, at + 4)?, word(all, at + 8)?);
        let (kind, length) = (info >> 24 & 0x1f, (info & 0xffff) as usize);
        Some(Self { at, name, kind, length, flag: info >> 31 == 1, referred })
    }

    /// Where the next type begins; `None` for a kind that is not known, whose length nobody can tell.
    fn end(&self) -> Option<usize> {
        let more = match self.kind {
            INT | VAR | DECL_TAG => 4,
            ARRAY => 12,
            STRUCT | UNION | DATASEC | ENUM64 => self.length * 12,
            ENUM | FUNC_PROTO => self.length * 8,
            1..=TYPE_TAG => 0,
            _ => return None,
        };
        Some(self.at + TYPE_BYTES + more)
    }
}

impl std::fmt::Debug for Btf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Btf").field("types", &self.places.len()).finish_non_exhaustive()
    }
}

fn malformed(what: &'static str) -> Error {
    Error { operation: Operation::ReadTypes, cause: Cause::Malformed(what) }
}

#[cfg(test)]
mod tests;
