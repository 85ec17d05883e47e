//! A resolved filter as text: with every bracket, and in the filter's own language, so that it can be read back.

use core::fmt;

use sockeye_wire::{Meaning, Name};

use crate::filter::ast::{Condition, Expression, Network, Test};
use crate::filter::limits::Limits;
use crate::filter::pattern::PatternKind;
use crate::filter::width::{escaped, is_format};
use crate::{Catalog, FieldInfo, FieldKind};

impl Expression {
    /// The expression with every bracket, for `--plan` and for tests.
    pub fn display<'e>(&'e self, catalog: &'e Catalog) -> impl fmt::Display + 'e {
        fmt::from_fn(move |f| expression(self, catalog, f))
    }
}

impl Test {
    /// The test in the filter's own language.
    pub fn display<'e>(&'e self, catalog: &'e Catalog) -> impl fmt::Display + 'e {
        fmt::from_fn(move |f| test(self, catalog.info(self.field), f))
    }
}

fn expression(this: &Expression, catalog: &Catalog, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match this {
        Expression::All(parts) if parts.is_empty() => f.write_str("everything"),
        Expression::Any(parts) if parts.is_empty() => f.write_str("nothing"),
        Expression::All(parts) => joined(parts, " and ", catalog, f),
        Expression::Any(parts) => joined(parts, " or ", catalog, f),
        Expression::Not(inner) => {
            f.write_str("not ")?;
            expression(inner, catalog, f)
        }
        Expression::Test(inner) => test(inner, catalog.info(inner.field), f),
    }
}

fn joined(parts: &[Expression], between: &str, catalog: &Catalog, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        expression(part, catalog, f)?;
    }
    f.write_str(")")
}

fn test(this: &Test, info: &FieldInfo, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = info.name();
    match &this.condition {
        Condition::Present => write!(f, "has {name}"),
        // The port of an address: with a colon, since a bare number would be read as an address.
        Condition::Numbers(ranges) if info.kind == FieldKind::SocketAddress => {
            let range = |&(from, to): &(u64, u64), f: &mut fmt::Formatter<'_>| {
                if from == to { write!(f, ":{from}") } else { write!(f, ":{from}-{to}") }
            };
            list(name, ranges, range, f)
        }
        Condition::Numbers(ranges) => {
            let limits = Limits::of(info);
            let wide = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to)));
            numbers(name, &wide.collect::<Vec<_>>(), limits, info.kind, f)
        }
        Condition::Signed(ranges) => {
            let limits = Limits { min: i128::from(i64::MIN), max: i128::from(i64::MAX) };
            let wide = ranges.iter().map(|&(from, to)| (i128::from(from), i128::from(to)));
            numbers(name, &wide.collect::<Vec<_>>(), limits, info.kind, f)
        }
        Condition::Words(words) => list(name, words, |word, f| f.write_str(word), f),
        Condition::Bits(bits) => match one_name(info.kind, *bits) {
            Some(bit) => write!(f, "{name} = {}", bit.name),
            None => write!(f, "{name} = {bits:#x}"),
        },
        Condition::Masked { value: 0, mask: u64::MAX } => write!(f, "{name} = 0"),
        Condition::Masked { value, mask } => write!(f, "{name} = {value:#x}/{mask:#x}"),
        Condition::Truth(truth) => write!(f, "{name} = {truth}"),
        Condition::Networks(networks) => list(name, networks, |network, f| write!(f, "{network}"), f),
        Condition::Everything => write!(f, "{name} = default"),
        Condition::End { network, ports: (from, to) } => {
            let Network { address, prefix_len } = network;
            let (open, close) = if address.is_ipv6() { ("[", "]") } else { ("", "") };
            write!(f, "{name} = {open}{address}{close}")?;
            if *network != Network::host(*address) {
                write!(f, "/{prefix_len}")?;
            }
            if from == to { write!(f, ":{from}") } else { write!(f, ":{from}-{to}") }
        }
        // An interface by its index, which is looked for in another field than its name.
        Condition::Interface { index: Some(index), .. } if info.kind != FieldKind::Interface => {
            write!(f, "dev = {index}")
        }
        // In quotes it would be a name.
        Condition::Interface { index: Some(index), name: digits } if is_number(digits, *index) => {
            write!(f, "{name} = {}", String::from_utf8_lossy(digits))
        }
        Condition::Interface { name: text, .. } | Condition::Cgroup { path: text, .. } => {
            write!(f, "{name} = ")?;
            quoted_bytes(text, f)
        }
        Condition::Texts(texts) => list(name, texts, |text, f| quoted_bytes(text, f), f),
        // What is written without an operator for patterns: a name of a unix socket.
        Condition::Pattern(pattern) if pattern.kind() == PatternKind::GlobAnyCase => {
            let text = pattern.text();
            let reads_as_pattern = text.starts_with(['/', '@']) && text.contains(['*', '?', '[']);
            let prefix = if reads_as_pattern { "" } else { "unix:" };
            write!(f, "{name} = {prefix}{text}")
        }
        Condition::Pattern(pattern) => {
            let operator = if pattern.kind() == PatternKind::Glob { "~" } else { "~~" };
            write!(f, "{name} {operator} ")?;
            quoted_pattern(pattern.text(), f)
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, prefix_len } = self;
        if *self == Self::host(*address) { write!(f, "{address}") } else { write!(f, "{address}/{prefix_len}") }
    }
}

fn numbers(
    name: &str,
    ranges: &[(i128, i128)],
    limits: Limits,
    kind: FieldKind,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let unit = unit(kind);
    match *ranges {
        [(from, to)] if from == to => write!(f, "{name} = {from}{unit}"),
        [(from, to)] if to == limits.max => write!(f, "{name} >= {from}{unit}"),
        [(from, to)] if from == limits.min => write!(f, "{name} <= {to}{unit}"),
        [(from, to)] => write!(f, "{name} = {from}{unit}-{to}{unit}"),
        _ => {
            let range = |&(from, to): &(i128, i128), f: &mut fmt::Formatter<'_>| {
                if from == to { write!(f, "{from}{unit}") } else { write!(f, "{from}{unit}-{to}{unit}") }
            };
            list(name, ranges, range, f)
        }
    }
}

const fn unit(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Number(Meaning::Microseconds) => "us",
        FieldKind::Number(Meaning::Milliseconds) => "ms",
        FieldKind::Number(Meaning::Seconds) => "s",
        FieldKind::Number(Meaning::Bytes) => "B",
        FieldKind::Number(Meaning::BytesPerSecond) => "B/s",
        _ => "",
    }
}

fn one_name(kind: FieldKind, bits: u64) -> Option<&'static Name> {
    match kind {
        FieldKind::Number(Meaning::SetOf(names)) => names.iter().find(|name| name.value == bits),
        _ => None,
    }
}

fn list<T>(
    name: &str,
    items: &[T],
    mut item: impl FnMut(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if let [only] = items {
        write!(f, "{name} = ")?;
        return item(only, f);
    }
    write!(f, "{name} in (")?;
    for (index, this) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        item(this, f)?;
    }
    f.write_str(")")
}

/// Text between quotes; bytes that are not printable ASCII or part of UTF-8 as `\xNN`.
fn quoted_bytes(text: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("'")?;
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\'' | '\\' => write!(f, "\\{letter}")?,
                _ if letter.is_control() || is_format(letter) => {
                    let mut buffer = [0; 4];
                    letter.encode_utf8(&mut buffer).bytes().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
                }
                _ => write!(f, "{letter}")?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
    }
    f.write_str("'")
}

/// A pattern between quotes, its own backslashes as they are. Letters that a terminal should not see are written as a
/// regular expression writes them; a glob has no way to.
fn quoted_pattern(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("'")?;
    let mut buffer = [0; 4];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                f.write_str("\\")?;
                if let Some(letter) = letters.next() {
                    f.write_str(&escaped(letter.encode_utf8(&mut buffer)))?;
                }
            }
            '\'' => f.write_str("\\'")?,
            other => f.write_str(&escaped(other.encode_utf8(&mut buffer)))?,
        }
    }
    f.write_str("'")
}

/// Whether a text is this number, as people write one.
fn is_number(text: &[u8], number: u32) -> bool {
    let read = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    core::str::from_utf8(text).ok().and_then(read) == Some(number)
}
