//! The corpus of widths on a terminal of its own, which may wrap and spread what a pipe may not.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::fd::OwnedFd;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use sockeye_zoo::in_namespace;

use crate::compare::difference_that_stays;
use crate::differences::{Asked, Excuses};
use crate::oracle::{Said, Side, Sides};

/// Widths of terminals: what people have, and one on which a row takes several lines.
const WIDTHS: [u16; 4] = [40, 80, 132, 211];

/// Lines that show nothing which moves.
const LINES: [&str; 8] =
    ["ss -ltn", "ss -tanp", "ss -uane", "ss -uanm", "ss -xa", "ss -tanQ", "ss -tanH", "ss -tuan state established"];

/// What it writes to a terminal of so many columns.
fn on_terminal(side: &Side, columns: u16, line: &str) -> Said {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("/dev/ptmx is there");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal of our own");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let path = name.to_str().expect("the kernel's own name");
    let terminal: OwnedFd = OpenOptions::new().read(true).write(true).open(path).expect("its other end").into();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    let mut command = side.command(line);
    let mut child = command.stdout(terminal).spawn().expect("there is a shell");
    // The command holds the other end too; the end of what is written shows only when nobody does.
    drop(command);
    let mut written = Vec::new();
    // EIO: the last writer has gone.
    let _ = File::from(master).read_to_end(&mut written);
    let status = child.wait().expect("a child of ours").code();
    let text = String::from_utf8_lossy(&written).replace("\r\n", "\n");
    Said { text, errors: String::new(), status }
}

pub(crate) fn the_text_on_a_terminal_is_the_same() {
    in_namespace(|zoo| {
        let sides = Sides::find(zoo)?;
        let _kept = (zoo.tcp_listening()?, zoo.tcp_established_v6()?, zoo.udp_connected()?, zoo.unix_stream_pair()?);
        let mut excuses = Excuses::default();
        let mut complaints = Vec::new();
        for columns in WIDTHS {
            for line in LINES {
                // Named by the variable that does the same for a pipe.
                let named = format!("COLUMNS={columns} {line}");
                let asked = Asked { line: &named, release: sides.release, kept_ports: &[] };
                let ask = || (on_terminal(&sides.theirs, columns, line), on_terminal(&sides.ours, columns, line));
                let (theirs, _, found) = difference_that_stays(&asked, &mut excuses, ask);
                assert!(theirs.status != Some(0) || theirs.text.lines().count() > 1, "{line} shows nothing");
                complaints.extend(found);
            }
        }
        assert!(complaints.is_empty(), "{} differ on a terminal:\n{}", complaints.len(), complaints.join("\n"));
        Ok(())
    });
}
