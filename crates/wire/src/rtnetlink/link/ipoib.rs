//! IP over InfiniBand (drivers/infiniband/ulp/ipoib/ipoib_netlink.c).

crate::space! {
    /// What IP over InfiniBand adds to a link.
    pub static IPOIB = "ipoib"; {
        /// Partition.
        IFLA_IPOIB_PKEY = 1 => "pkey": Number(U16, Hexadecimal), (3, 7);
        /// How packets are carried.
        IFLA_IPOIB_MODE = 2 => "mode": Number(U16, OneOf(crate::names![(0, "datagram"), (1, "connected")])), (3, 7);
        /// Whether user space joins groups.
        IFLA_IPOIB_UMCAST = 3 => "umcast": Number(U16, Truth), (3, 7);
    }
}
