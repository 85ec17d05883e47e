//! Bonds and their ports (include/uapi/linux/if_link.h, drivers/net/bonding/bond_netlink.c).

use crate::{Name, names};

crate::space! {
    /// What a bond adds to a link.
    pub static BOND = "bond"; {
        /// How packets are spread over the ports.
        IFLA_BOND_MODE = 1 => "mode": Number(U8, OneOf(crate::names![(0, "balance-rr"), (1, "active-backup"),
            (2, "balance-xor"), (3, "broadcast"), (4, "802.3ad"), (5, "balance-tlb"), (6, "balance-alb")])), (3, 14);
        /// Port in use, where only one is.
        IFLA_BOND_ACTIVE_SLAVE = 2 => "active_slave": Number(U32, Interface), (3, 14);
        /// Time between two looks at the carrier of the ports; 0 for none.
        IFLA_BOND_MIIMON = 3 => "miimon": Number(U32, Milliseconds), (3, 14);
        /// Time for which a port has to be up before it is used.
        IFLA_BOND_UPDELAY = 4 => "updelay": Number(U32, Milliseconds), (3, 14);
        /// Time for which a port has to be down before it is given up.
        IFLA_BOND_DOWNDELAY = 5 => "downdelay": Number(U32, Milliseconds), (3, 14);
        /// Whether drivers are asked for the carrier in the way of today.
        IFLA_BOND_USE_CARRIER = 6 => "use_carrier": Number(U8, Truth), (3, 14);
        /// Time between two questions to the targets; 0 for none.
        IFLA_BOND_ARP_INTERVAL = 7 => "arp_interval": Number(U32, Milliseconds), (3, 14);
        /// IPv4 addresses that are asked for.
        IFLA_BOND_ARP_IP_TARGET = 8 => "arp_ip_target": Listed(&Address), (3, 14);
        /// On which ports answers are checked.
        IFLA_BOND_ARP_VALIDATE = 9 => "arp_validate": Number(U32, OneOf(crate::names![(0, "none"), (1, "active"),
            (2, "backup"), (3, "all"), (4, "filter"), (5, "filter-active"), (6, "filter-backup")])), (3, 14);
        /// Whether one target that answers is enough.
        IFLA_BOND_ARP_ALL_TARGETS = 10 => "arp_all_targets": Number(U32, OneOf(crate::names![(0, "any"), (1, "all")])),
            (3, 14);
        /// Port that is preferred.
        IFLA_BOND_PRIMARY = 11 => "primary": Number(U32, Interface), (3, 14);
        /// When the preferred port is taken again.
        IFLA_BOND_PRIMARY_RESELECT = 12 => "primary_reselect": Number(U8, OneOf(crate::names![(0, "always"),
            (1, "better"), (2, "failure")])), (3, 14);
        /// Whose link-layer address the bond has.
        IFLA_BOND_FAIL_OVER_MAC = 13 => "fail_over_mac": Number(U8, OneOf(crate::names![(0, "none"), (1, "active"),
            (2, "follow")])), (3, 14);
        /// What of a packet chooses its port.
        IFLA_BOND_XMIT_HASH_POLICY = 14 => "xmit_hash_policy": Number(U8, OneOf(crate::names![(0, "layer2"),
            (1, "layer3+4"), (2, "layer2+3"), (3, "encap2+3"), (4, "encap3+4"), (5, "vlan+srcmac")])), (3, 14);
        /// Reports of multicast groups that are sent when the port changes.
        IFLA_BOND_RESEND_IGMP = 15 => "resend_igmp": Number(U32, Count), (3, 14);
        /// Announcements that are sent when the port changes.
        IFLA_BOND_NUM_PEER_NOTIF = 16 => "num_peer_notif": Number(U8, Count), (3, 14);
        /// Whether packets are taken from ports that are not in use.
        IFLA_BOND_ALL_SLAVES_ACTIVE = 17 => "all_slaves_active": Number(U8, Truth), (3, 14);
        /// Ports that have to be up for the bond to be up.
        IFLA_BOND_MIN_LINKS = 18 => "min_links": Number(U32, Count), (3, 14);
        /// Time between packets from which switches learn.
        IFLA_BOND_LP_INTERVAL = 19 => "lp_interval": Number(U32, Seconds), (3, 14);
        /// Packets before the next port; 0 for at random.
        IFLA_BOND_PACKETS_PER_SLAVE = 20 => "packets_per_slave": Number(U32, Count), (3, 14);
        /// How often the peer is asked for LACP.
        IFLA_BOND_AD_LACP_RATE = 21 => "ad_lacp_rate": Number(U8, OneOf(crate::names![(0, "slow"), (1, "fast")])),
            (3, 14);
        /// How the aggregator is chosen.
        IFLA_BOND_AD_SELECT = 22 => "ad_select": Number(U8, OneOf(crate::names![(0, "stable"), (1, "bandwidth"),
            (2, "count"), (3, "prio")])), (3, 14);
        /// Aggregator in use.
        IFLA_BOND_AD_INFO = 23 => "ad_info": Nest(&BOND_AGGREGATOR), (3, 14);
        /// Priority of this system in LACP; told to who may change it.
        IFLA_BOND_AD_ACTOR_SYS_PRIO = 24 => "ad_actor_sys_prio": Number(U16, Identifier), (4, 2);
        /// Upper bits of the keys of ports; told to who may change it.
        IFLA_BOND_AD_USER_PORT_KEY = 25 => "ad_user_port_key": Number(U16, Identifier), (4, 2);
        /// Address of this system in LACP; told to who may change it.
        IFLA_BOND_AD_ACTOR_SYSTEM = 26 => "ad_actor_system": LinkAddress, (4, 2);
        /// Whether flows are moved as the load changes.
        IFLA_BOND_TLB_DYNAMIC_LB = 27 => "tlb_dynamic_lb": Number(U8, Truth), (4, 3);
        /// Time between announcements.
        IFLA_BOND_PEER_NOTIF_DELAY = 28 => "peer_notif_delay": Number(U32, Milliseconds), (5, 3);
        /// Whether LACP is spoken without being asked.
        IFLA_BOND_AD_LACP_ACTIVE = 29 => "ad_lacp_active": Number(U8, Truth), (5, 15);
        /// Questions without an answer that make a port down.
        IFLA_BOND_MISSED_MAX = 30 => "missed_max": Number(U8, Count), (5, 17);
        /// IPv6 addresses that are asked for.
        IFLA_BOND_NS_IP6_TARGET = 31 => "ns_ip6_target": Listed(&Address), (5, 18);
        /// Whether collecting and distributing begin together.
        IFLA_BOND_COUPLED_CONTROL = 32 => "coupled_control": Number(U8, Truth), (6, 9);
        /// Whether ARP and neighbour discovery go out of every port.
        IFLA_BOND_BROADCAST_NEIGH = 33 => "broadcast_neigh": Number(U8, Truth), (6, 17);
        /// Whether only ports whose partner speaks LACP are used.
        IFLA_BOND_LACP_STRICT = 34 => "lacp_strict": Number(U8, Truth), (7, 2);
    }
}

crate::space! {
    /// Aggregator of a bond.
    pub static BOND_AGGREGATOR = "bond_aggregator"; {
        /// Number of the aggregator.
        IFLA_BOND_AD_INFO_AGGREGATOR = 1 => "aggregator": Number(U16, Identifier), (3, 14);
        /// Ports of the aggregator.
        IFLA_BOND_AD_INFO_NUM_PORTS = 2 => "num_ports": Number(U16, Count), (3, 14);
        /// Key of this end.
        IFLA_BOND_AD_INFO_ACTOR_KEY = 3 => "actor_key": Number(U16, Identifier), (3, 14);
        /// Key of the other end.
        IFLA_BOND_AD_INFO_PARTNER_KEY = 4 => "partner_key": Number(U16, Identifier), (3, 14);
        /// Address of the other end.
        IFLA_BOND_AD_INFO_PARTNER_MAC = 5 => "partner_mac": LinkAddress, (3, 14);
    }
}

/// States of a port in LACP.
pub(crate) const PORT_STATE: &[Name] = names![
    (1, "lacp-activity"),
    (2, "lacp-timeout"),
    (4, "aggregation"),
    (8, "synchronization"),
    (16, "collecting"),
    (32, "distributing"),
    (64, "defaulted"),
    (128, "expired"),
];

crate::space! {
    /// What being a port of a bond adds to a link.
    pub static BOND_PORT = "bond_port"; {
        /// Whether the port is in use.
        IFLA_BOND_SLAVE_STATE = 1 => "state": Number(U8, OneOf(crate::names![(0, "active"), (1, "backup")])), (3, 14);
        /// State of the carrier; going down, or coming back, where a delay runs.
        IFLA_BOND_SLAVE_MII_STATUS = 2 => "mii_status": Number(U8, OneOf(crate::names![(0, "up"), (1, "fail"),
            (2, "down"), (3, "back")])), (3, 14);
        /// Times the port went down.
        IFLA_BOND_SLAVE_LINK_FAILURE_COUNT = 3 => "link_failure_count": Number(U32, Count), (3, 14);
        /// Link-layer address that the port had before.
        IFLA_BOND_SLAVE_PERM_HWADDR = 4 => "perm_hwaddr": LinkAddress, (3, 14);
        /// Queue of the bond that is bound to the port.
        IFLA_BOND_SLAVE_QUEUE_ID = 5 => "queue_id": Number(U16, Identifier), (3, 14);
        /// Aggregator that the port is part of.
        IFLA_BOND_SLAVE_AD_AGGREGATOR_ID = 6 => "ad_aggregator_id": Number(U16, Identifier), (3, 14);
        /// State of this end in LACP.
        IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE = 7 => "ad_actor_oper_port_state": Number(U8, SetOf(PORT_STATE)),
            (4, 2);
        /// State of the other end in LACP.
        IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE = 8 => "ad_partner_oper_port_state": Number(U16, SetOf(PORT_STATE)),
            (4, 2);
        /// Preference of the port; more is better.
        IFLA_BOND_SLAVE_PRIO = 9 => "prio": Number(I32, Identifier), (6, 0);
        /// Priority of the port in LACP; less is better.
        IFLA_BOND_SLAVE_ACTOR_PORT_PRIO = 10 => "actor_port_prio": Number(U16, Identifier), (6, 18);
        /// Whether this end keeps changing.
        IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE = 11 => "ad_churn_actor_state": Number(U8,
            OneOf(crate::names![(0, "monitor"), (1, "churn"), (2, "no-churn")])), (7, 1);
        /// Whether the other end keeps changing.
        IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE = 12 => "ad_churn_partner_state": Number(U8,
            OneOf(crate::names![(0, "monitor"), (1, "churn"), (2, "no-churn")])), (7, 1);
    }
}
