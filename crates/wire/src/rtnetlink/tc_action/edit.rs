//! Actions that change a packet: pedit, nat, csum, vlan, mpls, skbmod (include/uapi/linux/tc_act/,
//! net/sched/act_pedit.c and others).

use crate::Counted;
use crate::rtnetlink::link::bridge::VLAN_PROTOCOLS;
use crate::rtnetlink::tc_action::{ActionTimes, VERDICTS};
use crate::rtnetlink::tc_filter::ETHERNET_PROTOCOLS;

crate::layout! {
    /// Changes of a packet.
    pub struct PeditOptions = tc_pedit_sel {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (2, 12);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (2, 12);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (2, 12);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (2, 12);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (2, 12);
        /// Changes that follow.
        nkeys => nkeys: u8 @ 20, Count, (2, 12);
        /// Of no meaning any more.
        flags => flags: u8 @ 21, Hexadecimal, (2, 12);
    }
}

crate::layout! {
    /// One change of 4 bytes.
    pub struct PeditKey = tc_pedit_key {
        /// Bits that stay.
        mask => mask: be32 @ 0, Hexadecimal, (2, 12);
        /// Bits that are put in.
        val => val: be32 @ 4, Hexadecimal, (2, 12);
        /// Place in the header.
        off => off: u32 @ 8, Bytes, (2, 12);
        /// Place of a number that moves it.
        at => at: u32 @ 12, Bytes, (2, 12);
        /// Bits of that number.
        offmask => offmask: u32 @ 16, Hexadecimal, (2, 12);
        /// Bits by which that number is moved.
        shift => shift: u32 @ 20, Count, (2, 12);
    }
}

/// Changes of a packet.
pub(crate) static PEDIT_KEYS: Counted = Counted {
    head: &PeditOptions::LAYOUT,
    head_len: 24,
    count_at: 20,
    more: 0,
    name: "keys",
    item: &PeditKey::LAYOUT,
    item_len: 24,
};

crate::space! {
    /// What changing any bits adds.
    pub static PEDIT = "pedit"; {
        /// Times.
        TCA_PEDIT_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (2, 12);
        /// The action and its changes, without what headers they are in.
        TCA_PEDIT_PARMS = 2 => "": Counted(&PEDIT_KEYS), (2, 12);
        /// The action and its changes.
        TCA_PEDIT_PARMS_EX = 4 => "": Counted(&PEDIT_KEYS), (4, 11);
        /// Headers that the changes are in.
        TCA_PEDIT_KEYS_EX = 5 => "keys_ex": Listed(&Nest(&PEDIT_KEY)), (4, 11);
    }
}

crate::space! {
    /// Header that a change is in.
    pub static PEDIT_KEY = "pedit_key"; {
        /// Header.
        TCA_PEDIT_KEY_EX_HTYPE = 1 => "htype": Number(U16, OneOf(crate::names![(0, "network"), (1, "eth"), (2, "ip4"),
            (3, "ip6"), (4, "tcp"), (5, "udp")])), (4, 11);
        /// Whether bits are put in or added.
        TCA_PEDIT_KEY_EX_CMD = 2 => "cmd": Number(U16, OneOf(crate::names![(0, "set"), (1, "add")])), (4, 11);
    }
}

crate::layout! {
    /// Translation of addresses.
    pub struct NatOptions = tc_nat {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (2, 24);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (2, 24);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (2, 24);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (2, 24);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (2, 24);
        /// Address that is translated.
        old_addr => old_addr: [address; 4] @ 20, (2, 24);
        /// Address that it becomes.
        new_addr => new_addr: [address; 4] @ 24, (2, 24);
        /// Bits of it that count.
        mask => mask: [address; 4] @ 28, (2, 24);
        /// Whether the source is translated.
        flags => flags: u32 @ 32, SetOf(crate::names![(1, "egress")]), (2, 24);
    }
}

crate::space! {
    /// What translating addresses adds.
    pub static NAT = "nat"; {
        /// The action.
        TCA_NAT_PARMS = 1 => "": Structure(&NatOptions::LAYOUT), (2, 24);
        /// Times.
        TCA_NAT_TM = 2 => "tm": Structure(&ActionTimes::LAYOUT), (2, 24);
    }
}

crate::layout! {
    /// Checksums that are reckoned anew.
    pub struct CsumOptions = tc_csum {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (2, 36);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (2, 36);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (2, 36);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (2, 36);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (2, 36);
        /// Checksums.
        update_flags => update_flags: u32 @ 20, SetOf(crate::names![(1, "ipv4hdr"), (2, "icmp"), (4, "igmp"),
            (8, "tcp"), (16, "udp"), (32, "udplite"), (64, "sctp")]), (2, 36);
    }
}

crate::space! {
    /// What reckoning checksums anew adds.
    pub static CSUM = "csum"; {
        /// The action.
        TCA_CSUM_PARMS = 1 => "": Structure(&CsumOptions::LAYOUT), (2, 37);
        /// Times.
        TCA_CSUM_TM = 2 => "tm": Structure(&ActionTimes::LAYOUT), (2, 37);
    }
}

crate::layout! {
    /// A change of VLAN tags.
    pub struct VlanOptions = tc_vlan {
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
        /// What happens to the tag or the header.
        v_action => v_action: i32 @ 20, OneOf(crate::names![(1, "pop"), (2, "push"), (3, "modify"), (4, "pop-eth"),
            (5, "push-eth")]), (3, 19);
    }
}

crate::space! {
    /// What changing VLAN tags adds.
    pub static ACTION_VLAN = "vlan_action"; {
        /// Times.
        TCA_VLAN_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (3, 19);
        /// The action.
        TCA_VLAN_PARMS = 2 => "": Structure(&VlanOptions::LAYOUT), (3, 19);
        /// VLAN.
        TCA_VLAN_PUSH_VLAN_ID = 3 => "push_vlan_id": Number(U16, Identifier), (3, 19);
        /// Protocol of the tag.
        TCA_VLAN_PUSH_VLAN_PROTOCOL = 4 => "push_vlan_protocol": Number(Be16, OneOf(VLAN_PROTOCOLS)), (3, 19);
        /// Priority in the tag.
        TCA_VLAN_PUSH_VLAN_PRIORITY = 6 => "push_vlan_priority": Number(U8, Identifier), (4, 9);
        /// Destination of the header.
        TCA_VLAN_PUSH_ETH_DST = 7 => "push_eth_dst": LinkAddress, (5, 10);
        /// Source of the header.
        TCA_VLAN_PUSH_ETH_SRC = 8 => "push_eth_src": LinkAddress, (5, 10);
    }
}

crate::layout! {
    /// A change of MPLS labels.
    pub struct MplsOptions = tc_mpls {
        /// Number of the action among those of its kind.
        index => index: u32 @ 0, Identifier, (5, 3);
        /// Of no meaning any more.
        capab => capab: u32 @ 4, Hexadecimal, (5, 3);
        /// What happens to the packet then.
        action => action: i32 @ 8, OneOf(VERDICTS), (5, 3);
        /// References to the action.
        refcnt => refcnt: i32 @ 12, Count, (5, 3);
        /// Filters that use the action.
        bindcnt => bindcnt: i32 @ 16, Count, (5, 3);
        /// What happens to the label.
        m_action => m_action: i32 @ 20, OneOf(crate::names![(1, "pop"), (2, "push"), (3, "modify"), (4, "dec-ttl"),
            (5, "mac-push")]), (5, 3);
    }
}

crate::space! {
    /// What changing MPLS labels adds.
    pub static ACTION_MPLS = "mpls_action"; {
        /// Times.
        TCA_MPLS_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (5, 3);
        /// The action.
        TCA_MPLS_PARMS = 2 => "": Structure(&MplsOptions::LAYOUT), (5, 3);
        /// Protocol of the packet then.
        TCA_MPLS_PROTO = 4 => "proto": Number(Be16, OneOf(ETHERNET_PROTOCOLS)), (5, 3);
        /// Label.
        TCA_MPLS_LABEL = 5 => "label": Number(U32, Identifier), (5, 3);
        /// Traffic class.
        TCA_MPLS_TC = 6 => "tc": Number(U8, Identifier), (5, 3);
        /// Hop limit.
        TCA_MPLS_TTL = 7 => "ttl": Number(U8, Count), (5, 3);
        /// Whether it is the last label.
        TCA_MPLS_BOS = 8 => "bos": Number(U8, Truth), (5, 3);
    }
}

crate::layout! {
    /// A change of the link-layer header.
    pub struct SkbmodOptions = tc_skbmod {
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
        /// What changes.
        flags => flags: u64 @ 24, SetOf(crate::names![(1, "dmac"), (2, "smac"), (4, "etype"), (8, "swapmac"),
            (16, "ecn")]), (4, 9);
    }
}

crate::space! {
    /// What changing the link-layer header adds.
    pub static SKBMOD = "skbmod"; {
        /// Times.
        TCA_SKBMOD_TM = 1 => "tm": Structure(&ActionTimes::LAYOUT), (4, 11);
        /// The action.
        TCA_SKBMOD_PARMS = 2 => "": Structure(&SkbmodOptions::LAYOUT), (4, 11);
        /// Destination.
        TCA_SKBMOD_DMAC = 3 => "dmac": LinkAddress, (4, 11);
        /// Source.
        TCA_SKBMOD_SMAC = 4 => "smac": LinkAddress, (4, 11);
        /// Protocol.
        TCA_SKBMOD_ETYPE = 5 => "etype": Number(U16, Hexadecimal), (4, 11);
    }
}
