//! What this process may do, where that decides what the kernel tells it.

use rustix::thread::{CapabilitySet, capabilities};
use sockeye_conn::Namespace;

/// Whether it administers those of these network namespaces that it can be in, or its own where none is named: closes sockets, and is
/// told what the kernel keeps from others. Its own may be one of a user namespace above, and then the capability counts for nothing there.
/// In any other that can be entered it counts (net/core/net_namespace.c, netns_install).
pub(crate) fn is_net_admin<'n>(named: impl IntoIterator<Item = &'n Namespace>) -> bool {
    if !capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::NET_ADMIN)) {
        return false;
    }
    let mut named = named.into_iter().peekable();
    match named.peek() {
        None => Namespace::current().map_or(true, |own| own.honours_own_capabilities()),
        Some(_) => named.all(|one| !one.is_own() || one.honours_own_capabilities()),
    }
}
