//! A reader inside a pid namespace: processes have the numbers of that one.

use std::{
    env,
    net::TcpListener,
    process::{self, Command},
};

use rustix::thread::CapabilitySet;
use sockeye_bpf::events::{Event, EventOptions};
use sockeye_zoo::skip::{may_load_programs, needs};
use sockeye_zoo::{Skip, skip};

use crate::support::{nothing, open, until};

/// Tells this test program to be the reader.
const INNER: &str = "SOCKEYE_BPF_INNER";

/// Not a test by itself: the reader, the first process of its namespace.
#[test]
fn a_reader_in_a_pid_namespace() {
    if env::var_os(INNER).is_none() {
        return;
    }
    assert_eq!(process::id(), 1);
    let options = EventOptions { new_states: 1 << 10, ..nothing() };
    let mut events = open(&options).expect("the one outside may");
    let listener = TcpListener::bind("0.0.0.0:0").expect("any address");
    let mut told = None;
    until(&mut events, |event| {
        if let Some(Event::State(change)) = event {
            told = change.process;
        }
        told.is_some()
    });
    assert_eq!(told.map(|process| process.pid), Some(1));
    drop(listener);
}

#[test]
fn processes_are_numbered_as_the_reader_sees_them() {
    let test = "processes_are_numbered_as_the_reader_sees_them";
    // `unshare` makes a pid namespace.
    if let Err(reason) = may_load_programs().and_then(|()| needs(CapabilitySet::SYS_ADMIN)) {
        return skip::skip(test, &reason);
    }
    let program = env::current_exe().expect("this program");
    let reader = ["--exact", "inner::a_reader_in_a_pid_namespace", "--nocapture"];
    let mut command = Command::new("unshare");
    command.args(["--pid", "--net", "--fork", "--mount-proc"]).arg(program).args(reader).env(INNER, "1");
    match command.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            assert!(said.contains("1 passed"), "{said}");
        }
        Err(error) => skip::skip(test, &Skip::new("program:unshare", error.to_string())),
    }
}
