//! What `tc` says: it has to be asked device by device, and filters place by place.

use serde_json::{Value, json};

use crate::how::u32_handle;
use crate::oracle::{ask, ask_text};
use crate::tables::words;
use crate::tc_class;

/// Classes of every device.
pub(crate) fn classes() -> Vec<Value> {
    let devices = ask("ip -j link");
    let devices = devices.iter().filter_map(|link| link["ifname"].as_str());
    devices.flat_map(|dev| tc_class::read(dev, &ask_text(&format!("tc -d -s class show dev {dev}")))).collect()
}

/// Filters of every place that can have some, with the place, which `tc` says only where it was not asked for it.
pub(crate) fn filters() -> Vec<Value> {
    let mut rows = Vec::new();
    for qdisc in ask("tc -j qdisc") {
        let word = |key: &str| qdisc[key].as_str().unwrap_or_default().to_owned();
        let (dev, handle) = (word("dev"), word("handle"));
        let parents = match word("kind").as_str() {
            // A block of filters has no device.
            "ingress" if qdisc["ingress_block"].is_number() => vec![],
            "ingress" => vec!["ffff:"],
            "clsact" => vec!["ffff:fff2", "ffff:fff3"],
            "htb" => vec![handle.as_str()],
            _ => vec![],
        };
        for parent in parents {
            rows.extend(of_place(&format!("dev {dev} parent {parent}"), &dev, parent));
        }
    }
    // 0x1267 is 4711: where the parent stands, the kernel has the number of the block.
    rows.extend(of_place("block 4711", "block", "0:1267"));
    rows
}

fn of_place(place: &str, dev: &str, parent: &str) -> Vec<Value> {
    let mut rows = ask(&format!("tc -d -s -j filter show {place}"));
    for row in &mut rows {
        row["parent"] = json!(parent);
        row["dev"] = json!(dev);
    }
    rows
}

/// What tells a filter from all others.
pub(crate) fn name_of_filter(row: &Value) -> String {
    let handle = row["options"]["fh"].as_str().and_then(u32_handle).unwrap_or_default();
    format!("{} {handle}", words(row, &["dev", "parent", "pref", "chain"]))
}

/// Actions of the one kind that every kernel with traffic control has here.
pub(crate) fn actions() -> Vec<Value> {
    let lists = ask("tc -d -s -j actions list action mirred");
    lists.iter().flat_map(|list| list["actions"].as_array().into_iter().flatten().cloned()).collect()
}
