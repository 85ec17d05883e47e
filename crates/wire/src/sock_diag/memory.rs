//! Socket memory: `struct inet_diag_meminfo` and the array of `SK_MEMINFO_*` (include/uapi/linux/sock_diag.h).

crate::layout! {
    /// Memory of a socket, the short form of old kernels (`struct inet_diag_meminfo`).
    pub struct MemoryInfo = inet_diag_meminfo {
        /// Receive queue, with the overhead of its buffers.
        idiag_rmem => rmem: u32 @ 0, Bytes, (2, 12);
        /// Send queue, with the overhead of its buffers.
        idiag_wmem => wmem: u32 @ 4, Bytes, (2, 12);
        /// Memory reserved for this socket and not yet used.
        idiag_fmem => fmem: i32 @ 8, Bytes, (2, 12);
        /// Memory of packets handed to the network layer and not yet sent.
        idiag_tmem => tmem: u32 @ 12, Bytes, (2, 12);
    }
}

crate::layout! {
    /// Memory of a socket and the packets it dropped (an array of `__u32`, index `SK_MEMINFO_*`).
    pub struct SocketMemory = sk_meminfo {
        /// Receive queue, with the overhead of its buffers.
        SK_MEMINFO_RMEM_ALLOC => rmem_alloc: u32 @ 0, Bytes, (3, 3);
        /// Limit of the receive queue (`SO_RCVBUF`, doubled by the kernel).
        SK_MEMINFO_RCVBUF => rcvbuf: u32 @ 4, Bytes, (3, 3);
        /// Memory of packets handed to the network layer and not yet sent.
        SK_MEMINFO_WMEM_ALLOC => wmem_alloc: u32 @ 8, Bytes, (3, 3);
        /// Limit of the send queue (`SO_SNDBUF`, doubled by the kernel).
        SK_MEMINFO_SNDBUF => sndbuf: u32 @ 12, Bytes, (3, 3);
        /// Memory reserved for this socket and not yet used.
        SK_MEMINFO_FWD_ALLOC => fwd_alloc: i32 @ 16, Bytes, (3, 3);
        /// Send queue, with the overhead of its buffers.
        SK_MEMINFO_WMEM_QUEUED => wmem_queued: u32 @ 20, Bytes, (3, 3);
        /// Memory of socket options and filters.
        SK_MEMINFO_OPTMEM => optmem: u32 @ 24, Bytes, (3, 3);
        /// Packets that wait while the owner holds the socket's lock.
        SK_MEMINFO_BACKLOG => backlog: u32 @ 28, Bytes, (3, 6);
        /// Packets the socket dropped, for a listener the connections it could not take.
        SK_MEMINFO_DROPS => drops: u32 @ 32, Count, (4, 7);
    }
}
