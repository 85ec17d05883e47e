//! Kinds of links: `IFLA_LINKINFO`, and what each kind adds (net/core/rtnetlink.c, `rtnl_link_ops`).

use crate::rtnetlink::link::amt::AMT;
use crate::rtnetlink::link::bareudp::BAREUDP;
use crate::rtnetlink::link::batadv::BATADV;
use crate::rtnetlink::link::bond::{BOND, BOND_PORT};
use crate::rtnetlink::link::bridge::BRIDGE;
use crate::rtnetlink::link::bridge_port::BRIDGE_PORT;
use crate::rtnetlink::link::can::{CAN, CanStatistics};
use crate::rtnetlink::link::dsa::DSA;
use crate::rtnetlink::link::geneve::GENEVE;
use crate::rtnetlink::link::gtp::GTP;
use crate::rtnetlink::link::hsr::HSR;
use crate::rtnetlink::link::ipoib::IPOIB;
use crate::rtnetlink::link::ipvlan::IPVLAN;
use crate::rtnetlink::link::macsec::MACSEC;
use crate::rtnetlink::link::macvlan::MACVLAN;
use crate::rtnetlink::link::netkit::NETKIT;
use crate::rtnetlink::link::ovpn::OVPN;
use crate::rtnetlink::link::rmnet::RMNET;
use crate::rtnetlink::link::tun::TUN;
use crate::rtnetlink::link::tunnel::{GRE, IP6TNL, IPTUN, VTI};
use crate::rtnetlink::link::vlan::VLAN;
use crate::rtnetlink::link::vrf::{VRF, VRF_PORT};
use crate::rtnetlink::link::vxlan::VXLAN;
use crate::rtnetlink::link::wwan::WWAN;
use crate::rtnetlink::link::xfrm::XFRM;
use crate::{Choice, choices};

crate::space! {
    /// Kind of a link and what its kind adds.
    pub static LINK_INFO = "link_info"; {
        /// Kind of the link; hardware has none.
        IFLA_INFO_KIND = 1 => "kind": Text, (2, 23);
        /// What this kind of link adds.
        IFLA_INFO_DATA = 2 => "": Selected(Selector::Text(1), LINK_DATA), (2, 23);
        /// Counters that this kind of link adds.
        IFLA_INFO_XSTATS = 3 => "xstats": Selected(Selector::Text(1), LINK_XSTATS), (2, 23);
        /// Kind of the link that this one is a port of.
        IFLA_INFO_SLAVE_KIND = 4 => "slave_kind": Text, (3, 14);
        /// What being a port of that kind adds.
        IFLA_INFO_SLAVE_DATA = 5 => "": Selected(Selector::Text(4), LINK_PORT_DATA), (3, 14);
    }
}

/// What each kind of link adds.
pub(crate) static LINK_DATA: &[Choice] = choices![
    ("amt", 0, "amt", Nest(&AMT)),
    ("bareudp", 0, "bareudp", Nest(&BAREUDP)),
    ("batadv", 0, "batadv", Nest(&BATADV)),
    ("bond", 0, "bond", Nest(&BOND)),
    ("bridge", 0, "bridge", Nest(&BRIDGE)),
    ("can", 0, "can", Nest(&CAN)),
    ("dsa", 0, "dsa", Nest(&DSA)),
    ("erspan", 0, "erspan", Nest(&GRE)),
    ("geneve", 0, "geneve", Nest(&GENEVE)),
    ("gre", 0, "gre", Nest(&GRE)),
    ("gretap", 0, "gretap", Nest(&GRE)),
    ("gtp", 0, "gtp", Nest(&GTP)),
    ("hsr", 0, "hsr", Nest(&HSR)),
    ("ip6erspan", 0, "ip6erspan", Nest(&GRE)),
    ("ip6gre", 0, "ip6gre", Nest(&GRE)),
    ("ip6gretap", 0, "ip6gretap", Nest(&GRE)),
    ("ip6tnl", 0, "ip6tnl", Nest(&IP6TNL)),
    ("ipip", 0, "ipip", Nest(&IPTUN)),
    ("ipoib", 0, "ipoib", Nest(&IPOIB)),
    ("ipvlan", 0, "ipvlan", Nest(&IPVLAN)),
    ("ipvtap", 0, "ipvtap", Nest(&IPVLAN)),
    ("macsec", 0, "macsec", Nest(&MACSEC)),
    ("macvlan", 0, "macvlan", Nest(&MACVLAN)),
    ("macvtap", 0, "macvtap", Nest(&MACVLAN)),
    ("netkit", 0, "netkit", Nest(&NETKIT)),
    ("ovpn", 0, "ovpn", Nest(&OVPN)),
    ("rmnet", 0, "rmnet", Nest(&RMNET)),
    ("sit", 0, "sit", Nest(&IPTUN)),
    ("tun", 0, "tun", Nest(&TUN)),
    ("vlan", 0, "vlan", Nest(&VLAN)),
    ("vrf", 0, "vrf", Nest(&VRF)),
    ("vti", 0, "vti", Nest(&VTI)),
    ("vti6", 0, "vti6", Nest(&VTI)),
    ("vxlan", 0, "vxlan", Nest(&VXLAN)),
    ("wwan", 0, "wwan", Nest(&WWAN)),
    ("xfrm", 0, "xfrm", Nest(&XFRM)),
];

/// Counters that kinds of links add.
pub(crate) static LINK_XSTATS: &[Choice] = choices![("can", 0, "can", Structure(&CanStatistics::LAYOUT)),];

/// What being a port of each kind adds.
pub(crate) static LINK_PORT_DATA: &[Choice] = choices![
    ("bond", 0, "bond_port", Nest(&BOND_PORT)),
    ("bridge", 0, "bridge_port", Nest(&BRIDGE_PORT)),
    ("vrf", 0, "vrf_port", Nest(&VRF_PORT)),
];
