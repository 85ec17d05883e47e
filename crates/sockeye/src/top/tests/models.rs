//! Models with telling values, and a state to draw them with.

use std::net::IpAddr;
use std::sync::Arc;

use crate::top::columns::{Column, What, columns};
use crate::top::model::{Cell, Detail, Field, Grouping, Id, Key, Line, Model, Mood, Overview, Pane, Rates, Worth};
use crate::top::state::State;

/// A state of this size that has taken the model.
pub(super) fn state(pane: Pane, size: (u16, u16), model: &Model) -> State {
    let mut state = State::new(pane, model.filter.clone(), size);
    state.take(model);
    state
}

/// A model of a pane, with rows.
pub(super) fn model(pane: Pane) -> Model {
    let rows = match pane {
        Pane::Connections => connections(),
        Pane::Listeners => listeners(),
        Pane::Processes => owners(),
        Pane::Peers => peers(),
        Pane::Links => links(),
        Pane::Changes => changes(),
    };
    Model {
        answers: 1,
        total: rows.len(),
        rows,
        overview: Overview {
            connections: 1_284,
            listeners: 23,
            rates: Rates {
                bytes_in: Some(12_345_678.0),
                bytes_out: Some(4_560.0),
                packets_in: Some(9_000.0),
                packets_out: Some(800.0),
                retransmissions: Some(3.4),
            },
        },
        clock: "03:14:15".to_owned(),
        worth: Worth::Whole,
        is_all_seen: true,
        completeness: vec![
            "owners in part: 2 of 78 processes not permitted (CAP_SYS_PTRACE would help)".to_owned(),
            "1307 of tcp and udp followed".to_owned(),
            "dumps every 1s take 12.3ms, ends as they happen".to_owned(),
        ],
        ..Model::empty(pane)
    }
}

/// Cells in the order of a pane's columns.
fn line(pane: Pane, key: Key, mood: Mood, cell: impl Fn(What) -> Cell) -> Line {
    Line { key, cells: columns(pane).iter().map(|column: &Column| cell(column.what)).collect(), mood }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub(super) fn id(cookie: u64) -> Id {
    Id { place: 0, cookie }
}

fn connections() -> Vec<Line> {
    let one = |cookie, local, peer, owner, [bytes_in, bytes_out, again]: [f64; 3], rtt, why: Cell, mood| {
        line(Pane::Connections, Key::Socket(id(cookie)), mood, move |what| match what {
            What::Namespace => text("blue"),
            What::Protocol => Cell::Word("tcp"),
            What::State => Cell::Word(if cookie == 0x1003 { "close-wait" } else { "established" }),
            What::Local => text(local),
            What::Peer => text(peer),
            What::Owner => text(owner),
            What::Pid => Cell::Text((4_700 + cookie - 0x1000).to_string()),
            What::BytesIn => Cell::ByteRate(bytes_in),
            What::BytesOut => Cell::ByteRate(bytes_out),
            What::PacketsIn => Cell::Rate(bytes_in / 1_000.0),
            What::PacketsOut => Cell::Rate(bytes_out / 1_400.0),
            What::Retransmissions => Cell::Rate(again),
            What::Rtt => Cell::Duration(rtt),
            What::RttHistory => Cell::History(vec![rtt / 2, rtt, rtt, rtt * 2, rtt * 3 / 2]),
            What::ReceiveQueue => Cell::Bytes(2_345),
            What::SendQueue => Cell::Bytes(67_890),
            What::Memory => Cell::Bytes(131_072),
            What::Why => why.clone(),
            _ => Cell::Nothing,
        })
    };
    vec![
        one(
            0x1001,
            "10.1.2.3:22",
            "192.0.2.77:51022",
            "sshd",
            [123.0, 4_560_000.0, 0.0],
            12_345,
            Cell::Word("congestion-window"),
            Mood::Plain,
        ),
        one(
            0x1002,
            "[2001:db8:5::17]:443",
            "[2001:db8:aa:bb:cc:dd:ee:ff]:65001",
            "nginx",
            [1_234.5, 98_765.0, 3.4],
            250_000,
            Cell::Word("loss"),
            Mood::Bad,
        ),
        one(0x1003, "10.1.2.3:5432", "10.1.2.9:40404", "postgres", [0.0, 0.0, 0.0], 333, Cell::Nothing, Mood::Warning),
        one(
            0x1004,
            "10.1.2.3:8080",
            "10.1.2.10:40405",
            "a\\x1b[31mname",
            [0.04, 7.7, 0.0],
            61_500_000,
            Cell::Word("receiver-does-not-read"),
            Mood::Plain,
        ),
    ]
}

fn listeners() -> Vec<Line> {
    let one = |cookie, proto, local, owner, queue: Cell, drops, mood| {
        line(Pane::Listeners, Key::Socket(id(cookie)), mood, move |what| match what {
            What::Protocol => Cell::Word(proto),
            What::Local => text(local),
            What::Owner => text(owner),
            What::Pid => text("811"),
            What::AcceptQueue => queue.clone(),
            What::Drops => Cell::Count(drops),
            What::Memory => Cell::Bytes(768),
            What::Why if drops > 0 => Cell::Word("accept-queue-full"),
            _ => Cell::Nothing,
        })
    };
    vec![
        one(0x2001, "tcp", "0.0.0.0:443", "nginx", Cell::Queue(512, 511), 1_234_567, Mood::Bad),
        one(0x2002, "tcp", "[::]:22", "sshd", Cell::Queue(0, 128), 0, Mood::Plain),
        one(0x2003, "udp", "127.0.0.53%lo:53", "systemd-resolve", Cell::Bytes(4_321), 0, Mood::Plain),
    ]
}

fn owners() -> Vec<Line> {
    let one = |pid: u32, name: &'static str, conns, rate| {
        line(Pane::Processes, Key::Owner(pid, name.into()), Mood::Plain, move |what| match what {
            What::Owner if name.is_empty() => text("(none known)"),
            What::Owner => text(name),
            What::Pid if pid == 0 => Cell::Nothing,
            What::Pid => Cell::Text(pid.to_string()),
            What::Connections => Cell::Count(conns),
            What::Listeners => Cell::Count(conns / 100),
            What::BytesIn => Cell::ByteRate(rate),
            What::BytesOut => Cell::ByteRate(rate * 2.5),
            What::PacketsIn | What::PacketsOut | What::Retransmissions => Cell::Rate(rate / 1_000.0),
            _ => Cell::Bytes(conns * 1_000),
        })
    };
    vec![one(4_711, "nginx", 1_200, 5_000_000.0), one(812, "postgres", 77, 12_300.0), one(0, "", 7, 0.0)]
}

fn peers() -> Vec<Line> {
    let one = |peer: &'static str, conns, rate| {
        let address: IpAddr = peer.parse().unwrap();
        line(Pane::Peers, Key::Peer(address), Mood::Plain, move |what| match what {
            What::Peer => text(peer),
            What::Connections => Cell::Count(conns),
            What::BytesIn | What::BytesOut => Cell::ByteRate(rate),
            What::Rtt => Cell::Duration(conns * 77),
            What::ReceiveQueue | What::SendQueue => Cell::Bytes(conns * 11),
            _ => Cell::Rate(rate / 1_500.0),
        })
    };
    vec![one("192.0.2.77", 1_050, 7_654_321.0), one("2001:db8:aa:bb:cc:dd:ee:ff", 3, 432.1)]
}

fn links() -> Vec<Line> {
    let one = |index, name, state, qdisc, rate, mood| {
        line(Pane::Links, Key::Link(0, index), mood, move |what| match what {
            What::Name => text(name),
            What::Operstate => Cell::Sentence(String::from(state)),
            What::Qdisc => text(qdisc),
            What::Backlog => Cell::Bytes(45_678),
            What::Errors => Cell::Rate(0.5),
            What::Drops => Cell::Rate(17.0),
            What::QdiscDrops => Cell::Rate(8.0),
            What::BytesIn | What::BytesOut => Cell::ByteRate(rate),
            _ => Cell::Rate(rate / 1_200.0),
        })
    };
    vec![
        one(2, "enp1s0", "up", "fq_codel", 118_000_000.0, Mood::Bad),
        one(7, "wg-very-long-nm", "lowerlayerdown", "noqueue", 0.0, Mood::Plain),
    ]
}

fn changes() -> Vec<Line> {
    let lines = [
        (9, "03:14:02 links ~ eth0 operstate up → down, carrier on → off"),
        (8, "03:13:59 gap: 17 datagrams lost since 03:13:58.123456Z, in links, routes"),
        (7, "03:13:01 routes + default via 192.0.2.1 dev eth0 proto dhcp metric 100 by dhclient [812]"),
    ];
    let one = |(number, line): (u64, &str)| Line {
        key: Key::Change(number),
        cells: vec![Cell::Sentence(line.to_owned())],
        mood: if number == 8 { Mood::Bad } else { Mood::Plain },
    };
    lines.into_iter().map(one).collect()
}

/// A socket that is looked at closely.
pub(super) fn detail() -> Arc<Detail> {
    let field = |name: &str, value: &str, history: &[u64]| Field {
        name: name.to_owned(),
        value: value.to_owned(),
        history: history.to_vec(),
    };
    let fields = vec![
        field("proto", "tcp", &[]),
        field("state", "established", &[]),
        field("local", "10.1.2.3", &[]),
        field("rtt", "12.3ms", &[10_000, 12_000, 30_000, 12_345]),
        field("tcp_info.delivery_rate_app_limited", "no", &[]),
        field("bytes_acked", "1234567 bytes", &[1_000, 500_000, 1_234_567]),
        field("options", "timestamps,sack,wscale", &[]),
        field("cookie", "0x1001", &[]),
    ];
    let title = "tcp established 10.1.2.3:22 192.0.2.77:51022 sshd".to_owned();
    Arc::new(Detail { id: id(0x1001), title, fields, over: None })
}

/// The groups that are shown.
pub(super) fn grouped(grouping: Grouping) -> Model {
    Model { grouping, ..model(Pane::Processes) }
}
