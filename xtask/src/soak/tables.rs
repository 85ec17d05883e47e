//! The tables that are listed and compared, and what of their records counts or ages by itself.

use serde_json::Value;

/// Tables that a watch follows unless it is told otherwise. Kernels without VLANs of bridges refuse `vlans`.
pub(super) const TABLES: [&str; 20] = [
    "links",
    "addresses",
    "routes",
    "rules",
    "neighbours",
    "nexthops",
    "qdiscs",
    "tc-classes",
    "tc-filters",
    "tc-actions",
    "fdb",
    "mdb",
    "vlans",
    "netconf",
    "multicast",
    "anycast",
    "mroutes",
    "labels",
    "neighbour-tables",
    "namespaces",
];

/// Members of records, at any depth, that two looks at the same thing need not agree in: counters, ages, and what only one
/// of notification and dump has.
const OWN: [&str; 25] = [
    // The place is told by each in its own way, and compared by hand.
    "netns",
    // Counters.
    "stats",
    "stats64",
    "stats2",
    "xstats",
    "carrier_changes",
    "carrier_up_count",
    "carrier_down_count",
    "fdb_n_learned",
    "mcast_n_groups",
    "direct_pkts",
    "refcnt",
    "bindcnt",
    "in_hw_count",
    "probes",
    // Ages, and what the kernel draws by lot now and then. Timers are known by the end of their name.
    "cacheinfo",
    "tm",
    "reachable_time_ms",
    // Since when a multicast route was not used.
    "expires_centiseconds",
    // What just changed, in a notification.
    "change",
    "event",
    // How an action is counted, in a dump.
    "used_hw_stats",
    // References of a queueing discipline.
    "info",
    // Settings of families, which `netconf` tells of.
    "af_spec",
    "config",
];
/// The same by the end of their name: of the moment in which a record was written (docs/json.md), and what runs down.
const OWN_ENDS: [&str; 2] = ["_name", "timer_centiseconds"];

/// A record without what counts or ages by itself and without names of interfaces: those are of the moment in
/// which a record was written (docs/json.md).
pub(super) fn bare(table: &str, record: &Value) -> Value {
    let mut record = record.clone();
    strip(&mut record);
    // net/bridge/br_mdb.c: a notification has a family, a dump has none; its next member is of newer notifications alone.
    if let (Some(members), "mdb") = (record.as_object_mut(), table) {
        members.retain(|key, _| key != "family" && key != "rtprot");
    }
    // net/ipv6/addrlabel.c, ip6addrlbl_fill: how often the whole table was changed.
    if let (Some(members), "labels") = (record.as_object_mut(), table) {
        members.remove("seq");
    }
    record
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !OWN.contains(&key.as_str()) && !OWN_ENDS.iter().any(|end| key.ends_with(end)));
            members.values_mut().for_each(strip);
        }
        Value::Array(list) => {
            list.iter_mut().for_each(strip);
            // The order of nexthops is not told: each notification and each dump has another first.
            list.sort_by_key(ToString::to_string);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counters_and_names_of_interfaces_are_left_out() {
        let record = json!({"dst": "10.0.0.0/8", "oif": 4, "oif_name": "v0", "cacheinfo": {"used": 3}});
        assert_eq!(bare("routes", &record), json!({"dst": "10.0.0.0/8", "oif": 4}));
    }
}
