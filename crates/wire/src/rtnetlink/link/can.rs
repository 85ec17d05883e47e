//! CAN devices (include/uapi/linux/can/netlink.h, drivers/net/can/dev/netlink.c).

use crate::{Name, names};

crate::layout! {
    /// Timing of the bits.
    pub struct CanBitTiming = can_bittiming {
        /// Bits a second.
        bitrate => bitrate: u32 @ 0, BitsPerSecond, (2, 31);
        /// Where in a bit it is read, in thousandths.
        sample_point => sample_point: u32 @ 4, Count, (2, 31);
        /// Length of a time quantum.
        tq => tq: u32 @ 8, Nanoseconds, (2, 31);
        /// Quanta for the way.
        prop_seg => prop_seg: u32 @ 12, Count, (2, 31);
        /// Quanta before the reading.
        phase_seg1 => phase_seg1: u32 @ 16, Count, (2, 31);
        /// Quanta behind the reading.
        phase_seg2 => phase_seg2: u32 @ 20, Count, (2, 31);
        /// Most quanta by which a bit is moved.
        sjw => sjw: u32 @ 24, Count, (2, 31);
        /// Divisor of the clock.
        brp => brp: u32 @ 28, Count, (2, 31);
    }
}

crate::layout! {
    /// What timings the controller can do.
    pub struct CanBitTimingLimits = can_bittiming_const {
        /// Name of the controller.
        name => name: [text; 16] @ 0, (2, 31);
        /// Least quanta before the reading.
        tseg1_min => tseg1_min: u32 @ 16, Count, (2, 31);
        /// Most quanta before the reading.
        tseg1_max => tseg1_max: u32 @ 20, Count, (2, 31);
        /// Least quanta behind the reading.
        tseg2_min => tseg2_min: u32 @ 24, Count, (2, 31);
        /// Most quanta behind the reading.
        tseg2_max => tseg2_max: u32 @ 28, Count, (2, 31);
        /// Most quanta by which a bit is moved.
        sjw_max => sjw_max: u32 @ 32, Count, (2, 31);
        /// Least divisor of the clock.
        brp_min => brp_min: u32 @ 36, Count, (2, 31);
        /// Greatest divisor of the clock.
        brp_max => brp_max: u32 @ 40, Count, (2, 31);
        /// Step between divisors.
        brp_inc => brp_inc: u32 @ 44, Count, (2, 31);
    }
}

crate::layout! {
    /// Clock of the controller.
    pub struct CanClock = can_clock {
        /// Ticks a second.
        freq => freq: u32 @ 0, Count, (2, 31);
    }
}

crate::layout! {
    /// Error counters of the bus.
    pub struct CanErrors = can_berr_counter {
        /// Errors while sending.
        txerr => txerr: u16 @ 0, Count, (2, 34);
        /// Errors while receiving.
        rxerr => rxerr: u16 @ 2, Count, (2, 34);
    }
}

/// Modes of a controller (`CAN_CTRLMODE_*`).
pub(crate) const CAN_MODES: &[Name] = names![
    (0x1, "loopback"),
    (0x2, "listenonly"),
    (0x4, "3-samples"),
    (0x8, "one-shot"),
    (0x10, "berr-reporting"),
    (0x20, "fd"),
    (0x40, "presume-ack"),
    (0x80, "fd-non-iso"),
    (0x100, "cc-len8-dlc"),
    (0x200, "tdc-auto"),
    (0x400, "tdc-manual"),
    (0x800, "restricted"),
    (0x1000, "xl"),
    (0x2000, "xl-tdc-auto"),
    (0x4000, "xl-tdc-manual"),
    (0x8000, "xl-tms"),
];

crate::layout! {
    /// Mode of the controller.
    pub struct CanMode = can_ctrlmode {
        /// Modes that are fixed, or that a request changes.
        mask => mask: u32 @ 0, SetOf(CAN_MODES), (2, 31);
        /// Modes that are on.
        flags => flags: u32 @ 4, SetOf(CAN_MODES), (2, 31);
    }
}

crate::layout! {
    /// Counters of a CAN device.
    pub struct CanStatistics = can_device_stats {
        /// Errors on the bus.
        bus_error => bus_error: u32 @ 0, Count, (2, 31);
        /// Times the error counters reached 96.
        error_warning => error_warning: u32 @ 4, Count, (2, 31);
        /// Times the error counters reached 128.
        error_passive => error_passive: u32 @ 8, Count, (2, 31);
        /// Times the device left the bus.
        bus_off => bus_off: u32 @ 12, Count, (2, 31);
        /// Times another was first.
        arbitration_lost => arbitration_lost: u32 @ 16, Count, (2, 31);
        /// Restarts of the controller.
        restarts => restarts: u32 @ 20, Count, (2, 31);
    }
}

crate::space! {
    /// What a CAN device adds to a link.
    pub static CAN = "can"; {
        /// Timing of the bits.
        IFLA_CAN_BITTIMING = 1 => "bittiming": Structure(&CanBitTiming::LAYOUT), (2, 31);
        /// What timings the controller can do.
        IFLA_CAN_BITTIMING_CONST = 2 => "bittiming_const": Structure(&CanBitTimingLimits::LAYOUT), (2, 31);
        /// Clock of the controller.
        IFLA_CAN_CLOCK = 3 => "clock": Structure(&CanClock::LAYOUT), (2, 31);
        /// State of the controller.
        IFLA_CAN_STATE = 4 => "state": Number(U32, OneOf(crate::names![(0, "error-active"), (1, "error-warning"),
            (2, "error-passive"), (3, "bus-off"), (4, "stopped"), (5, "sleeping")])), (2, 31);
        /// Mode of the controller.
        IFLA_CAN_CTRLMODE = 5 => "ctrlmode": Structure(&CanMode::LAYOUT), (2, 31);
        /// Time after which the controller goes back on the bus; 0 for never.
        IFLA_CAN_RESTART_MS = 6 => "restart_ms": Number(U32, Milliseconds), (2, 31);
        /// Error counters of the bus.
        IFLA_CAN_BERR_COUNTER = 8 => "berr_counter": Structure(&CanErrors::LAYOUT), (2, 34);
        /// Timing of the bits of the data of CAN FD.
        IFLA_CAN_DATA_BITTIMING = 9 => "data_bittiming": Structure(&CanBitTiming::LAYOUT), (3, 15);
        /// What timings of data the controller can do.
        IFLA_CAN_DATA_BITTIMING_CONST = 10 => "data_bittiming_const": Structure(&CanBitTimingLimits::LAYOUT), (3, 15);
        /// Resistor at the end of the bus in ohms; 0 for none.
        IFLA_CAN_TERMINATION = 11 => "termination": Number(U16, Count), (4, 11);
        /// Resistors that there are, in ohms.
        IFLA_CAN_TERMINATION_CONST = 12 => "termination_const": Numbers(U16, Count), (4, 11);
        /// Rates that the controller can do.
        IFLA_CAN_BITRATE_CONST = 13 => "bitrate_const": Numbers(U32, BitsPerSecond), (4, 11);
        /// Rates of data that the controller can do.
        IFLA_CAN_DATA_BITRATE_CONST = 14 => "data_bitrate_const": Numbers(U32, BitsPerSecond), (4, 11);
        /// Highest rate of the transceiver.
        IFLA_CAN_BITRATE_MAX = 15 => "bitrate_max": Number(U32, BitsPerSecond), (4, 16);
        /// Compensation of the transceiver's delay in CAN FD.
        IFLA_CAN_TDC = 16 => "tdc": Nest(&CAN_DELAY), (5, 16);
        /// Modes that there are.
        IFLA_CAN_CTRLMODE_EXT = 17 => "ctrlmode_ext": Nest(&CAN_MODE), (5, 17);
        /// Timing of the bits of the data of CAN XL.
        IFLA_CAN_XL_DATA_BITTIMING = 18 => "xl_data_bittiming": Structure(&CanBitTiming::LAYOUT), (6, 19);
        /// What timings of data of CAN XL the controller can do.
        IFLA_CAN_XL_DATA_BITTIMING_CONST = 19 => "xl_data_bittiming_const": Structure(&CanBitTimingLimits::LAYOUT),
            (6, 19);
        /// Rates of data of CAN XL that the controller can do.
        IFLA_CAN_XL_DATA_BITRATE_CONST = 20 => "xl_data_bitrate_const": Numbers(U32, BitsPerSecond), (6, 19);
        /// Compensation of the transceiver's delay in CAN XL.
        IFLA_CAN_XL_TDC = 21 => "xl_tdc": Nest(&CAN_DELAY), (6, 19);
        /// Pulses of CAN XL.
        IFLA_CAN_XL_PWM = 22 => "xl_pwm": Nest(&CAN_PULSES), (6, 19);
    }
}

crate::space! {
    /// Modes of a controller.
    pub static CAN_MODE = "can_mode"; {
        /// Modes that there are.
        IFLA_CAN_CTRLMODE_SUPPORTED = 1 => "supported": Number(U32, SetOf(CAN_MODES)), (5, 17);
    }
}

crate::space! {
    /// Compensation of a transceiver's delay.
    pub static CAN_DELAY = "can_delay"; {
        /// Least delay that can be set.
        IFLA_CAN_TDC_TDCV_MIN = 1 => "tdcv_min": Number(U32, Count), (5, 16);
        /// Greatest delay that can be set.
        IFLA_CAN_TDC_TDCV_MAX = 2 => "tdcv_max": Number(U32, Count), (5, 16);
        /// Least offset that can be set.
        IFLA_CAN_TDC_TDCO_MIN = 3 => "tdco_min": Number(U32, Count), (5, 16);
        /// Greatest offset that can be set.
        IFLA_CAN_TDC_TDCO_MAX = 4 => "tdco_max": Number(U32, Count), (5, 16);
        /// Least filter that can be set.
        IFLA_CAN_TDC_TDCF_MIN = 5 => "tdcf_min": Number(U32, Count), (5, 16);
        /// Greatest filter that can be set.
        IFLA_CAN_TDC_TDCF_MAX = 6 => "tdcf_max": Number(U32, Count), (5, 16);
        /// Delay, in quanta of the clock.
        IFLA_CAN_TDC_TDCV = 7 => "tdcv": Number(U32, Count), (5, 16);
        /// Offset, in quanta of the clock.
        IFLA_CAN_TDC_TDCO = 8 => "tdco": Number(U32, Count), (5, 16);
        /// Filter, in quanta of the clock.
        IFLA_CAN_TDC_TDCF = 9 => "tdcf": Number(U32, Count), (5, 16);
    }
}

crate::space! {
    /// Pulses of CAN XL.
    pub static CAN_PULSES = "can_pulses"; {
        /// Least short phase.
        IFLA_CAN_PWM_PWMS_MIN = 1 => "pwms_min": Number(U32, Count), (6, 19);
        /// Greatest short phase.
        IFLA_CAN_PWM_PWMS_MAX = 2 => "pwms_max": Number(U32, Count), (6, 19);
        /// Least long phase.
        IFLA_CAN_PWM_PWML_MIN = 3 => "pwml_min": Number(U32, Count), (6, 19);
        /// Greatest long phase.
        IFLA_CAN_PWM_PWML_MAX = 4 => "pwml_max": Number(U32, Count), (6, 19);
        /// Least offset.
        IFLA_CAN_PWM_PWMO_MIN = 5 => "pwmo_min": Number(U32, Count), (6, 19);
        /// Greatest offset.
        IFLA_CAN_PWM_PWMO_MAX = 6 => "pwmo_max": Number(U32, Count), (6, 19);
        /// Short phase.
        IFLA_CAN_PWM_PWMS = 7 => "pwms": Number(U32, Count), (6, 19);
        /// Long phase.
        IFLA_CAN_PWM_PWML = 8 => "pwml": Number(U32, Count), (6, 19);
        /// Offset.
        IFLA_CAN_PWM_PWMO = 9 => "pwmo": Number(U32, Count), (6, 19);
    }
}
