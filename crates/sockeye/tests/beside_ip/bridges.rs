//! What `bridge` says, as rows like ours.

use serde_json::{Value, json};

use crate::oracle::ask;

/// Multicast entries, and for each bridge the ports with routers behind them.
pub(crate) fn multicast() -> Vec<Value> {
    let mut rows = Vec::new();
    for list in ask("bridge -d -s -j mdb") {
        rows.extend(list["mdb"].as_array().into_iter().flatten().cloned());
        let routers = list["router"].as_object().into_iter().flatten();
        rows.extend(routers.map(|(bridge, ports)| json!({"dev": bridge, "router": ports})));
    }
    rows
}

/// Words for the numbers of `mcast_router` (include/uapi/linux/if_bridge.h, `MDB_RTR_TYPE_*`), and for what it calls flags.
const ROUTERS: [&str; 4] = ["disabled", "temp-query", "perm", "temp"];
const FLAGS: [(&str, &str); 2] = [("PVID", "pvid"), ("Egress Untagged", "untagged")];

/// What every VLAN has for a whole bridge.
pub(crate) fn global_vlans() -> Vec<Value> {
    let mut rows = Vec::new();
    for bridge in ask("bridge -d -j vlan global show") {
        for options in bridge["vlans"].as_array().expect("a list") {
            let number = |key: &str| options[key].as_u64();
            let first = number("vlan").expect("a number");
            for vlan in first..=number("vlanEnd").unwrap_or(first) {
                let mut options = options.clone();
                options["vlan"] = vlan.into();
                options.as_object_mut().expect("an object").remove("vlanEnd");
                rows.push(json!({"ifname": bridge["ifname"], "options": [options]}));
            }
        }
    }
    rows
}

/// Every VLAN of every port, with its tunnel.
pub(crate) fn vlans() -> Vec<Value> {
    let number = |value: &Value| value.as_u64().expect("a number");
    let listed = |list: &'static str, within: &'static str| {
        let links = ask(list).into_iter();
        links.flat_map(move |link| {
            let rows = link[within].as_array().cloned().unwrap_or_default();
            rows.into_iter().map(move |row| (link["ifname"].clone(), row))
        })
    };
    let tunnels: Vec<_> = listed("bridge -j vlan tunnelshow", "tunnels").collect();
    let tunnel = |name: &Value, vlan: u64| {
        tunnels.iter().filter(|(of, _)| of == name).find_map(|(_, row)| {
            let (first, last) = (number(&row["vlan"]), number(row.get("vlanEnd").unwrap_or(&row["vlan"])));
            (first..=last).contains(&vlan).then(|| number(&row["tunid"]) + vlan - first)
        })
    };
    let mut rows = Vec::new();
    for (name, mut row) in listed("bridge -d -s -j vlan show", "vlans") {
        let flags = row["flags"].as_array().cloned().unwrap_or_default();
        let flags = flags.iter().map(|flag| FLAGS.iter().find(|(theirs, _)| flag == theirs).expect("a flag").1);
        row["flags"] = flags.collect();
        let router = usize::try_from(number(&row["mcast_router"])).expect("small");
        row["mcast_router"] = ROUTERS[router].into();
        if let Some(id) = tunnel(&name, number(&row["vlan"])) {
            row["tunid"] = id.into();
        }
        row["ifname"] = name;
        rows.push(row);
    }
    rows
}
