//! The recorded inputs: how they are made, and how they are laid out for a run.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use sockeye_state::Received;
use sockeye_state::capture::{Reader, Record};
use sockeye_zoo::{KINDS, Skip, Specimen, TROUBLES, Zoo};

use crate::oracle::Sides;
use crate::recorded::directory;

/// Kinds whose rows tell different things, few enough to be read.
const TOLD: [&str; 23] = [
    "tcp_listening",
    "tcp_listening_v6only",
    "tcp_established_v6",
    "tcp_established_mapped",
    "tcp_syn_sent",
    "tcp_fin_wait2",
    "tcp_time_wait",
    "tcp_bound",
    "tcp_telling_v4",
    "tcp_telling_v6",
    "tcp_bbr",
    "tcp_md5",
    "tcp_bound_to_device",
    "tcp_retransmitting",
    "mptcp_subflows",
    "udp_unconnected_v4",
    "udp_unread",
    "udp_telling_v6",
    "raw",
    "unix_listening",
    "unix_stream_pair",
    "packet_dgram",
    "netlink_groups",
];

/// Tables of the kernel that `ss` reads where it is told to.
const TABLES: [&str; 12] =
    ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "unix", "packet", "netlink", "snmp", "sockstat", "sockstat6"];

/// A capture in which every field of a TCP row tells something, those of algorithms that no kernel at hand has too.
const BUILT: &str = "../../captures/built_tcp_7.cap";

/// The states of its rows.
const STATES: [u8; 8] = [1, 10, 4, 6, 7, 9, 11, 8];

/// Numbers of attributes (include/uapi/linux/inet_diag.h) that speak of the machine, or are looked up in it: storage of
/// BPF programs, cgroup. The protocol is that of TCP in any case.
const OF_THE_MACHINE: [u16; 3] = [10, 20, 21];

/// The process that holds the recorded sockets, wherever they are looked at.
const OWNER: &str = "4242";

/// Its name.
const NAME: &str = "zoo keeper";

/// Records everything again.
pub(crate) fn record(zoo: &Zoo) -> Result<(), Skip> {
    let sides = Sides::find(zoo)?;
    let kinds = KINDS.iter().filter(|(kind, _)| TOLD.contains(kind)).chain(TROUBLES);
    let _specimens: Vec<Specimen> = kinds.filter_map(|(_, construct)| construct(zoo).ok()).collect();
    let dumped = zoo.directory().join("dumped");
    let said = sides.theirs.ask(&format!("ss -taniemo --tos --inet-sockopt -D {}", dumped.display()));
    assert_eq!(said.status, Some(0), "{}", said.errors);
    let written = |name: &str, bytes: &[u8]| fs::write(directory().join(name), bytes);
    let record = || -> io::Result<()> {
        written("zoo.diag", &settled(&fs::read(&dumped)?))?;
        written("built.diag", &settled(&built()))?;
        fs::create_dir_all(directory().join("proc/net"))?;
        for table in TABLES {
            let text = fs::read_to_string(format!("/proc/self/net/{table}"))?;
            let nowhere = text.replace(&zoo.directory().display().to_string(), "/run/zoo");
            written(&format!("proc/net/{table}"), nowhere.as_bytes())?;
        }
        written("owned", owned()?.as_bytes())
    };
    record().unwrap_or_else(|error| panic!("cannot record: {error}"));
    Ok(())
}

/// Descriptors of this process and the sockets behind them, a line each.
fn owned() -> io::Result<String> {
    let mut owned = String::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        // The descriptor of this very folder is gone by now.
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let target = target.display().to_string();
        if let Some(inode) = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']')) {
            let _ = writeln!(owned, "{} {inode}", entry.file_name().display());
        }
    }
    Ok(owned)
}

/// The messages of [`BUILT`], in different states and of both address families.
fn built() -> Vec<u8> {
    const FAMILY: usize = HEADER_LEN;
    const STATE: usize = HEADER_LEN + 1;
    const INTERFACE: usize = HEADER_LEN + 40;
    let capture = fs::read(directory().join(BUILT)).expect("it is committed");
    let mut built = Vec::new();
    let mut states = STATES.iter();
    for entry in Reader::new(&capture).expect("a capture") {
        let entry = entry.expect("a whole one");
        let Record::Received(Received::Datagram(datagram)) = entry.record else { continue };
        for message in messages(datagram.bytes) {
            let mut message = message.to_vec();
            if let Some(&state) = states.next().filter(|_| kind(&message) != DONE) {
                message[STATE] = state;
                message[FAMILY] = if state % 2 == 0 { 2 } else { 10 };
                // The first device has the same name everywhere.
                message[INTERFACE..INTERFACE + 4].copy_from_slice(&u32::from(state == 10).to_ne_bytes());
            }
            built.extend(message);
        }
    }
    built
}

/// Bytes of a message's header, `struct nlmsghdr`.
const HEADER_LEN: usize = 16;

/// Bytes of a row before its attributes, `struct inet_diag_msg`.
const ROW_LEN: usize = 72;

/// The type of the message with which a dump ends.
const DONE: u16 = 3;

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

fn kind(message: &[u8]) -> u16 {
    half(message, 4)
}

/// The parts of a run of messages or attributes, padding included; each begins with its length.
fn parts(mut bytes: &[u8], length: impl Fn(&[u8]) -> usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (part, rest) = bytes.split_at(length(bytes).next_multiple_of(4).min(bytes.len()));
        parts.push(part);
        bytes = rest;
    }
    parts
}

fn messages(bytes: &[u8]) -> Vec<&[u8]> {
    parts(bytes, |bytes| usize::from(half(bytes, 0)))
}

/// The dump without what belongs to the machine, and with one end: a reader stops at the first.
fn settled(dump: &[u8]) -> Vec<u8> {
    let mut settled = Vec::new();
    let mut end = Vec::new();
    for message in messages(dump) {
        if kind(message) == DONE {
            end = message.to_vec();
            continue;
        }
        let (head, attributes) = message.split_at(HEADER_LEN + ROW_LEN);
        let kept = parts(attributes, |bytes| usize::from(half(bytes, 0)))
            .into_iter()
            .filter(|attribute| !OF_THE_MACHINE.contains(&(half(attribute, 2) & 0x7fff)));
        let mut row = [head, &kept.collect::<Vec<_>>().concat()].concat();
        let length = u32::try_from(row.len()).expect("a message is short");
        row[..4].copy_from_slice(&length.to_ne_bytes());
        settled.extend(row);
    }
    settled.extend(end);
    settled
}

/// Lays the inputs out in a folder, with a process that holds the sockets: links like its descriptors cannot be
/// committed everywhere.
pub(crate) fn unpack(folder: &Path) {
    let unpack = || -> io::Result<()> {
        fs::create_dir_all(folder.join("proc/net"))?;
        for name in ["zoo.diag", "built.diag", "range"] {
            fs::copy(directory().join(name), folder.join(name))?;
        }
        for table in TABLES {
            let name = format!("proc/net/{table}");
            fs::copy(directory().join(&name), folder.join(&name))?;
        }
        let process = folder.join("proc").join(OWNER);
        fs::create_dir_all(process.join("fd"))?;
        fs::write(process.join("stat"), format!("{OWNER} ({NAME}) S 1 1 1 0 -1\n"))?;
        fs::write(process.join("comm"), format!("{NAME}\n"))?;
        for line in fs::read_to_string(directory().join("owned"))?.lines() {
            let (descriptor, inode) = line.split_once(' ').expect("two words");
            symlink(format!("socket:[{inode}]"), process.join("fd").join(descriptor))?;
        }
        Ok(())
    };
    unpack().unwrap_or_else(|error| panic!("cannot lay out the recordings: {error}"));
}
