//! What packets of a route are wrapped in: `RTA_ENCAP`, `NHA_ENCAP` (include/uapi/linux/lwtunnel.h and others).

use crate::rtnetlink::route::segment::{ENCAP_IOAM6, ENCAP_RPL, ENCAP_SEG6, ENCAP_SEG6_LOCAL};
use crate::{Choice, Name, choices, names};

/// Kinds of wrapping (`LWTUNNEL_ENCAP_*`).
pub(crate) const ENCAPSULATIONS_OF_ROUTES: &[Name] = names![
    (0, "none"),
    (1, "mpls"),
    (2, "ip"),
    (3, "ila"),
    (4, "ip6"),
    (5, "seg6"),
    (6, "bpf"),
    (7, "seg6-local"),
    (8, "rpl"),
    (9, "ioam6"),
    (10, "xfrm"),
];

/// What each kind of wrapping says.
pub(crate) static ENCAP: &[Choice] = choices![
    ("mpls", 1, "mpls", Nest(&ENCAP_MPLS)),
    ("ip", 2, "ip", Nest(&ENCAP_IP)),
    ("ila", 3, "ila", Nest(&ENCAP_ILA)),
    ("ip6", 4, "ip6", Nest(&ENCAP_IP6)),
    ("seg6", 5, "seg6", Nest(&ENCAP_SEG6)),
    ("bpf", 6, "bpf", Nest(&ENCAP_BPF)),
    ("seg6local", 7, "seg6local", Nest(&ENCAP_SEG6_LOCAL)),
    ("rpl", 8, "rpl", Nest(&ENCAP_RPL)),
    ("ioam6", 9, "ioam6", Nest(&ENCAP_IOAM6)),
    ("xfrm", 10, "xfrm", Nest(&ENCAP_XFRM)),
];

crate::space! {
    /// Labels in front of packets.
    pub static ENCAP_MPLS = "encap_mpls"; {
        /// Labels.
        MPLS_IPTUNNEL_DST = 1 => "dst": Labels, (4, 4);
        /// Hop limit in the labels; absent to take that of the packet inside.
        MPLS_IPTUNNEL_TTL = 2 => "ttl": Number(U8, Count), (4, 12);
    }
}

/// What a tunnel packet carries (`TUNNEL_*`).
pub(crate) const TUNNEL_FLAGS: &[Name] = names![
    (0x1, "csum"),
    (0x2, "routing"),
    (0x4, "key"),
    (0x8, "seq"),
    (0x10, "strict"),
    (0x20, "rec"),
    (0x40, "version"),
    (0x80, "no-key"),
    (0x100, "dont-fragment"),
    (0x200, "oam"),
    (0x400, "crit-opt"),
    (0x800, "geneve-opt"),
    (0x1000, "vxlan-opt"),
    (0x2000, "nocache"),
    (0x4000, "erspan-opt"),
    (0x8000, "gtp-opt"),
];

crate::space! {
    /// A tunnel over IPv4, for a device that takes each packet's word for where it goes.
    pub static ENCAP_IP = "encap_ip"; {
        /// Number of the tunnel: key, or network identifier.
        LWTUNNEL_IP_ID = 1 => "id": Number(Be64, Identifier), (4, 4);
        /// Where packets are sent.
        LWTUNNEL_IP_DST = 2 => "dst": Address, (4, 4);
        /// Source address of packets.
        LWTUNNEL_IP_SRC = 3 => "src": Address, (4, 4);
        /// Hop limit of packets.
        LWTUNNEL_IP_TTL = 4 => "ttl": Number(U8, Count), (4, 4);
        /// Type of service of packets.
        LWTUNNEL_IP_TOS = 5 => "tos": Number(U8, Hexadecimal), (4, 4);
        /// What packets carry.
        LWTUNNEL_IP_FLAGS = 6 => "flags": Number(Be16, SetOf(TUNNEL_FLAGS)), (4, 4);
        /// Options of the tunnel.
        LWTUNNEL_IP_OPTS = 8 => "opts": Nest(&ENCAP_OPTIONS), (5, 5);
    }
}

crate::space! {
    /// A tunnel over IPv6, for a device that takes each packet's word for where it goes.
    pub static ENCAP_IP6 = "encap_ip6"; {
        /// Number of the tunnel: key, or network identifier.
        LWTUNNEL_IP6_ID = 1 => "id": Number(Be64, Identifier), (4, 4);
        /// Where packets are sent.
        LWTUNNEL_IP6_DST = 2 => "dst": Address, (4, 4);
        /// Source address of packets.
        LWTUNNEL_IP6_SRC = 3 => "src": Address, (4, 4);
        /// Hop limit of packets.
        LWTUNNEL_IP6_HOPLIMIT = 4 => "hoplimit": Number(U8, Count), (4, 4);
        /// Traffic class of packets.
        LWTUNNEL_IP6_TC = 5 => "tc": Number(U8, Hexadecimal), (4, 4);
        /// What packets carry.
        LWTUNNEL_IP6_FLAGS = 6 => "flags": Number(Be16, SetOf(TUNNEL_FLAGS)), (4, 4);
        /// Options of the tunnel.
        LWTUNNEL_IP6_OPTS = 8 => "opts": Nest(&ENCAP_OPTIONS), (5, 5);
    }
}

crate::space! {
    /// Options of a tunnel.
    pub static ENCAP_OPTIONS = "encap_options"; {
        /// Options of GENEVE.
        LWTUNNEL_IP_OPTS_GENEVE = 1 => "geneve": Repeated(&Nest(&ENCAP_GENEVE)), (5, 5);
        /// Options of VXLAN.
        LWTUNNEL_IP_OPTS_VXLAN = 2 => "vxlan": Nest(&ENCAP_VXLAN), (5, 5);
        /// Options of ERSPAN.
        LWTUNNEL_IP_OPTS_ERSPAN = 3 => "erspan": Nest(&ENCAP_ERSPAN), (5, 5);
    }
}

crate::space! {
    /// An option of GENEVE.
    pub static ENCAP_GENEVE = "encap_geneve"; {
        /// Who defines the option.
        LWTUNNEL_IP_OPT_GENEVE_CLASS = 1 => "class": Number(Be16, Hexadecimal), (5, 5);
        /// Number of the option.
        LWTUNNEL_IP_OPT_GENEVE_TYPE = 2 => "type": Number(U8, Hexadecimal), (5, 5);
        /// What it holds.
        LWTUNNEL_IP_OPT_GENEVE_DATA = 3 => "data": Opaque, (5, 5);
    }
}

crate::space! {
    /// Options of VXLAN.
    pub static ENCAP_VXLAN = "encap_vxlan"; {
        /// Group policy.
        LWTUNNEL_IP_OPT_VXLAN_GBP = 1 => "gbp": Number(U32, Hexadecimal), (5, 5);
    }
}

crate::space! {
    /// Options of ERSPAN.
    pub static ENCAP_ERSPAN = "encap_erspan"; {
        /// Version.
        LWTUNNEL_IP_OPT_ERSPAN_VER = 1 => "ver": Number(U8, Identifier), (5, 5);
        /// Where mirrored packets come from, in version 1.
        LWTUNNEL_IP_OPT_ERSPAN_INDEX = 2 => "index": Number(Be32, Hexadecimal), (5, 5);
        /// Which packets are mirrored, in version 2.
        LWTUNNEL_IP_OPT_ERSPAN_DIR = 3 => "dir": Number(U8, OneOf(crate::names![(0, "ingress"), (1, "egress")])),
            (5, 5);
        /// Engine that mirrors, in version 2.
        LWTUNNEL_IP_OPT_ERSPAN_HWID = 4 => "hwid": Number(U8, Hexadecimal), (5, 5);
    }
}

crate::space! {
    /// Identifier and locator addressing.
    pub static ENCAP_ILA = "encap_ila"; {
        /// Locator that takes the place of the prefix.
        ILA_ATTR_LOCATOR = 1 => "locator": Number(Be64, Hexadecimal), (4, 4);
        /// How the checksum is kept right.
        ILA_ATTR_CSUM_MODE = 7 => "csum_mode": Number(U8, OneOf(crate::names![(0, "adjust-transport"),
            (1, "neutral-map"), (2, "no-action"), (3, "neutral-map-auto")])), (4, 7);
        /// What the identifier is.
        ILA_ATTR_IDENT_TYPE = 8 => "ident_type": Number(U8, OneOf(crate::names![(0, "iid"), (1, "luid"), (2, "virt-v4"),
            (3, "virt-uni-v6"), (4, "virt-multi-v6"), (5, "nonlocal-addr"), (6, "use-format")])), (4, 15);
        /// Where the address is rewritten.
        ILA_ATTR_HOOK_TYPE = 9 => "hook_type": Number(U8, OneOf(crate::names![(0, "route-output"),
            (1, "route-input")])), (4, 15);
    }
}

crate::space! {
    /// Programs of BPF.
    pub static ENCAP_BPF = "encap_bpf"; {
        /// Program for received packets.
        LWT_BPF_IN = 1 => "in": Nest(&ENCAP_BPF_PROGRAM), (4, 10);
        /// Program for packets before they are sent.
        LWT_BPF_OUT = 2 => "out": Nest(&ENCAP_BPF_PROGRAM), (4, 10);
        /// Program for packets while they are sent.
        LWT_BPF_XMIT = 3 => "xmit": Nest(&ENCAP_BPF_PROGRAM), (4, 10);
        /// Room before a packet that the program needs.
        LWT_BPF_XMIT_HEADROOM = 4 => "xmit_headroom": Number(U32, Bytes), (4, 10);
    }
}

crate::space! {
    /// A program of BPF.
    pub static ENCAP_BPF_PROGRAM = "encap_bpf_program"; {
        /// Name of the program.
        LWT_BPF_PROG_NAME = 2 => "name": Text, (4, 10);
    }
}

crate::space! {
    /// IPsec.
    pub static ENCAP_XFRM = "encap_xfrm"; {
        /// Number by which policies and states belong together.
        LWT_XFRM_IF_ID = 1 => "if_id": Number(U32, Hexadecimal), (6, 1);
        /// Link below.
        LWT_XFRM_LINK = 2 => "link": Number(U32, Interface), (6, 1);
    }
}
