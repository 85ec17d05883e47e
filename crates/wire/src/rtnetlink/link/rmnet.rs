//! Channels of modems of Qualcomm (drivers/net/ethernet/qualcomm/rmnet).

crate::space! {
    /// What a modem of Qualcomm adds to a link.
    pub static RMNET = "rmnet"; {
        /// Channel of the modem.
        IFLA_RMNET_MUX_ID = 1 => "mux_id": Number(U16, Identifier), (4, 17);
        /// How packets are bundled.
        IFLA_RMNET_FLAGS = 2 => "flags": Structure(&RmnetFlags::LAYOUT), (4, 17);
    }
}

crate::layout! {
    /// How packets of a modem are bundled.
    pub struct RmnetFlags = ifla_rmnet_flags {
        /// Options that are on.
        flags => flags: u32 @ 0, SetOf(crate::names![(1, "ingress-deaggregation"), (2, "ingress-map-commands"),
            (4, "ingress-map-cksumv4"), (8, "egress-map-cksumv4"), (16, "ingress-map-cksumv5"),
            (32, "egress-map-cksumv5")]), (4, 17);
        /// Options that a request changes.
        mask => mask: u32 @ 4, Hexadecimal, (4, 17);
    }
}
