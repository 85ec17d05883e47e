//! GTP devices (drivers/net/gtp.c).

crate::space! {
    /// What a GTP device adds to a link.
    pub static GTP = "gtp"; {
        /// Places in the table of sessions.
        IFLA_GTP_PDP_HASHSIZE = 3 => "pdp_hashsize": Number(U32, Count), (4, 7);
        /// Which end of the tunnel this is.
        IFLA_GTP_ROLE = 4 => "role": Number(U32, OneOf(crate::names![(0, "ggsn"), (1, "sgsn")])), (4, 12);
        /// Times this end began anew, as told to the peer.
        IFLA_GTP_RESTART_COUNT = 6 => "restart_count": Number(U8, Count), (5, 18);
    }
}
