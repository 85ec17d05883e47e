//! What only unix, packet and Netlink sockets have.

use serde_json::{Value, json};
use sockeye_zoo::{Membership, NetlinkExpected, PacketExpected, Ring};

use crate::observed::Observed;

/// `TPACKET_V…`
const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];
/// `PDI_…`
const PACKET_FLAGS: [(u32, &str); 5] = [(1, "running"), (2, "auxdata"), (4, "origdev"), (8, "vnethdr"), (16, "loss")];
/// `SOF_TIMESTAMPING_…`
const TIMESTAMPS: [(u32, &str); 1] = [(64, "raw-hardware")];
/// `TP_FT_REQ_FILL_RXHASH`
const RING_FEATURES: [(u32, &str); 1] = [(1, "rxhash")];
/// `PACKET_FANOUT_…`
const FANOUTS: [&str; 3] = ["hash", "lb", "cpu"];
/// `PACKET_MR_…`
const MEMBERSHIPS: [&str; 4] = ["multicast", "promisc", "allmulti", "unicast"];
/// `NDIAG_FLAG_…`
const NETLINK_FLAGS: [(u32, &str); 6] = [
    (1, "cb-running"),
    (2, "pktinfo"),
    (4, "broadcast-error"),
    (8, "no-enobufs"),
    (16, "listen-all-nsid"),
    (32, "cap-ack"),
];

/// An abstract name is written with `@` for its first NUL, which is only among the bytes where those are given. A path may
/// begin with `@` as well: the file tells them apart.
pub(crate) fn unix_name(row: &mut Observed<'_>, name: &[u8]) {
    let written = match name {
        [0, rest @ ..] => {
            row.absent("/vfs");
            if std::str::from_utf8(rest).is_ok() { [b"@", rest].concat() } else { name.to_vec() }
        }
        path => {
            row.at_least("/vfs/ino", 1);
            path.to_vec()
        }
    };
    row.bytes("/name", &written);
    row.bytes("/local_address", &written);
}

/// What packet_diag says.
pub(crate) fn packet(row: &mut Observed<'_>, expected: &PacketExpected) {
    let PacketExpected {
        ifindex,
        version,
        reserve_bytes,
        copy_threshold,
        timestamp,
        flags,
        rx_ring,
        tx_ring,
        fanout,
        memberships,
        filter_len,
    } = expected;
    row.equal("/packet_info/index", *ifindex);
    row.equal("/packet_info/version", VERSIONS[*version as usize]);
    row.equal("/packet_info/reserve_bytes", *reserve_bytes);
    row.equal("/packet_info/copy_thresh_bytes", *copy_threshold);
    row.bits("/packet_info/tstamp", *timestamp, &TIMESTAMPS);
    row.bits("/packet_info/flags", *flags, &PACKET_FLAGS);
    ring(row, "/rx_ring", rx_ring.as_ref());
    ring(row, "/tx_ring", tx_ring.as_ref());
    match fanout {
        Some(fanout) => {
            row.equal("/fanout/id", fanout & 0xffff);
            row.equal("/fanout/kind", FANOUTS[(fanout >> 16) as usize]);
        }
        None => row.absent("/fanout"),
    }
    row.same_set("/mclist", memberships.iter().map(membership).collect());
    match filter_len {
        Some(len) if row.list("/filter").len() != *len as usize => {
            row.mistake("/filter", &format!("{len} instructions"));
        }
        Some(_) => {}
        None => row.absent("/filter"),
    }
}

fn ring(row: &mut Observed<'_>, place: &str, expected: Option<&Ring>) {
    let Some(Ring { block_bytes, blocks, frame_bytes, frames, retire_ms, private_bytes, features }) = expected else {
        return row.absent(place);
    };
    for (key, number) in [
        ("block_size_bytes", block_bytes),
        ("block_nr", blocks),
        ("frame_size_bytes", frame_bytes),
        ("frame_nr", frames),
        ("retire_tmo_ms", retire_ms),
        ("sizeof_priv_bytes", private_bytes),
    ] {
        row.equal(&format!("{place}/{key}"), *number);
    }
    row.bits(&format!("{place}/features"), *features, &RING_FEATURES);
}

fn membership(expected: &Membership) -> Value {
    let Membership { ifindex, kind, address } = expected;
    let mut entry =
        json!({"index": ifindex, "count": 1, "kind": MEMBERSHIPS[usize::from(*kind)], "alen": address.len()});
    if !address.is_empty() {
        let octets: Vec<_> = address.iter().map(|octet| format!("{octet:02x}")).collect();
        entry["address"] = octets.join(":").into();
    }
    entry
}

/// What netlink_diag says.
pub(crate) fn netlink(row: &mut Observed<'_>, expected: &NetlinkExpected) {
    let NetlinkExpected { portid, dst_portid, dst_group, groups, flags } = expected;
    row.equal("/local_port", *portid);
    row.equal("/peer_port", *dst_portid);
    row.equal("/dst_group", *dst_group);
    if groups.is_empty() {
        // The bitmap of the protocol is there once anybody joined a group, and empty for all others.
        if !row.list("/groups").is_empty() {
            row.mistake("/groups", "empty");
        }
    } else {
        row.equal("/groups", groups.clone());
    }
    row.bits_among("/flags", *flags, &NETLINK_FLAGS);
}
