//! What this process may do, where that decides what the kernel tells it.

use rustix::thread::{CapabilitySet, capabilities};
use sockeye_conn::Namespace;

/// Whether it administers these network namespaces, or the one that it is in where none is named: closes sockets, and is told what the
/// kernel keeps from others. A network namespace of a user namespace above is somebody else's, and then the capability counts for
/// nothing.
pub(crate) fn is_net_admin<'n>(named: impl IntoIterator<Item = &'n Namespace>) -> bool {
    if !capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::NET_ADMIN)) {
        return false;
    }
    let mut named = named.into_iter().peekable();
    match named.peek() {
        None => Namespace::current().map_or(true, |own| own.honours_own_capabilities()),
        Some(_) => named.all(Namespace::honours_own_capabilities),
    }
}
