//! What this process may do, where that decides what the kernel tells it.

use rustix::thread::{CapabilitySet, capabilities};
use sockeye_conn::Namespace;

/// Whether it administers the network namespace that it is in: closes sockets, and is told what the kernel keeps from others. A network
/// namespace of a user namespace above is somebody else's, and then the capability counts for nothing.
pub(crate) fn is_net_admin() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::NET_ADMIN))
        && Namespace::current().map_or(true, |own| own.honours_own_capabilities())
}
