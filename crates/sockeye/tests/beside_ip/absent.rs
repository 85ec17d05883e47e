//! Kinds that the kernel at hand may lack: messages as their drivers would fill them, read by `ip monitor file` or `tc
//! monitor file` and by us.
//!
//! A story begins with `link KIND`, `port KIND`, `qdisc KIND`, `class KIND`, `filter KIND`, `act KIND`, or `route FAMILY`,
//! where the attributes are those of the message. Then come attributes as the driver writes them: `u16 5 321` is number
//! 5 with 321 in two bytes; what stands further in is in the nest above; `raw` is a structure without a number. Then,
//! for each part of the text that they print, `= TEXT -> KEY VALUE; KEY VALUE` with what we say, or `= TEXT` where that
//! is said already. Nothing of their text may be left.
//!
//! They stay although Debian's kernels have most of these kinds and captures show them (`captures/LINE`): a story gives every
//! attribute a value at once, which no driver does where modes exclude each other or nothing was counted yet, and it is
//! read beside iproute2 on every machine, whatever its kernel has.

use std::fs;
use std::net::IpAddr;
use std::process::Command;

use sockeye_query::rtnetlink::Row;
use sockeye_query::{Context, InterfaceName, Tree, Value};
use sockeye_wire::rtnetlink::Table;
use sockeye_zoo::{Skip, in_namespace};

struct Story {
    title: String,
    table: Table,
    message: Vec<u8>,
    expected: Vec<(String, Vec<(String, String)>)>,
}

/// A name for every interface, as `ip` has it for those that it does not know.
struct Names;

impl Context for Names {
    fn interface(&self, index: u32) -> Option<InterfaceName> {
        Some(InterfaceName::new(format!("if{index}").as_bytes()))
    }
}

#[test]
fn kinds_that_a_kernel_may_lack_are_read_as_iproute2_reads_them() {
    in_namespace(|_| read_all());
}

fn read_all() -> Result<(), Skip> {
    let files =
        [include_str!("absent/links.txt"), include_str!("absent/routes.txt"), include_str!("absent/traffic.txt")];
    let mut complaints = Vec::new();
    for story in files.into_iter().flat_map(stories) {
        complaints.extend(complaints_of(&story, &theirs(&story)?));
    }
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
    Ok(())
}

#[test]
fn what_is_read_otherwise_is_a_complaint() {
    let complaints = |expected: &str| {
        let text = format!("link vrf\n  u32 1 70001\n= {expected}\n");
        complaints_of(&stories(&text)[0], "vrf table 70001").len()
    };
    assert_eq!(complaints("vrf table 70001 -> vrf.table 70001"), 0);
    assert_eq!(complaints("vrf table 70001 -> vrf.table 70002"), 1);
    assert_eq!(complaints("vrf table 70001 -> vrf.number 70001"), 1);
    assert_eq!(complaints("vrf"), 1, "something is left");
    assert_eq!(complaints("vrf table 7000 -> vrf.table 70001"), 2, "no such text, and all is left");
}

fn complaints_of(story: &Story, text: &str) -> Vec<String> {
    let mut rest = text.to_owned();
    let mut complaints = Vec::new();
    let row = Row::read(story.table, &story.message[16..], &Names).expect("a whole message");
    let mut ours = Vec::new();
    row.entries(&mut |entry| flatten(&entry.key, &entry.value, &mut ours));
    for (phrase, said) in &story.expected {
        match find_words(&rest, phrase) {
            Some(at) => rest.replace_range(at..at + phrase.len(), ""),
            None => complaints.push(format!("{}: no {phrase:?} in {text:?}", story.title)),
        }
        for (key, value) in said {
            let found: Vec<_> = ours.iter().filter(|(path, _)| path == key).map(|(_, value)| value.as_str()).collect();
            if found != [value.as_str()] {
                complaints.push(format!("{}: {phrase:?}, but our {key} is {found:?}, not {value}", story.title));
            }
        }
    }
    if !rest.trim().is_empty() {
        let ours: Vec<_> = ours.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let (rest, ours) = (words(&rest), ours.join("; "));
        complaints.push(format!("{}: nothing is said of {rest:?}; we have {ours}", story.title));
    }
    for (key, value) in ours.iter().filter(|(key, _)| key.split('.').any(|step| step.starts_with("unknown_"))) {
        complaints.push(format!("{}: {key} is {value}", story.title));
    }
    complaints
}

/// Where a phrase stands as whole words.
fn find_words(text: &str, phrase: &str) -> Option<usize> {
    let is_edge = |letter: Option<char>| letter.is_none_or(char::is_whitespace);
    let fits = |at: usize| is_edge(text[..at].chars().last()) && is_edge(text[at + phrase.len()..].chars().next());
    text.match_indices(phrase).map(|(at, _)| at).find(|at| fits(*at))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every value with its way.
fn flatten(key: &str, value: &Value<'_>, into: &mut Vec<(String, String)>) {
    let tree = |key: &str, tree: &Tree<'_>, into: &mut Vec<_>| {
        tree.entries(&mut |entry| flatten(&format!("{key}.{}", entry.key), &entry.value, into));
    };
    match value {
        Value::Tree(inner) => tree(key, inner, into),
        Value::Several(values) if values.any(|value| matches!(value, Value::Tree(_))) => {
            let mut place = 0;
            values.for_each(|value| {
                flatten(&format!("{key}[{place}]"), &value, into);
                place += 1;
            });
        }
        value => into.push((key.to_owned(), shown(value))),
    }
}

fn shown(value: &Value<'_>) -> String {
    let octets = |octets: &[u8], between: &str| {
        octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(between)
    };
    match value {
        Value::Unsigned(number) => number.to_string(),
        Value::Signed(number) => number.to_string(),
        Value::Hexadecimal(number) => format!("{number:#x}"),
        Value::Hexadecimal32(number) => format!("{number:#x}"),
        Value::Truth(truth) => truth.to_string(),
        Value::Word(word) => (*word).to_owned(),
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Owned(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Address(address) => address.to_string(),
        Value::LinkAddress(address) => octets(address, ":"),
        Value::Bytes(bytes) => octets(bytes, ""),
        Value::Interface { name: Some(name), .. } => String::from_utf8_lossy(name).into_owned(),
        Value::Interface { index, .. } => index.to_string(),
        Value::Handle(handle) => format!("{:x}:{:x}", handle >> 16, handle & 0xffff),
        Value::Several(values) => {
            let mut all = Vec::new();
            values.for_each(|value| all.push(shown(&value)));
            all.join(",")
        }
        Value::Set { bits, names } => {
            let set = names.iter().filter(|name| bits & name.value != 0).map(|name| name.name);
            set.collect::<Vec<_>>().join(",")
        }
        Value::Network { address, prefix_len } => format!("{address}/{prefix_len}"),
        other => format!("{other:?}"),
    }
}

/// What they print, without what stands in front of the kind.
fn theirs(story: &Story) -> Result<String, Skip> {
    let program = if matches!(story.table, Table::Links | Table::Routes) { "ip" } else { "tc" };
    let file = std::env::temp_dir().join(format!("beside_ip.{}", std::process::id()));
    fs::write(&file, &story.message).expect("a directory for temporary files");
    let output = Command::new(program).args(["-d", "-s", "monitor", "file"]).arg(&file).output();
    let output = output.map_err(|error| Skip::new(format!("program:{program}"), error.to_string()))?;
    fs::remove_file(&file).expect("it is ours");
    let text = String::from_utf8_lossy(&output.stdout);
    let text = words(&text);
    let start = if story.table == Table::Links { "link/ether " } else { "" };
    let from = text.find(start).unwrap_or_else(|| panic!("{}: {text:?}", story.title));
    Ok(text[from + start.len()..].to_owned())
}

fn stories(text: &str) -> Vec<Story> {
    let mut stories = Vec::new();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    while let Some(title) = lines.next() {
        let mut attributes = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
            attributes.push(line);
        }
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("= ")) {
            let (phrase, said) = line[2..].split_once(" -> ").unwrap_or((&line[2..], ""));
            let said = said.split("; ").filter(|one| !one.is_empty());
            let said = said.map(|one| one.split_once(' ').unwrap_or((one, "")));
            let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
            expected.push((phrase.trim().to_owned(), said.collect()));
        }
        let (table, message) = message(title, &nested(&attributes, 2));
        stories.push(Story { title: title.to_owned(), table, message, expected });
    }
    stories
}

/// The message around the attributes of a kind.
fn message(title: &str, data: &[u8]) -> (Table, Vec<u8>) {
    let (what, kind) = title.split_once(' ').unwrap_or((title, ""));
    let kind_of = |number: u16| attribute(number, &[kind.as_bytes(), &[0]].concat());
    let (table, header, attributes) = match what {
        "link" => (Table::Links, vec![0, 0, 1, 0, 77, 0, 0, 0, 0x43, 0x10, 0, 0, 0, 0, 0, 0], {
            attribute(18, &[kind_of(1), attribute(2, data)].concat())
        }),
        "port" => (Table::Links, vec![0, 0, 1, 0, 77, 0, 0, 0, 0x43, 0x10, 0, 0, 0, 0, 0, 0], {
            attribute(18, &[kind_of(4), attribute(5, data)].concat())
        }),
        "qdisc" | "class" | "filter" => {
            let table = match what {
                "qdisc" => Table::Qdiscs,
                "class" => Table::TcClasses,
                _ => Table::TcFilters,
            };
            let mut header = vec![0; 20];
            header[4] = 1;
            header[8..12].copy_from_slice(&0x001a_0000_u32.to_ne_bytes());
            header[12..16].copy_from_slice(&u32::MAX.to_ne_bytes());
            (table, header, [kind_of(1), attribute(2, data)].concat())
        }
        // In a filter, where tc prints all of it.
        "act" => {
            let act = attribute(1, &[kind_of(1), attribute(2, data)].concat());
            return message("filter basic", &attribute(3, &act));
        }
        // Attributes of the message itself.
        "route" => {
            (Table::Routes, vec![kind.parse().expect("a family"), 20, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0], data.to_vec())
        }
        _ => panic!("what is {title}?"),
    };
    let name = if table == Table::Links { attribute(3, b"made\0") } else { Vec::new() };
    let body = [header, name, attributes].concat();
    let length = u32::try_from(body.len() + 16).expect("it is short");
    let kind = u32::from(table.new_type()).to_ne_bytes();
    let head = [&length.to_ne_bytes()[..], &kind, &[0; 8]].concat();
    (table, [head, body].concat())
}

fn nested(lines: &[&str], indent: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut rest = lines;
    while let Some((line, further)) = rest.split_first() {
        let inner = further.iter().take_while(|line| depth(line) > indent).count();
        let words: Vec<&str> = line.split_whitespace().collect();
        if words[0] == "raw" {
            bytes.extend(payload(words[1], &words[2..]).unwrap_or_else(|| panic!("{line:?}")));
            // A structure of its own, in front of attributes or instead of them.
            if further.first().is_none_or(|line| !line.trim_start().starts_with("raw")) {
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
            rest = further;
            continue;
        }
        let number = words[1].parse().unwrap_or_else(|_| panic!("no number in {line:?}"));
        let payload = match words[0] {
            "nest" => nested(&further[..inner], depth(line) + 2),
            form => payload(form, &words[2..]).unwrap_or_else(|| panic!("{line:?}")),
        };
        bytes.extend(attribute(number, &payload));
        rest = &further[inner..];
    }
    bytes
}

/// Some numbers, addresses or texts, one behind the other: `u32:be16 7 8`.
fn payload(forms: &str, words: &[&str]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut forms = forms.split(':').chain(std::iter::repeat(forms.rsplit(':').next()?));
    for word in words {
        let parsed = word.strip_prefix("0x").map_or_else(|| word.parse(), |digits| u64::from_str_radix(digits, 16));
        let number = parsed.or_else(|_| word.parse::<i64>().map(i64::cast_unsigned)).ok();
        match forms.next()? {
            "u8" => bytes.extend(&number?.to_le_bytes()[..1]),
            "u16" => bytes.extend(u16::try_from(number? & 0xffff).ok()?.to_ne_bytes()),
            "be16" => bytes.extend(u16::try_from(number?).ok()?.to_be_bytes()),
            "u32" => bytes.extend(u32::try_from(number? & 0xffff_ffff).ok()?.to_ne_bytes()),
            "be32" => bytes.extend(u32::try_from(number?).ok()?.to_be_bytes()),
            "u64" => bytes.extend(number?.to_ne_bytes()),
            "be64" => bytes.extend(number?.to_be_bytes()),
            "text" => bytes.extend([word.as_bytes(), &[0]].concat()),
            "address" => match word.parse().ok()? {
                IpAddr::V4(address) => bytes.extend(address.octets()),
                IpAddr::V6(address) => bytes.extend(address.octets()),
            },
            "octets" => {
                let octets = word.split(':').map(|octet| u8::from_str_radix(octet, 16).ok());
                bytes.extend(octets.collect::<Option<Vec<_>>>()?);
            }
            _ => return None,
        }
    }
    Some(bytes)
}

fn attribute(number: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 4).expect("it is short");
    let mut bytes = [&length.to_ne_bytes()[..], &number.to_ne_bytes(), payload].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
