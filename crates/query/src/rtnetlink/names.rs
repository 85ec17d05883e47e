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
