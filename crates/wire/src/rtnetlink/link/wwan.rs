//! Channels of modems (include/uapi/linux/wwan.h, drivers/net/wwan/wwan_core.c).

crate::space! {
    /// What a modem adds to a link.
    pub static WWAN = "wwan"; {
        /// Number of the channel.
        IFLA_WWAN_LINK_ID = 1 => "link_id": Number(U32, Identifier), (5, 14);
    }
}
