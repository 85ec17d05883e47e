//! Who applies the objects of a watch by `table` and `id` has what the kernel has.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use sockeye_wire::rtnetlink::RTM_NEWRULE;
use sockeye_zoo::skip::needs_the_machine;
use sockeye_zoo::{Skip, in_namespace};

use crate::asked::*;
use crate::lines::ip;
use crate::oracle::programs;
use crate::watching::{Watching, program};

const V: [u32; 2] = [710, 711];
const W: [u32; 2] = [720, 721];

/// What tells one record of a table from another, for whoever knows what it means.
fn meaning(table: &str, record: &Value) -> String {
    let fields: &[&str] = match table {
        "links" => &["ifname", "index"],
        "addresses" => &["ip", "index"],
        _ => &["dst", "table", "oif", "priority", "type"],
    };
    fields.iter().map(|field| record[field].to_string()).collect::<Vec<_>>().join(" ")
}

fn listed(table: &str) -> Vec<String> {
    let listed = crate::support::sockeye(&[table, "-o", "ndjson"]);
    let rows = String::from_utf8(listed.stdout).expect("JSON is UTF-8");
    let objects = rows.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut meanings: Vec<_> =
        objects.filter(|object| object.get("verdict").is_none()).map(|row| meaning(table, &row)).collect();
    meanings.sort();
    meanings
}

#[test]
fn objects_applied_by_id_are_the_tables_of_the_kernel() {
    const TABLES: [&str; 3] = ["links", "addresses", "routes"];
    in_namespace(|_| {
        let mut asker = Asker::new();
        // Two cables, each with IPv6 routes that differ by their interface alone.
        asker.cable(V, ["v0", "v1"]);
        asker.cable(W, ["w0", "w1"]);
        for index in [V[0], W[0]] {
            asker.must(&Route::to(ip("2001:db8:7::"), 48, Via::Link(index)).add(CREATE));
            asker.must(&new_address(index, ip("10.7.0.1"), 24));
        }
        let mut watching = Watching::start(&["links", "addresses", "routes", "rules", "-j", "--snapshot"]);
        asker.must(&set_up(V[1], false));
        asker.must(&rename(V[1], "elsewhere"));
        asker.must(&set_mtu(V[1], 1417));
        asker.must(&Route::to(ip("2001:db8:7::"), 48, Via::Link(V[0])).delete());
        asker.must(&Route { priority: 77, ..Route::to(ip("10.8.0.0"), 16, Via::Link(W[0])) }.add(CREATE));
        asker.must(&delete_address(W[0], ip("10.7.0.1"), 24));
        asker.must(&rule(RTM_NEWRULE, CREATE, true, 4242, 7, "w0"));
        watching.object("the rule", |object| object["record"]["priority"] == 4242);
        // A device without addresses has no routes: they go without a word, which is found a moment later.
        let gone = |object: &Value| object["change"] == "removed" && object["record"]["dst"] == "10.8.0.0/16";
        if !watching.said().iter().any(|line| gone(&serde_json::from_str(line).expect("JSON"))) {
            watching.object("the route of the device", gone);
        }
        let mut copy = BTreeMap::new();
        for object in watching.interrupt().with(0).objects() {
            let id = (object["table"].to_string(), object["id"].to_string());
            match object["change"].as_str().expect("a word") {
                "added" => assert_eq!(copy.insert(id, object.clone()), None, "it is there already: {object}"),
                "changed" => assert!(copy.insert(id, object.clone()).is_some(), "it is not there: {object}"),
                "removed" => assert!(copy.remove(&id).is_some(), "it is not there: {object}"),
                _ => {}
            }
        }
        for table in TABLES {
            let records = copy.values().filter(|object| object["table"] == table);
            let mut copied: Vec<_> = records.map(|object| meaning(table, &object["record"])).collect();
            copied.sort();
            assert_eq!(copied, listed(table), "{table}");
        }
        Ok(())
    });
}

#[test]
fn a_setting_that_is_told_alone_leaves_the_others_as_they_are() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        let set = |name: &str, value: &str| {
            fs::write(format!("/proc/sys/net/ipv4/conf/v0/{name}"), value).expect("root of the namespace may");
        };
        set("rp_filter", "2");
        set("forwarding", "0");
        let mut watching = Watching::start(&["netconf", "dev", "=", "v0", "family", "=", "inet", "-j"]);
        set("forwarding", "1");
        let object = watching.object("a setting", |object| object["change"] == "changed");
        assert_eq!(object["fields"], json!({"forwarding": {"old": false, "new": true}}));
        assert_eq!(
            (&object["record"]["rp_filter"], &object["record"]["proxy_neigh"]),
            (&json!("loose"), &json!(false))
        );
        set("proxy_arp", "1");
        let object = watching.object("another", |object| object["change"] == "changed");
        assert_eq!(object["fields"], json!({"proxy_neigh": {"old": false, "new": true}}));
        assert_eq!((&object["record"]["rp_filter"], &object["record"]["forwarding"]), (&json!("loose"), &json!(true)));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn every_interface_has_its_neighbour_settings_in_both_families() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        // Enough that the rows of each family do not fit one datagram.
        let cables = 30;
        for cable in 0..cables {
            let index = 800 + 2 * cable;
            asker.must(&new_veth([index, index + 1], [&format!("a{cable}"), &format!("b{cable}")]));
        }
        for name in ["arp_cache", "ndisc_cache"] {
            let counted = crate::support::sockeye(&["neighbour-tables", "--count", "name", "=", name]);
            let counted = String::from_utf8(counted.stdout).expect("a number");
            // Each link, the loopback, and the table itself.
            assert_eq!(counted.trim(), (2 * cables + 2).to_string(), "{name}");
        }
        Ok(())
    });
}

/// Runs `tc`.
#[track_caller]
fn tc(arguments: &str) {
    let output = Command::new("tc").args(arguments.split(' ')).output().expect("it is there");
    assert!(output.status.success(), "tc {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn filters_that_go_with_their_priority_are_gone() {
    in_namespace(|_| {
        programs(&["tc"])?;
        Asker::new().cable(V, ["v0", "v1"]);
        tc("qdisc add dev v0 ingress");
        let mut watching = Watching::start(&["tc-filters", "-j"]);
        tc("filter add dev v0 ingress prio 9 protocol ip u32 match ip dst 10.1.2.3/32 flowid 1:1");
        // The filter, which is told of; the classifier and its table of hashes, which are not.
        for _ in 0..3 {
            watching.object("a filter", |object| object["change"] == "added");
        }
        tc("filter del dev v0 ingress prio 9");
        for _ in 0..3 {
            let gone = watching.object("its end", |object| object["change"] == "removed");
            assert_eq!((&gone["key"]["kind"], &gone["key"]["priority"]), (&json!("u32"), &json!(9)));
        }
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn actions_are_told_by_kind_and_number() {
    in_namespace(|_| {
        programs(&["tc"])?;
        // net/sched/act_api.c, `tc_ctl_action`: `netlink_capable`, not `netlink_ns_capable`.
        needs_the_machine("tc:actions", "actions by themselves are made with CAP_NET_ADMIN of the machine alone")?;
        Asker::new().cable(V, ["v0", "v1"]);
        let mut watching = Watching::start(&["tc-actions", "-j"]);
        tc("actions add action mirred egress redirect dev v1 index 78");
        let added = watching.object("an action", |object| object["change"] == "added");
        assert_eq!(added["key"], json!({"kind": "mirred", "index": 78}));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_table_that_this_kernel_lacks_is_nothing_to_wait_for() {
    in_namespace(|_| {
        // Where the kernel has it, there is something to wait for.
        let lacks = crate::support::sockeye(&["vlans"]).status.code() != Some(0);
        if lacks {
            let ended = Watching::begin(&mut program(&["vlans"])).ended().with(1);
            assert!(ended.stderr.contains("this kernel has none of these tables"), "{}", ended.stderr);
        } else {
            Watching::start(&["vlans"]).interrupt().with(0);
        }
        Ok(())
    });
}

/// What the kernel does without a word because of something that it tells of.
#[test]
fn what_a_vlan_has_for_a_whole_bridge_comes_and_goes_with_its_ports() {
    in_namespace(|_| {
        let run = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            let output = Command::new(words[0]).args(&words[1..]).output();
            let output = output.map_err(|error| Skip::new(format!("program:{}", words[0]), error.to_string()))?;
            let errors = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            if output.status.success() { Ok(()) } else { Err(Skip::new("bridge-vlans", errors)) }
        };
        run("ip link add vbr type bridge vlan_filtering 1 vlan_default_pvid 0")?;
        run("ip link add vport type veth peer name vother")?;
        run("ip link set vport master vbr")?;
        run("bridge vlan add dev vport vid 7")?;
        let mut watching = Watching::start(&["vlans", "-o", "ndjson"]);
        for (command, change) in [("add", "added"), ("del", "removed")] {
            run(&format!("bridge vlan {command} dev vport vid 117"))?;
            let found = watching.object(change, |object| {
                object["change"] == change && object["record"]["global_options"][0]["id"] == 117
            });
            assert_eq!(found["key"]["vid"], 117, "{found}");
        }
        let ended = watching.interrupt().with(0);
        assert!(!ended.stdout.contains("\"gap\""), "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn an_address_is_found_whatever_its_prefix() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.cable(V, ["v0", "v1"]);
        asker.must(&new_address(V[0], ip("10.7.0.1"), 24));
        asker.must(&new_address(V[0], ip("10.7.0.2"), 24));
        for (filter, count) in [("10.7.0.1", "1"), ("10.7.0.1/24", "2"), ("10.7.0.0/24", "2"), ("10.7.0.0", "0")] {
            let counted = crate::support::sockeye(&["addresses", "--count", "ip", "=", filter]);
            assert_eq!(String::from_utf8_lossy(&counted.stdout).trim(), count, "{filter}");
        }
        Ok(())
    });
}

#[test]
fn a_watch_of_links_alone_hears_of_the_qdisc_that_they_name() {
    in_namespace(|_| {
        programs(&["tc"])?;
        Asker::new().cable(V, ["v0", "v1"]);
        let mut watching = Watching::start(&["links", "-j"]);
        tc("qdisc add dev v0 root pfifo limit 77");
        let object = watching.object("a qdisc", |object| object["fields"].get("qdisc").is_some());
        assert_eq!(object["fields"]["qdisc"]["new"], "pfifo");
        assert_eq!(object["record"]["ifname"], "v0");
        assert_eq!(object.get("port_id"), None, "an answer does not say who made the change");
        watching.interrupt().with(0);
        Ok(())
    });
}
