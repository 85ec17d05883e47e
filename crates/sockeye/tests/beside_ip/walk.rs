//! The leaves of a JSON value, each with its way.
//!
//! A step into a list of objects is `[]`, with its place kept apart. The options of a kind are told from those of other
//! kinds: `info_data(vxlan).id`, `options(htb).r2q`. A blank in a key is written as `_`.

use serde_json::{Map, Value};

/// One leaf: a value that is neither an object nor a list of objects, or is empty.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<'a> {
    /// The way, as the files in `keys` have it.
    pub(crate) path: String,
    /// Which element was taken at each `[]` of the way.
    pub(crate) places: Vec<usize>,
    pub(crate) value: &'a Value,
}

/// Keys whose object has the options of the kind that stands beside it.
const KINDS: [(&str, &str); 3] =
    [("info_data", "info_kind"), ("info_slave_data", "info_slave_kind"), ("options", "kind")];

/// Every leaf of an object.
pub(crate) fn leaves(row: &Value) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    descend(String::new(), &[], row, &mut found);
    found
}

fn descend<'a>(path: String, places: &[usize], value: &'a Value, found: &mut Vec<Leaf<'a>>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                descend(format!("{path}{dot}{}", step(key, fields)), places, value, found);
            }
        }
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            for (place, item) in items.iter().enumerate() {
                descend(format!("{path}[]"), &[places, &[place]].concat(), item, found);
            }
        }
        value => found.push(Leaf { path, places: places.to_vec(), value }),
    }
}

fn step(key: &str, beside: &Map<String, Value>) -> String {
    let kind = KINDS.iter().find(|(data, _)| *data == key).and_then(|(_, kind)| beside.get(*kind)?.as_str());
    let key = key.replace(' ', "_");
    kind.map_or_else(|| key.clone(), |kind| format!("{key}({kind})"))
}

/// The value at the end of a way of ours, which takes the same places as theirs, or says its own: `keys[2]`.
pub(crate) fn find<'a>(row: &'a Value, path: &str, places: &[usize]) -> Option<&'a Value> {
    let mut places = places.iter();
    let mut value = row;
    for step in path.split('.') {
        let (key, place) = step.split_once('[').map_or((step, None), |(key, place)| (key, Some(place)));
        value = value.get(key)?;
        value = match place.and_then(|place| place.strip_suffix(']')) {
            None => value,
            Some("") => value.get(*places.next()?)?,
            Some(place) => value.get(place.parse::<usize>().ok()?)?,
        };
    }
    Some(value)
}

/// The value at the end of a way of theirs.
///
/// # Panics
///
/// Where there is none: the way must be that of a leaf.
pub(crate) fn find_mut<'a>(row: &'a mut Value, path: &str, places: &[usize]) -> &'a mut Value {
    let mut places = places.iter();
    let mut value = row;
    for step in path.split('.') {
        let key = step.split(['(', '[']).next().unwrap_or(step);
        value = &mut value[key];
        if step.ends_with("[]") {
            value = &mut value[*places.next().expect("a place for each list")];
        }
    }
    value
}

/// Whether a way has a key for which no table has a name.
pub(crate) fn has_unknown(path: &str) -> bool {
    path.split('.').any(|step| step.starts_with("unknown_"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ways_tell_kinds_and_places() {
        let row =
            json!({"a": {"info_kind": "vxlan", "info_data": {"id": 7}}, "hops": [{"via": 5}, {"via": 6}], "f": []});
        let seen: Vec<_> = leaves(&row).into_iter().map(|leaf| (leaf.path, leaf.places)).collect();
        let expected = [
            ("a.info_kind", vec![]),
            ("a.info_data(vxlan).id", vec![]),
            ("hops[].via", vec![0]),
            ("hops[].via", vec![1]),
            ("f", vec![]),
        ];
        for (path, places) in expected {
            assert!(seen.contains(&(path.to_owned(), places)), "{path} in {seen:?}");
        }
        assert_eq!(find(&row, "hops[].via", &[1]), Some(&json!(6)));
        assert_eq!(find(&row, "hops[].dev", &[1]), None);
    }
}
