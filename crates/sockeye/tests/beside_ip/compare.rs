//! A table of theirs beside one of ours.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::how::agree;
use crate::keys::{Keys, Ours};
use crate::walk::{find, leaves};

/// Rows by what tells each from all others.
pub(crate) type Rows = BTreeMap<String, Value>;

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Each with the row, the key and both values.
    pub(crate) differences: Vec<String>,
    /// Keys of theirs without a line, with a value of each.
    pub(crate) unlisted: BTreeMap<String, String>,
    /// Keys of theirs that were compared, or passed over for a reason.
    pub(crate) seen: BTreeSet<String>,
}

/// Rows with their names. Two that have the same name are told apart by their order.
pub(crate) fn by_name(rows: Vec<Value>, name: impl Fn(&Value) -> String) -> Rows {
    let mut named = Rows::new();
    for row in rows {
        let plain = name(&row);
        let mut name = plain.clone();
        let mut again = 1;
        while named.contains_key(&name) {
            again += 1;
            name = format!("{plain} #{again}");
        }
        named.insert(name, row);
    }
    named
}

/// Compares every key that they print.
pub(crate) fn compare(keys: &Keys, theirs: &Rows, ours: &Rows) -> Found {
    let mut found = Found::default();
    for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
        found.differences.push(format!("only we have {name}"));
    }
    for (name, row) in theirs {
        match ours.get(name) {
            Some(ours) => compare_row(keys, name, row, ours, &mut found),
            None => found.differences.push(format!("only they have {name}: {row}")),
        }
    }
    found
}

fn compare_row(keys: &Keys, name: &str, theirs: &Value, ours: &Value, found: &mut Found) {
    for leaf in leaves(theirs) {
        let Some(line) = keys.lines.get(&leaf.path) else {
            found.unlisted.entry(leaf.path).or_insert_with(|| format!("{} in {name}", leaf.value));
            continue;
        };
        if let Ours::Key { path, steps } = &line.ours
            && !agree(steps, leaf.value, ours, path, &leaf.places)
        {
            let value = find(ours, path, &leaf.places).map_or_else(|| "absent".to_owned(), Value::to_string);
            let theirs = leaf.value;
            found.differences.push(format!("{name}: {} is {theirs}, our {path} is {value} ({steps:?})", leaf.path));
        }
        found.seen.insert(leaf.path);
    }
}

impl Found {
    /// Everything that is wrong.
    pub(crate) fn complaints(&self, keys: &Keys) -> Vec<String> {
        let file = &keys.file;
        let edit = "add a line to crates/sockeye/tests/beside_ip/keys";
        let unlisted = self.unlisted.iter().map(|(key, value)| format!("{key} is not listed, {edit}/{file}: {value}"));
        self.differences.iter().cloned().chain(unlisted).collect()
    }
}
