//! One value as text for people, or as JSON.

use sockeye_query::Value;

use super::{escape, number};

/// Appends a value for people, in the unit of its field.
pub(crate) fn text(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Unsigned(unsigned) => number::decimal(out, *unsigned),
        Value::Signed(signed) => number::signed(out, *signed),
        Value::Hexadecimal(hexadecimal) => number::hexadecimal(out, *hexadecimal),
        Value::Hexadecimal32(hexadecimal) => number::hexadecimal(out, (*hexadecimal).into()),
        Value::Truth(truth) => out.extend_from_slice(if *truth { b"yes" } else { b"no" }),
        Value::Word(word) => out.extend_from_slice(word.as_bytes()),
        Value::Text(bytes) => escape::text(out, bytes),
        Value::AtName { shown: path, is_abstract: false } => {
            // The same path, but not in the words of an abstract name.
            out.extend_from_slice(b"./");
            escape::text(out, path);
        }
        Value::Owned(bytes) | Value::AtName { shown: bytes, .. } => escape::text(out, bytes),
        Value::Address(address) => number::address(out, *address),
        Value::SocketAddress(address) => out.extend_from_slice(address.to_string().as_bytes()),
        Value::Set { bits, names } => {
            let mut separate = separator(b",");
            for_each_bit(*bits, names, |name, rest| {
                separate(out);
                match name {
                    Some(name) => out.extend_from_slice(name.as_bytes()),
                    None => number::hexadecimal(out, rest),
                }
            });
        }
        Value::List(values) => {
            let mut separate = separator(b",");
            for value in values {
                separate(out);
                text(out, value);
            }
        }
        Value::Several(values) => {
            let mut separate = separator(b",");
            values.for_each(|value| {
                separate(out);
                text(out, &value);
            });
        }
        Value::Map(entries) => {
            let mut separate = separator(b" ");
            for (key, value) in entries {
                separate(out);
                out.extend_from_slice(key.as_bytes());
                out.push(b':');
                text(out, value);
            }
        }
        Value::LinkAddress(octets) => link_address(out, octets),
        Value::Network { address, prefix_len: 0 } if address.is_unspecified() => out.extend_from_slice(b"default"),
        Value::Network { address, prefix_len } => {
            number::address(out, *address);
            if usize::from(*prefix_len) != address_bits(address) {
                out.push(b'/');
                number::decimal(out, (*prefix_len).into());
            }
        }
        Value::Interface { name: Some(name), .. } => escape::text(out, name),
        Value::Interface { index: 0, .. } => out.push(b'-'),
        Value::Interface { index, .. } => number::decimal(out, (*index).into()),
        Value::Handle(handle) => tc_handle(out, *handle),
        Value::Bytes(bytes) => hexadecimal_bytes(out, bytes),
        Value::Tree(tree) => {
            let mut separate = separator(b" ");
            tree.entries(&mut |entry| {
                separate(out);
                out.extend_from_slice(entry.key.as_bytes());
                out.push(b':');
                text(out, &entry.value);
            });
        }
        // A kind of value that this format does not know yet is shown as the library shows it.
        other => out.extend_from_slice(format!("{other:?}").as_bytes()),
    }
}

/// Appends a value as JSON. Hexadecimal identifiers are strings: they do not fit the numbers of most readers.
pub(crate) fn json(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Unsigned(unsigned) => number::decimal(out, *unsigned),
        Value::Hexadecimal32(plain) => number::decimal(out, (*plain).into()),
        Value::Signed(signed) => number::signed(out, *signed),
        Value::Truth(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::Nothing => out.extend_from_slice(b"null"),
        Value::Text(bytes) => escape::json_string(out, bytes),
        Value::Owned(bytes) | Value::AtName { shown: bytes, .. } => escape::json_string(out, bytes),
        Value::Word(_)
        | Value::Hexadecimal(_)
        | Value::Address(_)
        | Value::SocketAddress(_)
        | Value::LinkAddress(_)
        | Value::Handle(_) => {
            out.push(b'"');
            text(out, value);
            out.push(b'"');
        }
        Value::Set { bits, names } => set(out, *bits, names),
        Value::Interface { index, .. } => number::decimal(out, (*index).into()),
        // Programs want networks, not words for them.
        Value::Network { address, prefix_len } => {
            out.push(b'"');
            number::address(out, *address);
            out.push(b'/');
            number::decimal(out, (*prefix_len).into());
            out.push(b'"');
        }
        Value::Bytes(bytes) => {
            out.push(b'"');
            bytes.iter().for_each(|&byte| out.extend_from_slice(&hexadecimal_octet(byte)));
            out.push(b'"');
        }
        Value::Tree(tree) => {
            let start = out.len();
            tree.entries(&mut |entry| {
                out.push(b',');
                json_entry(out, &entry.key, &entry.value);
            });
            // The comma of the first member becomes the bracket of the object.
            match out.get_mut(start) {
                Some(comma) => *comma = b'{',
                None => out.push(b'{'),
            }
            out.push(b'}');
        }
        Value::List(values) => {
            out.push(b'[');
            let mut separate = separator(b",");
            for value in values {
                separate(out);
                json(out, value);
            }
            out.push(b']');
        }
        Value::Several(values) => {
            out.push(b'[');
            let mut separate = separator(b",");
            values.for_each(|value| {
                separate(out);
                json(out, &value);
            });
            out.push(b']');
        }
        Value::Map(entries) => {
            out.push(b'{');
            let mut separate = separator(b",");
            for (key, value) in entries {
                separate(out);
                json_entry(out, key, value);
            }
            out.push(b'}');
        }
        other => escape::json_string(out, format!("{other:?}").as_bytes()),
    }
}

/// Octets apart by colons; an IP address where a link is a tunnel and has one in their place.
fn link_address(out: &mut Vec<u8>, octets: &[u8]) {
    match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(v4), _) => number::address(out, v4.into()),
        (_, Ok(v6)) => number::address(out, v6.into()),
        _ => {
            let mut separate = separator(b":");
            for octet in octets {
                separate(out);
                out.extend_from_slice(&hexadecimal_octet(*octet));
            }
        }
    }
}

fn hexadecimal_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"0x");
    for byte in bytes {
        out.extend_from_slice(&hexadecimal_octet(*byte));
    }
}

fn hexadecimal_octet(octet: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]]
}

fn address_bits(address: &std::net::IpAddr) -> usize {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A handle of traffic control as `tc` writes it: hexadecimal halves, or the words for the two ends of the tree.
fn tc_handle(out: &mut Vec<u8>, handle: u32) {
    match handle {
        0 => out.extend_from_slice(b"none"),
        u32::MAX => out.extend_from_slice(b"root"),
        0xffff_fff1 => out.extend_from_slice(b"ingress"),
        _ => {
            let (major, minor) = (handle >> 16, handle & 0xffff);
            let text = match minor {
                0 => format!("{major:x}:"),
                _ => format!("{major:x}:{minor:x}"),
            };
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Appends a set of named bits as a list of strings.
pub(crate) fn set(out: &mut Vec<u8>, bits: u64, names: &'static [sockeye_wire::Name]) {
    out.push(b'[');
    let mut separate = separator(b",");
    for_each_bit(bits, names, |name, rest| {
        separate(out);
        out.push(b'"');
        match name {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => number::hexadecimal(out, rest),
        }
        out.push(b'"');
    });
    out.push(b']');
}

/// Appends `"key":value`, and `"key_hex":"…"` behind it where the value does not say the bytes.
pub(crate) fn json_entry(out: &mut Vec<u8>, key: &str, value: &Value<'_>) {
    json_key(out, key);
    json(out, value);
    match value {
        Value::List(_) | Value::Several(_) => beside_list(out, key, value),
        Value::Interface { name: Some(name), .. } => {
            out.push(b',');
            json_entry(out, &format!("{key}_name"), &Value::Text(name));
        }
        _ if is_raw(value) => {
            out.push(b',');
            suffixed_key(out, key, "_hex");
            json_hex(out, value);
        }
        _ => {}
    }
}

/// Appends what a list does not say by itself: the bytes of texts, and the names of interfaces.
fn beside_list(out: &mut Vec<u8>, key: &str, list: &Value<'_>) {
    let is_named = |value: &Value<'_>| matches!(value, Value::Interface { name: Some(_), .. });
    let (raw, named) = match list {
        Value::List(values) => (values.iter().any(is_raw), values.iter().any(is_named)),
        Value::Several(values) => (values.any(is_raw), values.any(is_named)),
        _ => return,
    };
    if !raw && !named {
        return;
    }
    out.push(b',');
    suffixed_key(out, key, if raw { "_hex" } else { "_name" });
    out.push(b'[');
    let mut separate = separator(b",");
    let mut one = |value: &Value<'_>| match value {
        value if raw && value.as_text().is_some() => {
            separate(out);
            json_hex(out, value);
        }
        _ if raw => {}
        Value::Interface { name: Some(name), .. } => {
            separate(out);
            escape::json_string(out, name);
        }
        _ => {
            separate(out);
            out.extend_from_slice(b"null");
        }
    };
    match list {
        Value::List(values) => values.iter().for_each(&mut one),
        Value::Several(values) => values.for_each(|value| one(&value)),
        _ => {}
    }
    out.push(b']');
}

/// Whether the string alone would not say the bytes: it is escaped, or a path that reads like an abstract name.
fn is_raw(value: &Value<'_>) -> bool {
    match value {
        Value::AtName { is_abstract: false, .. } => true,
        Value::Word(_) => false,
        other => other.as_text().is_some_and(|bytes| std::str::from_utf8(bytes).is_err()),
    }
}

/// The bytes as the kernel has them.
fn json_hex(out: &mut Vec<u8>, value: &Value<'_>) {
    let mut bytes = value.as_text().unwrap_or_default();
    out.push(b'"');
    if let (Value::AtName { is_abstract: true, .. }, [_, name @ ..]) = (value, bytes) {
        out.extend_from_slice(b"00");
        bytes = name;
    }
    for byte in bytes {
        out.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
    out.push(b'"');
}

/// Appends `"key":`.
pub(crate) fn json_key(out: &mut Vec<u8>, key: &str) {
    suffixed_key(out, key, "");
}

fn suffixed_key(out: &mut Vec<u8>, key: &str, suffix: &str) {
    out.push(b'"');
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(suffix.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Calls `each` for each bit that has a name, then once for all that have none.
fn for_each_bit(bits: u64, names: &'static [sockeye_wire::Name], mut each: impl FnMut(Option<&'static str>, u64)) {
    let mut rest = bits;
    for name in names.iter().filter(|name| name.value != 0 && bits & name.value == name.value) {
        each(Some(name.name), 0);
        rest &= !name.value;
    }
    if rest != 0 {
        each(None, rest);
    }
}

/// Writes nothing the first time, the separator from then on.
fn separator(separator: &'static [u8]) -> impl FnMut(&mut Vec<u8>) {
    let mut first = true;
    move |out| {
        if !first {
            out.extend_from_slice(separator);
        }
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_json(value: &Value<'_>) -> String {
        let mut out = Vec::new();
        json_entry(&mut out, "name", value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn bytes_that_are_not_utf8_come_in_hex_too() {
        assert_eq!(as_json(&Value::Text(b"a\xff")), r#""name":"a\\xff","name_hex":"61ff""#);
        assert_eq!(as_json(&Value::Text(b"plain")), r#""name":"plain""#);
        let abstract_name = |name: &[u8]| Value::AtName { shown: name.to_vec(), is_abstract: true };
        assert_eq!(as_json(&abstract_name(b"@\xff")), r#""name":"@\\xff","name_hex":"00ff""#, "a NUL in front");
        assert_eq!(as_json(&abstract_name(b"@run")), r#""name":"@run""#);
        let path = Value::AtName { shown: b"@run".to_vec(), is_abstract: false };
        assert_eq!(as_json(&path), r#""name":"@run","name_hex":"4072756e""#, "a path like an abstract name");
        let list = Value::List(vec![Value::Text(b"a\xff"), Value::Text(b"b")]);
        assert_eq!(as_json(&list), r#""name":["a\\xff","b"],"name_hex":["61ff","62"]"#);
    }

    #[test]
    fn unknown_bits_are_kept() {
        const NAMES: &[sockeye_wire::Name] = sockeye_wire::names![(1, "sack"), (4, "ecn")];
        assert_eq!(as_json(&Value::Set { bits: 0x15, names: NAMES }), r#""name":["sack","ecn","0x10"]"#);
    }
}
