//! The few names that are used, found among a hundred thousand.
//!
//! A name is compared only if its first eight bytes may be those of one that is used; of the others a few bytes of
//! a table of 2 KiB decide.

/// Bits of the table, as a power of two: some sixty names leave one in two hundred to be compared for nothing.
const TABLE_BITS: u32 = 14;

/// The names that are used.
pub(super) struct Wanted {
    names: Vec<&'static str>,
    table: Box<[u64; 1 << (TABLE_BITS - 6)]>,
}

impl Wanted {
    pub(super) fn of(lists: &[&[&'static str]]) -> Self {
        let mut wanted = Self { names: lists.concat(), table: Box::new([0; 1 << (TABLE_BITS - 6)]) };
        for name in &wanted.names {
            let bit = bit(beginning(name.as_bytes()));
            wanted.table[bit / 64] |= 1 << (bit % 64);
        }
        wanted
    }

    /// The name at this place, if it is used.
    pub(super) fn find(&self, strings: &[u8], at: u32) -> Option<&'static str> {
        let rest = strings.get(at as usize..)?;
        let bit = bit(beginning(rest));
        if self.table[bit / 64] & 1 << (bit % 64) == 0 {
            return None;
        }
        let name = text(strings, at)?;
        self.names.iter().copied().find(|wanted| wanted.as_bytes() == name)
    }
}

/// The text at a place, up to its NUL.
pub(super) fn text(strings: &[u8], at: u32) -> Option<&[u8]> {
    let rest = strings.get(at as usize..)?;
    rest.get(..rest.iter().position(|byte| *byte == 0)?)
}

/// The first eight bytes of a text, zeroes from its end on.
fn beginning(text: &[u8]) -> u64 {
    let Some(bytes) = text.first_chunk() else {
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text);
        return until_nul(u64::from_le_bytes(bytes));
    };
    until_nul(u64::from_le_bytes(*bytes))
}

fn until_nul(bytes: u64) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    // The top bit of each zero byte, and of some above the lowest; that one is what counts.
    let zeroes = bytes.wrapping_sub(LOW) & !bytes & (LOW << 7);
    let below = (zeroes & zeroes.wrapping_neg()).checked_shr(7).unwrap_or(0).wrapping_sub(1);
    bytes & below
}

/// The bit of the table that such a beginning has.
fn bit(beginning: u64) -> usize {
    // By 2^64 divided by the golden ratio, as for all such tables; the high bits are the mixed ones.
    usize::try_from(beginning.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - TABLE_BITS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_whole_and_not_by_its_beginning() {
        let wanted = Wanted::of(&[&["sock", "task_struct"], &["inet_sock"]]);
        let strings = b"\0sock\0task_struct\0sock_common\0inet_sock\0task_str\0soc!";
        let at = |text: &str| {
            let all = std::str::from_utf8(strings).expect("ascii");
            u32::try_from(all.find(&format!("\0{text}")).expect("in the strings") + 1).expect("few bytes")
        };
        assert_eq!(wanted.find(strings, at("sock\0")), Some("sock"));
        assert_eq!(wanted.find(strings, at("task_struct\0")), Some("task_struct"));
        assert_eq!(wanted.find(strings, at("inet_sock\0")), Some("inet_sock"));
        for other in ["sock_common", "task_str\0", "soc!"] {
            assert_eq!(wanted.find(strings, at(other)), None, "{other}");
        }
        // A suffix is a name like any other, and what lies outside is none.
        assert_eq!(wanted.find(strings, at("inet_sock\0") + 5), Some("sock"));
        assert_eq!(wanted.find(strings, 5000), None);
    }

    #[test]
    fn a_beginning_ends_at_the_first_nul() {
        assert_eq!(beginning(b"ab\0cdefghi"), u64::from_le_bytes(*b"ab\0\0\0\0\0\0"));
        assert_eq!(beginning(b"abcdefgh\0"), u64::from_le_bytes(*b"abcdefgh"));
        assert_eq!(beginning(b"abcdefg\0x"), u64::from_le_bytes(*b"abcdefg\0"));
        assert_eq!((beginning(b""), beginning(b"\0\xff\xff")), (0, 0));
        assert_eq!(beginning(b"\x80\x01\0\x01\x01\x01\x01\x01"), u64::from_le_bytes([0x80, 1, 0, 0, 0, 0, 0, 0]));
    }
}
