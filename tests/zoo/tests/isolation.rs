//! A namespace is fresh, is gone afterwards, and cannot be entered without running the test in it.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::parent_id;
use std::process::Command;
use std::time::Duration;

use sockeye_zoo::skip::needs_low_ports;
use sockeye_zoo::{Skip, in_namespace, patience};

#[test]
fn a_namespace_is_empty_and_its_loopback_device_is_up() {
    in_namespace(|_| {
        let table = std::fs::read_to_string("/proc/net/tcp").expect("/proc is mounted");
        assert_eq!(table.lines().count(), 1, "only the heading:\n{table}");
        needs_low_ports()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, 80)).expect("root of its own namespace may have any port");
        Ok(())
    });
}

#[test]
#[should_panic(expected = "said inside")]
fn a_failure_inside_is_a_failure_outside() {
    in_namespace(|_| -> Result<(), Skip> {
        // The child's harness is told of this panic too, and calls it success: `should_panic` is true of it as well.
        // What fails the parent is that the report of a body that came to its end is missing.
        panic!("said inside");
    });
    // Only reached where namespaces are not allowed.
    panic!("said inside");
}

#[test]
#[expect(clippy::zombie_processes, reason = "what a test leaves is what this one is about")]
fn a_program_that_is_left_behind_is_a_failure_and_no_wait_without_end() {
    let note = |parent: u32| std::env::temp_dir().join(format!("sockeye-zoo-left-behind-{parent}"));
    let tried = std::panic::catch_unwind(|| {
        in_namespace(|_| {
            // It ends by itself, long after the parent has given up on its output.
            let seconds = patience(Duration::from_mins(1)).as_secs();
            let left = Command::new("sleep").arg(seconds.to_string()).spawn().expect("sleep is part of every system");
            std::fs::write(note(parent_id()), left.id().to_string()).expect("there is room");
            Ok(())
        });
    });
    let Err(panicked) = tried else {
        // Nothing is left behind where nothing was begun.
        assert!(namespaces_are_forbidden(), "it was no failure");
        return;
    };
    let said = panicked.downcast_ref::<String>().expect("a sentence");
    assert!(said.contains("has left a program behind"), "{said}");
    let note = note(std::process::id());
    let left: i32 = std::fs::read_to_string(&note).expect("it was written").parse().expect("a number");
    std::fs::remove_file(&note).expect("it is ours");
    let left = rustix::process::Pid::from_raw(left).expect("no process is number zero");
    rustix::process::kill_process(left, rustix::process::Signal::KILL).expect("it was not waited for");
}

/// Whether a test in a namespace is skipped here.
fn namespaces_are_forbidden() -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_zoo")).args(["run", "unix_listening", "--", "true"]).output();
    !output.expect("built beside this test").status.success()
}

#[test]
fn the_program_runs_a_command_beside_the_sockets_and_leaves_nothing() {
    in_namespace(|_| {
        // A namespace within a namespace: what the program makes is not seen here.
        let script = "grep -c listening /proc/net/unix; exit 41";
        let output = Command::new(env!("CARGO_BIN_EXE_zoo"))
            .args(["run", "unix_listening", "--", "sh", "-c", script])
            .output()
            .expect("built beside this test");
        assert_eq!(output.status.code(), Some(41));
        // The listener, and three connections that wait under its name.
        assert_eq!(output.stdout, b"4\n");
        let report = String::from_utf8(output.stderr).expect("JSON");
        assert!(report.ends_with("ready\n"), "{report}");
        let table = std::fs::read_to_string("/proc/net/unix").expect("/proc is mounted");
        assert!(!table.contains("listening"), "{table}");
        Ok(())
    });
}

#[test]
fn files_of_specimens_are_removed() {
    in_namespace(|zoo| {
        let output = Command::new(env!("CARGO_BIN_EXE_zoo"))
            .args(["run", "unix_listening", "--", "cat", "/proc/net/unix"])
            .env("TMPDIR", zoo.directory())
            .output()
            .expect("built beside this test");
        let inside = zoo.directory().to_str().expect("made of plain characters");
        assert!(String::from_utf8_lossy(&output.stdout).contains(inside));
        let left: Vec<_> = std::fs::read_dir(zoo.directory()).expect("it exists").collect();
        assert!(left.is_empty(), "{left:?}");
        Ok(())
    });
}
