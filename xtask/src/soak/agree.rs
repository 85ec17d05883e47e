//! Whether the copy that was made of a stream is what the kernel has: a fresh listing decides.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::listing::Listing;
use super::replica::{Replica, Socket};
use super::tables::{self, TABLES};

/// Differences that are shown.
const SHOWN_MAX: usize = 6;

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    /// Records or sockets of the kernel.
    pub(super) compared: usize,
    /// Records of each table that this kernel can list, in all namespaces; `None` where it is not tables that are compared.
    pub(super) tables: Option<BTreeMap<&'static str, usize>>,
    /// What only one side has; the first of them.
    pub(super) differences: Vec<String>,
}

impl Agreement {
    /// Adds what only one side has of these records.
    fn of(&mut self, what: &str, told: Vec<Value>, listed: Vec<Value>) {
        self.compared += listed.len();
        let mut listed_alone = listed;
        let mut told_alone = told;
        told_alone.retain(|one| match listed_alone.iter().position(|other| other == one) {
            Some(at) => {
                listed_alone.swap_remove(at);
                false
            }
            None => true,
        });
        let mut found: Vec<_> = told_alone
            .iter()
            .map(|one| match nearest(one, &listed_alone) {
                Some(at) => between(one, &listed_alone.swap_remove(at)),
                None => format!("only told: {one}"),
            })
            .collect();
        found.extend(listed_alone.iter().map(|one| format!("only listed: {one}")));
        let room = SHOWN_MAX.saturating_sub(self.differences.len());
        self.differences.extend(found.into_iter().take(room).map(|one| format!("{what}: {one}")));
    }
}

/// The record that has the most in common with another, if that is more than half.
fn nearest(record: &Value, others: &[Value]) -> Option<usize> {
    let members = record.as_object()?;
    let common = |other: &Value| members.iter().filter(|(key, value)| other.get(key.as_str()) == Some(value)).count();
    let (at, other) = others.iter().enumerate().max_by_key(|(_, other)| common(other))?;
    (common(other) * 2 > members.len()).then_some(at)
}

/// In what two records differ, and by what the first is known.
fn between(told: &Value, listed: &Value) -> String {
    let known = ["ifname", "ip", "dst", "id", "group", "lladdr", "priority", "index", "ifindex"];
    let known = known.iter().filter_map(|&key| told.get(key).map(|value| format!("{key} {value}")));
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (told, listed) = (members(told), members(listed));
    let keys: BTreeSet<_> = told.keys().chain(listed.keys()).collect();
    let differs = keys.into_iter().filter(|key| told.get(*key) != listed.get(*key));
    let shown = |side: &Map<String, Value>, key: &str| side.get(key).map_or("–".to_owned(), ToString::to_string);
    let differs = differs.map(|key| format!("{key} told {}, listed {}", shown(&told, key), shown(&listed, key)));
    format!("{}: {}", known.collect::<Vec<_>>().join(", "), differs.collect::<Vec<_>>().join("; "))
}

/// Holds the records of a replica against fresh listings of these namespaces.
pub(super) fn tables(sockeye: &Path, replica: &Replica, places: &[&str]) -> Agreement {
    let mut agreement = Agreement::default();
    let mut compared = BTreeMap::new();
    for place in places {
        for table in TABLES {
            let rows = match Listing::of(Command::new(sockeye).args([table, "-o", "ndjson", "-N", place])) {
                Ok(listing) => {
                    *compared.entry(table).or_default() += listing.rows.len();
                    listing.rows
                }
                // A table that this kernel does not have is empty on both sides.
                Err(error) if error.to_string().contains("this kernel cannot list") => Vec::new(),
                Err(error) => {
                    agreement.differences.push(format!("{table} of {place} cannot be listed: {error:#}"));
                    continue;
                }
            };
            let told = replica.records(place, table).into_iter().map(|row| tables::bare(table, row)).collect();
            let mut listed: Vec<_> = rows.iter().map(|row| tables::bare(table, row)).collect();
            // IPv6 routes can be there twice; a watch has them as one (docs/completeness.md).
            if table == "routes" {
                let mut seen = HashSet::new();
                listed.retain(|row| seen.insert(row.to_string()));
            }
            agreement.of(&format!("{table} of {place}"), told, listed);
        }
    }
    agreement.tables = Some(compared);
    agreement
}

/// Holds the sockets that are alive in a replica, and the states that they are in, against fresh listings of these
/// namespaces. Not their timers, queues and counters: nobody is told when these change.
pub(super) fn sockets(sockeye: &Path, replica: &Replica, places: &[&str]) -> Result<Agreement> {
    let mut agreement = Agreement::default();
    for place in places {
        let words = ["sockets", "tcp", "udp", "all", "--no-owners", "--columns", "proto,state,cookie"];
        let listing = Listing::of(Command::new(sockeye).args(words).args(["-o", "ndjson", "-N", place]))?;
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        // What the kernel keeps to answer for a socket is none (docs/watch-sockets.md).
        let rows = listing.rows.iter().filter(|row| row["state"] != "time-wait");
        let [protocol, cookie, state] = ["protocol", "cookie", "state"];
        let socket = |row| Socket { protocol: word(row, protocol), cookie: word(row, cookie), state: word(row, state) };
        let theirs: BTreeSet<_> = rows.map(socket).collect();
        let value = |Socket { protocol, cookie, state }| json!({"id": cookie, "protocol": protocol, "state": state});
        let values = |set: BTreeSet<Socket>| set.into_iter().map(value).collect();
        agreement.of(&format!("sockets of {place}"), values(replica.sockets(place)), values(theirs));
    }
    Ok(agreement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_has_more_often_is_a_difference() {
        let mut agreement = Agreement::default();
        let values = |all: &[&str]| all.iter().map(|one| json!(one)).collect::<Vec<_>>();
        agreement.of("routes", values(&["b", "a", "a"]), values(&["a", "c", "b"]));
        assert_eq!(agreement.differences, ["routes: only told: \"a\"", "routes: only listed: \"c\""]);
        assert_eq!(agreement.compared, 3);
    }

    #[test]
    fn of_records_that_are_nearly_the_same_the_difference_is_shown() {
        let mut agreement = Agreement::default();
        let link = |mtu: u32| vec![json!({"ifname": "v0", "index": 7, "mtu": mtu})];
        agreement.of("links", link(1400), link(1500));
        assert_eq!(agreement.differences, ["links: ifname \"v0\", index 7: mtu told 1400, listed 1500"]);
    }
}
