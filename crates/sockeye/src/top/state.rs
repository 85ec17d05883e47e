//! What the person at the screen chose: pane, order, cursor, filter, what lies on top of the table.

use super::columns::{self, What};
use super::draw::layout;
use super::model::{Grouping, Id, Key, Model, Pane, Request, Sort, scrolled};
use super::prompt::Prompt;

/// Steps that `Esc` goes back.
const STEPS_MAX: usize = 8;

/// What fills the middle of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Table,
    /// All fields of one socket, from this line on.
    Detail {
        id: Id,
        from: usize,
    },
    /// The keys, from this line on, over the fields of a socket from that one on, or over the table.
    Help {
        from: usize,
        over: Option<(Id, usize)>,
    },
}

/// The question before a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialog {
    pub(super) id: Id,
    /// The socket in words.
    pub(super) what: String,
}

/// Where one came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) pane: Pane,
    pub(super) filter: String,
}

/// Everything that keys change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) pane: Pane,
    /// The order of each pane.
    sorts: [Sort; Pane::ALL.len()],
    pub(super) grouping: Grouping,
    /// The row that the cursor stays with, once it was moved.
    pub(super) held: Option<Key>,
    /// Where the cursor is, and the first row on the screen.
    pub(super) cursor: usize,
    pub(super) top: usize,
    /// Columns and lines of the screen.
    pub(super) size: (u16, u16),
    pub(super) paused: bool,
    /// The filter that is in force.
    pub(super) filter: String,
    pub(super) prompt: Option<Prompt>,
    pub(super) view: View,
    pub(super) dialog: Option<Dialog>,
    /// What there is to say until the next key.
    pub(super) notice: Option<String>,
    pub(super) back: Vec<Step>,
    /// Why no socket can be closed from here; `None`: it can.
    pub(super) cannot_close: Option<String>,
    /// Several namespaces are shown.
    pub(super) namespaces: bool,
    /// Requests so far.
    pub(super) asked: u64,
    /// Something was lost: the banner takes a line.
    pub(super) gap: bool,
}

impl State {
    /// How it begins.
    pub(super) fn new(pane: Pane, filter: String, size: (u16, u16)) -> Self {
        Self {
            pane,
            sorts: Pane::ALL.map(first_sort),
            grouping: Grouping::default(),
            held: None,
            cursor: 0,
            top: 0,
            size,
            paused: false,
            filter,
            prompt: None,
            view: View::Table,
            dialog: None,
            notice: None,
            back: Vec::new(),
            cannot_close: None,
            namespaces: false,
            // A model that answers nothing is the one before the first.
            asked: 1,
            gap: false,
        }
    }

    /// The order of the pane that is shown.
    pub(super) fn sort(&self) -> Sort {
        self.sorts[self.pane as usize]
    }

    /// Lines of the table.
    pub(super) fn height(&self) -> usize {
        layout::rows(self.size, self.gap)
    }

    /// What is to be seen now.
    pub(super) fn request(&self) -> Request {
        Request {
            number: self.asked,
            pane: self.pane,
            grouping: self.grouping,
            sort: self.sort(),
            held: self.held.clone(),
            cursor: self.cursor,
            top: self.top,
            height: self.height(),
            detail: match self.view {
                View::Detail { id, .. } | View::Help { over: Some((id, _)), .. } => Some(id),
                View::Table | View::Help { over: None, .. } => None,
            },
            paused: self.paused,
        }
    }

    /// Takes note of what the source says. An answer to an earlier question has rows, and no say about the cursor.
    pub(super) fn take(&mut self, model: &Model) {
        self.gap = model.gap.is_some();
        if model.answers == self.asked && model.pane == self.pane {
            self.cursor = model.cursor;
            self.top = scrolled(self.top, self.cursor, self.height());
        }
    }

    /// The columns on the screen, by their place, with their widths.
    pub(super) fn columns(&self) -> Vec<(usize, u16)> {
        let room = self.size.0.saturating_sub(columns::MARK);
        columns::fitting(columns::columns(self.pane), self.sort().column, |what| self.is_wanted(what), room)
    }

    /// Whether a column says something here.
    fn is_wanted(&self, what: What) -> bool {
        self.namespaces || what != What::Namespace
    }

    /// The screen has another size.
    pub(super) fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.top = scrolled(self.top, self.cursor, self.height());
    }

    /// Shows another pane, from its beginning.
    pub(super) fn show(&mut self, pane: Pane) {
        self.pane = pane;
        self.view = View::Table;
        self.release();
    }

    /// The cursor goes to the first row and stays there.
    pub(super) fn release(&mut self) {
        (self.held, self.cursor, self.top) = (None, 0, 0);
    }

    /// Moves the cursor to this place, and lets it stay with the row there.
    pub(super) fn move_to(&mut self, place: usize, model: &Model) {
        self.cursor = place.min(model.total.saturating_sub(1));
        self.top = scrolled(self.top, self.cursor, self.height());
        let is_same = model.pane == self.pane;
        self.held = model.row(self.cursor).filter(|_| is_same).map(|row| row.key.clone());
    }

    /// Sorts by the next column, or the one before it: also by those for which there was no room.
    pub(super) fn sort_by_next(&mut self, forward: bool) {
        let all = columns::columns(self.pane);
        let there: Vec<_> = (0..all.len()).filter(|&place| self.is_wanted(all[place].what)).collect();
        let now = there.iter().position(|&place| place == self.sort().column);
        let count = there.len().max(1);
        let next = match (now, forward) {
            (None, _) => 0,
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
        };
        let Some(&column) = there.get(next) else { return };
        let descending = all[column].largest_first;
        self.sorts[self.pane as usize] = Sort { column, descending };
        self.release();
    }

    /// Turns the order around.
    pub(super) fn turn_sort(&mut self) {
        let sort = &mut self.sorts[self.pane as usize];
        sort.descending = !sort.descending;
        self.release();
    }

    /// Remembers where one is, for `Esc`.
    pub(super) fn remember(&mut self) {
        if self.back.len() == STEPS_MAX {
            self.back.remove(0);
        }
        self.back.push(Step { pane: self.pane, filter: self.filter.clone() });
    }

    /// A filter was understood and is in force.
    pub(super) fn filter_taken(&mut self, text: String) {
        self.filter = text;
        self.prompt = None;
        self.release();
    }

    /// A filter has a mistake. The old one stays.
    pub(super) fn filter_refused(&mut self, mistake: String) {
        match &mut self.prompt {
            Some(prompt) => {
                prompt.waits = false;
                prompt.mistake = Some(mistake);
            }
            None => self.notice = Some(mistake),
        }
    }
}

/// By what a pane is sorted at first: what moves most stands above.
fn first_sort(pane: Pane) -> Sort {
    let what = match pane {
        Pane::Connections | Pane::Processes | Pane::Peers | Pane::Links => What::BytesOut,
        Pane::Listeners => What::AcceptQueue,
        Pane::Changes => What::Happened,
    };
    Sort { column: columns::place_of(pane, what), descending: true }
}
