//! Every number of the rule, with its reason. The table of `docs/why.md` is made from it.

use core::time::Duration;

/// One number of the rule.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Threshold {
    /// Its name in `docs/why.md`.
    pub name: &'static str,
    /// Its value, with its unit.
    pub value: &'static str,
    /// Why it is that.
    pub reason: &'static str,
}

/// Makes a constant and a row of [`THRESHOLDS`] of each line.
macro_rules! thresholds {
    ($($name:ident: $type:ty = $value:expr, $word:literal, $text:literal, $reason:literal;)*) => {
        $(
            #[doc = $reason]
            pub(in crate::lives) const $name: $type = $value;
        )*

        /// Every number of the rule.
        pub const THRESHOLDS: &[Threshold] = &[$(Threshold { name: $word, value: $text, reason: $reason }),*];

        /// The value of each as the constant has it, to be compared with the text.
        #[cfg(test)]
        fn values() -> Vec<f64> {
            vec![$(tests::number($name)),*]
        }
    };
}

thresholds! {
    INTERVAL_MIN: Duration = Duration::from_millis(200), "shortest interval", "200 ms",
        "The kernel counts the times in its ticks, which are up to 10 ms long: of fewer than twenty nothing is said.";
    HELD_SHARE: f64 = 0.8, "held share", "80 %",
        "Of a fast transfer on a machine short of processors the two programs wait in turn, each about half of the time; only \
         what holds for nearly all of it is a cause outside of them. Of a round trip the same part is nearly all of it.";
    PART_SHARE: f64 = 0.3, "part share", "30 %",
        "A sender that paces, as BBR does, waits part of the time for its own clock though something else holds it back; a \
         healthy transfer waits less than a sixth of the time for its send buffer, however busy the machine.";
    SMALL: u32 = 65_536, "small", "64 KiB",
        "What a connection without window scaling has at most; the kernel's own sizing goes beyond it as soon as that helps.";
    SMALL_WAIT_MIN: Duration = Duration::from_millis(1), "wait for a small one", "1 ms",
        "Of a small window it is known that it is small; one that is used up more than a thousand times a second is enough. \
         A queue that holds all of it is as short.";
    WAIT_MIN: Duration = Duration::from_millis(10), "noticeable wait", "10 ms",
        "What is a large window, or is seen at two moments only, must be waited for longer than a busy machine makes wait by itself.";
    BACKLOG_WAIT_MIN: Duration = Duration::from_millis(50), "backlog wait", "50 ms",
        "A transfer that fills a fast link keeps its send queue for 30 ms (4 MiB at 1 Gbit/s) and is healthy.";
    QUEUED_SEGMENTS_MIN: f64 = 4.0, "queued segments", "4 segments",
        "A delayed acknowledgement makes one or two segments look late; more of them late at once stand in a queue.";
    LOSS_SHARE: f64 = 0.01, "loss share", "1 %",
        "Paths that work lose less; at 1 % the standard congestion controls cannot use more than about 12 segments a round trip.";
    LOSS_SEGMENTS_MIN: u64 = 3, "lost segments", "3 segments",
        "One or two are an accident, and of a short interval they would be a large share.";
    SILENT_TIMEOUTS: u8 = 2, "unanswered timeouts", "2 timeouts",
        "The first may be a late acknowledgement; after the second nothing has come back for three round-trip timeouts.";
    UNREAD_WAIT_MIN: Duration = Duration::from_millis(200), "unread wait", "200 ms",
        "A program that reads at all, however busy the machine, empties its queue faster.";
    UNREAD_WAIT_SHORTEST: Duration = Duration::from_millis(50), "shortest unread wait", "50 ms",
        "A queue that is filled again when it is nearly empty is seen low now and then. Lower still it was empty, and what stands in it \
         at the other look came at once, with a lost segment that arrived after all: 7 ms were measured.";
    IDLE_SHARE: f64 = 0.9, "idle share", "90 %",
        "A program that sends as fast as it can keeps the connection busy for at least a fifth of the time even where sixteen \
         others want its processor.";
    SENDS_MIN: u64 = 2, "sends", "2 segments",
        "One alone is a sign of life: who sends nothing else has nothing to send, and the connection is idle.";
    WINDOW_USE_MAX: f64 = 0.25, "window use", "25 %",
        "Who uses less of what network and receiver would take is held back by neither.";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a constant, times in milliseconds.
    pub(super) fn number(value: impl Plain) -> f64 {
        value.plain()
    }

    pub(super) trait Plain {
        fn plain(self) -> f64;
    }

    impl Plain for Duration {
        fn plain(self) -> f64 {
            self.as_secs_f64() * 1000.0
        }
    }

    impl Plain for f64 {
        fn plain(self) -> f64 {
            self
        }
    }

    impl Plain for u8 {
        fn plain(self) -> f64 {
            self.into()
        }
    }

    impl Plain for u32 {
        fn plain(self) -> f64 {
            self.into()
        }
    }

    impl Plain for u64 {
        fn plain(self) -> f64 {
            u32::try_from(self).expect("a small number").into()
        }
    }

    #[test]
    fn every_text_says_what_the_constant_is() {
        for (threshold, constant) in THRESHOLDS.iter().zip(values()) {
            let (number, unit) = threshold.value.split_once(' ').expect("a number and a unit");
            let said: f64 = number.parse().expect("a number");
            let said = said
                * if unit == "%" {
                    0.01
                } else if unit == "KiB" {
                    1024.0
                } else {
                    1.0
                };
            assert!((said - constant).abs() < 1e-9, "{}: {} is not {constant}", threshold.name, threshold.value);
            assert!(matches!(unit, "%" | "ms" | "KiB" | "segments" | "timeouts"), "{unit}");
        }
    }
}
