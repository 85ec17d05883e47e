//! `ss`, where it is installed, shows every specimen with its telling values.

use std::process::Command;

use sockeye_zoo::{Expected, KINDS, PacketExpected, Ring, Skip, Unread, in_namespace, skip, state};

/// What `ss` says: each socket on a line, except where a name of a unix socket has a line end.
fn listing() -> Result<String, Skip> {
    let arguments = ["-anOeimobH", "--tos", "--cgroup", "--inet-sockopt"];
    let output = Command::new("ss").args(arguments).output();
    let output = output.map_err(|error| Skip::new("program:ss", error.to_string()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The words that must be on the line of a socket.
fn words(expected: &Expected) -> Vec<String> {
    let mut words = Vec::new();
    let mut say = |word: Option<String>| words.extend(word);
    say(expected.cookie.map(|cookie| format!("sk:{cookie:x} ")));
    say(expected.mark.map(|mark| format!("fwmark:{mark:#x} ")));
    say(expected.tos.map(|tos| format!("tos:{tos:#x} ")));
    say(expected.tclass.map(|class| format!("tclass:{class:#x} ")));
    say(expected.class_id.map(|class| format!("class_id:{class:#x} ")));
    say(expected.receive_buffer_bytes.map(|bytes| format!(",rb{bytes},")));
    say(expected.send_buffer_bytes.map(|bytes| format!(",tb{bytes},")));
    say(expected.drops.map(|count| format!(",d{count})")));
    say(expected.congestion.map(|name| format!(" {name} ")));
    say(expected.v6only.map(|only| format!("v6only:{} ", u8::from(only))));
    say(expected.unsent_bytes.filter(|bytes| *bytes > 0).map(|bytes| format!("notsent:{bytes} ")));
    say(expected.snd_mss_max.map(|_| " mss:12".to_owned()));
    say(expected.shutdown.map(|closed| ["<->", "-->", "<--", "---"][usize::from(closed)].to_owned()));
    say(expected.mptcp_subflows.filter(|count| *count > 0).map(|count| format!(" subflows:{count} ")));
    say(expected.ulp.map(|name| format!("tcp-ulp-{name}")));
    say(expected.cgroup_id.map(|_| "cgroup:/".to_owned()));
    say(expected
        .interface
        .as_ref()
        // Whether ss passes on other names raw depends on its version.
        .filter(|name| name.iter().all(u8::is_ascii_graphic))
        .map(|name| format!("%{}:", String::from_utf8_lossy(name))));
    say(expected
        .timer
        .map(|timer| format!("timer:({},", ["", "on", "keepalive", "timewait", "persist"][usize::from(timer)])));
    say(Some(expected.uid).filter(|uid| *uid != 0).map(|uid| format!("uid:{uid} ")));
    // ss has a shorter name for one of them.
    let sockopts = expected.sockopts_set.iter();
    words.extend(sockopts.map(|name| name.replace("bind_address_no_port", "bind_addr_no_port")));
    let keys = expected.md5.iter();
    words.extend(keys.map(|key| format!("{}/{}=", key.address, key.prefix_len)));
    words.extend(expected.tcp_options.map(option_words).unwrap_or_default());
    words
}

/// The words for `TCPI_OPT_…` bits.
fn option_words(options: u8) -> Vec<String> {
    let names = [(1, " ts "), (2, " sack "), (4, " wscale:"), (8, " ecn "), (32, " fastopen ")];
    names.iter().filter(|(bit, _)| options & bit != 0).map(|(_, name)| (*name).to_owned()).collect()
}

/// The words for what only packet sockets have.
fn packet_words(packet: &PacketExpected) -> Vec<String> {
    let ring = |name: &str, ring: &Ring| {
        let Ring { block_bytes, blocks, frame_bytes, frames, retire_ms, features, .. } = ring;
        format!(
            "ring_{name}(blk_size:{block_bytes},blk_nr:{blocks},frm_size:{frame_bytes},frm_nr:{frames},\
             tmo:{retire_ms},features:{features:#x})"
        )
    };
    let flags = ["running", "auxdata", "origdev", "vnethdr", "loss"];
    let set = flags.iter().enumerate().filter(|(bit, _)| packet.flags >> bit & 1 == 1);
    let mut words = vec![
        format!("ver:{} ", packet.version),
        format!("cpy_thresh:{} ", packet.copy_threshold),
        format!("flags( {} )", set.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")),
    ];
    words.extend(packet.rx_ring.as_ref().map(|rx| ring("rx", rx)));
    words.extend(packet.tx_ring.as_ref().map(|tx| ring("tx", tx)));
    words.extend(packet.fanout.map(|fanout| format!("fanout(id:{},", fanout & 0xffff)));
    words.extend(packet.filter_len.map(|len| format!("bpf filter ({len}):")));
    words
}

/// The line of an internet socket: by inode, or by addresses where there is none.
fn line<'a>(listing: &'a str, expected: &Expected) -> Option<&'a str> {
    let (local, peer) = (expected.local?.to_string(), expected.peer.map(|peer| peer.to_string()));
    listing.lines().filter(|line| line.split_whitespace().next() == netid(expected)).find(|line| {
        if let Some(inode) = expected.inode {
            return line.contains(&format!("ino:{inode} "));
        }
        let mut columns = line.split_whitespace().skip(4);
        columns.next() == Some(&local) && columns.next() == peer.as_deref()
    })
}

/// What `ss` calls the protocols that it lists by sock_diag alone.
fn netid(expected: &Expected) -> Option<&'static str> {
    match expected.protocol {
        libc::IPPROTO_TCP => Some("tcp"),
        libc::IPPROTO_MPTCP => Some("mptcp"),
        libc::IPPROTO_UDP => Some("udp"),
        _ => None,
    }
}

fn check_internet(kind: &str, listing: &str, expected: &Expected) {
    let line = line(listing, expected).unwrap_or_else(|| panic!("{kind} is not shown: {expected:#?}\n{listing}"));
    for word in words(expected) {
        assert!(line.contains(&word), "{kind}: no {word} in\n{line}\n{expected:#?}");
    }
    for name in expected.sockopts_clear {
        let shown = line.split_whitespace().any(|word| word.trim_end_matches(')') == *name);
        assert!(!shown, "{kind}: {name} in\n{line}");
    }
    let number =
        |at: usize| -> u32 { line.split_whitespace().nth(at).and_then(|word| word.parse().ok()).expect("a queue") };
    match expected.unread {
        Some(Unread::Bytes(bytes)) => assert_eq!(number(2), bytes, "{kind}: {line}"),
        Some(Unread::AtLeastBytes(bytes)) => assert!(number(2) >= bytes, "{kind}: {line}"),
        None => {}
    }
    if let Some(limit) = expected.accept_queue_limit {
        assert_eq!((Some(number(2)), number(3)), (expected.accept_queue, limit), "{kind}: {line}");
    }
}

fn check_packet(kind: &str, listing: &str, expected: &Expected) {
    let inode = format!("ino:{} ", expected.inode.expect("these have inodes"));
    let line = listing.lines().find(|line| line.starts_with("p_") && line.contains(&inode));
    let line = line.unwrap_or_else(|| panic!("{kind} is not shown: {expected:#?}"));
    for word in expected.packet.as_ref().map(packet_words).unwrap_or_default() {
        assert!(line.contains(&word), "{kind}: no {word} in\n{line}");
    }
}

fn check_unix(kind: &str, listing: &str, expected: &Expected) {
    let inode = expected.inode.expect("these have inodes");
    assert!(has_number(listing, inode), "{kind} is not shown: {expected:#?}");
    // A name with a line end tears its line.
    let inode = inode.to_string();
    let mut lines = listing.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let Some(words) = lines.find(|words| words.get(5) == Some(&inode.as_str()) && words[0].starts_with("u_")) else {
        return;
    };
    let context = format!("{kind}: {words:?}");
    if let Some(Unread::Bytes(bytes)) = expected.unread {
        assert_eq!(words[2], bytes.to_string(), "{context}");
    }
    if let (Some(count), Some(limit)) = (expected.accept_queue, expected.accept_queue_limit) {
        assert_eq!(words[2..4], [count.to_string(), limit.to_string()], "{context}");
    }
    if let Some(peer) = expected.peer_inode {
        assert_eq!(words[7], peer.to_string(), "{context}");
    }
    if let Some((_, file)) = expected.file {
        assert!(words.contains(&format!("ino:{file}").as_str()), "{context}");
    }
    for pending in &expected.pending_inodes {
        assert!(words.contains(&pending.to_string().as_str()), "{context}");
    }
}

/// Whether a number stands in the text, as a word of its own.
fn has_number(text: &str, number: u64) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit()).any(|word| word == number.to_string())
}

#[test]
fn every_specimen_is_shown_with_its_telling_values() {
    in_namespace(|zoo| {
        listing()?;
        let mut specimens = Vec::new();
        for (kind, construct) in KINDS {
            match construct(zoo) {
                Ok(specimen) => specimens.push((*kind, specimen)),
                Err(missing) => {
                    assert_eq!(missing.kind, *kind, "a constructor goes by another name");
                    skip::skip(&format!("{kind} in ss"), &missing.into());
                }
            }
        }
        let listing = listing()?;
        for (kind, specimen) in &specimens {
            for expected in specimen.all() {
                match (expected.family, netid(expected)) {
                    // Versions before 6.8 do not ask for sockets that are only bound.
                    (libc::AF_INET, Some("tcp")) if expected.state == state::CLOSE => {}
                    (libc::AF_INET | libc::AF_INET6, Some(_)) => {
                        check_internet(kind, &listing, expected);
                    }
                    (libc::AF_UNIX, _) => check_unix(kind, &listing, expected),
                    (libc::AF_PACKET, _) => check_packet(kind, &listing, expected),
                    // Netlink sockets are shown without inode and cookie; the others have no sock_diag module here,
                    // or are not known to ss.
                    _ => {}
                }
            }
        }
        Ok(())
    });
}
