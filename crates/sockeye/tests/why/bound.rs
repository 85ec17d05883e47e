//! What is of one link alone: listeners that are bound to it, and targets that name it.

use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with};
use sockeye_zoo::{in_namespace, own_way};

use crate::reach::{cable, causes, ip, step, why};

/// Somebody who listens, for packets of this link alone.
fn listener_on(link: &str, at: &str) -> OwnedFd {
    let at: SocketAddr = at.parse().expect("an address");
    let family = if at.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    own_way::bind_to_device(&socket, link).expect("root may");
    bind(&socket, &at).and_then(|()| listen(&socket, 7)).expect("free");
    socket
}

#[test]
fn a_listener_of_one_link_is_there_for_its_addresses() {
    in_namespace(|_| {
        cable();
        ip("link set v1 up");
        ip("link add w0 type veth peer name w1");
        ip("link set w0 up");
        ip("address add 10.8.0.1/24 dev w0");
        ip("address add fd08::1/64 dev w0 nodad");
        let cases = [
            ("v0", "0.0.0.0:7091", "10.9.0.1:7091", true),
            ("w0", "0.0.0.0:7092", "10.9.0.1:7092", false),
            ("w0", "0.0.0.0:7093", "10.8.0.1:7093", true),
            ("lo", "0.0.0.0:7094", "10.9.0.1:7094", false),
            ("lo", "0.0.0.0:7095", "127.0.0.1:7095", true),
            ("v0", "[::]:7096", "[fd09::1]:7096", true),
            ("w0", "[::]:7097", "[fd09::1]:7097", false),
            ("v0", "[::]:7098", "10.9.0.1:7098", true),
            ("lo", "[::]:7099", "[::1]:7099", true),
        ];
        for (link, at, target, takes) in cases {
            let _listener = listener_on(link, at);
            let address: SocketAddr = target.parse().expect("an address");
            assert_eq!(TcpStream::connect(address).is_ok(), takes, "as the kernel has it: {at} on {link}, {target}");
            let answer = why(target, if takes { 0 } else { 4 });
            if takes {
                assert!(step(&answer, "listener").contains(&format!("port {},", address.port())), "{answer:#}");
                continue;
            }
            assert_eq!(causes(&answer), [("no-listener", format!("port {}", address.port()).as_str())]);
            let elsewhere = answer["findings"][0]["evidence"]["listens_on"].as_str();
            assert!(elsewhere.is_some_and(|names| names.ends_with(" alone)")), "{answer:#}");
        }
        Ok(())
    });
}

#[test]
fn the_link_that_a_target_names_is_the_cause_where_it_is_off() {
    in_namespace(|_| {
        cable();
        for (order, cause, says) in [
            ("link set v1 down", "link-down", "v1 down"),
            // The other end is down.
            ("link set v1 up", "no-carrier", "v1 up, no carrier"),
        ] {
            ip("link set v0 down");
            ip(order);
            for target in ["fe80::5%v1", "[fe80::5%v1]:443"] {
                let answer = why(target, 4);
                assert_eq!(causes(&answer), [(cause, "v1")], "{answer:#}");
                assert!(step(&answer, "link").starts_with(says), "{answer:#}");
                assert_eq!(
                    (&answer["target"], step(&answer, "route")),
                    (&target.into(), "none: it went with its link")
                );
            }
        }
        // Where there is none for another reason, its name stays with the address.
        ip("link set v0 up");
        ip("-6 rule add to fe80::/10 prohibit priority 50");
        assert_eq!(causes(&why("[fe80::5%v0]:443", 4)), [("prohibited-route", "fe80::5%v0")]);
        Ok(())
    });
}
