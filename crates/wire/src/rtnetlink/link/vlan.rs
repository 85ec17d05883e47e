//! VLAN devices (include/uapi/linux/if_link.h, net/8021q/vlan_netlink.c).

use crate::rtnetlink::link::bridge::VLAN_PROTOCOLS;
use crate::{Name, names};

/// What a VLAN device does (`VLAN_FLAG_*`).
pub(crate) const VLAN_FLAGS_OF_DEVICE: &[Name] =
    names![(1, "reorder-hdr"), (2, "gvrp"), (4, "loose-binding"), (8, "mvrp"), (16, "bridge-binding"),];

crate::layout! {
    /// Options of a VLAN device.
    pub struct VlanFlags = ifla_vlan_flags {
        /// Options that are on.
        flags => flags: u32 @ 0, SetOf(VLAN_FLAGS_OF_DEVICE), (2, 23);
        /// Options that a request changes.
        mask => mask: u32 @ 4, Hexadecimal, (2, 23);
    }
}

crate::layout! {
    /// A mapping between priorities.
    pub struct VlanPriority = ifla_vlan_qos_mapping {
        /// Priority that is mapped.
        from => from: u32 @ 0, Identifier, (2, 23);
        /// Priority that it becomes.
        to => to: u32 @ 4, Identifier, (2, 23);
    }
}

crate::space! {
    /// What a VLAN device adds to a link.
    pub static VLAN = "vlan"; {
        /// Number of the VLAN.
        IFLA_VLAN_ID = 1 => "id": Number(U16, Identifier), (2, 23);
        /// Options.
        IFLA_VLAN_FLAGS = 2 => "flags": Structure(&VlanFlags::LAYOUT), (2, 23);
        /// Priorities of packets, and those of their tags.
        IFLA_VLAN_EGRESS_QOS = 3 => "egress_qos": Nest(&VLAN_PRIORITIES), (2, 23);
        /// Priorities of tags, and those of their packets.
        IFLA_VLAN_INGRESS_QOS = 4 => "ingress_qos": Nest(&VLAN_PRIORITIES), (2, 23);
        /// Protocol of the tag.
        IFLA_VLAN_PROTOCOL = 5 => "protocol": Number(Be16, OneOf(VLAN_PROTOCOLS)), (3, 10);
    }
}

crate::space! {
    /// Mappings between priorities.
    pub static VLAN_PRIORITIES = "vlan_priorities"; {
        /// Mappings.
        IFLA_VLAN_QOS_MAPPING = 1 => "mapping": Repeated(&Structure(&VlanPriority::LAYOUT)), (2, 23);
    }
}
