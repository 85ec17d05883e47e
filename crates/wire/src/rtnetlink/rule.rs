//! Rules that choose a routing table: `struct fib_rule_hdr` and the attributes behind it
//! (include/uapi/linux/fib_rules.h, net/core/fib_rules.c).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::route::{PROTOCOLS, TABLES};

crate::layout! {
    /// One rule (`struct fib_rule_hdr`).
    pub struct RuleMessage = fib_rule_hdr {
        /// Address family.
        family => family: u8 @ 0, OneOf(FAMILIES), (2, 19);
        /// Bits of the destination's prefix.
        dst_len => dst_len: u8 @ 1, Count, (2, 19);
        /// Bits of the source's prefix.
        src_len => src_len: u8 @ 2, Count, (2, 19);
        /// Type of service that packets have to have.
        tos => tos: u8 @ 3, Hexadecimal, (2, 19);
        /// Routing table, where its number is below 256; the attribute always has it.
        table => header_table: u8 @ 4, OneOf(TABLES), (2, 19);
        /// What the rule does with packets.
        action => action: u8 @ 7, OneOf(crate::names![(0, "unspec"), (1, "to-tbl"), (2, "goto"), (3, "nop"),
            (6, "blackhole"), (7, "unreachable"), (8, "prohibit")]), (2, 19);
        /// What is to say of the rule.
        flags => flags: u32 @ 8, SetOf(crate::names![(0x1, "permanent"), (0x2, "invert"), (0x4, "unresolved"),
            (0x8, "iif-detached"), (0x10, "oif-detached"), (0x10000, "find-saddr")]), (2, 19);
    }
}

crate::layout! {
    /// Users from one to another.
    pub struct UserRange = fib_rule_uid_range {
        /// First user.
        start => start: u32 @ 0, Identifier, (4, 10);
        /// Last user.
        end => end: u32 @ 4, Identifier, (4, 10);
    }
}

crate::layout! {
    /// Ports from one to another.
    pub struct PortRange = fib_rule_port_range {
        /// First port.
        start => start: u16 @ 0, Identifier, (4, 17);
        /// Last port.
        end => end: u16 @ 2, Identifier, (4, 17);
    }
}

crate::space! {
    /// Attributes of a rule.
    pub static RULE = "rule", header &RuleMessage::LAYOUT, 12; {
        /// Destination prefix that packets have to have.
        FRA_DST = 1 => "dst": Address, (2, 19);
        /// Source prefix that packets have to have.
        FRA_SRC = 2 => "src": Address, (2, 19);
        /// Link that packets have to come from.
        FRA_IIFNAME = 3 => "iifname": Text, (2, 33);
        /// Priority of the rule to go on with.
        FRA_GOTO = 4 => "goto": Number(U32, Count), (2, 23);
        /// Place of the rule; less is earlier.
        FRA_PRIORITY = 6 => "priority": Number(U32, Count), (2, 19);
        /// Mark that packets have to have.
        FRA_FWMARK = 10 => "fwmark": Number(U32, Hexadecimal), (2, 19);
        /// Realms that packets get: source in the upper half, destination in the lower.
        FRA_FLOW = 11 => "flow": Number(U32, Hexadecimal), (2, 19);
        /// Tunnel that packets have to come from.
        FRA_TUN_ID = 12 => "tun_id": Number(Be64, Identifier), (4, 3);
        /// Group of links whose routes are passed over.
        FRA_SUPPRESS_IFGROUP = 13 => "suppress_ifgroup": Number(I32, Identifier), (3, 12);
        /// Routes with prefixes not longer than this are passed over; -1 for none.
        FRA_SUPPRESS_PREFIXLEN = 14 => "suppress_prefixlen": Number(I32, Count), (3, 12);
        /// Routing table.
        FRA_TABLE = 15 => "table": Number(U32, OneOf(TABLES)), (2, 19);
        /// Bits of the mark that count.
        FRA_FWMASK = 16 => "fwmask": Number(U32, Hexadecimal), (2, 19);
        /// Link that packets have to be bound to.
        FRA_OIFNAME = 17 => "oifname": Text, (2, 33);
        /// Whether the table is that of the VRF.
        FRA_L3MDEV = 19 => "l3mdev": Number(U8, Truth), (4, 8);
        /// Users whose packets they have to be.
        FRA_UID_RANGE = 20 => "uid_range": Structure(&UserRange::LAYOUT), (4, 10);
        /// Who made the rule.
        FRA_PROTOCOL = 21 => "protocol": Number(U8, OneOf(PROTOCOLS)), (4, 17);
        /// Protocol that packets have to have.
        FRA_IP_PROTO = 22 => "ip_proto": Number(U8, Identifier), (4, 17);
        /// Source ports that packets have to have.
        FRA_SPORT_RANGE = 23 => "sport_range": Structure(&PortRange::LAYOUT), (4, 17);
        /// Destination ports that packets have to have.
        FRA_DPORT_RANGE = 24 => "dport_range": Structure(&PortRange::LAYOUT), (4, 17);
        /// Differentiated services that packets have to have.
        FRA_DSCP = 25 => "dscp": Number(U8, Hexadecimal), (6, 12);
        /// Flow label that packets have to have.
        FRA_FLOWLABEL = 26 => "flowlabel": Number(Be32, Hexadecimal), (6, 14);
        /// Bits of the flow label that count.
        FRA_FLOWLABEL_MASK = 27 => "flowlabel_mask": Number(Be32, Hexadecimal), (6, 14);
        /// Bits of the source port that count.
        FRA_SPORT_MASK = 28 => "sport_mask": Number(U16, Hexadecimal), (6, 15);
        /// Bits of the destination port that count.
        FRA_DPORT_MASK = 29 => "dport_mask": Number(U16, Hexadecimal), (6, 15);
        /// Bits of the differentiated services that count.
        FRA_DSCP_MASK = 30 => "dscp_mask": Number(U8, Hexadecimal), (6, 15);
    }
}
