//! What the kernel changes in a link without a word: what `docs/completeness.md` says of it, and what is found all the
//! same, long before an audit.

use serde_json::json;
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::Received;
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::RTNLGRP_LINK;
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::watching::Watching;

const V: [u32; 2] = [710, 711];
const W: [u32; 2] = [720, 721];

/// `IFLA_ADDRESS`, `IFLA_IFALIAS`, `IFLA_GROUP`, `IFLA_LINKMODE`, `IFLA_GSO_MAX_SIZE`, `IFLA_GRO_MAX_SIZE`.
const ADDRESS: u16 = 1;
const IFALIAS: u16 = 20;
const GROUP: u16 = 27;
const LINKMODE: u16 = 17;
const GSO_MAX_SIZE: u16 = 41;
const GRO_MAX_SIZE: u16 = 58;

/// Whether the group of links hears of it when this is done.
fn is_announced(asker: &mut Asker, request: &Request) -> bool {
    let mut events = Socket::open(Protocol::Route).expect("a socket");
    events.join(RTNLGRP_LINK).expect("everybody may");
    asker.must(request);
    // The kernel answers after it has told everybody.
    matches!(events.try_receive(&mut Buffer::new()), Ok(Received::Datagram(_)))
}

#[test]
fn of_a_link_that_is_down_most_settings_are_not_announced_and_limits_of_packets_never_are() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.must(&new_veth(V, ["v0", "v1"]));
        let settings = |value: u8| {
            let number = u32::from(value).to_ne_bytes();
            [
                (set_link(V[0], IFALIAS, &[b'a' + value, 0]), true),
                (set_link(V[0], GROUP, &number), true),
                (set_link(V[0], LINKMODE, &[value % 2]), true),
                (set_link(V[0], GSO_MAX_SIZE, &(30_000 + u32::from(value)).to_ne_bytes()), false),
                (set_link(V[0], GRO_MAX_SIZE, &(40_000 + u32::from(value)).to_ne_bytes()), false),
            ]
        };
        for (request, _) in settings(11) {
            assert!(!is_announced(&mut asker, &request), "down: {request:?}");
        }
        assert!(is_announced(&mut asker, &set_mtu(V[0], 1417)), "an MTU is announced in any case");
        // A link that is dormant never says that it is up; this one is waited for, so that no word of it counts as an announcement.
        asker.must(&set_link(V[0], LINKMODE, &[0]));
        asker.bring_up(V);
        for (request, announced) in settings(13) {
            assert_eq!(is_announced(&mut asker, &request), announced, "up: {request:?}");
        }
        Ok(())
    });
}

#[test]
fn the_end_of_a_cable_that_is_told_of_before_the_other_is_there_has_it_a_moment_later() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        let mut watching = Watching::start(&["links", "-j"]);
        asker.must(&new_veth(V, ["v0", "v1"]));
        // drivers/net/veth.c `veth_newlink`: the peer is told of first, when it has none itself.
        let both = watching.object("the first end with its other", |object| {
            object["record"]["index"] == V[1] && object["record"]["link"] == V[0]
        });
        assert_eq!((&both["change"], &both["fields"]["link"]["old"]), (&json!("changed"), &json!(0)));
        assert_eq!(both.get("resync"), None, "nothing was lost: {both}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn ports_have_the_address_of_their_bridge_when_it_has_another() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        // They are down: nothing else is told of them later.
        asker.must(&new_veth(V, ["v0", "v1"]));
        asker.must(&new_veth(W, ["w0", "w1"]));
        asker.must(&new_link(730, "br0", "bridge"));
        // The bridge takes the lowest address of its ports (net/bridge/br_stp_if.c `br_stp_recalculate_bridge_id`).
        asker.must(&set_link(V[0], ADDRESS, &[2, 0, 0, 0, 9, 2]));
        asker.must(&set_link(W[0], ADDRESS, &[2, 0, 0, 0, 9, 1]));
        for port in [V[0], W[0]] {
            asker.must(&set_master(port, 730));
        }
        let mut watching = Watching::start(&["links", "-j"]);
        asker.must(&set_master(W[0], 0));
        let port = watching.object("the other port", |object| {
            object["record"]["index"] == V[0]
                && object["record"]["bridge_port"]["bridge_id"]["addr"] == "02:00:00:00:09:02"
        });
        assert_eq!(port["fields"]["bridge_port.bridge_id.addr"]["old"], "02:00:00:00:09:01", "{port}");
        assert_eq!(port.get("resync"), None, "nothing was lost: {port}");
        watching.interrupt().with(0);
        Ok(())
    });
}
