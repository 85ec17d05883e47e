//! Names of the kernel's functions, by an address within them.

use std::io::{BufReader, Read as _};
use std::sync::Arc;

/// Where the kernel shows its names. Without CAP_SYSLOG, or where it is told to (`kptr_restrict`), all addresses are zero.
const PLACE: &str = "/proc/kallsyms";
/// Bytes that a function outside of the kernel has at most.
const FUNCTION_BYTES_MAX: u64 = 1 << 20;
/// Bytes of it that are read at most: several times what a kernel with many modules has.
const BYTES_MAX: u64 = 64 << 20;

/// Modules, with where each is.
const MODULES: &str = "/proc/modules";

/// The functions, read when the first address is looked up, and again where modules have come or gone since.
#[derive(Default)]
pub(crate) struct Symbols {
    known: Option<Known>,
    /// The modules that there were then.
    modules: Vec<String>,
}

/// Functions as they were read.
#[derive(Default)]
struct Known {
    /// Where each begins, and where its name does.
    starts: Vec<(u64, u32)>,
    /// Names, each ended by a line feed.
    names: String,
    /// Where the first and the last function begin that are of no module.
    kernel: Option<(u64, u64)>,
}

impl Symbols {
    /// The function that an address is in.
    pub(crate) fn of(&mut self, address: u64) -> Option<Arc<str>> {
        let is_of_module = self.known.as_ref().is_some_and(|known| !known.is_of_kernel(address));
        if self.known.is_none() || is_of_module {
            let modules = modules(&std::fs::read_to_string(MODULES).unwrap_or_default());
            if self.known.is_none() || modules != self.modules {
                // Whoever may not read it does without names.
                let file = std::fs::File::open(PLACE).ok();
                let read = |file: std::fs::File| Known::read(BufReader::new(file.take(BYTES_MAX)));
                (self.known, self.modules) = (Some(file.map_or_else(Known::default, read)), modules);
            }
        }
        self.known.as_ref()?.of(address)
    }
}

impl Known {
    fn of(&self, address: u64) -> Option<Arc<str>> {
        let (start, name) = self.starts[..self.starts.partition_point(|&(start, _)| start <= address)].last()?;
        // What is behind the kernel, and in no module, is in none of its functions.
        let is_near = self.is_of_kernel(address) || address - start <= FUNCTION_BYTES_MAX;
        self.names.get(*name as usize..).filter(|_| is_near)?.split('\n').next().map(Arc::from)
    }

    fn is_of_kernel(&self, address: u64) -> bool {
        self.kernel.is_some_and(|(first, last)| (first..=last).contains(&address))
    }

    /// Reads functions from lines such as `ffffffff81000000 T _stext`, with a module in brackets behind some.
    fn read(mut lines: impl std::io::BufRead) -> Self {
        let mut known = Self::default();
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
            let mut words = line.split_ascii_whitespace();
            if let (Some(address), Some("t" | "T" | "w" | "W"), Some(name)) = (words.next(), words.next(), words.next())
                && let Ok(address @ 1..) = u64::from_str_radix(address, 16)
                && let Ok(at) = u32::try_from(known.names.len())
            {
                known.starts.push((address, at));
                // What the compiler made of a function still is that function: `ip_rcv_core.isra.0`.
                known.names.push_str(name.split('.').next().unwrap_or(name));
                known.names.push('\n');
                if words.next().is_none() {
                    let (first, last) = known.kernel.unwrap_or((address, address));
                    known.kernel = Some((first.min(address), last.max(address)));
                }
            }
            line.clear();
        }
        known.starts.sort_unstable();
        known
    }
}

/// Which modules there are, and where: `tun 61440 2 - Live 0xffffffffc0a01000`. How many use one changes all the time.
fn modules(text: &str) -> Vec<String> {
    let of = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        format!("{} {}", words.next().unwrap_or_default(), words.nth(4).unwrap_or_default())
    };
    text.lines().map(of).collect()
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::texts::mutated;

    use super::*;
    use crate::hostile::attack;

    #[test]
    fn an_address_is_in_the_function_that_begins_last_before_it() {
        let text = "0000000000002000 T ip_rcv\n0000000000001000 t nf_hook_slow.cold\n0000000000002800 d table\n\
                    0000000000003000 T _etext\n0000000000009000 t drop\t[a_module]\n";
        let known = Known::read(text.as_bytes());
        let of = |address| known.of(address).as_deref().map(str::to_owned);
        assert_eq!(of(0x1fff).as_deref(), Some("nf_hook_slow"));
        assert_eq!(of(0x2900).as_deref(), Some("ip_rcv"));
        assert_eq!(of(0x9999).as_deref(), Some("drop"));
        assert_eq!(of(0xfff), None);
        assert_eq!(of(0x9000 + FUNCTION_BYTES_MAX + 1), None, "of a module that was not there yet");
        assert!(known.is_of_kernel(0x2fff) && !known.is_of_kernel(0x9999) && !known.is_of_kernel(0xfff));
    }

    #[test]
    fn modules_are_others_when_one_comes_and_not_when_one_is_used() {
        let before = modules("tun 61440 2 - Live 0xffffffffc0a01000\nveth 45056 0 - Live 0xffffffffc09f0000 (E)\n");
        assert_eq!(before, ["tun 0xffffffffc0a01000", "veth 0xffffffffc09f0000"]);
        assert_eq!(
            before,
            modules("tun 61440 7 x,y, Live 0xffffffffc0a01000\nveth 45056 1 - Live 0xffffffffc09f0000 (E)\n")
        );
        assert_ne!(before, modules("tun 61440 2 - Live 0xffffffffc0a01000\n"));
    }

    #[test]
    fn damaged_lines_are_passed_over() {
        let texts = [
            "ffffffff81000000 T _stext\nffffffff81000000 t nf_hook_slow.cold\nffffffff81a01230 W ip_rcv_core.isra.0\n\
             ffffffff82000000 T _etext\n",
            "ffffffffc0a01000 t br_handle_frame\t[bridge]\nffffffff82000000 D jiffies\nffffffffc0a02000 t drop\t[a_module]\n",
            "0000000000000000 T ip_rcv\n0000000000000000 w tcp_v4_rcv\n",
        ];
        let mut named = 0;
        attack(20_000, |random| {
            let text = mutated(&texts, random);
            let known = Known::read(text.as_slice());
            for address in [0, random.number(), 0xffff_ffff_81a0_1234, 0xffff_ffff_c0a0_1234, u64::MAX] {
                if let Some(name) = known.of(address) {
                    assert!(!name.contains(['\n', '.']) && text.len() >= name.len(), "{name:?}");
                    named += 1;
                }
            }
        });
        assert!(named > 10_000, "{named}");
    }

    #[test]
    fn addresses_that_are_kept_back_name_nothing() {
        assert_eq!(Known::read("0000000000000000 T ip_rcv\n".as_bytes()).of(u64::MAX), None);
    }
}
