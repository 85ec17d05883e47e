//! The text of the newest release for recorded inputs, to the last blank: nothing moves, and no kernel is asked.
//!
//! In `recorded/` lie inputs (`*.diag`, `proc/`) and transcripts: a line of shell behind `$ `, below it what it must
//! print. They are made again, inputs first, by
//!
//! ```text
//! SOCKEYE_BLESS=inputs cargo test -p sockeye --test ss recorded -- --oracle PATH_OF_THE_NEWEST_SS
//! SOCKEYE_BLESS=texts  cargo test -p sockeye --test ss recorded -- --oracle PATH_OF_THE_NEWEST_SS
//! ```
//!
//! A line that is to be added is written into a transcript by hand, and the second command gives it its text.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sockeye_zoo::{Skip, in_namespace};

use crate::oracle::{Release, Side, Sides};
use crate::recording;

/// The release whose text is recorded.
const RECORDED: Release = Release(7, 1);

/// What a line of shell begins with in a transcript.
const PROMPT: &str = "$ ";

/// Lines that are held at least.
const LINES_MIN: usize = 60;

/// Where recordings lie.
pub(crate) fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/ss/recorded")
}

/// A line of shell and what it prints.
struct Held {
    line: String,
    text: String,
}

/// The lines of a transcript.
fn held(transcript: &str) -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    for line in transcript.split_inclusive('\n') {
        match (line.strip_prefix(PROMPT), held.last_mut()) {
            (Some(shell), _) => held.push(Held { line: shell.trim_end().to_owned(), text: String::new() }),
            (None, Some(last)) => last.text.push_str(line),
            (None, None) => panic!("a transcript begins with {PROMPT:?}"),
        }
    }
    held
}

/// What a transcript must hold for this line.
fn printed(side: &Side, folder: &Path, line: &str) -> String {
    let said = side.ask_in(folder, line);
    let mut text = said.text;
    if said.status != Some(0) {
        let _ = writeln!(text, "exit status {:?}", said.status);
    }
    text
}

/// The paths of all transcripts.
fn transcripts() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).expect("it is committed").map(|entry| entry.expect("readable").path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect();
    paths.sort();
    paths
}

/// Whether this is to be made again.
pub(crate) fn blesses(what: &str) -> bool {
    std::env::var_os("SOCKEYE_BLESS").is_some_and(|asked| asked == what)
}

/// Writes the transcripts again, with the text of the newest release.
fn bless(sides: &Sides, folder: &Path) {
    assert_eq!(sides.release, RECORDED, "--oracle names another release than the one that is recorded");
    for path in transcripts() {
        let transcript = fs::read_to_string(&path).expect("it is text");
        let lines = held(&transcript).into_iter().map(|held| held.line);
        let with_text = |line: String| format!("{PROMPT}{line}\n{}", printed(&sides.theirs, folder, &line));
        fs::write(&path, lines.map(with_text).collect::<String>()).expect("the repository can be written");
    }
}

pub(crate) fn the_text_is_that_of_the_newest_release() {
    in_namespace(|zoo| {
        if blesses("inputs") {
            return recording::record(zoo);
        }
        let folder = zoo.directory().join("recorded");
        recording::unpack(&folder);
        if blesses("texts") {
            bless(&Sides::find(zoo)?, &folder);
        }
        let ours = Sides::ours(zoo);
        let (mut complaints, mut lines) = (Vec::new(), 0);
        for path in transcripts() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for Held { line, text } in held(&fs::read_to_string(&path).expect("it is text")) {
                lines += 1;
                let ours = printed(&ours, &folder, &line);
                if ours != text {
                    complaints.push(format!("{name}: {line}\n{}", crate::compare::lines_apart(&text, &ours)));
                }
            }
        }
        assert!(complaints.is_empty(), "{} of {lines} differ:\n{}", complaints.len(), complaints.join("\n"));
        assert!(lines >= LINES_MIN, "only {lines} lines are held");
        Ok::<(), Skip>(())
    });
}
