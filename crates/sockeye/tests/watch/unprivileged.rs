//! A user without any privilege watches all the same.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rustix::thread::CapabilitySet;
use sockeye_zoo::skip::{is_in_first_user_namespace, needs};
use sockeye_zoo::{Skip, Zoo, in_namespace};

use crate::asked::*;
use crate::lines::ip;
use crate::watching::Watching;

/// The user that owns nothing.
const NOBODY: &str = "65534";

/// The program as nobody may run it, without any capability.
pub(crate) fn as_nobody(zoo: &Zoo) -> Result<Command, Skip> {
    // It is somebody else's process, and has to be asked to end.
    needs(CapabilitySet::KILL)?;
    let setpriv = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs"]);
        command.args(["--inh-caps", "-all", "--bounding-set", "-all", "--"]);
        command
    };
    match setpriv().arg("true").output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            return Err(Skip::new("unprivileged", String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        Err(error) => return Err(Skip::new("program:setpriv", error.to_string())),
    }
    let open = |path: &std::path::Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a file of ours");
    };
    open(zoo.directory());
    let copy = zoo.directory().join("sockeye");
    std::fs::copy(env!("CARGO_BIN_EXE_sockeye"), &copy).expect("copied");
    open(&copy);
    let mut command = setpriv();
    command.arg(&copy);
    Ok(command)
}

#[test]
fn nobody_may_watch_every_table() {
    in_namespace(|zoo| {
        let mut nobody = as_nobody(zoo)?;
        let root = Watching::start(&[]).interrupt().with(0);
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::of(nobody.arg("watch"));
        asker.must(&new_address(77, ip("10.7.0.1"), 24));
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Link(77)).add(CREATE));
        asker.must(&new_neighbour(77, ip("10.7.0.9"), [2, 0, 0, 0, 7, 9]));
        asker.must(&new_nexthop(91, 77, ip("10.7.0.8")));
        asker.must(&set_up(77, false));
        for told in [
            "addresses + d0 10.7.0.1/24",
            "routes + 10.8.0.0/16",
            "neighbours + 10.7.0.9",
            "nexthops + id 91",
            "links ~ d0",
            "routes - 10.8.0.0/16",
        ] {
            watching.line(told);
        }
        let nobody = watching.interrupt().with(0);
        // What may wait is another matter.
        let tables = |said: &str| said.split("; at most").next().map(|said| said.trim_end().to_owned());
        assert_eq!(tables(&nobody.stderr), tables(&root.stderr), "as many tables as root");
        Ok(())
    });
}

#[test]
fn that_less_may_wait_than_was_asked_for_is_said() {
    in_namespace(|zoo| {
        // More than any machine gives to everybody.
        let buffer = ["--receive-buffer", "1000000000"];
        for what in ["links", "sockets"] {
            let mut nobody = as_nobody(zoo)?;
            let nobody = Watching::of(nobody.args(["watch", what]).args(buffer)).interrupt().with(0);
            // Older kernels show it in the first network namespace alone.
            let most = std::fs::read_to_string("/proc/sys/net/core/rmem_max")
                .map_err(|error| Skip::new("rmem_max", format!("/proc/sys/net/core/rmem_max: {error}")))?;
            let said = format!("; at most {} bytes of events may wait (more needs CAP_NET_ADMIN", most.trim());
            assert!(nobody.stderr.contains(&said), "{}", nobody.stderr);
            let root = Watching::start(&[&[what], &buffer[..]].concat()).interrupt().with(0);
            // The limit is one of the machine, which root of a user namespace may not exceed.
            let is_limited = !is_in_first_user_namespace();
            assert_eq!(root.stderr.contains("may wait"), is_limited, "{}", root.stderr);
        }
        Ok(())
    });
}

#[test]
fn that_namespaces_may_be_missing_is_said() {
    in_namespace(|zoo| {
        for words in [&["-N", "all"][..], &["sockets", "-N", "all"]] {
            let mut nobody = as_nobody(zoo)?;
            let nobody = Watching::of(nobody.arg("watch").args(words)).interrupt().with(3);
            assert!(nobody.stderr.contains(" may not be seen (needs CAP_SYS_PTRACE)"), "{}", nobody.stderr);
        }
        Ok(())
    });
}

#[test]
fn that_a_filter_speaks_of_what_is_kept_back_is_said() {
    in_namespace(|zoo| {
        let _listener = zoo.tcp_listening()?;
        let said = "mark cannot be decided without CAP_NET_ADMIN";
        let watching = Watching::of(as_nobody(zoo)?.args(["watch", "sockets", "mark = 7"])).interrupt().with(3);
        assert!(watching.stderr.contains(said), "{}", watching.stderr);
        let watching = Watching::start(&["sockets", "mark = 7"]).interrupt().with(0);
        assert!(!watching.stderr.contains("cannot be decided"), "{}", watching.stderr);
        for words in [["why", "--for", "300ms", "mark = 7"], ["top", "--once", "--interval=100ms", "mark = 7"]] {
            let output = as_nobody(zoo)?.args(words).output().expect("it can be run");
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!((output.status.code(), text.contains(said)), (Some(3), true), "{words:?}: {text}");
        }
        // Who holds the listener, which is root's, is not told either.
        let said = "left out: the filter depends on who holds them";
        for words in [["why", "--for", "300ms", "process = n"], ["top", "--once", "--interval=100ms", "process = n"]] {
            let output = as_nobody(zoo)?.args(words).output().expect("it can be run");
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!((output.status.code(), text.contains(said)), (Some(3), true), "{words:?}: {text}");
        }
        Ok(())
    });
}
