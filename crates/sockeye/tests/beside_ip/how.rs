//! How a value of theirs becomes one of ours.

use std::net::Ipv4Addr;

use serde_json::{Number, Value, json};

use crate::walk::find;

/// A small conversion; the steps of a line are made one after the other, on what they say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Small letters, and `-` for `_`.
    Word,
    /// The order does not count.
    Set,
    /// Words of theirs or ours that only one of us knows.
    Without(Vec<String>),
    /// Words that we spell in another way.
    Rename(Vec<(String, String)>),
    /// We count in smaller units.
    Times(f64),
    /// A number in a string.
    Number,
    /// A hexadecimal number in a string.
    Hexadecimal,
    /// Yes or no, in any form; a key that stands alone is yes.
    Truth,
    /// Theirs is whether ours has the word.
    Has(String),
    /// Theirs is whether ours lacks the word.
    Lacks(String),
    /// Theirs is whether there is ours.
    Given,
    /// A network: a host without its length, `default`.
    Network,
    /// Theirs is a list of bits by number, ours the number that they make.
    Bits,
    /// Theirs is `2001.0:d:e5:c:6:1`, ours an object: the priority in hexadecimal, and the address.
    BridgeId,
    /// Theirs is one of ours.
    In,
    /// Of our network only the address.
    Address,
    /// Of our network only the length.
    Length,
    /// Numbers and words for them are compared as texts.
    Text,
    /// Of ours only the upper 16 bits.
    Upper,
    /// Of ours only the lower 16 bits.
    Lower,
    /// Segments of a route, which the kernel has from the last to the first.
    Segments,
    /// Where we say nothing, they say this.
    Else(String),
    /// Where they say null, we say nothing, or this.
    OrNull(String),
    /// It moves by itself, or they round: so far apart it may be.
    Within(f64),
    /// We have one more: the kernel counts from nought.
    Less(f64),
    /// The element of a list, the first of which is 0.
    At(usize),
    /// Of ours only what stands in front of the first such letter.
    Before(char),
    /// Of ours only what stands behind the first such letter.
    Behind(char),
    /// Where this of ours is absent, that other one stands for it.
    Or(String),
    /// A rate in bits as `tc` writes it, in bytes a second.
    Rate,
    /// A size as `tc` writes it, in bytes.
    Size,
    /// Ours is the time that it takes to send them at the first of those rates of ours that is there.
    SentAt(Vec<String>),
    /// A handle of u32: hash table, bucket, node.
    U32Handle,
    /// A number of 32 bits written like an address.
    Dotted,
    /// Two halves of a number, with a dot between.
    Halves,
}

impl Step {
    /// Reads a step as the files in `keys` have it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let words = || rest.split(' ').map(str::to_owned).collect();
        let letter = || rest.chars().next();
        Some(match name {
            "word" => Self::Word,
            "set" => Self::Set,
            "without" => Self::Without(words()),
            "rename" => {
                let pairs = rest.split(' ').map(|pair| pair.split_once('='));
                Self::Rename(pairs.map(|pair| pair.map(|(a, b)| (a.to_owned(), b.to_owned()))).collect::<Option<_>>()?)
            }
            "times" => Self::Times(rest.parse().ok()?),
            "number" => Self::Number,
            "hexadecimal" => Self::Hexadecimal,
            "truth" => Self::Truth,
            "has" => Self::Has(rest.to_owned()),
            "lacks" => Self::Lacks(rest.to_owned()),
            "given" => Self::Given,
            "network" => Self::Network,
            "bits" => Self::Bits,
            "bridge-id" => Self::BridgeId,
            "in" => Self::In,
            "address" => Self::Address,
            "length" => Self::Length,
            "text" => Self::Text,
            "upper" => Self::Upper,
            "lower" => Self::Lower,
            "segments" => Self::Segments,
            "else" => Self::Else(rest.to_owned()),
            "or-null" => Self::OrNull(rest.to_owned()),
            "within" => Self::Within(rest.parse().ok()?),
            "less" => Self::Less(rest.parse().ok()?),
            "or" => Self::Or(rest.to_owned()),
            "rate" => Self::Rate,
            "size" => Self::Size,
            "sent-at" => Self::SentAt(words()),
            "u32-handle" => Self::U32Handle,
            "dotted" => Self::Dotted,
            "halves" => Self::Halves,
            "at" => Self::At(rest.parse().ok()?),
            "before" => Self::Before(letter()?),
            "behind" => Self::Behind(letter()?),
            _ => return None,
        })
    }
}

/// Seconds in a tick of the packet scheduler.
const TICK: f64 = 64e-9;

/// Whether both say the same: a value of theirs, and what is at the end of a way in our row.
pub(crate) fn agree(steps: &[Step], theirs: &Value, row: &Value, path: &str, places: &[usize]) -> bool {
    let mut theirs = theirs.clone();
    let mut ours = find(row, path, places).cloned();
    let (mut slack, mut is_set) = (0.0, false);
    for step in steps {
        match step {
            Step::Word => theirs = each_word(&theirs, &|word| word.to_lowercase().replace('_', "-")),
            Step::Set => is_set = true,
            Step::Without(words) => {
                theirs = without(theirs, words);
                ours = ours.map(|ours| without(ours, words));
            }
            Step::Rename(pairs) => {
                theirs = each_word(&as_words(&theirs), &|word| {
                    pairs.iter().find(|(from, _)| from == word).map_or(word, |(_, to)| to).to_owned()
                });
            }
            Step::Times(factor) => theirs = from_float(number(&theirs).map(|number| number * factor)),
            Step::Less(less) => theirs = from_float(number(&theirs).map(|number| number - less)),
            Step::Number => theirs = from_float(theirs.as_str().and_then(|text| text.trim().parse().ok())),
            Step::Hexadecimal => theirs = from_float(theirs.as_str().and_then(hexadecimal)),
            Step::Truth => {
                theirs = truth(&theirs);
                ours = ours.map(|ours| truth(&ours));
            }
            Step::Has(word) => (theirs, ours) = (truth(&theirs), Some(Value::Bool(has(ours.as_ref(), word)))),
            Step::Lacks(word) => (theirs, ours) = (truth(&theirs), Some(Value::Bool(!has(ours.as_ref(), word)))),
            Step::Given => (theirs, ours) = (truth(&theirs), Some(Value::Bool(ours.is_some()))),
            Step::Network => ours = ours.map(|ours| each_word(&ours, &network)),
            Step::Bits => theirs = from_float(bits(&theirs)),
            Step::BridgeId => theirs = theirs.as_str().and_then(bridge_id).unwrap_or_default(),
            Step::Text => {
                theirs = as_words(&theirs);
                ours = ours.map(|ours| as_words(&ours));
            }
            Step::In => {
                if let Some(word) = theirs.as_str() {
                    (theirs, ours) = (json!(true), Some(json!(has(ours.as_ref(), word))));
                }
            }
            Step::Address => ours = ours.map(|ours| each_word(&ours, &|word| part(word, '/', 0))),
            Step::Length => {
                let length = ours.as_ref().and_then(|ours| ours.as_str()?.split_once('/')?.1.parse::<u64>().ok());
                ours = length.map(Value::from);
            }
            Step::Upper => ours = ours.and_then(|ours| ours.as_u64()).map(|number| (number >> 16).into()),
            Step::Lower => ours = ours.and_then(|ours| ours.as_u64()).map(|number| (number & 0xffff).into()),
            Step::Segments => ours = ours.map(|ours| segments(&ours)),
            Step::Else(word) if ours.is_none() => ours = Some(of_text(word)),
            Step::OrNull(word) if theirs.is_null() => match &ours {
                None => return word.is_empty(),
                Some(ours) => return !word.is_empty() && ours == word.as_str(),
            },
            Step::Else(_) | Step::OrNull(_) => {}
            Step::Within(apart) => slack = *apart,
            Step::At(place) => ours = ours.and_then(|ours| ours.get(*place).cloned()),
            Step::Before(letter) => ours = ours.map(|ours| each_word(&ours, &|word| part(word, *letter, 0))),
            Step::Behind(letter) => ours = ours.map(|ours| each_word(&ours, &|word| part(word, *letter, 1))),
            Step::Or(path) => ours = ours.or_else(|| find(row, path, places).cloned()),
            Step::Rate => theirs = from_float(theirs.as_str().and_then(rate)),
            Step::Size => theirs = from_float(theirs.as_str().and_then(size)),
            Step::SentAt(paths) => {
                let rate = paths.iter().find_map(|path| find(row, path, places).and_then(number));
                let time = ours.as_ref().and_then(number);
                ours = Some(from_float(rate.zip(time).map(|(rate, time)| rate * time * TICK)));
            }
            Step::U32Handle => theirs = from_float(theirs.as_str().and_then(u32_handle)),
            Step::Dotted => {
                let address = theirs.as_str().and_then(|text| text.parse::<Ipv4Addr>().ok());
                theirs = address.map_or(Value::Null, |address| u32::from(address).into());
            }
            Step::Halves => theirs = from_float(theirs.as_str().and_then(halves)),
        }
    }
    let Some(ours) = ours else { return false };
    match (&theirs, &ours) {
        (Value::Array(theirs), Value::Array(ours)) if is_set => {
            theirs.len() == ours.len() && theirs.iter().all(|word| ours.contains(word))
        }
        // A set of one is not put into brackets.
        (theirs, Value::Array(ours)) if is_set => ours.len() == 1 && ours[0] == *theirs,
        _ if theirs == ours => true,
        // Numbers of 64 bits that are written in hexadecimal are strings here.
        (Value::Number(_), Value::String(text)) if text.starts_with("0x") => number(&theirs) == hexadecimal(text),
        _ => match (number(&theirs), number(&ours)) {
            (Some(theirs), Some(ours)) => (theirs - ours).abs() <= slack,
            _ => false,
        },
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn from_float(number: Option<f64>) -> Value {
    number.and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

/// A number, if it is one, or the text.
fn of_text(word: &str) -> Value {
    serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()))
}

#[expect(clippy::cast_precision_loss, reason = "the numbers of a test are small")]
fn hexadecimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u64::from_str_radix(digits, 16).ok().map(|number| number as f64)
}

fn each_word(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(word) => Value::String(change(word)),
        Value::Array(words) => words.iter().map(|word| each_word(word, change)).collect(),
        other => other.clone(),
    }
}

/// A number as the word for it.
fn as_words(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
}

fn without(value: Value, words: &[String]) -> Value {
    match value {
        Value::Array(found) => {
            found.into_iter().filter(|word| !words.iter().any(|other| word.as_str() == Some(other))).collect()
        }
        other => other,
    }
}

fn truth(value: &Value) -> Value {
    match value {
        Value::Null => Value::Bool(true),
        Value::Number(_) if number(value) == Some(0.0) => Value::Bool(false),
        Value::Number(_) if number(value) == Some(1.0) => Value::Bool(true),
        Value::String(word) if ["on", "yes", "true"].contains(&word.as_str()) => Value::Bool(true),
        Value::String(word) if ["off", "no", "false"].contains(&word.as_str()) => Value::Bool(false),
        other => other.clone(),
    }
}

fn has(value: Option<&Value>, word: &str) -> bool {
    match value {
        Some(Value::Array(words)) => words.iter().any(|found| found == word),
        Some(value) => value == word,
        None => false,
    }
}

/// As iproute2 writes a network.
pub(crate) fn network(word: &str) -> String {
    match word {
        "0.0.0.0/0" | "::/0" => "default".to_owned(),
        word => match word.split_once('/') {
            Some((address, "32")) if !address.contains(':') => address.to_owned(),
            Some((address, "128")) => address.to_owned(),
            _ => word.to_owned(),
        },
    }
}

/// Octets of a single digit have no zero in front there.
fn bridge_id(text: &str) -> Option<Value> {
    let (priority, address) = text.split_once('.')?;
    let octets: Vec<_> = address.split(':').map(|octet| format!("{octet:0>2}")).collect();
    Some(json!({"prio": u64::from_str_radix(priority, 16).ok()?, "addr": octets.join(":")}))
}

fn segments(list: &Value) -> Value {
    list.as_array().into_iter().flatten().rev().map(|segment| segment["address"].clone()).collect()
}

/// `40Gbit`, in thousands.
fn rate(text: &str) -> Option<f64> {
    let (number, unit) = measure(text)?;
    Some(number / 8.0 * scale(unit.strip_suffix("bit")?, 1000.0)?)
}

/// `15Kb/1`, in 1024; behind the stroke is how many bytes a slot has.
fn size(text: &str) -> Option<f64> {
    let (number, unit) = measure(text.split('/').next()?)?;
    Some(number * scale(unit.strip_suffix('b')?, 1024.0)?)
}

fn measure(text: &str) -> Option<(f64, &str)> {
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_ascii_alphabetic())?);
    Some((number.parse().ok()?, unit))
}

fn scale(letter: &str, thousand: f64) -> Option<f64> {
    let power = ["", "K", "M", "G", "T"].iter().position(|known| *known == letter)?;
    Some(thousand.powi(i32::try_from(power).ok()?))
}

/// `800:3f:801`: 12 bits, 8 bits, 12 bits.
pub(crate) fn u32_handle(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| if part.is_empty() { Some(0.0) } else { hexadecimal(part) });
    let mut next = || parts.next().unwrap_or(Some(0.0));
    Some(next()? * 1_048_576.0 + next()? * 4096.0 + next()?)
}

fn halves(text: &str) -> Option<f64> {
    let (upper, lower) = text.split_once('.')?;
    Some(upper.parse::<f64>().ok()? * 65_536.0 + lower.parse::<f64>().ok()?)
}

fn bits(list: &Value) -> Option<f64> {
    let numbers = list.as_array()?.iter().map(|number| number.as_str()?.parse::<i32>().ok());
    numbers.map(|number| number.map(|number| 2f64.powi(number))).sum()
}

fn part(word: &str, letter: char, which: usize) -> String {
    word.splitn(2, letter).nth(which).unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(how: &str) -> Vec<Step> {
        how.split(',').map(|step| Step::parse(step.trim()).unwrap_or_else(|| panic!("{step}"))).collect()
    }

    #[test]
    fn steps_turn_theirs_into_ours() {
        let cases = [
            ("word", json!("LOWER_UP"), json!("lower-up")),
            (
                "word, set, without no-carrier running",
                json!(["NO-CARRIER", "UP", "BROADCAST"]),
                json!(["broadcast", "up"]),
            ),
            ("times 10", json!(1500), json!(15000)),
            ("hexadecimal", json!("0x8001"), json!(32769)),
            ("truth", json!("on"), json!(true)),
            ("has permanent", json!(null), json!(["tentative", "permanent"])),
            ("network", json!("default"), json!("::/0")),
            ("network", json!("10.9.1.2"), json!("10.9.1.2/32")),
            ("within 0.05", json!(14.99), json!(15.02)),
            ("rate", json!("40Gbit"), json!(5_000_000_000_u64)),
            ("size, sent-at none rate, within 0.1", json!("15Kb/1"), json!(240_000)),
            ("u32-handle", json!("7:3f:801"), json!(0x0073_f801)),
            ("dotted", json!("0.0.27.89"), json!(7001)),
            ("halves", json!("3.17"), json!(0x3_0011)),
            ("behind -", json!("redir"), json!("egress-redir")),
            ("rename global=universe", json!("global"), json!("universe")),
        ];
        for (how, theirs, ours) in cases {
            let row = json!({"ours": ours, "rate": 1_000_000_u64});
            assert!(agree(&line(how), &theirs, &row, "ours", &[]), "{how}: {theirs} is {ours}");
        }
        assert!(agree(&line("else 64"), &json!(64), &json!({}), "ours", &[]));
        assert!(!agree(&[], &json!(64), &json!({}), "ours", &[]));
        assert!(!agree(&line("has permanent"), &json!(null), &json!({"ours": ["tentative"]}), "ours", &[]));
        assert!(!agree(&[], &json!(7), &json!({"ours": "7"}), "ours", &[]));
    }
}
