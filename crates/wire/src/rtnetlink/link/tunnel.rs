//! Tunnels of GRE, ERSPAN, IPIP, SIT, ip6tnl and VTI (include/uapi/linux/if_tunnel.h).

use crate::{Name, names};

/// What a tunnel packet is wrapped in (`TUNNEL_ENCAP_*`).
pub(crate) const ENCAPSULATIONS: &[Name] = names![(0, "none"), (1, "fou"), (2, "gue"), (3, "mpls")];

/// How it is wrapped (`TUNNEL_ENCAP_FLAG_*`).
pub(crate) const ENCAPSULATION_FLAGS: &[Name] = names![(1, "csum"), (2, "csum6"), (4, "remcsum")];

/// What a GRE header carries (`GRE_*`).
pub(crate) const GRE_FLAGS: &[Name] =
    names![(0x8000, "csum"), (0x4000, "routing"), (0x2000, "key"), (0x1000, "seq"), (0x800, "strict"), (0x80, "ack"),];

/// How a tunnel over IPv6 makes its packets (`IP6_TNL_F_*`).
pub(crate) const IP6_TUNNEL_FLAGS: &[Name] = names![
    (0x1, "ign-encap-limit"),
    (0x2, "use-orig-tclass"),
    (0x4, "use-orig-flowlabel"),
    (0x8, "mip6-dev"),
    (0x10, "rcv-dscp-copy"),
    (0x20, "use-orig-fwmark"),
    (0x40, "allow-local-remote"),
    (0x10000, "cap-xmit"),
    (0x20000, "cap-rcv"),
    (0x40000, "cap-per-packet"),
];

crate::space! {
    /// What a GRE or ERSPAN tunnel adds to a link.
    pub static GRE = "gre"; {
        /// Link below.
        IFLA_GRE_LINK = 1 => "link": Number(U32, LowerInterface), (2, 28);
        /// What received packets have to carry.
        IFLA_GRE_IFLAGS = 2 => "iflags": Number(Be16, SetOf(GRE_FLAGS)), (2, 28);
        /// What sent packets carry.
        IFLA_GRE_OFLAGS = 3 => "oflags": Number(Be16, SetOf(GRE_FLAGS)), (2, 28);
        /// Key of received packets.
        IFLA_GRE_IKEY = 4 => "ikey": Number(Be32, Hexadecimal), (2, 28);
        /// Key of sent packets.
        IFLA_GRE_OKEY = 5 => "okey": Number(Be32, Hexadecimal), (2, 28);
        /// Source address of tunnel packets.
        IFLA_GRE_LOCAL = 6 => "local": Address, (2, 28);
        /// Where tunnel packets are sent.
        IFLA_GRE_REMOTE = 7 => "remote": Address, (2, 28);
        /// Hop limit of tunnel packets; 0 to take that of the packet inside.
        IFLA_GRE_TTL = 8 => "ttl": Number(U8, Count), (2, 28);
        /// Type of service of tunnel packets; 1 to take that of the packet inside.
        IFLA_GRE_TOS = 9 => "tos": Number(U8, Hexadecimal), (2, 28);
        /// Whether tunnel packets may not be split.
        IFLA_GRE_PMTUDISC = 10 => "pmtudisc": Number(U8, Truth), (2, 28);
        /// How often packets may be wrapped.
        IFLA_GRE_ENCAP_LIMIT = 11 => "encap_limit": Number(U8, Count), (3, 7);
        /// Traffic class and flow label of tunnel packets.
        IFLA_GRE_FLOWINFO = 12 => "flowinfo": Number(Be32, Hexadecimal), (3, 7);
        /// How packets over IPv6 are made.
        IFLA_GRE_FLAGS = 13 => "flags": Number(U32, SetOf(IP6_TUNNEL_FLAGS)), (3, 7);
        /// What tunnel packets are wrapped in.
        IFLA_GRE_ENCAP_TYPE = 14 => "encap_type": Number(U16, OneOf(ENCAPSULATIONS)), (3, 18);
        /// How they are wrapped.
        IFLA_GRE_ENCAP_FLAGS = 15 => "encap_flags": Number(U16, SetOf(ENCAPSULATION_FLAGS)), (3, 18);
        /// UDP port that they are sent from; 0 for any.
        IFLA_GRE_ENCAP_SPORT = 16 => "encap_sport": Number(Be16, Identifier), (3, 18);
        /// UDP port that they are sent to.
        IFLA_GRE_ENCAP_DPORT = 17 => "encap_dport": Number(Be16, Identifier), (3, 18);
        /// Each packet says where it goes.
        IFLA_GRE_COLLECT_METADATA = 18 => "collect_metadata": Flag, (4, 3);
        /// Whether packets are split even where they say not to.
        IFLA_GRE_IGNORE_DF = 19 => "ignore_df": Number(U8, Truth), (4, 8);
        /// Mark with which tunnel packets are routed.
        IFLA_GRE_FWMARK = 20 => "fwmark": Number(U32, Hexadecimal), (4, 12);
        /// Where mirrored packets come from, in version 1.
        IFLA_GRE_ERSPAN_INDEX = 21 => "erspan_index": Number(U32, Hexadecimal), (4, 14);
        /// Version of ERSPAN; 0 is Ethernet without its header.
        IFLA_GRE_ERSPAN_VER = 22 => "erspan_ver": Number(U8, Identifier), (4, 16);
        /// Which packets are mirrored, in version 2.
        IFLA_GRE_ERSPAN_DIR = 23 => "erspan_dir": Number(U8, OneOf(crate::names![(0, "ingress"), (1, "egress")])),
            (4, 16);
        /// Engine that mirrors, in version 2.
        IFLA_GRE_ERSPAN_HWID = 24 => "erspan_hwid": Number(U16, Hexadecimal), (4, 16);
    }
}

/// Protocols that a tunnel carries.
pub(crate) const IP_PROTOCOLS: &[Name] = names![(0, "any"), (4, "ipip"), (41, "ipv6"), (137, "mpls")];

crate::space! {
    /// What an IPIP or SIT tunnel adds to a link.
    pub static IPTUN = "iptun"; {
        /// Link below.
        IFLA_IPTUN_LINK = 1 => "link": Number(U32, LowerInterface), (3, 8);
        /// Source address of tunnel packets.
        IFLA_IPTUN_LOCAL = 2 => "local": Address, (3, 8);
        /// Where tunnel packets are sent.
        IFLA_IPTUN_REMOTE = 3 => "remote": Address, (3, 8);
        /// Hop limit of tunnel packets; 0 to take that of the packet inside.
        IFLA_IPTUN_TTL = 4 => "ttl": Number(U8, Count), (3, 8);
        /// Type of service of tunnel packets; 1 to take that of the packet inside.
        IFLA_IPTUN_TOS = 5 => "tos": Number(U8, Hexadecimal), (3, 8);
        /// Options of SIT.
        IFLA_IPTUN_FLAGS = 8 => "flags": Number(U16, SetOf(crate::names![(1, "isatap")])), (3, 8);
        /// Protocol that is carried.
        IFLA_IPTUN_PROTO = 9 => "proto": Number(U8, OneOf(IP_PROTOCOLS)), (3, 8);
        /// Whether tunnel packets may not be split.
        IFLA_IPTUN_PMTUDISC = 10 => "pmtudisc": Number(U8, Truth), (3, 8);
        /// Prefix of 6rd.
        IFLA_IPTUN_6RD_PREFIX = 11 => "6rd_prefix": Address, (3, 8);
        /// Prefix of the relays of 6rd.
        IFLA_IPTUN_6RD_RELAY_PREFIX = 12 => "6rd_relay_prefix": Address, (3, 8);
        /// Bits of the prefix of 6rd.
        IFLA_IPTUN_6RD_PREFIXLEN = 13 => "6rd_prefixlen": Number(U16, Count), (3, 8);
        /// Bits of the prefix of the relays.
        IFLA_IPTUN_6RD_RELAY_PREFIXLEN = 14 => "6rd_relay_prefixlen": Number(U16, Count), (3, 8);
        /// What tunnel packets are wrapped in.
        IFLA_IPTUN_ENCAP_TYPE = 15 => "encap_type": Number(U16, OneOf(ENCAPSULATIONS)), (3, 18);
        /// How they are wrapped.
        IFLA_IPTUN_ENCAP_FLAGS = 16 => "encap_flags": Number(U16, SetOf(ENCAPSULATION_FLAGS)), (3, 18);
        /// UDP port that they are sent from; 0 for any.
        IFLA_IPTUN_ENCAP_SPORT = 17 => "encap_sport": Number(Be16, Identifier), (3, 18);
        /// UDP port that they are sent to.
        IFLA_IPTUN_ENCAP_DPORT = 18 => "encap_dport": Number(Be16, Identifier), (3, 18);
        /// Each packet says where it goes.
        IFLA_IPTUN_COLLECT_METADATA = 19 => "collect_metadata": Flag, (4, 9);
        /// Mark with which tunnel packets are routed.
        IFLA_IPTUN_FWMARK = 20 => "fwmark": Number(U32, Hexadecimal), (4, 12);
    }
}

crate::space! {
    /// What a tunnel over IPv6 adds to a link; its flags are 32 bits wide.
    pub static IP6TNL = "ip6tnl"; {
        /// Link below.
        IFLA_IPTUN_LINK = 1 => "link": Number(U32, LowerInterface), (3, 8);
        /// Source address of tunnel packets.
        IFLA_IPTUN_LOCAL = 2 => "local": Address, (3, 8);
        /// Where tunnel packets are sent.
        IFLA_IPTUN_REMOTE = 3 => "remote": Address, (3, 8);
        /// Hop limit of tunnel packets; 0 to take that of the packet inside.
        IFLA_IPTUN_TTL = 4 => "ttl": Number(U8, Count), (3, 8);
        /// How often packets may be wrapped.
        IFLA_IPTUN_ENCAP_LIMIT = 6 => "encap_limit": Number(U8, Count), (3, 8);
        /// Traffic class and flow label of tunnel packets.
        IFLA_IPTUN_FLOWINFO = 7 => "flowinfo": Number(Be32, Hexadecimal), (3, 8);
        /// How packets are made.
        IFLA_IPTUN_FLAGS = 8 => "flags": Number(U32, SetOf(IP6_TUNNEL_FLAGS)), (3, 8);
        /// Protocol that is carried.
        IFLA_IPTUN_PROTO = 9 => "proto": Number(U8, OneOf(IP_PROTOCOLS)), (3, 8);
        /// What tunnel packets are wrapped in.
        IFLA_IPTUN_ENCAP_TYPE = 15 => "encap_type": Number(U16, OneOf(ENCAPSULATIONS)), (3, 18);
        /// How they are wrapped.
        IFLA_IPTUN_ENCAP_FLAGS = 16 => "encap_flags": Number(U16, SetOf(ENCAPSULATION_FLAGS)), (3, 18);
        /// UDP port that they are sent from; 0 for any.
        IFLA_IPTUN_ENCAP_SPORT = 17 => "encap_sport": Number(Be16, Identifier), (3, 18);
        /// UDP port that they are sent to.
        IFLA_IPTUN_ENCAP_DPORT = 18 => "encap_dport": Number(Be16, Identifier), (3, 18);
        /// Each packet says where it goes.
        IFLA_IPTUN_COLLECT_METADATA = 19 => "collect_metadata": Flag, (4, 9);
        /// Mark with which tunnel packets are routed.
        IFLA_IPTUN_FWMARK = 20 => "fwmark": Number(U32, Hexadecimal), (4, 12);
    }
}

crate::space! {
    /// What a VTI adds to a link.
    pub static VTI = "vti"; {
        /// Link below.
        IFLA_VTI_LINK = 1 => "link": Number(U32, LowerInterface), (3, 6);
        /// Key of received packets.
        IFLA_VTI_IKEY = 2 => "ikey": Number(Be32, Hexadecimal), (3, 6);
        /// Key of sent packets.
        IFLA_VTI_OKEY = 3 => "okey": Number(Be32, Hexadecimal), (3, 6);
        /// Source address of tunnel packets.
        IFLA_VTI_LOCAL = 4 => "local": Address, (3, 6);
        /// Where tunnel packets are sent.
        IFLA_VTI_REMOTE = 5 => "remote": Address, (3, 6);
        /// Mark with which tunnel packets are routed.
        IFLA_VTI_FWMARK = 6 => "fwmark": Number(U32, Hexadecimal), (4, 12);
    }
}
