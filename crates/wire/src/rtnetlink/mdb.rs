//! Multicast forwarding entries of bridges and VXLAN: `struct br_port_msg` and the attributes behind it
//! (include/uapi/linux/if_bridge.h, net/bridge/br_mdb.c, drivers/net/vxlan/vxlan_mdb.c).

use crate::rtnetlink::link::FAMILIES;
use crate::rtnetlink::link::bridge::MULTICAST_ROUTER;
use crate::rtnetlink::route::PROTOCOLS;

crate::layout! {
    /// Entries of one bridge (`struct br_port_msg`).
    pub struct MdbMessage = br_port_msg {
        /// Address family: bridge.
        family => family: u8 @ 0, OneOf(FAMILIES), (3, 8);
        /// Bridge.
        ifindex => ifindex: u32 @ 4, Interface, (3, 8);
    }
}

crate::layout! {
    /// One entry (`struct br_mdb_entry`).
    pub struct MdbEntry = br_mdb_entry {
        /// Port that asked for the group, or the bridge itself.
        ifindex => port: u32 @ 0, Interface, (3, 8);
        /// Whether the entry ends.
        state => state: u8 @ 4, OneOf(crate::names![(0, "temporary"), (1, "permanent")]), (3, 8);
        /// What is to say of the entry.
        flags => flags: u8 @ 5, SetOf(crate::names![(1, "offload"), (2, "fast-leave"), (4, "star-excl"), (8, "blocked"),
            (16, "offload-failed")]), (4, 6);
        /// VLAN; 0 for none.
        vid => vid: u16 @ 6, Identifier, (4, 3);
        /// Group.
        addr => group: [group; 18] @ 8, (3, 8);
    }
}

crate::space! {
    /// Multicast forwarding entries of a bridge; one message has many of them.
    pub static MDB = "mdb", header &MdbMessage::LAYOUT, 8; {
        /// Entries: of each group a list, with each port's entry in it.
        MDBA_MDB = 1 => "": Listed(&Listed(&Nest(&MDB_ENTRY))), (3, 8);
        /// Ports behind which multicast routers are.
        MDBA_ROUTER = 2 => "router": Listed(&Nest(&MDB_ROUTER)), (3, 8);
    }
}

crate::space! {
    /// Attributes of an entry.
    pub static MDB_ENTRY = "mdb_entry", header &MdbEntry::LAYOUT, 28; {
        /// Time until the entry ends; 0 where it does not.
        MDBA_MDB_EATTR_TIMER = 1 => "timer": Number(U32, Centiseconds), (4, 6);
        /// Sources that are wanted or not.
        MDBA_MDB_EATTR_SRC_LIST = 2 => "src_list": Listed(&Nest(&MDB_SOURCE)), (5, 10);
        /// Whether the sources are those that are not wanted, or those that are.
        MDBA_MDB_EATTR_GROUP_MODE = 3 => "group_mode": Number(U8, OneOf(crate::names![(0, "exclude"), (1, "include")])),
            (5, 10);
        /// Source, where the entry is for one.
        MDBA_MDB_EATTR_SOURCE = 4 => "source": Address, (5, 10);
        /// Who made the entry.
        MDBA_MDB_EATTR_RTPROT = 5 => "rtprot": Number(U8, OneOf(PROTOCOLS)), (5, 10);
        /// Where packets are sent, by VXLAN.
        MDBA_MDB_EATTR_DST = 6 => "dst": Address, (6, 4);
        /// UDP port that packets are sent to.
        MDBA_MDB_EATTR_DST_PORT = 7 => "dst_port": Number(U16, Identifier), (6, 4);
        /// Network identifier that packets are sent with.
        MDBA_MDB_EATTR_VNI = 8 => "vni": Number(U32, Identifier), (6, 4);
        /// Link that packets leave by, by VXLAN.
        MDBA_MDB_EATTR_IFINDEX = 9 => "dst_ifindex": Number(U32, Interface), (6, 4);
        /// Network identifier that packets come with.
        MDBA_MDB_EATTR_SRC_VNI = 10 => "src_vni": Number(U32, Identifier), (6, 4);
    }
}

crate::space! {
    /// A source of a group.
    pub static MDB_SOURCE = "mdb_source"; {
        /// Address.
        MDBA_MDB_SRCATTR_ADDRESS = 1 => "address": Address, (5, 10);
        /// Time until the source is forgotten.
        MDBA_MDB_SRCATTR_TIMER = 2 => "timer": Number(U32, Centiseconds), (5, 10);
    }
}

crate::layout! {
    /// A port behind which a multicast router is.
    pub struct MdbRouter = br_mdb_router_port {
        /// Port.
        ifindex => port: u32 @ 0, Interface, (3, 8);
    }
}

crate::space! {
    /// Attributes of such a port.
    pub static MDB_ROUTER = "mdb_router", header &MdbRouter::LAYOUT, 4; {
        /// Time until the router is forgotten.
        MDBA_ROUTER_PATTR_TIMER = 1 => "timer": Number(U32, Centiseconds), (4, 6);
        /// How the router is known.
        MDBA_ROUTER_PATTR_TYPE = 2 => "type": Number(U8, OneOf(MULTICAST_ROUTER)), (4, 6);
        /// Time until the router of IPv4 is forgotten.
        MDBA_ROUTER_PATTR_INET_TIMER = 3 => "inet_timer": Number(U32, Centiseconds), (5, 14);
        /// Time until the router of IPv6 is forgotten.
        MDBA_ROUTER_PATTR_INET6_TIMER = 4 => "inet6_timer": Number(U32, Centiseconds), (5, 14);
        /// VLAN of the router.
        MDBA_ROUTER_PATTR_VID = 5 => "vid": Number(U16, Identifier), (5, 15);
    }
}
