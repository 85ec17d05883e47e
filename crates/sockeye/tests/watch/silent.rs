//! What the kernel changes in a link without a word: what `docs/completeness.md` says of it.

use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::Received;
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::RTNLGRP_LINK;
use sockeye_zoo::in_namespace;

use crate::asked::*;

const V: [u32; 2] = [710, 711];

/// `IFLA_IFALIAS`, `IFLA_GROUP`, `IFLA_LINKMODE`, `IFLA_GSO_MAX_SIZE`, `IFLA_GRO_MAX_SIZE`.
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
        asker.must(&set_up(V[0], true));
        for (request, announced) in settings(12) {
            assert_eq!(is_announced(&mut asker, &request), announced, "up: {request:?}");
        }
        Ok(())
    });
}
