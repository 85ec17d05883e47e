//! Virtual functions of a device and their port profiles: `IFLA_VFINFO_LIST`, `IFLA_VF_PORTS`.

crate::layout! {
    /// Link-layer address of a virtual function.
    pub struct VfMac = ifla_vf_mac {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (2, 34);
        /// Link-layer address, in 32 bytes.
        mac => mac: [link_address; 32] @ 4, (2, 34);
    }
}

crate::layout! {
    /// Broadcast address of a virtual function.
    pub struct VfBroadcast = ifla_vf_broadcast {
        /// Broadcast address, in 32 bytes.
        broadcast => broadcast: [link_address; 32] @ 0, (5, 3);
    }
}

crate::layout! {
    /// VLAN of a virtual function.
    pub struct VfVlan = ifla_vf_vlan {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (2, 34);
        /// VLAN; 0 for none.
        vlan => vlan: u32 @ 4, Identifier, (2, 34);
        /// Priority in the VLAN tag.
        qos => qos: u32 @ 8, Identifier, (2, 34);
    }
}

crate::layout! {
    /// VLAN of a virtual function, with its protocol.
    pub struct VfVlanInfo = ifla_vf_vlan_info {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (4, 9);
        /// VLAN; 0 for none.
        vlan => vlan: u32 @ 4, Identifier, (4, 9);
        /// Priority in the VLAN tag.
        qos => qos: u32 @ 8, Identifier, (4, 9);
        /// Protocol of the tag.
        vlan_proto => vlan_proto: be16 @ 12, OneOf(crate::names![(0x8100, "802.1q"), (0x88a8, "802.1ad")]), (4, 9);
    }
}

crate::layout! {
    /// Limit of a virtual function.
    pub struct VfTxRate = ifla_vf_tx_rate {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (2, 34);
        /// Most that it sends; 0 for no limit.
        rate => rate: u32 @ 4, MegabitsPerSecond, (2, 34);
    }
}

crate::layout! {
    /// Limits of a virtual function.
    pub struct VfRate = ifla_vf_rate {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (3, 16);
        /// Least that it may always send.
        min_tx_rate => min_tx_rate: u32 @ 4, MegabitsPerSecond, (3, 16);
        /// Most that it sends; 0 for no limit.
        max_tx_rate => max_tx_rate: u32 @ 8, MegabitsPerSecond, (3, 16);
    }
}

crate::layout! {
    /// Check of a virtual function's source address.
    pub struct VfSpoofCheck = ifla_vf_spoofchk {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (3, 2);
        /// Whether its source address is checked.
        setting => setting: u32 @ 4, Truth, (3, 2);
    }
}

crate::layout! {
    /// Carrier of a virtual function.
    pub struct VfLinkState = ifla_vf_link_state {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (3, 11);
        /// Whether its carrier follows the device's.
        link_state => link_state: u32 @ 4, OneOf(crate::names![(0, "auto"), (1, "enable"), (2, "disable")]), (3, 11);
    }
}

crate::layout! {
    /// Right of a virtual function to read how receiving is spread.
    pub struct VfRssQuery = ifla_vf_rss_query_en {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (4, 1);
        /// Whether it may.
        setting => setting: u32 @ 4, Truth, (4, 1);
    }
}

crate::layout! {
    /// Trust in a virtual function.
    pub struct VfTrust = ifla_vf_trust {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (4, 4);
        /// Whether it is trusted.
        setting => setting: u32 @ 4, Truth, (4, 4);
    }
}

crate::layout! {
    /// InfiniBand identity of a virtual function.
    pub struct VfGuid = ifla_vf_guid {
        /// Number of the virtual function.
        vf => vf: u32 @ 0, Identifier, (4, 6);
        /// Identity.
        guid => guid: u64 @ 8, Hexadecimal, (4, 6);
    }
}

crate::space! {
    /// One virtual function.
    pub static VF = "vf"; {
        /// Link-layer address.
        IFLA_VF_MAC = 1 => "mac": Structure(&VfMac::LAYOUT), (2, 34);
        /// VLAN.
        IFLA_VF_VLAN = 2 => "vlan": Structure(&VfVlan::LAYOUT), (2, 34);
        /// Limit of sending, in the old form.
        IFLA_VF_TX_RATE = 3 => "tx_rate": Structure(&VfTxRate::LAYOUT), (2, 34);
        /// Whether its source address is checked.
        IFLA_VF_SPOOFCHK = 4 => "spoofchk": Structure(&VfSpoofCheck::LAYOUT), (3, 2);
        /// Whether its carrier follows the device's.
        IFLA_VF_LINK_STATE = 5 => "link_state": Structure(&VfLinkState::LAYOUT), (3, 11);
        /// Limits of sending.
        IFLA_VF_RATE = 6 => "rate": Structure(&VfRate::LAYOUT), (3, 16);
        /// Whether it may read how receiving is spread over queues.
        IFLA_VF_RSS_QUERY_EN = 7 => "rss_query_en": Structure(&VfRssQuery::LAYOUT), (4, 1);
        /// Counters.
        IFLA_VF_STATS = 8 => "stats": Nest(&VF_STATISTICS), (4, 2);
        /// Whether it is trusted with what only the host may do.
        IFLA_VF_TRUST = 9 => "trust": Structure(&VfTrust::LAYOUT), (4, 4);
        /// InfiniBand identity of its node.
        IFLA_VF_IB_NODE_GUID = 10 => "ib_node_guid": Structure(&VfGuid::LAYOUT), (4, 6);
        /// InfiniBand identity of its port.
        IFLA_VF_IB_PORT_GUID = 11 => "ib_port_guid": Structure(&VfGuid::LAYOUT), (4, 6);
        /// VLANs with their protocols.
        IFLA_VF_VLAN_LIST = 12 => "": Nest(&VF_VLANS), (4, 9);
        /// Broadcast address.
        IFLA_VF_BROADCAST = 13 => "broadcast": Structure(&VfBroadcast::LAYOUT), (5, 3);
    }
}

crate::space! {
    /// VLANs of a virtual function.
    pub static VF_VLANS = "vf_vlans"; {
        /// VLANs with their protocols.
        IFLA_VF_VLAN_INFO = 1 => "vlan_list": Repeated(&Structure(&VfVlanInfo::LAYOUT)), (4, 9);
    }
}

crate::space! {
    /// Counters of a virtual function.
    pub static VF_STATISTICS = "vf_statistics"; {
        /// Packets received.
        IFLA_VF_STATS_RX_PACKETS = 0 => "rx_packets": Number(U64, Count), (4, 2);
        /// Packets sent.
        IFLA_VF_STATS_TX_PACKETS = 1 => "tx_packets": Number(U64, Count), (4, 2);
        /// Bytes received.
        IFLA_VF_STATS_RX_BYTES = 2 => "rx_bytes": Number(U64, Bytes), (4, 2);
        /// Bytes sent.
        IFLA_VF_STATS_TX_BYTES = 3 => "tx_bytes": Number(U64, Bytes), (4, 2);
        /// Broadcast packets received.
        IFLA_VF_STATS_BROADCAST = 4 => "broadcast": Number(U64, Count), (4, 2);
        /// Multicast packets received.
        IFLA_VF_STATS_MULTICAST = 5 => "multicast": Number(U64, Count), (4, 2);
        /// Packets received and dropped.
        IFLA_VF_STATS_RX_DROPPED = 7 => "rx_dropped": Number(U64, Count), (4, 16);
        /// Packets dropped on their way out.
        IFLA_VF_STATS_TX_DROPPED = 8 => "tx_dropped": Number(U64, Count), (4, 16);
    }
}

crate::layout! {
    /// Type of a virtual station (802.1Qbg).
    pub struct PortVsi = ifla_port_vsi {
        /// Database that knows the type.
        vsi_mgr_id => vsi_mgr_id: u8 @ 0, Identifier, (2, 35);
        /// Type.
        vsi_type_id => vsi_type_id: [u8; 3] @ 1, (2, 35);
        /// Version of the type.
        vsi_type_version => vsi_type_version: u8 @ 4, Identifier, (2, 35);
    }
}

crate::space! {
    /// Port profile of a virtual function.
    pub static VF_PORT = "vf_port"; {
        /// Number of the virtual function.
        IFLA_PORT_VF = 1 => "vf": Number(U32, Identifier), (2, 35);
        /// Name of the profile.
        IFLA_PORT_PROFILE = 2 => "profile": Text, (2, 35);
        /// Type of the virtual station.
        IFLA_PORT_VSI_TYPE = 3 => "vsi_type": Structure(&PortVsi::LAYOUT), (2, 35);
        /// Identity of the guest.
        IFLA_PORT_INSTANCE_UUID = 4 => "instance_uuid": Opaque, (2, 35);
        /// Identity of the host.
        IFLA_PORT_HOST_UUID = 5 => "host_uuid": Opaque, (2, 35);
        /// What was asked of the switch.
        IFLA_PORT_REQUEST = 6 => "request": Number(U16, OneOf(crate::names![(0, "preassociate"), (1, "preassociate-rr"),
            (2, "associate"), (3, "disassociate")])), (2, 35);
        /// What the switch answered.
        IFLA_PORT_RESPONSE = 7 => "response": Number(U16, OneOf(crate::names![(0, "success"), (1, "invalid-format"),
            (2, "insufficient-resources"), (3, "unused-vtid"), (4, "vtid-violation"), (5, "vtid-version-violation"),
            (6, "out-of-sync"), (0x100, "profile-success"), (0x101, "profile-inprogress"), (0x102, "profile-invalid"),
            (0x103, "profile-badstate"), (0x104, "profile-insufficient-resources"), (0x105, "profile-error")])),
            (2, 35);
    }
}
