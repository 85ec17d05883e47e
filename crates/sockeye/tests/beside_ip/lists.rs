//! What `ip` says, as rows like ours.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv6Addr;

use serde_json::{Value, json};
use sockeye_zoo::skip;

use crate::oracle::ask;

/// `ip` lists the addresses of a link in the link.
pub(crate) fn addresses() -> Vec<Value> {
    let links = ask("ip -d -s -j address");
    let rows = links.iter().flat_map(|link| {
        let addresses = link["addr_info"].as_array().into_iter().flatten().cloned();
        addresses.filter(|address| address["local"].is_string() || address["address"].is_string()).map(|mut address| {
            address["dev"] = link["ifname"].clone();
            address
        })
    });
    rows.collect()
}

/// What `ip` says of both families, without telling which.
pub(crate) fn of_families(what: &str) -> Vec<Value> {
    let rows = [("inet", "-4"), ("inet6", "-6")].map(|(family, option)| {
        let mut rows = ask(&format!("ip {option} -d -s -j {what}"));
        for row in &mut rows {
            row["family"] = json!(family);
        }
        rows
    });
    rows.concat()
}

/// Routes of both families.
pub(crate) fn routes() -> Vec<Value> {
    let mut rows = of_families("route show table all");
    for fields in rows.iter_mut().filter_map(Value::as_object_mut) {
        // The type of service of a tunnel is a number, that of the route is not.
        if let Some(tos) = fields.remove("tos") {
            fields.insert(if tos.is_number() { "tos#2" } else { "tos" }.to_owned(), tos);
        }
        // The table that a segment leads into stands before that of the route.
        if let Some(outer) = fields.remove("table#2")
            && let Some(inner) = fields.insert("table".to_owned(), outer)
        {
            fields.insert("table#2".to_owned(), inner);
        }
    }
    rows
}

/// Groups that links listen to. `ip` lists them in the link.
pub(crate) fn multicast() -> Vec<Value> {
    let links = ask("ip -d -s -j maddr");
    let rows = links.iter().flat_map(|link| {
        let groups = link["maddr"].as_array().into_iter().flatten().cloned();
        // Before Linux 6.15 those of IPv4 are only in /proc, where ip finds them; the verdict names them as missing.
        let is_listed = |group: &Value| group["family"] != "inet" || skip::kernel_is_since(6, 15);
        groups.filter(|group| group["address"].is_string()).filter(is_listed).map(|mut group| {
            group["dev"] = link["ifname"].clone();
            group
        })
    });
    rows.collect()
}

/// Anycast addresses: index, name, address and users, apart by blanks.
pub(crate) fn anycast() -> Vec<Value> {
    let text = fs::read_to_string("/proc/net/anycast6").expect("there is IPv6");
    let rows = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (index, dev, address) = (words.next()?, words.next()?, words.next()?);
        let address = Ipv6Addr::from(u128::from_str_radix(address, 16).ok()?);
        let index: u32 = index.parse().ok()?;
        Some(json!({"index": index, "dev": dev, "address": address.to_string(), "users": words.next()?}))
    });
    rows.collect()
}

/// Statistics of each link. `ip` prints a row for each group and suite.
pub(crate) fn statistics() -> Vec<Value> {
    let mut links: BTreeMap<u64, Value> = BTreeMap::new();
    for mut row in ask("ip -d -s -j stats show") {
        let Some(index) = row["ifindex"].as_u64() else { continue };
        let link = links.entry(index).or_insert_with(|| json!({"ifindex": index, "ifname": row["ifname"]}));
        let Some(fields) = row.as_object_mut() else { continue };
        let way = ["group", "subgroup", "suite"].map(|key| fields.remove(key));
        fields.retain(|key, _| key != "ifindex" && key != "ifname");
        if !fields.is_empty() {
            let way = way.iter().flatten().filter_map(Value::as_str);
            *way.fold(link, |value, step| &mut value[step]) = row;
        }
    }
    links.into_values().collect()
}
