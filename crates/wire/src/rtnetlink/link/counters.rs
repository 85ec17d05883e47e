//! Counters of links, and where old hardware is found: `struct rtnl_link_stats64` and others.

crate::layout! {
    /// Counters of a link in 32 bits, which wrap.
    pub struct LinkStatistics = rtnl_link_stats {
        /// Packets received.
        rx_packets => rx_packets: u32 @ 0, Count, (2, 12);
        /// Packets sent.
        tx_packets => tx_packets: u32 @ 4, Count, (2, 12);
        /// Bytes received.
        rx_bytes => rx_bytes: u32 @ 8, Bytes, (2, 12);
        /// Bytes sent.
        tx_bytes => tx_bytes: u32 @ 12, Bytes, (2, 12);
        /// Packets received with any error.
        rx_errors => rx_errors: u32 @ 16, Count, (2, 12);
        /// Packets that could not be sent.
        tx_errors => tx_errors: u32 @ 20, Count, (2, 12);
        /// Packets received and dropped for want of room or of a protocol.
        rx_dropped => rx_dropped: u32 @ 24, Count, (2, 12);
        /// Packets dropped on their way out.
        tx_dropped => tx_dropped: u32 @ 28, Count, (2, 12);
        /// Multicast packets received.
        multicast => multicast: u32 @ 32, Count, (2, 12);
        /// Collisions while sending.
        collisions => collisions: u32 @ 36, Count, (2, 12);
        /// Packets received with a wrong length.
        rx_length_errors => rx_length_errors: u32 @ 40, Count, (2, 12);
        /// Times the receiver's buffer ran over.
        rx_over_errors => rx_over_errors: u32 @ 44, Count, (2, 12);
        /// Packets received with a wrong checksum of the frame.
        rx_crc_errors => rx_crc_errors: u32 @ 48, Count, (2, 12);
        /// Packets received out of alignment.
        rx_frame_errors => rx_frame_errors: u32 @ 52, Count, (2, 12);
        /// Times the receiver's queue ran over.
        rx_fifo_errors => rx_fifo_errors: u32 @ 56, Count, (2, 12);
        /// Packets that the device dropped because the host did not take them.
        rx_missed_errors => rx_missed_errors: u32 @ 60, Count, (2, 12);
        /// Packets given up while sending.
        tx_aborted_errors => tx_aborted_errors: u32 @ 64, Count, (2, 12);
        /// Packets lost because the carrier was.
        tx_carrier_errors => tx_carrier_errors: u32 @ 68, Count, (2, 12);
        /// Packets lost because the sender's queue ran dry.
        tx_fifo_errors => tx_fifo_errors: u32 @ 72, Count, (2, 12);
        /// Heartbeat errors of old half-duplex Ethernet.
        tx_heartbeat_errors => tx_heartbeat_errors: u32 @ 76, Count, (2, 12);
        /// Late collisions.
        tx_window_errors => tx_window_errors: u32 @ 80, Count, (2, 12);
        /// Compressed packets received, of SLIP and PPP.
        rx_compressed => rx_compressed: u32 @ 84, Count, (2, 12);
        /// Compressed packets sent, of SLIP and PPP.
        tx_compressed => tx_compressed: u32 @ 88, Count, (2, 12);
        /// Packets dropped because the link is not to receive, as an idle port of a bond.
        rx_nohandler => rx_nohandler: u32 @ 92, Count, (4, 6);
    }
}

crate::layout! {
    /// Counters of a link.
    pub struct LinkStatistics64 = rtnl_link_stats64 {
        /// Packets received.
        rx_packets => rx_packets: u64 @ 0, Count, (2, 35);
        /// Packets sent.
        tx_packets => tx_packets: u64 @ 8, Count, (2, 35);
        /// Bytes received.
        rx_bytes => rx_bytes: u64 @ 16, Bytes, (2, 35);
        /// Bytes sent.
        tx_bytes => tx_bytes: u64 @ 24, Bytes, (2, 35);
        /// Packets received with any error.
        rx_errors => rx_errors: u64 @ 32, Count, (2, 35);
        /// Packets that could not be sent.
        tx_errors => tx_errors: u64 @ 40, Count, (2, 35);
        /// Packets received and dropped for want of room or of a protocol.
        rx_dropped => rx_dropped: u64 @ 48, Count, (2, 35);
        /// Packets dropped on their way out.
        tx_dropped => tx_dropped: u64 @ 56, Count, (2, 35);
        /// Multicast packets received; devices may count those that never reached the host.
        multicast => multicast: u64 @ 64, Count, (2, 35);
        /// Collisions while sending.
        collisions => collisions: u64 @ 72, Count, (2, 35);
        /// Packets received with a wrong length.
        rx_length_errors => rx_length_errors: u64 @ 80, Count, (2, 35);
        /// Times the receiver's buffer ran over.
        rx_over_errors => rx_over_errors: u64 @ 88, Count, (2, 35);
        /// Packets received with a wrong checksum of the frame.
        rx_crc_errors => rx_crc_errors: u64 @ 96, Count, (2, 35);
        /// Packets received out of alignment.
        rx_frame_errors => rx_frame_errors: u64 @ 104, Count, (2, 35);
        /// Times the receiver's queue ran over; tunnels count packets out of sequence.
        rx_fifo_errors => rx_fifo_errors: u64 @ 112, Count, (2, 35);
        /// Packets that the device dropped because the host did not take them.
        rx_missed_errors => rx_missed_errors: u64 @ 120, Count, (2, 35);
        /// Packets given up while sending.
        tx_aborted_errors => tx_aborted_errors: u64 @ 128, Count, (2, 35);
        /// Packets lost because the carrier was.
        tx_carrier_errors => tx_carrier_errors: u64 @ 136, Count, (2, 35);
        /// Packets lost because the sender's queue ran dry.
        tx_fifo_errors => tx_fifo_errors: u64 @ 144, Count, (2, 35);
        /// Heartbeat errors of old half-duplex Ethernet.
        tx_heartbeat_errors => tx_heartbeat_errors: u64 @ 152, Count, (2, 35);
        /// Late collisions.
        tx_window_errors => tx_window_errors: u64 @ 160, Count, (2, 35);
        /// Compressed packets received, of SLIP and PPP.
        rx_compressed => rx_compressed: u64 @ 168, Count, (2, 35);
        /// Compressed packets sent, of SLIP and PPP.
        tx_compressed => tx_compressed: u64 @ 176, Count, (2, 35);
        /// Packets dropped because the link is not to receive, as an idle port of a bond.
        rx_nohandler => rx_nohandler: u64 @ 184, Count, (4, 6);
        /// Packets dropped because their link-layer address is another host's.
        rx_otherhost_dropped => rx_otherhost_dropped: u64 @ 192, Count, (5, 19);
    }
}

crate::layout! {
    /// Where old hardware is found on its bus.
    pub struct LinkMap = rtnl_link_ifmap {
        /// Start of the shared memory.
        mem_start => mem_start: u64 @ 0, Hexadecimal, (2, 12);
        /// End of the shared memory.
        mem_end => mem_end: u64 @ 8, Hexadecimal, (2, 12);
        /// First I/O port.
        base_addr => base_addr: u64 @ 16, Hexadecimal, (2, 12);
        /// Interrupt.
        irq => irq: u16 @ 24, Identifier, (2, 12);
        /// DMA channel.
        dma => dma: u8 @ 26, Identifier, (2, 12);
        /// Connector in use, as the driver numbers them.
        port => port: u8 @ 27, Identifier, (2, 12);
    }
}
