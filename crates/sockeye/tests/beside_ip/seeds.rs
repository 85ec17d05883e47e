//! What the kernel sends of these worlds, kept for `cargo xtask fuzz`, which damages it: of each table a record for every
//! field that one has. `SOCKEYE_BLESS=seeds cargo test -p sockeye --test beside_ip` writes the files anew.

use std::collections::BTreeSet;
use std::path::Path;

use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_fuzz::captures::SEQUENCE;
use sockeye_query::Value;
use sockeye_query::rtnetlink::{Row, catalog};
use sockeye_query::sockets::Nothing;
use sockeye_state::capture::{About, Record, Writer};
use sockeye_state::rtnetlink::{dumps, each_record};
use sockeye_state::{Datagram, Dump, Mirror, Received, Step};
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::Table;

/// Writes the records of a table, if that was asked for.
pub(crate) fn bless(name: &str) {
    if std::env::var_os("SOCKEYE_BLESS").is_none_or(|what| what != "seeds") {
        return;
    }
    let table = Table::ALL.into_iter().find(|table| table.name() == name).expect("a table of rtnetlink");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/fuzz/seeds/{}.cap", table.name()));
    write(table, b"", &path);
}

/// Every message of a table, with its type.
fn all(table: Table) -> Vec<(u16, Vec<u8>)> {
    let mut mirrors: Vec<Mirror> = Vec::new();
    // What has to be known before classes and filters can be asked for.
    for needed in [Table::Qdiscs, Table::TcClasses] {
        if needed == table {
            break;
        }
        let mut mirror = Mirror::new(needed, 0);
        for (_, payload) in &messages(needed, &mirrors) {
            mirror.upsert(payload, &mut Vec::new());
        }
        mirrors.push(mirror);
    }
    messages(table, &mirrors)
}

/// Every message of the dumps of a table, with its type.
fn messages(table: Table, mirrors: &[Mirror]) -> Vec<(u16, Vec<u8>)> {
    let mut socket = Socket::open(Protocol::Route).expect("a socket");
    let (mut buffer, mut found) = (Buffer::new(), Vec::new());
    for part in dumps(table, |other| mirrors.iter().find(|mirror| mirror.table() == other)) {
        let mut dump = Dump::new(socket.send(part.request).expect("it is sent"));
        let mut take = |message: &sockeye_wire::Message<'_>| {
            found.push((message.type_number(), message.payload().to_vec()));
        };
        while dump.handle(socket.receive(&mut buffer).expect("an answer"), &mut take) == Step::Continue {}
    }
    found
}

/// Whether a value says something: zero, no and nothing could stand there by accident.
fn is_telling(value: &Value<'_>) -> bool {
    match value {
        Value::Unsigned(0)
        | Value::Signed(0)
        | Value::Hexadecimal(0)
        | Value::Hexadecimal32(0)
        | Value::Truth(false)
        | Value::Nothing
        | Value::Set { bits: 0, .. }
        | Value::Interface { index: 0, .. } => false,
        Value::Handle(handle) => *handle != 0,
        Value::Bytes(bytes) | Value::LinkAddress(bytes) => bytes.iter().any(|byte| *byte != 0),
        Value::Address(address) => !address.is_unspecified(),
        Value::List(values) => values.iter().any(is_telling),
        _ => true,
    }
}

/// Writes a message for every field that a record has, for every one that says something in it, and for every kind of things that there
/// is.
pub(crate) fn write(table: Table, release: &[u8], path: &Path) {
    let about = About { start_ns: 0, kernel: release, command: b"cargo test -p sockeye --test beside_ip" };
    let mut writer = Writer::new(&about);
    writer.write(0, 0, Record::Opened { protocol: 0, namespace: b"" });
    let (mut seen, mut kinds, mut scratch) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (type_number, payload) in &all(table) {
        let mut is_new = false;
        each_record(table, payload, &mut scratch, &mut |record| {
            let row = Row::read(table, record, &Nothing).expect("a record");
            let said = catalog(table).fields().filter_map(|(field, _)| row.value(field).map(|value| (field, value)));
            is_new |= said.filter(|(field, value)| seen.insert((*field, is_telling(value)))).count() > 0;
            let word = |name: &str| catalog(table).find(name).and_then(|field| row.value(field));
            // The kind of a link or qdisc, that of which it is a port, that of an encapsulation, and what it does with a segment.
            let kind = ["kind", "slave_kind", "encap_type", "encap.action"]
                .map(|name| word(name).map(|word| format!("{word:?}")));
            is_new |= kinds.insert(kind);
        });
        if is_new {
            let message = Request::new(*type_number, 2).body(payload).sequence(SEQUENCE);
            writer.write(0, 0, Record::Received(Received::Datagram(Datagram::new(message.as_bytes()))));
        }
    }
    std::fs::write(path, writer.bytes()).expect("written");
}
