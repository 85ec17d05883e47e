//! MACsec devices (include/uapi/linux/if_link.h, drivers/net/macsec.c).

crate::space! {
    /// What a MACsec device adds to a link.
    pub static MACSEC = "macsec"; {
        /// Identity of the channel that is sent on.
        IFLA_MACSEC_SCI = 1 => "sci": Number(Be64, Hexadecimal), (4, 6);
        /// Bytes of the check value.
        IFLA_MACSEC_ICV_LEN = 3 => "icv_len": Number(U8, Bytes), (4, 6);
        /// Cipher.
        IFLA_MACSEC_CIPHER_SUITE = 4 => "cipher_suite": Number(U64,
            OneOf(crate::names![(0x0080020001000001, "gcm-aes-128"), (0x0080c20001000001, "gcm-aes-128"),
            (0x0080c20001000002, "gcm-aes-256"), (0x0080c20001000003, "gcm-aes-xpn-128"),
            (0x0080c20001000004, "gcm-aes-xpn-256")])), (4, 6);
        /// Packets that may come late.
        IFLA_MACSEC_WINDOW = 5 => "window": Number(U32, Count), (4, 6);
        /// Association that is sent with.
        IFLA_MACSEC_ENCODING_SA = 6 => "encoding_sa": Number(U8, Identifier), (4, 6);
        /// Whether packets are encrypted and not only signed.
        IFLA_MACSEC_ENCRYPT = 7 => "encrypt": Number(U8, Truth), (4, 6);
        /// Whether sent packets are protected.
        IFLA_MACSEC_PROTECT = 8 => "protect": Number(U8, Truth), (4, 6);
        /// Whether packets carry the identity of the channel.
        IFLA_MACSEC_INC_SCI = 9 => "inc_sci": Number(U8, Truth), (4, 6);
        /// Whether packets carry the bit of an end station.
        IFLA_MACSEC_ES = 10 => "es": Number(U8, Truth), (4, 6);
        /// Whether packets carry the bit of a single copy broadcast.
        IFLA_MACSEC_SCB = 11 => "scb": Number(U8, Truth), (4, 6);
        /// Whether packets that come twice are dropped.
        IFLA_MACSEC_REPLAY_PROTECT = 12 => "replay_protect": Number(U8, Truth), (4, 6);
        /// What happens to packets that are not valid.
        IFLA_MACSEC_VALIDATION = 13 => "validation": Number(U8, OneOf(crate::names![(0, "disabled"), (1, "check"),
            (2, "strict")])), (4, 6);
        /// Where the work is done.
        IFLA_MACSEC_OFFLOAD = 15 => "offload": Number(U8, OneOf(crate::names![(0, "off"), (1, "phy"), (2, "mac")])),
            (5, 7);
    }
}
