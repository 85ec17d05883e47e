//! Filters by the headers of a packet (include/uapi/linux/pkt_cls.h, net/sched/cls_flower.c).

use crate::rtnetlink::tc_action::ACTION;
use crate::rtnetlink::tc_filter::{ETHERNET_PROTOCOLS, FILTER_FLAGS};
use crate::{Name, names};

/// States of a connection (`TCA_FLOWER_KEY_CT_FLAGS_*`).
pub(crate) const CONNECTION_STATES: &[Name] =
    names![(1, "new"), (2, "established"), (4, "related"), (8, "tracked"), (16, "invalid"), (32, "reply"),];

/// What a packet is (`TCA_FLOWER_KEY_FLAGS_*`).
pub(crate) const PACKET_FLAGS: &[Name] = names![
    (1, "is-fragment"),
    (2, "frag-is-first"),
    (4, "tunnel-csum"),
    (8, "tunnel-dont-fragment"),
    (16, "tunnel-oam"),
    (32, "tunnel-crit-opt"),
];

crate::space! {
    /// What a filter by headers adds.
    pub static FLOWER = "flower"; {
        /// Class that packets go to.
        TCA_FLOWER_CLASSID = 1 => "classid": Number(U32, Handle), (4, 2);
        /// Link that packets have to come from.
        TCA_FLOWER_INDEV = 2 => "indev": Text, (4, 2);
        /// Actions.
        TCA_FLOWER_ACT = 3 => "act": Listed(&Nest(&ACTION)), (4, 2);
        /// Destination of the link layer.
        TCA_FLOWER_KEY_ETH_DST = 4 => "key_eth_dst": LinkAddress, (4, 2);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ETH_DST_MASK = 5 => "key_eth_dst_mask": LinkAddress, (4, 2);
        /// Source of the link layer.
        TCA_FLOWER_KEY_ETH_SRC = 6 => "key_eth_src": LinkAddress, (4, 2);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ETH_SRC_MASK = 7 => "key_eth_src_mask": LinkAddress, (4, 2);
        /// Protocol of the packet.
        TCA_FLOWER_KEY_ETH_TYPE = 8 => "key_eth_type": Number(Be16, OneOf(ETHERNET_PROTOCOLS)), (4, 2);
        /// Protocol above IP.
        TCA_FLOWER_KEY_IP_PROTO = 9 => "key_ip_proto": Number(U8, Identifier), (4, 2);
        /// Source of IPv4.
        TCA_FLOWER_KEY_IPV4_SRC = 10 => "key_ipv4_src": Address, (4, 2);
        /// Bits of it that count.
        TCA_FLOWER_KEY_IPV4_SRC_MASK = 11 => "key_ipv4_src_mask": Address, (4, 2);
        /// Destination of IPv4.
        TCA_FLOWER_KEY_IPV4_DST = 12 => "key_ipv4_dst": Address, (4, 2);
        /// Bits of it that count.
        TCA_FLOWER_KEY_IPV4_DST_MASK = 13 => "key_ipv4_dst_mask": Address, (4, 2);
        /// Source of IPv6.
        TCA_FLOWER_KEY_IPV6_SRC = 14 => "key_ipv6_src": Address, (4, 2);
        /// Bits of it that count.
        TCA_FLOWER_KEY_IPV6_SRC_MASK = 15 => "key_ipv6_src_mask": Address, (4, 2);
        /// Destination of IPv6.
        TCA_FLOWER_KEY_IPV6_DST = 16 => "key_ipv6_dst": Address, (4, 2);
        /// Bits of it that count.
        TCA_FLOWER_KEY_IPV6_DST_MASK = 17 => "key_ipv6_dst_mask": Address, (4, 2);
        /// Source port of TCP.
        TCA_FLOWER_KEY_TCP_SRC = 18 => "key_tcp_src": Number(Be16, Identifier), (4, 2);
        /// Destination port of TCP.
        TCA_FLOWER_KEY_TCP_DST = 19 => "key_tcp_dst": Number(Be16, Identifier), (4, 2);
        /// Source port of UDP.
        TCA_FLOWER_KEY_UDP_SRC = 20 => "key_udp_src": Number(Be16, Identifier), (4, 2);
        /// Destination port of UDP.
        TCA_FLOWER_KEY_UDP_DST = 21 => "key_udp_dst": Number(Be16, Identifier), (4, 2);
        /// Where the filter works.
        TCA_FLOWER_FLAGS = 22 => "flags": Number(U32, SetOf(FILTER_FLAGS)), (4, 6);
        /// VLAN.
        TCA_FLOWER_KEY_VLAN_ID = 23 => "key_vlan_id": Number(U16, Identifier), (4, 9);
        /// Priority in the VLAN tag.
        TCA_FLOWER_KEY_VLAN_PRIO = 24 => "key_vlan_prio": Number(U8, Identifier), (4, 9);
        /// Protocol behind the VLAN tag.
        TCA_FLOWER_KEY_VLAN_ETH_TYPE = 25 => "key_vlan_eth_type": Number(Be16, OneOf(ETHERNET_PROTOCOLS)), (4, 9);
        /// Number of the tunnel.
        TCA_FLOWER_KEY_ENC_KEY_ID = 26 => "key_enc_key_id": Number(Be32, Identifier), (4, 9);
        /// Source of the tunnel in IPv4.
        TCA_FLOWER_KEY_ENC_IPV4_SRC = 27 => "key_enc_ipv4_src": Address, (4, 9);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_IPV4_SRC_MASK = 28 => "key_enc_ipv4_src_mask": Address, (4, 9);
        /// Destination of the tunnel in IPv4.
        TCA_FLOWER_KEY_ENC_IPV4_DST = 29 => "key_enc_ipv4_dst": Address, (4, 9);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_IPV4_DST_MASK = 30 => "key_enc_ipv4_dst_mask": Address, (4, 9);
        /// Source of the tunnel in IPv6.
        TCA_FLOWER_KEY_ENC_IPV6_SRC = 31 => "key_enc_ipv6_src": Address, (4, 9);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_IPV6_SRC_MASK = 32 => "key_enc_ipv6_src_mask": Address, (4, 9);
        /// Destination of the tunnel in IPv6.
        TCA_FLOWER_KEY_ENC_IPV6_DST = 33 => "key_enc_ipv6_dst": Address, (4, 9);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_IPV6_DST_MASK = 34 => "key_enc_ipv6_dst_mask": Address, (4, 9);
        /// Bits of the source port of TCP that count.
        TCA_FLOWER_KEY_TCP_SRC_MASK = 35 => "key_tcp_src_mask": Number(Be16, Hexadecimal), (4, 9);
        /// Bits of the destination port of TCP that count.
        TCA_FLOWER_KEY_TCP_DST_MASK = 36 => "key_tcp_dst_mask": Number(Be16, Hexadecimal), (4, 9);
        /// Bits of the source port of UDP that count.
        TCA_FLOWER_KEY_UDP_SRC_MASK = 37 => "key_udp_src_mask": Number(Be16, Hexadecimal), (4, 9);
        /// Bits of the destination port of UDP that count.
        TCA_FLOWER_KEY_UDP_DST_MASK = 38 => "key_udp_dst_mask": Number(Be16, Hexadecimal), (4, 9);
        /// Bits of the source port of SCTP that count.
        TCA_FLOWER_KEY_SCTP_SRC_MASK = 39 => "key_sctp_src_mask": Number(Be16, Hexadecimal), (4, 10);
        /// Bits of the destination port of SCTP that count.
        TCA_FLOWER_KEY_SCTP_DST_MASK = 40 => "key_sctp_dst_mask": Number(Be16, Hexadecimal), (4, 10);
        /// Source port of SCTP.
        TCA_FLOWER_KEY_SCTP_SRC = 41 => "key_sctp_src": Number(Be16, Identifier), (4, 10);
        /// Destination port of SCTP.
        TCA_FLOWER_KEY_SCTP_DST = 42 => "key_sctp_dst": Number(Be16, Identifier), (4, 10);
        /// Source port of the tunnel.
        TCA_FLOWER_KEY_ENC_UDP_SRC_PORT = 43 => "key_enc_udp_src_port": Number(Be16, Identifier), (4, 10);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_UDP_SRC_PORT_MASK = 44 => "key_enc_udp_src_port_mask": Number(Be16, Hexadecimal), (4, 10);
        /// Destination port of the tunnel.
        TCA_FLOWER_KEY_ENC_UDP_DST_PORT = 45 => "key_enc_udp_dst_port": Number(Be16, Identifier), (4, 10);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_UDP_DST_PORT_MASK = 46 => "key_enc_udp_dst_port_mask": Number(Be16, Hexadecimal), (4, 10);
        /// What the packet is.
        TCA_FLOWER_KEY_FLAGS = 47 => "key_flags": Number(Be32, SetOf(PACKET_FLAGS)), (4, 10);
        /// What of that counts.
        TCA_FLOWER_KEY_FLAGS_MASK = 48 => "key_flags_mask": Number(Be32, SetOf(PACKET_FLAGS)), (4, 10);
        /// Code of ICMP.
        TCA_FLOWER_KEY_ICMPV4_CODE = 49 => "key_icmpv4_code": Number(U8, Identifier), (4, 10);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ICMPV4_CODE_MASK = 50 => "key_icmpv4_code_mask": Number(U8, Hexadecimal), (4, 10);
        /// Type of ICMP.
        TCA_FLOWER_KEY_ICMPV4_TYPE = 51 => "key_icmpv4_type": Number(U8, Identifier), (4, 10);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ICMPV4_TYPE_MASK = 52 => "key_icmpv4_type_mask": Number(U8, Hexadecimal), (4, 10);
        /// Code of ICMPv6.
        TCA_FLOWER_KEY_ICMPV6_CODE = 53 => "key_icmpv6_code": Number(U8, Identifier), (4, 10);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ICMPV6_CODE_MASK = 54 => "key_icmpv6_code_mask": Number(U8, Hexadecimal), (4, 10);
        /// Type of ICMPv6.
        TCA_FLOWER_KEY_ICMPV6_TYPE = 55 => "key_icmpv6_type": Number(U8, Identifier), (4, 10);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ICMPV6_TYPE_MASK = 56 => "key_icmpv6_type_mask": Number(U8, Hexadecimal), (4, 10);
        /// IPv4 address of the sender in ARP.
        TCA_FLOWER_KEY_ARP_SIP = 57 => "key_arp_sip": Address, (4, 11);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ARP_SIP_MASK = 58 => "key_arp_sip_mask": Address, (4, 11);
        /// IPv4 address of the target in ARP.
        TCA_FLOWER_KEY_ARP_TIP = 59 => "key_arp_tip": Address, (4, 11);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ARP_TIP_MASK = 60 => "key_arp_tip_mask": Address, (4, 11);
        /// Operation of ARP.
        TCA_FLOWER_KEY_ARP_OP = 61 => "key_arp_op": Number(U8, OneOf(crate::names![(1, "request"), (2, "reply")])),
            (4, 11);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ARP_OP_MASK = 62 => "key_arp_op_mask": Number(U8, Hexadecimal), (4, 11);
        /// Link-layer address of the sender in ARP.
        TCA_FLOWER_KEY_ARP_SHA = 63 => "key_arp_sha": LinkAddress, (4, 11);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ARP_SHA_MASK = 64 => "key_arp_sha_mask": LinkAddress, (4, 11);
        /// Link-layer address of the target in ARP.
        TCA_FLOWER_KEY_ARP_THA = 65 => "key_arp_tha": LinkAddress, (4, 11);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ARP_THA_MASK = 66 => "key_arp_tha_mask": LinkAddress, (4, 11);
        /// Hop limit in the first label.
        TCA_FLOWER_KEY_MPLS_TTL = 67 => "key_mpls_ttl": Number(U8, Count), (4, 12);
        /// Whether the first label is the last.
        TCA_FLOWER_KEY_MPLS_BOS = 68 => "key_mpls_bos": Number(U8, Truth), (4, 12);
        /// Traffic class in the first label.
        TCA_FLOWER_KEY_MPLS_TC = 69 => "key_mpls_tc": Number(U8, Identifier), (4, 12);
        /// First label.
        TCA_FLOWER_KEY_MPLS_LABEL = 70 => "key_mpls_label": Number(U32, Identifier), (4, 12);
        /// Flags of TCP.
        TCA_FLOWER_KEY_TCP_FLAGS = 71 => "key_tcp_flags": Number(Be16, Hexadecimal), (4, 13);
        /// Bits of them that count.
        TCA_FLOWER_KEY_TCP_FLAGS_MASK = 72 => "key_tcp_flags_mask": Number(Be16, Hexadecimal), (4, 13);
        /// Type of service.
        TCA_FLOWER_KEY_IP_TOS = 73 => "key_ip_tos": Number(U8, Hexadecimal), (4, 13);
        /// Bits of it that count.
        TCA_FLOWER_KEY_IP_TOS_MASK = 74 => "key_ip_tos_mask": Number(U8, Hexadecimal), (4, 13);
        /// Hop limit.
        TCA_FLOWER_KEY_IP_TTL = 75 => "key_ip_ttl": Number(U8, Count), (4, 13);
        /// Bits of it that count.
        TCA_FLOWER_KEY_IP_TTL_MASK = 76 => "key_ip_ttl_mask": Number(U8, Hexadecimal), (4, 13);
        /// VLAN behind the first tag.
        TCA_FLOWER_KEY_CVLAN_ID = 77 => "key_cvlan_id": Number(U16, Identifier), (4, 19);
        /// Priority behind the first tag.
        TCA_FLOWER_KEY_CVLAN_PRIO = 78 => "key_cvlan_prio": Number(U8, Identifier), (4, 19);
        /// Protocol behind the second tag.
        TCA_FLOWER_KEY_CVLAN_ETH_TYPE = 79 => "key_cvlan_eth_type": Number(Be16, OneOf(ETHERNET_PROTOCOLS)), (4, 19);
        /// Type of service of the tunnel.
        TCA_FLOWER_KEY_ENC_IP_TOS = 80 => "key_enc_ip_tos": Number(U8, Hexadecimal), (4, 19);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_IP_TOS_MASK = 81 => "key_enc_ip_tos_mask": Number(U8, Hexadecimal), (4, 19);
        /// Hop limit of the tunnel.
        TCA_FLOWER_KEY_ENC_IP_TTL = 82 => "key_enc_ip_ttl": Number(U8, Count), (4, 19);
        /// Bits of it that count.
        TCA_FLOWER_KEY_ENC_IP_TTL_MASK = 83 => "key_enc_ip_ttl_mask": Number(U8, Hexadecimal), (4, 19);
        /// Options of the tunnel.
        TCA_FLOWER_KEY_ENC_OPTS = 84 => "key_enc_opts": Nest(&FLOWER_TUNNEL), (4, 19);
        /// Bits of them that count.
        TCA_FLOWER_KEY_ENC_OPTS_MASK = 85 => "key_enc_opts_mask": Nest(&FLOWER_TUNNEL), (4, 19);
        /// Devices that do the filtering themselves.
        TCA_FLOWER_IN_HW_COUNT = 86 => "in_hw_count": Number(U32, Count), (4, 20);
        /// First source port.
        TCA_FLOWER_KEY_PORT_SRC_MIN = 87 => "key_port_src_min": Number(Be16, Identifier), (5, 0);
        /// Last source port.
        TCA_FLOWER_KEY_PORT_SRC_MAX = 88 => "key_port_src_max": Number(Be16, Identifier), (5, 0);
        /// First destination port.
        TCA_FLOWER_KEY_PORT_DST_MIN = 89 => "key_port_dst_min": Number(Be16, Identifier), (5, 0);
        /// Last destination port.
        TCA_FLOWER_KEY_PORT_DST_MAX = 90 => "key_port_dst_max": Number(Be16, Identifier), (5, 0);
        /// State of the connection.
        TCA_FLOWER_KEY_CT_STATE = 91 => "key_ct_state": Number(U16, SetOf(CONNECTION_STATES)), (5, 3);
        /// States that count.
        TCA_FLOWER_KEY_CT_STATE_MASK = 92 => "key_ct_state_mask": Number(U16, SetOf(CONNECTION_STATES)), (5, 3);
        /// Zone of the connection.
        TCA_FLOWER_KEY_CT_ZONE = 93 => "key_ct_zone": Number(U16, Identifier), (5, 3);
        /// Bits of it that count.
        TCA_FLOWER_KEY_CT_ZONE_MASK = 94 => "key_ct_zone_mask": Number(U16, Hexadecimal), (5, 3);
        /// Mark of the connection.
        TCA_FLOWER_KEY_CT_MARK = 95 => "key_ct_mark": Number(U32, Hexadecimal), (5, 3);
        /// Bits of it that count.
        TCA_FLOWER_KEY_CT_MARK_MASK = 96 => "key_ct_mark_mask": Number(U32, Hexadecimal), (5, 3);
        /// Labels of the connection.
        TCA_FLOWER_KEY_CT_LABELS = 97 => "key_ct_labels": Opaque, (5, 3);
        /// Bits of them that count.
        TCA_FLOWER_KEY_CT_LABELS_MASK = 98 => "key_ct_labels_mask": Opaque, (5, 3);
        /// Labels.
        TCA_FLOWER_KEY_MPLS_OPTS = 99 => "key_mpls_opts": Nest(&FLOWER_LABELS), (5, 8);
        /// Hash of the packet.
        TCA_FLOWER_KEY_HASH = 100 => "key_hash": Number(U32, Hexadecimal), (5, 9);
        /// Bits of it that count.
        TCA_FLOWER_KEY_HASH_MASK = 101 => "key_hash_mask": Number(U32, Hexadecimal), (5, 9);
        /// VLAN tags.
        TCA_FLOWER_KEY_NUM_OF_VLANS = 102 => "key_num_of_vlans": Number(U8, Count), (5, 19);
        /// Session of PPPoE.
        TCA_FLOWER_KEY_PPPOE_SID = 103 => "key_pppoe_sid": Number(Be16, Identifier), (6, 0);
        /// Protocol of PPP.
        TCA_FLOWER_KEY_PPP_PROTO = 104 => "key_ppp_proto": Number(Be16, Hexadecimal), (6, 0);
        /// Session of L2TP.
        TCA_FLOWER_KEY_L2TPV3_SID = 105 => "key_l2tpv3_sid": Number(Be32, Identifier), (6, 1);
        /// Whether no forwarding entry was found.
        TCA_FLOWER_L2_MISS = 106 => "l2_miss": Number(U8, Truth), (6, 5);
        /// Connectivity fault management.
        TCA_FLOWER_KEY_CFM = 107 => "key_cfm": Nest(&FLOWER_CFM), (6, 5);
        /// Index of IPsec.
        TCA_FLOWER_KEY_SPI = 108 => "key_spi": Number(Be32, Hexadecimal), (6, 6);
        /// Bits of it that count.
        TCA_FLOWER_KEY_SPI_MASK = 109 => "key_spi_mask": Number(Be32, Hexadecimal), (6, 6);
        /// What the tunnel packet is.
        TCA_FLOWER_KEY_ENC_FLAGS = 110 => "key_enc_flags": Number(Be32, SetOf(PACKET_FLAGS)), (6, 11);
        /// What of that counts.
        TCA_FLOWER_KEY_ENC_FLAGS_MASK = 111 => "key_enc_flags_mask": Number(Be32, SetOf(PACKET_FLAGS)), (6, 11);
    }
}

crate::space! {
    /// Options of a tunnel.
    pub static FLOWER_TUNNEL = "flower_tunnel"; {
        /// Options of GENEVE.
        TCA_FLOWER_KEY_ENC_OPTS_GENEVE = 1 => "geneve": Repeated(&Nest(&FLOWER_GENEVE)), (4, 19);
        /// Options of VXLAN.
        TCA_FLOWER_KEY_ENC_OPTS_VXLAN = 2 => "vxlan": Nest(&FLOWER_VXLAN), (5, 5);
        /// Options of ERSPAN.
        TCA_FLOWER_KEY_ENC_OPTS_ERSPAN = 3 => "erspan": Nest(&FLOWER_ERSPAN), (5, 5);
        /// Options of GTP.
        TCA_FLOWER_KEY_ENC_OPTS_GTP = 4 => "gtp": Nest(&FLOWER_GTP), (5, 18);
        /// Options of PFCP.
        TCA_FLOWER_KEY_ENC_OPTS_PFCP = 5 => "pfcp": Nest(&FLOWER_PFCP), (6, 10);
    }
}

crate::space! {
    /// An option of GENEVE.
    pub static FLOWER_GENEVE = "flower_geneve"; {
        /// Who defines the option.
        TCA_FLOWER_KEY_ENC_OPT_GENEVE_CLASS = 1 => "class": Number(Be16, Hexadecimal), (4, 19);
        /// Number of the option.
        TCA_FLOWER_KEY_ENC_OPT_GENEVE_TYPE = 2 => "type": Number(U8, Hexadecimal), (4, 19);
        /// What it holds.
        TCA_FLOWER_KEY_ENC_OPT_GENEVE_DATA = 3 => "data": Opaque, (4, 19);
    }
}

crate::space! {
    /// Options of VXLAN.
    pub static FLOWER_VXLAN = "flower_vxlan"; {
        /// Group policy.
        TCA_FLOWER_KEY_ENC_OPT_VXLAN_GBP = 1 => "gbp": Number(U32, Hexadecimal), (5, 5);
    }
}

crate::space! {
    /// Options of ERSPAN.
    pub static FLOWER_ERSPAN = "flower_erspan"; {
        /// Version.
        TCA_FLOWER_KEY_ENC_OPT_ERSPAN_VER = 1 => "ver": Number(U8, Identifier), (5, 5);
        /// Where mirrored packets come from, in version 1.
        TCA_FLOWER_KEY_ENC_OPT_ERSPAN_INDEX = 2 => "index": Number(Be32, Hexadecimal), (5, 5);
        /// Which packets are mirrored, in version 2.
        TCA_FLOWER_KEY_ENC_OPT_ERSPAN_DIR = 3 => "dir": Number(U8, OneOf(crate::names![(0, "ingress"), (1, "egress")])),
            (5, 5);
        /// Engine that mirrors, in version 2.
        TCA_FLOWER_KEY_ENC_OPT_ERSPAN_HWID = 4 => "hwid": Number(U8, Hexadecimal), (5, 5);
    }
}

crate::space! {
    /// Options of GTP.
    pub static FLOWER_GTP = "flower_gtp"; {
        /// Type of the packet.
        TCA_FLOWER_KEY_ENC_OPT_GTP_PDU_TYPE = 1 => "pdu_type": Number(U8, Identifier), (5, 18);
        /// Flow of quality.
        TCA_FLOWER_KEY_ENC_OPT_GTP_QFI = 2 => "qfi": Number(U8, Identifier), (5, 18);
    }
}

crate::space! {
    /// Options of PFCP.
    pub static FLOWER_PFCP = "flower_pfcp"; {
        /// Whether there is a session.
        TCA_FLOWER_KEY_ENC_OPT_PFCP_TYPE = 1 => "type": Number(U8, Identifier), (6, 10);
        /// Session.
        TCA_FLOWER_KEY_ENC_OPT_PFCP_SEID = 2 => "seid": Number(Be64, Identifier), (6, 10);
    }
}

crate::space! {
    /// Labels.
    pub static FLOWER_LABELS = "flower_labels"; {
        /// Labels.
        TCA_FLOWER_KEY_MPLS_OPTS_LSE = 1 => "labels": Repeated(&Nest(&FLOWER_LABEL)), (5, 8);
    }
}

crate::space! {
    /// One label.
    pub static FLOWER_LABEL = "flower_label"; {
        /// Place of the label, 1 for the first.
        TCA_FLOWER_KEY_MPLS_OPT_LSE_DEPTH = 1 => "depth": Number(U8, Count), (5, 8);
        /// Hop limit.
        TCA_FLOWER_KEY_MPLS_OPT_LSE_TTL = 2 => "ttl": Number(U8, Count), (5, 8);
        /// Whether it is the last.
        TCA_FLOWER_KEY_MPLS_OPT_LSE_BOS = 3 => "bos": Number(U8, Truth), (5, 8);
        /// Traffic class.
        TCA_FLOWER_KEY_MPLS_OPT_LSE_TC = 4 => "tc": Number(U8, Identifier), (5, 8);
        /// Label.
        TCA_FLOWER_KEY_MPLS_OPT_LSE_LABEL = 5 => "label": Number(U32, Identifier), (5, 8);
    }
}

crate::space! {
    /// Connectivity fault management.
    pub static FLOWER_CFM = "flower_cfm"; {
        /// Level of the domain.
        TCA_FLOWER_KEY_CFM_MD_LEVEL = 1 => "md_level": Number(U8, Identifier), (6, 5);
        /// Kind of the message.
        TCA_FLOWER_KEY_CFM_OPCODE = 2 => "opcode": Number(U8, Identifier), (6, 5);
    }
}
