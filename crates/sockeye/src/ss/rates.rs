//! Rates for `--watch`: what the counters of TCP connections have grown by since the last look.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sockeye_query::sockets::{SocketRow, Table};
use sockeye_wire::sock_diag::inet::InetAttributes;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

use super::text;

/// Connections of which the counters are kept; more than that have no rates.
const CONNECTIONS_MAX: usize = 1_000_000;

/// Counters of one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    acknowledged_bytes: u64,
    received_bytes: u64,
    retransmissions: u64,
}

/// Counters by cookie, at the last look and at this one.
#[derive(Default)]
pub(super) struct Rates {
    before: HashMap<u64, Counters>,
    now: Mutex<HashMap<u64, Counters>>,
    looked: Option<Instant>,
    elapsed: Option<Duration>,
}

impl Rates {
    /// Whether there was a look before.
    pub(super) fn has_looked(&self) -> bool {
        self.looked.is_some()
    }

    /// A new look begins; connections that the last one did not see are forgotten.
    pub(super) fn look(&mut self) {
        self.before = std::mem::take(self.now.get_mut().unwrap_or_else(PoisonError::into_inner));
        let now = Instant::now();
        self.elapsed = self.looked.map(|looked| now.duration_since(looked));
        self.looked = Some(now);
    }

    /// ` send_rate:1.2Mbps recv_rate:640bps retrans_rate:0.5/s`, as far as something moved.
    pub(super) fn write(&self, out: &mut Vec<u8>, row: &SocketRow<'_>, numeric: bool) {
        let info = InetAttributes(row.slots).tcp_info().filter(|_| row.table == Table::Tcp).map(TcpInfo);
        let (Some(info), Some(cookie)) = (info, row.cookie()) else { return };
        let counters = Counters {
            acknowledged_bytes: info.bytes_acked().unwrap_or(0),
            received_bytes: info.bytes_received().unwrap_or(0),
            retransmissions: info.total_retrans().unwrap_or(0),
        };
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.len() < CONNECTIONS_MAX {
            now.insert(cookie, counters);
        }
        drop(now);
        let (Some(before), Some(elapsed)) = (self.before.get(&cookie), self.elapsed) else { return };
        write(out, *before, counters, elapsed, numeric);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate has three digits")]
fn write(out: &mut Vec<u8>, before: Counters, now: Counters, elapsed: Duration, numeric: bool) {
    let a_second = |before: u64, now: u64| now.saturating_sub(before) as f64 / elapsed.as_secs_f64();
    for (label, bytes) in [
        (&b" send_rate:"[..], a_second(before.acknowledged_bytes, now.acknowledged_bytes)),
        (b" recv_rate:", a_second(before.received_bytes, now.received_bytes)),
    ] {
        if bytes > 0.0 {
            out.extend_from_slice(label);
            text::bandwidth(out, bytes * 8.0, numeric);
            out.extend_from_slice(b"bps");
        }
    }
    let retransmissions = a_second(before.retransmissions, now.retransmissions);
    if retransmissions > 0.0 {
        out.extend_from_slice(b" retrans_rate:");
        text::general(out, retransmissions, 3);
        out.extend_from_slice(b"/s");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_growth_over_time() {
        let before = Counters { acknowledged_bytes: 1_000, received_bytes: 5_000, retransmissions: 7 };
        let now = Counters { acknowledged_bytes: 251_000, received_bytes: 5_400, retransmissions: 8 };
        let mut out = Vec::new();
        write(&mut out, before, now, Duration::from_secs(2), false);
        assert_eq!(String::from_utf8(out).unwrap(), " send_rate:1Mbps recv_rate:1.6kbps retrans_rate:0.5/s");
    }

    #[test]
    fn what_stands_still_has_no_rate() {
        let still = Counters { acknowledged_bytes: 1_000, received_bytes: 5_000, retransmissions: 7 };
        let mut out = Vec::new();
        write(&mut out, still, still, Duration::from_secs(1), false);
        assert_eq!(out, b"");
    }
}
