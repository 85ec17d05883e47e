//! What `/proc` says of links.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::oracle::ask;

/// Counters of `/proc/net/dev_snmp6` that the kernel tells over Netlink by places that do not move. Of the others it
/// moves the places, or has them in no message.
const COUNTERS: [&str; 8] = [
    "Ip6InReceives",
    "Ip6InOctets",
    "Ip6InDelivers",
    "Icmp6InMsgs",
    "Icmp6InErrors",
    "Icmp6OutMsgs",
    "Icmp6OutErrors",
    "Icmp6InCsumErrors",
];

/// Every link with its settings and counters; a link without IPv6 has none of that.
pub(crate) fn links() -> Vec<Value> {
    let links = ask("ip -j link");
    let names = links.iter().filter_map(|link| link["ifname"].as_str());
    let rows = names.map(|dev| {
        let mut row = json!({"dev": dev, "ipv4": settings(&format!("/proc/sys/net/ipv4/conf/{dev}"))});
        let ipv6 = settings(&format!("/proc/sys/net/ipv6/conf/{dev}"));
        if let Ok(text) = fs::read_to_string(format!("/proc/net/dev_snmp6/{dev}")) {
            row["ipv6"] = ipv6;
            row["snmp6"] = counters(&text);
        }
        row
    });
    rows.collect()
}

/// The files of a folder that hold a number.
fn settings(folder: &str) -> Value {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let number = |path: &Path| fs::read_to_string(path).ok()?.trim().parse::<i64>().ok();
    let settings = files.filter_map(|file| Some((file.file_name().into_string().ok()?, number(&file.path())?.into())));
    Value::Object(settings.collect())
}

fn counters(text: &str) -> Value {
    let lines = text.lines().filter_map(|line| line.split_once(char::is_whitespace));
    let wanted = lines.filter(|(name, _)| COUNTERS.contains(name));
    let numbers =
        wanted.filter_map(|(name, number)| Some((name.to_owned(), number.trim().parse::<u64>().ok()?.into())));
    Value::Object(numbers.collect::<Map<_, _>>())
}
