//! Random text never breaks the parser; random filters and records are decided as a plain evaluator decides them.

use std::collections::HashMap;

use proptest::prelude::*;
use sockeye_query::filter::{Decision, FILTER_BYTES_MAX, LIST_LEN_MAX, NESTING_MAX, PATTERNS_MAX};
use sockeye_query::{FieldId, Value};

use crate::sample::{OPTIONS, Sample, canonical, catalog, parse, printed};

/// Pieces of the language, so that random text gets beyond its first word.
const PIECES: [&str; 44] = [
    "tcp",
    "udp",
    "listening",
    "established",
    "state",
    "exclude",
    "has",
    "not",
    "and",
    "or",
    "(",
    ")",
    ",",
    "!",
    "&",
    "|",
    "=",
    "!=",
    ">",
    "<=",
    "~",
    "~~",
    "in",
    "gt",
    "rtt",
    "sport",
    "port",
    "dst",
    "process",
    "mark",
    "options",
    "send-q",
    "100ms",
    "1.5",
    "80-90",
    "0x10/0xff",
    "10.0.0.0/8",
    "[::1]:22",
    ":443",
    "'a b'",
    "\"",
    "\\",
    "*",
    "端口",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec((prop::sample::select(PIECES.to_vec()), any::<bool>()), 0..16);
    let language = pieces.prop_map(|pieces| {
        pieces.into_iter().flat_map(|(piece, blank)| [piece, if blank { " " } else { "" }]).collect::<String>()
    });
    prop_oneof![language, ".{0,40}", "[ -~]{0,40}", "(rtt|sport|dst|mark|local) ?(=|>|~|~~|in) ?[ -~]{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_parser(text in text()) {
        match parse(&text) {
            Ok(filter) => {
                let printed = printed(&filter.expression);
                if printed != "everything" {
                    prop_assert_eq!(&parse(&printed).map(|again| again.expression), &Ok(filter.expression), "{}", printed);
                }
            }
            Err(mistake) => {
                prop_assert!(mistake.at.start <= mistake.at.end && mistake.at.end <= text.len(), "{:?} in {:?}", mistake.at, text);
                prop_assert!(text.is_char_boundary(mistake.at.start) && text.is_char_boundary(mistake.at.end), "{:?} in {:?}", mistake.at, text);
                let shown = mistake.to_string();
                prop_assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
            }
        }
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = |piece: &str, count: usize| canonical(&piece.repeat(count));
    for piece in ["(", "!", "not ", "(not ", "!(", "tcp and ("] {
        let shown = deep(piece, 100_000.min(FILTER_BYTES_MAX / piece.len()));
        assert!(shown.starts_with("more than 64 brackets and negations inside each other"), "{shown}");
    }
    let nested = |count| format!("{}tcp{}", "(".repeat(count), ")".repeat(count));
    assert_eq!(canonical(&nested(NESTING_MAX)), "proto = tcp");
    assert!(canonical(&nested(NESTING_MAX + 1)).starts_with("more than 64"));
    assert!(
        canonical(&"x".repeat(FILTER_BYTES_MAX + 1)).starts_with("a filter may have 262144 bytes, this one has 262145")
    );
    let list = |count| format!("port in (1{})", ",2".repeat(count - 1));
    assert_eq!(canonical(&list(LIST_LEN_MAX)), "port = 1-2");
    assert!(canonical(&list(LIST_LEN_MAX + 1)).starts_with("a list may have 4096 values, this one has more"));
    let patterns = |count| "process ~ a ".repeat(count);
    assert!(parse(&patterns(PATTERNS_MAX)).is_ok());
    assert!(canonical(&patterns(PATTERNS_MAX + 1)).starts_with("a filter may have 64 patterns, this one has more"));
    let wide = format!("tcp{}", " or sport=1".repeat(20_000));
    assert!(parse(&wide).is_ok());
}

/// A record in plain Rust.
#[derive(Clone, Debug)]
struct Plain {
    proto: Option<&'static str>,
    lport: Option<u64>,
    pport: Option<u64>,
    rtt: Option<u64>,
    mark: Option<u64>,
    options: Option<u64>,
    v6only: Option<bool>,
    local: Option<[u8; 4]>,
    mapped: bool,
    processes: Option<Vec<&'static str>>,
}

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "unix"];
const PROCESSES: [&str; 3] = ["nginx", "envoy", "ng"];

fn plain() -> impl Strategy<Value = Plain> {
    let small = || prop::option::weighted(0.8, 0..4u64);
    let lists = prop::collection::vec(prop::sample::select(PROCESSES.to_vec()), 0..3);
    (
        prop::option::weighted(0.9, prop::sample::select(PROTOCOLS.to_vec())),
        (small(), small(), small(), small()),
        prop::option::weighted(0.8, 0..8u64),
        prop::option::of(any::<bool>()),
        prop::option::weighted(0.8, [10..11u8, 0..2u8, 0..2u8, 0..3u8]),
        any::<bool>(),
        prop::option::of(lists),
    )
        .prop_map(|(proto, (lport, pport, rtt, mark), options, v6only, local, mapped, processes)| Plain {
            proto,
            lport,
            pport,
            rtt,
            mark,
            options,
            v6only,
            local,
            mapped,
            processes,
        })
}

impl Plain {
    fn record(&self) -> Sample {
        let catalog = catalog();
        let mut values: HashMap<FieldId, Value<'static>> = HashMap::new();
        let mut put = |field: &str, value: Option<Value<'static>>| {
            if let (Some(id), Some(value)) = (catalog.find(field), value) {
                values.insert(id, value);
            }
        };
        put("proto", self.proto.map(Value::Word));
        put("lport", self.lport.map(Value::Unsigned));
        put("pport", self.pport.map(Value::Unsigned));
        put("rtt", self.rtt.map(Value::Unsigned));
        put("mark", self.mark.map(Value::Hexadecimal));
        put("options", self.options.map(|bits| Value::Set { bits, names: &OPTIONS }));
        put("v6only", self.v6only.map(Value::Truth));
        let address = |octets: [u8; 4]| {
            let address = std::net::Ipv4Addr::from(octets);
            Value::Address(if self.mapped { address.to_ipv6_mapped().into() } else { address.into() })
        };
        put("local", self.local.map(address));
        let list =
            |names: &Vec<&'static str>| Value::List(names.iter().map(|name| Value::Text(name.as_bytes())).collect());
        put("process", self.processes.as_ref().map(list));
        Sample::of(values)
    }
}

/// A filter as a tree, from which both its text and its meaning are made.
#[derive(Clone, Debug)]
enum Tree {
    Compare(&'static str, &'static str, u64),
    Range(&'static str, u64, u64),
    Proto(&'static str),
    EitherPort(u64),
    Masked(u64, u64),
    Bit(usize),
    V6Only,
    HasMark,
    Networks(Vec<([u8; 4], u32)>),
    Process(&'static str),
    ProcessGlob,
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

fn leaf() -> impl Strategy<Value = Tree> {
    let field = || prop::sample::select(vec!["lport", "pport", "rtt", "mark"]);
    let operator = prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    prop_oneof![
        4 => (field(), operator, 0..5u64).prop_map(|(field, operator, value)| Tree::Compare(field, operator, value)),
        1 => (field(), 0..4u64, 0..3u64).prop_map(|(field, from, len)| Tree::Range(field, from, from + len)),
        2 => prop::sample::select(PROTOCOLS.to_vec()).prop_map(Tree::Proto),
        1 => (0..5u64).prop_map(Tree::EitherPort),
        1 => (0..4u64, 1..4u64).prop_map(|(value, mask)| Tree::Masked(value & mask, mask)),
        1 => (0..3usize).prop_map(Tree::Bit),
        1 => Just(Tree::V6Only),
        1 => Just(Tree::HasMark),
        2 => prop::collection::vec(([10..11u8, 0..2u8, 0..2u8, 0..3u8], 0..=32u32), 1..5).prop_map(Tree::Networks),
        1 => prop::sample::select(PROCESSES.to_vec()).prop_map(Tree::Process),
        1 => Just(Tree::ProcessGlob),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(5, 32, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|tree| Tree::Not(Box::new(tree))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::All),
            prop::collection::vec(inner, 1..4).prop_map(Tree::Any),
        ]
    })
}

impl Tree {
    fn text(&self) -> String {
        let join = |trees: &[Self], between: &str| {
            let texts: Vec<String> = trees.iter().map(|tree| format!("({})", tree.text())).collect();
            texts.join(between)
        };
        match self {
            Self::Compare(field, operator, value) => format!("{field}{operator}{value}"),
            Self::Range(field, from, to) => format!("{field} = {from}-{to}"),
            Self::Proto(word) => (*word).to_owned(),
            Self::EitherPort(port) => format!(":{port}"),
            Self::Masked(value, mask) => format!("mark {value}/{mask}"),
            Self::Bit(bit) => format!("options = {}", OPTIONS[*bit].name),
            Self::V6Only => "v6only".to_owned(),
            Self::HasMark => "has mark".to_owned(),
            Self::Networks(networks) => {
                let text = |([a, b, c, d], len): &([u8; 4], u32)| format!("{a}.{b}.{c}.{d}/{len}");
                format!("src in ({})", networks.iter().map(text).collect::<Vec<_>>().join(", "))
            }
            Self::Process(name) => format!("process = {name}"),
            Self::ProcessGlob => "process ~ ng*".to_owned(),
            Self::Not(inner) => format!("not ({})", inner.text()),
            Self::All(trees) => join(trees, " and "),
            Self::Any(trees) => join(trees, " or "),
        }
    }

    /// What holds of the record; `None`: unknown.
    fn holds(&self, plain: &Plain) -> Option<bool> {
        let number = |field: &str| match field {
            "lport" => plain.lport,
            "pport" => plain.pport,
            "rtt" => plain.rtt,
            _ => plain.mark,
        };
        match self {
            Self::Compare(field, operator, value) => number(field).map(|own| match *operator {
                "=" => own == *value,
                "!=" => own != *value,
                "<" => own < *value,
                "<=" => own <= *value,
                ">" => own > *value,
                _ => own >= *value,
            }),
            Self::Range(field, from, to) => number(field).map(|own| (*from..=*to).contains(&own)),
            Self::Proto(word) => plain.proto.map(|own| own == *word),
            Self::EitherPort(port) => either([plain.lport, plain.pport].map(|own| own.map(|own| own == *port))),
            Self::Masked(value, mask) => plain.mark.map(|own| own & mask == *value),
            Self::Bit(bit) => plain.options.map(|own| own & (1 << bit) != 0),
            Self::V6Only => plain.v6only,
            Self::HasMark => Some(plain.mark.is_some()),
            Self::Networks(networks) => plain.local.map(|own| {
                networks.iter().any(|(address, len)| {
                    let shift = |octets: [u8; 4]| u64::from(u32::from_be_bytes(octets)) >> (32 - len);
                    shift(own) == shift(*address)
                })
            }),
            Self::Process(name) => plain.processes.as_ref().map(|own| own.contains(name)),
            Self::ProcessGlob => plain.processes.as_ref().map(|own| own.iter().any(|name| name.starts_with("ng"))),
            Self::Not(inner) => inner.holds(plain).map(|holds| !holds),
            Self::All(trees) => {
                either(trees.iter().map(|tree| tree.holds(plain).map(|holds| !holds))).map(|holds| !holds)
            }
            Self::Any(trees) => either(trees.iter().map(|tree| tree.holds(plain))),
        }
    }
}

fn either(parts: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<Option<bool>> = parts.into_iter().collect();
    if parts.contains(&Some(true)) {
        return Some(true);
    }
    if parts.contains(&None) { None } else { Some(false) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_those_of_a_plain_evaluator(tree in tree(), records in prop::collection::vec(plain(), 1..24)) {
        let text = tree.text();
        match parse(&text) {
            Ok(filter) => {
                for plain in &records {
                    let expected = match tree.holds(plain) {
                        Some(true) => Decision::Yes,
                        Some(false) => Decision::No,
                        None => Decision::Unknown,
                    };
                    let record = plain.record();
                    prop_assert_eq!(filter.expression.decide(&record), expected, "{} on {:?}", text, plain);
                    let unknown = filter.expression.unknown_fields(&record);
                    prop_assert_eq!(unknown.is_empty(), expected != Decision::Unknown, "{} on {:?}", text, plain);
                }
                let printed = printed(&filter.expression);
                prop_assert_eq!(parse(&printed).map(|again| again.expression), Ok(filter.expression), "{}", printed);
            }
            Err(mistake) => {
                // A comparison that nothing fits (`sport < 0`) is refused wherever it stands, a filter only as a whole.
                let whole = mistake.message.starts_with("this filter can match nothing");
                prop_assert!(whole || mistake.message.starts_with("this can match nothing"), "{}", mistake);
                for plain in &records {
                    prop_assert!(!whole || tree.holds(plain) != Some(true), "{} on {:?}", text, plain);
                }
            }
        }
    }
}
