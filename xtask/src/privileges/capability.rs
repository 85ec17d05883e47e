//! Capabilities by name, as `setpriv` takes them.

use std::fs;

use anyhow::{Context, Result, bail};

/// In the order of their numbers: include/uapi/linux/capability.h.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// Those that root of this machine can have and lose.
pub(super) fn of_this_kernel() -> Result<Vec<&'static str>> {
    let last = fs::read_to_string("/proc/sys/kernel/cap_last_cap").context("the kernel names no last capability")?;
    let count = last.trim().parse::<usize>().context("the last capability is no number")? + 1;
    if count > NAMES.len() {
        bail!("this kernel has {count} capabilities, of which {} are known: privileges/capability.rs", NAMES.len());
    }
    Ok(NAMES[..count].to_vec())
}

/// The one of a name, with or without `CAP_`.
pub(super) fn named(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let name = lower.strip_prefix("cap_").unwrap_or(&lower);
    NAMES.into_iter().find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_numbers_of_the_kernel() {
        let number = |name: &str| NAMES.iter().position(|known| *known == name);
        assert_eq!([number("net_admin"), number("sys_ptrace"), number("bpf")], [Some(12), Some(19), Some(39)]);
    }

    #[test]
    fn a_name_is_known_as_people_write_it() {
        assert_eq!(named("CAP_NET_ADMIN"), Some("net_admin"));
        assert_eq!(named("sys_ptrace"), Some("sys_ptrace"));
        assert_eq!(named("net"), None);
    }
}
