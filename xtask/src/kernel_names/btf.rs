//! A reader of BTF, the type description a kernel carries of itself.
//!
//! It knows what a list of structure fields and enumerators needs, and no more (`layout` asks for them): functions, variables
//! and tags are stepped over. The format is Documentation/bpf/btf.rst of the kernel; a compiler
//! writes the same format for headers (`-gbtf`), so one reader serves both sources.

use anyhow::{Context, Result, bail, ensure};

/// Where the running kernel shows its own types.
pub(super) const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// First two bytes of every BTF blob.
const MAGIC: u16 = 0xeb9f;
/// Typedefs, arrays and anonymous members nest; real types stay below ten levels.
pub(super) const DEPTH_MAX: u32 = 32;

/// All types of one BTF blob.
#[derive(Debug)]
pub(super) struct Btf {
    pub(super) types: Vec<Type>,
    strings: Vec<u8>,
}

/// One type and the place of its name.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) name: u32,
    pub(super) kind: Kind,
}

/// What the list can tell apart.
#[derive(Debug)]
pub(super) enum Kind {
    /// Integers, floats, pointers.
    Sized(u32),
    Array {
        element: u32,
        count: u32,
    },
    Structure {
        size: u32,
        members: Vec<Member>,
    },
    Union {
        size: u32,
        members: Vec<Member>,
    },
    Enumeration {
        size: u32,
        values: Vec<(u32, i64)>,
    },
    Alias {
        of: u32,
    },
    Other,
}

/// One member of a structure or union.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) name: u32,
    pub(super) of: u32,
    pub(super) bit_offset: u32,
    /// Width in bits of a bit field, 0 of a plain member.
    pub(super) bit_width: u32,
}

impl Btf {
    /// Reads a whole blob. Only little-endian ones: the list speaks of little-endian bit positions.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut header = Cursor(bytes);
        ensure!(header.u16()? == MAGIC, "not a little-endian BTF blob");
        let (_version_and_flags, header_length) = (header.u16()?, header.u32()?);
        let (types_at, types_length) = (header.u32()?, header.u32()?);
        let (strings_at, strings_length) = (header.u32()?, header.u32()?);
        let section = |at: u32, length: u32| {
            let start = header_length as usize + at as usize;
            bytes.get(start..start + length as usize).context("BTF section lies outside of the blob")
        };
        let mut rest = Cursor(section(types_at, types_length)?);
        // Type 0 is `void` and has no record.
        let mut types = vec![Type { name: 0, kind: Kind::Other }];
        while !rest.0.is_empty() {
            types.push(read_type(&mut rest).with_context(|| format!("BTF type {}", types.len()))?);
        }
        Ok(Self { types, strings: section(strings_at, strings_length)?.to_vec() })
    }

    /// Follows typedefs and qualifiers to the type behind them.
    pub(super) fn resolve(&self, mut id: u32) -> Result<&Type> {
        for _ in 0..DEPTH_MAX {
            let found = self.types.get(id as usize).with_context(|| format!("no BTF type {id}"))?;
            let Kind::Alias { of } = found.kind else {
                return Ok(found);
            };
            id = of;
        }
        bail!("typedefs nested too deeply")
    }

    /// A name; empty where there is none.
    pub(super) fn text(&self, at: u32) -> &str {
        let tail = self.strings.get(at as usize..).unwrap_or_default();
        let end = tail.iter().position(|&byte| byte == 0).unwrap_or(tail.len());
        std::str::from_utf8(&tail[..end]).unwrap_or_default()
    }
}

/// Reads one record; the numbers are `BTF_KIND_*` of include/uapi/linux/btf.h.
fn read_type(rest: &mut Cursor<'_>) -> Result<Type> {
    let (name, info, size_or_type) = (rest.u32()?, rest.u32()?, rest.u32()?);
    let count = info & 0xffff;
    let flagged = info >> 31 == 1;
    let kind = match info >> 24 & 0x1f {
        1 => {
            rest.skip(4)?;
            Kind::Sized(size_or_type)
        }
        // Of a 64-bit machine; nothing in sock_diag holds one.
        2 => Kind::Sized(8),
        3 => {
            let (element, _index, count) = (rest.u32()?, rest.u32()?, rest.u32()?);
            Kind::Array { element, count }
        }
        4 => Kind::Structure { size: size_or_type, members: read_members(rest, count, flagged)? },
        5 => Kind::Union { size: size_or_type, members: read_members(rest, count, flagged)? },
        6 => Kind::Enumeration { size: size_or_type, values: read_values(rest, count, flagged)? },
        8..=11 | 18 => Kind::Alias { of: size_or_type },
        7 | 12 => Kind::Other,
        13 => {
            rest.skip(8 * count as usize)?;
            Kind::Other
        }
        14 | 17 => {
            rest.skip(4)?;
            Kind::Other
        }
        15 => {
            rest.skip(12 * count as usize)?;
            Kind::Other
        }
        16 => Kind::Sized(size_or_type),
        19 => Kind::Enumeration { size: size_or_type, values: read_wide_values(rest, count)? },
        unknown => bail!("BTF kind {unknown} is newer than this reader"),
    };
    Ok(Type { name, kind })
}

/// With the flag set, the upper byte of the offset word is the width of a bit field.
fn read_members(rest: &mut Cursor<'_>, count: u32, flagged: bool) -> Result<Vec<Member>> {
    (0..count)
        .map(|_| {
            let (name, of, offset) = (rest.u32()?, rest.u32()?, rest.u32()?);
            let (bit_offset, bit_width) = if flagged { (offset & 0xff_ffff, offset >> 24) } else { (offset, 0) };
            Ok(Member { name, of, bit_offset, bit_width })
        })
        .collect()
}

fn read_values(rest: &mut Cursor<'_>, count: u32, signed: bool) -> Result<Vec<(u32, i64)>> {
    (0..count)
        .map(|_| {
            let (name, value) = (rest.u32()?, rest.u32()?);
            Ok((name, if signed { i64::from(value.cast_signed()) } else { i64::from(value) }))
        })
        .collect()
}

fn read_wide_values(rest: &mut Cursor<'_>, count: u32) -> Result<Vec<(u32, i64)>> {
    (0..count)
        .map(|_| {
            let (name, low, high) = (rest.u32()?, rest.u32()?, rest.u32()?);
            Ok((name, (u64::from(high) << 32 | u64::from(low)).cast_signed()))
        })
        .collect()
}

/// Takes integers off the front of a slice.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn u16(&mut self) -> Result<u16> {
        let (head, rest) = self.0.split_first_chunk().context("BTF ends early")?;
        self.0 = rest;
        Ok(u16::from_le_bytes(*head))
    }

    fn u32(&mut self) -> Result<u32> {
        let (head, rest) = self.0.split_first_chunk().context("BTF ends early")?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*head))
    }

    fn skip(&mut self, length: usize) -> Result<()> {
        self.0 = self.0.get(length..).context("BTF ends early")?;
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const STRINGS: &[u8] = b"\0u8\0u32\0s\0low\0high\0word\0A\0B\0";

    /// struct s { u8 low:4, high:4; <anonymous> union { u32 word[2]; }; } and enum { A = 1, B = -1 }
    pub(in super::super) fn sample() -> Vec<u8> {
        let kind = |kind: u32, count: u32, flagged: bool| kind << 24 | count | u32::from(flagged) << 31;
        let types: Vec<u32> = [
            &[1, kind(1, 0, false), 1, 8][..],                                        // 1: u8
            &[4, kind(1, 0, false), 4, 32],                                           // 2: u32
            &[0, kind(3, 0, false), 0, 2, 2, 2],                                      // 3: u32[2]
            &[0, kind(5, 1, false), 8, 19, 3, 0],                                     // 4: union
            &[8, kind(4, 3, true), 12, 10, 1, 4 << 24, 14, 1, 4 << 24 | 4, 0, 4, 32], // 5: struct s
            &[0, kind(6, 2, true), 4, 24, 1, 26, u32::MAX],                           // 6: enum
        ]
        .concat();
        let types: Vec<u8> = types.into_iter().flat_map(u32::to_le_bytes).collect();
        let mut blob = MAGIC.to_le_bytes().to_vec();
        blob.extend([1, 0]);
        let lengths = [types.len(), STRINGS.len()].map(|length| u32::try_from(length).expect("small"));
        for word in [24, 0, lengths[0], lengths[0], lengths[1]] {
            blob.extend(u32::to_le_bytes(word));
        }
        blob.extend(types);
        blob.extend(STRINGS);
        blob
    }

    #[test]
    fn every_truncation_is_an_error() {
        let whole = sample();
        for length in 0..whole.len() {
            assert!(Btf::read(&whole[..length]).is_err(), "{length} bytes of {}", whole.len());
        }
    }
}
