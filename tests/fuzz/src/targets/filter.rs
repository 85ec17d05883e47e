//! The filter language, over the catalogs of sockets, of live sockets and of every table of rtnetlink: reading it, printing
//! it, deciding it on rows, and planning a listing with it.

use core::net::IpAddr;
use std::sync::LazyLock;

use sockeye_query::filter::{self, Decision, Expression, Mistake, PATTERNS_MAX};
use sockeye_query::rtnetlink::{ChangeKind, Row, change_catalog, interfaces, wanted};
use sockeye_query::sockets::live::live_catalog;
use sockeye_query::sockets::{self, Abilities, Nothing, Plan, Question, SocketRow, approximate};
use sockeye_query::{Catalog, Names, rtnetlink};
use sockeye_wire::Messages;
use sockeye_wire::rtnetlink::Table;

#[cfg(test)]
use crate::allocator::most_held_by;
use crate::allocator::uncounted;
use crate::captures;
use crate::document::Document;
use crate::random::Random;
use crate::seeds;
use crate::target::{Reader, SLACK, Target};
use crate::words::Corpus;

/// Bytes that one pattern takes when it is compiled (docs/filter.md, "Limits"): the program, and tables made of it.
const PATTERN_BYTES: usize = 2 << 20;
/// Bytes that the compilation of a pattern takes meanwhile. Only the library knows: classes of Unicode that stand side by side take the
/// most, before it sees that their program is too large.
const COMPILATION_BYTES: usize = 16 << 20;
/// Bytes that a byte of a filter takes at most: `:1|` are two tests with their places, and while a list of conditions grows it is
/// there twice. What each part of a filter takes stands in docs/filter.md, "Limits"; a filter is typed, not received.
const BYTES_A_BYTE: usize = 160;

/// Names that are known here.
pub(super) struct Known;

impl Names for Known {
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host {
            "localhost" => Ok(vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])]),
            "nobody" => Ok(Vec::new()),
            other => Err(format!("no host is called `{other}`")),
        }
    }

    fn port(&self, service: &str) -> Result<u16, String> {
        if service == "ssh" { Ok(22) } else { Err(format!("no service is called `{service}`")) }
    }

    fn user(&self, name: &str) -> Result<u32, String> {
        if name == "root" { Ok(0) } else { Err(format!("no user is called `{name}`")) }
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        (uid == 0).then(|| "root".to_owned())
    }

    fn interface(&self, name: &str) -> Result<Option<u32>, String> {
        Ok((name == "eth0").then_some(2))
    }

    fn cgroup(&self, path: &str) -> Result<(u64, Vec<u8>), String> {
        if path == "/" { Ok((1, b"/".to_vec())) } else { Err(format!("there is no cgroup `{path}`")) }
    }
}

/// What a filter is about.
#[derive(Clone, Copy)]
enum About {
    Sockets,
    Live,
    Records(Table),
    Changes(Table),
}

impl About {
    fn of(number: u8) -> Self {
        let table = Table::ALL[usize::from(number >> 2) % Table::ALL.len()];
        match number & 3 {
            0 => Self::Sockets,
            1 => Self::Live,
            2 => Self::Records(table),
            _ => Self::Changes(table),
        }
    }

    fn catalog(self) -> &'static Catalog {
        match self {
            Self::Sockets => sockets::catalog(),
            Self::Live => live_catalog(),
            Self::Records(table) => rtnetlink::catalog(table),
            Self::Changes(table) => change_catalog(table),
        }
    }
}

/// A corpus of filters.
pub(super) fn corpus() -> Corpus {
    let texts = [
        include_str!("../../../../docs/filter.md"),
        include_str!("../../../../docs/ss.md"),
        include_str!("../../../../README.md"),
        include_str!("../../../../crates/query/tests/filter/language.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/addresses.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/contradictions.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/grammar.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/names.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/numbers.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/operators.rs"),
        include_str!("../../../../crates/query/tests/filter/mistakes/values.rs"),
        include_str!("../../../../crates/query/tests/filter/refused.rs"),
        include_str!("../../../../crates/query/tests/filter/families.rs"),
        include_str!("../../../../crates/query/src/filter/ss/tests.rs"),
        include_str!("../../../../crates/sockeye/tests/ss/corpus.rs"),
    ];
    let catalogs: Vec<_> = Table::ALL.into_iter().map(change_catalog).chain([live_catalog()]).collect();
    Corpus::of(&texts, &catalogs, |line| filter::parse(line, sockets::catalog(), &Known).is_ok())
}

/// Rows on which filters are decided.
pub(super) static ROWS: LazyLock<Rows> = LazyLock::new(Rows::load);

pub(super) struct Rows {
    sockets: Vec<(sockets::Table, Vec<u8>)>,
    records: Vec<(Table, Vec<u8>)>,
}

impl Rows {
    /// A few of each table.
    fn load() -> Self {
        let mut sockets: Vec<(sockets::Table, Vec<u8>)> = Vec::new();
        for (table, datagram) in captures::datagrams() {
            if sockets.iter().filter(|(of, _)| *of == table).count() < 2 {
                sockets.extend(payloads(&datagram).map(|payload| (table, payload)));
            }
        }
        let of = |table: Table| {
            let some = seeds::of(table).into_iter().take(2);
            some.flat_map(move |seed: Document| payloads(&seed.bytes()).map(move |it| (table, it)).collect::<Vec<_>>())
        };
        Self { sockets, records: Table::ALL.into_iter().flat_map(of).collect() }
    }

    /// What a filter says of each row of what it is about.
    fn decide(&'static self, about: About, filter: &Expression) -> Vec<Decision> {
        match about {
            About::Sockets | About::Live => self.decide_sockets(filter),
            About::Records(table) => self.decide_records(table, |row| filter.decide(&row)),
            About::Changes(table) => {
                let change = |row| rtnetlink::Change {
                    kind: ChangeKind::Changed,
                    resync: false,
                    old: Some(row),
                    new: Some(row),
                };
                self.decide_records(table, |row| filter.decide(&change(row)))
            }
        }
    }

    /// The same of each socket.
    pub(super) fn decide_sockets(&'static self, filter: &Expression) -> Vec<Decision> {
        let read =
            |(table, payload): &'static (sockets::Table, Vec<u8>)| SocketRow::read(*table, payload, &Nothing).ok();
        let rows = self.sockets.iter().filter_map(read);
        rows.map(|row| {
            let decision = filter.decide(&row);
            assert_eq!(decision == Decision::Unknown, !filter.unknown_fields(&row).is_empty());
            decision
        })
        .collect()
    }

    fn decide_records(&'static self, table: Table, decide: impl Fn(Row<'static>) -> Decision) -> Vec<Decision> {
        let own = self.records.iter().filter(|(of, _)| *of == table);
        own.filter_map(|(_, payload)| Row::read(table, payload, &Nothing).ok()).map(decide).collect()
    }
}

fn payloads(datagram: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    Messages::new(datagram).map_while(Result::ok).map(|message| message.payload().to_vec())
}

struct Filters {
    corpus: Corpus,
}

/// The target. An input says in a byte what the filter is about, and then the filter.
pub(super) fn make() -> Box<dyn Target> {
    LazyLock::force(&ROWS);
    Box::new(Filters { corpus: corpus() })
}

impl Target for Filters {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let number = if random.one_in(2) { 0 } else { random.byte() };
        let about = About::of(number);
        let speaks = matches!(about, About::Sockets | About::Live);
        [&[number], self.corpus.filter(about.catalog(), speaks, random).as_bytes()].concat()
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| {
            let Some((&about, text)) = input.split_first() else { return false };
            let about = About::of(about);
            match filter::parse(valid(text), about.catalog(), &Known) {
                Ok(filter) => {
                    use_it(about, &filter.expression);
                    true
                }
                Err(mistake) => {
                    sound(&mistake, valid(text));
                    false
                }
            }
        })
    }

    fn slack(&self, input: &[u8]) -> usize {
        slack(input, patterns(input))
    }
}

/// How many patterns a filter has at most: behind `~` and `~~`, names of unix sockets, and whatever is behind `unix:`.
fn patterns(text: &[u8]) -> usize {
    let signs = text.iter().filter(|byte| b"~*?[/@".contains(byte)).count();
    signs + text.windows(5).filter(|word| word.eq_ignore_ascii_case(b"unix:")).count()
}

/// What a filter with at most so many patterns may hold beside four times its text.
pub(super) fn slack(text: &[u8], patterns: usize) -> usize {
    let patterns = patterns.min(PATTERNS_MAX);
    let compilation = if patterns > 0 { COMPILATION_BYTES } else { 0 };
    SLACK + BYTES_A_BYTE * text.len() + patterns * PATTERN_BYTES + compilation
}

/// What of an input is text.
pub(super) fn valid(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// A mistake has its place in the text, and no control character when it is printed.
pub(super) fn sound(mistake: &Mistake, text: &str) {
    let at = &mistake.at;
    assert!(at.start <= at.end && at.end <= text.len(), "{at:?} of {}", text.len());
    assert!(text.is_char_boundary(at.start) && text.is_char_boundary(at.end), "{at:?}");
    let shown = mistake.to_string();
    assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()), "{shown:?}");
}

fn use_it(about: About, expression: &Expression) {
    match about {
        About::Sockets => plan(expression),
        About::Live => return,
        About::Records(table) => drop(wanted(table, expression)),
        About::Changes(table) => drop(interfaces(table, expression)),
    }
    let decisions = ROWS.decide(about, expression);
    let catalog = about.catalog();
    let printed = expression.display(catalog).to_string();
    // What is printed may be longer than a filter may be; if it is read, it means the same.
    // To read it is an input of its own.
    uncounted(|| {
        if let Ok(again) = filter::parse(&printed, catalog, &Known) {
            assert_eq!(ROWS.decide(about, &again.expression), decisions, "{printed}");
        }
    });
}

/// Plans a listing, and what is asked of the kernel for it.
pub(super) fn plan(expression: &Expression) {
    let fields: Vec<_> = sockets::catalog().fields().map(|(field, _)| field).step_by(17).collect();
    for abilities in [Abilities::ALL, Abilities::new(false, false)] {
        let plan = Plan::new(&Question { filter: Some(expression), fields: &fields, listener_drops: true, abilities });
        for dump in &plan.dumps {
            dump.request(None);
            dump.fallbacks().for_each(|dump| drop(dump.bytecode(None)));
        }
        for truth in [true, false] {
            approximate(expression, truth, abilities);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reading a filter holds beside four times its text and what any reader may hold.
    fn held_beside(text: &str) -> usize {
        let (filter, held) = most_held_by(|| filter::parse(text, sockets::catalog(), &Known));
        assert!(filter.is_ok(), "{text:.60}");
        held.saturating_sub(4 * text.len() + SLACK)
    }

    #[test]
    fn a_pattern_is_counted_however_it_is_written() {
        for (text, count) in
            [("unix:name", 1), ("src UNIX:name or dst unix:other", 2), ("process ~ a", 1), ("src @name", 1), ("tcp", 0)]
        {
            assert_eq!(patterns(text.as_bytes()), count, "{text}");
        }
    }

    #[test]
    fn what_a_filter_holds_is_what_the_page_says() {
        // Catalogs are made once.
        held_beside("tcp or :1 or process ~ a*");
        // Of a list that grows one piece beyond what it has room for is the worst.
        for count in [100, 513, 1000, 1025, 4000] {
            let list = |value: &dyn Fn(usize) -> String| (0..count).map(value).collect::<Vec<_>>().join(",");
            let addresses = list(&|number| format!("10.7.{}.{}", number / 250, number % 250));
            let [same, beside] = [list(&|_| "1".to_owned()), list(&|number| number.to_string())];
            for text in [format!("src in ({addresses})"), format!("dport in ({same})"), format!("dport in ({beside})")]
            {
                assert_eq!(held_beside(&text), 0, "{count} of {text:.40}");
            }
            let apart = list(&|number| (2 * number).to_string());
            for text in [format!("dport in ({apart})"), format!("process in ({apart})")] {
                assert!(held_beside(&text) <= 128 * count, "{} for {count} of {text:.40}", held_beside(&text));
            }
            for (conditions, bytes, piece, joint) in [
                (1, 400, "dport = 22", " or "),
                (1, 400, "dport = 22", " and "),
                (1, 400, "has rtt", "|"),
                (1, 400, "!tcp", "|"),
                (3, 400, "dport = 22 or (process = a and tcp)", " or "),
                (1, 800, ":1", "|"),
            ] {
                let text = vec![piece; count].join(joint);
                let held = held_beside(&text);
                assert!(held <= conditions * bytes * count, "{held} for {count} of {piece}{joint}");
            }
            // What is looked for in several `or` has a bound of its own.
            let spread = (0..250).map(|number| (number * 7).to_string()).collect::<Vec<_>>().join(",");
            for (conditions, piece) in
                [(2, "(dport=1 or sport=2)".to_owned()), (2, format!("(dport in ({spread}) or sport=2)"))]
            {
                let text = vec![piece; count.min(200)].join(" and ");
                let held = held_beside(&text);
                assert!(held <= (384 << 10) + conditions * 400 * count, "{held} for {count} of {text:.40}");
            }
        }
    }

    #[test]
    fn a_pattern_is_compiled_in_what_the_page_says() {
        held_beside("process ~~ a");
        let times = |piece: &str, count| piece.repeat(count);
        let mut most = 0;
        for pattern in [
            times("[^\\w]", 170),
            times("\\W", 500),
            times("\\w", 500),
            times("(?i)[^\\w]", 100),
            times("[\\w&&\\W]", 100),
            times(".", 1000),
            "\\w{40}".to_owned(),
            "[^a]{600}".to_owned(),
            "((\\w{5}){5}){3}".to_owned(),
            "((a{30}){30}){3}".to_owned(),
        ] {
            let text = format!("process ~~ \"{pattern}\"");
            let (_, held) = most_held_by(|| filter::parse(&text, sockets::catalog(), &Known));
            assert!(held <= PATTERN_BYTES + COMPILATION_BYTES, "{held} for {pattern:.40}");
            most = most.max(held);
        }
        assert!(4 * most > 3 * (PATTERN_BYTES + COMPILATION_BYTES), "{most}: so much is not needed");
    }

    #[test]
    fn a_good_part_of_the_filters_is_understood() {
        let corpus = corpus();
        let mut random = Random(3);
        let is_good = |text: &String| filter::parse(text, sockets::catalog(), &Known).is_ok();
        let good = (0..500).map(|_| corpus.filter(sockets::catalog(), true, &mut random)).filter(is_good).count();
        assert!((150..450).contains(&good), "{good} of 500");
    }
}
