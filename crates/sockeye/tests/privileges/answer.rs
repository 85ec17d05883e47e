//! What a command answered, so that two answers can be compared: what they say, and what they say is missing.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sockeye_zoo::patience;

use crate::commands::{Asked, Says};
use crate::tmux::Tmux;

/// By what a part of a text is known to be about a privilege. The last is a watch that has no events of the kernel.
const ABOUT_PRIVILEGE: [&str; 5] = ["not permitted", "CAP_", "may not ", "ermission", BY_DUMPS];
const BY_DUMPS: &str = "from destroy-groups and dumps";
/// How that is asked for.
const DUMPS: &str = "--source dumps";

/// How long an event is waited for that happens thousands of times a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a command answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: i32,
    /// Its rows or lines, without numbers, which differ from time to time.
    said: Vec<String>,
    /// What it says that is missing, and why.
    pub(crate) reasons: BTreeSet<String>,
}

/// What an answer is, beside that of somebody who may do everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// All of it.
    Whole,
    /// A part, with this status, and what it says of the rest.
    Partly(i32, Vec<String>),
    /// Nothing, and why.
    Refused(Vec<String>),
    /// Less, and nothing is said of it: the status, and lines that only one of them has.
    Silent(i32, Vec<String>),
}

impl Answer {
    /// Runs a command to its end. `directory`: of this run alone.
    pub(crate) fn of(command: &mut Command, asked: &Asked, directory: &Path) -> Self {
        let says = asked.says;
        command.env("NO_COLOR", "1").env("COLUMNS", "200").stdin(Stdio::null());
        let output = match says {
            Says::Verdict => command.args(["-o", "ndjson"]).output().expect("it can be started"),
            Says::Text | Says::Static | Says::AsSs | Says::Closes => command.output().expect("it can be started"),
            Says::Watch => watched(command),
            Says::Events => heard(command),
            Says::Pressed => pressed(command, asked.typed().1.expect("a key"), directory),
        };
        let mut answer = Self::read(&output, says);
        if asked.words.ends_with(DUMPS) {
            // It was asked for.
            answer.reasons.retain(|reason| !reason.ends_with(BY_DUMPS));
        }
        answer
    }

    fn read(output: &Output, says: Says) -> Self {
        let status = code(output.status, output);
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{stderr}");
        let mut reasons: BTreeSet<String> = stderr.lines().flat_map(parts).collect();
        let mut said = Vec::new();
        for line in stdout.lines() {
            let verdict = if says == Says::Verdict { serde_json::from_str::<Value>(line).ok() } else { None };
            match verdict.as_ref().and_then(|line| line.get("verdict")) {
                Some(verdict) => reasons.extend(missing(verdict)),
                None if says == Says::Text && is_about_privilege(line) => reasons.extend(parts(line)),
                // What comes in a stream depends on when it is looked at.
                None if matches!(says, Says::Watch | Says::Events) => {}
                // What they take has one unit or another.
                None if line.starts_with("dumps every ") => {}
                None => said.push(bare(line)),
            }
        }
        said.sort();
        // Where it failed, every word is about that; else what this kernel lacks is not.
        reasons.retain(|reason| status == 1 || is_about_privilege(reason));
        Self { status, said, reasons }
    }

    /// What this is where there is nothing to compare it with.
    pub(crate) fn beside_nothing(&self) -> Word {
        self.beside(&Self { status: 0, said: self.said.clone(), reasons: BTreeSet::new() })
    }

    /// What this is beside a whole answer.
    pub(crate) fn beside(&self, whole: &Self) -> Word {
        let reasons: Vec<_> = self.reasons.difference(&whole.reasons).cloned().collect();
        match self.status {
            1 => Word::Refused(reasons),
            0 if self.said == whole.said && reasons.is_empty() => Word::Whole,
            status if reasons.is_empty() => {
                let only = |one: &Self, other: &Self, side: char| {
                    let lines = one.said.iter().filter(|line| !other.said.contains(line));
                    lines.map(|line| format!("{side} {line}")).collect::<Vec<_>>()
                };
                Word::Silent(status, [only(whole, self, '-'), only(self, whole, '+')].concat())
            }
            status => Word::Partly(status, reasons),
        }
    }
}

fn is_about_privilege(text: &str) -> bool {
    ABOUT_PRIVILEGE.iter().any(|about| text.contains(about))
}

/// Runs a watch until it is in sync, or has ended by itself.
fn watched(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
    let output = child.stdout.take().expect("piped");
    let stdout = thread::spawn(move || all(output));
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    let mut stderr = Vec::new();
    while errors.read_until(b'\n', &mut stderr).expect("a pipe can be read") > 0 {
        if String::from_utf8_lossy(&stderr).contains("synced") {
            signal(&child, Signal::INT);
            break;
        }
    }
    errors.read_to_end(&mut stderr).expect("a pipe can be read");
    let status = child.wait().expect("a child of ours");
    Output { status, stdout: stdout.join().expect("it read"), stderr }
}

/// Runs a stream until it has told of an event, which we make, or has ended by itself.
fn heard(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
    let errors = child.stderr.take().expect("piped");
    let stderr = thread::spawn(move || all(errors));
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let (sender, lines) = mpsc::channel();
    let stdout = thread::spawn(move || {
        let mut stdout = Vec::new();
        for line in output.split(b'\n') {
            stdout.extend_from_slice(&line.expect("a pipe can be read"));
            stdout.push(b'\n');
            let _ = sender.send(());
        }
        stdout
    });
    let (is_over, made) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
            let address = listener.local_addr().expect("bound");
            while !is_over.load(Ordering::Relaxed) {
                let client = TcpStream::connect(address).expect("taken");
                let _server = listener.accept().expect("one waits");
                // Closing it breaks it off: nothing stays behind.
                rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).expect("set");
                made.fetch_add(1, Ordering::Relaxed);
            }
        });
        // A heading, and the first event.
        for line in 0..2 {
            match lines.recv_timeout(patience(PATIENCE)) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    // A panic would wait for the thread, which may be what does not go on.
                    let made = made.load(Ordering::Relaxed);
                    eprintln!("{line} lines of {command:?} after {made} connections");
                    let _ = child.kill();
                    std::process::exit(101);
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    // `ss` hears no signal, and one that is ignored here, as what runs in the background has it, is so there.
    signal(&child, ENDS);
    let status = child.wait().expect("a child of ours");
    Output { status, stdout: stdout.join().expect("it read"), stderr: stderr.join().expect("it read") }
}

/// Types a key where a screen has a single socket, and says yes to the question that comes. What stands in the question where
/// it is none is what is missing.
fn pressed(command: &Command, key: &str, directory: &Path) -> Output {
    std::fs::create_dir(directory).expect("a directory of our own");
    let words: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).collect();
    let line = words.iter().map(|word| word.to_str().expect("a word of ours")).collect::<Vec<_>>().join(" ");
    let tmux = Tmux::start(directory, &line).expect("who has sockeye's other tests has tmux");
    tmux.sees("the socket", |screen| screen.contains("0 conns, 1 listener"));
    tmux.keys(&[key]);
    let asked = tmux.sees("a question", |screen| [YES, NO].iter().any(|answer| screen.contains(answer)));
    let (mut said, mut status) = (String::new(), 0);
    let missing = if asked.contains(YES) {
        tmux.keys(&["y"]);
        let told = tmux.sees("what came of it", |screen| screen.contains("closed") && !screen.contains(YES));
        let foot = told.lines().find(|line| line.contains("closed")).expect("it was seen");
        said.push_str(foot.trim());
        status = i32::from(said.contains("not closed"));
        if status == 0 { String::new() } else { said.clone() }
    } else {
        let inside = asked.lines().filter_map(|line| line.trim().strip_prefix("| ")?.strip_suffix(" |"));
        inside.map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    };
    Output { status: ExitStatus::from_raw(status << 8), stdout: said.into_bytes(), stderr: missing.into_bytes() }
}

/// What the question ends with, and what stands there where nothing is asked.
const YES: &str = "y closes it";
const NO: &str = "any key goes back";

/// Ends what hears no signal.
const ENDS: Signal = Signal::TERM;

/// Asks it to end; it may have.
fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("the number of a process");
    let _ = kill_process(pid, signal);
}

fn all(mut from: impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).expect("a pipe can be read");
    bytes
}

/// The exit status. One that was ended by the signal that we send has none; `ss` ends so.
fn code(status: ExitStatus, output: &Output) -> i32 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) if signal == ENDS.as_raw() => 0,
        _ => panic!("{status}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The reasons of a verdict.
fn missing(verdict: &Value) -> Vec<String> {
    let missing = verdict["missing"].as_array().expect("every verdict lists what is missing");
    missing.iter().filter_map(|one| one["reason"].as_str()).map(bare).collect()
}

/// The parts of a line that speak for themselves, without what says who speaks.
fn parts(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = ["sockeye: ", "ss: ", "note: ", "owners in part: "]
        .iter()
        .fold(line, |line, prefix| line.strip_prefix(prefix).unwrap_or(line));
    let parts = line.split("; ").flat_map(|part| part.split(" · "));
    // How long something took is of no interest.
    parts.filter(|part| !part.starts_with("a round of dumps")).map(bare).filter(|part| !part.is_empty()).collect()
}

/// A text without numbers and with single blanks. Digits that are part of a name stay.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    for word in text.split_whitespace() {
        if !bare.is_empty() {
            bare.push(' ');
        }
        let mut before = ' ';
        for letter in word.chars() {
            let is_of_name = before.is_ascii_alphabetic() || before == '_';
            if !letter.is_ascii_digit() || is_of_name {
                bare.push(letter);
            } else if !before.is_ascii_digit() {
                bare.push('N');
            }
            before = if letter.is_ascii_digit() && is_of_name { before } else { letter };
        }
    }
    // A time that is a whole number of seconds, by chance.
    without_drawings(&bare).replace("Ns Nms", "Ns").replace("N process ", "N processes ").replace("N row ", "N rows ")
}

/// A text in which a drawing of bars, of which there are the more the longer it was looked, is one bar.
fn without_drawings(text: &str) -> String {
    let is_bar = |letter: char| ('\u{2581}'..='\u{2588}').contains(&letter);
    let mut before = ' ';
    let kept = text.chars().filter_map(|letter| {
        let is_more = is_bar(letter) && is_bar(before);
        before = letter;
        (!is_more).then_some(if is_bar(letter) { '\u{2581}' } else { letter })
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: i32, said: &[&str], reasons: &[&str]) -> Answer {
        let owned = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        Answer { status, said: owned(said), reasons: owned(reasons).into_iter().collect() }
    }

    #[test]
    fn less_without_a_word_is_found() {
        let whole = answer(0, &["a", "b"], &["this kernel has no sctp"]);
        assert_eq!(whole.beside(&whole), Word::Whole);
        assert_eq!(
            answer(0, &["a"], &["this kernel has no sctp"]).beside(&whole),
            Word::Silent(0, vec!["- b".to_owned()])
        );
        assert_eq!(answer(3, &["a"], &["x"]).beside(&whole), Word::Partly(3, vec!["x".to_owned()]));
        assert_eq!(answer(1, &[], &["x"]).beside(&whole), Word::Refused(vec!["x".to_owned()]));
    }

    #[test]
    fn a_line_says_several_things_that_do_not_depend_on_numbers() {
        let said = parts("ss: 4 of 16 processes not permitted (needs CAP_X); processes elsewhere are not seen");
        assert_eq!(said, ["N of N processes not permitted (needs CAP_X)", "processes elsewhere are not seen"]);
        assert_eq!(bare("in 1s 27ms"), bare("in 2s"));
        assert_eq!(bare("1.2ms ▁▁▃ 7"), bare("3.4ms █ 8"));
        assert_eq!(bare("where 1 process may  not"), "where N processes may not");
        assert_eq!(bare("md5_signatures 127.0.0.1:80"), "md5_signatures N.N.N.N:N");
    }
}
