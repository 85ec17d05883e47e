//! Prefixes that routers announce: the kernel keeps none, so a line has to say which it was.

use std::net::{Ipv6Addr, SocketAddrV6};

use rustix::net::{AddressFamily, SendFlags, SocketType, bind, ipproto, sendto, socket, sockopt};
use rustix::thread::CapabilitySet;
use serde_json::json;
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::needs;

use crate::asked::*;
use crate::lines::ip;
use crate::watching::Watching;

/// The host, and the router at the other end of its cable.
const V: [u32; 2] = [710, 711];

/// RFC 4861, 4.2 and 4.6.2: an advertisement of a router that announces a prefix of 64 bits, for 7200 and 3600 seconds.
fn advertise(prefix: Ipv6Addr) {
    let router: Ipv6Addr = "fe80::7".parse().expect("an address");
    let everybody: Ipv6Addr = "ff02::1".parse().expect("an address");
    let raw = socket(AddressFamily::INET6, SocketType::RAW, Some(ipproto::ICMPV6)).expect("a raw socket");
    sockopt::set_ipv6_multicast_hops(&raw, 255).expect("as far as it goes");
    bind(&raw, &SocketAddrV6::new(router, 0, 0, V[1])).expect("the address is there");
    let mut message = vec![134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend([3, 4, 64, 0xc0]);
    message.extend([7200u32, 3600, 0].map(u32::to_be_bytes).concat());
    message.extend(prefix.octets());
    let sent = sendto(&raw, &message, SendFlags::empty(), &SocketAddrV6::new(everybody, 0, 0, V[1]));
    assert_eq!(sent, Ok(message.len()));
}

#[test]
fn an_announced_prefix_is_named() {
    in_namespace(|_| {
        needs(CapabilitySet::NET_RAW)?;
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        asker.must(&new_address(V[1], ip("fe80::7"), 64));
        let mut lines = Watching::start(&["prefixes", "dev", "=", "v0"]);
        let mut objects = Watching::start(&["prefixes", "dev", "=", "v0", "-o", "ndjson"]);
        for prefix in ["2001:db8:a1::", "2001:db8:a2::"] {
            advertise(prefix.parse().expect("an address"));
            let line = lines.line("prefixes +");
            assert!(line.contains(&format!(" prefixes + {prefix}/64 dev v0")), "{line}");
            let object = objects.object("a prefix", |object| object["change"] == "added");
            let key = json!({"address": prefix, "len": 64, "ifindex": V[0], "ifindex_name": "v0"});
            assert_eq!(object["key"], key, "{object}");
            assert_eq!(object["record"]["cacheinfo"]["valid_time_seconds"], 7200, "{object}");
        }
        lines.interrupt().with(0);
        objects.interrupt().with(0);
        Ok(())
    });
}
