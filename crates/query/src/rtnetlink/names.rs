//! Names of numbers that fields made by hand have.

use sockeye_wire::{Name, names};

/// Routing tables that the kernel itself knows (`enum rt_class_t`, include/uapi/linux/rtnetlink.h).
pub(crate) const ROUTING_TABLES: &[Name] = names![(252, "compat"), (253, "default"), (254, "main"), (255, "local")];

/// `IFA_F_*` (include/uapi/linux/if_addr.h).
pub(crate) const ADDRESS_FLAGS: &[Name] = names![
    (0x01, "secondary"),
    (0x02, "nodad"),
    (0x04, "optimistic"),
    (0x08, "dadfailed"),
    (0x10, "homeaddress"),
    (0x20, "deprecated"),
    (0x40, "tentative"),
    (0x80, "permanent"),
    (0x100, "managetempaddr"),
    (0x200, "noprefixroute"),
    (0x400, "mcautojoin"),
    (0x800, "stable-privacy"),
];

/// `ETH_P_*` (include/uapi/linux/if_ether.h), as far as people filter by them.
pub(crate) const ETHERTYPES: &[Name] = names![
    (0x0003, "all"),
    (0x0004, "802_2"),
    (0x0800, "ip"),
    (0x0806, "arp"),
    (0x8035, "rarp"),
    (0x8100, "802.1q"),
    (0x86dd, "ipv6"),
    (0x8847, "mpls_uc"),
    (0x8848, "mpls_mc"),
    (0x8863, "ppp_disc"),
    (0x8864, "ppp_ses"),
    (0x88a8, "802.1ad"),
    (0x88cc, "lldp"),
];
