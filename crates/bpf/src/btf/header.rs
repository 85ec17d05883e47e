//! The header: where types and strings are.

use std::ops::Range;

/// `BTF_MAGIC`, in the order of the machine that wrote it.
const MAGIC: u16 = 0xeb9f;

/// Bytes of the header's first version; longer ones say so.
const HEADER_BYTES: u32 = 24;

/// The two sections.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) types: Range<usize>,
    strings: Range<usize>,
}

impl Layout {
    pub(super) fn of(all: &[u8]) -> Result<Self, &'static str> {
        let magic = all.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes));
        if magic != Some(MAGIC) {
            return Err("its first bytes");
        }
        let field = |at| word(all, at).ok_or("the header is cut");
        let header = field(4)?;
        if header < HEADER_BYTES {
            return Err("the length of the header");
        }
        let section = |start: u32, length: u32| {
            let start = (header as usize).checked_add(start as usize)?;
            let end = start.checked_add(length as usize)?;
            (end <= all.len()).then_some(start..end)
        };
        let types = section(field(8)?, field(12)?).ok_or("the types are cut")?;
        let strings = section(field(16)?, field(20)?).ok_or("the strings are cut")?;
        Ok(Self { types, strings })
    }

    pub(super) fn types_len(&self) -> usize {
        self.types.len()
    }

    pub(super) fn strings<'b>(&self, all: &'b [u8]) -> &'b [u8] {
        all.get(self.strings.clone()).unwrap_or_default()
    }
}

/// The 32-bit number at a place.
pub(super) fn word(all: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*all.get(at..)?.first_chunk()?))
}
