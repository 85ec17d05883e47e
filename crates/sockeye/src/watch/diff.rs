//! The fields in which two versions of a record differ.

use sockeye_query::Value;
use sockeye_query::rtnetlink::Row;
use sockeye_wire::rtnetlink::Table;

/// One field that changed.
pub(crate) struct Difference<'a> {
    /// Its name, with the objects around it, apart by dots.
    pub(crate) path: String,
    /// Its value before; `None`: it had none.
    pub(crate) old: Option<Value<'a>>,
    /// Its value now; `None`: it has none.
    pub(crate) new: Option<Value<'a>>,
}

/// Objects that count and age by themselves: that they differ is no change of the record.
fn is_volatile(table: Table, key: &str) -> bool {
    match table {
        Table::Links => matches!(key, "stats" | "stats64" | "xstats"),
        Table::Routes | Table::Neighbours | Table::Fdb => matches!(key, "cacheinfo" | "probes"),
        Table::MulticastRoutes => matches!(key, "mfc_stats" | "expires"),
        Table::Qdiscs | Table::TcClasses | Table::TcFilters | Table::TcActions => {
            matches!(key, "stats" | "stats2" | "xstats")
        }
        _ => false,
    }
}

/// Every field that changed, in the order of the record as it is now; what is gone comes last.
pub(crate) fn between<'a>(old: &Row<'a>, new: &Row<'a>) -> Vec<Difference<'a>> {
    let mut before = flat(old);
    let mut differences = Vec::new();
    for (path, value) in flat(new) {
        let known = before.iter().position(|(other, _)| *other == path);
        let old = known.map(|at| before.remove(at).1);
        if old.as_ref() != Some(&value) {
            differences.push(Difference { path, old, new: Some(value) });
        }
    }
    differences.extend(before.into_iter().map(|(path, value)| Difference { path, old: Some(value), new: None }));
    differences
}

/// Every value with its path, without what changes by itself.
fn flat<'a>(row: &Row<'a>) -> Vec<(String, Value<'a>)> {
    let mut values = Vec::new();
    row.entries(&mut |entry| {
        if !is_volatile(row.table, &entry.key) {
            add(&mut values, entry.key.into_owned(), entry.value);
        }
    });
    values
}

fn add<'a>(values: &mut Vec<(String, Value<'a>)>, path: String, value: Value<'a>) {
    match value {
        Value::Tree(tree) => {
            for entry in tree.to_entries() {
                add(values, format!("{path}.{}", entry.key), entry.value);
            }
        }
        value => values.push((path, value)),
    }
}
