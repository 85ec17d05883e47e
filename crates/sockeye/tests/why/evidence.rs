//! What a finding shows has to be what it was found by: numbers that the rule of `docs/why.md` would call a cause.

use serde_json::Value;

/// The numbers of one finding.
struct Evidence<'a>(&'a Value);

impl Evidence<'_> {
    fn number(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap_or(0.0)
    }

    /// Milliseconds; a time without end is `null`.
    fn time_ms(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Value::Null) => f64::INFINITY,
            Some(time) => time.as_f64().expect("a number") / 1000.0,
            None => 0.0,
        }
    }

    fn percent(&self, name: &str) -> f64 {
        self.number(&format!("{name}_percent"))
    }

    /// Two shares that are shown as whole percents may add up to one less than they are.
    fn is_limited(&self, by: &str, other: &str) -> bool {
        let [share, other] = [by, other].map(|by| self.percent(&format!("{by}_limited_share")));
        share >= 30.0 || share >= other && share + other >= 29.0
    }

    fn speaks_for(&self, cause: &str) -> bool {
        match cause {
            "receiver-does-not-read" => self.number("unread_bytes") > 0.0 && self.time_ms("unread_wait_us") >= 200.0,
            "loss" => self.percent("lost_share") >= 1.0 || self.number("unanswered_timeouts") >= 2.0,
            "receiver-window" => self.is_limited("window", "buffer"),
            "send-buffer" => self.is_limited("buffer", "window") || self.percent("busy_share") >= 80.0,
            "congestion-window" => {
                let waits = self.time_ms("wait_us") >= 10.0 || self.time_ms("queue_delay_us") >= 1.0;
                self.percent("busy_share") >= 80.0 && waits
            }
            "application" => self.number("sent") >= 2.0 && self.percent("idle_share") >= 90.0,
            other => panic!("{other} is no cause of connections"),
        }
    }
}

/// Fails where what is shown is no reason for what is said.
pub(crate) fn speaks_for(finding: &Value) {
    let evidence = Evidence(&finding["evidence"]);
    let causes = finding["evidence"]["causes"].as_str().or(finding["cause"].as_str()).expect("a cause");
    for cause in causes.split(',') {
        assert!(evidence.speaks_for(cause), "{cause}: {finding:#}");
    }
}
