//! The terminal is given back before a panic is told.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::Arc;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::top::screen::Screen;

/// Tells the child what it is for.
const VARIABLE: &str = "SOCKEYE_TOP_PANICS";

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    if std::env::var_os(VARIABLE).is_some() {
        let _screen = Screen::take(Arc::default()).expect("a terminal of its own");
        panic!("as it was meant to");
    }
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("/dev/ptmx is there");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal of our own");
    let path = ptsname(&master, Vec::new()).expect("it has a name");
    let path = path.to_str().expect("the kernel's own name");
    let terminal: OwnedFd = OpenOptions::new().read(true).write(true).open(path).expect("its other end").into();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    let modes = |terminal: &OwnedFd| tcgetattr(terminal).expect("a terminal").local_modes;
    let before = modes(&terminal);
    assert!(before.contains(LocalModes::ICANON | LocalModes::ECHO), "as terminals are at first");
    let copy = || terminal.try_clone().expect("descriptors are left");
    let mut child = Command::new(std::env::current_exe().expect("a test binary has a path"))
        .args(["top::tests::restored::a_panic_gives_the_terminal_back_before_it_is_told", "--exact", "--nocapture"])
        .env(VARIABLE, "1")
        .stdin(copy())
        .stdout(copy())
        .stderr(copy())
        .spawn()
        .expect("it can be run");
    let status = child.wait().expect("a child of ours");
    assert!(!status.success(), "it panicked");
    assert_eq!(modes(&terminal), before);
    drop(terminal);
    let mut written = Vec::new();
    // EIO: the last writer has gone.
    let _ = File::from(master).read_to_end(&mut written);
    let written = String::from_utf8_lossy(&written);
    let at = |what: &str| written.find(what).unwrap_or_else(|| panic!("{what:?} is not in {written:?}"));
    let (entered, left, told) = (at("\x1b[?1049h"), at("\x1b[?1049l"), at("as it was meant to"));
    assert!(entered < left && left < told, "{written:?}");
    assert_eq!(written.matches("\x1b[?1049l").count(), 1, "given back once");
    assert!(written.contains("\x1b[?25h"), "the cursor is to be seen again");
}
