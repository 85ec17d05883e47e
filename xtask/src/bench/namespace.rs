//! Network namespaces in which loads are made.

use std::fs;
use std::os::unix::fs::MetadataExt;

use anyhow::{Context, Result};

use super::sys;

/// Ports that connections may come from: nearly all.
const PORTS: &str = "1024 65535";

/// Moves this process and all that it starts into a new network namespace with `lo` up.
///
/// Without root a user namespace comes with it, so that its settings may be changed.
pub(super) fn enter() -> Result<()> {
    let status = fs::metadata("/proc/self").context("cannot see who we are")?;
    let (user, group) = (status.uid(), status.gid());
    sys::unshare(user != 0).context("cannot make a network namespace of our own, and will not measure in another's")?;
    if user != 0 {
        fs::write("/proc/self/setgroups", "deny").context("cannot map our groups")?;
        fs::write("/proc/self/uid_map", format!("0 {user} 1")).context("cannot map our user")?;
        fs::write("/proc/self/gid_map", format!("0 {group} 1")).context("cannot map our group")?;
    }
    sys::loopback_up().context("cannot bring lo up")?;
    set("ipv4/ip_local_port_range", PORTS)
}

/// Like [`enter`], but the connections of this namespace share a hash table of so many buckets (6.1).
pub(super) fn enter_with_buckets(buckets: u32) -> Result<()> {
    // The size holds for the namespaces that are made from this one.
    enter()?;
    set("ipv4/tcp_child_ehash_entries", &buckets.to_string())?;
    sys::unshare(false).context("cannot make a network namespace in the first one")?;
    sys::loopback_up().context("cannot bring lo up")?;
    set("ipv4/ip_local_port_range", PORTS)
}

fn set(name: &str, value: &str) -> Result<()> {
    let path = format!("/proc/sys/net/{name}");
    fs::write(&path, value).with_context(|| format!("cannot write {value:?} to {path}"))
}
