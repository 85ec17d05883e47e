//! The captures: how each is made again. `SOCKEYE_BLESS=1 cargo test -p sockeye --test captures` does it.

use std::path::PathBuf;
use std::process::Command;

use sockeye_query::sockets::{DumpPlan, Table};
use sockeye_state::capture::{About, Record, Writer};
use sockeye_state::{Datagram, Received};
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, InetQuestion};
use sockeye_wire::sock_diag::packet::PacketQuestion;
use sockeye_wire::sock_diag::smc::SmcQuestion;
use sockeye_wire::sock_diag::tipc::TipcQuestion;
use sockeye_wire::sock_diag::vsock::VsockQuestion;
use sockeye_wire::sock_diag::xdp::XdpQuestion;
use sockeye_wire::{Messages, Request};
use sockeye_zoo::{KINDS, Skip, TROUBLES, Zoo, in_namespace};

use crate::build::Values;

/// Sockets of a real kernel.
pub(crate) struct Captured {
    /// Name of the capture.
    pub(crate) name: &'static str,
    /// How the kinds of the zoo begin that were alive.
    kinds: &'static str,
    /// What was listed.
    arguments: &'static [&'static str],
}

const fn captured(name: &'static str, kinds: &'static str, arguments: &'static [&'static str]) -> Captured {
    Captured { name, kinds, arguments }
}

/// The captures of a real kernel.
pub(crate) const CAPTURED: [Captured; 11] = [
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
];

/// Tables whose rows are built, because the kernel at hand lacks the family, or because some of their fields tell
/// of things that cannot be brought about on one machine.
pub(crate) const BUILT: [Table; 9] = [
    Table::Tcp,
    Table::Mptcp,
    Table::Packet,
    Table::Raw,
    Table::Sctp,
    Table::Vsock,
    Table::Xdp,
    Table::Tipc,
    Table::Smc,
];

/// Kernels for which TCP rows are built: the end of `tcp_info` changed its layout between them.
pub(crate) const RELEASES: [&str; 2] = ["6.18.0", "7.0.0"];

/// Rows that tell every pair of fields apart.
const ROWS: u64 = 8;

/// Where captures lie.
pub(crate) fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

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

/// Names of all captures.
pub(crate) fn names() -> Vec<String> {
    CAPTURED.iter().map(|captured| captured.name.to_owned()).chain(built().map(|(name, ..)| name)).collect()
}

/// The bytes of a capture.
pub(crate) fn read(name: &str) -> Vec<u8> {
    let path = directory().join(name).with_extension("cap");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether this is to be made again: `captures`, or `golden` for what is derived from them.
pub(crate) fn blesses(what: &str) -> bool {
    std::env::var_os("SOCKEYE_BLESS").is_some_and(|asked| asked == what)
}

/// Captures the sockets of some kinds, in a namespace that holds nothing else.
fn capture(zoo: &Zoo, Captured { name, kinds, arguments }: &Captured) {
    let kinds = KINDS.iter().chain(TROUBLES).filter(|(kind, _)| kind.starts_with(kinds));
    let _specimens: Vec<_> = kinds.filter_map(|(_, construct)| construct(zoo).ok()).collect();
    // In the directory itself: the command becomes part of the capture, and paths of a machine are not to be in it.
    let status = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .arg("sockets")
        .args(*arguments)
        .args(["--view", "everything", "--no-owners", "-o", "ndjson", "--capture"])
        .arg(format!("{name}.cap"))
        .current_dir(directory())
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
            let body = Values::of_row(row).message(table);
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
        (Table::Vsock, _) => vec![VsockQuestion { states: ALL }.dump()],
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

/// Makes one of the captures again, in a namespace of its own.
fn bless(name: &str) {
    let captured = CAPTURED.iter().find(|captured| captured.name == name).expect("in the list");
    if blesses("captures") {
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
}
