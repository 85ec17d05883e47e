//! The verdict: on every listing, in every format that can carry it.

use sockeye_zoo::in_namespace;

use crate::ran::{missing, words};

#[test]
fn every_machine_format_ends_with_a_verdict() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        for what in
            ["tcp", "tcp --count", "tcp --group-by state", "tcp --sort rtt", "unix", "packet", "netlink", "mptcp"]
        {
            let documents = [
                words(&format!("{what} -j")).ended(0).json(),
                words(&format!("{what} -o ndjson")).ended(0).json_lines().pop().expect("a verdict"),
            ];
            for document in documents {
                let verdict = &document["verdict"];
                assert_eq!(verdict["answer"], "whole", "{what}");
                assert_eq!(verdict["consistency"]["marked"], false, "sock_diag marks nothing: {what}");
                assert_eq!(verdict["consistency"]["doubled"], 0, "{what}");
                assert!(verdict["consistency"]["doubled_window_rows"].as_u64() > Some(0), "{what}");
                assert!(missing(verdict, "table").is_empty(), "{what}");
            }
        }
        Ok(())
    });
}

#[test]
fn a_listing_with_nothing_to_say_says_nothing_on_standard_error() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        for what in ["tcp --no-owners", "tcp --no-owners -o csv", "tcp --no-owners -j", "tcp --no-owners --count"] {
            assert_eq!(words(what).ended(0).errors(), "", "{what}");
        }
        Ok(())
    });
}

#[test]
fn a_limit_that_is_reached_is_no_cut() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v4()?, zoo.tcp_listening()?);
        let json = words("tcp --no-owners --limit 1 -j").ended(0).json();
        assert_eq!(json["verdict"]["answer"], "whole", "{json}");
        Ok(())
    });
}
