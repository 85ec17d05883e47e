//! A text inside a structure is bytes, whoever wrote them: escaped for people, whole in JSON, and never longer than its
//! room.

use serde_json::Value;
use sockeye_query::sockets::Table;
use sockeye_state::capture::{About, Record, Writer};
use sockeye_state::{Datagram, Received};
use sockeye_wire::Request;

use sockeye_fuzz::captures::SEQUENCE;

use crate::build;
use crate::output::{Temporary, is_printable, replay, requests};

/// An escape code, a line end, and bytes that are no UTF-8.
const HOSTILE: &[u8] = b"mlx\x1b[31m\n\xff_7\x9b";
/// Bytes of the name of a device in `struct smc_diag_linkinfo`.
const NAME_ROOM: usize = 64;

/// `struct smc_diag_lgrinfo`, laid out by hand: link, name, port, our address, that of the peer, role.
fn link(name: &[u8]) -> Vec<u8> {
    let mut bytes = vec![9];
    for (text, room) in [(name, NAME_ROOM), (b"\x5c", 1), (b"fe80::7", 40), (b"\xc3\xa9\xfe", 40)] {
        let mut field = text.to_vec();
        field.resize(room, 0);
        bytes.extend(field);
    }
    bytes.push(1);
    bytes
}

/// A capture of one SMC socket over a device of that name.
fn capture(file: &str, name: &[u8]) -> Temporary {
    let body = [vec![43; 64], build::attribute(2, &link(name))].concat();
    let row = Request::new(20, 2).body(&body).sequence(SEQUENCE);
    let done = Request::new(3, 2).body(&[0; 4]).sequence(SEQUENCE);
    let datagram = [row.as_bytes(), done.as_bytes()].concat();
    let (_, request) = requests().into_iter().find(|(table, _)| *table == Table::Smc).expect("it was asked for");
    let mut writer = Writer::new(&About { start_ns: 0, kernel: b"6.18.0", command: b"built by a test" });
    writer.write(0, 0, Record::Opened { protocol: 4, namespace: b"" });
    writer.write(0, 0, Record::Request(&request));
    writer.write(0, 0, Record::Received(Received::Datagram(Datagram::new(&datagram))));
    Temporary::write(file, writer.bytes())
}

fn row(capture: &Temporary, filter: &str) -> Value {
    let output = replay(capture, &["--columns", "lgrinfo", "-o", "ndjson", filter]);
    let line = output.stdout.split(|&byte| byte == b'\n').next().expect("a row");
    serde_json::from_slice(line).expect("JSON")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn a_name_that_is_no_utf8_comes_in_hex_too() {
    let capture = capture("device", HOSTILE);
    let link = &row(&capture, "smc")["lgrinfo"];
    assert_eq!(link["ibname"], r"mlx\x1b[31m\n\xff_7\x9b");
    assert_eq!(link["ibname_hex"], hex(HOSTILE));
    assert_eq!((&link["gid"], &link["gid_hex"]), (&"fe80::7".into(), &Value::Null));
    assert_eq!(link["peer_gid_hex"], "c3a9fe");
    assert_eq!((&link["link_id"], &link["ibport"], &link["role"]), (&9.into(), &0x5c.into(), &"server".into()));
}

#[test]
fn a_name_that_is_no_utf8_reaches_no_terminal_raw() {
    let capture = capture("terminal", HOSTILE);
    for arguments in [&["--columns", "lgrinfo"][..], &["--columns", "lgrinfo", "-o", "csv"], &["--group-by", "ibname"]]
    {
        let text = String::from_utf8(replay(&capture, arguments).stdout).expect("escaped, and so UTF-8");
        assert!(is_printable(&text) && text.contains(r"\x1b[31m\n\xff_7\x9b"), "{arguments:?}: {text:?}");
    }
}

#[test]
fn a_name_that_is_no_utf8_can_be_asked_for() {
    let capture = capture("filter", HOSTILE);
    for (filter, fits) in [
        (r"lgrinfo.ibname = 'mlx\x1b[31m\x0a\xff_7\x9b'", true),
        (r"lgrinfo.ibname = 'mlx\x1b[31m\x0a\xfe_7\x9b'", false),
        ("lgrinfo.ibname ~ 'mlx*_7?'", true),
        ("lgrinfo.ibname ~ 'mlx'", false),
    ] {
        assert_eq!(row(&capture, filter)["lgrinfo"]["ibname_hex"] == *hex(HOSTILE), fits, "{filter}");
    }
}

#[test]
fn a_name_without_an_end_ends_with_its_room() {
    let name: Vec<u8> = (0..NAME_ROOM).map(|at| 0xff - u8::try_from(at).expect("small")).collect();
    let link = &row(&capture("room", &name), "smc")["lgrinfo"];
    assert_eq!(link["ibname_hex"], hex(&name));
    assert_eq!(link["ibport"], 0x5c);
}
