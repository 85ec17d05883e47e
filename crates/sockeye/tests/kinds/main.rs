//! Every kind of socket that this kernel has, made for the test in a network namespace of its own, is found with the
//! right values.
//!
//! What is right is said by [`sockeye_zoo::Expected`], field by field; what is shown is the NDJSON of `--view
//! everything`.

mod check;
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
use sockeye_zoo::{Expected, KINDS, in_namespace, state};

use check::{check, find, none_is_shown};
use compare::compare;

/// Every socket, with everything that can be said of it.
const EVERYTHING: [&str; 6] = ["any", "all", "--view", "everything", "--columns", "+peer_inode"];

/// The same and what the kernel tells to `CAP_BPF` only: asked for where somebody could attach it.
const WITH_STORAGES: [&str; 6] = ["any", "all", "--view", "everything", "--columns", "+peer_inode,+bpf_storages"];

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

    // The kernel has no sock_diag module for these: they are in no listing.
    pub(crate) const PING: [&str; 2] = ["ping", "ping_v6"];
    pub(crate) const DCCP: [&str; 1] = ["dccp"];

    pub(crate) const ALL: [&[&str]; 17] = [
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
        &PING,
        &DCCP,
    ];
}

#[test]
fn every_kind_belongs_to_a_test() {
    let mut tested: Vec<&str> = group::ALL.concat();
    tested.sort_unstable();
    let mut kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    assert_eq!(tested, kinds);
}

#[test]
fn listeners_show_their_accept_queue_and_what_they_dropped() {
    in_namespace(|zoo| {
        check(zoo, &group::LISTENING);
        Ok(())
    });
}

#[test]
fn connections_show_both_ends_and_their_queues() {
    in_namespace(|zoo| {
        check(zoo, &group::ESTABLISHED);
        Ok(())
    });
}

#[test]
fn every_tcp_state_is_told_apart() {
    in_namespace(|zoo| {
        check(zoo, &group::STATES);
        Ok(())
    });
}

#[test]
fn tcp_options_show_their_values() {
    in_namespace(|zoo| {
        check(zoo, &group::OPTIONS);
        Ok(())
    });
}

#[test]
fn congestion_control_algorithms_are_named() {
    in_namespace(|zoo| {
        check(zoo, &group::CONGESTION);
        Ok(())
    });
}

#[test]
fn what_happens_to_a_connection_is_counted() {
    in_namespace(|zoo| {
        check(zoo, &group::CIRCUMSTANCES);
        Ok(())
    });
}

#[test]
fn bpf_storage_and_control_group_of_a_socket_are_shown() {
    in_namespace(|zoo| {
        check(zoo, &group::SURROUNDINGS);
        Ok(())
    });
}

#[test]
fn a_socket_with_several_owners_shows_them_all() {
    in_namespace(|zoo| {
        check(zoo, &group::SHARED);
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
        check(zoo, &group::MULTIPATH);
        Ok(())
    });
}

#[test]
fn a_multipath_connection_counts_its_further_subflows() {
    in_namespace(|zoo| {
        check(zoo, &group::SUBFLOWS);
        Ok(())
    });
}

#[test]
fn datagram_sockets_show_their_queues_drops_and_options() {
    in_namespace(|zoo| {
        check(zoo, &group::DATAGRAM);
        Ok(())
    });
}

#[test]
fn unix_sockets_show_their_names_and_peers() {
    in_namespace(|zoo| {
        check(zoo, &group::UNIX);
        Ok(())
    });
}

#[test]
fn packet_sockets_show_their_memberships_rings_and_filters() {
    in_namespace(|zoo| {
        check(zoo, &group::PACKET);
        Ok(())
    });
}

#[test]
fn netlink_sockets_show_their_groups_and_flags() {
    in_namespace(|zoo| {
        check(zoo, &group::NETLINK);
        Ok(())
    });
}

#[test]
fn rare_families_show_their_values() {
    in_namespace(|zoo| {
        check(zoo, &group::RARE);
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
        none_is_shown(zoo, &group::PING);
        Ok(())
    });
}

#[test]
fn sockets_of_dccp_that_no_module_lists_are_not_taken_for_others() {
    in_namespace(|zoo| {
        none_is_shown(zoo, &group::DCCP);
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
