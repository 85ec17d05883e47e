//! TUN and TAP devices (include/uapi/linux/if_link.h, drivers/net/tun.c).

crate::space! {
    /// What a TUN or TAP device adds to a link.
    pub static TUN = "tun"; {
        /// User that may attach.
        IFLA_TUN_OWNER = 1 => "owner": Number(U32, Identifier), (4, 17);
        /// Group that may attach.
        IFLA_TUN_GROUP = 2 => "group": Number(U32, Identifier), (4, 17);
        /// Whether it carries IP packets or Ethernet frames.
        IFLA_TUN_TYPE = 3 => "type": Number(U8, OneOf(crate::names![(1, "tun"), (2, "tap")])), (4, 17);
        /// Whether packets have a header with their protocol.
        IFLA_TUN_PI = 4 => "pi": Number(U8, Truth), (4, 17);
        /// Whether packets have a header of virtio.
        IFLA_TUN_VNET_HDR = 5 => "vnet_hdr": Number(U8, Truth), (4, 17);
        /// Whether the device stays without a program.
        IFLA_TUN_PERSIST = 6 => "persist": Number(U8, Truth), (4, 17);
        /// Whether several queues can be attached.
        IFLA_TUN_MULTI_QUEUE = 7 => "multi_queue": Number(U8, Truth), (4, 17);
        /// Queues that are attached.
        IFLA_TUN_NUM_QUEUES = 8 => "num_queues": Number(U32, Count), (4, 17);
        /// Queues that are attached and off.
        IFLA_TUN_NUM_DISABLED_QUEUES = 9 => "num_disabled_queues": Number(U32, Count), (4, 17);
    }
}
