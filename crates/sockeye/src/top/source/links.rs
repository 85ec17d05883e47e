//! Network interfaces with what they move and lose, and the queueing discipline at the root of each.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::Result;
use sockeye_conn::Namespace;
use sockeye_query::filter::Expression;
use sockeye_query::rtnetlink::catalog;
use sockeye_query::{FieldId, Value};
use sockeye_state::lives::Time;
use sockeye_wire::rtnetlink::{Table, Wanted};

use super::order::Rank;
use super::sockets::text;
use crate::live::now;
use crate::rows::{Row, Take};
use crate::sockets::system::Interfaces;
use crate::tables::{Ask, Counts, Place};
use crate::top::columns::What;
use crate::top::model::{Cell, Key, Mood};

/// Interfaces of a namespace that are shown; the kernel has them in the order of their making.
const LINKS_MAX: usize = 16_384;

/// Time between two looks at least: in a shorter one a single packet makes hundreds a second. Who presses a key while a round runs
/// looks before the round does; two rounds are further from each other.
const ELAPSED_MIN: Duration = Duration::from_millis(20);

/// The root of all queueing disciplines of an interface (`TC_H_ROOT`).
const ROOT: u32 = u32::MAX;

/// Fields of links that count, by name: bytes and packets, in and out, then those whose sums are errors and drops. What a card had no
/// room for many drivers count as missed alone, and `/proc/net/dev` has it among the drops too (net/core/net-procfs.c,
/// `dev_seq_printf_stats`).
const COUNTERS: [&str; 9] = [
    "stats64.rx_bytes",
    "stats64.tx_bytes",
    "stats64.rx_packets",
    "stats64.tx_packets",
    "stats64.rx_errors",
    "stats64.tx_errors",
    "stats64.rx_dropped",
    "stats64.tx_dropped",
    "stats64.rx_missed_errors",
];

/// [`COUNTERS`], and what the queueing discipline dropped.
const COUNTED: usize = COUNTERS.len() + 1;
/// The place of that.
const QDISC_DROPS: usize = COUNTERS.len();

/// An interface as it was seen last.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub(super) place: u16,
    pub(super) index: u32,
    name: Vec<u8>,
    operstate: String,
    counters: [Option<u64>; COUNTED],
    /// The same a second.
    rates: [Option<f64>; COUNTED],
    qdisc: Vec<u8>,
    backlog: Option<u64>,
}

/// The interfaces of a namespace.
pub(super) struct Links {
    place: u16,
    pub(super) known: Vec<Link>,
    /// When the interfaces were asked for last, and when their queueing disciplines: one may take a while.
    looked: Option<[Time; 2]>,
}

impl Links {
    /// Nothing is known yet of the place with this number.
    pub(super) fn new(place: u16) -> Self {
        Self { place, known: Vec::new(), looked: None }
    }

    /// Looks again, and makes rates of what was there before. What was seen just now stays as it is.
    pub(super) fn look(&mut self, namespace: Option<&Namespace>) -> Result<()> {
        if self.looked.is_some_and(|[links, _]| now().saturating_sub(links) < ELAPSED_MIN) {
            return Ok(());
        }
        let mut links = Gather { place: self.place, found: Vec::new(), fields: Fields::new() };
        ask(Table::Links, namespace, &mut links)?;
        let links_at = now();
        let mut qdiscs = GatherQdiscs { found: HashMap::new(), fields: QdiscFields::new() };
        // A kernel without traffic control has none.
        ask(Table::Qdiscs, namespace, &mut qdiscs)?;
        let at = [links_at, now()];
        let elapsed = self.looked.map(|looked| [0, 1].map(|one| at[one].saturating_sub(looked[one])));
        let before: HashMap<u32, [Option<u64>; COUNTED]> =
            self.known.iter().map(|link| (link.index, link.counters)).collect();
        for link in &mut links.found {
            if let Some(qdisc) = qdiscs.found.remove(&link.index) {
                link.qdisc = qdisc.kind;
                link.backlog = qdisc.backlog;
                link.counters[QDISC_DROPS] = qdisc.drops;
            }
            if let (Some(before), Some(elapsed)) = (before.get(&link.index), elapsed) {
                link.rates = rates(before, &link.counters, elapsed);
            }
        }
        (self.known, self.looked) = (links.found, Some(at));
        Ok(())
    }

    /// Nobody looks any more: what is seen next is compared with nothing.
    pub(super) fn forget(&mut self) {
        (self.known, self.looked) = (Vec::new(), None);
    }
}

#[expect(clippy::cast_precision_loss, reason = "rates have three digits")]
fn rates(
    before: &[Option<u64>; COUNTED],
    now: &[Option<u64>; COUNTED],
    [links, qdiscs]: [Time; 2],
) -> [Option<f64>; COUNTED] {
    let seconds = |at: usize| if at < COUNTERS.len() { links } else { qdiscs }.as_secs_f64().max(1e-3);
    std::array::from_fn(|at| Some(now[at]?.saturating_sub(before[at]?) as f64 / seconds(at)))
}

impl Link {
    pub(super) fn key(&self) -> Key {
        Key::Link(self.place, self.index)
    }

    /// The rate of a counter, or the sum of several.
    fn rate(&self, what: What) -> Option<f64> {
        let sum = |places: &[usize]| places.iter().map(|&place| self.rates[place]).sum();
        match what {
            What::BytesIn => self.rates[0],
            What::BytesOut => self.rates[1],
            What::PacketsIn => self.rates[2],
            What::PacketsOut => self.rates[3],
            What::Errors => sum(&[4, 5]),
            What::Drops => sum(&[6, 7, 8]),
            What::QdiscDrops => self.rates[QDISC_DROPS],
            _ => None,
        }
    }

    pub(super) fn rank(&self, what: What) -> Option<Rank> {
        match what {
            What::Namespace => Some(Rank::number(self.place.into())),
            What::Name => Some(Rank::text(&self.name)),
            What::Operstate => Some(Rank::text(self.operstate.as_bytes())),
            What::Qdisc => Some(Rank::text(&self.qdisc)),
            What::Backlog => self.backlog.map(Rank::number),
            what => self.rate(what).map(Rank::rate),
        }
    }

    pub(super) fn cell(&self, what: What, labels: &[Vec<u8>]) -> Cell {
        match what {
            What::Namespace => text(labels.get(usize::from(self.place)).map_or(b"", Vec::as_slice)),
            What::Name => text(&self.name),
            What::Operstate => Cell::Sentence(self.operstate.clone()),
            What::Qdisc if self.qdisc.is_empty() => Cell::Nothing,
            What::Qdisc => text(&self.qdisc),
            What::Backlog => self.backlog.map_or(Cell::Nothing, Cell::Bytes),
            What::BytesIn | What::BytesOut => self.rate(what).map_or(Cell::Nothing, Cell::ByteRate),
            what => self.rate(what).map_or(Cell::Nothing, Cell::Rate),
        }
    }

    pub(super) fn mood(&self) -> Mood {
        let moves = |what| self.rate(what).is_some_and(|rate| rate > 0.0);
        if moves(What::Errors) || moves(What::Drops) || moves(What::QdiscDrops) {
            Mood::Bad
        } else if self.operstate == "down" {
            Mood::Faint
        } else {
            Mood::Plain
        }
    }
}

/// Asks for a table of a namespace.
fn ask<T: Take>(table: Table, namespace: Option<&Namespace>, taker: &mut T) -> Result<()> {
    let place = Place { label: None, interfaces: Interfaces::unknown(), index: 0 };
    let ask = Ask {
        table,
        namespace,
        wanted: &Wanted::default(),
        filter: &Expression::always(),
        place: &place,
        counts: &Counts::default(),
        seen: RefCell::new(HashSet::new()),
    };
    ask.run(taker)?;
    Ok(())
}

/// The fields of links that are read.
struct Fields {
    index: Option<FieldId>,
    name: Option<FieldId>,
    operstate: Option<FieldId>,
    counters: [Option<FieldId>; COUNTERS.len()],
}

impl Fields {
    fn new() -> Self {
        let find = |name: &str| catalog(Table::Links).find(name);
        Self { index: find("index"), name: find("name"), operstate: find("operstate"), counters: COUNTERS.map(find) }
    }
}

struct Gather {
    place: u16,
    found: Vec<Link>,
    fields: Fields,
}

impl Take for Gather {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        let Some(index) = number(&row, self.fields.index).and_then(|index| u32::try_from(index).ok()) else {
            return true;
        };
        let value = |field: Option<FieldId>| field.and_then(|field| row.value(field));
        let mut link = Link { place: self.place, index, ..Link::default() };
        link.name = value(self.fields.name).and_then(|name| name.as_text().map(<[u8]>::to_vec)).unwrap_or_default();
        let mut state = Vec::new();
        if let Some(read) = value(self.fields.operstate) {
            crate::output::value::text(&mut state, &read);
        }
        link.operstate = String::from_utf8_lossy(&state).into_owned();
        for (counter, field) in link.counters.iter_mut().zip(self.fields.counters) {
            *counter = number(&row, field);
        }
        self.found.push(link);
        self.found.len() < LINKS_MAX
    }

    fn end(&mut self) {}
}

struct QdiscFields {
    dev: Option<FieldId>,
    kind: Option<FieldId>,
    parent: Option<FieldId>,
    backlog: Option<FieldId>,
    drops: Option<FieldId>,
}

impl QdiscFields {
    fn new() -> Self {
        let find = |name: &str| catalog(Table::Qdiscs).find(name);
        // The newer attribute first, which has no 32 bits to wrap.
        let stats = |name: &str| find(&format!("stats2.queue.{name}")).or_else(|| find(&format!("stats.{name}")));
        Self {
            dev: find("dev"),
            kind: find("kind"),
            parent: find("parent"),
            backlog: stats("backlog"),
            drops: stats("drops"),
        }
    }
}

struct Qdisc {
    kind: Vec<u8>,
    backlog: Option<u64>,
    drops: Option<u64>,
}

struct GatherQdiscs {
    found: HashMap<u32, Qdisc>,
    fields: QdiscFields,
}

impl Take for GatherQdiscs {
    fn take(&mut self, row: Row<'_, '_>) -> bool {
        let value = |field: Option<FieldId>| field.and_then(|field| row.value(field));
        if !matches!(value(self.fields.parent), Some(Value::Handle(ROOT))) {
            return true;
        }
        if let Some(Value::Interface { index, .. }) = value(self.fields.dev) {
            let kind = value(self.fields.kind).and_then(|kind| kind.as_text().map(<[u8]>::to_vec)).unwrap_or_default();
            let (backlog, drops) = (number(&row, self.fields.backlog), number(&row, self.fields.drops));
            self.found.insert(index, Qdisc { kind, backlog, drops });
        }
        true
    }

    fn end(&mut self) {}
}

fn number(row: &Row<'_, '_>, field: Option<FieldId>) -> Option<u64> {
    match row.value(field?)? {
        Value::Unsigned(number) => Some(number),
        // The index of a link is signed where the link is told of (struct ifinfomsg), and unsigned everywhere else.
        Value::Signed(number) => u64::try_from(number).ok(),
        Value::Interface { index, .. } => Some(index.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sockeye_query::rtnetlink::Row as Record;

    use super::*;

    #[test]
    fn every_field_that_is_read_is_one() {
        let fields = Fields::new();
        assert!(fields.index.is_some() && fields.name.is_some() && fields.operstate.is_some());
        assert!(fields.counters.iter().all(Option::is_some));
        let fields = QdiscFields::new();
        assert!(fields.dev.is_some() && fields.kind.is_some() && fields.parent.is_some());
        assert!(fields.backlog.is_some() && fields.drops.is_some());
    }

    /// A link as the kernel tells of it, with these counters: the places in `struct rtnl_link_stats64`, and how many.
    fn link(counters: &[(usize, u64)]) -> Link {
        const IFLA_STATS64: u16 = 23;
        let mut statistics = [0_u64; 25];
        for &(place, count) in counters {
            statistics[place] = count;
        }
        let mut message = vec![0; 16];
        message.extend([4 + 25 * 8, IFLA_STATS64].iter().flat_map(|word| word.to_ne_bytes()));
        message.extend(statistics.iter().flat_map(|count| count.to_ne_bytes()));
        let place = Place { label: None, interfaces: Interfaces::unknown(), index: 0 };
        let mut links = Gather { place: 0, found: Vec::new(), fields: Fields::new() };
        links.take(Row::Record(&Record::read(Table::Links, &message, &place).expect("it is long enough")));
        links.found.remove(0)
    }

    #[test]
    fn who_has_just_looked_does_not_look_again() {
        let known = vec![Link { index: 4_711, ..Link::default() }];
        // No time has passed since then.
        let mut links = Links { place: 3, known, looked: Some([Time::MAX; 2]) };
        links.look(None).expect("nobody is asked");
        let [link] = &links.known[..] else { panic!("{:?}", links.known) };
        assert_eq!(link.index, 4_711);
    }

    #[test]
    fn what_a_card_had_no_room_for_is_dropped_too() {
        // rx_dropped, tx_dropped, rx_missed_errors.
        let before = link(&[(6, 11), (7, 23), (15, 1_000)]);
        let grown = |counters: &[(usize, u64)]| {
            let mut now = link(counters);
            now.rates = rates(&before.counters, &now.counters, [2, 4].map(Time::from_secs));
            now
        };
        let missed = grown(&[(6, 11), (7, 23), (15, 1_014)]);
        assert_eq!((missed.rate(What::Drops), missed.rate(What::Errors)), (Some(7.0), Some(0.0)));
        assert_eq!((missed.cell(What::Drops, &[]), missed.mood()), (Cell::Rate(7.0), Mood::Bad));
        let all = grown(&[(6, 13), (7, 27), (15, 1_008)]);
        assert_eq!(all.rate(What::Drops), Some(1.0 + 2.0 + 4.0));
        assert_eq!(grown(&[(6, 11), (7, 23), (15, 1_000)]).mood(), Mood::Plain);
    }

    #[test]
    fn errors_of_both_directions_are_one_number_and_make_the_row_red() {
        let before = [Some(1_000); COUNTED];
        let mut now = before.map(|count| count.map(|count| count + 4));
        now[4] = Some(1_006);
        let mut link = Link { rates: rates(&before, &now, [2, 4].map(Time::from_secs)), ..Link::default() };
        assert_eq!(link.rate(What::Errors), Some(5.0));
        assert_eq!(link.rate(What::QdiscDrops), Some(1.0), "asked for apart from the interfaces");
        assert_eq!(link.mood(), Mood::Bad);
        now[QDISC_DROPS] = None;
        link.rates = rates(&before, &now, [2, 4].map(Time::from_secs));
        assert_eq!(link.cell(What::QdiscDrops, &[]), Cell::Nothing, "no number is not zero");
    }
}
