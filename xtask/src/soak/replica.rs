//! What whoever applies the objects of a watch has: records of tables, sockets that are alive.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

/// Mistakes that are kept; all are counted.
const WRONG_MAX: usize = 5;
/// Records that an audit found otherwise and that are described; all tables are counted.
const DRIFT_MAX: usize = 5;
/// What changes of a link without a word while it is down, beside the options of its kind (docs/completeness.md, "Links
/// that are down"): the audit is there to find these, and whatever else it finds was missed.
const UNTOLD_WHILE_DOWN: [&str; 6] =
    ["ifalias", "group", "alt_ifname", "linkmode", "operstate", "af_spec.inet6.addr_gen_mode"];
/// What changes without a word even where it is up, by the end of the name (the same).
const UNTOLD_ENDS: [&str; 4] = ["promiscuity", "_max_size_bytes", "_max_segs", "mcast_n_groups"];

/// The table in which the kernel keeps equal records (docs/json.md, "Records of tables in which the kernel keeps equal
/// ones twice").
const REPEATS: &str = "rules";

/// A record's place: namespace, table, identity.
type Place = (String, String, String);

/// What is known of a socket that is alive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Socket {
    pub(super) protocol: String,
    pub(super) cookie: String,
    /// What was told last; how it ages, its timers and queues, nobody is told of.
    pub(super) state: String,
}

/// A copy made of the objects of a stream.
#[derive(Default)]
pub(super) struct Replica {
    records: HashMap<Place, Vec<Value>>,
    /// Sockets by namespace and cookie.
    sockets: HashMap<(String, String), Socket>,
    /// Changes of records and sockets that were told, without what was there at the beginning: that did not move.
    pub(super) changes: u64,
    /// The same of each table.
    pub(super) told: BTreeMap<String, u64>,
    /// Gaps by their reason, and what is known to be lost.
    pub(super) gaps: BTreeMap<String, Loss>,
    /// Tables that an audit found changed without a word, and how often.
    pub(super) drifted: BTreeMap<String, u64>,
    /// What the first of them found: a record, and in what it differs.
    pub(super) differences: Vec<String>,
    /// How much of what they found the kernel should have told of, and the watch with it.
    pub(super) missed: u64,
    /// Namespaces and tables whose drift is being told.
    drifting: BTreeSet<(String, String)>,
    /// Changes that did not fit what was there.
    pub(super) wrong: u64,
    /// The first of them.
    pub(super) examples: Vec<String>,
}

/// What gaps of one reason were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loss {
    /// How many gaps.
    pub(super) gaps: u64,
    /// Messages that the kernel counted as lost.
    pub(super) lost: u64,
}

impl Replica {
    /// Applies an object.
    pub(super) fn take(&mut self, object: &mut Value) {
        let netns = text(object, "netns");
        let change = text(object, "change");
        match (change.as_str(), object["table"].as_str()) {
            ("gap", _) => self.gap(&netns, object),
            ("synced", _) => self.drifting.retain(|(here, _)| *here != netns),
            ("sources", _) => {}
            (_, Some("sockets")) => {
                self.count(object);
                self.socket(netns, &change, object);
            }
            (_, Some(table)) => {
                let place = (netns, table.to_owned(), text(object, "id"));
                self.count(object);
                if object["resync"] == true && self.drifting.contains(&(place.0.clone(), place.1.clone())) {
                    self.differs(&place, &change, object);
                }
                self.record(&place, &change, object["record"].take());
            }
            _ => self.complain(format!("neither a change nor about the stream: {object}")),
        }
    }

    /// The records of a table in a namespace.
    pub(super) fn records(&self, netns: &str, table: &str) -> Vec<&Value> {
        let of_it = self.records.iter().filter(|((here, name, _), _)| here == netns && name == table);
        of_it.flat_map(|(_, copies)| copies).collect()
    }

    /// The sockets that are alive in a namespace.
    pub(super) fn sockets(&self, netns: &str) -> BTreeSet<Socket> {
        self.sockets.iter().filter(|((place, _), _)| place == netns).map(|(_, socket)| socket.clone()).collect()
    }

    fn gap(&mut self, netns: &str, object: &Value) {
        let reason = text(object, "reason");
        if reason == "namespace-gone" {
            self.records.retain(|(here, ..), _| here != netns);
            self.sockets.retain(|(here, _), _| here != netns);
        }
        if reason == "drift" {
            for table in object["tables"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                *self.drifted.entry(table.to_owned()).or_default() += 1;
                self.drifting.insert((netns.to_owned(), table.to_owned()));
            }
        }
        let loss = self.gaps.entry(reason).or_default();
        loss.gaps += 1;
        loss.lost += object["lost"].as_u64().unwrap_or(0);
    }

    /// Counts a change, if it is one.
    fn count(&mut self, object: &Value) {
        if object["snapshot"] != true {
            self.changes += 1;
            *self.told.entry(text(object, "table")).or_default() += 1;
        }
    }

    /// Keeps what an audit found otherwise than it was.
    fn differs(&mut self, place: &Place, change: &str, object: &Value) {
        let (record, fields) = (&object["record"], object["fields"].as_object());
        let is_untold = |field: &String| is_untold(&place.1, field, record);
        // Where no field explains that it changed, nothing excuses it.
        let is_excused = fields.is_some_and(|fields| !fields.is_empty() && fields.keys().all(is_untold));
        let is_missed = (change != "changed" || !is_excused) && !is_heard_by_a_device(&place.1, record);
        self.missed += u64::from(is_missed);
        if self.differences.len() < DRIFT_MAX {
            let fields = fields.map(|_| format!(" {}", object["fields"])).unwrap_or_default();
            self.differences.push(format!("{} {} {change}{fields}", place.1, place.2));
        }
    }

    fn record(&mut self, place: &Place, change: &str, record: Value) {
        let repeats = place.1 == REPEATS;
        let copies = self.records.entry(place.clone()).or_default();
        let fits = match change {
            "added" => copies.is_empty() || repeats,
            "changed" | "removed" => !copies.is_empty(),
            _ => false,
        };
        let there = copies.len();
        if change != "added" {
            copies.pop();
        }
        if change != "removed" {
            copies.push(record);
        } else if copies.is_empty() {
            self.records.remove(place);
        }
        if !fits {
            self.complain(format!("{change} with {there} there: {place:?}"));
        }
    }

    fn socket(&mut self, netns: String, change: &str, object: &Value) {
        if object.get("incident").is_some() {
            // What goes wrong with a socket, or a packet of none, is no change of what there is.
            return;
        }
        let place = (netns, text(&object["key"], "cookie"));
        if change == "closed" {
            // One that lived between two rounds is known by its end alone.
            self.sockets.remove(&place);
        } else {
            let (protocol, state) = (text(&object["key"], "protocol"), text(&object["record"], "state"));
            let cookie = place.1.clone();
            self.sockets.insert(place, Socket { protocol, cookie, state });
        }
    }

    fn complain(&mut self, sentence: String) {
        self.wrong += 1;
        if self.examples.len() < WRONG_MAX {
            self.examples.push(sentence);
        }
    }
}

/// Whether nobody is told that this of a record changed.
fn is_untold(table: &str, field: &str, record: &Value) -> bool {
    match table {
        "links" => {
            let is_never_told = UNTOLD_ENDS.iter().any(|end| field.ends_with(end));
            is_never_told || !is_up(record) && is_untold_while_down(field, record)
        }
        // That an entry of a bridge has aged is seen when it is looked at (net/bridge/br_fdb.c, `fdb_to_nud`), until it is removed.
        "fdb" => field == "state",
        _ => false,
    }
}

/// Whether it is an entry of `fdb` for a multicast address that a device listens to: these come and go without a word, with groups and
/// addresses that are joined (docs/completeness.md).
fn is_heard_by_a_device(table: &str, record: &Value) -> bool {
    let first = record["lladdr"].as_str().and_then(|address| u8::from_str_radix(address.get(..2)?, 16).ok());
    table == "fdb" && first.is_some_and(|first| first & 1 == 1)
}

/// Whether a link has `IFF_UP`.
fn is_up(link: &Value) -> bool {
    link["flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == "up"))
}

fn is_untold_while_down(field: &str, link: &Value) -> bool {
    // What a kind of link says stands in an object of its name (docs/json.md).
    let is_of_kind = field.split_once('.').is_some_and(|(object, _)| link["kind"] == object);
    is_of_kind || UNTOLD_WHILE_DOWN.contains(&field)
}

fn text(object: &Value, key: &str) -> String {
    object[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replica(objects: &[Value]) -> Replica {
        let mut replica = Replica::default();
        for object in objects {
            replica.take(&mut object.clone());
        }
        replica
    }

    fn route(change: &str, id: &str, dst: &str) -> Value {
        json!({"netns": "a", "table": "routes", "change": change, "id": id, "record": {"dst": dst}})
    }

    #[test]
    fn what_was_added_and_changed_is_there_and_what_was_removed_is_not() {
        let replica = replica(&[
            route("added", "1", "10.0.0.0/8"),
            route("added", "2", "11.0.0.0/8"),
            route("changed", "2", "12.0.0.0/8"),
            route("removed", "1", "10.0.0.0/8"),
        ]);
        assert_eq!(replica.records("a", "routes"), [&json!({"dst": "12.0.0.0/8"})]);
        assert_eq!((replica.changes, replica.wrong), (4, 0));
    }

    #[test]
    fn what_was_there_at_the_beginning_is_no_change() {
        let mut routes = [route("added", "1", "10.0.0.0/8"), route("added", "2", "11.0.0.0/8")];
        let mut socket = json!({"netns": "a", "table": "sockets", "change": "present", "key": {"cookie": "0x2", "protocol": "tcp"}, "record": {"state": "established"}});
        for object in routes.iter_mut().chain([&mut socket]) {
            object["snapshot"] = json!(true);
        }
        let mut replica = replica(&[routes[0].clone(), routes[1].clone(), socket]);
        assert_eq!((replica.changes, replica.records("a", "routes").len(), replica.sockets("a").len()), (0, 2, 1));
        assert_eq!(replica.told, [].into());
        replica.take(&mut route("changed", "2", "12.0.0.0/8"));
        assert_eq!((replica.changes, replica.wrong), (1, 0));
        assert_eq!(replica.told, [("routes".to_owned(), 1)].into());
    }

    #[test]
    fn what_cannot_be_is_a_mistake() {
        let twice = replica(&[route("added", "1", "10.0.0.0/8"), route("added", "1", "10.0.0.0/8")]);
        let never = replica(&[route("removed", "1", "10.0.0.0/8")]);
        assert_eq!((twice.wrong, never.wrong), (1, 1));
        assert!(never.examples[0].contains("routes"), "{:?}", never.examples);
    }

    #[test]
    fn equal_rules_are_counted() {
        let rule = |change| json!({"netns": "a", "table": "rules", "change": change, "id": "7", "record": {}});
        let replica = replica(&[rule("added"), rule("added"), rule("removed")]);
        assert_eq!((replica.records("a", "rules").len(), replica.wrong), (1, 0));
    }

    #[test]
    fn of_a_namespace_that_is_gone_nothing_is_left() {
        let gone = json!({"netns": "a", "change": "gap", "reason": "namespace-gone", "lost": null});
        let mut elsewhere = route("added", "1", "10.0.0.0/8");
        elsewhere["netns"] = json!("b");
        let replica = replica(&[route("added", "1", "10.0.0.0/8"), elsewhere, gone]);
        assert_eq!((replica.records("a", "routes").len(), replica.records("b", "routes").len()), (0, 1));
        assert_eq!(replica.gaps["namespace-gone"], Loss { gaps: 1, lost: 0 });
    }

    #[test]
    fn what_an_audit_found_is_said_with_both_values() {
        let link = |change: &str, mtu: u32, resync: bool| json!({"netns": "a", "table": "links", "change": change, "id": "7", "resync": resync, "record": {"mtu": mtu}, "fields": {"mtu": {"old": 1500, "new": mtu}}});
        let drift = json!({"netns": "a", "change": "gap", "reason": "drift", "tables": ["links"], "lost": 0});
        let synced = json!({"netns": "a", "change": "synced"});
        let replica = replica(&[
            link("added", 1500, false),
            drift,
            link("changed", 1400, true),
            synced,
            // Of another gap.
            link("changed", 1300, true),
        ]);
        assert_eq!(replica.differences, [r#"links 7 changed {"mtu":{"new":1400,"old":1500}}"#]);
        assert_eq!(replica.drifted, [("links".to_owned(), 1)].into());
        assert_eq!(replica.missed, 1, "the kernel tells of an MTU");
    }

    /// How much an audit that finds this was missed.
    fn missed(table: &str, change: &str, record: &Value, fields: &Value) -> u64 {
        replica(&[
            json!({"netns": "a", "change": "gap", "reason": "drift", "tables": [table], "lost": 0}),
            json!({"netns": "a", "table": table, "change": change, "id": "7", "resync": true, "record": record, "fields": fields}),
        ])
        .missed
    }

    #[test]
    fn what_the_kernel_does_not_tell_of_a_link_was_not_missed() {
        let value = json!({"old": 1, "new": 2});
        let up = json!({"kind": "macvlan", "flags": ["broadcast", "up", "lower-up"]});
        let down = json!({"kind": "macvlan", "flags": ["broadcast", "lower-up"]});
        let of = |link: &Value, field: &str| missed("links", "changed", link, &json!({field: value}));
        for field in
            ["ifalias", "group", "alt_ifname", "linkmode", "operstate", "af_spec.inet6.addr_gen_mode", "macvlan.mode"]
        {
            assert_eq!((of(&down, field), of(&up, field)), (0, 1), "{field} is told of while the link is up");
        }
        for field in ["promiscuity", "gso_ipv4_max_size_bytes", "tso_max_segs", "bridge_port.mcast_n_groups"] {
            assert_eq!((of(&down, field), of(&up, field)), (0, 0), "{field} is not told of");
        }
        for field in ["mtu_bytes", "master", "address", "vxlan.id"] {
            assert_eq!((of(&down, field), of(&up, field)), (1, 1), "{field} is told of");
        }
        assert_eq!(missed("links", "changed", &down, &json!({"ifalias": value, "master": value})), 1);
        assert_eq!(missed("links", "removed", &down, &json!({"ifalias": value})), 1);
    }

    #[test]
    fn what_no_field_explains_was_missed() {
        let down = json!({"flags": []});
        assert_eq!(missed("links", "changed", &down, &json!({})), 1);
        assert_eq!(missed("links", "changed", &down, &Value::Null), 1);
    }

    #[test]
    fn of_other_tables_the_age_of_what_a_bridge_knows_alone_was_not_missed() {
        let value = json!({"old": 1, "new": 2});
        let of = |table: &str, fields: Value| missed(table, "changed", &json!({}), &fields);
        assert_eq!(of("routes", json!({"group": value})), 1, "it is no link");
        assert_eq!(of("fdb", json!({"state": value})), 0, "it has aged");
        assert_eq!(of("fdb", json!({"state": value, "port": value})), 1);
    }

    #[test]
    fn what_a_device_listens_to_was_not_missed() {
        let of =
            |table: &str, change: &str, address: &str| missed(table, change, &json!({"lladdr": address}), &Value::Null);
        for change in ["added", "removed"] {
            assert_eq!(of("fdb", change, "33:33:ff:07:00:04"), 0);
            assert_eq!(of("fdb", change, "02:00:00:00:08:01"), 1, "of one address the kernel tells");
            assert_eq!(of("neighbours", change, "33:33:ff:07:00:04"), 1);
        }
    }

    #[test]
    fn sockets_live_from_whatever_is_told_first_to_their_end() {
        let event = |change, cookie, state| json!({"netns": "a", "table": "sockets", "change": change, "key": {"cookie": cookie, "protocol": "tcp"}, "record": {"state": state}});
        let replica = replica(&[
            event("established", "0x2", "established"),
            event("established", "0x3", "established"),
            event("state", "0x3", "close-wait"),
            event("closed", "0x2", "closed"),
            event("closed", "0x4", "closed"),
            json!({"netns": "a", "table": "sockets", "change": "error", "key": {"cookie": "0x2", "protocol": "tcp"}, "incident": {}}),
        ]);
        let [protocol, cookie, state] = ["tcp", "0x3", "close-wait"].map(str::to_owned);
        assert_eq!(replica.sockets("a"), BTreeSet::from([Socket { protocol, cookie, state }]));
    }
}
