//! What is on the screen, as plain data: one [`Model`] a refresh, made by the source for one [`Request`].

use std::net::IpAddr;
use std::sync::Arc;

use clap::ValueEnum;

/// What the screen shows in its middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pane {
    /// Sockets that have another end, or may have one
    #[default]
    Connections,
    /// Sockets that wait for others: listening ones, and datagram sockets without another end
    Listeners,
    /// Sums by process, unit, container or pod
    Processes,
    /// Sums by the address of the other end
    Peers,
    /// Network interfaces with their queueing disciplines
    Links,
    /// What changed on the machine lately
    Changes,
}

impl Pane {
    /// All of them, in the order of their tabs.
    pub(super) const ALL: [Self; 6] =
        [Self::Connections, Self::Listeners, Self::Processes, Self::Peers, Self::Links, Self::Changes];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Listeners => "listeners",
            Self::Processes => "processes",
            Self::Peers => "peers",
            Self::Links => "links",
            Self::Changes => "changes",
        }
    }
}

/// By what the sums of the third pane are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grouping {
    /// The process that holds a socket
    #[default]
    Process,
    /// Its systemd unit
    Unit,
    /// Its container
    Container,
    /// Its Kubernetes pod
    Pod,
}

impl Grouping {
    /// The one after it, around.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Process => Self::Unit,
            Self::Unit => Self::Container,
            Self::Container => Self::Pod,
            Self::Pod => Self::Process,
        }
    }

    /// What one row of it is.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Unit => "unit",
            Self::Container => "container",
            Self::Pod => "pod",
        }
    }

    /// What all of them are.
    pub(super) const fn names(self) -> &'static str {
        match self {
            Self::Process => "processes",
            Self::Unit => "units",
            Self::Container => "containers",
            Self::Pod => "pods",
        }
    }
}

/// A socket: which of the namespaces that are shown, and its cookie there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) place: u16,
    pub(super) cookie: u64,
}

/// What makes a row the same row a refresh later, so that the cursor can stay with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    Socket(Id),
    /// Sockets of one owner: a process by its id, others by name; 0 and no name for those without a known one.
    Owner(u32, Vec<u8>),
    Peer(IpAddr),
    /// An interface, by namespace and index.
    Link(u16, u32),
    /// A change, by its number since the start.
    Change(u64),
}

/// In which order rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    /// Place among the columns of the pane.
    pub(super) column: usize,
    pub(super) descending: bool,
}

/// What is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Grows with each request, so that an answer can be told from one to an earlier question.
    pub(super) number: u64,
    pub(super) pane: Pane,
    pub(super) grouping: Grouping,
    pub(super) sort: Sort,
    /// The row that the cursor stays with, where it was put on one.
    pub(super) held: Option<Key>,
    /// Where the cursor is if that row is no more.
    pub(super) cursor: usize,
    /// The first row on the screen, and how many there is room for.
    pub(super) top: usize,
    pub(super) height: usize,
    /// The socket of which all fields are shown.
    pub(super) detail: Option<Id>,
    pub(super) paused: bool,
}

impl Request {
    /// The first row on the screen if the cursor is to be on it: the same as before where it can be.
    pub(super) fn top_for(&self, cursor: usize) -> usize {
        scrolled(self.top, cursor, self.height)
    }
}

/// The first of `height` visible rows so that the cursor is among them, with as little movement as that takes.
pub(super) fn scrolled(top: usize, cursor: usize, height: usize) -> usize {
    let lowest = (cursor + 1).saturating_sub(height);
    top.clamp(lowest, cursor.max(lowest))
}

/// What stands in one cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Not known, or nothing.
    Nothing,
    /// Text, made safe for a terminal. The middle falls away where there is no room.
    Text(String),
    /// The same, of which the end falls away.
    Sentence(String),
    Word(&'static str),
    Count(u64),
    Bytes(u64),
    /// Bytes a second.
    ByteRate(f64),
    /// Anything else a second.
    Rate(f64),
    /// Microseconds.
    Duration(u64),
    /// The last values of a number, oldest first.
    History(Vec<u64>),
    /// A queue and its limit.
    Queue(u64, u64),
}

/// What deserves to be seen first: a colour, and a letter for those who see none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mood {
    #[default]
    Plain,
    /// Little to see: closed, idle, old.
    Faint,
    /// Something is held up.
    Warning,
    /// Something is lost.
    Bad,
}

impl Mood {
    /// The letter that says it before the row.
    pub(super) const fn mark(self) -> char {
        match self {
            Self::Plain => ' ',
            Self::Faint => '.',
            Self::Warning => '*',
            Self::Bad => '!',
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub(super) key: Key,
    /// One for each column of the pane.
    pub(super) cells: Vec<Cell>,
    pub(super) mood: Mood,
}

/// What moved in the last interval; `None` where it is not known (yet).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) bytes_in: Option<f64>,
    pub(super) bytes_out: Option<f64>,
    pub(super) packets_in: Option<f64>,
    pub(super) packets_out: Option<f64>,
    pub(super) retransmissions: Option<f64>,
}

/// Sums over everything that fits the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Overview {
    pub(super) connections: usize,
    pub(super) listeners: usize,
    pub(super) rates: Rates,
}

/// A field of the socket that is looked at closely.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    /// Its last values, where it moved; oldest first.
    pub(super) history: Vec<u64>,
}

/// All there is to know of one socket.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Detail {
    pub(super) id: Id,
    pub(super) title: String,
    pub(super) fields: Vec<Field>,
    /// Why it is not asked again: it is gone, or cannot be asked for.
    pub(super) over: Option<String>,
}

/// How much is known of the last interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// There was none, or owners were not looked for yet.
    Early,
    /// Something was lost in it.
    Lossy,
    Whole,
}

/// What is to be seen, once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Model {
    /// The number of the request that this answers.
    pub(super) answers: u64,
    pub(super) pane: Pane,
    pub(super) grouping: Grouping,
    /// Place of the first row among all of the pane.
    pub(super) offset: usize,
    pub(super) rows: Vec<Line>,
    /// Rows of the pane.
    pub(super) total: usize,
    /// Where the row is that the cursor stays with.
    pub(super) cursor: usize,
    pub(super) overview: Overview,
    pub(super) detail: Option<Arc<Detail>>,
    /// The filter that the rows fit; empty: none.
    pub(super) filter: String,
    /// Time of day of the last refresh.
    pub(super) clock: String,
    pub(super) worth: Worth,
    /// There is nothing that this process is not told, of what was asked for.
    pub(super) is_all_seen: bool,
    /// How complete this is, most important first.
    pub(super) completeness: Vec<String>,
    /// What was lost, if something was.
    pub(super) gap: Option<String>,
    /// The namespace is gone that was named.
    pub(super) is_gone: bool,
}

impl Model {
    /// Before the first refresh.
    pub(super) fn empty(pane: Pane) -> Self {
        Self {
            answers: 0,
            pane,
            grouping: Grouping::default(),
            offset: 0,
            rows: Vec::new(),
            total: 0,
            cursor: 0,
            overview: Overview::default(),
            detail: None,
            filter: String::new(),
            clock: String::new(),
            worth: Worth::Early,
            is_all_seen: false,
            completeness: Vec::new(),
            gap: None,
            is_gone: false,
        }
    }

    /// The row at this place among all of the pane, where it was handed over.
    pub(super) fn row(&self, place: usize) -> Option<&Line> {
        self.rows.get(place.checked_sub(self.offset)?)
    }
}

#[cfg(test)]
mod tests {
    use super::scrolled;

    #[test]
    fn the_screen_moves_no_more_than_the_cursor_needs() {
        assert_eq!(scrolled(10, 15, 20), 10, "it is there already");
        assert_eq!(scrolled(10, 7, 20), 7, "above");
        assert_eq!(scrolled(10, 33, 20), 14, "below");
        assert_eq!(scrolled(0, 3, 1), 3);
        assert_eq!(scrolled(3, 8, 0), 9, "no room at all");
    }
}
