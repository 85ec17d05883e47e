//! What `IFLA_AF_SPEC` holds for the family of bridges: VLANs, tunnels, rings, fault management
//! (include/uapi/linux/if_bridge.h).

use crate::rtnetlink::link::bridge_port::PORT_STATES;
use crate::{Name, names};

/// What a VLAN is at a port (`BRIDGE_VLAN_INFO_*`).
pub(crate) const VLAN_FLAGS: &[Name] = names![
    (1, "master"),
    (2, "pvid"),
    (4, "untagged"),
    (8, "range-begin"),
    (16, "range-end"),
    (32, "brentry"),
    (64, "only-opts"),
];

crate::layout! {
    /// A VLAN at a port.
    pub struct BridgeVlan = bridge_vlan_info {
        /// What the VLAN is here: for untagged packets, sent untagged, one end of a range.
        flags => flags: u16 @ 0, SetOf(VLAN_FLAGS), (3, 9);
        /// Number of the VLAN.
        vid => vid: u16 @ 2, Identifier, (3, 9);
    }
}

crate::space! {
    /// What a bridge knows of a link.
    pub static BRIDGE_AF_SPEC = "bridge_af_spec"; {
        /// Whether the bridge or the device itself speaks.
        IFLA_BRIDGE_FLAGS = 0 => "flags": Number(U16, SetOf(crate::names![(1, "master"), (2, "self")])), (3, 8);
        /// How a device with a bridge of its own forwards.
        IFLA_BRIDGE_MODE = 1 => "mode": Number(U16, OneOf(crate::names![(0, "veb"), (1, "vepa"), (0xffff, "undef")])),
            (3, 8);
        /// VLANs at this port.
        IFLA_BRIDGE_VLAN_INFO = 2 => "vlan_info": Repeated(&Structure(&BridgeVlan::LAYOUT)), (3, 9);
        /// Tunnels that VLANs are mapped to.
        IFLA_BRIDGE_VLAN_TUNNEL_INFO = 3 => "vlan_tunnel_info": Repeated(&Nest(&BRIDGE_TUNNEL)), (4, 11);
        /// Rings of the media redundancy protocol.
        IFLA_BRIDGE_MRP = 4 => "mrp": Nest(&BRIDGE_MRP), (5, 8);
        /// Connectivity fault management.
        IFLA_BRIDGE_CFM = 5 => "cfm": Nest(&BRIDGE_CFM), (5, 11);
        /// Instances of the spanning tree.
        IFLA_BRIDGE_MST = 6 => "mst": Nest(&BRIDGE_MST), (5, 18);
    }
}

crate::space! {
    /// A VLAN that is mapped to a tunnel.
    pub static BRIDGE_TUNNEL = "bridge_tunnel"; {
        /// Number of the tunnel.
        IFLA_BRIDGE_VLAN_TUNNEL_ID = 1 => "id": Number(U32, Identifier), (4, 11);
        /// Number of the VLAN.
        IFLA_BRIDGE_VLAN_TUNNEL_VID = 2 => "vid": Number(U16, Identifier), (4, 11);
        /// Whether this is one end of a range.
        IFLA_BRIDGE_VLAN_TUNNEL_FLAGS = 3 => "flags": Number(U16, SetOf(VLAN_FLAGS)), (4, 11);
    }
}

crate::space! {
    /// Instances of the spanning tree at a port.
    pub static BRIDGE_MST = "bridge_mst"; {
        /// Instances and their states.
        IFLA_BRIDGE_MST_ENTRY = 1 => "entry": Repeated(&Nest(&BRIDGE_MST_ENTRY)), (5, 18);
    }
}

crate::space! {
    /// An instance of the spanning tree at a port.
    pub static BRIDGE_MST_ENTRY = "bridge_mst_entry"; {
        /// Number of the instance.
        IFLA_BRIDGE_MST_ENTRY_MSTI = 1 => "msti": Number(U16, Identifier), (5, 18);
        /// State of the port in it.
        IFLA_BRIDGE_MST_ENTRY_STATE = 2 => "state": Number(U8, OneOf(PORT_STATES)), (5, 18);
    }
}

crate::space! {
    /// Rings of the media redundancy protocol.
    pub static BRIDGE_MRP = "bridge_mrp"; {
        /// Rings and their states.
        IFLA_BRIDGE_MRP_INFO = 7 => "info": Repeated(&Nest(&BRIDGE_MRP_INFO)), (5, 9);
    }
}

crate::space! {
    /// A ring of the media redundancy protocol.
    pub static BRIDGE_MRP_INFO = "bridge_mrp_info"; {
        /// Number of the ring.
        IFLA_BRIDGE_MRP_INFO_RING_ID = 1 => "ring_id": Number(U32, Identifier), (5, 9);
        /// First port of the ring.
        IFLA_BRIDGE_MRP_INFO_P_IFINDEX = 2 => "p_ifindex": Number(U32, Interface), (5, 9);
        /// Second port of the ring.
        IFLA_BRIDGE_MRP_INFO_S_IFINDEX = 3 => "s_ifindex": Number(U32, Interface), (5, 9);
        /// Priority of this bridge.
        IFLA_BRIDGE_MRP_INFO_PRIO = 4 => "prio": Number(U16, Identifier), (5, 9);
        /// Whether the ring is whole.
        IFLA_BRIDGE_MRP_INFO_RING_STATE = 5 => "ring_state": Number(U32, OneOf(crate::names![(0, "open"),
            (1, "closed")])), (5, 9);
        /// What this bridge does in the ring.
        IFLA_BRIDGE_MRP_INFO_RING_ROLE = 6 => "ring_role": Number(U32, OneOf(crate::names![(0, "disabled"), (1, "mrc"),
            (2, "mrm"), (3, "mra")])), (5, 9);
        /// Time between tests.
        IFLA_BRIDGE_MRP_INFO_TEST_INTERVAL = 7 => "test_interval": Number(U32, Microseconds), (5, 9);
        /// Tests that may be lost.
        IFLA_BRIDGE_MRP_INFO_TEST_MAX_MISS = 8 => "test_max_miss": Number(U32, Count), (5, 9);
        /// Whether tests are watched and not sent.
        IFLA_BRIDGE_MRP_INFO_TEST_MONITOR = 9 => "test_monitor": Number(U32, Truth), (5, 9);
        /// Port of the interconnection.
        IFLA_BRIDGE_MRP_INFO_I_IFINDEX = 10 => "i_ifindex": Number(U32, Interface), (5, 9);
        /// Whether the interconnection is whole.
        IFLA_BRIDGE_MRP_INFO_IN_STATE = 11 => "in_state": Number(U32, OneOf(crate::names![(0, "open"), (1, "closed")])),
            (5, 9);
        /// What this bridge does in the interconnection.
        IFLA_BRIDGE_MRP_INFO_IN_ROLE = 12 => "in_role": Number(U32, OneOf(crate::names![(0, "disabled"), (1, "mic"),
            (2, "mim")])), (5, 9);
        /// Time between tests of the interconnection.
        IFLA_BRIDGE_MRP_INFO_IN_TEST_INTERVAL = 13 => "in_test_interval": Number(U32, Microseconds), (5, 9);
        /// Tests of the interconnection that may be lost.
        IFLA_BRIDGE_MRP_INFO_IN_TEST_MAX_MISS = 14 => "in_test_max_miss": Number(U32, Count), (5, 9);
    }
}

crate::space! {
    /// Connectivity fault management of a bridge.
    pub static BRIDGE_CFM = "bridge_cfm"; {
        /// Maintenance end points.
        IFLA_BRIDGE_CFM_MEP_CREATE_INFO = 9 => "mep_create_info": Repeated(&Nest(&CFM_CREATE)), (5, 11);
        /// Settings of maintenance end points.
        IFLA_BRIDGE_CFM_MEP_CONFIG_INFO = 10 => "mep_config_info": Repeated(&Nest(&CFM_CONFIG)), (5, 11);
        /// Settings of the continuity check.
        IFLA_BRIDGE_CFM_CC_CONFIG_INFO = 11 => "cc_config_info": Repeated(&Nest(&CFM_CHECK)), (5, 11);
        /// Whether a defect is told to the peers.
        IFLA_BRIDGE_CFM_CC_RDI_INFO = 12 => "cc_rdi_info": Repeated(&Nest(&CFM_RDI)), (5, 11);
        /// What is sent to the peers.
        IFLA_BRIDGE_CFM_CC_CCM_TX_INFO = 13 => "cc_ccm_tx_info": Repeated(&Nest(&CFM_SEND)), (5, 11);
        /// Peers that are expected.
        IFLA_BRIDGE_CFM_CC_PEER_MEP_INFO = 14 => "cc_peer_mep_info": Repeated(&Nest(&CFM_PEER)), (5, 11);
        /// States of maintenance end points.
        IFLA_BRIDGE_CFM_MEP_STATUS_INFO = 15 => "mep_status_info": Repeated(&Nest(&CFM_STATUS)), (5, 11);
        /// States of peers.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_INFO = 16 => "cc_peer_status_info": Repeated(&Nest(&CFM_PEER_STATUS)), (5, 11);
    }
}

crate::space! {
    /// A maintenance end point.
    pub static CFM_CREATE = "cfm_create"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_MEP_CREATE_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// What it watches.
        IFLA_BRIDGE_CFM_MEP_CREATE_DOMAIN = 2 => "domain": Number(U32, OneOf(crate::names![(0, "port"), (1, "vlan")])),
            (5, 11);
        /// Which way it looks.
        IFLA_BRIDGE_CFM_MEP_CREATE_DIRECTION = 3 => "direction": Number(U32, OneOf(crate::names![(0, "down"),
            (1, "up")])), (5, 11);
        /// Port that it is at.
        IFLA_BRIDGE_CFM_MEP_CREATE_IFINDEX = 4 => "ifindex": Number(U32, Interface), (5, 11);
    }
}

crate::space! {
    /// Settings of a maintenance end point.
    pub static CFM_CONFIG = "cfm_config"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_MEP_CONFIG_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Its address.
        IFLA_BRIDGE_CFM_MEP_CONFIG_UNICAST_MAC = 2 => "unicast_mac": LinkAddress, (5, 11);
        /// Level of its domain.
        IFLA_BRIDGE_CFM_MEP_CONFIG_MDLEVEL = 3 => "mdlevel": Number(U32, Identifier), (5, 11);
        /// Its identity among its peers.
        IFLA_BRIDGE_CFM_MEP_CONFIG_MEPID = 4 => "mepid": Number(U32, Identifier), (5, 11);
    }
}

/// Times between checks (802.1Q).
pub(crate) const CFM_INTERVALS: &[Name] =
    names![(0, "none"), (1, "3.3ms"), (2, "10ms"), (3, "100ms"), (4, "1s"), (5, "10s"), (6, "1min"), (7, "10min"),];

crate::space! {
    /// Settings of the continuity check.
    pub static CFM_CHECK = "cfm_check"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_CC_CONFIG_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Whether the check runs.
        IFLA_BRIDGE_CFM_CC_CONFIG_ENABLE = 2 => "enable": Number(U32, Truth), (5, 11);
        /// Time between checks that is expected.
        IFLA_BRIDGE_CFM_CC_CONFIG_EXP_INTERVAL = 3 => "exp_interval": Number(U32, OneOf(CFM_INTERVALS)), (5, 11);
        /// Identity of the association that is expected.
        IFLA_BRIDGE_CFM_CC_CONFIG_EXP_MAID = 4 => "exp_maid": Opaque, (5, 11);
    }
}

crate::space! {
    /// A peer that is expected.
    pub static CFM_PEER = "cfm_peer"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_CC_PEER_MEP_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Identity of the peer.
        IFLA_BRIDGE_CFM_CC_PEER_MEPID = 2 => "mepid": Number(U32, Identifier), (5, 11);
    }
}

crate::space! {
    /// Whether a defect is told to the peers.
    pub static CFM_RDI = "cfm_rdi"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_CC_RDI_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Whether it is.
        IFLA_BRIDGE_CFM_CC_RDI_RDI = 2 => "rdi": Number(U32, Truth), (5, 11);
    }
}

crate::space! {
    /// What is sent to the peers.
    pub static CFM_SEND = "cfm_send"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_CC_CCM_TX_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Address that it is sent to.
        IFLA_BRIDGE_CFM_CC_CCM_TX_DMAC = 2 => "dmac": LinkAddress, (5, 11);
        /// Whether messages are numbered.
        IFLA_BRIDGE_CFM_CC_CCM_TX_SEQ_NO_UPDATE = 3 => "seq_no_update": Number(U32, Truth), (5, 11);
        /// Time for which messages are sent.
        IFLA_BRIDGE_CFM_CC_CCM_TX_PERIOD = 4 => "period": Number(U32, Seconds), (5, 11);
        /// Whether the state of the link is sent.
        IFLA_BRIDGE_CFM_CC_CCM_TX_IF_TLV = 5 => "if_tlv": Number(U32, Truth), (5, 11);
        /// State of the link that is sent.
        IFLA_BRIDGE_CFM_CC_CCM_TX_IF_TLV_VALUE = 6 => "if_tlv_value": Number(U8, Identifier), (5, 11);
        /// Whether the state of the port is sent.
        IFLA_BRIDGE_CFM_CC_CCM_TX_PORT_TLV = 7 => "port_tlv": Number(U32, Truth), (5, 11);
        /// State of the port that is sent.
        IFLA_BRIDGE_CFM_CC_CCM_TX_PORT_TLV_VALUE = 8 => "port_tlv_value": Number(U8, Identifier), (5, 11);
    }
}

crate::space! {
    /// State of a maintenance end point.
    pub static CFM_STATUS = "cfm_status"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_MEP_STATUS_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Whether a message of an unknown kind came.
        IFLA_BRIDGE_CFM_MEP_STATUS_OPCODE_UNEXP_SEEN = 2 => "opcode_unexp_seen": Number(U32, Truth), (5, 11);
        /// Whether a message of an unknown version came.
        IFLA_BRIDGE_CFM_MEP_STATUS_VERSION_UNEXP_SEEN = 3 => "version_unexp_seen": Number(U32, Truth), (5, 11);
        /// Whether a message of a lower level came.
        IFLA_BRIDGE_CFM_MEP_STATUS_RX_LEVEL_LOW_SEEN = 4 => "rx_level_low_seen": Number(U32, Truth), (5, 11);
    }
}

crate::space! {
    /// State of a peer.
    pub static CFM_PEER_STATUS = "cfm_peer_status"; {
        /// Number of the end point.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_INSTANCE = 1 => "instance": Number(U32, Identifier), (5, 11);
        /// Identity of the peer.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_PEER_MEPID = 2 => "peer_mepid": Number(U32, Identifier), (5, 11);
        /// Whether the peer is silent.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_CCM_DEFECT = 3 => "ccm_defect": Number(U32, Truth), (5, 11);
        /// Whether the peer tells of a defect.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_RDI = 4 => "rdi": Number(U32, Truth), (5, 11);
        /// State of its port.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_PORT_TLV_VALUE = 5 => "port_tlv_value": Number(U8, Identifier), (5, 11);
        /// State of its link.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_IF_TLV_VALUE = 6 => "if_tlv_value": Number(U8, Identifier), (5, 11);
        /// Whether a message of the peer came.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_SEEN = 7 => "seen": Number(U32, Truth), (5, 11);
        /// Whether a message with a state came.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_TLV_SEEN = 8 => "tlv_seen": Number(U32, Truth), (5, 11);
        /// Whether a message out of sequence came.
        IFLA_BRIDGE_CFM_CC_PEER_STATUS_SEQ_UNEXP_SEEN = 9 => "seq_unexp_seen": Number(U32, Truth), (5, 11);
    }
}
