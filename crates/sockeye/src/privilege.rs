//! What this process may do, where that decides what the kernel tells it.

use rustix::thread::{CapabilitySet, capabilities};

/// Whether it administers the network of its user namespace: closes sockets, and is told what the kernel keeps from others. A network
/// namespace of another user namespace is somebody else's, and then it may not.
pub(crate) fn is_net_admin() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::NET_ADMIN))
}
