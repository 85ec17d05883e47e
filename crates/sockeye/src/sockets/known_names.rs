//! The names that the system knows: for somebody who misspelled one of them in a filter.

use sockeye_conn::Namespace;
use sockeye_owners::cgroup_ids::CgroupTree;
use sockeye_owners::users::Users;
use sockeye_query::FieldKind;

use super::services;
use super::system::Whence;

/// Names of that kind, as far as they can be listed.
pub(super) fn of(kind: FieldKind, rows: Whence<'_>) -> Vec<String> {
    match kind {
        FieldKind::User => users(),
        FieldKind::Port => {
            let file = std::fs::read_to_string("/etc/services").unwrap_or_default();
            services::all_names(&file).map(str::to_owned).collect()
        }
        FieldKind::Cgroup => {
            let tree = CgroupTree::load().unwrap_or_default();
            tree.paths().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
        }
        FieldKind::Interface => match rows {
            Whence::Here => interfaces(),
            Whence::Namespace(namespace) => interfaces_of(namespace),
            Whence::Elsewhere => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn users() -> Vec<String> {
    let users = Users::load().unwrap_or_default();
    users.names().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// Interfaces of the calling thread's namespace: `NAME:` at the beginning of a line (net/core/net-procfs.c).
fn interfaces() -> Vec<String> {
    let file = std::fs::read("/proc/thread-self/net/dev").unwrap_or_default();
    let lines = String::from_utf8_lossy(&file);
    lines.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

fn interfaces_of(namespace: &Namespace) -> Vec<String> {
    namespace.run_in(interfaces).unwrap_or_default()
}
