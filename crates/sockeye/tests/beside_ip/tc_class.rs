//! Classes as `tc` prints them: it has no JSON for them.

use serde_json::{Map, Value, json};

/// The classes of one device.
pub(crate) fn read(dev: &str, text: &str) -> Vec<Value> {
    let mut classes: Vec<Value> = Vec::new();
    for line in text.lines() {
        let mut words = line.split([' ', '(', ')', ',']).filter(|word| !word.is_empty());
        match words.next() {
            Some("class") => {
                let mut class = Map::from_iter([("dev".to_owned(), json!(dev))]);
                put(&mut class, "kind", words.next());
                put(&mut class, "handle", words.next());
                pairs(words, &mut class);
                classes.push(Value::Object(class));
            }
            Some(first) => {
                let Some(class) = classes.last_mut().and_then(Value::as_object_mut) else { continue };
                match first {
                    // Sent 7 bytes 8 pkt (dropped 9, overlimits 10 requeues 11)
                    "Sent" => {
                        put(class, "bytes", words.next());
                        words.next();
                        put(class, "packets", words.next());
                        words.next();
                        pairs(words, class);
                    }
                    // backlog 7b 8p requeues 11
                    "backlog" => {
                        put(class, "backlog", words.next());
                        put(class, "qlen", words.next().map(|count| count.trim_end_matches('p')));
                    }
                    first => pairs([first].into_iter().chain(words), class),
                }
            }
            None => {}
        }
    }
    classes
}

/// Keys and values in turn; `root` has none.
fn pairs<'a>(mut words: impl Iterator<Item = &'a str>, class: &mut Map<String, Value>) {
    while let Some(key) = words.next() {
        let value = if key == "root" { Some("yes") } else { words.next() };
        put(class, key.trim_end_matches(':'), value);
    }
}

fn put(class: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    // `mpu` is said of both rates.
    let key = if class.contains_key(key) { format!("{key}#2") } else { key.to_owned() };
    let value = value.unwrap_or_else(|| panic!("no value of {key} in {class:?}"));
    class.insert(key, json!(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_read_with_its_counters() {
        let text = "class htb 1a:1 root prio 3 mpu 64b cburst 20Kb/1 mpu 65b level 7 \n \
                    Sent 77 bytes 8 pkt (dropped 9, overlimits 10 requeues 11) \n backlog 12b 13p requeues 11\n \
                    lended: 14 borrowed: 15 giants: 16\n\n";
        let expected = json!([{
            "dev": "left", "kind": "htb", "handle": "1a:1", "root": "yes", "prio": "3", "mpu": "64b",
            "cburst": "20Kb/1", "mpu#2": "65b", "level": "7", "bytes": "77", "packets": "8", "dropped": "9",
            "overlimits": "10", "requeues": "11", "backlog": "12b", "qlen": "13", "lended": "14", "borrowed": "15",
            "giants": "16",
        }]);
        assert_eq!(Value::from(read("left", text)), expected);
    }
}
