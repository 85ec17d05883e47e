//! Virtual routing and forwarding (include/uapi/linux/if_link.h, drivers/net/vrf.c).

crate::space! {
    /// What a VRF adds to a link.
    pub static VRF = "vrf"; {
        /// Routing table of the VRF.
        IFLA_VRF_TABLE = 1 => "table": Number(U32, Identifier), (4, 3);
    }
}

crate::space! {
    /// What being a port of a VRF adds to a link.
    pub static VRF_PORT = "vrf_port"; {
        /// Routing table of the VRF.
        IFLA_VRF_PORT_TABLE = 1 => "table": Number(U32, Identifier), (4, 6);
    }
}
