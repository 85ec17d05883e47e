//! Peers, `--confirm`, `--resolve`.

use std::net::TcpListener;
use std::os::unix::net::UnixStream;

use serde_json::Value;
use sockeye_zoo::in_namespace;

use crate::ran::{WHOEVER_MAY_BE_SEEN, sockeye, with_cookie, words};
use crate::support::listing;

#[test]
fn both_ends_of_a_unix_pair_know_each_other() {
    in_namespace(|_| {
        let _pair = UnixStream::pair().expect("descriptors are left");
        let (rows, _) = listing(&["unix", "--columns", "inode,+peer-inode,+pid,+process,+peer-process,+peer-pid"]);
        assert_eq!(rows.len(), 2, "{rows:#?}");
        assert_eq!(rows[0]["peer_inode"], rows[1]["inode"]);
        assert_eq!(rows[1]["peer_inode"], rows[0]["inode"]);
        for row in &rows {
            assert_eq!(row["peer_owners"], row["owners"], "one process holds both");
            assert_eq!(row["peer_owners"][0]["pid"], std::process::id());
        }
        let table = words("unix --columns peer-pid -H");
        assert_eq!(table.lines(), [std::process::id().to_string(), std::process::id().to_string()]);
        Ok(())
    });
}

#[test]
fn which_rows_have_a_peer_does_not_hang_on_the_columns() {
    in_namespace(|zoo| {
        let directory = zoo.directory().join("peer");
        let listener = std::os::unix::net::UnixListener::bind(&directory).expect("a name of our own");
        let _client = UnixStream::connect(&directory).expect("it listens");
        let _server = listener.accept().expect("somebody has connected");
        let filter = format!("dst {}", directory.display());
        for columns in ["local,peer", "inode", "local,peer,peer-process"] {
            let (rows, _) = listing(&["unix", "established", &filter, "--columns", columns]);
            assert_eq!(rows.len(), 1, "{columns}: {rows:#?}");
        }
        Ok(())
    });
}

#[test]
fn both_ends_of_a_loopback_connection_know_each_other() {
    in_namespace(|zoo| {
        for specimen in [zoo.tcp_established_v4()?, zoo.tcp_established_v6()?, zoo.tcp_established_mapped()?] {
            let (rows, _) =
                listing(&["tcp", "established", "--columns", "cookie,inode,peer-inode,peer-pid,peer-process"]);
            let ends = ["client", "server"]
                .map(|role| with_cookie(&rows, specimen.expected(role).cookie.expect("every socket has a cookie"))[0]);
            assert_eq!(ends[0]["peer_inode"], ends[1]["inode"]);
            assert_eq!(ends[1]["peer_inode"], ends[0]["inode"]);
            assert!(ends.iter().all(|end| end["peer_owners"][0]["pid"] == std::process::id()), "{ends:#?}");
        }
        Ok(())
    });
}

#[test]
fn a_listing_can_be_confirmed_whatever_is_done_with_its_rows() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v4()?, zoo.udp_connected()?, zoo.unix_stream_pair()?);
        let confirmed = |line: &str| {
            let lines = words(line).ended(0).json_lines();
            let (last, rows) = lines.split_last().expect("the verdict at least");
            let said = &last["verdict"]["consistency"]["confirmed"];
            assert_eq!(said["sure"], true, "{last}");
            assert!(said["dumps"].as_u64() >= Some(2), "{last}");
            rows.to_vec()
        };
        let rows = confirmed("tcp udp unix --confirm -o ndjson --columns cookie");
        assert_eq!(rows.len(), 7);
        assert_eq!(confirmed("tcp --confirm --count -o ndjson"), [serde_json::json!({"count": 3})]);
        assert_eq!(
            confirmed("tcp --confirm --group-by proto -o ndjson"),
            [serde_json::json!({"protocol": "tcp", "count": 3})]
        );
        let sorted = confirmed("tcp --confirm --sort -lport -o ndjson --columns lport");
        assert!(sorted.is_sorted_by_key(|row| std::cmp::Reverse(row["local_port"].as_u64())), "{sorted:?}");
        assert_eq!(confirmed("tcp --confirm --sort -lport --limit 1 -o ndjson --columns lport"), sorted[..1]);
        assert_eq!(words("tcp --confirm --count -j").ended(0).json()["count"], 3);
        Ok(())
    });
}

#[test]
fn the_sockets_that_a_confirmation_asks_with_are_no_news() {
    in_namespace(|zoo| {
        let _kept = (zoo.netlink_groups()?, zoo.unix_abstract()?);
        // A socket of vsock is of no namespace: those of other tests come and go in the first.
        for (line, tries) in [
            ("any all --confirm -o ndjson --columns cookie,inode", 5),
            ("netlink --confirm -o ndjson --columns pid", 1),
        ] {
            let asked = || words(line).ended_in(&WHOEVER_MAY_BE_SEEN).json_lines();
            let expected = serde_json::json!({"dumps": 2, "found": 0, "gone": 0, "sure": true});
            let is_quiet = |lines: &Vec<Value>| {
                lines.last().is_some_and(|last| last["verdict"]["consistency"]["confirmed"] == expected)
            };
            let lines = (1..tries).map(|_| asked()).find(is_quiet).unwrap_or_else(asked);
            let (last, rows) = lines.split_last().expect("the verdict at least");
            assert_eq!(last["verdict"]["consistency"]["confirmed"], expected, "{line}: {last}");
            assert!(rows.len() > 2, "{line}: {rows:?}");
        }
        Ok(())
    });
}

#[test]
fn names_are_shown_only_when_asked_for() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:443").or_else(|_| TcpListener::bind("127.0.0.1:0"));
        let port = listener.as_ref().map(|listener| listener.local_addr().map_or(0, |address| address.port()));
        let local = |arguments: &[&str]| {
            let table = sockeye(&[&["tcp", "listening", "-H", "--columns", "local"], arguments].concat()).ended(0);
            table.text().trim_end().to_owned()
        };
        let port = port.expect("the loopback device is up");
        assert_eq!(local(&[]), format!("127.0.0.1:{port}"));
        let named = local(&["--resolve"]);
        let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
        let is_in_hosts = hosts.lines().any(|line| line.split_whitespace().take(2).eq(["127.0.0.1", "localhost"]));
        if is_in_hosts {
            assert!(named.starts_with("localhost:"), "{named}");
        }
        let services = std::fs::read_to_string("/etc/services").unwrap_or_default();
        if port == 443 && services.lines().any(|line| line.split_whitespace().take(2).eq(["https", "443/tcp"])) {
            assert!(named.ends_with(":https"), "{named}");
        }
        let (rows, _) = listing(&["tcp", "--resolve"]);
        assert_eq!(rows[0]["local_address"], "127.0.0.1", "JSON keeps the address");
        Ok(())
    });
}
