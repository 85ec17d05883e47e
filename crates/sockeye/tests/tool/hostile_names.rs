//! Names that somebody chose to deceive: never raw on a terminal, never lost in JSON.

use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use serde_json::Value;
use sockeye_zoo::{Zoo, in_namespace};

use crate::ran::{Ran, WHOEVER_MAY_BE_SEEN, csv, sockeye, with_cookie};
use crate::support::listing;

/// An escape code, a line end, a carriage return, C1 as UTF-8 and as a byte, text that runs backwards, an invisible letter,
/// and bytes that are not UTF-8.
const HOSTILE: &[u8] = b"h\x1b[31m\n\r\t\"\\,\xc2\x9b1m\x9b\xe2\x80\xaee\xe2\x80\x8b\x7f\xff";

/// Nothing in it may move the cursor, colour, reorder or hide anything.
#[track_caller]
fn is_harmless(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: {error} in {bytes:?}"));
    let deceptive = |letter: char| {
        (letter.is_control() && !matches!(letter, '\n' | '\r'))
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!text.contains(deceptive), "{what}: {text:?}");
    assert!(!text.replace("\r\n", "\n").contains('\r'), "{what}: {text:?}");
}

#[track_caller]
fn are_harmless(what: &str, ran: &Ran) {
    is_harmless(what, &ran.stdout);
    is_harmless(what, &ran.stderr);
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

/// The bytes under a key: those of `KEY_hex` where they are not UTF-8.
fn bytes(row: &Value, key: &str) -> Vec<u8> {
    let hex = row[&format!("{key}_hex")].as_str().map(from_hex);
    hex.unwrap_or_else(|| row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}")).as_bytes().to_vec())
}

/// A process with a hostile name and hostile arguments that holds a socket until it is dropped.
struct Holder(Child);

impl Holder {
    fn new(zoo: &Zoo, socket: OwnedFd) -> Self {
        let program = zoo.directory().join(std::ffi::OsStr::from_bytes(b"h\x1b[1m\n\xff\xc2\x9b"));
        std::fs::copy("/bin/cat", &program).expect("every Linux has it");
        let mut command = Command::new(&program);
        command.arg0(std::ffi::OsStr::from_bytes(HOSTILE)).stdin(Stdio::piped()).stdout(socket);
        Self(command.spawn().expect("a copy can be run"))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_name_reaches_a_terminal_raw() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_hostile_device()?, zoo.unix_abstract()?, zoo.unix_hostile_path()?, zoo.tcp_shared()?);
        let listener = UnixListener::bind(zoo.directory().join("held")).expect("a path of our own");
        let _holder = Holder::new(zoo, listener.into());
        let everything = "any all";
        for line in [
            "",
            "--view everything",
            "-o csv",
            "-o csv --view everything",
            "--columns local,dev,process,cmdline,user,unit",
            "--group-by process,local",
            "--group-by process,local -o csv",
            "--group-by process -o json",
            "--sort process",
            "-j --view everything",
            "-o ndjson --view everything",
            "--confirm",
            "--resolve",
            "--columns peer-process,peer-name -o csv",
            "-N all",
        ] {
            let arguments: Vec<_> =
                everything.split(' ').chain(line.split(' ')).filter(|word| !word.is_empty()).collect();
            let ran = sockeye(&arguments);
            assert!(matches!(ran.status, 0 | 3), "{line}: {}", ran.errors());
            are_harmless(line, &ran);
        }
        Ok(())
    });
}

#[test]
fn one_row_is_one_line_whatever_its_names_hold() {
    in_namespace(|zoo| {
        let _kept = (zoo.unix_abstract()?, zoo.unix_hostile_path()?, zoo.tcp_hostile_device()?, zoo.tcp_shared()?);
        let arguments = ["tcp", "unix", "--columns", "local,dev,process,cmdline"];
        let (rows, _) = listing(&arguments);
        assert_eq!(sockeye(&arguments).lines().len(), 1 + rows.len());
        let records = csv(sockeye(&[&arguments, ["-o", "csv"].as_slice()].concat()).text());
        assert_eq!(records.len(), 1 + rows.len());
        assert!(records.iter().all(|record| record.len() == records[0].len()), "{records:?}");
        Ok(())
    });
}

#[test]
fn json_gives_the_bytes_of_unix_names() {
    in_namespace(|zoo| {
        for name in
            [HOSTILE, b"plain", "größe\u{202e}\u{9b}".as_bytes(), b"\x1b]0;title\x07", b"\xff", b"a\0b\0", b"@@"]
        {
            let socket =
                rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("descriptors are left");
            let address = SocketAddrUnix::new_abstract_name(name).expect("short enough");
            rustix::net::bind(&socket, &address).expect("nobody has that name");
            let inode = rustix::fs::fstat(socket.as_fd()).expect("it is open").st_ino;
            let (rows, _) = listing(&["unix", "all", "--columns", "local,inode"]);
            let row = rows.iter().find(|row| row["inode"] == inode).expect("it is there");
            // An abstract name that is UTF-8 is only shown, with `@` for the NUL in front.
            let front: &[u8] = if row.get("local_address_hex").is_some() { b"\0" } else { b"@" };
            assert_eq!(bytes(row, "local_address"), [front, name].concat(), "{row}");
        }
        for specimen in [zoo.unix_hostile_path()?, zoo.unix_abstract()?] {
            let expected = specimen.expected("listener");
            let (rows, _) = listing(&["unix", "--columns", "local,cookie"]);
            // Neither is UTF-8: the bytes are those of the kernel.
            let name = expected.unix_name.clone().expect("it has one");
            assert_eq!(bytes(with_cookie(&rows, expected.cookie.unwrap_or(0))[0], "local_address"), name);
        }
        Ok(())
    });
}

#[test]
fn a_path_that_reads_like_an_abstract_name_is_told_from_one() {
    in_namespace(|zoo| {
        let bound = |address: &SocketAddrUnix| {
            let socket =
                rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("descriptors are left");
            rustix::net::bind(&socket, address).expect("nobody has that name");
            socket
        };
        let _abstract = bound(&SocketAddrUnix::new_abstract_name(b"foo").expect("short enough"));
        // A name below the working directory, which is of the whole process: that of the test is its own.
        std::env::set_current_dir(zoo.directory()).expect("a directory of our own");
        let _path = bound(&SocketAddrUnix::new("@foo").expect("short enough"));
        let shown = |filter: &str, format: &str| {
            let ran = sockeye(&["unix", "all", filter, "--columns", "local", "-H", "-o", format]).ended(0);
            let mut lines: Vec<_> = ran.lines().iter().map(|line| line.trim_end_matches(',').to_owned()).collect();
            lines.sort_unstable();
            lines
        };
        for format in ["table", "csv"] {
            assert_eq!(shown("local = '@foo'", format), ["./@foo", "@foo"]);
            assert_eq!(shown("local = './@foo'", format), ["./@foo"]);
        }
        let groups = sockeye(&["unix", "all", "local = @foo", "--group-by", "local", "-H"]).ended(0);
        assert_eq!(groups.lines().len(), 2, "{}", groups.text());
        Ok(())
    });
}

#[test]
fn json_gives_the_bytes_of_interfaces_and_processes() {
    in_namespace(|zoo| {
        let device = zoo.tcp_hostile_device()?;
        let expected = device.expected("listener");
        let (rows, _) = listing(&["tcp", "--columns", "dev,cookie"]);
        let row = with_cookie(&rows, expected.cookie.unwrap_or(0))[0];
        assert_eq!(Some(bytes(row, "interface")), expected.interface);

        let shared = zoo.tcp_shared()?;
        let expected = shared.expected("listener");
        let (rows, _) = listing(&["tcp", "--columns", "process,pid,cookie"]);
        let row = with_cookie(&rows, expected.cookie.unwrap_or(0))[0];
        for owner in &expected.other_owners {
            let owners = row["owners"].as_array().expect("a list");
            let found = owners.iter().find(|found| found["pid"] == owner.pid).expect("it holds the socket");
            assert_eq!(bytes(found, "process"), owner.name);
        }
        let lines =
            sockeye(&["tcp", "--group-by", "process", "-o", "ndjson"]).ended_in(&WHOEVER_MAY_BE_SEEN).json_lines();
        let names: Vec<_> = lines
            .iter()
            .flat_map(|group| group["owners"].as_array().into_iter().flatten())
            .map(|owner| bytes(owner, "process"))
            .collect();
        assert!(expected.other_owners.iter().all(|owner| names.contains(&owner.name)), "{lines:?}");
        Ok(())
    });
}

#[test]
fn json_gives_the_bytes_of_command_lines() {
    in_namespace(|zoo| {
        let listener = UnixListener::bind(zoo.directory().join("held")).expect("a path of our own");
        let holder = Holder::new(zoo, listener.into());
        let (rows, _) = listing(&["unix", "--columns", "cmdline,process,pid"]);
        let owners = rows.iter().filter_map(|row| row["owners"].as_array()).flatten();
        let owner = owners.into_iter().find(|owner| owner["pid"] == holder.0.id()).expect("it holds the socket");
        assert_eq!(bytes(owner, "cmdline"), HOSTILE);
        Ok(())
    });
}

#[test]
fn hostile_words_of_the_command_line_are_escaped_in_what_is_said_about_them() {
    let hostile = "\u{1b}[31m\u{9b}1m\u{202e}x\r";
    for arguments in [
        vec![hostile.to_owned()],
        vec![format!("process = '{hostile}' and")],
        vec![format!("rtt gt 5{hostile}")],
        vec!["dst".to_owned(), hostile.to_owned()],
        vec!["dev".to_owned(), hostile.to_owned()],
        vec!["user".to_owned(), hostile.to_owned()],
        vec!["cgroup".to_owned(), format!("/{hostile}")],
        vec!["process".to_owned(), "~~".to_owned(), format!("({hostile}")],
        vec!["--columns".to_owned(), hostile.to_owned()],
        vec!["--sort".to_owned(), hostile.to_owned()],
        vec!["--view".to_owned(), hostile.to_owned()],
        vec!["--netns".to_owned(), hostile.to_owned()],
        vec!["--output".to_owned(), hostile.to_owned()],
        vec![format!("--{hostile}")],
        vec!["-tlnp".to_owned(), hostile.to_owned()],
        vec!["fields".to_owned(), hostile.to_owned()],
        vec!["--plan".to_owned(), format!("process = '{hostile}'")],
        vec!["--plan".to_owned(), "local ~ '*\u{1b}]0;x\u{7}\u{202e}'".to_owned()],
        vec!["--plan".to_owned(), "local ~~ '\u{9b}\\\u{1b}x'".to_owned()],
    ] {
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        are_harmless(&format!("{words:?}"), &sockeye(&words));
    }
}
