//! Names of the kernel's functions, by an address within them.

use std::io::{BufReader, Read as _};
use std::sync::Arc;

/// Where the kernel shows its names. Without CAP_SYSLOG, or where it is told to (`kptr_restrict`), all addresses are zero.
const PLACE: &str = "/proc/kallsyms";
/// Bytes of it that are read at most: several times what a kernel with many modules has.
const BYTES_MAX: u64 = 64 << 20;

/// The functions, read when the first address is looked up.
#[derive(Default)]
pub(crate) struct Symbols {
    /// Where each begins, and where its name does.
    starts: Option<Vec<(u64, u32)>>,
    /// Names, each ended by a line feed.
    names: String,
}

impl Symbols {
    /// The function that an address is in.
    pub(crate) fn of(&mut self, address: u64) -> Option<Arc<str>> {
        if self.starts.is_none() {
            // Whoever may not read it does without names.
            let file = std::fs::File::open(PLACE).ok();
            self.starts =
                Some(file.map_or_else(Vec::new, |file| read(BufReader::new(file.take(BYTES_MAX)), &mut self.names)));
        }
        let starts = self.starts.as_ref()?;
        let (_, name) = starts[..starts.partition_point(|&(start, _)| start <= address)].last()?;
        self.names.get(*name as usize..)?.split('\n').next().map(Arc::from)
    }
}

/// Reads functions from lines such as `ffffffff81000000 T _stext`, with a module in brackets behind some.
fn read(mut lines: impl std::io::BufRead, names: &mut String) -> Vec<(u64, u32)> {
    let mut starts = Vec::new();
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
        let mut words = line.split_ascii_whitespace();
        if let (Some(address), Some("t" | "T" | "w" | "W"), Some(name)) = (words.next(), words.next(), words.next())
            && let Ok(address @ 1..) = u64::from_str_radix(address, 16)
            && let Ok(at) = u32::try_from(names.len())
        {
            starts.push((address, at));
            // What the compiler made of a function still is that function: `ip_rcv_core.isra.0`.
            names.push_str(name.split('.').next().unwrap_or(name));
            names.push('\n');
        }
        line.clear();
    }
    starts.sort_unstable();
    starts
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::texts::mutated;

    use super::*;
    use crate::hostile::attack;

    #[test]
    fn an_address_is_in_the_function_that_begins_last_before_it() {
        let text = "0000000000002000 T ip_rcv\n0000000000001000 t nf_hook_slow.cold\n0000000000002800 d table\n\
                    0000000000003000 t drop\t[a_module]\n";
        let mut symbols = Symbols::default();
        symbols.starts = Some(read(text.as_bytes(), &mut symbols.names));
        let of = |symbols: &mut Symbols, address| symbols.of(address).as_deref().map(str::to_owned);
        assert_eq!(of(&mut symbols, 0x1fff).as_deref(), Some("nf_hook_slow"));
        assert_eq!(of(&mut symbols, 0x2900).as_deref(), Some("ip_rcv"));
        assert_eq!(of(&mut symbols, 0x9999).as_deref(), Some("drop"));
        assert_eq!(of(&mut symbols, 0xfff), None);
    }

    #[test]
    fn damaged_lines_are_passed_over() {
        let texts = [
            "ffffffff81000000 T _stext\nffffffff81000000 t nf_hook_slow.cold\nffffffff81a01230 W ip_rcv_core.isra.0\n",
            "ffffffffc0a01000 t br_handle_frame\t[bridge]\nffffffff82000000 D jiffies\nffffffffc0a02000 t drop\t[a_module]\n",
            "0000000000000000 T ip_rcv\n0000000000000000 w tcp_v4_rcv\n",
        ];
        let mut named = 0;
        attack(20_000, |random| {
            let mut symbols = Symbols::default();
            let text = mutated(&texts, random);
            symbols.starts = Some(read(text.as_slice(), &mut symbols.names));
            for address in [0, random.number(), 0xffff_ffff_81a0_1234, u64::MAX] {
                if let Some(name) = symbols.of(address) {
                    assert!(!name.contains(['\n', '.']) && text.len() >= name.len(), "{name:?}");
                    named += 1;
                }
            }
        });
        assert!(named > 10_000, "{named}");
    }

    #[test]
    fn addresses_that_are_kept_back_name_nothing() {
        let mut symbols = Symbols::default();
        symbols.starts = Some(read("0000000000000000 T ip_rcv\n".as_bytes(), &mut symbols.names));
        assert_eq!(symbols.of(u64::MAX), None);
    }
}
