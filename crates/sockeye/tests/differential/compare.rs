//! A row beside the two lines that `ss` has for the same socket.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ss::Socket;
use crate::table::{self, DERIVED, MOVING};

/// What a comparison found.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Each with family, socket and both values.
    pub(crate) seen: Vec<String>,
    /// Names of the values that were compared.
    pub(crate) compared: BTreeSet<String>,
    /// Words of `ss` that nothing here stands for.
    pub(crate) not_understood: BTreeSet<String>,
}

/// `ss` prints six digits.
const ROUNDING: f64 = 1e-5;

/// Compares everything that `ss` says of a socket. `known` are the names it has used for any socket of the family.
pub(crate) fn differences(
    family: &str,
    before: &Socket,
    row: &Value,
    after: &Socket,
    known: &BTreeSet<&str>,
    found: &mut Differences,
) {
    let mut understood = BTreeSet::new();
    for (name, place, unit) in table::rows(family).filter(|(name, ..)| known.contains(name)) {
        understood.insert(*name);
        let theirs = [before, after].map(|socket| socket.says.get(*name).map(|text| parse(text) * unit));
        let ours = row.pointer(place).and_then(number);
        if theirs[0].is_some() {
            found.compared.insert((*name).to_owned());
        }
        if !agree(name, theirs, ours, row) {
            let said = [before, after].map(|socket| socket.says.get(*name));
            found.seen.push(format!("{family} {}: {place} is {ours:?}, {name} is {said:?}", before.key));
        }
    }
    for (name, ours) in words(family, row) {
        understood.insert(name);
        let zero = |said: &&str| !(*said == "0" && ours.is_empty());
        let said = [before, after].map(|socket| socket.says.get(name).map(String::as_str).filter(zero).unwrap_or(""));
        if !said[0].is_empty() {
            found.compared.insert(name.to_owned());
        }
        if known.contains(name) && !said.contains(&ours.as_str()) {
            found.seen.push(format!("{family} {}: {name} is {ours:?}, not {said:?}", before.key));
        }
    }
    let strange = before.says.keys().filter(|name| {
        let name = name.as_str();
        !understood.contains(name) && !MOVING.contains(&name) && !DERIVED.contains(&name)
    });
    found.not_understood.extend(strange.cloned());
}

/// Ours lies between theirs. What they leave out we may leave out, or say that it is nothing.
fn agree(name: &str, theirs: [Option<f64>; 2], ours: Option<f64>, row: &Value) -> bool {
    // All bits set is "not known", which ss prints as a time of 71 minutes.
    let theirs = theirs.map(|number| number.filter(|&number| number < 4_294_967_000.0 || !name.ends_with("rtt")));
    match (theirs, ours) {
        ([None, _] | [_, None], None) => true,
        ([None, _] | [_, None], Some(ours)) if ours == 0.0 || table::is_left_out(name, ours, row) => true,
        ([None, None], Some(_)) => false,
        ([first, second], ours) => {
            let (first, second, ours) = (first.unwrap_or(0.0), second.unwrap_or(0.0), ours.unwrap_or(0.0));
            let slack = ROUNDING * first.max(second).max(1.0);
            (first.min(second) - slack..=first.max(second) + slack).contains(&ours)
        }
    }
}

/// A number in any of the forms of `ss`.
fn parse(text: &str) -> f64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).map_or(f64::NAN, as_float),
        None => text.parse().unwrap_or(f64::NAN),
    }
}

/// A number in any of our forms.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) => match text.strip_prefix('v') {
            // Versions of a packet ring are counted from nought.
            Some(version) => version.parse().ok().map(|version: f64| version - 1.0),
            None => Some(parse(text)).filter(|number| !number.is_nan()),
        },
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "what ss prints has six digits")]
fn as_float(number: u64) -> f64 {
    number as f64
}

/// What is no number, in the words of `ss`.
fn words(family: &str, row: &Value) -> Vec<(&'static str, String)> {
    let text = |place: &str| row.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listening = row["state"] == "listening";
    let queue = |key: &str, listening_key: &str| row[if listening { listening_key } else { key }].to_string();
    let mut words = vec![
        // ss calls every Netlink socket unconnected, whatever the kernel says.
        (
            "state",
            state(if family == "netlink" { "unconnected" } else { row["state"].as_str().unwrap_or_default() })
                .to_owned(),
        ),
        ("recv_q", queue("recv_queue_bytes", "accept_queue")),
        ("send_q", queue("send_queue_bytes", "accept_queue_limit")),
    ];
    match family {
        "tcp" | "mptcp" | "udp" => {
            words.extend([
                ("local", endpoint(row, "local")),
                ("peer", endpoint(row, "peer")),
                ("cgroup", text("/cgroup")),
                ("timer", Some(text("/timer")).filter(|timer| timer != "off").unwrap_or_default()),
                ("cc", text("/congestion/algorithm")),
                ("ulp", text("/ulp/name")),
                ("sockopt", sockopts(row)),
                ("shutdown", shutdown(row)),
                ("md5keys", md5_keys(row)),
            ]);
            let options = [
                ("ts", "timestamps"),
                ("sack", "sack"),
                ("ecn", "ecn"),
                ("ecnseen", "ecn-seen"),
                ("fastopen", "syn-data"),
            ];
            words.extend(options.map(|(name, word)| (name, flag(row, "/tcp_info/options", word))));
            let tls = ["version", "cipher"].map(|key| row["ulp"]["tls"][key].as_str().unwrap_or_default().to_owned());
            let [version, cipher] = tls;
            words.extend([("tls.version", version), ("tls.cipher", cipher)]);
            words.extend([("tls.rxconf", tls_work(row, "rxconf")), ("tls.txconf", tls_work(row, "txconf"))]);
            words.extend(MPTCP.map(|(name, place)| (name, bare_hexadecimal(row, place))));
        }
        "unix" => words.extend([
            ("local", Some(text("/name")).filter(|name| !name.is_empty()).unwrap_or_else(|| "*".to_owned())),
            ("shutdown", shutdown(row)),
            ("pending", list(row, "/icons")),
            ("dev", row.pointer("/vfs/dev").and_then(Value::as_u64).map_or_else(String::new, device)),
        ]),
        "packet" => words.extend([
            ("local", format!("[{}]:{}", ethertype(&text("/local_address")), text("/interface"))),
            ("flags", sorted(&list(row, "/packet_info/flags"))),
            ("fanout.type", text("/fanout/kind")),
            ("filter", filter(row)),
        ]),
        _ => {
            let (group, port) = (&row["dst_group"], &row["peer_port"]);
            let peer = if *group == 0 && *port == 0 { "*".to_owned() } else { format!("{group}:{port}") };
            words.extend([("groups", format!("{:#010x}", groups(row))), ("peer", peer)]);
        }
    }
    words
}

/// Numbers of MPTCP connections and of their subflows that `ss` prints in hexadecimal.
const MPTCP: [(&str, &str); 7] = [
    ("write_seq", "/mptcp_info/write_seq"),
    ("snd_una", "/mptcp_info/snd_una"),
    ("rcv_nxt", "/mptcp_info/rcv_nxt"),
    ("seq", "/ulp/mptcp/map_seq"),
    ("sfseq", "/ulp/mptcp/map_sfseq"),
    ("ssnoff", "/ulp/mptcp/ssn_offset"),
    ("maplen", "/ulp/mptcp/map_datalen_bytes"),
];

/// Hexadecimal without a prefix. What is zero `ss` prints or not as it likes, so here it is nothing.
fn bare_hexadecimal(row: &Value, place: &str) -> String {
    row.pointer(place)
        .and_then(Value::as_u64)
        .filter(|number| *number != 0)
        .map_or_else(String::new, |number| format!("{number:x}"))
}

/// Who works one direction of a TLS connection: nobody yet is "base" for the kernel and "none" for `ss`.
fn tls_work(row: &Value, key: &str) -> String {
    match row["ulp"]["tls"][key].as_str() {
        Some("base") => "none".to_owned(),
        other => other.unwrap_or_default().to_owned(),
    }
}

/// `ss -n` prints an ethertype as a decimal number.
fn ethertype(word: &str) -> String {
    match word {
        "lldp" => 0x88cc.to_string(),
        other => other.to_owned(),
    }
}

fn state(word: &str) -> &str {
    match word {
        "established" => "ESTAB",
        "syn-sent" => "SYN-SENT",
        "syn-recv" => "SYN-RECV",
        "fin-wait-1" => "FIN-WAIT-1",
        "fin-wait-2" => "FIN-WAIT-2",
        "time-wait" => "TIME-WAIT",
        "unconnected" | "bound-inactive" => "UNCONN",
        "close-wait" => "CLOSE-WAIT",
        "last-ack" => "LAST-ACK",
        "listening" => "LISTEN",
        "closing" => "CLOSING",
        other => other,
    }
}

/// `ADDRESS%DEVICE:PORT`, where a port of nought is `*`, and so is any address where both IPv4 and IPv6 are meant.
fn endpoint(row: &Value, side: &str) -> String {
    let address = row[format!("{side}_address")].as_str().unwrap_or_default();
    let both = address == "::" && row["v6only"] != true;
    let device = (side == "local").then(|| interface(row)).flatten();
    let address = match (address.contains(':'), &device) {
        (true, None) if both => "*".to_owned(),
        (true, _) => format!("[{address}]"),
        (false, _) => address.to_owned(),
    };
    let device = device.map_or_else(String::new, |device| format!("%{device}"));
    let port = row[format!("{side}_port")].as_u64().unwrap_or(0);
    let port = if port == 0 { "*".to_owned() } else { port.to_string() };
    format!("{address}{device}:{port}")
}

/// The name as a reader of `ss` sees it, bytes that are not UTF-8 replaced.
fn interface(row: &Value) -> Option<String> {
    let Some(digits) = row["interface_hex"].as_str() else { return row["interface"].as_str().map(str::to_owned) };
    let pairs = digits.as_bytes().as_chunks::<2>().0.iter();
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    Some(String::from_utf8_lossy(&bytes.collect::<Option<Vec<u8>>>()?).into_owned())
}

fn list(row: &Value, place: &str) -> String {
    let values = row.pointer(place).and_then(Value::as_array).into_iter().flatten();
    let words: Vec<String> = values.map(|value| value.to_string().trim_matches('"').to_owned()).collect();
    words.join(" ")
}

fn sorted(words: &str) -> String {
    let mut words: Vec<&str> = words.split(' ').collect();
    words.sort_unstable();
    words.join(" ")
}

fn flag(row: &Value, place: &str, word: &str) -> String {
    let set = list(row, place).split(' ').any(|found| found == word);
    if set { "1".to_owned() } else { String::new() }
}

fn shutdown(row: &Value) -> String {
    match list(row, "/shutdown").as_str() {
        _ if row.get("shutdown").is_none() => "",
        "" => "<->",
        "receive" => "-->",
        "send" => "<--",
        _ => "---",
    }
    .to_owned()
}

fn sockopts(row: &Value) -> String {
    let options = row["sockopt"].as_object().into_iter().flatten().filter(|(_, set)| **set == true);
    // ss has a shorter name for one of them.
    let names = options.map(|(name, _)| name.replace("bind_address_no_port", "bind_addr_no_port"));
    sorted(&names.collect::<Vec<_>>().join(" "))
}

fn md5_keys(row: &Value) -> String {
    let keys = row["md5_signatures"].as_array().into_iter().flatten();
    let networks = keys.map(|key| format!("{}/{}", key["address"].as_str().unwrap_or_default(), key["prefix_len"]));
    networks.collect::<Vec<_>>().join(" ")
}

/// The kernel's form of a device number, read as if it were that of the C library: that is what ss does.
fn device(number: u64) -> String {
    format!("{}/{}", number >> 8 & 0xfff, number & 0xff | number >> 12 & 0xf_ff00)
}

fn filter(row: &Value) -> String {
    let program = row["filter"].as_array().into_iter().flatten();
    let instructions = program.map(|step| {
        let code = step["code"].as_u64().unwrap_or_default();
        format!("{code:#04x} {} {} {}", step["jt"], step["jf"], step["k"])
    });
    instructions.collect::<Vec<_>>().join(", ")
}

/// The groups that fit the 32 bits of an address; ss does not ask for more.
fn groups(row: &Value) -> u32 {
    let groups = row["groups"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    groups.filter(|group| (1..=32).contains(group)).fold(0, |bits, group| bits | 1 << (group - 1))
}
