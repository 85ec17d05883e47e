//! The terminal is given back as it was, whatever ends the program.

use std::fs::File;
use std::io::Read as _;
use std::process::Command;

use rustix::process::Signal;
use rustix::termios::{LocalModes, tcgetattr};
use sockeye_zoo::in_namespace;

use crate::terminal::{self, OnTerminal};

/// What enters and leaves the second screen of a terminal, and what shows the cursor.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
const SHOW: &str = "\x1b[?25h";

#[test]
fn signals_end_it_and_the_terminal_is_as_it_was() {
    in_namespace(|_| {
        for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::ABORT, Signal::ALARM, Signal::USR1]
        {
            let mut top = OnTerminal::start(&["top"]);
            top.await_text("sockeye top");
            top.await_text("quit");
            top.signal(signal);
            let (status, is_same, written) = top.ended();
            assert_eq!(status.code(), Some(0), "{signal:?}: {status}");
            assert!(is_same, "{signal:?}");
            let last = written.rfind(LEAVE).expect("the second screen is left");
            assert!(
                written.find(ENTER).is_some_and(|first| first < last) && written[last..].contains(SHOW),
                "{written:?}"
            );
            assert_eq!(
                written[last..].replace(LEAVE, "").replace(SHOW, ""),
                "",
                "nothing is written over what was there"
            );
        }
        Ok(())
    });
}

#[test]
fn a_stop_gives_the_terminal_back_for_a_while_and_the_screen_is_drawn_again() {
    in_namespace(|_| {
        let mut top = OnTerminal::start(&["top"]);
        top.await_text("quit");
        top.signal(Signal::TSTP);
        top.await_text(LEAVE);
        top.await_state('T');
        let modes = tcgetattr(top.terminal()).expect("a terminal").local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON), "it is the shell's");
        top.forget();
        top.signal(Signal::CONT);
        top.await_text(ENTER);
        // All of it: what was on the screen before is not there any more.
        top.await_text("connections");
        top.await_text("quit");
        top.signal(Signal::TERM);
        let (status, is_same, written) = top.ended();
        assert_eq!(status.code(), Some(0), "{written}");
        assert!(is_same);
        Ok(())
    });
}

#[test]
fn after_a_stop_that_nobody_hears_the_screen_is_drawn_again() {
    in_namespace(|_| {
        let mut top = OnTerminal::start(&["top"]);
        top.await_text("quit");
        // More than once: what is raw is made so again.
        for _ in 0..2 {
            top.signal(Signal::STOP);
            top.await_state('T');
            top.give_back();
            top.forget();
            top.signal(Signal::CONT);
            for drawn in [ENTER, "connections", "quit"] {
                top.await_text(drawn);
            }
            let modes = tcgetattr(top.terminal()).expect("a terminal").local_modes;
            assert!(!modes.intersects(LocalModes::ECHO | LocalModes::ICANON), "it is its own again");
        }
        top.type_letters("?qq");
        let (status, is_same, written) = top.ended();
        assert_eq!(status.code(), Some(0), "{written}");
        assert!(is_same, "{written}");
        Ok(())
    });
}

#[test]
fn ctrl_z_stops_it_and_whoever_waits_for_it_until_the_shell_goes_on() {
    in_namespace(|_| {
        // The shell that waits for it is of the same job: the one that is typed into has to see both of them stop.
        let mut top = OnTerminal::start_by(&["sh", "-c", "\"$@\"; exit $?", "sh"], &["top"]);
        top.await_text("quit");
        top.type_letters("\x1a");
        top.await_text(LEAVE);
        top.await_state('T');
        let modes = tcgetattr(top.terminal()).expect("a terminal").local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON), "it is the shell's");
        top.forget();
        top.signal_job(Signal::CONT);
        top.await_text(ENTER);
        top.await_text("connections");
        top.await_text("quit");
        top.forget();
        // It stopped once, and takes keys again: the help comes and goes.
        top.type_letters("?qq");
        let (status, is_same, written) = top.ended();
        assert_eq!(status.code(), Some(0), "{written}");
        assert!(is_same && !written.contains(ENTER), "{written}");
        Ok(())
    });
}

#[test]
fn where_nobody_could_let_it_go_on_ctrl_z_does_nothing() {
    in_namespace(|_| {
        // A session of its own, whose parent is of another one.
        let mut top = OnTerminal::start_by(&["setsid", "--wait"], &["top"]);
        top.await_text("quit");
        top.forget();
        // What has stopped takes no keys. The help comes and goes.
        top.type_letters("\x1a?qq");
        let (status, is_same, written) = top.ended();
        assert_eq!(status.code(), Some(0), "{written}");
        assert!(is_same && written.matches(LEAVE).count() == 1, "{written}");
        Ok(())
    });
}

#[test]
fn a_terminal_that_goes_away_ends_it_quietly() {
    in_namespace(|_| {
        let (master, terminal) = terminal::open();
        let copy = || terminal.try_clone().expect("descriptors are left");
        let mut top = Command::new(env!("CARGO_BIN_EXE_sockeye"))
            .arg("top")
            .env("TERM", "xterm")
            .stdin(copy())
            .stdout(copy())
            .stderr(copy())
            .spawn()
            .expect("it can be run");
        let mut master = File::from(master);
        let (mut written, mut block) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&written).contains("quit") {
            let length = master.read(&mut block).expect("it draws");
            written.extend_from_slice(&block[..length]);
        }
        // Standard error goes with it: whatever is said there fails.
        drop(master);
        let status = top.wait().expect("a child of ours");
        assert_eq!(status.code(), Some(0), "{status}");
        Ok(())
    });
}

#[test]
fn a_mistake_of_the_filter_is_told_before_the_terminal_is_taken() {
    in_namespace(|_| {
        for (line, told) in [
            (["top", "dprot = 3"].as_slice(), "did you mean"),
            (&["top", "unix"], "tcp and udp are followed"),
            (&["top", "--interval", "1us"], "between 100ms and 1h"),
        ] {
            let (status, is_same, written) = OnTerminal::start(line).ended();
            assert_eq!(status.code(), Some(2), "{written}");
            assert!(is_same && written.contains(told) && !written.contains(ENTER), "{line:?}: {written}");
        }
        Ok(())
    });
}

#[test]
fn while_it_runs_letters_are_not_echoed() {
    // So that the tests above look at something that changes.
    in_namespace(|_| {
        let mut top = OnTerminal::start(&["top"]);
        top.await_text("quit");
        let modes = tcgetattr(top.terminal()).expect("a terminal").local_modes;
        assert!(!modes.intersects(LocalModes::ECHO | LocalModes::ICANON));
        top.signal(Signal::TERM);
        top.ended();
        Ok(())
    });
}
