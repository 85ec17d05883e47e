//! What a filter chooses is judged, listeners too, and nothing is said of the rest.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use serde_json::Value;
use sockeye_zoo::{in_namespace, patience};

use crate::causes::alone;
use crate::reach::{causes, ip};
use crate::support::sockeye;

fn why(filter: &[&str]) -> Value {
    let words = [&["why"], filter, &["--for", "600ms", "-o", "json"]].concat();
    let output = sockeye(&words);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_filter_chooses_among_listeners_and_what_nobody_has_accepted_is_theirs() {
    in_namespace(|_| {
        // Looks one after the other are a load beside what others measure.
        let _alone = alone();
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("bound");
        let mut waiting: Vec<TcpStream> = Vec::new();
        // As many as fit; the next one gets no answer.
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            waiting.push(stream);
        }
        assert!(waiting.len() > 100, "{}", waiting.len());
        let (name, port) = (address.to_string(), address.port().to_string());
        for filter in [&["sport", "=", &port][..], &["listening"], &["why", "=", "accept-queue-full"]] {
            let answer = why(filter);
            assert_eq!(causes(&answer), [("accept-queue-full", name.as_str())], "{filter:?}");
            assert_eq!(answer["machine"], false);
            let evidence = &answer["findings"][0]["evidence"];
            assert!(evidence["accept_queue"].as_u64() > evidence["accept_queue_limit"].as_u64(), "{evidence}");
        }
        // What processes say of themselves is read where the filter speaks of it.
        let program = std::env::args().next().expect("the name of this program");
        let [own, others] = ["", "not "].map(|not| why(&[&format!("{not}cmdline ~ '{program}*' and listening")]));
        assert_eq!((&own["fitting"], &others["fitting"]), (&1.into(), &0.into()), "{program}");
        let answer = why(&["sport", "=", "9"]);
        assert_eq!((causes(&answer), &answer["machine"], &answer["fitting"]), (vec![], &false.into(), &0.into()));
        assert_eq!(why(&["listening"])["fitting"], 1);
        let count = waiting.len();
        drop(waiting);
        let answer = why(&["close-wait"]);
        assert_eq!(causes(&answer), [("close-wait-not-accepted", name.as_str())]);
        assert_eq!(answer["findings"][0]["evidence"]["sockets"], count);
        let owner = answer["findings"][0]["evidence"]["owner"].as_str().expect("it is ours").to_owned();
        assert!(owner.ends_with(&format!("[{}]", std::process::id())), "{owner}");
        let answer = why(&[]);
        assert!(causes(&answer).contains(&("close-wait-not-accepted", name.as_str())), "{answer:#}");
        assert_eq!(answer["machine"], true);
        let text = String::from_utf8(sockeye(&["why", "sport", "=", "9", "--for", "300ms"]).stdout).expect("text");
        assert!(
            text.contains("only what fits the filter was judged, and not the machine: that does `sockeye why` alone\n")
        );
        let fits_nothing = "no connection and no listener fits the filter\n";
        assert!(text.contains(fits_nothing) && !text.contains("nothing found that is wrong"), "{text}");
        Ok(())
    });
}

#[test]
fn attempts_to_connect_to_one_place_are_one_finding_that_says_how_many() {
    in_namespace(|_| {
        ip("link set lo up");
        ip("link add v0 type veth peer name v1");
        for end in ["v0", "v1"] {
            ip(&format!("link set {end} up"));
        }
        ip("address add 10.9.0.1/24 dev v0");
        // Somebody is there, and says nothing.
        for last in [7, 8] {
            ip(&format!("neighbour add 10.9.0.{last} dev v0 lladdr 02:00:00:00:00:17 nud permanent"));
        }
        let trying: Vec<_> =
            [(7, 443), (7, 443), (8, 443), (7, 443), (7, 80)].map(|(last, port)| attempt(last, port)).into();
        let until = Instant::now() + patience(Duration::from_secs(20));
        let answer = loop {
            let answer = why(&["syn-sent"]);
            // After two timeouts of each.
            if answer["held_up"] == trying.len() {
                break answer;
            }
            assert!(Instant::now() < until, "{answer:#}");
        };
        let found = causes(&answer);
        let mut subjects: Vec<_> =
            found.iter().map(|(cause, subject)| (*cause, subject.rsplit(' ').next().unwrap_or(""))).collect();
        subjects.sort_unstable();
        let expected = [("loss", "10.9.0.7:443"), ("loss", "10.9.0.7:80"), ("loss", "10.9.0.8:443")];
        assert_eq!(subjects, expected, "{answer:#}");
        let findings = answer["findings"].as_array().expect("a list");
        let of = |subject: &str| findings.iter().find(|one| one["subject"] == subject);
        let three = of("10.9.0.7:443").expect("it is named by its place alone");
        assert_eq!(three["evidence"]["attempts"], 3);
        assert!(three["evidence"]["unanswered_timeouts"].as_u64() >= Some(2), "{three}");
        assert!(three["advice"].as_str().is_some_and(|advice| advice.contains("sockeye why ADDRESS:PORT")), "{three}");
        let owner = three["evidence"]["owner"].as_str().expect("it is ours");
        assert!(owner.ends_with(&format!("[{}]", std::process::id())), "{owner}");
        assert!(findings.iter().filter(|one| one["evidence"].get("attempts").is_some()).count() == 1, "{answer:#}");
        // All of them are named by one finding.
        let one = sockeye(&[
            "why", "syn-sent", "dport", "=", "443", "dst", "=", "10.9.0.7", "--limit", "1", "--for", "600ms",
        ]);
        let text = String::from_utf8(one.stdout).expect("text");
        assert!(text.contains("! loss  10.9.0.7:443  attempts 3, ") && !text.contains(" more connections"), "{text}");
        drop(trying);
        Ok(())
    });
}

/// A connection that is being opened, and stays so.
pub(crate) fn attempt(last: u8, port: u16) -> OwnedFd {
    attempt_at(SocketAddr::from(([10, 9, 0, last], port)))
}

/// The same towards any address.
pub(crate) fn attempt_at(address: SocketAddr) -> OwnedFd {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).expect("a socket");
    let refused = connect(&socket, &address);
    assert_eq!(refused, Err(Errno::INPROGRESS));
    socket
}
