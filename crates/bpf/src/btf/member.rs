//! Places of members.

use super::{Btf, PTR, STRUCT, TYPE_BYTES, Type, UNION, header::word};

/// Members that are looked at for one path. The kernel's largest structure has a few hundred, those without a name
/// included.
const MEMBERS_MAX: u32 = 20_000;

/// Structures within each other.
const DEPTH_MAX: u32 = 16;

/// Where a member is, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// From the beginning of the outermost structure.
    pub(crate) offset: u32,
    /// Its size; of a field of bits, that of the number it is a part of.
    pub(crate) bytes: u32,
    /// First bit and number of bits, where it is not all of its bytes.
    pub(crate) bits: Option<(u32, u32)>,
    /// Whether it is a pointer.
    pub(crate) is_pointer: bool,
}

/// One step of a path: how far from the beginning in bits, of what type, how many bits where it is a field of bits.
#[derive(Clone, Copy)]
struct Step {
    bits: u32,
    kind: u32,
    width: u32,
}

pub(super) fn find(btf: &Btf, structure: u32, path: &str) -> Option<Member> {
    let mut budget = MEMBERS_MAX;
    let mut step = Step { bits: 0, kind: structure, width: 0 };
    for name in path.split('.') {
        if name.is_empty() {
            return None;
        }
        let inner = within(btf, step.kind, name.as_bytes(), &mut budget, 0)?;
        step = Step { bits: step.bits.checked_add(inner.bits)?, ..inner };
    }
    let bytes = btf.size(step.kind)?;
    let is_pointer = btf.resolve(step.kind)?.kind == PTR;
    if step.width == 0 {
        return Some(Member { offset: step.bits / 8, bytes, bits: None, is_pointer });
    }
    // The aligned number that the bits are in; it may begin before the byte of the first one.
    let unit = bytes.checked_mul(8).filter(|unit| unit.is_power_of_two() && *unit <= 64)?;
    let (start, first) = (step.bits / unit * unit, step.bits % unit);
    if first + step.width > unit {
        return None;
    }
    Some(Member { offset: start / 8, bytes, bits: Some((first, step.width)), is_pointer })
}

/// A member by its name, in a structure or in those of its members that have no name.
fn within(btf: &Btf, structure: u32, name: &[u8], budget: &mut u32, depth: u32) -> Option<Step> {
    let found: Type = btf.resolve(structure).filter(|found| matches!(found.kind, STRUCT | UNION))?;
    let all = btf.bytes.all();
    let strings = btf.layout.strings(all);
    for index in 0..found.length {
        *budget = budget.checked_sub(1)?;
        let at = found.at + TYPE_BYTES + index * 12;
        let (text, kind, offset) = (word(all, at)?, word(all, at + 4)?, word(all, at + 8)?);
        let (bits, width) = if found.flag { (offset & 0x00ff_ffff, offset >> 24) } else { (offset, 0) };
        let text = super::names::text(strings, text)?;
        if text == name {
            return Some(Step { bits, kind, width });
        }
        if text.is_empty()
            && depth < DEPTH_MAX
            && let Some(inner) = within(btf, kind, name, budget, depth + 1)
        {
            return Some(Step { bits: bits.checked_add(inner.bits)?, ..inner });
        }
    }
    None
}
