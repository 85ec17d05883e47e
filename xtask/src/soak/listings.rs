//! Listings, one after the other, while everything moves.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::listing::Listing;
use super::optional::{self, Lacking};
use super::place::{self, PLACES};
use super::socket_churner::PORT;

/// Time between two listings.
const PAUSE: Duration = Duration::from_millis(60);
/// Complaints that are kept of each kind.
const COMPLAINTS_MAX: usize = 3;
/// What a verdict may say is missing while the thing itself changes: the dump was disturbed, again and again, or a
/// namespace has gone in the meantime, with its file or while that was there still.
const EXCUSES: [&[&str]; 3] = [
    &["changed during the dump"],
    &["network namespace", "No such file or directory"],
    &["network namespace", "Invalid argument"],
];

/// A value that is known beforehand, and its key.
#[derive(Clone, Copy)]
enum Known {
    Text(&'static str, &'static str),
    Number(&'static str, u32),
}

impl Known {
    fn is_in(self, row: &Value) -> bool {
        match self {
            Self::Text(key, value) => row[key] == value,
            Self::Number(key, value) => row[key] == value,
        }
    }
}

/// What is to be found in every listing that is whole.
#[derive(Clone, Copy)]
enum Finds {
    /// Whatever there is: everything of it may be gone for a moment.
    Anything,
    /// At least one row.
    Something,
    /// Exactly one row with these values in each place that is listed.
    One(&'static [Known]),
    /// One listening socket of each address family, where the listing is sure.
    Listeners,
    /// Text, which says nothing of what it is worth but by its status.
    Text,
}

/// A kind of listing.
pub(super) struct Kind {
    /// The command, but for the namespace.
    pub(super) words: &'static str,
    /// In all namespaces, by a process of its own.
    is_of_all: bool,
    finds: Finds,
    /// How often it was made.
    pub(super) times: u64,
    /// How often its verdict said that something is missing, with an excuse.
    pub(super) excused: u64,
    /// Rows of the last one.
    pub(super) rows: usize,
    /// What was wrong.
    pub(super) wrong: Vec<String>,
}

const KINDS: [(&str, bool, Finds); 29] = [
    ("sockets tcp udp all -o ndjson", false, Finds::Something),
    ("sockets tcp all --confirm -o ndjson", false, Finds::Listeners),
    ("sockets unix --view everything -o ndjson", false, Finds::Anything),
    ("sockets all --no-owners -o ndjson", false, Finds::Something),
    ("sockets all -o ndjson", true, Finds::Something),
    ("links -o ndjson", false, Finds::One(&[Known::Text("ifname", "fix0")])),
    ("addresses -o ndjson", false, Finds::One(&[Known::Text("ip", "10.77.0.1/24")])),
    ("routes -o ndjson", false, Finds::One(&[Known::Text("dst", "10.78.0.0/16"), Known::Text("table", "main")])),
    ("routes -o ndjson", true, Finds::One(&[Known::Text("dst", "fd78::/32"), Known::Text("table", "main")])),
    ("links -o ndjson", true, Finds::One(&[Known::Text("ifname", "br0")])),
    ("rules -o ndjson", false, Finds::One(&[Known::Number("priority", 4242)])),
    ("neighbours -o ndjson", false, Finds::One(&[Known::Text("dst", "10.77.0.9")])),
    ("nexthops -o ndjson", false, Finds::One(&[Known::Number("id", 9999)])),
    ("qdiscs -o ndjson", false, Finds::Something),
    ("tc-classes -o ndjson", false, Finds::Anything),
    ("tc-filters -o ndjson", false, Finds::Anything),
    ("tc-actions -o ndjson", false, Finds::Anything),
    ("fdb -o ndjson", false, Finds::Something),
    ("mdb -o ndjson", false, Finds::Anything),
    ("vlans -o ndjson", false, Finds::Anything),
    ("labels -o ndjson", false, Finds::Something),
    ("mroutes -o ndjson", false, Finds::Anything),
    ("netconf -o ndjson", false, Finds::Something),
    ("multicast -o ndjson", false, Finds::Something),
    ("anycast -o ndjson", false, Finds::Anything),
    ("namespaces -o ndjson", false, Finds::One(&[Known::Number("nsid", 77)])),
    ("neighbour-tables -o ndjson", false, Finds::Something),
    ("statistics -o ndjson", false, Finds::Something),
    ("ss -tuxanpie", false, Finds::Text),
];

/// The thread that lists.
pub(super) struct Listings {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Kind>>,
}

impl Listings {
    /// Begins.
    pub(super) fn start(sockeye: PathBuf, lacking: &Lacking) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let kinds = kinds(lacking);
        Self { is_over, thread: thread::spawn(move || list(&sockeye, kinds, &over)) }
    }

    /// Ends after the listing that is under way.
    pub(super) fn end(self) -> Result<Vec<Kind>> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the thread that lists has died")
    }
}

/// All kinds, but for the one table that not every kernel lists.
fn kinds(lacking: &Lacking) -> Vec<Kind> {
    let kind =
        |(words, is_of_all, finds)| Kind { words, is_of_all, finds, times: 0, excused: 0, rows: 0, wrong: Vec::new() };
    let vlans = optional::Kind::Vlans;
    let is_listed = |kind: &Kind| kind.table() != vlans.table() || lacking.has(vlans);
    let mut kinds: Vec<_> = KINDS.into_iter().map(kind).filter(is_listed).collect();
    for kind in &mut kinds {
        let of_table = optional::Kind::of(kind.table());
        // Of what iproute2 may change, one is there from the beginning, and nothing else changes that.
        if of_table.is_some_and(|of_table| of_table.is_kept() && lacking.has(of_table)) {
            kind.finds = Finds::Something;
        }
    }
    kinds
}

fn list(sockeye: &Path, mut kinds: Vec<Kind>, is_over: &AtomicBool) -> Vec<Kind> {
    for place in PLACES.into_iter().cycle() {
        for kind in &mut kinds {
            if is_over.load(Ordering::Relaxed) {
                return kinds;
            }
            kind.times += 1;
            if let Err(error) = kind.once(sockeye, place)
                && kind.wrong.len() < COMPLAINTS_MAX
            {
                kind.wrong.push(format!("{kind}: {error:#}"));
            }
            thread::sleep(PAUSE);
        }
    }
    kinds
}

impl Kind {
    /// The table, or what stands in its place.
    fn table(&self) -> &'static str {
        self.words.split(' ').next().unwrap_or_default()
    }

    fn once(&mut self, sockeye: &Path, place: &str) -> Result<()> {
        let (mut command, netns) =
            if self.is_of_all { (place::alone(sockeye), "all") } else { (Command::new(sockeye), place) };
        command.args(self.words.split(' ')).args(["-N", netns]);
        if matches!(self.finds, Finds::Text) {
            let output = command.output().context("cannot be started")?;
            self.rows = output.stdout.split(|byte| *byte == b'\n').count();
            let errors = String::from_utf8_lossy(&output.stderr);
            // There are processes that even root may not look into.
            if !output.status.success() || errors.lines().any(|line| !line.contains("processes not permitted")) {
                bail!("{}: {errors}", output.status);
            }
            return Ok(());
        }
        let mut listing = Listing::of(&mut command)?;
        if listing.lacks.is_empty() && self.misses(&listing.rows).is_some() {
            // What the kernel does not mark can have hidden it, if others were deleted meanwhile (docs/completeness.md): not twice.
            listing = Listing::of(&mut command)?;
        }
        self.rows = listing.rows.len();
        if !listing.lacks.is_empty() {
            let is_excused = |lack: &str| EXCUSES.iter().any(|words| words.iter().all(|word| lack.contains(word)));
            if let Some(lack) = listing.lacks.iter().find(|lack| !is_excused(lack)) {
                bail!("nothing is to be missing here, but: {lack}");
            }
            self.excused += 1;
            return Ok(());
        }
        match self.misses(&listing.rows) {
            Some(sentence) => bail!("{sentence}, in {place}"),
            None => Ok(()),
        }
    }

    /// What is not in a listing that is whole, although it was there all the time.
    fn misses(&self, rows: &[Value]) -> Option<String> {
        let found = |is_it: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| is_it(row)).count();
        let (wanted, found) = match self.finds {
            Finds::One(values) => {
                (if self.is_of_all { PLACES.len() } else { 1 }, found(&|row| values.iter().all(|one| one.is_in(row))))
            }
            Finds::Listeners => (2, found(&|row| row["local_port"] == PORT && row["state"] == "listening")),
            Finds::Something if rows.is_empty() => return Some("it is whole and empty".to_owned()),
            Finds::Something | Finds::Anything | Finds::Text => return None,
        };
        (found != wanted).then(|| format!("{found} rows of what is there all the time, {wanted} wanted"))
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let netns = if self.is_of_all { " -N all" } else { "" };
        write!(f, "{}{netns}", self.words.trim_end_matches(" -o ndjson"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::TABLES;
    use super::*;

    #[test]
    fn every_table_that_is_followed_is_listed_too() {
        let listed: Vec<_> = kinds(&Lacking::default()).iter().map(Kind::table).collect();
        for table in TABLES {
            assert!(listed.contains(&table), "{table}");
        }
        let mut lacking = Lacking::default();
        lacking.add(optional::Kind::Vlans, "Operation not supported".to_owned());
        lacking.add(optional::Kind::Mdb, "Operation not supported".to_owned());
        let misses = |table: &str, rows: &[Value]| {
            let kinds = kinds(&lacking);
            kinds.iter().find(|kind| kind.table() == table).expect("it is listed").misses(rows)
        };
        assert!(misses("tc-classes", &[]).is_some(), "one is kept");
        assert!(misses("mdb", &[]).is_none() && misses("mroutes", &[]).is_none(), "nothing is kept of these");
        assert!(misses("rules", &[]).is_some());
        assert_eq!(kinds(&lacking).len() + 1, listed.len(), "a kernel without VLANs lists everything else");
    }

    #[test]
    fn a_row_is_found_by_all_of_its_values() {
        let row = serde_json::json!({"dst": "10.78.0.0/16", "table": "main", "priority": 4242});
        let route = [Known::Text("dst", "10.78.0.0/16"), Known::Text("table", "main")];
        assert!(route.into_iter().all(|one| one.is_in(&row)) && Known::Number("priority", 4242).is_in(&row));
        assert!(!Known::Text("table", "77").is_in(&row) && !Known::Number("priority", 4243).is_in(&row));
    }
}
