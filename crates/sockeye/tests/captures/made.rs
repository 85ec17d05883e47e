//! The captures: how each is made again. `SOCKEYE_BLESS=captures cargo test -p sockeye --test captures` does it for the
//! kernel that runs, `cargo xtask lab --captures` for those of other lines.

use std::process::Command;

use sockeye_query::sockets::{DumpPlan, Table};
use sockeye_state::capture::{About, Record, Writer};
use sockeye_state::{Datagram, Received};
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, InetQuestion};
use sockeye_wire::sock_diag::packet::PacketQuestion;
use sockeye_wire::sock_diag::smc::SmcQuestion;
use sockeye_wire::sock_diag::tipc::TipcQuestion;
use sockeye_wire::sock_diag::xdp::XdpQuestion;
use sockeye_wire::{Messages, Request};
use sockeye_zoo::{KINDS, PROVOKED, Skip, TROUBLES, Zoo, in_namespace};

use crate::build::Values;
use crate::decode;
use crate::line::{LINES, blesses, destination, directory, line_here};

/// Sockets of a real kernel.
pub(crate) struct Captured {
    /// Name of the capture.
    pub(crate) name: &'static str,
    /// How the kinds of the zoo begin that were alive, or the name of one that wants a namespace of its own.
    kinds: &'static str,
    /// What was listed.
    arguments: &'static [&'static str],
}

const fn captured(name: &'static str, kinds: &'static str, arguments: &'static [&'static str]) -> Captured {
    Captured { name, kinds, arguments }
}

/// The captures of a real kernel.
pub(crate) const CAPTURED: [Captured; 17] = [
    captured("tcp", "tcp_", &["tcp", "all"]),
    captured("tcp_bpf", "tcp_bpf_storage", &["tcp", "all", "--columns", "+bpf_storages"]),
    captured("trouble", "trouble_", &["tcp", "all"]),
    captured("mptcp", "mptcp_", &["mptcp", "all"]),
    captured("subflows", "mptcp_", &["tcp", "all"]),
    captured("udp", "udp_", &["udp", "all"]),
    captured("udplite", "udplite", &["udplite", "all"]),
    captured("unix", "unix_", &["unix", "all"]),
    captured("packet", "packet_", &["packet", "all"]),
    captured("netlink", "netlink_", &["netlink", "all"]),
    captured("refused", "udplite", &["sctp"]),
    captured("tcp_marked", "tcp_marked", &["tcp", "all"]),
    captured("tcp_shaped", "tcp_shaped", &["tcp", "all"]),
    captured("mptcp_announced", "mptcp_announced", &["mptcp", "all"]),
    captured("mptcp_broken_way", "mptcp_broken_way", &["mptcp", "all"]),
    captured("mptcp_unfinished", "mptcp_unfinished", &["mptcp", "all"]),
    captured("udp_unresolved", "udp_unresolved", &["udp", "all"]),
];

/// Sockets of other kernels: of what the kernel at hand lacks, and of structures that grew.
const ELSEWHERE: [(Captured, &[&str]); 35] = [
    (captured("udp", "udp_", &["udp", "all"]), &LINES),
    (captured("udplite", "udplite", &["udplite", "all"]), &LINES),
    (captured("unix", "unix_", &["unix", "all"]), &LINES),
    (captured("packet", "packet_", &["packet", "all"]), &LINES),
    (captured("netlink", "netlink_", &["netlink", "all"]), &LINES),
    (captured("tcp", "tcp_telling", &["tcp", "all"]), &LINES),
    (captured("tls12", "tcp_tls12", &["tcp", "all"]), &LINES),
    (captured("tls13", "tcp_tls13", &["tcp", "all"]), &LINES),
    (captured("vegas", "tcp_vegas", &["tcp", "all"]), &LINES),
    (captured("dctcp", "tcp_dctcp", &["tcp", "all"]), &LINES),
    (captured("mptcp", "mptcp_", &["mptcp", "all"]), &LINES),
    (captured("raw", "raw", &["raw", "all"]), &LINES),
    (captured("sctp", "sctp", &["sctp", "all"]), &LINES),
    (captured("vsock", "vsock_", &["vsock", "all"]), &LINES),
    // 6.1 has sockets of XDP, and nothing that lists them.
    (captured("xdp", "xdp", &["xdp", "all"]), &["6.12"]),
    (captured("tipc", "tipc", &["tipc", "all"]), &LINES),
    (captured("smc", "smc", &["smc", "all"]), &LINES),
    (captured("tcp_marked", "tcp_marked", &["tcp", "all"]), &LINES),
    (captured("tcp_dctcp_marked", "tcp_dctcp_marked", &["tcp", "all"]), &LINES),
    (captured("tcp_vegas_timed", "tcp_vegas_timed", &["tcp", "all"]), &LINES),
    (captured("mptcp_announced", "mptcp_announced", &["mptcp", "all"]), &LINES),
    // 6.1 does not count what is sent again.
    (captured("mptcp_broken_way", "mptcp_broken_way", &["mptcp", "all"]), &["6.12"]),
    (captured("mptcp_unfinished", "mptcp_unfinished", &["mptcp", "all"]), &["6.12"]),
    (captured("xdp_flooded", "xdp_flooded", &["xdp", "all"]), &["6.12"]),
    (captured("sctp_settings", "sctp_settings", &["sctp", "all"]), &LINES),
    (captured("sctp_unordered", "sctp_unordered", &["sctp", "all"]), &LINES),
    (captured("sctp_lossy", "sctp_lossy", &["sctp", "all"]), &LINES),
    (captured("sctp_unheard", "sctp_unheard", &["sctp", "all"]), &LINES),
    (captured("sctp_gap", "sctp_gap", &["sctp", "all"]), &LINES),
    (captured("tipc_group", "tipc_group", &["tipc", "all"]), &LINES),
    (captured("tipc_uid", "tipc_uid", &["tipc", "all"]), &LINES),
    (captured("tipc_flooded", "tipc_flooded", &["tipc", "all"]), &LINES),
    (captured("tipc_stalled", "tipc_stalled", &["tipc", "all"]), &LINES),
    (captured("tipc_network", "tipc_network", &["tipc", "all"]), &LINES),
    // 6.1 finds no device for the second version of SMC unless the first namespace gives it a name.
    (captured("smc_rdma", "smc_rdma", &["smc", "all"]), &["6.12"]),
];

/// Tables whose rows are built as well, because some of their fields tell of things that cannot be brought about on one
/// machine.
pub(crate) const BUILT: [Table; 7] =
    [Table::Tcp, Table::Mptcp, Table::Packet, Table::Sctp, Table::Xdp, Table::Tipc, Table::Smc];

/// Kernels for which TCP rows are built: the end of `tcp_info` changed its layout between them.
pub(crate) const RELEASES: [&str; 2] = ["6.18.0", "7.0.0"];

/// Rows that tell every pair of fields apart.
const ROWS: u64 = 8;

/// Names of the built captures, each with its table and the kernel it pretends to come from.
pub(crate) fn built() -> impl Iterator<Item = (String, Table, &'static str)> {
    BUILT.into_iter().flat_map(|table| {
        let releases = if table == Table::Tcp { &RELEASES[..] } else { &RELEASES[..1] };
        releases.iter().map(move |&release| {
            let major = release.split('.').next().unwrap_or_default();
            (format!("built_{}_{major}", table.name()), table, release)
        })
    })
}

/// Names of the captures of a real kernel: of the one at hand, and of others.
pub(crate) fn captured_names() -> Vec<String> {
    let here = CAPTURED.iter().map(|captured| captured.name.to_owned());
    let elsewhere =
        |(captured, lines): &'static (Captured, &[&str])| lines.iter().map(|line| format!("{line}/{}", captured.name));
    here.chain(ELSEWHERE.iter().flat_map(elsewhere)).collect()
}

/// Names of all captures.
pub(crate) fn names() -> Vec<String> {
    captured_names().into_iter().chain(built().map(|(name, ..)| name)).collect()
}

/// The bytes of a capture.
pub(crate) fn read(name: &str) -> Vec<u8> {
    let path = directory().join(name).with_extension("cap");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Captures the sockets of some kinds, in a namespace that holds nothing else.
fn capture(zoo: &Zoo, Captured { name, kinds, arguments }: &Captured) {
    let together = KINDS.iter().chain(TROUBLES).filter(|(kind, _)| kind.starts_with(kinds));
    let alone = PROVOKED.iter().filter(|(kind, _)| kind == kinds);
    let specimens = together.chain(alone).filter_map(|(kind, construct)| {
        let made = construct(zoo);
        // The lists of other lines name what their kernels have.
        assert!(made.is_ok() || line_here(&LINES).is_none(), "{kind}: {:?}", made.err());
        made.ok()
    });
    let _specimens: Vec<_> = specimens.collect();
    // In the folder itself: the command becomes part of the capture, and paths of a machine are not to be in it.
    let status = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .arg("sockets")
        .args(*arguments)
        .args(["--view", "everything", "--no-owners", "-o", "ndjson", "--capture"])
        .arg(format!("{name}.cap"))
        .current_dir(destination(&LINES))
        .stdout(std::process::Stdio::null())
        .status()
        .expect("sockeye runs");
    // 1 where the table is not in this kernel, which is what `refused` shows.
    assert!(matches!(status.code(), Some(0 | 1)), "{name}: {status}");
}

/// Builds a capture of rows in which every field tells something.
pub(crate) fn build(table: Table, release: &str) -> Vec<u8> {
    let command = format!("built from the kernel's structures: {}", table.name());
    let about = About { start_ns: 0, kernel: release.as_bytes(), command: command.as_bytes() };
    let mut writer = Writer::new(&about);
    writer.write(0, 0, Record::Opened { protocol: 4, namespace: b"" });
    let mut sequences = 1..;
    let mut dump = |request: Request, rows: u64| {
        let sequence = sequences.next().unwrap_or_default();
        writer.write(0, 0, Record::Request(request.sequence(sequence).as_bytes()));
        let mut datagram = Vec::new();
        for row in 0..rows {
            let body = Values::of_row(row, decode::version(release.as_bytes())).message(table);
            datagram.extend_from_slice(Request::new(20, 2).body(&body).sequence(sequence).as_bytes());
        }
        datagram.extend_from_slice(Request::new(3, 2).body(&[0; 4]).sequence(sequence).as_bytes());
        writer.write(1, 0, Record::Received(Received::Datagram(Datagram::new(&datagram))));
    };
    // All rows are an answer to the first request; of the other address family there are none.
    for (index, request) in requests(table).into_iter().enumerate() {
        dump(request, if index == 0 { ROWS } else { 0 });
    }
    writer.bytes().to_vec()
}

/// The requests for everything that a table has.
fn requests(table: Table) -> Vec<Request> {
    const ALL: u32 = u32::MAX;
    let inet = |family, protocol, bpf_storages| {
        let question = InetQuestion { family, protocol, extensions: 0xff, states: ALL, bytecode: &[], bpf_storages };
        question.dump()
    };
    let requests = match (table, table.ip_protocol()) {
        (_, Some(protocol)) => vec![inet(AF_INET, protocol, true), inet(AF_INET6, protocol, true)],
        (Table::Packet, _) => vec![PacketQuestion { show: ALL }.dump()],
        (Table::Xdp, _) => vec![XdpQuestion { show: ALL }.dump()],
        (Table::Tipc, _) => vec![TipcQuestion { states: ALL }.dump()],
        (Table::Smc, _) => vec![SmcQuestion { extensions: 0xff }.dump()],
        _ => panic!("{table:?} is captured and not built"),
    };
    for request in &requests {
        let message = Messages::new(request.as_bytes()).next().expect("a message").expect("a whole one");
        assert_eq!(DumpPlan::of_request(&message).map(|plan| plan.table), Some(table));
    }
    requests
}

/// Makes one of the captures again, in a namespace of its own, if it is one of this kernel.
fn bless(name: &str) {
    let captured = match line_here(&LINES) {
        None => CAPTURED.iter().find(|captured| captured.name == name),
        Some(here) => ELSEWHERE
            .iter()
            .find(|(captured, lines)| captured.name == name && lines.contains(&here))
            .map(|(captured, _)| captured),
    };
    if let Some(captured) = captured
        && blesses("captures")
    {
        in_namespace(|zoo| -> Result<(), Skip> {
            capture(zoo, captured);
            Ok(())
        });
    }
}

macro_rules! blessings {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            bless($name);
        })*
    };
}

blessings! {
    tcp_is_captured_when_asked: "tcp",
    tcp_with_bpf_storage_is_captured_when_asked: "tcp_bpf",
    tcp_in_trouble_is_captured_when_asked: "trouble",
    mptcp_is_captured_when_asked: "mptcp",
    subflows_are_captured_when_asked: "subflows",
    udp_is_captured_when_asked: "udp",
    udplite_is_captured_when_asked: "udplite",
    unix_is_captured_when_asked: "unix",
    packet_is_captured_when_asked: "packet",
    netlink_is_captured_when_asked: "netlink",
    a_refusal_is_captured_when_asked: "refused",
    tls_1_2_is_captured_when_asked: "tls12",
    tls_1_3_is_captured_when_asked: "tls13",
    vegas_is_captured_when_asked: "vegas",
    dctcp_is_captured_when_asked: "dctcp",
    raw_is_captured_when_asked: "raw",
    sctp_is_captured_when_asked: "sctp",
    vsock_is_captured_when_asked: "vsock",
    xdp_is_captured_when_asked: "xdp",
    tipc_is_captured_when_asked: "tipc",
    smc_is_captured_when_asked: "smc",
    settings_of_sctp_are_captured_when_asked: "sctp_settings",
    chunks_in_no_order_are_captured_when_asked: "sctp_unordered",
    lost_chunks_are_captured_when_asked: "sctp_lossy",
    chunks_that_nobody_hears_are_captured_when_asked: "sctp_unheard",
    a_gap_between_chunks_is_captured_when_asked: "sctp_gap",
    groups_of_tipc_are_captured_when_asked: "tipc_group",
    a_user_of_tipc_is_captured_when_asked: "tipc_uid",
    a_flood_of_tipc_is_captured_when_asked: "tipc_flooded",
    a_stalled_connection_of_tipc_is_captured_when_asked: "tipc_stalled",
    a_network_of_tipc_is_captured_when_asked: "tipc_network",
    marks_of_congestion_are_captured_when_asked: "tcp_marked",
    marks_for_dctcp_are_captured_when_asked: "tcp_dctcp_marked",
    rounds_of_vegas_are_captured_when_asked: "tcp_vegas_timed",
    a_small_buffer_is_captured_when_asked: "tcp_shaped",
    announced_addresses_are_captured_when_asked: "mptcp_announced",
    a_broken_way_is_captured_when_asked: "mptcp_broken_way",
    an_end_that_nobody_hears_is_captured_when_asked: "mptcp_unfinished",
    an_unknown_neighbour_is_captured_when_asked: "udp_unresolved",
    a_flood_of_xdp_is_captured_when_asked: "xdp_flooded",
    smc_over_rdma_is_captured_when_asked: "smc_rdma",
}
