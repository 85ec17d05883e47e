//! Every kind of socket that this kernel has, made for the test in a network namespace of its own, is found with the
//! right values.
//!
//! What is right is said by [`sockeye_zoo::Expected`], field by field; what is shown is the NDJSON of `--view
//! everything`.

mod compare;
mod families;
mod names;
mod observed;
mod owners;
mod provoked;
#[path = "../support/mod.rs"]
mod support;

use rustix::net::{AddressFamily, SocketType, ipproto, socket};
use serde_json::Value;
use sockeye_zoo::{Expected, KINDS, PROVOKED, Specimen, Zoo, in_namespace, skip, state};

use compare::compare;

/// Every socket, with everything that can be said of it.
const EVERYTHING: [&str; 6] = ["any", "all", "--view", "everything", "--columns", "+peer_inode"];

/// The same and what the kernel tells to `CAP_BPF` only: asked for where somebody could attach it.
const WITH_STORAGES: [&str; 6] = ["any", "all", "--view", "everything", "--columns", "+peer_inode,+bpf_storages"];

/// The kinds that need no test of their own, because the kernel has no sock_diag module for them: they are in no
/// listing.
const NOT_LISTED: [&str; 3] = ["ping", "ping_v6", "dccp"];

/// The kinds of each test.
mod group {
    pub(crate) const LISTENING: [&str; 5] = [
        "tcp_listening",
        "tcp_listening_overflowed",
        "tcp_listening_v6only",
        "tcp_listening_dual_stack",
        "tcp_reuseport_group",
    ];
    pub(crate) const ESTABLISHED: [&str; 3] = ["tcp_established_v4", "tcp_established_v6", "tcp_established_mapped"];
    pub(crate) const STATES: [&str; 8] = [
        "tcp_syn_sent",
        "tcp_syn_recv",
        "tcp_fin_wait1",
        "tcp_fin_wait2",
        "tcp_closing",
        "tcp_last_ack",
        "tcp_time_wait",
        "tcp_bound",
    ];
    pub(crate) const OPTIONS: [&str; 9] = [
        "tcp_telling_v4",
        "tcp_telling_v6",
        "tcp_md5",
        "tcp_bound_to_device",
        "tcp_hostile_device",
        "tcp_uid",
        "tcp_tls",
        "tcp_tls12",
        "tcp_tls13",
    ];
    pub(crate) const CONGESTION: [&str; 5] = ["tcp_reno", "tcp_cubic", "tcp_bbr", "tcp_dctcp", "tcp_vegas"];
    pub(crate) const CIRCUMSTANCES: [&str; 6] =
        ["tcp_retransmitting", "tcp_keepalive", "tcp_ecn", "tcp_accurate_ecn", "tcp_unsent", "tcp_fastopen"];
    pub(crate) const SURROUNDINGS: [&str; 2] = ["tcp_bpf_storage", "tcp_in_cgroup"];
    pub(crate) const SHARED: [&str; 1] = ["tcp_shared"];
    pub(crate) const MULTIPATH: [&str; 2] = ["mptcp_listening", "mptcp_established"];
    /// Apart, because its endpoint adds subflows to the connections that are already there.
    pub(crate) const SUBFLOWS: [&str; 1] = ["mptcp_subflows"];
    pub(crate) const DATAGRAM: [&str; 8] = [
        "udp_unconnected_v4",
        "udp_unconnected_v6",
        "udp_connected",
        "udp_unread",
        "udp_dropped",
        "udp_telling",
        "udp_telling_v6",
        "udplite",
    ];
    pub(crate) const UNIX: [&str; 9] = [
        "unix_listening",
        "unix_stream_pair",
        "unix_stream_named",
        "unix_dgram",
        "unix_seqpacket",
        "unix_abstract",
        "unix_shutdown",
        "unix_hostile_path",
        "unix_uid",
    ];
    pub(crate) const PACKET: [&str; 9] = [
        "packet_raw",
        "packet_dgram",
        "packet_memberships",
        "packet_ring_v1",
        "packet_ring_v2",
        "packet_ring_v3",
        "packet_fanout",
        "packet_flags",
        "packet_filter",
    ];
    pub(crate) const NETLINK: [&str; 5] =
        ["netlink_groups", "netlink_protocols", "netlink_connected", "netlink_flags", "netlink_overrun"];
    pub(crate) const RARE: [&str; 14] = [
        "raw",
        "raw_v6",
        "vsock",
        "vsock_stream",
        "vsock_seqpacket",
        "xdp",
        "xdp_bound",
        "tipc",
        "tipc_connected",
        "smc",
        "smc_connected",
        "sctp",
        "sctp_associated",
        "sctp_associated_v6",
    ];

    pub(crate) const ALL: [&[&str]; 15] = [
        &LISTENING,
        &ESTABLISHED,
        &STATES,
        &OPTIONS,
        &CONGESTION,
        &CIRCUMSTANCES,
        &SURROUNDINGS,
        &SHARED,
        &MULTIPATH,
        &SUBFLOWS,
        &DATAGRAM,
        &UNIX,
        &PACKET,
        &NETLINK,
        &RARE,
    ];
}

/// Makes these kinds; says loudly which of them cannot be had here.
fn populate(zoo: &Zoo, test: &str, kinds: &[&str]) -> Vec<(&'static str, Specimen)> {
    let wanted = KINDS.iter().chain(PROVOKED).filter(|(kind, _)| kinds.contains(kind));
    let made = wanted.filter_map(|(kind, construct)| match construct(zoo) {
        Ok(specimen) => Some((*kind, specimen)),
        Err(missing) => {
            skip::skip(&format!("{test}: {kind}"), &missing.into());
            None
        }
    });
    made.collect()
}

/// Makes these kinds and compares every socket of theirs with its row.
fn check(zoo: &Zoo, test: &str, kinds: &[&str]) {
    let specimens = populate(zoo, test, kinds);
    let mut expected = specimens.iter().flat_map(|(_, specimen)| specimen.all());
    let stored = expected.any(|expected| expected.bpf_storage.is_some());
    let (rows, verdict) = support::listing(if stored { &WITH_STORAGES } else { &EVERYTHING });
    let mut mistakes = Vec::new();
    for (kind, specimen) in &specimens {
        for expected in specimen.all() {
            let protocol = names::protocol(expected);
            if is_missing(&verdict, protocol) {
                // Named as missing by the verdict, and nothing of it shown as if it were there.
                assert!(rows.iter().all(|row| row["protocol"] != protocol), "{kind}: {verdict:#}");
                continue;
            }
            let found = find(&rows, expected);
            if *kind == "tcp_bound"
                && let Err(reason) = skip::lists_bound_sockets()
            {
                assert_eq!(found, Vec::<&Value>::new(), "{reason:?}");
                skip::skip(test, &reason);
                continue;
            }
            let [row] = found[..] else {
                mistakes.push(format!("{kind}: {} rows for {expected:#?}", found.len()));
                continue;
            };
            let wrong = compare(expected, row);
            if !wrong.is_empty() {
                mistakes.push(format!("{kind}, {}:\n  {}\nin {row}", expected.role, wrong.join("\n  ")));
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
}

/// Whether the verdict says that this kernel cannot list a protocol. Only some protocols may be missing: a listing
/// without TCP is a mistake, whatever it says.
fn is_missing(verdict: &Value, protocol: &str) -> bool {
    if !names::MAY_BE_MISSING.contains(&protocol) {
        return false;
    }
    let mut missing = verdict["missing"].as_array().into_iter().flatten();
    missing.any(|missing| missing["kind"] == "table" && missing["table"] == protocol)
}

/// The rows of a socket: by its cookie, or by its addresses where nobody holds it who could tell its cookie. The rows of
/// SCTP associations are others, with the same cookie, and alone have addresses of the peer.
fn find<'r>(rows: &'r [Value], expected: &Expected) -> Vec<&'r Value> {
    if let Some(cookie) = expected.cookie {
        let cookie = format!("{cookie:#x}");
        return rows
            .iter()
            .filter(|row| row["cookie"] == *cookie && row.get("peer_addresses").is_some() == expected.is_association)
            .collect();
    }
    let protocol = names::protocol(expected);
    let same_side = |row: &Value, side: &str, address: Option<std::net::SocketAddr>| {
        address.is_none_or(|address| {
            row[format!("{side}_address")] == address.ip().to_string() && row[format!("{side}_port")] == address.port()
        })
    };
    let same = |row: &&Value| {
        row["protocol"] == protocol
            && row["state"] == names::state(expected)
            && same_side(row, "local", expected.local)
            && same_side(row, "peer", expected.peer)
    };
    rows.iter().filter(same).collect()
}

#[test]
fn every_kind_belongs_to_a_test() {
    let mut tested: Vec<&str> = group::ALL.concat();
    tested.extend(NOT_LISTED);
    tested.sort_unstable();
    let mut kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    assert_eq!(tested, kinds);
}

#[test]
fn listeners_show_their_accept_queue_and_what_they_dropped() {
    in_namespace(|zoo| {
        check(zoo, "listeners", &group::LISTENING);
        Ok(())
    });
}

#[test]
fn connections_show_both_ends_and_their_queues() {
    in_namespace(|zoo| {
        check(zoo, "connections", &group::ESTABLISHED);
        Ok(())
    });
}

#[test]
fn every_tcp_state_is_told_apart() {
    in_namespace(|zoo| {
        check(zoo, "TCP states", &group::STATES);
        Ok(())
    });
}

#[test]
fn tcp_options_show_their_values() {
    in_namespace(|zoo| {
        check(zoo, "TCP options", &group::OPTIONS);
        Ok(())
    });
}

#[test]
fn congestion_control_algorithms_are_named() {
    in_namespace(|zoo| {
        check(zoo, "congestion control", &group::CONGESTION);
        Ok(())
    });
}

#[test]
fn what_happens_to_a_connection_is_counted() {
    in_namespace(|zoo| {
        check(zoo, "TCP counters", &group::CIRCUMSTANCES);
        Ok(())
    });
}

#[test]
fn bpf_storage_and_control_group_of_a_socket_are_shown() {
    in_namespace(|zoo| {
        check(zoo, "BPF storage and cgroup", &group::SURROUNDINGS);
        Ok(())
    });
}

#[test]
fn a_socket_with_several_owners_shows_them_all() {
    in_namespace(|zoo| {
        check(zoo, "owners", &group::SHARED);
        Ok(())
    });
}

/// The kernel gives a connection that is accepted the cookie of its listener, if somebody has looked at that before.
#[test]
fn multipath_connections_with_the_cookie_of_their_listener_are_all_shown() {
    const CONNECTIONS: usize = 4;
    in_namespace(|zoo| {
        let listening = KINDS.iter().find(|(kind, _)| *kind == "mptcp_listening").expect("the zoo has it").1;
        let listener = listening(zoo).map_err(sockeye_zoo::Skip::from)?;
        let address = listener.all()[0].local.expect("it is bound");
        let rows = || support::listing(&["any", "proto", "=", "mptcp", "--view", "everything"]).0;
        assert_eq!(rows().len(), 1, "from now on it has a cookie");
        let connect = |_| {
            let client = socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::MPTCP))?;
            rustix::net::connect(&client, &address)?;
            Ok((client, rustix::net::accept(listener.socket("listener"))?))
        };
        let connections: rustix::io::Result<Vec<_>> = (0..CONNECTIONS).map(connect).collect();
        let connections = connections.expect("loopback is there");
        let (rows, verdict) = support::listing(&["any", "proto", "=", "mptcp", "--view", "everything"]);
        let here = rows.iter().filter(|row| row["local_port"] == address.port()).count();
        assert_eq!((here, rows.len()), (1 + CONNECTIONS, 1 + 2 * CONNECTIONS), "{rows:#?}");
        assert_eq!(verdict["consistency"]["doubled"], 0);
        drop(connections);
        Ok(())
    });
}

#[test]
fn multipath_connections_are_shown_with_the_tcp_that_carries_them() {
    in_namespace(|zoo| {
        check(zoo, "MPTCP", &group::MULTIPATH);
        Ok(())
    });
}

#[test]
fn a_multipath_connection_counts_its_further_subflows() {
    in_namespace(|zoo| {
        check(zoo, "MPTCP subflows", &group::SUBFLOWS);
        Ok(())
    });
}

#[test]
fn datagram_sockets_show_their_queues_drops_and_options() {
    in_namespace(|zoo| {
        check(zoo, "UDP", &group::DATAGRAM);
        Ok(())
    });
}

#[test]
fn unix_sockets_show_their_names_and_peers() {
    in_namespace(|zoo| {
        check(zoo, "unix sockets", &group::UNIX);
        Ok(())
    });
}

#[test]
fn packet_sockets_show_their_memberships_rings_and_filters() {
    in_namespace(|zoo| {
        check(zoo, "packet sockets", &group::PACKET);
        Ok(())
    });
}

#[test]
fn netlink_sockets_show_their_groups_and_flags() {
    in_namespace(|zoo| {
        check(zoo, "Netlink sockets", &group::NETLINK);
        Ok(())
    });
}

#[test]
fn families_without_a_module_are_named_as_missing() {
    in_namespace(|zoo| {
        check(zoo, "rare families", &group::RARE);
        Ok(())
    });
}

/// The kernel gives the row of an association the cookie of its socket.
#[test]
fn an_association_is_shown_beside_its_socket() {
    in_namespace(|zoo| {
        let specimen = zoo.sctp_associated().map_err(sockeye_zoo::Skip::from)?;
        let (rows, verdict) = support::listing(&["sctp", "all", "--view", "everything"]);
        for role in ["client", "server"] {
            let expected = specimen.expected(role);
            let cookie = format!("{:#x}", expected.cookie.expect("it is open"));
            let of_it: Vec<&Value> = rows.iter().filter(|row| row["cookie"] == *cookie).collect();
            let [socket, association] = of_it[..] else { panic!("{role}: {of_it:#?}") };
            assert_eq!(socket.get("peer_addresses"), None, "{socket}");
            let end = |end: Option<std::net::SocketAddr>| end.expect("connected").to_string();
            assert_eq!(association["local_addresses"], serde_json::json!([end(expected.local)]));
            assert_eq!(association["peer_addresses"], serde_json::json!([end(expected.peer)]));
            assert_eq!(association["state"], "established");
            let info = &association["sctp_info"];
            assert_eq!((&info["state"], &info["p_state"]), (&"established".into(), &"active".into()), "{association}");
            assert_eq!(info["p_address"], end(expected.peer));
            // The one chunk of data went one way.
            let chunks = if role == "client" { "oodchunks" } else { "iodchunks" };
            assert_eq!(info[chunks], 1, "{association}");
        }
        assert_eq!(verdict["consistency"]["doubled"], 0);
        Ok(())
    });
}

#[test]
fn ping_sockets_that_no_module_lists_are_not_taken_for_others() {
    in_namespace(|zoo| {
        let specimens = populate(zoo, "ping sockets", &NOT_LISTED);
        let (rows, _) = support::listing(&EVERYTHING);
        for expected in specimens.iter().flat_map(|(_, specimen)| specimen.all()) {
            assert_eq!(find(&rows, expected), Vec::<&Value>::new(), "{expected:#?}");
        }
        Ok(())
    });
}

#[test]
fn a_key_is_shown_only_when_asked_for() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_md5()?;
        let secret = &specimen.expected("listener").md5[0].key;
        let output = support::sockeye(&[&["sockets", "-o", "ndjson"], &EVERYTHING[..]].concat());
        let digits = secret.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        for form in [secret.as_slice(), digits.as_bytes()] {
            assert!(!output.stdout.windows(form.len()).any(|window| window == form), "the key is in the output");
        }
        let (rows, _) = support::listing(&[&EVERYTHING[..], &["--show-md5-keys"]].concat());
        let row = find(&rows, specimen.expected("listener"))[0];
        let keys = row["md5_signatures"].as_array().into_iter().flatten();
        assert!(keys.map(|entry| &entry["key_hex"]).any(|key| *key == *digits), "{row}");
        Ok(())
    });
}

#[test]
fn a_comparison_sees_a_value_that_is_wrong() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_listening()?;
        let expected = specimen.expected("listener");
        let (rows, _) = support::listing(&EVERYTHING);
        let row = find(&rows, expected)[0];
        assert_eq!(compare(expected, row), Vec::<String>::new());
        let others = [
            Expected { state: state::CLOSE_WAIT, ..expected.clone() },
            Expected { accept_queue_limit: Some(8), ..expected.clone() },
            Expected { local: expected.local.map(|local| (local.ip(), local.port() ^ 1).into()), ..expected.clone() },
            Expected { uid: 77, ..expected.clone() },
            Expected { mark: Some(1), ..expected.clone() },
            Expected { inode: expected.inode.map(|inode| inode + 1), ..expected.clone() },
        ];
        for other in others {
            assert_ne!(compare(&other, row), Vec::<String>::new(), "{other:#?}");
        }
        Ok(())
    });
}
