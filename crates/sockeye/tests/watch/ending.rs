//! How it ends.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process};
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::lines::ip;
use crate::watching::{PATIENCE, Watching, program};

/// Routes over the link 77.
pub(crate) fn routes(count: u32) -> impl Iterator<Item = Route> {
    let destination = |number: u32| std::net::Ipv4Addr::from(0x0b00_0000 + number).into();
    (0..count).map(move |number| Route::to(destination(number), 32, Via::Link(77)))
}

#[test]
fn signals_end_it_well() {
    in_namespace(|_| {
        for signal in [Signal::INT, Signal::TERM] {
            let watching = Watching::start(&[]);
            watching.signal(signal);
            let ended = watching.ended().with(0);
            assert_eq!(ended.stdout, "", "nothing happened");
            assert!(ended.stderr.starts_with("sockeye: watching "), "{}", ended.stderr);
            assert!(ended.stderr.contains(" tables, synced"), "{}", ended.stderr);
            // What this kernel lacks is said once, with the rest.
            assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        }
        Ok(())
    });
}

#[test]
fn what_happened_before_the_signal_is_told() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let watching = Watching::start(&["routes"]);
        // Stopped, so that the signal and the events are there together when it goes on.
        watching.stop();
        let all: Vec<_> = routes(500).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        watching.signal(Signal::INT);
        watching.signal(Signal::CONT);
        let ended = watching.ended().with(0);
        assert_eq!(ended.stdout.lines().count(), 500);
        Ok(())
    });
}

#[test]
fn a_signal_ends_it_also_while_changes_never_cease() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let watching = Watching::start(&["routes", "-o", "ndjson"]);
        let (new, old): (Vec<_>, Vec<_>) = routes(400).map(|route| (route.add(CREATE), route.delete())).unzip();
        let enough = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut asker = Asker::new();
                while !enough.load(Ordering::Relaxed) {
                    asker.all(&new);
                    asker.all(&old);
                }
            });
            let mut watching = watching;
            watching.object("a route", |object| object["table"] == "routes");
            watching.signal(Signal::INT);
            let ended = watching.ended();
            enough.store(true, Ordering::Relaxed);
            // Whether a gap is open at that moment is not ours to say.
            assert!(matches!(ended.status, 0 | 3), "{}: {}", ended.status, ended.stderr);
        });
        Ok(())
    });
}

#[test]
fn a_reader_that_goes_away_is_success() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::unread(&["routes"]);
        watching.close();
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Link(77)).add(CREATE));
        watching.ended().with(0);
        // As people do it.
        let script = "\"$@\" | head -n 2";
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_sockeye"), "watch", "--snapshot"]);
        let output = command.output().expect("it runs");
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
        Ok(())
    });
}

#[test]
fn a_namespace_that_is_not_there_is_a_mistake() {
    let output = program(&["-N", "nonesuch"]).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("there is no network namespace \"nonesuch\""), "{errors}");
}

#[test]
fn what_cannot_be_written_is_a_failure() {
    in_namespace(|_| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("every Linux has it");
        let mut command = program(&["links", "--snapshot"]);
        let ended = command.stdout(full).output().expect("runs");
        assert_eq!(ended.status.code(), Some(1));
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains("cannot write what happened: No space left on device"), "{said}");
        Ok(())
    });
}

#[test]
fn the_second_signal_ends_it_also_where_nobody_reads() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut child = program(&["routes", "-j"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("said");
        assert!(line.contains("synced"), "{line}");
        let all: Vec<_> = routes(2000).map(|route| route.add(CREATE)).collect();
        asker.all(&all);
        // Nobody reads, and it has more to write than fits a pipe.
        let stdout = child.stdout.take().expect("piped");
        let until = Instant::now() + *PATIENCE;
        // A piece that does not fit into what is left of a page begins the next: each of its 16 pages is full to one half at least.
        while ioctl_fionread(&stdout).expect("a pipe") < 32_000 {
            assert!(Instant::now() < until, "the pipe is not full");
            std::thread::sleep(Duration::from_millis(10));
        }
        let pid = Pid::from_child(&child);
        let status = loop {
            kill_process(pid, Signal::INT).expect("a child of ours");
            if let Some(status) = child.try_wait().expect("a child of ours") {
                break status;
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}");
        Ok(())
    });
}
