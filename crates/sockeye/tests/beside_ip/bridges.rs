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
