//! The comparison itself is tried with seeded errors.

use serde_json::{Value, json};
use sockeye_zoo::in_namespace;

use crate::compare::{Rows, compare};
use crate::keys::{Keys, Ours};
use crate::tables::TABLES;
use crate::walk::{find_mut, leaves};
use crate::world::{self, World};

/// Changes every value of theirs that is compared, one at a time: each must be noticed.
pub(crate) fn every_change_is_noticed(keys: &Keys, theirs: &Rows, ours: &Rows) {
    for (name, row) in theirs {
        let Some(of_ours) = ours.get(name) else { continue };
        let one = |row: Value| Rows::from([(name.clone(), row)]);
        let of_ours = one(of_ours.clone());
        for leaf in leaves(row) {
            if !keys.lines.get(&leaf.path).is_some_and(|line| matches!(line.ours, Ours::Key { .. })) {
                continue;
            }
            let mut changed = row.clone();
            *find_mut(&mut changed, &leaf.path, &leaf.places) = other_than(leaf.value);
            let found = compare(keys, &one(changed), &of_ours);
            let is_noticed = found.differences.iter().any(|difference| difference.contains(&leaf.path));
            assert!(is_noticed, "nobody noticed that {} of {name} is not {}", leaf.path, leaf.value);
        }
    }
}

/// A value that no step can take for the same.
fn other_than(value: &Value) -> Value {
    /// More than any time that passes between two questions.
    const FAR: f64 = 1_000_003.0;
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap_or_default() + FAR),
        Value::Bool(truth) => json!(!truth),
        Value::String(text) => json!(format!("x{text}")),
        Value::Array(items) => items.iter().cloned().chain([json!("x")]).collect(),
        _ => json!(false),
    }
}

#[test]
fn errors_that_are_seeded_are_found() {
    in_namespace(|_| {
        let mut world = World::default();
        world.make("errors_that_are_seeded_are_found", world::LINKS)?;
        let table = &TABLES[0];
        let keys = table.keys();
        let (theirs, ours) = ((table.theirs)(), table.named(&table.ours()));
        let complaints = |keys: &Keys, theirs: &Rows, ours: &Rows| compare(keys, theirs, ours).complaints(keys);

        let mut swapped = keys.clone();
        let [mtu, max] = ["mtu", "max_mtu"].map(|key| swapped.lines.remove(key).expect("a key of the file"));
        swapped.lines.extend([("mtu".to_owned(), max), ("max_mtu".to_owned(), mtu)]);
        let found = complaints(&swapped, &theirs, &ours);
        assert!(found.iter().any(|text| text.contains("max_mtu is")), "{found:?}");

        let mut shorter = keys.clone();
        shorter.lines.remove("operstate");
        let found = complaints(&shorter, &theirs, &ours);
        assert!(found.iter().any(|text| text.contains("operstate is not listed") && text.contains("keys/links.txt")));

        let (mut fewer_theirs, mut fewer_ours) = (theirs.clone(), ours.clone());
        fewer_theirs.pop_last();
        fewer_ours.pop_last();
        let has = |found: &[String], start: &str| found.iter().any(|text| text.starts_with(start));
        assert!(has(&complaints(&keys, &fewer_theirs, &ours), "only we have"));
        assert!(has(&complaints(&keys, &theirs, &fewer_ours), "only they have"));
        Ok(())
    });
}
