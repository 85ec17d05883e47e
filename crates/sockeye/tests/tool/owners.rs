//! Filters on owners: a socket that several processes hold, two ends with an owner each, owners that cannot be seen.
//!
//! A filter that only some processes matter to looks at those only; the answer must be that of a look at all.

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use sockeye_zoo::skip::sees_every_process;
use sockeye_zoo::{Skip, Zoo, in_namespace};

use crate::ran::{Ran, WHOEVER_MAY_BE_SEEN, missing, run, sockeye};
use crate::support::listing;

/// A process of its own name that holds a socket until the value is gone.
struct Keeper(Child);

impl Keeper {
    /// Starts one; `before` is a program that starts it.
    fn start(zoo: &Zoo, name: &str, socket: impl Into<OwnedFd>, before: &[&str]) -> io::Result<Self> {
        let path = zoo.directory().join(name);
        // It waits for a line that never comes.
        std::fs::write(&path, "#!/bin/sh\nread line\n")?;
        for opened in [zoo.directory(), &path] {
            std::fs::set_permissions(opened, std::fs::Permissions::from_mode(0o755))?;
        }
        let path = path.to_str().expect("a name of ours");
        let line = [before, &[path]].concat();
        let mut command = Command::new(line[0]);
        let keeper = command.args(&line[1..]).stdin(Stdio::piped()).stdout(Stdio::from(socket.into())).spawn()?;
        let mut keeper = Self(keeper);
        // It has its name once the last program of the line runs.
        while comm(keeper.pid()) != name {
            assert!(keeper.0.try_wait()?.is_none(), "{line:?} has ended");
            std::thread::yield_now();
        }
        Ok(keeper)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn comm(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// How many rows fit, by every way that needs no owner afterwards and by one that does.
fn counted(filter: &str) -> u64 {
    let words: Vec<&str> = filter.split(' ').collect();
    let rows = |more: &[&str]| listing(&[&words[..], more].concat()).0;
    let count = rows(&["--count"])[0]["count"].as_u64().expect("a number");
    let shown = rows(&["--columns", "local,peer"]).len() as u64;
    let grouped: u64 = rows(&["--group-by", "state"]).iter().filter_map(|group| group["count"].as_u64()).sum();
    let owned = rows(&["--columns", "local,pid,peer-pid"]).len() as u64;
    assert_eq!([count, shown, grouped, owned], [count; 4], "{filter}");
    count
}

#[test]
fn a_control_group_is_named_by_its_directory_and_from_within() {
    in_namespace(|zoo| {
        let (_kept, _other) = (zoo.tcp_in_cgroup()?, zoo.tcp_listening()?);
        let mounts = std::fs::read_to_string("/proc/self/mounts").expect("own mounts");
        let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2")).expect("the zoo found it");
        let mount = mount.split(' ').nth(1).expect("a place");
        let (rows, _) = listing(&["tcp", "listening", "--columns", "cgroup"]);
        let path = rows.iter().filter_map(|row| row["cgroup"].as_str()).find(|path| path.contains("sockeye-zoo-"));
        let path = path.expect("one of them is in a group of its own");
        let directory = format!("{mount}{path}");
        let (above, name) = directory.rsplit_once('/').expect("a path");
        for (from, written) in [
            ("/", path),
            ("/", &path[1..]),
            ("/", &directory),
            (above, name),
            (above, &format!("./{name}")),
            (&directory, "."),
        ] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
            let filter = ["sockets", "tcp", "listening", "cgroup", "=", written, "--columns", "cgroup", "-H"];
            let ran = run(command.args(filter).current_dir(from)).ended(0);
            assert_eq!(ran.text().trim_end(), path, "{written} from {from}");
        }
        Ok(())
    });
}

#[test]
fn a_condition_can_hold_because_of_any_of_several_owners() {
    in_namespace(|zoo| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let keeper = Keeper::start(zoo, "second-holder", listener.try_clone().expect("descriptors"), &[]);
        let keeper = keeper.expect("a process");
        let (own, other) = (std::process::id(), keeper.pid());
        let name = comm(own);
        for (filter, fit) in [
            (format!("tcp process = {name}"), 1),
            (format!("tcp process = {name} and pid = {other}"), 1),
            (format!("tcp process = {name} and (pid = {other} or sport = 1)"), 1),
            (format!("tcp (process = second-holder or sport = 1) and pid = {own}"), 1),
            ("tcp process = second-holder and cmdline ~ '*tool*'".to_owned(), 1),
            ("tcp process = second-holder and fd = 1".to_owned(), 1),
            (format!("tcp pid = {own} and not pid = {other}"), 0),
            (format!("tcp process = second-holder and process != {name}"), 0),
            (format!("tcp pid = {own} and not (process = second-holder or sport = 1)"), 0),
            (format!("tcp not (not pid = {own} or not pid = {other})"), 1),
            ("tcp (process = nobody-is-it or sport > 0)".to_owned(), 1),
            (format!("tcp (process = nobody-is-it or pid = {other})"), 1),
            (format!("tcp process = nobody-is-it and not pid = {other}"), 0),
        ] {
            assert_eq!(counted(&filter), fit, "{filter}");
        }
        let both = listing(&["tcp", "(process = nobody-is-it or sport > 0)", "--columns", "pid"]).0;
        assert_eq!(both[0]["owners"].as_array().map(Vec::len), Some(2), "{both:?}");
        Ok(())
    });
}

#[test]
fn conditions_on_both_ends_look_at_the_owners_of_both() {
    in_namespace(|zoo| {
        let (near, far) = UnixStream::pair().expect("descriptors are left");
        let (client, server) =
            (Keeper::start(zoo, "pair-client", near, &[]), Keeper::start(zoo, "pair-server", far, &[]));
        let (client, server) = (client.expect("a process"), server.expect("a process"));
        let pid = server.pid();
        for (filter, fit) in [
            ("unix process = pair-client peer-process = pair-server".to_owned(), 1),
            (format!("unix pid = {} peer-pid = {pid}", client.pid()), 1),
            ("unix process = pair-client not peer-process = pair-server".to_owned(), 0),
            ("unix process = pair-client has peer-pid".to_owned(), 1),
            ("unix (process = pair-client or process = pair-server) has peer-pid".to_owned(), 2),
            ("unix peer-process = pair-server".to_owned(), 1),
        ] {
            assert_eq!(counted(&filter), fit, "{filter}");
        }
        // Where not everybody may be seen, it stays open who else holds the other end.
        let filter = "process = pair-client not peer-process = pair-client";
        let (rows, verdict) = listing(&["unix", filter, "--columns", "local"]);
        let undecided =
            missing(&verdict, "undecided").iter().filter_map(|missing| missing["rows"].as_u64()).sum::<u64>();
        assert_eq!(rows.len() as u64 + undecided, 1, "{verdict}");
        Ok(())
    });
}

#[test]
fn groups_by_owners_have_the_objects_that_rows_have() {
    in_namespace(|zoo| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let keeper = Keeper::start(zoo, "second-holder", listener.try_clone().expect("descriptors"), &[]);
        let keeper = keeper.expect("a process");
        let again = listener.try_clone().expect("descriptors");
        let (rows, _) = listing(&["tcp", "--columns", "process,pid"]);
        assert_eq!(rows[0]["owners"].as_array().map(Vec::len), Some(3), "{rows:?}");
        let mut owners = [(std::process::id(), comm(std::process::id())), (keeper.pid(), "second-holder".to_owned())];
        owners.sort();
        let owners: Vec<_> =
            owners.into_iter().map(|(pid, process)| serde_json::json!({"process": process, "pid": pid})).collect();
        let expected = serde_json::json!({"state": "listening", "owners": owners, "count": 1});
        let document =
            Ran::json(&sockeye(&["tcp", "--group-by", "process,state,pid", "-j"]).ended_in(&WHOEVER_MAY_BE_SEEN));
        assert_eq!(document["groups"], serde_json::json!([expected]));
        let (groups, _) = listing(&["tcp", "--group-by", "process,state,pid"]);
        assert_eq!(groups, [expected]);
        let (_near, _far) = UnixStream::pair().expect("descriptors are left");
        let (groups, _) = listing(&["unix", "--group-by", "peer-pid"]);
        assert_eq!(groups, [serde_json::json!({"peer_owners": [{"pid": std::process::id()}], "count": 2})]);
        drop(again);
        Ok(())
    });
}

#[test]
fn rows_that_unseen_processes_leave_open_are_counted_also_for_root() {
    in_namespace(|_| {
        let _listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        // In another pid namespace, with a /proc of its own, the holder is not there.
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", env!("CARGO_BIN_EXE_sockeye"), "-j", "--columns", "local"]);
        let prepared = command.args(["tcp", "not process = nobody-is-it"]).output();
        let able = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).output();
        match (prepared, able) {
            (Ok(_), Ok(able)) if able.status.success() => {}
            (Ok(_), Ok(able)) => {
                return Err(Skip::new("pid-namespace", String::from_utf8_lossy(&able.stderr).trim().to_owned()));
            }
            (Err(error), _) | (_, Err(error)) => return Err(Skip::new("program:unshare", error.to_string())),
        }
        let ran = run(&mut command).ended(3);
        let verdict = &ran.json()["verdict"];
        assert_eq!(missing(verdict, "undecided")[0]["rows"], 1, "{verdict}");
        assert_eq!(missing(verdict, "other").len(), 1, "{verdict}");
        Ok(())
    });
}

#[test]
fn what_a_filter_decides_does_not_depend_on_the_columns() {
    in_namespace(|zoo| {
        sees_every_process()?;
        let found = Command::new("setpriv").args(["--reuid", "65534", "--clear-groups", "true"]).output();
        if let Err(reason) = found.map_err(|error| error.to_string()).and_then(|output| {
            output.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
        }) {
            return Err(Skip::new("unprivileged", reason));
        }
        let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs"];
        let nobody = [&nobody[..], &["--inh-caps", "-all", "--bounding-set", "-all", "--"]].concat();
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let _held_by_root = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let _keeper = Keeper::start(zoo, "nobodys-holder", listener, &nobody).expect("a process");
        let program = zoo.directory().join("sockeye");
        std::fs::copy(env!("CARGO_BIN_EXE_sockeye"), &program).expect("a directory of our own");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("our own file");
        let program = program.to_str().expect("a name of ours");
        let ask = |more: &[&str]| {
            let line = [&nobody[1..], &[program, "-j", "tcp", "process = nobodys-holder"], more].concat();
            run(Command::new(nobody[0]).args(line))
        };
        // Names are for everybody to see, so the one that holds it is known, and what others hold does not matter.
        for (columns, status) in [
            (&["--columns", "local"][..], 0),
            (&["--count"], 0),
            (&[], 0),
            // Who else holds it was asked for by name, and is not known.
            (&["--columns", "local,pid"], 3),
        ] {
            let ran = ask(columns).ended(status);
            let (said, verdict) = (ran.json(), &ran.json()["verdict"]);
            let rows = said["sockets"].as_array().map(|rows| rows.len() as u64);
            assert_eq!(rows.or(said["count"].as_u64()), Some(1), "{said}");
            assert!(missing(verdict, "undecided").is_empty(), "{columns:?}: {verdict}");
        }
        Ok(())
    });
}

#[test]
fn the_sockets_of_the_program_itself_are_its_own() {
    in_namespace(|_| {
        // Several are open while it lists, the last of them after the search for owners.
        let shown = ["netlink", "local = 'sock-diag'", "lport != 0", "--columns", "inode,process,pid,fd"];
        for more in [&[][..], &["--threads", "8"], &["--confirm"]] {
            let (rows, _) = listing(&[&shown[..], more].concat());
            assert!(!rows.is_empty(), "{more:?}");
            for row in rows {
                let owners = row["owners"].as_array().unwrap_or_else(|| panic!("{row}"));
                let is_own = |owner: &serde_json::Value| owner["process"] == "sockeye" && owner["fd"].is_u64();
                assert!(!owners.is_empty() && owners.iter().all(is_own), "{row}");
            }
        }
        let (rows, _) = listing(&["netlink", "process = sockeye", "--columns", "local"]);
        assert!(!rows.is_empty());
        Ok(())
    });
}

/// Runs sockeye with this many descriptors at most.
fn with_descriptors(count: u32, arguments: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    let script = format!("ulimit -n {count} && exec \"$@\"");
    run(command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_sockeye")]).args(arguments).env("NO_COLOR", "1"))
}

/// From too few to load the program to enough of them for everything.
const LIMITS: std::ops::Range<u32> = 4..24;
/// Times that they are gone through.
const SWEEPS_MAX: u32 = 50;

#[test]
fn too_few_descriptors_are_told_from_a_missing_privilege() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_listening()?;
        let mut without_owners = 0;
        // Dumps and search run side by side, and it is chance which of them meets the limit first: so again, until it was
        // the search once.
        for count in (0..SWEEPS_MAX).flat_map(|_| LIMITS) {
            // A program in the kernel opens no file of a process.
            let columns = ["--columns", "local,process", "-H", "--owner-source", "proc"];
            let ran = with_descriptors(count, &[&["sockets", "tcp", "listening"][..], &columns].concat());
            let said = ran.errors();
            assert!(!said.contains("cannot write"), "{count}: {said}");
            if ran.status == 127 {
                continue;
            }
            if said.contains("cannot") || said.contains("not readable") {
                assert!(said.contains("Too many open files"), "{count}: {said}");
            }
            if said.contains("not readable") {
                assert!(!ran.text().contains("not permitted"), "{count}: {}{said}", ran.text());
                without_owners += 1;
            } else if without_owners > 0 {
                break;
            }
        }
        assert!(without_owners > 0, "one of these limits is too low for the search alone");
        Ok(())
    });
}
