//! What a machine of the other byte order sends is read there as it is read here.
//!
//! Netlink is in the order of the machine, but for what the kernel keeps in that of the network. A message of the other
//! order cannot be read here, as nobody ever gets one; so this is shown in two halves. Here: a message that is turned round
//! by the tables is, byte by byte, what a kernel of the other order sends. There (`cargo xtask architectures` runs these
//! tests on a big-endian machine): the messages that kernels sent here, turned round, have the same values.

mod built;
mod swap;
mod values;

use core::fmt::Write as _;
use std::collections::BTreeSet;
use std::path::Path;

use sockeye_wire::rtnetlink::Table;
use sockeye_wire::sock_diag::spaces::SPACES;
use sockeye_wire::{Messages, Space};

use swap::{Order, Swap};

/// Messages that little-endian kernels sent, and the numbers in them: `SOCKEYE_BLESS=byte-order` writes the numbers anew on such
/// a machine.
const CAPTURED: &str = include_str!("captured.txt");

/// What stays as it came, because no table has its parts: structures that are read by hand, each with tests of its own, and
/// the value of a BPF program, whose meaning its own types say.
const KEPT: [&str; 4] =
    ["INET_DIAG_MD5SIG", "PACKET_DIAG_FILTER", "PACKET_DIAG_MCLIST", "SK_DIAG_BPF_STORAGE_MAP_VALUE"];

/// The protocol of tables that have one, where nothing else is said: `inet_diag/132` is a row of SCTP.
const TCP: u16 = 6;

/// Makes a message as a machine of this order sends it.
type Build = fn(Order) -> Vec<u8>;

/// A captured message: its space, its bytes, its numbers.
struct Captured {
    name: &'static str,
    space: &'static Space,
    protocol: u16,
    little: Vec<u8>,
    values: Vec<&'static str>,
}

fn captured() -> Vec<Captured> {
    let mut all: Vec<Captured> = Vec::new();
    for line in CAPTURED.lines().filter(|line| !line.starts_with('#')) {
        if let Some(value) = line.strip_prefix("  ") {
            all.last_mut().expect("a message comes first").values.push(value);
            continue;
        }
        let (name, hex) = line.split_once(' ').expect("a name and bytes");
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
        let little = (0..hex.len()).step_by(2).map(byte).collect();
        let (table, protocol) = match name.split_once('/') {
            Some((table, protocol)) => (table, protocol.parse().expect("a number")),
            None => (name, TCP),
        };
        all.push(Captured { name, space: space(table), protocol, little, values: Vec::new() });
    }
    all
}

/// The space of a table of rtnetlink or of sock_diag.
fn space(name: &str) -> &'static Space {
    let of_records = Table::ALL.into_iter().find(|table| table.name() == name).map(Table::space);
    let of_sockets = SPACES.iter().copied().find(|space| space.name == name);
    of_records.or(of_sockets).unwrap_or_else(|| panic!("no space is called {name}"))
}

/// The numbers of a message of this machine.
fn read(bytes: &[u8], space: &'static Space, protocol: u16) -> Vec<String> {
    let mut messages = Messages::new(bytes);
    let message = messages.next().expect("a message").expect("a whole one");
    assert!(messages.next().is_none());
    values::of(&message, space, protocol)
}

const fn other(order: Order) -> Order {
    match order {
        Order::Little => Order::Big,
        Order::Big => Order::Little,
    }
}

#[test]
fn what_is_turned_round_by_the_tables_is_what_a_kernel_of_the_other_order_sends() {
    let all: [(&str, Build); 4] =
        [("inet_diag", built::socket), ("links", built::link), ("routes", built::route), ("tc-filters", built::filter)];
    for (name, build) in all {
        let space = space(name);
        for from in [Order::Little, Order::Big] {
            let mut swap = Swap::new(from, TCP);
            assert_eq!(swap.message(&build(from), space), build(other(from)), "{name} from {from:?}");
            assert_eq!(swap.kept, BTreeSet::new(), "{name}");
            // Some of each: what has no number of the network shows nothing.
            assert!(swap.turned.len() >= 2 && !swap.left.is_empty(), "{name}: {:?}, {:?}", swap.turned, swap.left);
        }
    }
}

#[test]
fn what_a_kernel_of_this_machine_sends_is_read_as_it_was_meant() {
    let values = read(&built::socket(Order::OWN), space("inet_diag"), TCP);
    for (field, number) in [
        ("idiag_sport", 0x1f90_u64),
        ("idiag_dport", 0xc350),
        ("idiag_if", 0x0102_0304),
        ("idiag_wqueue", 0x0007_0809),
        ("INET_DIAG_MARK", 0xa1a2_a3a4),
        ("INET_DIAG_CGROUP_ID", 0x0102_0304_0506_0708),
    ] {
        assert!(values.iter().any(|line| line.ends_with(&format!("/{field} {number}"))), "{field}: {values:#?}");
    }
    let values = read(&built::link(Order::OWN), space("links"), TCP);
    for (field, number) in [("IFLA_MTU", 0x0001_05dc_u64), ("IFLA_VLAN_ID", 0x0703), ("IFLA_VLAN_PROTOCOL", 0x88a8)] {
        assert!(values.iter().any(|line| line.ends_with(&format!("/{field} {number}"))), "{field}: {values:#?}");
    }
    let values = read(&built::filter(Order::OWN), space("tc-filters"), TCP);
    assert!(
        values.iter().filter(|line| line.contains("/tcm_info ")).map(|line| &line[19..]).eq(["2054", "360"]),
        "{values:#?}"
    );
    let values = read(&built::route(Order::OWN), space("routes"), TCP);
    for number in [0x0001_0203_u64, 0x0405_0607, 0x0002_0304, 0x0005_0607] {
        assert!(values.iter().any(|line| line.ends_with(&format!(" {number}"))), "{number}: {values:#?}");
    }
}

#[test]
fn what_kernels_sent_has_the_same_values_on_a_machine_of_either_order() {
    let mut text = String::new();
    let (mut numbers, mut kept) = (0, BTreeSet::new());
    for Captured { name, space, protocol, little, values } in captured() {
        let mut swap = Swap::new(Order::Little, protocol);
        let big = swap.message(&little, space);
        let own = if Order::OWN == Order::Little { &little } else { &big };
        let found = read(own, space, protocol);
        if std::env::var_os("SOCKEYE_BLESS").is_some_and(|what| what == "byte-order") {
            assert_eq!(Order::OWN, Order::Little, "what is committed was sent by such a machine");
            let _ = write!(text, "{name} ");
            for byte in &little {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
            for line in &found {
                let _ = writeln!(text, "  {line}");
            }
            continue;
        }
        assert_eq!(found, values, "{name}");
        assert_eq!(Swap::new(Order::Big, protocol).message(&big, space), little, "{name}: there and back");
        kept.extend(swap.kept);
        numbers += values.len();
    }
    if text.is_empty() {
        assert!(numbers > 500, "only {numbers} numbers");
        assert_eq!(kept.iter().map(String::as_str).collect::<Vec<_>>(), KEPT, "what nobody knows the order of");
    } else {
        let head = CAPTURED.find('\n').map_or("", |end| &CAPTURED[..=end]);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/byte_order/captured.txt");
        std::fs::write(path, [head, &text].concat()).expect("written");
    }
}
