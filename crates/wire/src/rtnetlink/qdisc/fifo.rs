//! Queues of one band or of many: pfifo, bfifo, prio, multiq, skbprio (include/uapi/linux/pkt_sched.h).

crate::layout! {
    /// A queue that is limited in packets.
    pub struct FifoPackets = tc_fifo_qopt {
        /// Most packets.
        limit => limit: u32 @ 0, Count, (2, 12);
    }
}

crate::layout! {
    /// A queue that is limited in bytes.
    pub struct FifoBytes = tc_fifo_qopt {
        /// Most bytes.
        limit => limit: u32 @ 0, Bytes, (2, 12);
    }
}

crate::layout! {
    /// Bands that go before each other.
    pub struct PrioOptions = tc_prio_qopt {
        /// Bands.
        bands => bands: i32 @ 0, Count, (2, 12);
        /// Band of each priority of packets.
        priomap => priomap: [u8; 16] @ 4, (2, 12);
    }
}

crate::layout! {
    /// A band for each queue of the device.
    pub struct MultiqOptions = tc_multiq_qopt {
        /// Bands.
        bands => bands: u16 @ 0, Count, (2, 28);
        /// Most queues of the device.
        max_bands => max_bands: u16 @ 2, Count, (2, 28);
    }
}

crate::layout! {
    /// A queue in the order of priorities.
    pub struct SkbprioOptions = tc_skbprio_qopt {
        /// Most packets.
        limit => limit: u32 @ 0, Count, (4, 19);
    }
}
