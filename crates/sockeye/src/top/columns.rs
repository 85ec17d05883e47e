//! The columns of each pane: what they show, how much room they want, and which fall away first.

use super::model::{Grouping, Pane};

/// What a column shows, and what rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Protocol,
    State,
    Local,
    Peer,
    Owner,
    Pid,
    BytesIn,
    BytesOut,
    PacketsIn,
    PacketsOut,
    Retransmissions,
    Rtt,
    RttHistory,
    ReceiveQueue,
    SendQueue,
    Memory,
    Why,
    AcceptQueue,
    Drops,
    Connections,
    Listeners,
    Namespace,
    /// Of links.
    Name,
    Operstate,
    Errors,
    Qdisc,
    Backlog,
    QdiscDrops,
    /// Of changes.
    Happened,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) what: What,
    pub(super) title: &'static str,
    /// Letters it has at least, and at most.
    pub(super) width: (u16, u16),
    pub(super) right: bool,
    /// Columns with a higher number fall away first.
    pub(super) sacrifice: u8,
    /// The largest comes first when one begins to sort by it.
    pub(super) largest_first: bool,
}

/// Text that takes as much room as there is.
const fn text(what: What, title: &'static str, width: (u16, u16), sacrifice: u8) -> Column {
    Column { what, title, width, right: false, sacrifice, largest_first: false }
}

/// A number of that many letters.
const fn number(what: What, title: &'static str, width: u16, sacrifice: u8) -> Column {
    Column { what, title, width: (width, width), right: true, sacrifice, largest_first: true }
}

#[rustfmt::skip]
static CONNECTIONS: [Column; 18] = [
    text(What::Namespace, "NETNS", (6, 16), 4),
    text(What::Protocol, "PROTO", (5, 5), 12),
    text(What::State, "STATE", (11, 11), 9),
    text(What::Local, "LOCAL", (11, 47), 4),
    text(What::Peer, "PEER", (17, 47), 0),
    text(What::Owner, "PROCESS", (8, 16), 3),
    number(What::Pid, "PID", 7, 10),
    number(What::BytesIn, "IN/s", 5, 5),
    number(What::BytesOut, "OUT/s", 5, 0),
    number(What::PacketsIn, "PKTI/s", 6, 14),
    number(What::PacketsOut, "PKTO/s", 6, 13),
    number(What::Retransmissions, "RETR/s", 6, 7),
    number(What::Rtt, "RTT", 6, 1),
    text(What::RttHistory, "TREND", (6, 8), 6),
    number(What::ReceiveQueue, "RECV-Q", 6, 8),
    number(What::SendQueue, "SEND-Q", 6, 8),
    number(What::Memory, "MEM", 6, 11),
    text(What::Why, "WHY", (11, 22), 2),
];

#[rustfmt::skip]
static LISTENERS: [Column; 9] = [
    text(What::Namespace, "NETNS", (6, 16), 1),
    text(What::Protocol, "PROTO", (5, 5), 0),
    text(What::Local, "LOCAL", (17, 47), 0),
    text(What::Owner, "PROCESS", (8, 24), 1),
    number(What::Pid, "PID", 7, 5),
    number(What::AcceptQueue, "QUEUE", 11, 2),
    number(What::Drops, "DROPS", 7, 3),
    number(What::Memory, "MEM", 6, 6),
    text(What::Why, "WHY", (17, 22), 4),
];

#[rustfmt::skip]
static OWNERS: [Column; 12] = [
    text(What::Owner, "PROCESS", (12, 48), 0),
    number(What::Pid, "PID", 7, 4),
    number(What::Connections, "CONNS", 6, 0),
    number(What::Listeners, "LISTEN", 6, 3),
    number(What::BytesIn, "IN/s", 6, 0),
    number(What::BytesOut, "OUT/s", 6, 0),
    number(What::PacketsIn, "PKTI/s", 6, 8),
    number(What::PacketsOut, "PKTO/s", 6, 7),
    number(What::Retransmissions, "RETR/s", 6, 2),
    number(What::ReceiveQueue, "RECV-Q", 6, 5),
    number(What::SendQueue, "SEND-Q", 6, 5),
    number(What::Memory, "MEM", 6, 6),
];

#[rustfmt::skip]
static PEERS: [Column; 10] = [
    text(What::Peer, "PEER", (17, 40), 0),
    number(What::Connections, "CONNS", 6, 0),
    number(What::BytesIn, "IN/s", 6, 0),
    number(What::BytesOut, "OUT/s", 6, 0),
    number(What::PacketsIn, "PKTI/s", 6, 7),
    number(What::PacketsOut, "PKTO/s", 6, 6),
    number(What::Retransmissions, "RETR/s", 6, 2),
    number(What::Rtt, "RTT", 6, 1),
    number(What::ReceiveQueue, "RECV-Q", 6, 4),
    number(What::SendQueue, "SEND-Q", 6, 3),
];

#[rustfmt::skip]
static LINKS: [Column; 12] = [
    text(What::Namespace, "NETNS", (6, 16), 1),
    text(What::Name, "LINK", (9, 15), 0),
    text(What::Operstate, "STATE", (8, 14), 3),
    number(What::BytesIn, "IN/s", 6, 0),
    number(What::BytesOut, "OUT/s", 6, 0),
    number(What::PacketsIn, "PKTI/s", 6, 6),
    number(What::PacketsOut, "PKTO/s", 6, 5),
    number(What::Errors, "ERR/s", 6, 1),
    number(What::Drops, "DROP/s", 6, 1),
    text(What::Qdisc, "QDISC", (8, 12), 4),
    number(What::Backlog, "BACKLOG", 7, 2),
    number(What::QdiscDrops, "QDROP/s", 7, 2),
];

static CHANGES: [Column; 1] =
    [Column { largest_first: true, ..text(What::Happened, "WHAT HAPPENED, LATEST FIRST", (20, u16::MAX), 0) }];

/// The columns of a pane.
pub(super) fn columns(pane: Pane) -> &'static [Column] {
    match pane {
        Pane::Connections => &CONNECTIONS,
        Pane::Listeners => &LISTENERS,
        Pane::Processes => &OWNERS,
        Pane::Peers => &PEERS,
        Pane::Links => &LINKS,
        Pane::Changes => &CHANGES,
    }
}

/// The heading of a column: groups have the name of what they are.
pub(super) fn title(column: &Column, pane: Pane, grouping: Grouping) -> &'static str {
    match (pane, column.what) {
        (Pane::Processes, What::Owner) => match grouping {
            Grouping::Process => column.title,
            Grouping::Unit => "UNIT",
            Grouping::Container => "CONTAINER",
            Grouping::Pod => "POD",
        },
        (Pane::Processes, What::Pid) if grouping != Grouping::Process => "PROCS",
        _ => column.title,
    }
}

/// The place of the column that shows this.
pub(super) fn place_of(pane: Pane, what: What) -> usize {
    columns(pane).iter().position(|column| column.what == what).unwrap_or(0)
}

/// Letters before a row: what deserves to be seen, and a gap.
pub(super) const MARK: u16 = 2;

/// Columns that fit, by their place, with the room each has. One letter is between two of them. The one that is sorted by stays as
/// long as any does, and has room for its heading with the sign of the order.
pub(super) fn fitting(
    columns: &[Column],
    sorted: usize,
    is_wanted: impl Fn(What) -> bool,
    room: u16,
) -> Vec<(usize, u16)> {
    let widths = |place: usize| {
        let (least, most) = columns[place].width;
        let heading = if place == sorted { letters(columns[place].title) + SIGN } else { 0 };
        (least.max(heading), most.max(heading))
    };
    let least = |kept: &[usize]| {
        let gaps = u16::try_from(kept.len().saturating_sub(1)).unwrap_or(u16::MAX);
        kept.iter().fold(gaps, |sum, &place| sum.saturating_add(widths(place).0))
    };
    // What says little takes nothing from an address or a reason that would have been whole without it.
    let wanted = |kept: &[usize]| {
        let is_extra = |&place: &usize| place != sorted && columns[place].sacrifice > ESSENTIAL;
        let short = |place: &usize| whole(columns[*place].what).saturating_sub(widths(*place).0);
        let more = if kept.iter().any(is_extra) { kept.iter().map(short).sum() } else { 0 };
        least(kept).saturating_add(more)
    };
    let kept = kept(columns, sorted, is_wanted, |kept| wanted(kept) <= room);
    let mut rest = room.saturating_sub(least(&kept));
    let mut given: Vec<_> = kept.iter().map(|&place| (place, widths(place).0)).collect();
    // What is left goes, letter by letter, to the one that has least of what it wants; first to those that are not whole.
    let is_short = |&&mut (place, width): &&mut (usize, u16)| width < widths(place).1;
    let is_whole = |&(place, width): &(usize, u16)| width >= whole(columns[place].what);
    let share = |&(place, width): &(usize, u16)| u32::from(width) * 1000 / u32::from(widths(place).1);
    while rest > 0 {
        let Some(shortest) = given.iter_mut().filter(is_short).min_by_key(|column| (is_whole(column), share(column)))
        else {
            break;
        };
        shortest.1 += 1;
        rest -= 1;
    }
    given
}

/// Up to here columns are shown though addresses and reasons are cut.
const ESSENTIAL: u8 = 6;
/// Letters of the sign that tells the order, before a heading.
const SIGN: u16 = 1;

/// Letters at which the text of a column is mostly whole, where it may have less: addresses of IPv4 with a port, and all reasons but one.
const fn whole(what: What) -> u16 {
    match what {
        What::Local | What::Why => 17,
        _ => 0,
    }
}

fn letters(title: &str) -> u16 {
    u16::try_from(title.len()).unwrap_or(u16::MAX)
}

/// The places of those that stay.
fn kept(
    columns: &[Column],
    sorted: usize,
    is_wanted: impl Fn(What) -> bool,
    fits: impl Fn(&[usize]) -> bool,
) -> Vec<usize> {
    let sacrifice = |place: usize| if place == sorted { 0 } else { columns[place].sacrifice };
    let mut kept: Vec<_> = (0..columns.len()).filter(|&place| is_wanted(columns[place].what)).collect();
    let mut fallen = Vec::new();
    while !fits(&kept) && kept.len() > 1 {
        let Some(first) = kept.iter().copied().rev().max_by_key(|&place| sacrifice(place)) else { break };
        if sacrifice(first) == 0 {
            break;
        }
        kept.retain(|&place| place != first);
        fallen.push(first);
    }
    // A wide one that fell may have made room for a narrow one that fell before it.
    for place in fallen.into_iter().rev() {
        let at = kept.partition_point(|&other| other < place);
        kept.insert(at, place);
        if !fits(&kept) {
            kept.remove(at);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(pane: Pane, room: u16) -> Vec<&'static str> {
        titles_sorted_by(pane, What::BytesOut, room)
    }

    fn titles_sorted_by(pane: Pane, what: What, room: u16) -> Vec<&'static str> {
        let (columns, sorted) = (columns(pane), place_of(pane, what));
        fitting(columns, sorted, |what| what != What::Namespace, room)
            .into_iter()
            .map(|(place, _)| columns[place].title)
            .collect()
    }

    #[test]
    fn eighty_letters_have_room_for_what_matters() {
        let connections = ["LOCAL", "PEER", "PROCESS", "IN/s", "OUT/s", "RTT", "TREND", "WHY"];
        assert_eq!(titles(Pane::Connections, 78), connections, "the round-trip time with its history");
        assert_eq!(titles(Pane::Connections, 38), ["PEER", "IN/s", "OUT/s", "RTT"]);
        for room in 84..300 {
            assert!(width(What::Local, room, false) >= Some(17), "{room}");
        }
        for room in 91..300 {
            assert!(width(What::Local, room, true) >= Some(17), "{room}, with namespaces");
        }
        assert_eq!(titles(Pane::Connections, 200).len(), 17, "but for the namespace, everything");
    }

    /// The room of a column of the connections, if it has any.
    fn width(wanted: What, room: u16, namespaces: bool) -> Option<u16> {
        let sorted = place_of(Pane::Connections, What::BytesOut);
        let fitted = fitting(&CONNECTIONS, sorted, |what| namespaces || what != What::Namespace, room);
        fitted.into_iter().find(|&(place, _)| CONNECTIONS[place].what == wanted).map(|(_, width)| width)
    }

    #[test]
    fn of_several_namespaces_it_is_always_said_which() {
        for room in 78..300 {
            assert!(width(What::Namespace, room, true).is_some(), "{room}");
            assert!(width(What::Local, room, true).is_some(), "{room}");
            for (pane, what) in [(Pane::Listeners, What::AcceptQueue), (Pane::Links, What::BytesOut)] {
                let fitted = fitting(columns(pane), place_of(pane, what), |_| true, room);
                assert!(
                    fitted.iter().any(|&(place, _)| columns(pane)[place].what == What::Namespace),
                    "{pane:?}: {room}"
                );
            }
        }
    }

    #[test]
    fn a_reason_is_cut_only_where_there_is_no_room_for_other_things_either() {
        for room in 78..300 {
            let why = width(What::Why, room, false);
            // The shortest that tells all reasons apart.
            assert!(why >= Some(11), "{room}: {why:?}");
            let is_wide = width(What::Retransmissions, room, false).is_some();
            assert!(!is_wide || why >= Some(17), "{room}: {why:?}");
        }
    }

    #[test]
    fn what_is_sorted_by_is_seen() {
        let titles = |what| titles_sorted_by(Pane::Connections, what, 78);
        assert_eq!(titles(What::Memory), ["LOCAL", "PEER", "PROCESS", "IN/s", "OUT/s", "RTT", "MEM", "WHY"]);
        let numbers = CONNECTIONS.iter().filter(|column| column.right);
        for column in numbers {
            assert!(titles(column.what).contains(&"LOCAL"), "two of one peer are told apart, by {}", column.title);
        }
        for column in &CONNECTIONS[1..] {
            assert!(titles(column.what).contains(&column.title), "{}", column.title);
        }
    }

    #[test]
    fn a_heading_with_its_sign_is_whole() {
        for pane in Pane::ALL {
            let columns = columns(pane);
            for (sorted, column) in columns.iter().enumerate() {
                let fitted = fitting(columns, sorted, |_| true, 78);
                let width = fitted.iter().find(|(place, _)| *place == sorted).map(|&(_, width)| width);
                assert!(width > Some(letters(column.title)), "{} of {pane:?} has {width:?}", column.title);
            }
        }
    }

    #[test]
    fn the_room_is_used_up_and_no_more() {
        for room in 40..=300 {
            for pane in Pane::ALL {
                let columns = columns(pane);
                let fitted = fitting(columns, 0, |_| true, room);
                let used: u16 = fitted.iter().map(|(_, width)| width + 1).sum::<u16>() - 1;
                assert!(used <= room, "{pane:?} at {room} takes {used}");
                let wants_more = fitted.iter().any(|&(place, width)| width < columns[place].width.1);
                assert!(used == room || !wants_more, "{pane:?} at {room} leaves {} unused", room - used);
            }
        }
    }
}
