//! The text of `ss -HaemnioO`, taken apart.

use std::collections::BTreeMap;

/// What a line begins with, unless it begins with the kind of socket.
const STATES: [&str; 11] = [
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "UNCONN",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
];

/// One line.
#[derive(Debug)]
pub(crate) struct Socket {
    /// What tells the socket from all others of its family: cookie, inode, or for Netlink protocol and port.
    pub(crate) key: String,
    /// Everything else, by the name `ss` has for it. Values in brackets are taken apart: `skmem.rb`.
    pub(crate) says: BTreeMap<String, String>,
}

impl Socket {
    /// Netlink sockets of the protocol sock_diag belong to the tools themselves.
    pub(crate) fn is_passing(&self) -> bool {
        self.key.starts_with("4:")
    }

    fn say(&mut self, name: &str, value: impl Into<String>) {
        self.says.insert(name.to_owned(), value.into());
    }
}

/// The sockets of a listing of one family. A line torn by a name is no line.
pub(crate) fn sockets(family: &str, text: &str) -> Vec<Socket> {
    let kind = match family {
        "netlink" => "nl",
        other => other,
    };
    text.lines().filter_map(|line| socket(kind, line)).collect()
}

fn socket(kind: &str, line: &str) -> Option<Socket> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    // ss leaves out the first column where it lists sockets of one kind only. MD5 keys leak out of it before the first
    // line.
    if let Some(state) = STATES.iter().find(|state| words.first().is_some_and(|word| word.ends_with(**state))) {
        words[0] = state;
        words.insert(0, kind);
    }
    let [kind, state, receive, send, rest @ ..] = &words[..] else { return None };
    receive.parse::<u32>().ok()?;
    send.parse::<u32>().ok()?;
    let mut socket = Socket { key: String::new(), says: BTreeMap::new() };
    for (name, value) in [("kind", kind), ("state", state), ("recv_q", receive), ("send_q", send)] {
        socket.say(name, *value);
    }
    let details = match *kind {
        "tcp" | "mptcp" | "udp" => {
            let [local, peer, details @ ..] = rest else { return None };
            socket.say("local", *local);
            socket.say("peer", *peer);
            details
        }
        "u_str" | "u_dgr" | "u_seq" => unix(&mut socket, rest)?,
        "p_raw" | "p_dgr" => {
            let [local, "*", details @ ..] = rest else { return None };
            socket.say("local", *local);
            details
        }
        "nl" => {
            let [local, peer, details @ ..] = rest else { return None };
            socket.say("peer", *peer);
            let (protocol, port) = local.split_once(':')?;
            // ss prints the port as a signed number, and says * for that of the kernel.
            let port = port.parse::<i32>().map_or(0, i32::cast_unsigned);
            socket.key = format!("{protocol}:{port}");
            details
        }
        _ => return None,
    };
    read_details(&mut socket, details);
    Some(socket)
}

/// Name, inode, `*`, inode of the peer. The name may hold blanks.
fn unix<'l, 'w>(socket: &mut Socket, rest: &'w [&'l str]) -> Option<&'w [&'l str]> {
    let is_number = |word: &&str| word.parse::<u64>().is_ok();
    let at = (2..rest.len())
        .find(|&at| rest[at] == "*" && is_number(&rest[at - 1]) && rest.get(at + 1).is_some_and(is_number))?;
    socket.say("local", rest[..at - 1].join(" "));
    socket.say("peer_inode", rest[at + 1]);
    rest[at - 1].clone_into(&mut socket.key);
    Some(&rest[at + 2..])
}

fn read_details(socket: &mut Socket, words: &[&str]) {
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        match word {
            "send" | "pacing_rate" | "delivery_rate" => {
                let rate = words.next().unwrap_or_default();
                socket.say(word, rate.trim_end_matches("bps"));
            }
            // TLS that the kernel does: a blank stands between name and value.
            "version:" | "cipher:" | "rxconf:" | "txconf:" => {
                let value = words.next().unwrap_or_default();
                socket.say(&format!("tls.{}", word.trim_end_matches(':')), value);
            }
            "inet-sockopt:" | "flags(" => {
                let mut inner = Vec::new();
                for word in words.by_ref() {
                    inner.push(word.trim_matches(['(', ')']));
                    if word.ends_with(')') {
                        break;
                    }
                }
                inner.retain(|word| !word.is_empty());
                inner.sort_unstable();
                socket.say(if word == "flags(" { "flags" } else { "sockopt" }, inner.join(" "));
            }
            "peers:" => {
                let mut inodes = Vec::new();
                while let Some(inode) = words.next_if(|word| word.parse::<u64>().is_ok()) {
                    inodes.push(inode);
                }
                socket.say("pending", inodes.join(" "));
            }
            "bpf" => {
                words.next(); // filter
                words.next(); // (4):
                let mut program = Vec::new();
                while words.peek().is_some_and(|word| word.starts_with("0x")) {
                    program.extend(words.by_ref().take(4));
                }
                socket.say("filter", program.join(" ").trim_end_matches(',').to_owned());
            }
            "<->" | "-->" | "<--" | "---" => socket.say("shutdown", word),
            _ => detail(socket, word),
        }
    }
}

/// A word with its value in it.
fn detail(socket: &mut Socket, word: &str) {
    if let Some((name, inner)) = word.strip_suffix(')').and_then(|word| word.split_once('(')) {
        return group(socket, name.trim_end_matches(':'), inner);
    }
    if let Some(name) = word.strip_prefix("tcp-ulp-") {
        return socket.say("ulp", name);
    }
    let Some((name, value)) = word.split_once([':', '=']) else {
        // What is neither a known flag nor has a value is the congestion control algorithm.
        let flag = matches!(word, "ts" | "sack" | "ecn" | "ecnseen" | "fastopen" | "app_limited" | "remote_key");
        return if flag { socket.say(word, "1") } else { socket.say("cc", word) };
    };
    match (name, value.split_once(['/', ','])) {
        ("sk", _) if value != "0" => value.clone_into(&mut socket.key),
        ("wscale", Some((send, receive))) => pair(socket, ["snd_wscale", "rcv_wscale"], send, receive),
        ("rtt", Some((mean, deviation))) => pair(socket, ["rtt", "rttvar"], mean, deviation),
        ("retrans", Some((now, ever))) => pair(socket, ["retrans", "total_retrans"], now, ever),
        ("md5keys", _) => {
            let keys: Vec<&str> = value.split(',').filter_map(|key| key.split('=').next()).collect();
            socket.say("md5keys", keys.join(" "));
        }
        _ => socket.say(name, value),
    }
}

fn pair(socket: &mut Socket, names: [&str; 2], first: &str, second: &str) {
    socket.say(names[0], first);
    socket.say(names[1], second);
}

/// Values in brackets.
fn group(socket: &mut Socket, name: &str, inner: &str) {
    match name {
        "timer" => {
            for (name, value) in ["timer", "expires", "timer_retrans"].iter().zip(inner.split(',')) {
                socket.say(name, value);
            }
        }
        "skmem" => {
            for word in inner.split(',') {
                let at = word.find(|letter: char| letter.is_ascii_digit()).unwrap_or(word.len());
                socket.say(&format!("skmem.{}", &word[..at]), &word[at..]);
            }
        }
        // The tokens and ids of an MPTCP subflow, and the share of a time: not of this form.
        _ if name.contains(':') => {
            let (name, value) = name.split_once(':').unwrap_or((name, ""));
            socket.say(name, value);
        }
        _ => {
            for word in inner.split(',') {
                let (inner_name, value) = word.split_once(':').unwrap_or((word, ""));
                socket.say(&format!("{name}.{inner_name}"), value.trim_end_matches("bps"));
            }
        }
    }
}
