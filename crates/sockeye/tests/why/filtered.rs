//! What a filter chooses is judged, listeners too, and nothing is said of the rest.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use sockeye_zoo::in_namespace;

use crate::causes::alone;
use crate::reach::causes;
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
        let answer = why(&["sport", "=", "9"]);
        assert_eq!((causes(&answer), &answer["machine"]), (vec![], &false.into()));
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
        Ok(())
    });
}
