//! The rows of a pane: put in order, and made into cells where they are seen.

use sockeye_query::Value;
use sockeye_query::sockets::{Flat, OwnerPart, SocketRow};
use sockeye_state::lives::Protocol;
use sockeye_wire::sock_diag::state::State;

use super::changes::Log;
use super::groups::{self, Departures, Sum};
use super::links::Link;
use super::order::{Rank, Ranked, Window, window};
use super::pace::Paces;
use super::place::View;
use super::sockets::{About, Seen, row};
use crate::output::{escape, table as cells};
use crate::top::columns::{What, columns};
use crate::top::history::Histories;
use crate::top::model::{Cell, Id, Key, Line, Mood, Pane, Request};

/// Everything that rows are made of.
pub(super) struct Material<'m> {
    pub(super) view: &'m View<'m>,
    pub(super) paces: &'m Paces,
    pub(super) departures: &'m Departures,
    pub(super) about: &'m About,
    pub(super) links: &'m [Link],
    pub(super) log: &'m Log,
    pub(super) round_trips: &'m mut Histories<Id>,
}

/// The sockets that fit the filter.
pub(super) fn sockets<'a>(view: &'a View<'a>, paces: &'a Paces) -> impl Iterator<Item = Seen<'a>> {
    let numbered = view.0.iter().zip(0..);
    numbered.flat_map(|(lives, place)| lives.iter().map(move |(life, message)| (place, life, message))).filter_map(
        |(place, life, message)| {
            let id = Id { place, cookie: life.cookie };
            // A socket that is only bound does not wait for anybody yet, and one that is held when its connection is over is none.
            let is_none = match life.protocol {
                Protocol::Tcp => matches!(life.state, State::BoundInactive | State::Unconnected),
                Protocol::Udp => false,
            };
            let is_shown = !is_none && paces.fits(id);
            is_shown.then_some(Seen { id, life, message, paces })
        },
    )
}

/// The rows that a request is to see.
pub(super) fn rows(request: &Request, material: &mut Material<'_>) -> Window<Line> {
    match request.pane {
        Pane::Connections | Pane::Listeners => of_sockets(request, material),
        Pane::Processes => {
            let sockets = sockets(material.view, material.paces);
            let sums = groups::by_owner(sockets, material.departures, request.grouping, material.about);
            of_sums(request, sums.into_iter())
        }
        Pane::Peers => {
            let sums = groups::by_peer(sockets(material.view, material.paces), material.departures);
            of_sums(request, sums.into_iter())
        }
        Pane::Links => of_links(request, material),
        Pane::Changes => of_changes(request, material.log),
    }
}

/// What a request sorts by.
fn sorted_by(request: &Request) -> What {
    let columns = columns(request.pane);
    columns.get(request.sort.column).or(columns.first()).map_or(What::State, |column| column.what)
}

/// The same window with other rows.
fn with<R, S>(seen: Window<R>, make: impl FnMut(R) -> Option<S>) -> Window<S> {
    Window {
        offset: seen.offset,
        rows: seen.rows.into_iter().filter_map(make).collect(),
        total: seen.total,
        cursor: seen.cursor,
    }
}

fn of_sockets(request: &Request, material: &mut Material<'_>) -> Window<Line> {
    let what = sorted_by(request);
    let wants_listeners = request.pane == Pane::Listeners;
    let about = material.about;
    let wanted = sockets(material.view, material.paces).filter(|seen| seen.is_listener() == wants_listeners);
    // Grown step by step it would take twice as much for a moment.
    let mut ranked = Vec::with_capacity(if wants_listeners { 0 } else { material.view.len() });
    ranked.extend(wanted.map(|seen| Ranked { rank: seen.rank(what, about), row: seen.id }));
    let held = |id: &Id| request.held.as_ref() == Some(&Key::Socket(*id));
    let seen = window(ranked, request, held);
    with(seen, |id| {
        let surroundings = about.surroundings(id.place);
        let (life, message) = material.view.lives(id.place)?.get(id.cookie)?;
        let seen = Seen { id, life, message, paces: material.paces };
        let row = row(life, message, &surroundings)?;
        let round_trips = life.totals.rtt_us.map(|rtt| material.round_trips.of(id, rtt.into())).unwrap_or_default();
        let cells =
            columns(request.pane).iter().map(|column| seen.cell(column.what, &row, about, &round_trips)).collect();
        Some(Line { key: Key::Socket(id), cells, mood: seen.mood() })
    })
}

fn of_sums(request: &Request, sums: impl Iterator<Item = (Key, Sum)>) -> Window<Line> {
    /// A sum is known by its key, and put in order by that where nothing else tells.
    struct ByKey(Key, Sum);
    impl PartialEq for ByKey {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for ByKey {}
    impl PartialOrd for ByKey {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for ByKey {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            self.0.cmp(&other.0)
        }
    }
    let what = sorted_by(request);
    let ranked = sums.map(|(key, sum)| Ranked { rank: sum.rank(&key, what), row: ByKey(key, sum) }).collect();
    let seen = window(ranked, request, |ByKey(key, _)| request.held.as_ref() == Some(key));
    with(seen, |ByKey(key, sum)| {
        let cell = |column: &crate::top::columns::Column| sum.cell(&key, column.what);
        let cells = columns(request.pane).iter().map(cell).collect();
        let mood = sum.mood();
        Some(Line { key, cells, mood })
    })
}

fn of_links(request: &Request, material: &Material<'_>) -> Window<Line> {
    let what = sorted_by(request);
    let links = material.links;
    let ranked = links.iter().enumerate().map(|(row, link)| Ranked { rank: link.rank(what), row }).collect();
    let seen = window(ranked, request, |&row| request.held.as_ref() == Some(&links[row].key()));
    with(seen, |row| {
        let link = links.get(row)?;
        let cells = columns(Pane::Links).iter().map(|column| link.cell(column.what, &material.about.labels)).collect();
        Some(Line { key: link.key(), cells, mood: link.mood() })
    })
}

fn of_changes(request: &Request, log: &Log) -> Window<Line> {
    let ranked = (0..log.kept.len()).map(|row| Ranked { rank: Some(Rank::number(row as u64)), row });
    let seen = window(ranked.collect(), request, |&row| request.held == Some(Key::Change(log.kept[row].number)));
    with(seen, |row| {
        let kept = log.kept.get(row)?;
        let mood = if kept.is_gap { Mood::Bad } else { Mood::Plain };
        Some(Line { key: Key::Change(kept.number), cells: vec![Cell::Sentence(kept.line.clone())], mood })
    })
}

/// A socket in a few words: `tcp established 10.0.0.1:22 10.0.0.9:4711`.
pub(super) fn title(row: &SocketRow<'_>) -> String {
    let mut out = row.table.name().as_bytes().to_vec();
    if let Some(state) = row.state() {
        out.push(b' ');
        out.extend_from_slice(state.name().as_bytes());
    }
    for (address, port) in [(Flat::Local, Flat::LocalPort), (Flat::Peer, Flat::PeerPort)] {
        out.push(b' ');
        cells::endpoint(&mut out, row, address, port, None);
    }
    if let Some(Value::List(names)) = row.flat(Flat::Owner(OwnerPart::Process)) {
        let mut names: Vec<_> = names.iter().filter_map(|name| name.as_text()).collect();
        names.dedup();
        for name in names {
            out.push(b' ');
            escape::text(&mut out, name);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
