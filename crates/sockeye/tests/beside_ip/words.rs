//! What people type and read: words, names of devices, columns.

use sockeye_zoo::in_namespace;

use crate::support::sockeye;
use crate::world::World;

/// The rows of a table for people, and what they hold, column by column.
fn table(words: &[&str]) -> Vec<Vec<String>> {
    let output = sockeye(words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn rules_that_differ_look_different() {
    in_namespace(|_| {
        let _world = World::of(
            "words",
            &["ip rule add prio 100 fwmark 0x1/0xff table 77\n\
               ip rule add prio 101 fwmark 0x1 table 77\n\
               ip -6 rule add prio 102 fwmark 0x0/0x10 table 77\n\
               ip -6 rule add prio 103 fwmark 0x1/0xff table 77"],
        )?;
        let mut rows = table(&["rules", "table", "=", "77", "--sort", "priority", "-H"]);
        for row in &mut rows {
            row.retain(|value| value != "-");
        }
        let expected = [
            ["100", "inet", "0x1/0xff"],
            ["101", "inet", "0x1"],
            ["102", "inet6", "0x0/0x10"],
            ["103", "inet6", "0x1/0xff"],
        ];
        assert_eq!(rows.iter().map(|row| &row[..3]).collect::<Vec<_>>(), expected);
        Ok(())
    });
}

/// The names in the column of a listing.
fn column(column: &str, words: &[&str]) -> Vec<String> {
    let mut values = table(&[words, &["--columns", column, "-H"]].concat()).concat();
    values.sort();
    values
}

/// What is said to a mistake.
fn complaint(words: &[&str]) -> String {
    let output = sockeye(words);
    assert_eq!(output.status.code(), Some(2), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("text")
}

const WORLD: &str = "\
ip link set lo up
ip link add left type veth peer name right
ip link set left up
ip link set right up
ip link property add dev left altname other altname a_name_that_is_longer_than_any_that_the_ioctl_knows
ip addr add 10.9.0.1/24 dev left
write /proc/sys/net/ipv4/neigh/left/base_reachable_time_ms 3600000
ip neigh add 10.9.0.7 dev left lladdr 02:00:00:00:09:07 nud reachable
ip neigh add 10.9.0.8 dev left lladdr 02:00:00:00:09:08 nud stale
ip neigh add 10.9.0.9 dev left lladdr 02:00:00:00:09:09 nud permanent";

#[test]
fn a_device_has_its_name_its_index_and_its_other_names_in_every_table() {
    in_namespace(|_| {
        let _world = World::of("words", &[WORLD])?;
        let index = crate::oracle::ask("ip -j link show dev left")[0]["ifindex"].to_string();
        for name in ["left", &index, "other", "a_name_that_is_longer_than_any_that_the_ioctl_knows"] {
            assert_eq!(column("name", &["links", "dev", "=", name]), ["left"], "{name}");
            assert_eq!(column("name", &["links", "dev", name]), ["left"], "{name}");
            assert_eq!(column("ip", &["addresses", "inet", "dev", "=", name]), ["10.9.0.1/24"], "{name}");
        }
        assert_eq!(column("name", &["links", "dev", "~", "*e*"]), ["left"]);
        assert_eq!(column("dev", &["links", "dev", "!=", "left"]), ["lo", "right"]);
        for table in ["links", "addresses"] {
            let said = complaint(&[table, "dev", "=", "nosuch"]);
            assert!(said.contains("there is no interface \"nosuch\""), "{said}");
        }
        Ok(())
    });
}

#[test]
fn states_and_scopes_stand_alone_as_people_know_them() {
    in_namespace(|_| {
        let _world = World::of("words", &[WORLD])?;
        for (word, address) in [("reachable", "10.9.0.7"), ("stale", "10.9.0.8"), ("permanent", "10.9.0.9")] {
            assert_eq!(column("address", &["neighbours", "inet", word]), [address], "{word}");
            assert_eq!(column("address", &["neighbours", "inet", "state", word]), [address], "{word}");
        }
        assert_eq!(column("address", &["neighbours", "inet", "reachable", "stale"]), ["10.9.0.7", "10.9.0.8"]);
        assert_eq!(column("address", &["neighbours", "inet", "not", "permanent"]), ["10.9.0.7", "10.9.0.8"]);
        for global in [&["global"][..], &["scope", "=", "global"], &["scope", "=", "universe"]] {
            assert_eq!(column("ip", &[&["addresses", "inet"], global].concat()), ["10.9.0.1/24"], "{global:?}");
        }
        Ok(())
    });
}

#[test]
fn a_mistake_is_answered_with_what_this_table_has() {
    in_namespace(|_| {
        let _world = World::of("words", &[WORLD])?;
        let said = complaint(&["links", "left"]);
        assert!(said.contains("left is an interface: write dev = left"), "{said}");
        let said = complaint(&["routes", "xyzzyx"]);
        assert!(said.contains("an address, or FIELD OPERATOR VALUE, as in dev = eth0"), "{said}");
        assert!(!said.contains("tcp") && !said.contains("listening"), "{said}");
        let said = complaint(&["namespaces", "xyzzyx"]);
        assert!(!said.contains("tcp") && said.contains("FIELD OPERATOR VALUE, as in nsid = 10"), "{said}");
        Ok(())
    });
}
