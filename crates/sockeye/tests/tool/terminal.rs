//! On a terminal: what fits its width, colours, the footer.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use sockeye_zoo::in_namespace;

use crate::missing_families::absent_family;
use crate::ran::{WHOEVER_MAY_BE_SEEN, planned, words};
use crate::support::listing;

/// What the program writes to a terminal of so many columns, both streams.
fn on_terminal(columns: u16, line: &str, environment: &[(&str, &str)]) -> String {
    ended_on_terminal(&[0], columns, line, environment)
}

/// The same, where it ends with one of these.
fn ended_on_terminal(expected: &[i32], columns: u16, line: &str, environment: &[(&str, &str)]) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("/dev/ptmx is there");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("a terminal of our own");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let path = name.to_str().expect("the kernel's own name");
    let terminal: OwnedFd =
        std::fs::OpenOptions::new().read(true).write(true).open(path).expect("its other end").into();
    tcsetwinsize(&terminal, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command
        .args(line.split(' ').filter(|word| !word.is_empty()))
        .env_remove("NO_COLOR")
        .envs(environment.iter().copied());
    command.stdin(Stdio::null()).stderr(terminal.try_clone().expect("descriptors are left")).stdout(terminal);
    let mut child = command.spawn().expect("it can be run");
    // The command holds the other end too; the end of what is written shows only when nobody does.
    drop(command);
    let mut written = Vec::new();
    // EIO: the last writer has gone.
    let _ = std::fs::File::from(master).read_to_end(&mut written);
    let status = child.wait().expect("a child of ours");
    assert!(status.code().is_some_and(|code| expected.contains(&code)), "sockeye {line}: {status}");
    String::from_utf8(written).expect("what is printed is UTF-8").replace("\r\n", "\n")
}

/// The text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |so_far, part| so_far + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// The table and the footer under it.
fn parted(text: &str) -> (Vec<&str>, Vec<&str>) {
    let lines: Vec<_> = text.lines().collect();
    let footer = lines.iter().position(|line| line.contains(" socket")).expect("the footer counts sockets");
    (lines[..footer].to_vec(), lines[footer..].to_vec())
}

/// In which order columns fall away.
const SACRIFICES: [&str; 7] = ["retrans", "rtt", "drops", "send-q", "recv-q", "pid", "process"];

#[test]
fn a_table_fits_the_terminal_and_addresses_stay_whole() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v4()?, zoo.tcp_established_v6()?, zoo.udp_connected()?, zoo.tcp_syn_sent()?);
        let (rows, _) = listing(&["--columns", "local,peer"]);
        let mut dropped_before = usize::MAX;
        for width in [40, 80, 120, 200] {
            let text = plain(&on_terminal(width, "", &[]));
            let (table, footer) = parted(&text);
            assert_eq!(table.len(), 1 + rows.len(), "{text}");
            for row in &rows {
                for side in ["local", "peer"] {
                    let address = row[&format!("{side}_address")].as_str().expect("an address");
                    let port = row[&format!("{side}_port")].as_u64().expect("a port");
                    let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
                    assert!(port == 0 || text.contains(&format!("{address}:{port}")), "{width}: {address} in\n{text}");
                }
            }
            let shown: Vec<_> = table[0].split_whitespace().map(str::to_lowercase).collect();
            let dropped: Vec<_> = SACRIFICES.iter().filter(|name| !shown.iter().any(|title| title == *name)).collect();
            assert!(SACRIFICES[..dropped.len()].iter().eq(dropped.iter().copied()), "{width}: {dropped:?}");
            assert!(dropped.len() <= dropped_before);
            dropped_before = dropped.len();
            let is_too_wide = table.iter().any(|line| line.chars().count() > usize::from(width));
            assert!(!is_too_wide || dropped.len() == SACRIFICES.len(), "{width}: {dropped:?}\n{text}");
            let note = footer.iter().find_map(|line| line.strip_prefix("no room for "));
            let named = note.and_then(|line| line.split_once(';')).map_or("", |(names, _)| names);
            let mut named: Vec<_> = named.split(", ").filter(|name| !name.is_empty()).collect();
            let mut dropped: Vec<_> = dropped.into_iter().copied().collect();
            named.sort_unstable();
            dropped.sort_unstable();
            assert_eq!(named, dropped, "{width}");
        }
        assert_eq!(dropped_before, 0, "200 columns are room for all");
        Ok(())
    });
}

#[test]
fn columns_are_straight_whichever_family_was_first() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v6()?, zoo.udp_unconnected_v4()?, zoo.tcp_listening()?);
        for text in [plain(&on_terminal(200, "", &[])), words("").ended(0).text().to_owned()] {
            let peer = text.lines().next().and_then(|heading| heading.find("PEER")).expect("a column");
            for line in text.lines().take_while(|line| !line.contains(" socket")) {
                assert!(line.is_char_boundary(peer) && line[..peer].ends_with("  "), "{text}");
            }
        }
        Ok(())
    });
}

#[test]
fn the_footer_counts_what_is_there_and_names_a_command_that_works() {
    in_namespace(|zoo| {
        let next = |text: &str| {
            let (_, line) = text.rsplit_once("next: ").expect("one useful next command");
            line.trim_end().split("     ").next().unwrap_or_default().to_owned()
        };
        let works = |text: &str| {
            let command = next(text);
            let words = command.strip_prefix("sockeye ").expect("a command of ours");
            assert_eq!(crate::ran::words(&format!("{words} --plan")).status, 0, "{command}");
        };
        let empty = plain(&on_terminal(120, "", &[]));
        assert!(empty.contains("\n0 sockets\n"), "{empty}");
        works(&empty);
        let _listening = (zoo.tcp_listening_v6only()?, zoo.tcp_listening_dual_stack()?);
        let text = plain(&on_terminal(120, "", &[]));
        assert!(text.contains("\n2 sockets: 2 listening\n"), "{text}");
        works(&text);
        let _connected = (zoo.tcp_established_v4()?, zoo.tcp_established_v6()?);
        works(&plain(&on_terminal(120, "", &[])));
        let _closing = (zoo.tcp_fin_wait2()?, zoo.tcp_time_wait()?);
        let text = plain(&on_terminal(120, "", &[]));
        assert!(text.contains("1 close-wait") && text.contains("; 1 more in time-wait"), "{text}");
        works(&text);
        Ok(())
    });
}

#[test]
fn what_the_footer_adds_to_a_filter_is_of_the_families_that_were_shown() {
    in_namespace(|zoo| {
        let _kept =
            (zoo.tcp_listening_v6only()?, zoo.unix_stream_pair()?, zoo.udp_connected()?, zoo.udp_unconnected_v4()?);
        for (line, added) in [
            ("tcp listening", "--view tcp"),
            ("any listening", "--view tcp"),
            ("any all", "--view tcp"),
            ("unix", "--columns +peer-process,+peer-pid"),
            ("unix --no-owners", "--view memory"),
            ("udp", "--view memory"),
            ("unix --view memory", "-o json"),
            ("unix --columns +peer-process", "-o json"),
        ] {
            let text = plain(&ended_on_terminal(&WHOEVER_MAY_BE_SEEN, 120, line, &[]));
            let (_, offer) = text.rsplit_once("next: add ").expect("one useful next command");
            assert!(offer.starts_with(added), "{line}: {offer}");
            let words = format!("{line} {added}");
            assert_eq!(planned(&words.split(' ').collect::<Vec<_>>()).status, 0, "{words}");
        }
        Ok(())
    });
}

#[test]
fn columns_that_were_named_do_not_fall_away() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_listening()?;
        let text = plain(&on_terminal(
            40,
            "tcp listening --columns proto,state,local,peer,recv-q,uid,inode,cookie,rtt,cwnd",
            &[],
        ));
        let heading = text.lines().next().expect("a heading");
        assert!(heading.len() > 40 && heading.trim_end().ends_with("CWND"), "{text}");
        assert!(!text.contains("no room"), "{text}");
        let text = plain(&on_terminal(40, "tcp listening --columns +inode,+cookie", &[]));
        assert!(
            text.lines().next().is_some_and(|heading| heading.contains("INODE") && heading.contains("COOKIE")),
            "{text}"
        );
        Ok(())
    });
}

#[test]
fn one_socket_is_not_several() {
    in_namespace(|zoo| {
        let _listening = (zoo.tcp_listening_v6only()?, zoo.tcp_listening_dual_stack()?);
        let text = plain(&on_terminal(120, "tcp --limit 1", &[]));
        assert!(text.contains("\n1 socket shown, as many as --limit allows: 1 listening\n"), "{text}");
        Ok(())
    });
}

#[test]
fn under_an_answer_that_failed_nothing_is_counted() {
    in_namespace(|zoo| {
        let text = plain(&ended_on_terminal(&[1], 120, absent_family(zoo)?, &[]));
        assert!(text.starts_with("failed: ") && text.lines().count() == 1, "{text}");
        Ok(())
    });
}

#[test]
fn a_view_of_everything_names_some_of_the_columns_that_fell_away() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_listening_v6only()?;
        let text = plain(&on_terminal(120, "tcp --view everything", &[]));
        let note = text.lines().find_map(|line| line.strip_prefix("no room for ")).expect("nobody has such a terminal");
        let (named, more) = note.split_once(" and ").expect("there are more than are named");
        assert_eq!(named.split(", ").count(), 8, "{note}");
        let more: usize = more.split(' ').next().and_then(|count| count.parse().ok()).expect("a count");
        let shown = text.lines().next().map_or(0, |heading| heading.split_whitespace().count());
        let every = words("tcp --view everything").ended(0);
        assert_eq!(shown + 8 + more, every.lines()[0].split_whitespace().count(), "{note}");
        Ok(())
    });
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        assert!(on_terminal(120, "", &[]).contains("\x1b["));
        assert!(on_terminal(120, "", &[("NO_COLOR", "")]).contains("\x1b["), "empty is not set (no-color.org)");
        assert!(!on_terminal(120, "", &[("NO_COLOR", "1")]).contains('\x1b'));
        for format in ["-j", "-o ndjson", "-o csv"] {
            let text = on_terminal(120, format, &[]);
            assert!(!text.contains('\x1b') && !text.contains("next:"), "{text}");
        }
        Ok(())
    });
}

#[test]
fn a_pipe_gets_every_column_and_nothing_else() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v6()?, zoo.tcp_established_v4()?);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
        let ran = crate::ran::run(command.env_remove("NO_COLOR").env("COLUMNS", "40").arg("--no-owners")).ended(0);
        assert!(!ran.text().contains('\x1b') && !ran.text().contains("next:"), "{}", ran.text());
        assert_eq!((ran.lines().len(), ran.errors()), (7, ""));
        assert_eq!(ran.lines()[0].split_whitespace().count(), 9);
        Ok(())
    });
}
