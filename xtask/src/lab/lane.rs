//! Which tests are run in a guest, and how long each may take there.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::Args;
use crate::suite::build::{self, Program};

/// A test program, what it is told, and what it may take in a guest.
struct Entry {
    name: &'static str,
    told: &'static [&'static str],
    /// Several times what it takes where nothing else runs: reaching it means that it hangs.
    seconds_max: u32,
}

/// What is run of which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The least that shows that a kernel is understood.
    Smoke,
    /// What asks the kernel in namespaces that it makes.
    Namespaces,
    /// Everything that asks the kernel.
    All,
    /// What the command line names.
    Named,
}

/// What is run.
pub(super) struct Lane {
    pub(super) which: Which,
    names: Vec<String>,
    told: Vec<String>,
}

/// A program to be run in a guest.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) program: Program,
    pub(super) told: Vec<String>,
    pub(super) seconds_max: u32,
}

impl Task {
    /// A script of the shell in the folder of results.
    pub(super) fn script(name: &str) -> Self {
        let program = Program {
            name: name.to_owned(),
            path: "/bin/sh".into(),
            folder: build::REPOSITORY.into(),
            binaries: Vec::new(),
        };
        Self { program, told: vec![format!("/run/lab/{name}")], seconds_max: NAMED_SECONDS_MAX }
    }
}

/// Of the words that choose tests of a program by parts of their names, the first that no test has. Options say something else.
pub(super) fn chooses_nothing<'w>(told: &'w [String], names: &BTreeSet<String>) -> Option<&'w str> {
    let words = || told.iter().map(String::as_str);
    let has_options = words().any(|word| word.starts_with('-') || word.starts_with('/'));
    words().filter(|_| !has_options).find(|word| !names.iter().any(|name| name.contains(word)))
}

const fn entry(name: &'static str, seconds_max: u32) -> Entry {
    Entry { name, told: &[], seconds_max }
}

/// What a program may take that no lane has.
const NAMED_SECONDS_MAX: u32 = 1800;

const SMOKE: [Entry; 6] = [
    // It sets limits of the whole machine, which may be done where the machine is thrown away. First, since closed connections that
    // others leave behind count there for minutes.
    entry("sockeye/limits", 900),
    entry("sockeye/kinds", 900),
    entry("bpf/events", 900),
    // The program that finds owners, and that it finds the same as /proc.
    entry("bpf/lib", 900),
    entry("owners/both_sources", 900),
    Entry {
        name: "sockeye/watch",
        told: &["facts", "lines", "lives::traced", "namespaces", "sockets"],
        seconds_max: 600,
    },
];

const NAMESPACES: [Entry; 10] = [
    entry("sockeye/limits", 900),
    entry("sockeye/kinds", 900),
    entry("sockeye/differential", 600),
    entry("sockeye/ss", 900),
    entry("sockeye/beside_ip", 900),
    entry("sockeye/tool", 1200),
    entry("sockeye/watch", 1800),
    entry("sockeye/top", 600),
    // Some thirty looks at a machine, ten times as long as elsewhere.
    Entry { name: "sockeye/why", told: &["--skip", MEASURING], seconds_max: 1200 },
    entry("bpf/events", 900),
];

/// What `--all` adds.
const BESIDE: [Entry; 16] = [
    entry("bpf/lib", 900),
    entry("conn/lib", 900),
    entry("conn/kernel", 600),
    entry("owners/lib", 900),
    entry("owners/threads", 900),
    entry("owners/both_sources", 900),
    entry("owners/like_std", 900),
    entry("owners/may_and_may_not", 900),
    entry("owners/permission", 900),
    entry("owners/real_proc", 900),
    entry("query/kernel_agreement", 900),
    entry("zoo/isolation", 900),
    entry("zoo/proc", 900),
    entry("zoo/ss", 900),
    entry("sockeye/bin", 900),
    // Every command under every privilege: some thousand runs.
    entry("sockeye/privileges", 2400),
];

/// What asks no kernel, or not one in emulation: packages, or programs of them. Every other program is in a lane.
const BY_THE_HOST: [&str; 12] = [
    "fuzz/",
    "state/",
    "wire/",
    "xtask/",
    "query/lib",
    "query/filter",
    "zoo/lib",
    "zoo/bin",
    "owners/copied_proc",
    // Needs a feature of the package.
    "conn/tokio",
    // These read files.
    "sockeye/captures",
    "sockeye/hostile",
];

/// What measures what holds connections up: in emulation that is the emulation.
const MEASURES: &str = "sockeye/causes";
/// The same among the tests of `sockeye why`.
const MEASURING: &str = "causes::";

/// The tests that make captures when they are asked.
const CAPTURES: [Entry; 2] = [
    Entry { name: "sockeye/captures", told: &["captured_when_asked"], seconds_max: 300 },
    Entry { name: "sockeye/beside_ip", told: &["captured_when_asked"], seconds_max: 600 },
];

/// The programs of those.
pub(super) fn captures(programs: &[Program]) -> Result<Vec<Task>> {
    CAPTURES.iter().map(|entry| task(programs, entry)).collect()
}

fn task(programs: &[Program], entry: &Entry) -> Result<Task> {
    let told = entry.told.iter().map(|&word| word.to_owned()).collect();
    Ok(Task { program: found(programs, entry.name)?, told, seconds_max: entry.seconds_max })
}

impl Lane {
    /// That of a command line.
    pub(super) fn of(args: &Args) -> Self {
        let which = match args {
            Args { smoke: true, .. } => Which::Smoke,
            Args { all: true, .. } | Args { page: true, .. } => Which::All,
            Args { test, .. } if test.is_empty() => Which::Namespaces,
            Args { .. } => Which::Named,
        };
        Self { which, names: args.test.clone(), told: args.told.clone() }
    }

    /// What the folder is for in which its results are. What may stand in docs/kernels.md has its own: each program as
    /// `--all` runs it, so that nothing else takes its place.
    pub(super) fn purpose(&self) -> &'static str {
        match self.which {
            Which::All => "tests",
            Which::Named if self.told.is_empty() => "tests",
            Which::Smoke | Which::Namespaces | Which::Named => "part",
        }
    }

    /// The programs of this lane.
    ///
    /// # Errors
    ///
    /// If there is none of a name.
    pub(super) fn tasks(&self, programs: &[Program]) -> Result<Vec<Task>> {
        let entries: Vec<&Entry> = match self.which {
            Which::Smoke => SMOKE.iter().collect(),
            Which::Namespaces => NAMESPACES.iter().collect(),
            Which::All => {
                everything_has_its_place(programs)?;
                everything().collect()
            }
            Which::Named => return self.named(programs),
        };
        entries.into_iter().map(|entry| task(programs, entry)).collect()
    }

    fn named(&self, programs: &[Program]) -> Result<Vec<Task>> {
        let named = |name: &String| {
            let (program, told) = (found(programs, name)?, self.told.clone());
            match everything().find(|entry| entry.name == program.name) {
                // What failed in a run of everything is run again in the same way.
                Some(entry) if told.is_empty() => task(programs, entry),
                _ => Ok(Task { program, told, seconds_max: NAMED_SECONDS_MAX }),
            }
        };
        self.names.iter().map(named).collect()
    }
}

/// What `--all` runs.
fn everything() -> impl Iterator<Item = &'static Entry> {
    NAMESPACES.iter().chain(&BESIDE)
}

/// The programs of `--all`.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    everything().map(|entry| entry.name)
}

/// A program that nobody thought of is in no lane.
///
/// # Errors
///
/// If there is one.
fn everything_has_its_place(programs: &[Program]) -> Result<()> {
    let is_known = |name: &str| {
        name == MEASURES
            || everything().any(|entry| entry.name == name)
            || BY_THE_HOST.iter().any(|known| name.starts_with(known))
    };
    match programs.iter().find(|program| !is_known(&program.name)) {
        Some(program) => bail!("{} is in no lane of the lab (xtask/src/lab/lane.rs)", program.name),
        None => Ok(()),
    }
}

/// The program of a name, with or without its package.
fn found(programs: &[Program], name: &str) -> Result<Program> {
    let has_name = |program: &&Program| {
        program.name == name || program.name.split_once('/').is_some_and(|(_, without)| without == name)
    };
    let found: Vec<&Program> = programs.iter().filter(has_name).collect();
    match found[..] {
        [program] => Ok(program.clone()),
        [] => {
            let names: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
            bail!("there is no test program {name}, but {}", names.join(", "))
        }
        _ => {
            let names: Vec<&str> = found.iter().map(|program| program.name.as_str()).collect();
            bail!("{name} may be {}", names.join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(names: &[&str]) -> Vec<Program> {
        let program = |name: &&str| Program {
            name: (*name).to_owned(),
            path: "p".into(),
            folder: "f".into(),
            binaries: Vec::new(),
        };
        names.iter().map(program).collect()
    }

    #[test]
    fn a_program_that_nobody_thought_of_is_missed() {
        assert!(
            everything_has_its_place(&programs(&["sockeye/watch", "wire/lib", "conn/lib", "sockeye/causes"])).is_ok()
        );
        let missed = everything_has_its_place(&programs(&["sockeye/watch", "sockeye/watcher"])).unwrap_err();
        assert!(missed.to_string().starts_with("sockeye/watcher is in no lane"), "{missed}");
    }

    #[test]
    fn a_word_that_chooses_no_test_is_missed() {
        let names = BTreeSet::from(["lives::traced::a".to_owned(), "facts::b".to_owned()]);
        let missed = |told: &[&str]| {
            let told: Vec<String> = told.iter().map(|&word| word.to_owned()).collect();
            chooses_nothing(&told, &names).map(str::to_owned)
        };
        assert_eq!(missed(&["facts", "lives::traced"]), None);
        assert_eq!(missed(&["facts", "lives::tracked"]), Some("lives::tracked".to_owned()));
        assert_eq!(missed(&["--skip", "causes::"]), None, "nothing is chosen by it");
    }

    #[test]
    fn a_program_that_is_named_runs_as_of_everything_unless_it_is_told_something() {
        let programs = programs(&["sockeye/why", "sockeye/kinds"]);
        let named = |told: &[&str]| {
            let told = told.iter().map(|&word| word.to_owned()).collect();
            let lane = Lane { which: Which::Named, names: vec!["why".to_owned()], told };
            let task = lane.tasks(&programs).unwrap().remove(0);
            (lane.purpose(), task.told.join(" "), task.seconds_max)
        };
        assert_eq!(named(&[]), ("tests", format!("--skip {MEASURING}"), 1200));
        assert_eq!(named(&["reach"]), ("part", "reach".to_owned(), NAMED_SECONDS_MAX));
    }

    #[test]
    fn what_other_lanes_leave_is_kept_apart() {
        let purpose = |which| Lane { which, names: Vec::new(), told: Vec::new() }.purpose();
        assert_eq!([Which::All, Which::Named].map(purpose), ["tests"; 2]);
        assert_eq!([Which::Smoke, Which::Namespaces].map(purpose), ["part"; 2]);
    }

    #[test]
    fn a_program_is_found_with_and_without_its_package() {
        let programs = programs(&["sockeye/ss", "zoo/ss", "conn/kernel"]);
        assert_eq!(found(&programs, "kernel").unwrap().name, "conn/kernel");
        assert_eq!(found(&programs, "zoo/ss").unwrap().name, "zoo/ss");
        assert_eq!(found(&programs, "ss").unwrap_err().to_string(), "ss may be sockeye/ss or zoo/ss");
        assert!(found(&programs, "watc").is_err(), "a part of a name is no name");
    }
}
