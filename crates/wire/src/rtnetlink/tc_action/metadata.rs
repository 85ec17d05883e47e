//! Actions that change what goes with a packet: skbedit, tunnel_key, ife (include/uapi/linux/tc_act/,
//! net/sched/act_skbedit.c and others).

use crate::rtnetlink::tc_action::{ActionParameters, ActionTimes, VERDICTS};

crate::space! {
    /// What changing priority, queue and mark adds.
    pub static SKBEDIT = "skbedit"; {
        /// Times.
        TCA_SKBEDIT_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (2, 28);
        /// The action.
        TCA_SKBEDIT_PARMS = 2 => "": Structure(&ActionParameters::LAYOUT), (2, 28);
        /// Priority, or class.
        TCA_SKBEDIT_PRIORITY = 3 => "priority": Number(U32, Handle), (2, 28);
        /// Queue, or the first of several.
        TCA_SKBEDIT_QUEUE_MAPPING = 4 => "queue_mapping": Number(U16, Identifier), (2, 28);
        /// Mark.
        TCA_SKBEDIT_MARK = 5 => "mark": Number(U32, Hexadecimal), (2, 33);
        /// Whom the packet is for.
        TCA_SKBEDIT_PTYPE = 7 => "ptype": Number(U16, OneOf(crate::names![(0, "host"), (1, "broadcast"),
            (2, "multicast"), (3, "otherhost")])), (4, 8);
        /// Bits of the mark that are set.
        TCA_SKBEDIT_MASK = 8 => "mask": Number(U32, Hexadecimal), (4, 10);
        /// What changes.
        TCA_SKBEDIT_FLAGS = 9 => "flags": Number(U64, SetOf(crate::names![(1, "priority"), (2, "queue-mapping"),
            (4, "mark"), (8, "ptype"), (16, "mask"), (32, "inheritdsfield"), (64, "txq-skbhash")])), (4, 19);
        /// Last of several queues.
        TCA_SKBEDIT_QUEUE_MAPPING_MAX = 10 => "queue_mapping_max": Number(U16, Identifier), (5, 19);
    }
}

crate::layout! {
    /// A change of what tunnel a packet goes into.
    pub struct TunnelKeyOptions = tc_tunnel_key {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (4, 9);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (4, 9);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (4, 9);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (4, 9);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (4, 9);
        /// Whether the tunnel is set or taken away.
        t_action => t_action: i32 @ 20, OneOf(crate::names![(1, "set"), (2, "release")]), (4, 9);
    }
}

crate::space! {
    /// What setting the tunnel adds.
    pub static TUNNEL_KEY = "tunnel_key"; {
        /// Times.
        TCA_TUNNEL_KEY_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (4, 10);
        /// The action.
        TCA_TUNNEL_KEY_PARMS = 2 => "": Structure(&TunnelKeyOptions::LAYOUT), (4, 10);
        /// Source in IPv4.
        TCA_TUNNEL_KEY_ENC_IPV4_SRC = 3 => "enc_ipv4_src": Address, (4, 10);
        /// Destination in IPv4.
        TCA_TUNNEL_KEY_ENC_IPV4_DST = 4 => "enc_ipv4_dst": Address, (4, 10);
        /// Source in IPv6.
        TCA_TUNNEL_KEY_ENC_IPV6_SRC = 5 => "enc_ipv6_src": Address, (4, 10);
        /// Destination in IPv6.
        TCA_TUNNEL_KEY_ENC_IPV6_DST = 6 => "enc_ipv6_dst": Address, (4, 10);
        /// Number of the tunnel.
        TCA_TUNNEL_KEY_ENC_KEY_ID = 7 => "enc_key_id": Number(Be32, Identifier), (4, 10);
        /// Destination port.
        TCA_TUNNEL_KEY_ENC_DST_PORT = 9 => "enc_dst_port": Number(Be16, Identifier), (4, 10);
        /// Whether packets go without checksum.
        TCA_TUNNEL_KEY_NO_CSUM = 10 => "no_csum": Number(U8, Truth), (4, 13);
        /// Options of the tunnel.
        TCA_TUNNEL_KEY_ENC_OPTS = 11 => "enc_opts": Nest(&TUNNEL_KEY_OPTIONS), (4, 19);
        /// Type of service.
        TCA_TUNNEL_KEY_ENC_TOS = 12 => "enc_tos": Number(U8, Hexadecimal), (4, 19);
        /// Hop limit.
        TCA_TUNNEL_KEY_ENC_TTL = 13 => "enc_ttl": Number(U8, Count), (4, 19);
        /// Packets may not be split.
        TCA_TUNNEL_KEY_NO_FRAG = 14 => "no_frag": Flag, (6, 4);
    }
}

crate::space! {
    /// Options of a tunnel.
    pub static TUNNEL_KEY_OPTIONS = "tunnel_key_options"; {
        /// Options of GENEVE.
        TCA_TUNNEL_KEY_ENC_OPTS_GENEVE = 1 => "geneve": Repeated(&Nest(&TUNNEL_KEY_GENEVE)), (4, 19);
        /// Options of VXLAN.
        TCA_TUNNEL_KEY_ENC_OPTS_VXLAN = 2 => "vxlan": Nest(&TUNNEL_KEY_VXLAN), (5, 5);
        /// Options of ERSPAN.
        TCA_TUNNEL_KEY_ENC_OPTS_ERSPAN = 3 => "erspan": Nest(&TUNNEL_KEY_ERSPAN), (5, 5);
    }
}

crate::space! {
    /// An option of GENEVE.
    pub static TUNNEL_KEY_GENEVE = "tunnel_key_geneve"; {
        /// Who defines the option.
        TCA_TUNNEL_KEY_ENC_OPT_GENEVE_CLASS = 1 => "class": Number(Be16, Hexadecimal), (4, 19);
        /// Number of the option.
        TCA_TUNNEL_KEY_ENC_OPT_GENEVE_TYPE = 2 => "type": Number(U8, Hexadecimal), (4, 19);
        /// What it holds.
        TCA_TUNNEL_KEY_ENC_OPT_GENEVE_DATA = 3 => "data": Opaque, (4, 19);
    }
}

crate::space! {
    /// Options of VXLAN.
    pub static TUNNEL_KEY_VXLAN = "tunnel_key_vxlan"; {
        /// Group policy.
        TCA_TUNNEL_KEY_ENC_OPT_VXLAN_GBP = 1 => "gbp": Number(U32, Hexadecimal), (5, 5);
    }
}

crate::space! {
    /// Options of ERSPAN.
    pub static TUNNEL_KEY_ERSPAN = "tunnel_key_erspan"; {
        /// Version.
        TCA_TUNNEL_KEY_ENC_OPT_ERSPAN_VER = 1 => "ver": Number(U8, Identifier), (5, 5);
        /// Where mirrored packets come from, in version 1.
        TCA_TUNNEL_KEY_ENC_OPT_ERSPAN_INDEX = 2 => "index": Number(Be32, Hexadecimal), (5, 5);
        /// Which packets are mirrored, in version 2.
        TCA_TUNNEL_KEY_ENC_OPT_ERSPAN_DIR = 3 => "dir": Number(U8, OneOf(crate::names![(0, "ingress"), (1, "egress")])),
            (5, 5);
        /// Engine that mirrors, in version 2.
        TCA_TUNNEL_KEY_ENC_OPT_ERSPAN_HWID = 4 => "hwid": Number(U8, Hexadecimal), (5, 5);
    }
}

crate::layout! {
    /// Metadata that goes along in a frame.
    pub struct IfeOptions = tc_ife {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (4, 6);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (4, 6);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (4, 6);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (4, 6);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (4, 6);
        /// Whether metadata is put in or taken out.
        flags => flags: u16 @ 20, OneOf(crate::names![(0, "decode"), (1, "encode")]), (4, 6);
    }
}

crate::space! {
    /// What carrying metadata adds.
    pub static IFE = "ife"; {
        /// The action.
        TCA_IFE_PARMS = 1 => "": Structure(&IfeOptions::LAYOUT), (4, 6);
        /// Times.
        TCA_IFE_TM = 2 => "tm": Structure(&ActionTimes::LAYOUT), (4, 6);
        /// Destination of the frame.
        TCA_IFE_DMAC = 3 => "dmac": LinkAddress, (4, 6);
        /// Source of the frame.
        TCA_IFE_SMAC = 4 => "smac": LinkAddress, (4, 6);
        /// Protocol of the frame.
        TCA_IFE_TYPE = 5 => "type": Number(U16, Hexadecimal), (4, 6);
        /// What goes along; without a value where it is taken from each packet.
        TCA_IFE_METALST = 6 => "metalst": Nest(&IFE_METADATA), (4, 6);
    }
}

crate::space! {
    /// Metadata of a frame.
    pub static IFE_METADATA = "ife_metadata"; {
        /// Mark.
        IFE_META_SKBMARK = 1 => "skbmark": Number(U32, Hexadecimal), (4, 6);
        /// Hash.
        IFE_META_HASHID = 2 => "hashid": Number(U32, Hexadecimal), (4, 6);
        /// Priority.
        IFE_META_PRIO = 3 => "prio": Number(U32, Identifier), (4, 6);
        /// Queue.
        IFE_META_QMAP = 4 => "qmap": Number(U16, Identifier), (4, 6);
        /// Index of traffic control.
        IFE_META_TCINDEX = 5 => "tcindex": Number(U16, Hexadecimal), (4, 9);
    }
}
