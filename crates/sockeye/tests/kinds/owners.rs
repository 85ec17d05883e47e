//! Who holds a socket: this process, by a descriptor that leads to it, and the processes that inherited it.

use sockeye_zoo::Owner;

use crate::observed::{Observed, lossless};

/// Compares the owners of a socket that has a file.
pub(crate) fn compare(row: &mut Observed<'_>, inode: Option<u64>, others: &[Owner]) {
    let Some(inode) = inode else { return };
    let owners = row.list("/owners");
    let mut expected = others.to_vec();
    expected.push(Owner { pid: std::process::id(), name: own_name() });
    for Owner { pid, name } in &expected {
        let Some(found) = owners.iter().find(|owner| owner["pid"] == *pid) else {
            row.mistake("/owners", &format!("held by process {pid}"));
            continue;
        };
        if lossless(found, "/process").as_deref() != Some(name) {
            row.mistake("/owners", &format!("held by {:?}", name.escape_ascii().to_string()));
        }
        if found["fd"].as_u64().and_then(|fd| link(*pid, fd)) != Some(format!("socket:[{inode}]")) {
            row.mistake("/owners", &format!("held by a descriptor of process {pid}"));
        }
    }
    if owners.len() != expected.len() {
        row.mistake("/owners", &format!("{} owners", expected.len()));
    }
    if owners.iter().any(|owner| owner["user"].as_str().is_none_or(str::is_empty)) {
        row.mistake("/owners", "with users");
    }
}

fn own_name() -> Vec<u8> {
    let mut name = std::fs::read("/proc/self/comm").expect("every process has a name");
    name.pop();
    name
}

/// Where a descriptor leads.
fn link(pid: u32, fd: u64) -> Option<String> {
    let target = std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok()?;
    target.into_os_string().into_string().ok()
}
