//! What each command needs, and what it says without: every command under every privilege that makes a difference.
//!
//! `docs/privileges.md` holds what came of it; `SOCKEYE_BLESS=1` writes it anew. A cell that this machine cannot try is
//! skipped loudly, and keeps what the page says.

#![forbid(unsafe_code)]

mod answer;
mod commands;
mod page;
mod privilege;
mod stage;
#[path = "../support/tmux.rs"]
mod tmux;

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use sockeye_zoo::{Skip, Zoo, in_namespace, skip, slowness};

use answer::{Answer, Word};
use commands::{ASKED, Asked, Says};
use page::{Cells, NAMESPACE, NEEDS, USER, WITHOUT};
use privilege::{Privilege, TELLING, Together, capability, choices, sets};
use stage::{DIRECTORY, Directory, Stage};

/// The name of the test, by which it starts itself again.
const TEST: &str = "the_page_says_what_each_command_needs";
/// Capabilities that are tried together, at most.
const TOGETHER_MAX: usize = 3;
/// How often it is looked again. What is kept back is so each time; a process that this one has forked, and that has not begun yet,
/// holds for a moment whatever is held here.
const AGAIN_MAX: usize = 20;
/// Commands that run at once.
const THREADS: usize = 4;

#[test]
fn the_page_says_what_each_command_needs() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return in_namespace(|zoo| look(zoo, Path::new(&directory)));
    }
    let (mut cells, mut reasons) = (Cells::new(), Vec::new());
    for as_user in [false, true] {
        if !as_user && !stage::has_everything() {
            reasons.push(Skip::new(
                "everything",
                "only root can give capabilities and take them, all that make a difference",
            ));
            continue;
        }
        let directory = Directory::new();
        match stage::enter(&directory, TEST, as_user) {
            Ok(said) => take(&said, &mut cells),
            Err(reason) => reasons.push(reason),
        }
    }
    let test = if cells.is_empty() { TEST.to_owned() } else { in_part() };
    for reason in &reasons {
        skip::skip(&test, reason);
    }
    compare(&cells);
}

/// Prefixes are only announced, and `watch` has them.
#[test]
fn every_command_is_tried() {
    let output = Command::new(env!("CARGO_BIN_EXE_sockeye")).arg("--help").output().expect("it can be run");
    let help = String::from_utf8(output.stdout).expect("text");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<_> = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(commands.contains(&"sockets") && commands.contains(&"man"), "{commands:?}");
    for command in commands.into_iter().filter(|command| !command.is_empty() && *command != "prefixes") {
        let is_asked = ASKED.iter().any(|asked| asked.words.split(' ').next() == Some(command));
        assert!(is_asked, "{command} is not in tests/privileges/commands.rs");
    }
}

/// A command has keys that need more than it does itself: those of which its help says so.
#[test]
fn every_key_that_needs_a_capability_is_tried() {
    const HELP: &str = include_str!("../../src/top/draw/help.rs");
    let needing = HELP.lines().filter(|line| line.contains("CAP_")).filter_map(|line| line.split('"').nth(1));
    let needing: Vec<_> = needing.collect();
    assert_eq!(needing, ["x"], "the help is read as it is written");
    for key in needing {
        let is_asked = ASKED.iter().any(|asked| asked.words.starts_with("top ") && asked.typed().1 == Some(key));
        assert!(is_asked, "{key} of top is not in tests/privileges/commands.rs");
    }
}

/// The name of the test where something of it is skipped.
fn in_part() -> String {
    format!("{TEST} in part")
}

/// What the stage said: cells, and what it could not try.
fn take(said: &str, cells: &mut Cells) {
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        match (text("words"), text("column"), text("says"), text("key")) {
            (Some(words), Some(column), Some(says), _) => drop(cells.insert((words, column), says)),
            (Some(words), _, Some(says), Some(key)) => {
                skip::skip(&in_part(), &Skip::new(key, format!("{words}: {says}")));
            }
            _ => panic!("{line}"),
        }
    }
}

/// Holds the page against what was tried, or writes it.
fn compare(tried: &Cells) {
    let page = page::held();
    let mut held = page::read(&page);
    if std::env::var_os("SOCKEYE_BLESS").is_some_and(|value| value == "1") {
        let is_tried_anew = |words: &String| tried.keys().any(|(tried, column)| tried == words && column == USER);
        held.retain(|(words, column), _| !(column.starts_with(WITHOUT) && is_tried_anew(words)));
        held.extend(tried.iter().map(|(cell, says)| (cell.clone(), says.clone())));
        return page::write(&held);
    }
    let mut wrong = Vec::new();
    for (cell @ (words, column), says) in tried {
        match held.get(cell) {
            Some(held) if held == says => {}
            Some(held) => wrong.push(format!("sockeye {words}, {column}:\n  held: {held}\n  said: {says}")),
            None => wrong.push(format!("sockeye {words}, {column}: not on the page: {says}")),
        }
    }
    let is_tried = |words: &str, column: &str| tried.contains_key(&(words.to_owned(), column.to_owned()));
    for (words, column) in held.keys().filter(|(words, column)| column.starts_with(WITHOUT) && is_tried(words, USER)) {
        if !is_tried(words, column) {
            wrong.push(format!("sockeye {words}, {column}: on the page, and makes no difference"));
        }
    }
    assert!(wrong.is_empty(), "docs/privileges.md is not right; SOCKEYE_BLESS=1 writes it anew:\n{}", wrong.join("\n"));
    assert_eq!(page::render(&held), page, "what stands around the tables; SOCKEYE_BLESS=1 writes it anew");
}

/// On the stage: runs everything, and writes what came of it into the directory.
fn look(zoo: &Zoo, directory: &Path) -> Result<(), Skip> {
    let (stage, _specimens) = Stage::set(zoo, directory)?;
    let (next, said) = (AtomicUsize::new(0), Mutex::new(String::new()));
    let run = |asked: &'static Asked| {
        let lines = Look { stage: &stage, asked }.all();
        let mut said = said.lock().expect("nobody has died");
        for line in lines {
            writeln!(said, "{line}").expect("a text");
        }
    };
    // What makes sockets is run when no other looks at them.
    let (alone, together): (Vec<_>, Vec<_>) = ASKED.iter().partition(|asked| asked.says.makes_sockets());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(asked) = together.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(asked);
                }
            });
        }
    });
    alone.into_iter().for_each(run);
    std::fs::write(directory.join("said"), said.into_inner().expect("nobody has died")).expect("it can be written");
    Ok(())
}

/// One command under every privilege.
struct Look<'s> {
    stage: &'s Stage,
    asked: &'static Asked,
}

impl Look<'_> {
    fn all(&self) -> Vec<Value> {
        let (words, lacking) = (self.asked.name(), self.asked.lacking);
        if self.asked.says == Says::Pressed && Command::new("tmux").arg("-V").output().is_err() {
            return vec![json!({"words": words, "key": "tmux", "says": "tmux is not installed"})];
        }
        if self.asked.is_of_storage {
            match &self.stage.storage {
                _ if !self.stage.is_roots => return Vec::new(),
                Err(reason) => return vec![json!({"words": words, "key": reason.key, "says": reason.reason})],
                Ok(_) => {}
            }
        }
        let own = self.own();
        let is_refused = own.reasons.iter().any(|reason| reason.contains("permitted"));
        if let Some(key) = lacking.filter(|_| own.status != 0 && !is_refused) {
            let says = own.reasons.into_iter().collect::<Vec<_>>().join("; ");
            return vec![json!({"words": words, "key": key, "says": says})];
        }
        if !self.stage.is_roots {
            return vec![json!({"words": words, "column": NAMESPACE, "says": self.in_namespace(&own)})];
        }
        assert_eq!((own.status, own.beside_nothing()), (0, Word::Whole), "root is told everything: {words}");
        let mut lines = vec![
            json!({"words": words, "column": USER, "says": self.cell(self.under(&Privilege::User(vec![]), &own))}),
            json!({"words": words, "column": NEEDS, "says": self.needed(&own)}),
        ];
        for name in TELLING {
            let word = self.under(&Privilege::Without(vec![name]), &own);
            if word != Word::Whole {
                let column = format!("{WITHOUT}{}", capability(name));
                lines.push(json!({"words": words, "column": column, "says": self.cell(word)}));
            }
        }
        if self.asked.is_of_storage {
            let word = self.under(&Privilege::RootOfNamespace, &own);
            lines.push(json!({"words": words, "column": NAMESPACE, "says": self.cell(word)}));
        }
        let others = self.under(&Privilege::Only(TELLING.to_vec()), &own);
        assert_eq!(others, Word::Whole, "no other capability makes a difference: {words}");
        lines
    }

    /// What is answered under the privilege that there is. Where a machine is busy, or a namespace of another test goes meanwhile, an
    /// answer says that it is not whole.
    fn own(&self) -> Answer {
        let is_whole = |own: &Answer| (own.status, own.beside_nothing()) == (0, Word::Whole);
        let ask = || self.answer(&Privilege::Own);
        // What this kernel lacks it lacks each time.
        let tries = if self.stage.is_roots && self.asked.lacking.is_none() { 4 } else { 1 };
        (1..tries).map(|_| ask()).find(is_whole).unwrap_or_else(ask)
    }

    /// What the root of a user namespace is told. What is not as the page says is asked for again: a process of another command
    /// that just starts or ends may not be looked at, for a moment.
    fn in_namespace(&self, own: &Answer) -> String {
        let held = page::read(&page::held()).remove(&(self.asked.name().to_owned(), NAMESPACE.to_owned()));
        let mut says = self.cell(own.beside_nothing());
        for _ in 0..AGAIN_MAX {
            if held.as_ref().is_none_or(|held| *held == says) {
                break;
            }
            says = self.cell(self.answer(&Privilege::Own).beside_nothing());
        }
        says
    }

    /// The smallest sets of capabilities with which an ordinary user is told everything.
    fn needed(&self, own: &Answer) -> String {
        let held = page::read(&page::held()).remove(&(self.asked.name().to_owned(), NEEDS.to_owned()));
        if let Some(held) = held.filter(|held| slowness() > 1 && self.is_needed(held, own)) {
            return held;
        }
        let mut enough: Vec<Vec<&str>> = Vec::new();
        for count in 0..=TOGETHER_MAX {
            if count == TOGETHER_MAX && !enough.is_empty() {
                break;
            }
            for names in choices(count) {
                let is_more = enough.iter().any(|enough| enough.iter().all(|name| names.contains(name)));
                if !is_more && self.under(&Privilege::User(names.clone()), own) == Word::Whole {
                    enough.push(names);
                }
            }
        }
        match enough.as_slice() {
            [] => panic!("no {TOGETHER_MAX} capabilities are enough for {}", self.asked.words),
            [nothing] if nothing.is_empty() => "nothing".to_owned(),
            enough => enough.iter().map(|names| Together(names).to_string()).collect::<Vec<_>>().join(", or "),
        }
    }

    /// Whether each of these sets is enough, and none with a capability less. Where everything takes ten times as long, it has
    /// to do that no others were tried.
    fn is_needed(&self, held: &str, own: &Answer) -> bool {
        let is_enough = |names: Vec<&'static str>| self.under(&Privilege::User(names), own) == Word::Whole;
        let Some(sets) = sets(held) else { return false };
        sets.iter().all(|set| {
            let fewer = (0..set.len()).map(|at| [&set[..at], &set[at + 1..]].concat());
            is_enough(set.clone()) && !fewer.into_iter().any(is_enough)
        })
    }

    fn answer(&self, privilege: &Privilege) -> Answer {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let mut command = privilege.command(&self.stage.program());
        // At every address: no other listener has its port.
        let victim = self.asked.says.has_victim().then(|| TcpListener::bind("0.0.0.0:0").expect("a port is free"));
        let port = victim.as_ref().map_or(0, |victim| victim.local_addr().expect("bound").port());
        let words = self.stage.words(self.asked.typed().0, number, port);
        Answer::of(command.args(words), self.asked, &self.stage.of_run(number))
    }

    /// What a command is under a privilege. What differs without a word is asked for again: timers run, and with them which
    /// fields there are.
    fn under(&self, privilege: &Privilege, own: &Answer) -> Word {
        let mut word = self.answer(privilege).beside(own);
        for _ in 0..AGAIN_MAX {
            if !matches!(word, Word::Silent(..)) {
                break;
            }
            let own = self.answer(&Privilege::Own);
            word = self.answer(privilege).beside(&own);
        }
        word
    }

    /// The words for people. Less without a word is what only the `ss` of others does.
    fn cell(&self, word: Word) -> String {
        let (words, says) = (self.asked.name(), self.asked.says);
        match word {
            Word::Whole => "all".to_owned(),
            Word::Partly(status, reasons) => format!("in part, status {status}: {}", reasons.join("; ")),
            Word::Refused(reasons) => format!("nothing, status 1: {}", reasons.join("; ")),
            Word::Silent(status, _) if says == Says::AsSs => format!("less, status {status}, in silence as `ss`"),
            Word::Silent(status, lines) => {
                panic!("sockeye {words}: other things are said, with status {status} and no word about it: {lines:#?}")
            }
        }
    }
}
