//! Peers that stand in no handbook: a filter that asks for them must not be refused as one that can match nothing.

use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::net::{self, AddressFamily, SocketType};
use sockeye_zoo::in_namespace;

use crate::ran::sockeye;

fn socket(address: SocketAddr, kind: SocketType) -> OwnedFd {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    net::socket(family, kind, None).expect("a socket")
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Rows that fit a filter.
fn count(filter: &str) -> String {
    sockeye(&[filter, "--count", "--no-owners"]).ended(0).text().trim_end().to_owned()
}

#[test]
fn a_listener_keeps_the_peer_of_a_connect_that_failed() {
    in_namespace(|_| {
        let own = address("127.0.0.9:0");
        let failed = socket(own, SocketType::STREAM);
        net::bind(&failed, &own).expect("bound");
        // Nobody listens there.
        net::connect(&failed, &address("127.0.0.8:1")).expect_err("refused");
        net::listen(&failed, 3).expect("listens");
        assert_eq!(count("tcp listening src 127.0.0.9 dst 127.0.0.8"), "1");
        assert_eq!(count("tcp listening not dst 127.0.0.8"), "0");
        Ok(())
    });
}

#[test]
fn a_peer_of_the_other_address_family_stays_where_nothing_came_of_it() {
    in_namespace(|_| {
        let own = address("[::ffff:127.0.0.9]:0");
        let failed = socket(own, SocketType::STREAM);
        net::bind(&failed, &own).expect("bound");
        let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("listens");
        let to = listener.local_addr().expect("it has one");
        // No route leads there from a mapped address.
        net::connect(&failed, &to).expect_err("refused");
        net::listen(&failed, 3).expect("listens");
        assert_eq!(count("tcp src 127.0.0.0/8 dst ::1"), "1");
        // A connection has both ends in one family: that is refused.
        for filter in
            [format!("tcp src 127.0.0.0/8 dst [::1]:{}", to.port()), "established src 127.0.0.9 dst ::1".into()]
        {
            let ran = sockeye(&[&filter]).ended(2);
            assert!(
                ran.errors().contains("can match nothing") && ran.errors().contains(" and `dst "),
                "{}",
                ran.errors()
            );
        }
        Ok(())
    });
}

#[test]
fn a_datagram_socket_that_is_connected_again_keeps_its_own_address() {
    in_namespace(|_| {
        let socket = socket(address("[::1]:0"), SocketType::DGRAM);
        net::connect(&socket, &address("[::1]:9")).expect("connected");
        net::connect(&socket, &address("[::ffff:127.0.0.1]:9")).expect("connected again");
        assert_eq!(count("udp established src ::1 dst 127.0.0.1"), "1");
        Ok(())
    });
}
