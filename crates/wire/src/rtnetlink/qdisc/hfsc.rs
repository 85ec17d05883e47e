//! Hierarchical fair service curves (include/uapi/linux/pkt_sched.h, net/sched/sch_hfsc.c).

crate::layout! {
    /// A qdisc of HFSC.
    pub struct HfscOptions = tc_hfsc_qopt {
        /// Minor number of the class for packets that no filter takes.
        defcls => defcls: u16 @ 0, Hexadecimal, (2, 12);
    }
}

crate::layout! {
    /// A curve of service in two pieces.
    pub struct ServiceCurve = tc_service_curve {
        /// Rate of the first piece.
        m1 => m1: u32 @ 0, BytesPerSecond, (2, 12);
        /// Length of the first piece.
        d => d: u32 @ 4, Microseconds, (2, 12);
        /// Rate of the second piece.
        m2 => m2: u32 @ 8, BytesPerSecond, (2, 12);
    }
}

crate::layout! {
    /// Counters of a class of HFSC.
    pub struct HfscCounters = tc_hfsc_stats {
        /// Bytes sent.
        work => work: u64 @ 0, Bytes, (2, 12);
        /// Bytes sent because of the curve for real time.
        rtwork => rtwork: u64 @ 8, Bytes, (2, 12);
        /// Times the class became active.
        period => period: u32 @ 16, Count, (2, 12);
        /// Height in the tree; 0 for a leaf.
        level => level: u32 @ 20, Count, (2, 12);
    }
}

crate::space! {
    /// What HFSC adds to a class.
    pub static HFSC = "hfsc"; {
        /// Curve for real time.
        TCA_HFSC_RSC = 1 => "rsc": Structure(&ServiceCurve::LAYOUT), (2, 12);
        /// Curve by which what is left is shared.
        TCA_HFSC_FSC = 2 => "fsc": Structure(&ServiceCurve::LAYOUT), (2, 12);
        /// Curve that is the most.
        TCA_HFSC_USC = 3 => "usc": Structure(&ServiceCurve::LAYOUT), (2, 12);
    }
}
