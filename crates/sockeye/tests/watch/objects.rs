//! Objects for programs: every key that is promised.

use serde_json::{Value, json};
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::lines::{assert_time, ip};
use crate::watching::Watching;

const V: [u32; 2] = [710, 711];

/// What every object has.
fn assert_common(object: &Value) {
    assert_time(object["time"].as_str().expect("a time"));
    assert!(object["netns"].as_str().is_some_and(|name| !name.is_empty()), "{object}");
    assert!(object["change"].is_string(), "{object}");
}

/// The keys of an object.
fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn a_change_says_when_where_what_and_who() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let mut watching = Watching::start(&["links", "routes", "-o", "ndjson"]);
        asker.must(&set_mtu(V[0], 1417));
        let object = watching.object("an MTU", |object| object["fields"].get("mtu_bytes").is_some());
        assert_common(&object);
        assert_eq!((&object["table"], &object["change"]), (&json!("links"), &json!("changed")));
        assert_eq!(object["key"], json!({"ifname": "v0"}));
        assert_eq!(object["fields"]["mtu_bytes"], json!({"old": 1500, "new": 1417}));
        assert_eq!(object["record"]["mtu_bytes"], 1417);
        assert_eq!(object["record"]["kind"], "veth");
        assert!(object.get("resync").is_none() && object.get("snapshot").is_none(), "{object}");

        let route = Route { priority: 77, ..Route::to(ip("10.8.0.0"), 16, Via::Link(V[0])) };
        asker.must(&route.add(CREATE));
        let object = watching.object("a route", |object| object["key"]["dst"] == "10.8.0.0/16");
        assert_common(&object);
        assert_eq!((&object["table"], &object["change"]), (&json!("routes"), &json!("added")));
        assert_eq!(object["key"], json!({"dst": "10.8.0.0/16", "table": "main", "priority": 77, "tos": 0}));
        assert_eq!(object["port_id"], std::process::id());
        let ours = std::fs::read_to_string("/proc/self/comm").expect("we are here");
        assert_eq!(object["process"], ours.trim_end());
        assert!(object.get("fields").is_none(), "{object}");
        asker.must(&route.delete());
        let gone = watching.object("its end", |object| object["change"] == "removed");
        assert_common(&gone);
        assert_eq!((&gone["key"], &gone["record"]), (&object["key"], &object["record"]));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn the_record_of_a_change_is_the_one_of_the_listing() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let mut watching = Watching::start(&["routes", "-o", "ndjson", "dst", "=", "10.8.0.0/16"]);
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Link(V[0])).add(CREATE));
        let object = watching.object("a route", |object| object["change"] == "added");
        let listed = crate::support::sockeye(&["routes", "-o", "ndjson", "dst", "=", "10.8.0.0/16"]);
        let listed = String::from_utf8(listed.stdout).expect("JSON is UTF-8");
        let listed: Value = serde_json::from_str(listed.lines().next().expect("a row")).expect("JSON");
        let shown = keys(&listed).into_iter().filter(|key| object["record"].get(key) != listed.get(key));
        assert_eq!(shown.collect::<Vec<_>>(), [""; 0], "{listed}\n{}", object["record"]);
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_snapshot_is_marked_and_ends_with_synced() {
    in_namespace(|_| {
        let mut watching = Watching::start(&["addresses", "-j", "--snapshot"]);
        watching.object("the end of the snapshot", |object| object["change"] == "synced");
        let objects = watching.interrupt().with(0).objects();
        let (synced, rows) = objects.split_last().expect("an end");
        assert!(!rows.is_empty() && rows.iter().all(|row| row["snapshot"] == true && row["change"] == "added"));
        rows.iter().for_each(assert_common);
        assert_common(synced);
        assert_eq!(synced["tables"], json!(["addresses"]));
        assert_time(synced["last_audit"].as_str().expect("a time"));
        Ok(())
    });
}
