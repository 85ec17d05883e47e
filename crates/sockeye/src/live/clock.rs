//! The clock that the kernel's events have.

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};
use sockeye_state::lives::Time;

/// What our clock is ahead of the kernel's, in nanoseconds: in a time namespace (Linux 5.6) it is set to another time, and what the
/// kernel tells is not.
static AHEAD_NS: LazyLock<i128> =
    LazyLock::new(|| fs::read_to_string("/proc/self/timens_offsets").ok().as_deref().and_then(ahead).unwrap_or(0));

/// The time since the machine started, sleep not counted, as the kernel stamps events and addresses.
pub(crate) fn now() -> Time {
    let time = clock_gettime(ClockId::Monotonic);
    let ours = i128::from(time.tv_sec) * NANOS_PER_SECOND + i128::from(time.tv_nsec);
    u64::try_from(ours - *AHEAD_NS).map_or(Duration::ZERO, Duration::from_nanos)
}

/// The same moment by the calendar.
pub(crate) fn calendar(at: Time) -> SystemTime {
    let (clock, now) = (SystemTime::now(), now());
    match now.checked_sub(at) {
        Some(ago) => clock - ago,
        None => clock + at.saturating_sub(now),
    }
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// The seconds and nanoseconds behind `monotonic` (time_namespaces(7)).
fn ahead(file: &str) -> Option<i128> {
    let mut words = file.lines().find_map(|line| line.strip_prefix("monotonic"))?.split_ascii_whitespace();
    let (seconds, nanoseconds): (i64, i64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(i128::from(seconds) * NANOS_PER_SECOND + i128::from(nanoseconds))
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::{Random, damage::damage};

    use super::*;

    #[test]
    fn a_time_namespace_may_be_ahead_or_behind() {
        assert_eq!(ahead("monotonic           0         0\nboottime            7         0\n"), Some(0));
        assert_eq!(
            ahead("monotonic      100000       250\nboottime            0         0\n"),
            Some(100_000_000_000_250)
        );
        assert_eq!(ahead("monotonic        -12         5\n"), Some(-11_999_999_995));
        assert_eq!(ahead("boottime 1 1\n"), None);
    }

    #[test]
    fn a_damaged_text_is_read_or_refused_and_only_its_own_line_counts() {
        let text = "monotonic -9223372036854775808   999999999\nboottime 9223372036854775807 7\n";
        let bound = (i128::from(i64::MAX) + 1) * (NANOS_PER_SECOND + 1);
        let mut random = Random(61);
        let mut read = 0;
        for _ in 0..20_000 {
            let damaged = String::from_utf8_lossy(&damage(text.as_bytes(), &mut random)).into_owned();
            if let Some(ahead) = ahead(&damaged) {
                assert!(ahead.abs() <= bound, "{ahead} of {damaged:?}");
                read += 1;
            }
            assert_eq!(ahead(&format!("monotonic -12 5\n{damaged}")), Some(-11_999_999_995), "{damaged:?}");
        }
        assert!((2_000..20_000).contains(&read), "{read} of 20000 were read: the damage is too strong or too weak");
    }
}
