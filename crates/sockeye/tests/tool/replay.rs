//! A replay: what its capture does not hold is never shown as if there were none.

use std::path::PathBuf;

use sockeye_zoo::in_namespace;

use crate::ran::{Ran, words};

/// A capture file that is gone when the test is over.
struct Capture(PathBuf);

impl Capture {
    /// A capture of what this command line asks for.
    fn of(name: &str, asked: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.cap", std::process::id()));
        let capture = Self(path);
        words(&format!("sockets {asked} --no-owners --capture {}", capture.0.display())).ended(0);
        capture
    }

    fn replay(&self, asked: &str) -> Ran {
        words(&format!("sockets {asked} --replay {}", self.0.display()))
    }

    /// Replays as JSON what ends with this status, and returns answer and reasons, those that were asked for marked by `!`.
    #[track_caller]
    fn verdict(&self, asked: &str, status: i32) -> (String, Vec<String>) {
        let json = self.replay(&format!("{asked} -j")).ended(status).json();
        let missing = json["verdict"]["missing"].as_array().expect("a list");
        let reason = |one: &serde_json::Value| {
            let mark = if one["asked_for"] == true || one["kind"] == "undecided" { "!" } else { "" };
            format!("{mark}{}", one["reason"].as_str().expect("a sentence"))
        };
        (json["verdict"]["answer"].as_str().expect("a word").to_owned(), missing.iter().map(reason).collect())
    }

    #[track_caller]
    fn check(&self, asked: &str, status: i32, answer: &str, reasons: &[&str]) {
        let (found, missing) = self.verdict(asked, status);
        assert_eq!(
            (found.as_str(), missing.iter().map(String::as_str).collect()),
            (answer, reasons.to_vec()),
            "{asked}"
        );
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const OWNERS: &str = "a capture does not hold the owners of its sockets";
const LISTENING: &str = "of tcp the capture holds only sockets in state listening";

#[test]
fn what_was_asked_when_it_was_made_is_whole() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v4()?, zoo.tcp_listening()?, zoo.udp_connected()?);
        for asked in
            ["tcp", "tcp listening", "", "tcp unix all", "tcp established --columns cwnd,skmem", "tcp sport > :1000"]
        {
            let capture = Capture::of("whole", asked);
            let asked = format!("{asked} --no-owners");
            let (answer, missing) = capture.verdict(&asked, 0);
            assert_eq!((answer.as_str(), missing.len()), ("whole", 0), "{asked}: {missing:?}");
            let counted = capture.replay(&format!("{asked} --count")).ended(0);
            assert_eq!(counted.errors(), "", "{asked}");
            assert_ne!(counted.text(), "0\n", "{asked}");
        }
        Ok(())
    });
}

#[test]
fn a_table_or_state_that_nobody_asked_for_is_a_failure_with_a_reason() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        let capture = Capture::of("listeners", "tcp listening --count");
        for (asked, reason) in [("unix", "the capture holds no dump of unix"), ("tcp established", LISTENING)] {
            let count = capture.replay(&format!("{asked} --count")).ended(1);
            assert_eq!((count.text(), count.errors()), ("", format!("failed: {reason}\n").as_str()), "{asked}");
            assert_eq!(capture.replay(asked).ended(1).text(), "", "not even a heading: {asked}");
            capture.check(asked, 1, "failed", &[&format!("!{reason}")]);
        }
        capture.check("raw", 1, "failed", &["!the capture holds no dump of raw"]);
        Ok(())
    });
}

#[test]
fn a_part_of_what_was_asked_is_cut() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        let capture = Capture::of("part", "tcp listening --count");
        let count = capture.replay("tcp --count").ended(3);
        assert_eq!((count.text(), count.errors()), ("1\n", format!("cut: {LISTENING}\n").as_str()));
        let both = ["!the capture holds no dump of unix", &format!("!{LISTENING}")];
        capture.check("tcp unix --columns local", 3, "cut", &both);
        // Whoever asks for nothing is told what there is.
        capture.check("--count", 0, "whole", &[LISTENING]);
        // No row is no answer where others could have been meant.
        let asked = "sport = :9 listening --count";
        let (answer, missing) = capture.verdict(asked, 3);
        assert_eq!((answer.as_str(), missing.len()), ("cut", 1), "{missing:?}");
        assert!(missing[0].starts_with("!the capture holds no dump of mptcp"), "{missing:?}");
        Ok(())
    });
}

#[test]
fn a_capture_made_with_a_filter_is_whole_for_that_filter_alone() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_established_v4()?;
        let port = specimen.expected("listener").local.expect("an address").port();
        let asked = format!("tcp sport = :{port}");
        let capture = Capture::of("chosen", &format!("{asked} --count"));
        capture.check(&format!("{asked} --count"), 0, "whole", &[]);
        capture.check(&format!("{asked} dst 127.0.0.0/8 --count"), 0, "whole", &[]);
        let reason = "the capture was made with a filter of its own, so other tcp sockets are not in it";
        capture.check("tcp --count", 3, "cut", &[&format!("!{reason}")]);
        let other = capture.replay("tcp sport = :9 --count").ended(1);
        assert_eq!((other.text(), other.errors()), ("", format!("failed: {reason}\n").as_str()));
        capture.check("--count", 0, "whole", &[reason]);
        Ok(())
    });
}

#[test]
fn attributes_that_nobody_asked_for_are_missing() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        let capture = Capture::of("attributes", "tcp --count");
        let without = "!the capture was made without tcp_info (cwnd)";
        for asked in ["tcp --columns cwnd", "tcp --sort cwnd --columns local", "tcp --group-by cwnd"] {
            capture.check(asked, 3, "whole", &[without]);
        }
        let undecided = "!3 rows could not be decided: cwnd cannot be told from the capture";
        capture.check("tcp cwnd gt 0 --count", 3, "whole", &[without, undecided]);
        capture.check("tcp --no-owners", 0, "whole", &["the capture was made without tcp_info, skmem"]);
        Ok(())
    });
}

#[test]
fn owners_are_a_note_unless_somebody_asks_for_them() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        let capture = Capture::of("owners", "tcp");
        capture.check("tcp", 0, "whole", &[OWNERS]);
        assert_eq!(capture.replay("tcp").ended(0).errors(), format!("note: {OWNERS}\n"));
        capture.check("tcp --columns local,pid", 3, "whole", &[&format!("!{OWNERS}")]);
        capture.check("tcp has pid --count", 3, "whole", &[&format!("!{OWNERS}")]);
        let undecided = "!3 rows could not be decided: pid cannot be told from the capture";
        capture.check("tcp pid = 1 --count", 3, "whole", &[undecided]);
        Ok(())
    });
}

#[test]
fn names_of_interfaces_are_unknown_and_not_none() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_bound_to_device()?, zoo.tcp_listening()?);
        let capture = Capture::of("interfaces", "tcp --count");
        assert_eq!(capture.replay("tcp ifindex = 1 --count").ended(0).text(), "1\n");
        let undecided = "!1 row could not be decided: dev cannot be told from the capture";
        for asked in ["tcp dev lo --count", "tcp dev eth7 --count"] {
            capture.check(asked, 3, "whole", &[undecided]);
        }
        let reason = "!a capture does not hold the names of interfaces";
        capture.check("tcp --columns local,dev", 3, "whole", &[reason]);
        capture.check("tcp dev != 1 --columns local,dev", 0, "whole", &[]);
        let bound_to_none = capture.replay("tcp not has ifindex --count").ended(0);
        assert_ne!(bound_to_none.text(), "0\n");
        assert_eq!(capture.replay("tcp dev != 1 --count").ended(0).text(), bound_to_none.text());
        assert_eq!(capture.replay("tcp ifindex != 1 --count").ended(0).text(), "0\n");
        Ok(())
    });
}

#[test]
fn what_a_listing_only_counts_a_replay_only_counts() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_listening()?, zoo.tcp_time_wait()?);
        let counted = |ran: &crate::ran::Ran| {
            let document = ran.json();
            let rows = document["sockets"].as_array().expect("rows").len();
            (rows, document["verdict"]["not_listed"]["time-wait"].as_u64())
        };
        let capture = Capture::of("waiting", "tcp");
        let live = crate::ran::words("tcp --no-owners -j").ended(0);
        assert_eq!(counted(&live).1, Some(1));
        assert_eq!(counted(&capture.replay("tcp --no-owners -j").ended(0)), counted(&live));
        let listeners = Capture::of("other", "tcp listening");
        assert_eq!(counted(&listeners.replay("tcp --no-owners -j").ended(3)).1, None, "nobody knows how many");
        Ok(())
    });
}
