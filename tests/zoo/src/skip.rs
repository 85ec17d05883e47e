//! Skips that cannot be overlooked.
//!
//! A test that cannot run says so on the real standard error, past the capture of the test harness. With
//! `SOCKEYE_SKIP=fail` in the environment a skip whose key is not in `tests/allowed-skips.txt` is a failure.

use std::io::{self, Write as _};

/// The environment variable that makes unlisted skips a failure when it is `fail`.
pub const SKIP_VARIABLE: &str = "SOCKEYE_SKIP";

/// How a line about a skip starts.
pub const SKIP_PREFIX: &str = "SKIPPED: ";

/// One line for each skip that is normal: its key, a tab, the reason.
const ALLOWED: &str = include_str!("../../allowed-skips.txt");

/// Why a test cannot run on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The name under which the committed list knows it: a constructor, `namespace`, or `program:NAME`.
    pub key: String,
    /// What was tried and what the kernel said, for people.
    pub reason: String,
}

impl Skip {
    /// A skip under this key.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }

    /// Whether the committed list knows the key.
    pub fn is_allowed(&self) -> bool {
        allowed_keys(ALLOWED).any(|key| key == self.key)
    }
}

/// Says loudly that `test` does not run, and why.
///
/// # Panics
///
/// With `SOCKEYE_SKIP=fail`, if the key is not in the committed list.
pub fn skip(test: &str, skip: &Skip) {
    let line = format!("{SKIP_PREFIX}{test}: {}: {}\n", skip.key, skip.reason);
    // Not `eprintln!`: the harness would capture it and throw it away when the test passes.
    let _ = io::stderr().write_all(line.as_bytes());
    let strict = std::env::var_os(SKIP_VARIABLE).is_some_and(|value| value == "fail");
    assert!(!strict || skip.is_allowed(), "{} is not in tests/allowed-skips.txt: {}", skip.key, skip.reason);
}

/// Whether programs may be loaded into this kernel, and can be made for it. Where they may, one that does not load is a
/// failure of the test.
pub fn may_load_programs() -> Result<(), Skip> {
    use rustix::thread::{CapabilitySet, capabilities};
    let held = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    if !held.contains(CapabilitySet::SYS_ADMIN) && !held.contains(CapabilitySet::BPF | CapabilitySet::PERFMON) {
        return Err(Skip::new("bpf:capability", "CAP_BPF and CAP_PERFMON are lacking"));
    }
    if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() {
        return Err(Skip::new("bpf:btf", "the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)"));
    }
    Ok(())
}

/// Whether this kernel lists TCP sockets that are only bound (`TCP_BOUND_INACTIVE`, since 6.8).
pub fn lists_bound_sockets() -> Result<(), Skip> {
    if kernel_is_since(6, 8) {
        return Ok(());
    }
    Err(Skip::new("tcp_bound", "the kernel does not list TCP sockets that are only bound (before 6.8)"))
}

/// Whether the running kernel is this one or newer: for what no question can find out.
pub fn kernel_is_since(major: u32, minor: u32) -> bool {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).map_while(|number| number.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
}

/// The keys of a list: what stands before the tab of each line that is neither empty nor a comment.
fn allowed_keys(list: &str) -> impl Iterator<Item = &str> {
    list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t')).map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_up_to_the_tab() {
        let keys: Vec<&str> = allowed_keys("# why\n\nsctp\tno module\nvsock\tno diag\n").collect();
        assert_eq!(keys, ["sctp", "vsock"]);
    }

    #[test]
    fn every_line_of_the_committed_list_has_a_reason() {
        for line in ALLOWED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line:?}"));
            assert!(!key.is_empty() && !reason.trim().is_empty(), "no reason in {line:?}");
        }
    }
}
