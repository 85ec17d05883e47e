//! `--netns`: by name, by path, by process, and all there are.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, Stdio};

use rustix::thread::CapabilitySet;
use serde_json::Value;
use sockeye_conn::Namespace;
use sockeye_zoo::skip::needs;
use sockeye_zoo::{Skip, in_namespace};

use crate::ran::{Ran, csv, run, sockeye, with_cookie};
use crate::support::listing;

/// Another namespace, with a process in it and a listening socket.
struct Other {
    process: Child,
    port: u16,
    _listener: TcpListener,
}

impl Other {
    fn new() -> Result<Self, Skip> {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", "echo there; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| Skip::new("program:unshare", error.to_string()))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a pipe can be read");
        assert_eq!(line, "there\n", "the process is in its namespace");
        let namespace = Namespace::open(process.id().to_string().as_ref()).expect("its process lives");
        let listener =
            namespace.run_in(|| TcpListener::bind("0.0.0.0:0")).expect("root of both").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        Ok(Self { process, port, _listener: listener })
    }

    fn pid(&self) -> String {
        self.process.id().to_string()
    }

    /// How often its listening socket is among these rows.
    fn count(&self, rows: &[Value]) -> usize {
        rows.iter().filter(|row| row["local_port"] == self.port && row["state"] == "listening").count()
    }

    /// Runs sockeye where the namespace has the name `blue`, and `bare` is one without any process. The names live in a
    /// mount namespace of their own and are gone with it.
    fn named(&self, arguments: &[&str]) -> Ran {
        const SCRIPT: &str = "mount -t tmpfs names /run && mkdir /run/netns && touch /run/netns/blue /run/netns/bare &&
            mount --bind /proc/$1/ns/net /run/netns/blue && unshare --net=/run/netns/bare true && shift && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh", &self.pid()]);
        run(command.arg(env!("CARGO_BIN_EXE_sockeye")).args(arguments).env("NO_COLOR", "1"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_plan_says_which_namespaces_are_asked() {
    in_namespace(|_| {
        let other = Other::new()?;
        let plan = other.named(&["-N", "all", "--plan", "tcp"]).ended(0);
        let line = plan.lines().into_iter().find(|line| line.starts_with("network namespaces: ")).expect("it says");
        assert!(line.contains(", each with these dumps: ") && line.contains("blue") && line.contains("bare"), "{line}");
        let plan = other.named(&["-N", "blue", "--plan", "tcp"]).ended(0);
        assert!(plan.lines().contains(&"network namespace: blue"), "{}", plan.text());
        Ok(())
    });
}

#[test]
fn one_namespace_is_found_by_process_and_by_path() {
    in_namespace(|zoo| {
        let _here = zoo.tcp_established_v4()?;
        let other = Other::new()?;
        let path = format!("/proc/{}/ns/net", other.pid());
        for name in [other.pid().as_str(), &path] {
            let (rows, _) = listing(&["-N", name, "tcp"]);
            assert_eq!((rows.len(), other.count(&rows)), (1, 1), "{name}: {rows:?}");
            assert!(rows[0].get("netns").is_none(), "one namespace needs no column: {rows:?}");
        }
        let (rows, _) = listing(&["tcp"]);
        assert_eq!((rows.len(), other.count(&rows)), (3, 0));
        Ok(())
    });
}

#[test]
fn one_namespace_is_found_by_name() {
    in_namespace(|zoo| {
        let _here = zoo.tcp_established_v4()?;
        let other = Other::new()?;
        for name in ["blue", "/run/netns/blue"] {
            let rows = other.named(&["-N", name, "tcp", "-o", "ndjson"]).ended(0).json_lines();
            assert_eq!((rows.len(), other.count(&rows)), (2, 1), "{name}: {rows:?}");
        }
        assert_eq!(other.named(&["-N", "bare", "tcp", "--count"]).ended(0).text(), "0\n");
        Ok(())
    });
}

/// A name with a letter, a backslash, an escape code and a byte that is no letter.
const ODD: &[u8] = b"bl\xc3\xbc \\e\x1b[1m\xff";

/// Runs sockeye, with these words before it, where a namespace has an odd name.
fn with_an_odd_name(before: &[&str], arguments: &[&OsStr]) -> Ran {
    const SCRIPT: &str = "mount -t tmpfs names /run && mkdir /run/netns && touch \"/run/netns/$1\" &&
        unshare --net=\"/run/netns/$1\" true && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh"]).arg(OsStr::from_bytes(ODD));
    run(command.args(before).arg(env!("CARGO_BIN_EXE_sockeye")).args(arguments).env("NO_COLOR", "1"))
}

#[test]
fn a_namespace_is_found_by_bytes_that_are_no_letters() {
    in_namespace(|_| {
        let path = [b"/run/netns/", ODD].concat();
        for (table, counted) in [("sockets", "0\n"), ("links", "1\n")] {
            for spec in [ODD, &path] {
                let words = [OsStr::new(table), OsStr::new("-N"), OsStr::from_bytes(spec), OsStr::new("--count")];
                assert_eq!(with_an_odd_name(&[], &words).ended(0).text(), counted, "{table}");
            }
        }
        Ok(())
    });
}

#[test]
fn the_name_of_a_namespace_that_may_not_be_entered_is_spelled_out_once() {
    in_namespace(|_| {
        // Without it, setpriv leaves the bounding set as it is and says nothing.
        needs(CapabilitySet::SETPCAP)?;
        let without = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--"];
        let once = r"cannot enter the network namespace blü \\e\x1b[1m\xff: Operation not permitted";
        for words in [["sockets", "-N", "all"].as_slice(), &["links", "-N", "all"], &["watch", "-N"]] {
            let mut words: Vec<_> = words.iter().map(OsStr::new).collect();
            words.extend((words.len() == 2).then(|| OsStr::from_bytes(ODD)));
            let ran = with_an_odd_name(&without, &words);
            assert!(ran.errors().contains(once), "{words:?}: {}", ran.errors());
        }
        Ok(())
    });
}

#[test]
fn all_namespaces_show_every_socket_once_with_its_namespace() {
    in_namespace(|zoo| {
        let here = zoo.tcp_established_v4()?;
        let other = Other::new()?;
        // Known by a name, by a path and by a process, and still one.
        let lines = other.named(&["-N", "all", "tcp", "-o", "ndjson", "--columns", "+cookie"]).json_lines();
        let (verdict, rows) = lines.split_last().expect("a verdict");
        assert_eq!(verdict["verdict"]["answer"], "whole");
        assert_eq!(other.count(rows), 1);
        let named = rows.iter().find(|row| row["local_port"] == other.port).expect("counted above");
        assert_eq!(named["netns"], "blue");
        let ours: Vec<_> = here
            .all()
            .iter()
            .map(|expected| match with_cookie(rows, expected.cookie.unwrap_or(0))[..] {
                [row] => row["netns"].as_str().expect("every row has one").to_owned(),
                ref found => panic!("{}: {found:?}", expected.role),
            })
            .collect();
        assert!(ours.iter().all(|name| *name == ours[0] && name != "blue"), "{ours:?}");
        assert!(rows.iter().all(|row| row["netns"].is_string()), "{rows:?}");
        Ok(())
    });
}

#[test]
fn the_namespace_is_a_column_of_every_format() {
    in_namespace(|_| {
        let other = Other::new()?;
        let table = other.named(&["-N", "all", "tcp", "listening"]);
        assert!(table.lines()[0].starts_with("NETNS "), "{}", table.text());
        let row =
            table.lines().into_iter().find(|line| line.contains(&format!(":{}", other.port))).expect("it listens");
        assert!(row.starts_with("blue "), "{}", table.text());
        let records = csv(other.named(&["-N", "all", "tcp", "listening", "-o", "csv"]).text());
        assert_eq!(records[0][0], "netns");
        let groups = other.named(&["-N", "all", "tcp", "--group-by", "netns,state", "-o", "ndjson"]).json_lines();
        let expected = serde_json::json!({"netns": "blue", "state": "listening", "count": 1});
        assert!(groups.contains(&expected), "{groups:?}");
        Ok(())
    });
}

#[test]
fn a_namespace_that_is_not_there_is_a_mistake_with_a_sentence() {
    let beyond = u32::MAX.to_string();
    for name in ["nonesuch", "/run/nonesuch", beyond.as_str(), "0", "/etc/passwd", "/proc/self/ns/uts", "/dev/null", ""]
    {
        let ran = sockeye(&["-N", name]).ended(2);
        assert_eq!(ran.text(), "", "{name}");
        assert!(
            ran.errors().starts_with("sockeye: ") && ran.errors().contains("namespace"),
            "{name}: {}",
            ran.errors()
        );
    }
}

#[test]
fn a_namespace_has_its_name_where_it_is_asked_for() {
    in_namespace(|_| {
        let other = Other::new()?;
        let rows = other.named(&["-N", "blue", "tcp", "listening", "--columns", "netns,lport", "-o", "ndjson"]);
        let rows = rows.ended(0).json_lines();
        assert_eq!(rows[0]["netns"], "blue", "{rows:?}");
        let count = |spec: &str, filter: &str| other.named(&["-N", spec, filter, "--count"]).ended(0).text().to_owned();
        assert_eq!(count("blue", "tcp listening netns = blue"), "1\n");
        assert_eq!(count(&other.pid(), "tcp listening netns = blue"), "1\n", "whatever way leads to it");
        assert_eq!(count("blue", "tcp listening netns != blue"), "0\n");
        let _listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let own = sockeye(&["tcp", "listening", "--columns", "netns,lport", "-o", "ndjson"]).ended(0).json_lines();
        assert!(own[0]["netns"].as_str().is_some_and(|name| !name.is_empty()), "{own:?}");
        Ok(())
    });
}

#[test]
fn a_path_of_a_control_group_that_cannot_be_had_is_said_to_be_missing() {
    in_namespace(|zoo| {
        let _listener = zoo.tcp_listening()?;
        let without = |arguments: &[&str]| {
            let mut command = Command::new("unshare");
            let script = "mount -t tmpfs nothing /sys && exec \"$@\"";
            command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]);
            run(command.arg(env!("CARGO_BIN_EXE_sockeye")).args(arguments).env("NO_COLOR", "1"))
        };
        for arguments in [
            ["tcp", "listening", "--columns", "local,cgroup"].as_slice(),
            &["tcp", "listening", "has", "cgroup"],
            &["tcp", "listening", "--sort", "cgroup"],
        ] {
            let ran = without(arguments).ended(3);
            assert!(ran.errors().contains("paths of control groups are unknown"), "{}", ran.errors());
        }
        without(&["tcp", "listening"]).ended(0);
        Ok(())
    });
}

#[test]
fn an_interface_is_looked_for_in_the_namespace_of_the_rows() {
    in_namespace(|_| {
        let other = Other::new()?;
        for own in [&[][..], &["-N", &other.pid()]] {
            let wrong = sockeye(&[own, &["udp", "dev nosuch"]].concat()).ended(2);
            assert!(wrong.errors().contains("there is no interface \"nosuch\""), "{own:?}: {}", wrong.errors());
            sockeye(&[own, &["udp", "dev lo"]].concat()).ended(0);
        }
        // In one of many it may be there.
        assert_ne!(sockeye(&["-N", "all", "udp", "dev nosuch"]).status, 2);
        Ok(())
    });
}
