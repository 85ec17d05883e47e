//! `--netns`: one, or all with those that come and go.

use std::process::{Command, Output};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sockeye_zoo::in_namespace;

use crate::selection::wait_until;
use crate::watching::{Ended, Watching};

/// `sockeye watch` where namespaces have names of their own and only its own processes are to be seen.
struct Elsewhere {
    watching: Watching,
}

impl Elsewhere {
    fn start(arguments: &[&str]) -> Self {
        const SCRIPT: &str = "mount -t tmpfs names /run && mkdir /run/netns && ip netns add old && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args([
            "--mount",
            "--propagation",
            "private",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            SCRIPT,
        ]);
        command.args(["sh", env!("CARGO_BIN_EXE_sockeye"), "watch"]).args(arguments);
        let watching = Watching::of(&mut command);
        Self { watching }
    }

    /// Runs `ip` where those names are, and in our network namespace.
    #[track_caller]
    fn ip(&self, line: &str) {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--pid", "--target", &self.program().to_string(), "ip"]).args(line.split(' '));
        let Output { status, stderr, .. } = command.output().expect("nsenter is there");
        assert!(status.success(), "ip {line}: {}", String::from_utf8_lossy(&stderr));
    }

    /// The program is a child of `unshare`, which passes no signals on.
    fn program(&self) -> i32 {
        let pid = self.watching.pid();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it lives");
        children.trim().parse().expect("one child")
    }

    fn interrupt(self) -> Ended {
        kill_process(Pid::from_raw(self.program()).expect("not 0"), Signal::INT).expect("it lives");
        self.watching.ended()
    }
}

fn has_link(name: &str) -> bool {
    Command::new("ip").args(["link", "show", name]).output().expect("ip is there").status.success()
}

#[test]
fn all_namespaces_are_followed_also_those_that_come_and_go() {
    in_namespace(|_| {
        let mut all = Elsewhere::start(&["-N", "all", "links", "addresses", "-j"]);
        all.ip("-n old link set lo up");
        let object = all
            .watching
            .object("one that was there", |object| object["netns"] == "old" && object["change"] == "changed");
        assert_eq!(object["table"], "links");

        // One end of the cable is here, and goes with the namespace of the other.
        all.ip("netns add new");
        all.ip("link add here type veth peer name there netns new");
        wait_until("the end here", || has_link("here"));
        let is_new = |object: &Value, change| object["netns"] == "new" && object["change"] == change;
        all.watching.object("the beginning", |object| is_new(object, "synced"));
        all.ip("-n new link set there mtu 1417");
        let object = all.watching.object("a change", |object| is_new(object, "changed"));
        assert_eq!(object["key"]["ifname"], "there", "what was there when it was found is no change: {object}");

        all.ip("netns del new");
        wait_until("the kernel has removed the namespace: nobody holds it", || !has_link("here"));
        all.ip("-n old link set lo mtu 1417");
        all.watching.object("the old one is still followed", |object| {
            object["netns"] == "old" && object["fields"].get("mtu_bytes").is_some()
        });
        all.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn one_namespace_is_followed_by_its_name() {
    in_namespace(|_| {
        let mut old = Elsewhere::start(&["-N", "old", "links"]);
        old.ip("link set lo mtu 1417");
        old.ip("-n old link set lo mtu 1418");
        let line = old.watching.line("links ~ ");
        assert!(line.ends_with(" old links ~ lo mtu 65536 → 1418"), "ours is not followed: {line}");
        old.interrupt().with(0);
        Ok(())
    });
}
