//! What the original has not: JSON with every choice, and rates.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;
use sockeye_zoo::in_namespace;

use crate::oracle::Sides;

pub(crate) fn json_has_the_sockets_of_the_choice() {
    in_namespace(|zoo| {
        let ours = Sides::ours(zoo);
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let port = listener.local_addr().expect("loopback is there").port();
        let _other = TcpListener::bind("[::1]:0").expect("loopback is there");
        for (line, count) in [
            (format!("ss -4tl --json sport = :{port}"), 1),
            ("ss -tln --json".to_owned(), 2),
            ("ss -6tlp --json".to_owned(), 1),
            ("ss -tl4 state established --json".to_owned(), 0),
            ("ss -t state closed --json".to_owned(), 0),
        ] {
            let said = ours.ask(&line);
            let document: Value = serde_json::from_str(&said.text).unwrap_or_else(|error| panic!("{line}: {error}"));
            let sockets = document["sockets"].as_array().expect("a list");
            assert_eq!(sockets.len(), count, "{line}: {sockets:?}");
            assert_eq!(document["verdict"]["answer"], "whole", "{line}");
            assert!(sockets.iter().all(|socket| socket["protocol"] == "tcp"), "{line}: {sockets:?}");
        }
        let detailed = ours.ask(&format!("ss -tlim --json sport = :{port}"));
        let detailed: Value = serde_json::from_str(&detailed.text).expect("JSON");
        assert!(detailed["sockets"][0]["skmem"]["rcvbuf_bytes"].is_u64(), "{detailed}");
        let dumped = ours.ask("ss -tan -D \"$FOLDER/dumped\" --json && TCPDIAG_FILE=\"$FOLDER/dumped\" ss -tanH");
        assert_eq!(dumped.status, Some(0), "{}", dumped.errors);
        assert!(!dumped.text.contains('{') && dumped.text.lines().count() >= 2, "{}", dumped.text);
        let summary: Value = serde_json::from_str(&ours.ask("ss -s --json").text).expect("JSON");
        assert_eq!(summary["transports"]["tcp"]["ipv6"], 1, "{summary}");
        Ok(())
    });
}

pub(crate) fn a_watch_shows_how_fast_bytes_move() {
    in_namespace(|zoo| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let mut client = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("loopback is there");
        let (server, _) = listener.accept().expect("loopback is there");
        let port = client.local_addr().expect("loopback is there").port();
        let line = format!("ss -tnH --watch 300ms sport = :{port} | head -n 12");
        let asked = std::thread::spawn({
            let ours = Sides::ours(zoo);
            move || ours.ask(&line)
        });
        while !asked.is_finished() {
            client.write_all(&[7; 1000]).expect("loopback is there");
            std::thread::sleep(Duration::from_millis(10));
            let mut sink = [0; 4096];
            std::io::Read::read(&mut &server, &mut sink).expect("loopback is there");
        }
        let said = asked.join().expect("it ended");
        let rates: Vec<u64> = said.text.lines().filter_map(bits_a_second).collect();
        assert!(rates.len() >= 3, "{}", said.text);
        // A thousand bytes some ten milliseconds each: not as fast as memory and not at rest, but where somebody waits for a processor.
        let usual = rates.iter().filter(|rate| (20_000..=900_000).contains(*rate)).count();
        assert!(2 * usual > rates.len() && rates.iter().all(|rate| *rate < 8_000_000), "{rates:?}");
        Ok(())
    });
}

/// The number in ` send_rate:640000bps`.
fn bits_a_second(line: &str) -> Option<u64> {
    line.split_once("send_rate:")?.1.split_once("bps")?.0.parse().ok()
}
