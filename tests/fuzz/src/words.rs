//! Filters as words: what people write, taken apart and put together otherwise.

use std::collections::BTreeSet;

use sockeye_query::{Catalog, FieldInfo, FieldKind};
use sockeye_wire::Meaning;

use crate::random::Random;

/// Words that are put into filters whatever they are about: operators, brackets, values at the edge of what can be said.
const PIECES: &[&str] = &[
    "and",
    "or",
    "not",
    "(",
    ")",
    ",",
    "!",
    "&",
    "&&",
    "|",
    "||",
    "=",
    "==",
    "!=",
    "<>",
    ">",
    ">=",
    "<",
    "<=",
    "~",
    "~~",
    "!~",
    "in",
    "has",
    "gt",
    "le",
    "eq",
    "ne",
    "state",
    "exclude",
    "0",
    "1",
    "-1",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "170141183460469231731687303715884105727",
    "340282366920938463463374607431768211456",
    "9223372036854775807",
    "-9223372036854775808",
    "0x",
    "0xffffffffffffffff",
    "0x10/0xff",
    "0/0",
    "1e308",
    "1e-308",
    "0.1",
    ".",
    "..",
    "-",
    "80-90",
    "90-80",
    "1-",
    "-1-2",
    "100ms",
    "1.5s",
    "0.0000001us",
    "99999999999999999999d",
    "1MiB",
    "16EiB",
    "1.7976931348623157e308GiB",
    "10Gbit/s",
    "10.0.0.1",
    "10.0.0.0/8",
    "10/8",
    "0.0.0.0/0",
    "10.0.0.0/33",
    "1.2.3.4.5",
    "::",
    "::/0",
    "::ffff:10.0.0.1",
    "[::1]:443",
    "[::1",
    "::1/129",
    "fe80::1%eth0",
    "*",
    "*:*",
    ":22",
    ":ssh",
    "10.0.0.1:80",
    "unix:/run/*",
    "@abstract",
    "/run/a b",
    "link:ip:eth0",
    "netlink:rtnl:*",
    "vsock:2:1234",
    "inet:10.0.0.1:22",
    "'a b'",
    "\"",
    "'",
    "\\",
    "\\x",
    "\\xff",
    "'\\x00'",
    "'\\u{10ffff}'",
    "[a-z]*",
    "(a|b)+",
    "^(((a*)*)*)*$",
    "[",
    "[[:alpha:]]",
    "\\p{L}{1000}",
    "(?i)",
    "x{1000}{1000}",
    "true",
    "no",
    "default",
    "everything",
    "eth0",
    "root",
    "52:54:00:12:34:56",
    "1:10",
    "ffff:",
    "端口",
    "\u{202e}",
    "\u{0}",
    "\t",
    "\n",
];
/// Changes of one filter at most.
const CHANGES: usize = 4;
/// One in so many changes makes something long.
const RARELY: usize = 64;
/// Bytes of a filter at most, unless something in it was made long.
const LONG: usize = 32 * 1024;

/// Where filters come from.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// Filters that can be read.
    good: Vec<Vec<String>>,
    /// What is like a filter.
    other: Vec<Vec<String>>,
    /// Single words.
    vocabulary: Vec<String>,
}

impl Corpus {
    /// The filters in these texts (what stands in code or between quotes) of which some `is_good`, and the names of these
    /// catalogs.
    pub(crate) fn of(texts: &[&str], catalogs: &[&Catalog], is_good: impl Fn(&str) -> bool) -> Self {
        let mut lines = BTreeSet::new();
        for text in texts {
            for mark in ['"', '`'] {
                lines.extend(text.split(mark).skip(1).step_by(2).flat_map(str::lines));
            }
            // Blocks of examples, a line each.
            for block in text.split("```").skip(1).step_by(2) {
                lines.extend(block.lines().skip(1));
            }
        }
        let (good, other): (Vec<&str>, Vec<&str>) = lines.into_iter().partition(|line| is_good(line));
        assert!(good.len() > 100, "only {} filters", good.len());
        let mut vocabulary: BTreeSet<String> = PIECES.iter().map(|&piece| piece.to_owned()).collect();
        for catalog in catalogs {
            for (_, info) in catalog.fields() {
                vocabulary.insert(info.name().to_owned());
                vocabulary.insert(info.path.clone());
            }
            vocabulary.extend(catalog.words().iter().map(|word| word.word.to_owned()));
        }
        let [good, other] = [good, other].map(|lines| lines.into_iter().map(words).collect());
        Self { good, other, vocabulary: vocabulary.into_iter().collect() }
    }

    /// A filter over this catalog that nobody has written; `speaks` where the good ones are of this catalog.
    pub(crate) fn filter(&self, catalog: &Catalog, speaks: bool, random: &mut Random) -> String {
        let mut words = match random.below(8) {
            0 => random.pick(&self.other).cloned().unwrap_or_default(),
            _ => self.composed(catalog, speaks, random),
        };
        if random.one_in(2) {
            return words.join(" ");
        }
        for _ in 0..random.below(CHANGES) {
            self.change(&mut words, random);
        }
        let mut text = String::new();
        let glued = random.one_in(8);
        for word in &words {
            if !(text.is_empty() || glued && random.one_in(2)) {
                text.push(' ');
            }
            text.push_str(word);
        }
        if random.one_in(8) {
            damage(&mut text, random);
        }
        text.truncate(text.floor_char_boundary(LONG));
        text
    }

    fn one(&self, random: &mut Random) -> Vec<String> {
        random.pick(&self.good).cloned().unwrap_or_default()
    }

    /// Filters in brackets, joined in any way.
    fn composed(&self, catalog: &Catalog, speaks: bool, random: &mut Random) -> Vec<String> {
        let mut words = Vec::new();
        for _ in 0..=random.below(4) {
            if !words.is_empty() {
                words.push(["and", "or", "or", "or not"][random.below(4)].to_owned());
            }
            words.push("(".to_owned());
            words.extend(if speaks && random.one_in(2) { self.one(random) } else { vec![term(catalog, random)] });
            words.push(")".to_owned());
        }
        words
    }

    fn word(&self, random: &mut Random) -> String {
        if random.one_in(4) {
            return number(random);
        }
        let word = if random.one_in(2) { random.pick(PIECES).map(|&word| word.to_owned()) } else { None };
        word.or_else(|| random.pick(&self.vocabulary).cloned()).unwrap_or_default()
    }

    fn change(&self, words: &mut Vec<String>, random: &mut Random) {
        let at = random.below(words.len() + 1);
        let is_long = random.one_in(RARELY);
        match random.below(10) {
            0 if at < words.len() => drop(words.remove(at)),
            1 if at < words.len() => {
                let times = if is_long { 5000 } else { 1 + random.below(3) };
                words.splice(at..at, vec![words[at].clone(); times]);
            }
            2 if at < words.len() => {
                let other = random.below(words.len());
                words.swap(at, other);
            }
            3 if at < words.len() => words[at] = self.word(random),
            4 => {
                let other = self.one(random);
                let joint = ["and", "or", "not", ","][random.below(4)];
                words.push(joint.to_owned());
                words.extend(other);
            }
            5 => {
                let depth = if is_long { 2000 } else { 1 + random.below(70) };
                let (open, close) = [("(", ")"), ("not (", ")"), ("!", "")][random.below(3)];
                words.insert(at, open.repeat(depth));
                words.push(close.repeat(depth - usize::from(random.one_in(8))));
            }
            6 => {
                let count = if is_long { 4200 } else { random.below(20) };
                let values: Vec<_> = (0..count).map(|_| self.word(random)).collect();
                words.insert(at, format!("in ({})", values.join(", ")));
            }
            7 => {
                let field = random.pick(&self.vocabulary).cloned().unwrap_or_default();
                let operator = random.pick(&["=", "!=", ">", "<=", "~", "~~", "in", "has"]).copied().unwrap_or("=");
                words.insert(at, format!("{field} {operator} {}", self.word(random)));
            }
            8 if is_long => words.insert(at, "a".repeat(20_000)),
            _ => words.insert(at, self.word(random)),
        }
    }
}

/// A condition on a field of a catalog, with a value that it can have.
fn term(catalog: &Catalog, random: &mut Random) -> String {
    let Some((_, info)) = catalog.fields().nth(random.below(catalog.fields().count())) else { return String::new() };
    let name = if random.one_in(4) { &info.path } else { info.name() };
    let is_text =
        matches!(info.kind, FieldKind::Text | FieldKind::Address | FieldKind::Interface | FieldKind::LinkAddress);
    match random.below(6) {
        0 => format!("has {name}"),
        _ if info.kind == FieldKind::Structure => format!("not has {name}"),
        1 => format!("{name} in ({}, {})", value(info, random), value(info, random)),
        2 if is_text => format!("{name} {} 'a*[0-9]?'", ["~", "~~"][random.below(2)]),
        3 if matches!(info.kind, FieldKind::Number(_) | FieldKind::Port) => {
            format!("{name} {} {}", [">", "<=", "<", ">="][random.below(4)], value(info, random))
        }
        _ => format!("{name} {} {}", ["=", "!="][random.below(2)], value(info, random)),
    }
}

/// A value that a field can have.
fn value(info: &FieldInfo, random: &mut Random) -> String {
    let one_of = |values: &[&str], random: &mut Random| random.pick(values).copied().unwrap_or_default().to_owned();
    match info.kind {
        FieldKind::Number(Meaning::OneOf(names) | Meaning::SetOf(names)) => {
            random.pick(names).map_or_else(String::new, |name| name.name.to_owned())
        }
        FieldKind::Number(Meaning::Truth) => one_of(&["true", "false"], random),
        FieldKind::Number(Meaning::Handle) => one_of(&["1:10", "ffff:", "0x10010"], random),
        FieldKind::Number(meaning) => match (random.below(4), meaning) {
            (0, _) => random.number().to_string(),
            (1, Meaning::Microseconds | Meaning::Milliseconds | Meaning::Seconds) => "100ms".to_owned(),
            (1, Meaning::Bytes) => "1MiB".to_owned(),
            (1, Meaning::BytesPerSecond) => "10Mbit/s".to_owned(),
            _ => random.byte().to_string(),
        },
        FieldKind::Text => one_of(&["'a b'", "eth0.7", "'\\xff'", "veth", "cubic"], random),
        FieldKind::Address => one_of(&["10.0.0.1", "10.0.0.0/8", "::1", "fe80::/10", "localhost"], random),
        FieldKind::SocketAddress => one_of(&["10.0.0.1:80", "[::1]:443", ":22", "10/8:1-9"], random),
        FieldKind::Network => one_of(&["10.0.0.0/8", "2001:db8::/32", "default"], random),
        FieldKind::LinkAddress => one_of(&["52:54:00:12:34:56", "00:00", "ff"], random),
        FieldKind::Port => one_of(&["80", "ssh", "80-90", "0", "65535"], random),
        FieldKind::User | FieldKind::UserName => one_of(&["root", "0", "1000"], random),
        FieldKind::Interface => one_of(&["eth0", "3", "wan"], random),
        FieldKind::Cgroup => one_of(&["/", "/nowhere"], random),
        _ => one_of(PIECES, random),
    }
}

/// The words of a line.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn number(random: &mut Random) -> String {
    let number = random.number();
    match random.below(4) {
        0 => format!("{number:#x}"),
        1 => format!("{}", number.cast_signed()),
        2 => format!("{}.{}{}", number % 1000, number % 97, ["ms", "s", "KiB", "Mbit/s", ""][random.below(5)]),
        _ => number.to_string(),
    }
}

/// Damages single letters.
fn damage(text: &mut String, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = text.floor_char_boundary(random.below(text.len() + 1));
        let letter = char::from(random.byte() & 0x7f);
        if random.one_in(2) || text[at..].is_empty() {
            text.insert(at, letter);
        } else {
            text.remove(at);
        }
    }
}
