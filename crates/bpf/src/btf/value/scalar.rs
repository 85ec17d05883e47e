//! Numbers, pointers, characters and names of values.

use super::{Bits, ENUM64, FLOAT, INT, PTR, TYPE_BYTES, Type, Unwritten, Writer, word};

/// Bits of an integer's description (include/uapi/linux/btf.h, `BTF_INT_ENCODING`).
const SIGNED: u32 = 1 << 24;

/// Names of an enumeration that count as one more value.
const NAMES_A_VALUE: usize = 32;

/// Bytes of the widest number.
const WIDEST_BYTES: usize = 16;

impl Writer<'_> {
    /// A value of one type without parts. That it lies within the bytes was looked at.
    pub(super) fn scalar(&mut self, found: &Type, bits: Bits) -> Result<(), Unwritten> {
        let size = if found.kind == PTR { size_of::<u64>() } else { found.referred as usize };
        if size == 0 || size > WIDEST_BYTES {
            return Err(Unwritten::Malformed);
        }
        if bits.width > 0 {
            let number = self.field_of_bits(bits)?;
            return match found.kind {
                INT => {
                    self.finish(format!("{number:#x}").as_bytes());
                    Ok(())
                }
                _ => self.named(found, number.into()),
            };
        }
        let bytes = self.value.get(bits.start / 8..).and_then(|rest| rest.get(..size)).ok_or(Unwritten::Cut)?;
        let signed = match found.kind {
            INT => word(self.types.bytes.all(), found.at + TYPE_BYTES).ok_or(Unwritten::Malformed)? & SIGNED != 0,
            _ => found.flag,
        };
        if found.kind == FLOAT {
            let text = floating(bytes).ok_or(Unwritten::Malformed)?;
            self.finish(text.as_bytes());
            return Ok(());
        }
        let number = integer(bytes, signed).ok_or(Unwritten::Malformed)?;
        match found.kind {
            PTR if number == 0 => self.finish(b"(nil)"),
            PTR => self.finish(format!("{number:#x}").as_bytes()),
            INT if size == WIDEST_BYTES => self.finish(format!("{:#x}", number.cast_unsigned()).as_bytes()),
            INT => match self.character(number) {
                Some(text) => self.finish(text.as_bytes()),
                None => self.finish(number.to_string().as_bytes()),
            },
            _ => return self.named(found, number),
        }
        Ok(())
    }

    /// The character that a number is within a text, if it can be printed.
    fn character(&mut self, number: i128) -> Option<String> {
        let ended = self.text.as_mut()?;
        if number == 0 {
            *ended = true;
            return Some("'\\0'".into());
        }
        let character = u8::try_from(number).ok().filter(|byte| (b' '..=b'~').contains(byte))?;
        Some(format!("'{}'", char::from(character)))
    }

    /// A number by the name that its enumeration has for it, or as a number.
    fn named(&mut self, found: &Type, number: i128) -> Result<(), Unwritten> {
        let all = self.types.bytes.all();
        let each = if found.kind == ENUM64 { 12 } else { 8 };
        // To look for a name among many is work as well.
        self.spend(found.length / NAMES_A_VALUE)?;
        for index in 0..found.length {
            let at = found.at + TYPE_BYTES + index * each;
            let part = |at| word(all, at).ok_or(Unwritten::Malformed);
            let low = part(at + 4)?;
            let value = if found.kind == ENUM64 {
                u64::from(low) | u64::from(part(at + 8)?) << 32
            } else {
                // Of the sign it has been read with.
                u64::from(low)
            };
            let mask = if found.kind == ENUM64 { u64::MAX.into() } else { i128::from(u32::MAX) };
            if i128::from(value) == number & mask {
                let name = self.types.printable(part(at)?).unwrap_or_default();
                self.finish(name.as_bytes());
                return Ok(());
            }
        }
        let suffix = match (found.kind == ENUM64, found.flag) {
            (false, _) => "",
            (true, true) => "LL",
            (true, false) => "ULL",
        };
        self.finish(format!("{number}{suffix}").as_bytes());
        Ok(())
    }

    /// The number in some bits, the first of which is the lowest on a little-endian machine and the highest on another.
    fn field_of_bits(&self, bits: Bits) -> Result<u64, Unwritten> {
        let width = bits.width as usize;
        if width > 64 {
            return Err(Unwritten::Malformed);
        }
        let bit = |index: usize| {
            let at = bits.start + index;
            let byte = self.value.get(at / 8).ok_or(Unwritten::Cut)?;
            let shift = if cfg!(target_endian = "little") { at % 8 } else { 7 - at % 8 };
            Ok(u64::from(byte >> shift & 1))
        };
        (0..width).try_fold(0, |number, index| {
            let place = if cfg!(target_endian = "little") { index } else { width - 1 - index };
            Ok(number | bit(index)? << place)
        })
    }
}

/// An integer in the machine's order. One of 16 bytes has no sign.
fn integer(bytes: &[u8], signed: bool) -> Option<i128> {
    Some(match (bytes.len(), signed) {
        (1, true) => i128::from(i8::from_ne_bytes(bytes.try_into().ok()?)),
        (1, false) => i128::from(u8::from_ne_bytes(bytes.try_into().ok()?)),
        (2, true) => i128::from(i16::from_ne_bytes(bytes.try_into().ok()?)),
        (2, false) => i128::from(u16::from_ne_bytes(bytes.try_into().ok()?)),
        (4, true) => i128::from(i32::from_ne_bytes(bytes.try_into().ok()?)),
        (4, false) => i128::from(u32::from_ne_bytes(bytes.try_into().ok()?)),
        (8, true) => i128::from(i64::from_ne_bytes(bytes.try_into().ok()?)),
        (8, false) => i128::from(u64::from_ne_bytes(bytes.try_into().ok()?)),
        (16, _) => i128::from_ne_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

/// A number with a point, with six digits behind it.
fn floating(bytes: &[u8]) -> Option<String> {
    let number = match bytes.len() {
        4 => f64::from(f32::from_ne_bytes(bytes.try_into().ok()?)),
        8 => f64::from_ne_bytes(bytes.try_into().ok()?),
        _ => return None,
    };
    Some(if number.is_nan() { "nan".into() } else { format!("{number:.6}") })
}
