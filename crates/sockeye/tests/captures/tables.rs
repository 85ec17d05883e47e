//! Records of rtnetlink that kernels of several lines sent, of every table that can be listed. The older ones have the kinds that
//! the newest lacks, which tells what came after them. They decode to what they are known to hold.
//!
//! `LINE/TABLE.cap` has a record of each kind and of every field that one had; the sockets of the same folder are
//! elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sockeye_query::Value;
use sockeye_query::rtnetlink::{Row, catalog};
use sockeye_query::sockets::Nothing;
use sockeye_state::Received;
use sockeye_state::capture::{Reader, Record};
use sockeye_state::rtnetlink::each_record;
use sockeye_wire::Messages;
use sockeye_wire::rtnetlink::Table;

use crate::line::{LINES, TABLE_LINES, blesses, directory, tables};
use crate::made;

/// Hands every record of a capture to `visit`.
pub(crate) fn rows(capture: &[u8], table: Table, mut visit: impl FnMut(&Row<'_>)) {
    let mut scratch = Vec::new();
    for entry in Reader::new(capture).expect("a capture") {
        if let Record::Received(Received::Datagram(datagram)) = entry.expect("a whole capture").record {
            for message in Messages::new(datagram.bytes) {
                let message = message.expect("a whole one");
                each_record(table, message.payload(), &mut scratch, &mut |record| {
                    visit(&Row::read(table, record, &Nothing).expect("a record"));
                });
            }
        }
    }
}

/// Everything that a record says, a value a line: its way, and what it is.
fn lines(row: &Row<'_>) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    row.entries(&mut |entry| add(&mut lines, &entry.key, &entry.value));
    lines
}

fn add(lines: &mut Vec<(String, String)>, way: &str, value: &Value<'_>) {
    match value {
        Value::Tree(tree) => tree.entries(&mut |entry| add(lines, &format!("{way}.{}", entry.key), &entry.value)),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| add(lines, &format!("{way}.{key}"), value)),
        Value::List(values) => values.iter().for_each(|value| add(lines, &format!("{way}[]"), value)),
        Value::Several(values) => values.for_each(|value| add(lines, &format!("{way}[]"), &value)),
        value => lines.push((way.to_owned(), text(value))),
    }
}

fn text(value: &Value<'_>) -> String {
    let octets = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>();
    match value {
        Value::Unsigned(number) => number.to_string(),
        Value::Signed(number) => number.to_string(),
        Value::Hexadecimal(number) => format!("{number:#x}"),
        Value::Hexadecimal32(number) => format!("{number:#x}"),
        Value::Truth(truth) => truth.to_string(),
        Value::Set { bits, names } => {
            let set = names.iter().filter(|name| bits & name.value != 0).map(|name| name.name);
            format!("{bits:#x} {}", set.collect::<Vec<_>>().join("|"))
        }
        Value::Address(address) => address.to_string(),
        Value::SocketAddress(address) => address.to_string(),
        Value::Network { address, prefix_len } => format!("{address}/{prefix_len}"),
        Value::LinkAddress(address) => octets(address).join(":"),
        Value::Interface { index, .. } => format!("#{index}"),
        Value::Handle(handle) => format!("{:x}:{:x}", handle >> 16, handle & 0xffff),
        Value::Bytes(bytes) => octets(bytes).concat(),
        Value::Nothing => "nothing".to_owned(),
        other => match other.as_text() {
            Some(text) => format!("'{}'", text.escape_ascii()),
            None => panic!("{other:?} has no form here"),
        },
    }
}

fn name(line: &str, table: Table) -> String {
    format!("{line}/{}", table.name())
}

/// A number for what a record says, so that one that says what another said before is noticed: FNV-1a.
fn checksum(lines: &[(String, String)]) -> u32 {
    let bytes = lines.iter().flat_map(|(way, value)| [way.as_bytes(), b"\t", value.as_bytes(), b"\n"].concat());
    bytes.fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// What a capture decodes to: of each record what no record before it said in the same words, and the checksum of all that it says.
fn decoded(line: &str, table: Table) -> String {
    let (mut decoded, mut said) = (String::new(), BTreeSet::new());
    rows(&made::read(&name(line, table)), table, |row| {
        let lines = lines(row);
        let _ = writeln!(decoded, "{} values, {:08x}", lines.len(), checksum(&lines));
        for (way, value) in lines {
            if said.insert((way.clone(), value.clone())) {
                let _ = writeln!(decoded, "{way}\t{value}");
            }
        }
        decoded.push('\n');
    });
    decoded
}

/// Hands all that each record of a capture says to `visit`.
pub(crate) fn lines_of(line: &str, table: Table, mut visit: impl FnMut(&[(String, String)])) {
    rows(&made::read(&name(line, table)), table, |row| visit(&lines(row)));
}

/// The values of one field in all records.
fn values(line: &str, table: Table, wanted: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    rows(&made::read(&name(line, table)), table, |row| {
        found.extend(lines(row).into_iter().filter(|(way, _)| way == wanted).map(|(_, value)| value));
    });
    found
}

/// A VLAN is found by its number whether it is of a port or, with the options that it has there, of a whole bridge.
#[test]
fn a_vlan_of_a_whole_bridge_has_its_number_where_those_of_ports_have_it() {
    let vid = catalog(Table::Vlans).find("vid").expect("a field");
    for line in LINES {
        let mut found = BTreeSet::new();
        rows(&made::read(&name(line, Table::Vlans)), Table::Vlans, |row| {
            let is_of_bridge = lines(row).iter().any(|(way, _)| way.starts_with("global_options"));
            match row.value(vid) {
                Some(Value::Unsigned(number)) => drop(found.insert((is_of_bridge, number))),
                other => panic!("{line}: one number, and not {other:?}"),
            }
        });
        for is_of_bridge in [false, true] {
            assert!(found.contains(&(is_of_bridge, 117)), "{line} {is_of_bridge}: {found:?}");
        }
    }
}

/// Kinds of which every kernel of [`LINES`] sent records.
const KINDS: [(Table, &str, &[&str]); 7] = [
    (
        Table::Links,
        "kind",
        &[
            "batadv",
            "bond",
            "bridge",
            "can",
            "dummy",
            "erspan",
            "geneve",
            "gre",
            "gretap",
            "gtp",
            "ifb",
            "ip6erspan",
            "ip6gre",
            "ip6gretap",
            "ip6tnl",
            "ipip",
            "ipvlan",
            "ipvtap",
            "macsec",
            "macvlan",
            "macvtap",
            "nlmon",
            "sit",
            "team",
            "tun",
            "vcan",
            "veth",
            "vlan",
            "vrf",
            "vti",
            "vti6",
            "vxcan",
            "vxlan",
            "wireguard",
            "xfrm",
        ],
    ),
    (
        Table::Qdiscs,
        "kind",
        &[
            "bfifo",
            "cake",
            "cbs",
            "choke",
            "clsact",
            "codel",
            "drr",
            "etf",
            "ets",
            "fq",
            "fq_codel",
            "fq_pie",
            "gred",
            "hfsc",
            "hhf",
            "htb",
            "ingress",
            "mq",
            "mqprio",
            "multiq",
            "netem",
            "noqueue",
            "pfifo",
            "pfifo_fast",
            "pfifo_head_drop",
            "pie",
            "plug",
            "prio",
            "qfq",
            "red",
            "sfb",
            "sfq",
            "skbprio",
            "taprio",
            "tbf",
            "teql0",
        ],
    ),
    (
        Table::TcClasses,
        "kind",
        &[
            "cake", "cbs", "drr", "ets", "fq_codel", "hfsc", "htb", "mq", "mqprio", "multiq", "prio", "qfq", "red",
            "sfq", "skbprio", "taprio", "tbf",
        ],
    ),
    (Table::TcFilters, "kind", &["basic", "bpf", "cgroup", "flow", "flower", "fw", "matchall", "route", "u32"]),
    (
        Table::TcActions,
        "kind",
        &[
            "bpf",
            "connmark",
            "csum",
            "ct",
            "ctinfo",
            "gact",
            "gate",
            "ife",
            "mirred",
            "mpls",
            "nat",
            "pedit",
            "police",
            "sample",
            "simple",
            "skbedit",
            "skbmod",
            "tunnel_key",
            "vlan",
        ],
    ),
    (Table::Routes, "encap_type", &["bpf", "ila", "ip", "ip6", "mpls", "seg6", "seg6-local", "xfrm"]),
    (
        Table::Routes,
        "encap.action",
        &[
            "end",
            "end-b6",
            "end-b6-encap",
            "end-bpf",
            "end-dt4",
            "end-dt46",
            "end-dt6",
            "end-dx2",
            "end-dx4",
            "end-dx6",
            "end-t",
            "end-x",
        ],
    ),
];

/// The few kinds that the newest of [`TABLE_LINES`] has.
const KINDS_OF_NEWEST: [(Table, &str, &[&str]); 5] = [
    (Table::Links, "kind", &["bridge", "ifb", "macvlan", "macvtap", "tun", "veth", "vxlan"]),
    (Table::Qdiscs, "kind", &["bfifo", "clsact", "htb", "ingress", "mq", "noqueue", "pfifo", "pfifo_fast", "tbf"]),
    (Table::TcClasses, "kind", &["htb", "mq", "tbf"]),
    (Table::TcFilters, "kind", &["bpf", "u32"]),
    (Table::TcActions, "kind", &["mirred"]),
];

/// What the scripts of `beside_ip` set, in each table: values that cannot be right by accident.
const SET: [(Table, &str, &str); 149] = [
    (Table::Links, "vlan.id", "321"),
    (Table::Links, "vrf.table", "4242"),
    (Table::Links, "bond.miimon_ms", "123"),
    (Table::Links, "macsec.window", "77"),
    (Table::Links, "gre.ikey", "0x1b59"),
    (Table::Links, "ip6gre.okey", "0x1b5d"),
    (Table::Links, "geneve.id", "70011"),
    (Table::Links, "xfrm.if_id", "0x4d2"),
    (Table::Links, "ipvlan.mode", "'l3s'"),
    (Table::Links, "ip6erspan.erspan_index", "0x12345"),
    (Table::Links, "ip6erspan.erspan_hwid", "0x2b"),
    (Table::Links, "ip6erspan.flowinfo", "0x3423456"),
    (Table::Links, "slave_kind", "'team'"),
    (Table::Links, "bond_port.queue_id", "13"),
    (Table::Links, "bond_port.prio", "-7"),
    (Table::Links, "bond_port.state", "'backup'"),
    (Table::Links, "bond_port.mii_status", "'down'"),
    (Table::Links, "bond_port.perm_hwaddr", "02:11:22:33:44:65"),
    (Table::Links, "bond.ad_info.partner_mac", "02:60:70:80:90:a0"),
    (Table::Links, "vrf_port.table", "4242"),
    (Table::Links, "can.bittiming.bitrate_bits_per_second", "500000"),
    (Table::Links, "can.bitrate_const_bits_per_second[]", "800000"),
    (Table::Nexthops, "id", "6002"),
    (Table::Nexthops, "group[].weight", "43"),
    (Table::Nexthops, "group[].weight_high", "1"),
    (Table::Nexthops, "res_group.buckets", "24"),
    (Table::Nexthops, "encap.srh.segments[].address", "fd00::b"),
    (Table::Nexthops, "encap.dst", "'100/200'"),
    (Table::Routes, "encap.id", "77"),
    (Table::Routes, "encap.ttl", "9"),
    (Table::Routes, "encap.srh.segments[].address", "fd00::c"),
    (Table::Routes, "encap.locator", "0x20010db800070009"),
    (Table::Routes, "encap.if_id", "0x1a2b"),
    (Table::Routes, "encap.action", "'end-dt46'"),
    (Table::Routes, "encap.vrftable", "70128"),
    (Table::Routes, "encap.xmit.name", "'sockeye_xmit:[*fsobj]'"),
    (Table::Routes, "encap.bpf.prog_name", "'sockeye_segment:[*fsobj]'"),
    (Table::Qdiscs, "pfifo_head_drop.limit", "77"),
    (Table::Qdiscs, "taprio.txtime_delay_ns", "200007"),
    (Table::Qdiscs, "taprio.sched_entry_list[].interval_ns", "400000"),
    (Table::Qdiscs, "netem.latency64_ns", "100000000"),
    (Table::Qdiscs, "sfq.divisor", "512"),
    (Table::Qdiscs, "fq.flow_plimit", "88"),
    (Table::Qdiscs, "cake.overhead_bytes", "18"),
    (Table::Qdiscs, "hhf.backlog_limit", "777"),
    (Table::Qdiscs, "pie.alpha", "3"),
    (Table::TcClasses, "drr.quantum_bytes", "1777"),
    (Table::Qdiscs, "prio.bands", "5"),
    (Table::Qdiscs, "red.limit_bytes", "400000"),
    (Table::Qdiscs, "red.qth_min_bytes", "30000"),
    (Table::Qdiscs, "red.qth_max_bytes", "90000"),
    (Table::Qdiscs, "fq_codel.limit", "7777"),
    (Table::Qdiscs, "fq_codel.flows", "2048"),
    (Table::Qdiscs, "fq_codel.quantum_bytes", "1777"),
    (Table::Qdiscs, "fq_codel.drop_batch_size", "77"),
    (Table::Qdiscs, "fq_codel.memory_limit_bytes", "12345678"),
    (Table::Qdiscs, "codel.limit", "777"),
    (Table::Qdiscs, "codel.ecn", "true"),
    (Table::Qdiscs, "fq_pie.limit", "7777"),
    (Table::Qdiscs, "fq_pie.target_us", "21000"),
    (Table::Qdiscs, "ets.nbands", "5"),
    (Table::Qdiscs, "ets.nstrict", "2"),
    (Table::Qdiscs, "ets.quanta_bytes[]", "3000"),
    (Table::Qdiscs, "mqprio.num_tc", "2"),
    (Table::Qdiscs, "choke.limit", "1000"),
    (Table::Qdiscs, "gred.dps", "3"),
    (Table::Qdiscs, "gred.def_dp", "2"),
    (Table::Qdiscs, "gred.grio", "true"),
    (Table::Qdiscs, "skbprio.limit", "77"),
    (Table::Qdiscs, "cbs.hicredit_bytes", "153"),
    (Table::Qdiscs, "cbs.locredit_bytes", "-1389"),
    (Table::Qdiscs, "cbs.idleslope_kilobits_per_second", "98688"),
    (Table::Qdiscs, "cbs.sendslope_kilobits_per_second", "-901312"),
    (Table::Qdiscs, "etf.delta_ns", "200000"),
    (Table::Qdiscs, "etf.clockid", "'tai'"),
    (Table::TcClasses, "hfsc.rsc.m1_bytes_per_second", "875000"),
    (Table::TcClasses, "hfsc.fsc.d_us", "11000"),
    (Table::TcClasses, "hfsc.usc.m2_bytes_per_second", "1000000"),
    (Table::TcClasses, "qfq.weight", "77"),
    (Table::TcFilters, "matchall.classid", "1:7"),
    (Table::TcFilters, "bpf.classid", "1:15"),
    (Table::TcFilters, "bpf.ops", "3000000009000000150000011100000006000000ffff00000600000000000000"),
    (Table::TcFilters, "bpf.ops_len", "4"),
    (Table::TcFilters, "bpf.name", "'sockeye_filter:[*fsobj]'"),
    (Table::TcFilters, "bpf.flags", "0x1 act-direct"),
    (Table::TcFilters, "u32.act[].bpf.index", "79"),
    (Table::TcFilters, "u32.act[].bpf.ops", "3000000009000000150000010600000006000000ffff00000600000000000000"),
    (Table::TcFilters, "u32.act[].bpf.name", "'sockeye_action:[*fsobj]'"),
    (Table::TcFilters, "fw.classid", "1:9"),
    (Table::TcFilters, "fw.mask", "0xff"),
    (Table::TcFilters, "basic.classid", "1:13"),
    (Table::TcFilters, "route.from", "5"),
    (Table::TcFilters, "route.to", "7"),
    (Table::TcFilters, "route.classid", "1a:11"),
    (Table::TcFilters, "flow.keys", "0x3 src|dst"),
    (Table::TcFilters, "flow.divisor", "1024"),
    (Table::TcFilters, "u32.act[].gact.prob.pval", "77"),
    (Table::TcFilters, "u32.act[].police.mtu_bytes", "2000"),
    (Table::TcFilters, "u32.act[].police.rate_bytes_per_second", "875000"),
    (Table::TcFilters, "u32.act[].skbedit.priority", "0:7"),
    (Table::TcFilters, "u32.act[].skbedit.mark", "0x4d"),
    (Table::TcFilters, "u32.act[].pedit.keys[].val", "0x4d000000"),
    (Table::TcFilters, "u32.act[].nat.old_addr", "10.9.0.0"),
    (Table::TcFilters, "u32.act[].nat.new_addr", "10.7.0.7"),
    (Table::TcFilters, "u32.act[].nat.mask", "255.255.255.0"),
    (Table::TcFilters, "u32.act[].csum.update_flags", "0x11 ipv4hdr|udp"),
    (Table::TcFilters, "u32.act[].vlan.push_vlan_id", "777"),
    (Table::TcFilters, "u32.act[].vlan.push_vlan_protocol", "'802.1ad'"),
    (Table::TcFilters, "u32.act[].tunnel_key.enc_key_id", "777"),
    (Table::TcFilters, "u32.act[].tunnel_key.enc_ipv4_src", "10.7.0.1"),
    (Table::TcFilters, "u32.act[].tunnel_key.enc_ipv4_dst", "10.7.0.2"),
    (Table::TcFilters, "u32.act[].sample.rate", "77"),
    (Table::TcFilters, "u32.act[].sample.trunc_size_bytes", "128"),
    (Table::TcFilters, "u32.act[].connmark.zone", "7"),
    (Table::TcFilters, "u32.act[].simple.data", "'telling'"),
    (Table::TcFilters, "u32.act[].mpls.label", "777"),
    (Table::TcFilters, "u32.act[].mpls.ttl", "77"),
    (Table::TcFilters, "u32.act[].ct.mark", "0x4d"),
    (Table::TcFilters, "u32.act[].ct.zone", "7"),
    (Table::TcFilters, "flower.key_ip_ttl", "63"),
    (Table::TcFilters, "u32.act[].gate.base_time_ns", "1000000007"),
    (Table::TcFilters, "u32.act[].gate.entry_list[].max_octets_bytes", "8000007"),
    (Table::TcFilters, "u32.act[].ctinfo.parms_dscp_mask", "0xfc000000"),
    (Table::TcFilters, "u32.act[].skbmod.smac", "02:11:22:33:44:78"),
    (Table::TcFilters, "u32.act[].skbmod.etype", "0x88b5"),
    (Table::TcFilters, "u32.act[].ife.type", "0x88b6"),
    (Table::Rules, "dport_range.start", "2000"),
    (Table::Rules, "suppress_ifgroup", "4711"),
    (Table::Rules, "uid_range.end", "2345"),
    (Table::Rules, "fwmask", "0xff00"),
    (Table::Rules, "tun_id", "987654321"),
    (Table::Addresses, "rt_priority", "77"),
    (Table::Addresses, "broadcast", "10.9.0.250"),
    (Table::Neighbours, "protocol", "77"),
    (Table::Neighbours, "flags_ext", "0x1 managed"),
    (Table::Fdb, "port", "4797"),
    (Table::Fdb, "fdb_ext_attrs.activity_notify", "0x1 notify"),
    (Table::Fdb, "vni", "70017"),
    (Table::Fdb, "src_vni", "70019"),
    (Table::Fdb, "nh_id", "8002"),
    (Table::Mdb, "source", "10.9.7.7"),
    (Table::Mdb, "group", "239.77.1.2"),
    (Table::Vlans, "tunnel_info.id", "70300"),
    (Table::Vlans, "global_options[].id", "117"),
    (Table::Vlans, "global_options[].mcast_last_member_cnt", "7"),
    (Table::Vlans, "global_options[].mcast_membership_intvl_centiseconds", "26300"),
    (Table::Vlans, "global_options[].mcast_querier_intvl_centiseconds", "25900"),
    (Table::Vlans, "global_options[].mcast_query_response_intvl_centiseconds", "1300"),
    (Table::MulticastRoutes, "multipath[].hops", "9"),
];

#[test]
fn every_kind_of_the_scripts_is_captured() {
    let newest = TABLE_LINES[TABLE_LINES.len() - 1];
    for (line, kinds) in LINES.map(|line| (line, &KINDS[..])).into_iter().chain([(newest, &KINDS_OF_NEWEST[..])]) {
        for &(table, field, kinds) in kinds {
            let found = values(line, table, field);
            for kind in kinds {
                assert!(
                    found.contains(&format!("'{kind}'")),
                    "{line} {table:?}: {kind} is not among {field} {found:?}"
                );
            }
        }
    }
    for kind in ["'netkit'", "'hsr'"] {
        let found = LINES.map(|line| values(line, Table::Links, "kind").contains(kind));
        assert_eq!(found, [false, true], "6.1 has no {kind}");
    }
}

/// Every way of values in the tables of a line.
fn ways(line: &str) -> BTreeSet<String> {
    let mut ways = BTreeSet::new();
    for table in tables(line) {
        rows(&made::read(&name(line, table)), table, |row| {
            ways.extend(lines(row).into_iter().map(|(way, _)| format!("{} {way}", table.name())));
        });
    }
    ways
}

/// What kernels learned to tell is absent in what older ones sent, and never zero.
#[test]
fn what_an_older_kernel_does_not_tell_is_absent_and_not_zero() {
    let (mut known, mut learned) = (ways(TABLE_LINES[0]), String::new());
    for line in &TABLE_LINES[1..] {
        let ways = ways(line);
        learned.extend(ways.difference(&known).map(|way| format!("{line} {way}\n")));
        known.extend(ways);
    }
    let path = directory().join("learned.txt");
    if blesses("golden") {
        std::fs::write(&path, &learned).expect("written");
    }
    assert_eq!(learned, std::fs::read_to_string(&path).expect("committed"));
    for way in [
        "6.12 links bridge.fdb_max_learned",
        "6.12 links vxlan.localbypass",
        "6.12 links gso_ipv4_max_size_bytes",
        "6.12 nexthops op_flags",
        "6.12 qdiscs netem.prng_seed",
        "6.12 qdiscs fq.weights[]",
        "6.12 fdb flags_ext",
        "6.12 vlans neigh_suppress",
        "6.12 vlans mcast_max_groups",
        "6.12 rules dscp",
        "6.18 rules dscp_mask",
        "6.18 rules flowlabel",
        "6.18 rules dport_mask",
        "6.18 links netns_immutable",
        "6.18 links vxlan.reserved_bits",
    ] {
        assert!(learned.lines().any(|line| line == way), "{way}");
    }
    let [older, newer] = LINES.map(ways);
    assert_eq!(older.difference(&newer).collect::<Vec<_>>(), Vec::<&String>::new(), "nothing was forgotten");
}

/// The same of what only newer kernels know, each with the first line that does.
const SET_SINCE: [(&str, Table, &str, &str); 6] = [
    ("6.12", Table::Rules, "dscp", "0x2a"),
    ("6.18", Table::Rules, "dscp_mask", "0x3e"),
    ("6.18", Table::Rules, "flowlabel", "0xabcde"),
    ("6.18", Table::Rules, "flowlabel_mask", "0xfffff"),
    ("6.18", Table::Rules, "dport_mask", "0xfffe"),
    ("6.18", Table::Rules, "dport_range.start", "4660"),
];

#[test]
fn what_was_set_is_what_was_captured_since_kernels_know_it() {
    for (since, table, way, value) in SET_SINCE {
        let known = TABLE_LINES.iter().position(|line| *line == since).expect("a line");
        for line in &TABLE_LINES[known..] {
            let found = values(line, table, way);
            assert!(found.contains(value), "{line} {table:?} {way}: {value} is not among {found:?}");
        }
    }
}

#[test]
fn what_was_set_is_what_was_captured() {
    for line in LINES {
        let mut wrong = Vec::new();
        for (table, way, value) in SET {
            let found = values(line, table, way);
            if !found.contains(value) {
                wrong.push(format!("{line} {table:?} {way}: {value} is not among {found:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn every_record_decodes_to_its_golden_lines() {
    for line in TABLE_LINES {
        for table in tables(line) {
            let decoded = decoded(line, table);
            let path = directory().join(name(line, table)).with_extension("txt");
            if blesses("golden") {
                std::fs::write(&path, &decoded).expect("written");
            }
            let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for (number, (decoded, golden)) in decoded.lines().zip(golden.lines()).enumerate() {
                assert_eq!(decoded, golden, "{}, line {}", path.display(), number + 1);
            }
            assert_eq!(decoded.lines().count(), golden.lines().count(), "{}", path.display());
        }
    }
}
