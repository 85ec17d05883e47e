//! Actions that ask connection tracking: ct, connmark, ctinfo (include/uapi/linux/tc_act/, net/sched/act_ct.c and
//! others).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::tc_action::{ActionParameters, ActionTimes, VERDICTS};

crate::space! {
    /// What connection tracking adds.
    pub static CT = "ct"; {
        /// The action.
        TCA_CT_PARMS = 1 => "": Structure(&ActionParameters::LAYOUT), (5, 4);
        /// Times.
        TCA_CT_TM = 2 => "tm": Structure(&ActionTimes::LAYOUT), (5, 4);
        /// What happens to the connection.
        TCA_CT_ACTION = 3 => "ct_action": Number(U16, SetOf(crate::names![(1, "commit"), (2, "force"), (4, "clear"),
            (8, "nat"), (16, "nat-src"), (32, "nat-dst")])), (5, 4);
        /// Zone.
        TCA_CT_ZONE = 4 => "zone": Number(U16, Identifier), (5, 4);
        /// Mark that the connection gets.
        TCA_CT_MARK = 5 => "mark": Number(U32, Hexadecimal), (5, 4);
        /// Bits of it that are set.
        TCA_CT_MARK_MASK = 6 => "mark_mask": Number(U32, Hexadecimal), (5, 4);
        /// Labels that the connection gets.
        TCA_CT_LABELS = 7 => "labels": Opaque, (5, 4);
        /// Bits of them that are set.
        TCA_CT_LABELS_MASK = 8 => "labels_mask": Opaque, (5, 4);
        /// First address of IPv4.
        TCA_CT_NAT_IPV4_MIN = 9 => "nat_ipv4_min": Address, (5, 4);
        /// Last address of IPv4.
        TCA_CT_NAT_IPV4_MAX = 10 => "nat_ipv4_max": Address, (5, 4);
        /// First address of IPv6.
        TCA_CT_NAT_IPV6_MIN = 11 => "nat_ipv6_min": Address, (5, 4);
        /// Last address of IPv6.
        TCA_CT_NAT_IPV6_MAX = 12 => "nat_ipv6_max": Address, (5, 4);
        /// First port.
        TCA_CT_NAT_PORT_MIN = 13 => "nat_port_min": Number(Be16, Identifier), (5, 4);
        /// Last port.
        TCA_CT_NAT_PORT_MAX = 14 => "nat_port_max": Number(Be16, Identifier), (5, 4);
        /// Helper of the connection.
        TCA_CT_HELPER_NAME = 16 => "helper_name": Text, (6, 2);
        /// Address family of the helper.
        TCA_CT_HELPER_FAMILY = 17 => "helper_family": Number(U8, OneOf(FAMILIES)), (6, 2);
        /// Protocol of the helper.
        TCA_CT_HELPER_PROTO = 18 => "helper_proto": Number(U8, Identifier), (6, 2);
    }
}

crate::layout! {
    /// Zone whose mark packets get.
    pub struct ConnmarkOptions = tc_connmark {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (3, 19);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (3, 19);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (3, 19);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (3, 19);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (3, 19);
        /// Zone.
        zone => zone: u16 @ 20, Identifier, (3, 19);
    }
}

crate::space! {
    /// What taking the mark of the connection adds.
    pub static CONNMARK = "connmark"; {
        /// The action.
        TCA_CONNMARK_PARMS = 1 => "": Structure(&ConnmarkOptions::LAYOUT), (4, 1);
        /// Times.
        TCA_CONNMARK_TM = 2 => "tm": Structure(&ActionTimes::LAYOUT), (4, 1);
    }
}

crate::space! {
    /// What taking the differentiated services of the connection adds.
    pub static CTINFO = "ctinfo"; {
        /// Times.
        TCA_CTINFO_TM = 2 => "tm": Structure(&ActionTimes::LAYOUT), (5, 3);
        /// The action.
        TCA_CTINFO_ACT = 3 => "": Structure(&ActionParameters::LAYOUT), (5, 3);
        /// Zone.
        TCA_CTINFO_ZONE = 4 => "zone": Number(U16, Identifier), (5, 3);
        /// Bits of the connection's mark that hold them.
        TCA_CTINFO_PARMS_DSCP_MASK = 5 => "parms_dscp_mask": Number(U32, Hexadecimal), (5, 3);
        /// Bits of the mark that say whether they are there.
        TCA_CTINFO_PARMS_DSCP_STATEMASK = 6 => "parms_dscp_statemask": Number(U32, Hexadecimal), (5, 3);
        /// Bits of the mark that packets get.
        TCA_CTINFO_PARMS_CPMARK_MASK = 7 => "parms_cpmark_mask": Number(U32, Hexadecimal), (5, 3);
        /// Packets that got them.
        TCA_CTINFO_STATS_DSCP_SET = 8 => "stats_dscp_set": Number(U64, Count), (5, 3);
        /// Packets that could not.
        TCA_CTINFO_STATS_DSCP_ERROR = 9 => "stats_dscp_error": Number(U64, Count), (5, 3);
        /// Packets that got the mark.
        TCA_CTINFO_STATS_CPMARK_SET = 10 => "stats_cpmark_set": Number(U64, Count), (5, 3);
    }
}
