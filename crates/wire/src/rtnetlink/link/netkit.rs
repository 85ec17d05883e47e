//! netkit devices (include/uapi/linux/if_link.h, drivers/net/netkit.c).

use crate::{Name, names};

/// What happens to a packet without a program.
pub(crate) const NETKIT_ACTIONS: &[Name] = names![(0, "forward"), (2, "blackhole")];

/// Whether marks and priorities are cleared on the way to the peer.
pub(crate) const NETKIT_SCRUB: &[Name] = names![(0, "none"), (1, "default")];

crate::space! {
    /// What a netkit device adds to a link.
    pub static NETKIT = "netkit"; {
        /// Whether this is the end that programs are attached by.
        IFLA_NETKIT_PRIMARY = 2 => "primary": Number(U8, Truth), (6, 7);
        /// What happens here to a packet without a program.
        IFLA_NETKIT_POLICY = 3 => "policy": Number(U32, OneOf(NETKIT_ACTIONS)), (6, 7);
        /// What happens at the peer to a packet without a program.
        IFLA_NETKIT_PEER_POLICY = 4 => "peer_policy": Number(U32, OneOf(NETKIT_ACTIONS)), (6, 7);
        /// Whether the pair carries frames or IP packets.
        IFLA_NETKIT_MODE = 5 => "mode": Number(U32, OneOf(crate::names![(0, "l2"), (1, "l3")])), (6, 7);
        /// Whether marks and priorities are cleared here.
        IFLA_NETKIT_SCRUB = 6 => "scrub": Number(U32, OneOf(NETKIT_SCRUB)), (6, 13);
        /// Whether marks and priorities are cleared at the peer.
        IFLA_NETKIT_PEER_SCRUB = 7 => "peer_scrub": Number(U32, OneOf(NETKIT_SCRUB)), (6, 13);
        /// Room that is kept before a packet.
        IFLA_NETKIT_HEADROOM = 8 => "headroom": Number(U16, Bytes), (6, 14);
        /// Room that is kept behind a packet.
        IFLA_NETKIT_TAILROOM = 9 => "tailroom": Number(U16, Bytes), (6, 14);
        /// Whether there is a peer.
        IFLA_NETKIT_PAIRING = 10 => "pairing": Number(U32, OneOf(crate::names![(0, "pair"), (1, "single")])), (7, 1);
    }
}
