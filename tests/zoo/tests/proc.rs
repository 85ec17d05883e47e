//! `/proc/net` shows every specimen as promised: an oracle that needs no program.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use sockeye_zoo::{Expected, KINDS, Unread, in_namespace, skip};

/// One line of `/proc/net/tcp` and its relatives.
#[derive(Debug)]
struct Row {
    local: SocketAddr,
    peer: SocketAddr,
    state: u8,
    send_queue: u32,
    receive_queue: u32,
    timer: u8,
    uid: u32,
    inode: u64,
}

fn hex(text: &str) -> u32 {
    u32::from_str_radix(text, 16).unwrap_or_else(|_| panic!("{text} is not hexadecimal"))
}

/// `0708097F:B705`: words of an address as the machine holds them, then the port.
fn address(text: &str) -> SocketAddr {
    let (words, port) = text.split_once(':').expect("an address and a port");
    let octets: Vec<u8> = (0..words.len() / 8).flat_map(|at| hex(&words[at * 8..][..8]).to_ne_bytes()).collect();
    let ip: IpAddr = match <[u8; 4]>::try_from(octets.as_slice()) {
        Ok(v4) => Ipv4Addr::from(v4).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(octets.as_slice()).expect("16 bytes")).into(),
    };
    SocketAddr::new(ip, u16::try_from(hex(port)).expect("16 bits"))
}

fn pair(text: &str) -> (u32, u32) {
    let (first, second) = text.split_once(':').expect("two numbers");
    (hex(first), hex(second))
}

fn row(line: &str) -> Row {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (send_queue, receive_queue) = pair(words[4]);
    Row {
        local: address(words[1]),
        peer: address(words[2]),
        state: u8::try_from(hex(words[3])).expect("a state"),
        send_queue,
        receive_queue,
        timer: u8::try_from(pair(words[5]).0).expect("a timer"),
        uid: words[7].parse().expect("a user"),
        inode: words[9].parse().expect("an inode"),
    }
}

fn internet_row(table: &str, expected: &Expected) -> Row {
    let found = table.lines().skip(1).map(row).find(|row| match expected.inode {
        Some(inode) => row.inode == inode,
        None => row.state == expected.state && Some(row.local) == expected.local && Some(row.peer) == expected.peer,
    });
    found.unwrap_or_else(|| panic!("not shown: {expected:#?}\nin:\n{table}"))
}

fn check_internet(table: &str, expected: &Expected) {
    let row = internet_row(table, expected);
    let context = format!("{row:?}\n{expected:#?}");
    assert_eq!(row.state, expected.state, "state: {context}");
    assert_eq!(Some(row.local), expected.local, "local: {context}");
    match expected.peer {
        Some(peer) => assert_eq!(row.peer, peer, "peer: {context}"),
        None => assert_eq!(row.peer.port(), 0, "peer: {context}"),
    }
    assert_eq!(row.uid, expected.uid, "uid: {context}");
    match expected.unread {
        Some(Unread::Bytes(bytes)) => assert_eq!(row.receive_queue, bytes, "unread: {context}"),
        Some(Unread::AtLeastBytes(bytes)) => {
            assert!(row.receive_queue >= bytes, "unread: {context}");
        }
        None => {}
    }
    if let Some(bytes) = expected.send_queue_bytes {
        assert_eq!(row.send_queue, bytes, "send queue: {context}");
    }
    if let Some(count) = expected.accept_queue {
        assert_eq!(row.receive_queue, count, "accept queue: {context}");
    }
    if let Some(timer) = expected.timer {
        assert_eq!(row.timer, timer, "timer: {context}");
    }
}

/// Whether a number stands in the text, as a word of its own.
fn has_number(text: &[u8], number: u64) -> bool {
    text.split(|byte| !byte.is_ascii_digit()).any(|word| word == number.to_string().as_bytes())
}

#[test]
fn every_specimen_is_in_its_table() {
    in_namespace(|zoo| {
        let mut specimens = Vec::new();
        for (kind, construct) in KINDS {
            match construct(zoo) {
                Ok(specimen) => specimens.push((kind, specimen)),
                Err(missing) => {
                    assert_eq!(missing.kind, *kind, "a constructor goes by another name");
                    skip::skip(&format!("{kind} in /proc/net"), &missing.into());
                }
            }
        }
        let mut tables: HashMap<&str, Vec<u8>> = HashMap::new();
        for (kind, specimen) in &specimens {
            assert!(!specimen.all().is_empty(), "{kind} promises nothing");
            for expected in specimen.all() {
                let Some(file) = expected.proc_file() else {
                    continue;
                };
                let table = tables
                    .entry(file)
                    .or_insert_with(|| fs::read(format!("/proc/net/{file}")).expect("the family has a file"));
                if matches!(file, "unix" | "packet" | "netlink") {
                    // Names of unix sockets hold line ends, so only the number is looked for. A socket that waits to
                    // be accepted has none of its own, but that is not one of ours.
                    let inode = expected.inode.expect("these have inodes");
                    assert!(has_number(table, inode), "{kind} is not shown: {expected:#?}");
                } else {
                    let table = str::from_utf8(table).expect("numbers");
                    check_internet(table, expected);
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_name_with_a_line_end_is_shown_raw_by_the_kernel() {
    in_namespace(|zoo| {
        let specimen = zoo.unix_abstract()?;
        let name = specimen.expected("listener").unix_name.as_deref().expect("it is bound");
        let shown: Vec<u8> = name.iter().map(|byte| if *byte == 0 { b'@' } else { *byte }).collect();
        let table = fs::read("/proc/net/unix").expect("/proc is mounted");
        assert!(table.windows(shown.len()).any(|window| window == shown), "{}", String::from_utf8_lossy(&table));
        Ok(())
    });
}

#[test]
fn a_listener_that_is_full_has_dropped() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_listening_overflowed()?;
        let counters = fs::read_to_string("/proc/net/netstat").expect("/proc is mounted");
        let mut lines = counters.lines().filter(|line| line.starts_with("TcpExt:"));
        let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
        let overflows = names.split(' ').zip(values.split(' ')).find(|(name, _)| *name == "ListenOverflows");
        let count: u32 = overflows.and_then(|(_, value)| value.parse().ok()).expect("a number");
        assert!(count >= specimen.expected("listener").drops_min.expect("promised"));
        Ok(())
    });
}

#[test]
fn heirs_of_a_socket_hold_it_under_hostile_names() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_shared()?;
        let expected = specimen.expected("listener");
        let inode = expected.inode.expect("it is open");
        assert_eq!(expected.other_owners.len(), 2);
        for owner in &expected.other_owners {
            let directory = format!("/proc/{}", owner.pid);
            let name = fs::read(format!("{directory}/comm")).expect("it lives");
            assert_eq!(name.strip_suffix(b"\n"), Some(owner.name.as_slice()));
            let held: Vec<_> = fs::read_dir(format!("{directory}/fd"))
                .expect("it is ours")
                .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
                .filter_map(|target| target.to_str().map(str::to_owned))
                .filter(|target| target.starts_with("socket:"))
                .collect();
            assert_eq!(held, [format!("socket:[{inode}]")], "only the one socket");
        }
        Ok(())
    });
}
