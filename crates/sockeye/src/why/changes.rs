//! What changed on the machine while we looked, and shortly before as far as the kernel remembers it.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant, SystemTime};

use sockeye_conn::{Error, Namespace, Watcher};
use sockeye_query::Value;
use sockeye_query::rtnetlink::{Change, ChangeKind};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{self, Options, Origin, Output};
use sockeye_wire::rtnetlink::{Table, Wanted};

use super::kernel::Kernel;
use crate::live::{self, remembered};
use crate::output::{escape, value};
use crate::sockets::system::Interfaces;
use crate::tables::Place;
use crate::watch::line::change_line;
use crate::watch::report::rfc3339;

/// Changes that are kept, the last ones.
const KEPT_MAX: usize = 20;

/// Tables whose changes explain something; neighbours come and go by themselves.
const TABLES: [Table; 6] =
    [Table::Links, Table::Addresses, Table::Routes, Table::Rules, Table::Nexthops, Table::Qdiscs];

/// What reading the tables may take before listening begins all the same.
const READ_MAX: Duration = Duration::from_secs(2);

/// Changes, each with when it was, as it is written.
type Lines = VecDeque<(String, String)>;

/// Changes as they happen.
pub(super) struct Changes {
    watcher: Watcher,
    place: Place,
    told: Told,
}

/// The changes that there were.
#[derive(Default)]
pub(super) struct Told {
    /// The last before, the latest last, of what the kernel remembers the time of.
    before: Lines,
    /// The last while we looked, the latest last.
    meanwhile: Lines,
    /// All that were while we looked, those that were not kept too.
    count: u64,
    /// Every table was read before we looked, so that all that changed was heard or is a gap.
    pub(super) whole: bool,
    /// Times that something was lost: what has changed is in the tables, and when and how often is not known.
    gaps: u64,
}

impl Changes {
    /// Begins to listen.
    pub(super) fn open(namespace: Option<&Namespace>) -> Result<Self, Error> {
        let tables: Tables = TABLES.into_iter().collect();
        let place = Place { label: None, interfaces: Interfaces::opened(namespace), index: 0 };
        let own = namespace.map(Namespace::try_clone).transpose()?;
        let watcher = Watcher::open(own, Options::new(tables))?;
        let mut changes = Self { watcher, place, told: Told::default() };
        // What changes before the tables were read once is part of what was read.
        let until = Instant::now() + READ_MAX;
        while !changes.is_read() && Instant::now() < until {
            changes.wait(until.saturating_duration_since(Instant::now()))?;
        }
        let is_read = changes.is_read();
        // Asked afterwards: what changes meanwhile is told twice rather than not at all.
        let (before, is_all) = before(&mut Kernel::open(namespace)?)?;
        (changes.told.before, changes.told.whole) = (before, is_read && is_all);
        Ok(changes)
    }

    /// Every table was read, or this kernel does not have it.
    fn is_read(&self) -> bool {
        let engine = self.watcher.engine();
        engine.synced().union(engine.unsupported()).len() == TABLES.len()
    }

    /// Reads for so long.
    pub(super) fn follow(&mut self, time: Duration) -> Result<(), Error> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            self.wait(left)?;
            if left.is_zero() {
                return Ok(());
            }
        }
    }

    /// Waits so long for the next, and takes what there is.
    fn wait(&mut self, time: Duration) -> Result<(), Error> {
        let (told, place) = (&mut self.told, &self.place);
        self.watcher.wait(Some(time), &mut |output| match output {
            Output::Change(change) => told.take(place, &change),
            Output::Gap(_) => told.gaps += 1,
            _ => {}
        })?;
        Ok(())
    }

    /// What was heard.
    pub(super) fn into_told(self) -> Told {
        self.told
    }
}

impl Told {
    fn take(&mut self, place: &Place, change: &watch::Change<'_>) {
        let made = crate::watch::change::read(change, place);
        self.count += 1;
        if self.meanwhile.len() == KEPT_MAX {
            self.meanwhile.pop_front();
        }
        self.meanwhile.push_back((rfc3339(SystemTime::now()), line_of(&made, change.origin)));
    }

    /// Appends them for people, under headings.
    pub(super) fn text(&self, out: &mut Vec<u8>) {
        if !self.before.is_empty() {
            out.extend_from_slice(
                b"shortly before, of what the kernel remembers the time of (new addresses, links up or down):\n",
            );
            lines_text(out, &self.before);
        }
        if !self.meanwhile.is_empty() {
            out.extend_from_slice(format!("{} changes on the machine meanwhile, the last:\n", self.count).as_bytes());
            lines_text(out, &self.meanwhile);
        }
        if self.gaps > 0 {
            out.extend_from_slice(b"there were more changes than could be heard: not all of them are counted\n");
        }
    }

    /// Appends the members of an object.
    pub(super) fn json(&self, out: &mut Vec<u8>) {
        value::json_entry(out, "changes_count", &Value::Unsigned(self.count));
        out.extend_from_slice(format!(",\"changes_gaps\":{}", self.gaps).as_bytes());
        for (name, lines) in [("changes", &self.meanwhile), ("changes_before", &self.before)] {
            out.extend_from_slice(format!(",\"{name}\":[").as_bytes());
            for (at, (time, line)) in lines.iter().enumerate() {
                out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
                value::json_entry(out, "time", &Value::Text(time.as_bytes()));
                out.push(b',');
                value::json_entry(out, "text", &Value::Text(line.as_bytes()));
                out.push(b'}');
            }
            out.push(b']');
        }
    }
}

fn lines_text(out: &mut Vec<u8>, lines: &Lines) {
    for (at, line) in lines {
        out.extend_from_slice(format!("  {at} ").as_bytes());
        escape::text(out, line.as_bytes());
        out.push(b'\n');
    }
}

/// What has changed a short time ago, as it is now; `false`: not all was read.
fn before(kernel: &mut Kernel) -> Result<(Lines, bool), Error> {
    let now = live::now();
    let mut last: BTreeSet<(Duration, String)> = BTreeSet::new();
    let mut is_all = true;
    for table in remembered::tables() {
        is_all &= kernel.rows(table, &Wanted::default(), |row| {
            let Some(at) = remembered::changed_lately(row, now) else { return };
            let change = Change { kind: ChangeKind::Added, resync: false, old: None, new: Some(*row) };
            last.insert((at, line_of(&change, Origin::Snapshot)));
            if last.len() > KEPT_MAX {
                last.pop_first();
            }
        })?;
    }
    // The kernel counts ticks, and begins with it a moment after its clock: to the second that is the same.
    let time = |at| humantime::format_rfc3339_seconds(live::calendar(at)).to_string();
    Ok((last.into_iter().map(|(at, line)| (time(at), line)).collect(), is_all))
}

fn line_of(change: &Change<'_>, origin: Origin) -> String {
    let mut line = Vec::new();
    change_line(&mut line, change, origin);
    String::from_utf8_lossy(&line).trim_start().to_owned()
}
