//! Rings of HSR and PRP (net/hsr/hsr_netlink.c).

crate::space! {
    /// What a ring of HSR or PRP adds to a link.
    pub static HSR = "hsr"; {
        /// First port.
        IFLA_HSR_SLAVE1 = 1 => "slave1": Number(U32, Interface), (3, 14);
        /// Second port.
        IFLA_HSR_SLAVE2 = 2 => "slave2": Number(U32, Interface), (3, 14);
        /// Group that supervision frames are sent to.
        IFLA_HSR_SUPERVISION_ADDR = 4 => "supervision_addr": LinkAddress, (3, 14);
        /// Number of the next frame.
        IFLA_HSR_SEQ_NR = 5 => "seq_nr": Number(U16, Count), (3, 14);
        /// Protocol of the ring.
        IFLA_HSR_PROTOCOL = 7 => "protocol": Number(U8, OneOf(crate::names![(0, "hsr"), (1, "prp")])), (5, 9);
        /// Port towards what does not speak the protocol.
        IFLA_HSR_INTERLINK = 8 => "interlink": Number(U32, Interface), (6, 10);
    }
}
