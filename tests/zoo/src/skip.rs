//! Skips that cannot be overlooked.
//!
//! A test that cannot run says so on the real standard error, past the capture of the test harness. With
//! `SOCKEYE_SKIP=fail` in the environment a skip whose key is not in `tests/allowed-skips.txt` is a failure.

use std::io::{self, Write as _};

use rustix::thread::CapabilitySet;

/// The environment variable that makes unlisted skips a failure when it is `fail`.
pub const SKIP_VARIABLE: &str = "SOCKEYE_SKIP";

/// How a line about a skip starts.
pub const SKIP_PREFIX: &str = "SKIPPED: ";

/// The environment variable that says, by being set, that the machine is thrown away after the tests.
pub const OWN_MACHINE_VARIABLE: &str = "SOCKEYE_OWN_MACHINE";

/// One line for each skip that is normal: its key, a tab, the reason.
const ALLOWED: &str = include_str!("../../allowed-skips.txt");

/// Those that were there first: `PROC_USER_INIT_INO` and `PROC_PID_INIT_INO` of include/linux/proc_ns.h.
const FIRST_USER_NAMESPACE: &str = "user:[4026531837]";
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

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
    let held = rustix::thread::capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    if !held.contains(CapabilitySet::SYS_ADMIN) && !held.contains(CapabilitySet::BPF | CapabilitySet::PERFMON) {
        return Err(Skip::new("bpf:capability", "CAP_BPF and CAP_PERFMON are lacking"));
    }
    if !is_in_first_user_namespace() {
        return Err(Skip::new(
            "bpf:capability",
            "CAP_BPF and CAP_PERFMON of a user namespace are not those of the machine",
        ));
    }
    if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() {
        return Err(Skip::new("bpf:btf", "the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)"));
    }
    Ok(())
}

/// Whether capabilities here are those of the machine, and not of a user namespace alone.
pub fn is_in_first_user_namespace() -> bool {
    std::fs::read_link("/proc/self/ns/user").is_ok_and(|namespace| namespace.as_os_str() == FIRST_USER_NAMESPACE)
}

/// Skips what needs these capabilities, for itself or to give them to others.
pub fn needs(capabilities: CapabilitySet) -> Result<(), Skip> {
    let held = rustix::thread::capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    match capabilities.difference(held).iter_names().next() {
        None => Ok(()),
        Some((name, _)) => Err(Skip::new(format!("capability:CAP_{name}"), format!("CAP_{name} is lacking"))),
    }
}

/// Skips what binds to ports below 1024.
pub fn needs_low_ports() -> Result<(), Skip> {
    needs(CapabilitySet::NET_BIND_SERVICE)
}

/// Skips what is only allowed with a capability of the machine, in a user namespace.
pub fn needs_the_machine(key: &str, reason: &str) -> Result<(), Skip> {
    if is_in_first_user_namespace() { Ok(()) } else { Err(Skip::new(key, reason)) }
}

/// Skips what sets limits of the whole machine, where somebody else may need it.
pub fn owns_the_machine() -> Result<(), Skip> {
    if std::env::var_os(OWN_MACHINE_VARIABLE).is_some() {
        return Ok(());
    }
    Err(Skip::new("machine:own", format!("{OWN_MACHINE_VARIABLE} does not say that the machine is thrown away")))
}

/// Skips what may hold only where every process of the machine is in `/proc`.
pub fn sees_every_process() -> Result<(), Skip> {
    let own = std::fs::read_link("/proc/self/ns/pid");
    if own.is_ok_and(|namespace| namespace.as_os_str() == FIRST_PID_NAMESPACE) {
        return Ok(());
    }
    Err(Skip::new("every-process", "processes outside this pid namespace are not to be seen"))
}

/// Whether there is a user of this number. In a user namespace that nobody but its maker has filled there is but one.
pub fn has_user(number: u32) -> Result<(), Skip> {
    let mapped = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    if is_mapped(&mapped, number) {
        return Ok(());
    }
    Err(Skip::new("users", format!("there is no user {number} in this user namespace")))
}

/// Whether a line of `uid_map` (the first inside, the first outside, how many) has this user inside.
fn is_mapped(map: &str, number: u32) -> bool {
    let has = |line: &str| {
        let mut numbers = line.split_whitespace().map_while(|number| number.parse::<u64>().ok());
        let (first, count) = (numbers.next()?, numbers.nth(1)?);
        Some((first..first + count).contains(&u64::from(number)))
    };
    map.lines().filter_map(has).any(|has| has)
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
    fn users_are_those_of_the_map() {
        let map = "         0       1000          1\n         1     100000      65536\n";
        let mapped = [0, 1, 65536, 65537, 100_000].map(|number| is_mapped(map, number));
        assert_eq!(mapped, [true, true, true, false, false]);
        assert!(is_mapped("0 0 4294967295\n", 4_294_967_294) && !is_mapped("", 0));
    }

    #[test]
    fn every_line_of_the_committed_list_has_a_reason() {
        for line in ALLOWED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in {line:?}"));
            assert!(!key.is_empty() && !reason.trim().is_empty(), "no reason in {line:?}");
        }
    }
}
