//! Packets that a firewall drops, on their way out and on their way in.

use std::{
    io::Write,
    net::{SocketAddr, UdpSocket},
    process::{Command, Stdio},
};

use sockeye_bpf::events::{Direction, Event, EventOptions, SocketId};
use sockeye_zoo::{Skip, in_namespace};

use crate::support::{nothing, open, until};

/// Gives `nft` a table with these rules.
fn rules(rules: &str) -> Result<(), Skip> {
    let lacks = |error: std::io::Error| Skip::new("program:nft", error.to_string());
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().map_err(lacks)?;
    write!(nft.stdin.take().expect("piped"), "table ip drops {{\n{rules}\n}}\n").expect("it reads");
    assert!(nft.wait().expect("a child of ours").success(), "{rules}");
    Ok(())
}

#[test]
fn a_dropped_packet_says_which_way_it_went_who_sent_it_and_where_it_was_dropped() {
    in_namespace(|_| {
        let mut events = open(&EventOptions { drops: true, ..nothing() })?;
        rules(
            "chain out { type filter hook output priority 0; udp dport 7071 drop; }
             chain in { type filter hook input priority 0; udp dport 7072 drop; }",
        )?;
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        let (here, there) = (socket.local_addr().expect("bound"), |port| SocketAddr::from(([127, 0, 0, 1], port)));
        // Asked for, so that there is one: the kernel makes it when somebody asks.
        let cookie = rustix::net::sockopt::socket_cookie(&socket).expect("a cookie");
        let _ = socket.send_to(b"out", there(7071));
        socket.send_to(b"in", there(7072)).expect("it leaves");
        let mut dropped = Vec::new();
        until(&mut events, |event| {
            if let Some(Event::Dropped(packet)) = event {
                let (_, name) = packet.reason.expect("the kernel says why");
                dropped.push((packet.socket, packet.direction, packet.location, name.to_owned()));
            }
            dropped.len() >= 2
        });
        let ends = |packet: &SocketId| [packet.local, packet.peer].map(|end| SocketAddr::new(end.address, end.port));
        let [(out, out_way, place, why), (came, in_way, place_too, why_too)] = &dropped[..] else {
            panic!("{dropped:?}")
        };
        assert_eq!((why.as_str(), why_too.as_str()), ("NETFILTER_DROP", "NETFILTER_DROP"));
        assert_eq!((*out_way, ends(out)), (Some(Direction::Sent), [here, there(7071)]));
        assert_eq!((*in_way, ends(came)), (Some(Direction::Received), [there(7072), here]));
        assert_eq!((out.cookie, came.cookie), (cookie, 0), "{out:?} {came:?}");
        assert_eq!((out.protocol, out.netns), (Some(17), nothing().netns.expect("own namespace")));
        // One place in the kernel, in the upper half of the addresses.
        assert!(place.is_some_and(|place| place > 1 << 63) && place == place_too, "{dropped:?}");
        Ok(())
    });
}
