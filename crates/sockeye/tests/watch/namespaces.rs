//! `--netns`: one, or all with those that come and go.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::CapabilitySet;
use serde_json::{Value, json};
use sockeye_zoo::skip::needs;
use sockeye_zoo::{Skip, in_namespace, patience};

use crate::selection::wait_until;
use crate::watching::{Ended, Watching};

/// `sockeye watch` where namespaces have names of their own and only its own processes are to be seen.
pub(crate) struct Elsewhere {
    pub(crate) watching: Watching,
}

impl Elsewhere {
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, Skip> {
        Self::without(&[], arguments)
    }

    /// The same by a program that has been put in front of it, with its words.
    pub(crate) fn without(prefix: &[&str], arguments: &[&str]) -> Result<Self, Skip> {
        const SCRIPT: &str = "mount -t tmpfs names /run && mkdir /run/netns && ip netns add old && exec \"$@\"";
        // Its mounts are entered with `nsenter`.
        needs(CapabilitySet::SYS_CHROOT)?;
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
        command.arg("sh").args(prefix).args([env!("CARGO_BIN_EXE_sockeye"), "watch"]).args(arguments);
        let watching = Watching::of(&mut command);
        Ok(Self { watching })
    }

    /// Runs `ip` where those names are, and in our network namespace.
    #[track_caller]
    pub(crate) fn ip(&self, line: &str) {
        let Output { status, stderr, .. } = self.try_ip(line);
        assert!(status.success(), "ip {line}: {}", String::from_utf8_lossy(&stderr));
    }

    /// The same, which may be ended together with the program.
    pub(crate) fn try_ip(&self, line: &str) -> Output {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--pid", "--target", &self.program().to_string(), "ip"]).args(line.split(' '));
        command.output().expect("nsenter is there")
    }

    /// The program is a child of `unshare`, which passes no signals on.
    pub(crate) fn program(&self) -> i32 {
        let pid = self.watching.pid();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("it lives");
        children.trim().parse().expect("one child")
    }

    pub(crate) fn interrupt(self) -> Ended {
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
        let mut all = Elsewhere::start(&["-N", "all", "links", "addresses", "-j"])?;
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
        let mut old = Elsewhere::start(&["-N", "old", "links"])?;
        old.ip("link set lo mtu 1417");
        old.ip("-n old link set lo mtu 1418");
        let line = old.watching.line("links ~ ");
        assert!(line.ends_with(" old links ~ lo mtu 65536 → 1418"), "ours is not followed: {line}");
        old.interrupt().with(0);
        Ok(())
    });
}

/// The last object, which says that there is no more to come, and that it was so within a moment.
#[track_caller]
fn ends_with_the_namespace(ended: Ended, since: Instant) {
    assert!(since.elapsed() < patience(Duration::from_secs(5)), "{:?}", since.elapsed());
    let objects = ended.with(3).objects();
    let last = objects.last().expect("at least one");
    assert_eq!((&last["change"], &last["reason"]), (&json!("gap"), &json!("namespace-gone")), "{objects:?}");
    assert_eq!((&last["tables"], &last["lost"]), (&json!(["links"]), &Value::Null), "{last}");
}

#[test]
fn the_one_that_is_followed_by_name_is_let_go_when_its_name_is_gone() {
    in_namespace(|_| {
        let old = Elsewhere::start(&["-N", "old", "links", "-j"])?;
        // One end of the cable is here, and goes with the namespace of the other.
        old.ip("link add here type veth peer name there netns old");
        wait_until("the end here", || has_link("here"));
        old.ip("-n old link set lo mtu 1417");
        let began = Instant::now();
        // It ends at once, and everything in its namespace of processes with it.
        old.try_ip("netns del old");
        let ended = old.watching.ended();
        let told = ended.objects();
        assert!(told.iter().any(|object| object["fields"].get("mtu_bytes").is_some()), "what came before: {told:?}");
        ends_with_the_namespace(ended, began);
        // The kernel removes namespaces of all one after the other (net/core/net_namespace.c, `cleanup_net`), in its own time.
        wait_until("the kernel has removed the namespace: nobody holds it", || !has_link("here"));
        Ok(())
    });
}

#[test]
fn the_one_that_is_followed_by_a_process_is_let_go_when_the_process_ends() {
    in_namespace(|_| {
        let mut holder = Command::new("unshare").args(["--net", "sleep", "300"]).spawn().expect("unshare is there");
        let place = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net"));
        let ours = place(std::process::id()).expect("it lives");
        wait_until("it is elsewhere", || place(holder.id()).is_ok_and(|theirs| theirs != ours));
        let watching = Watching::start(&["-N", &holder.id().to_string(), "links", "-j"]);
        let began = Instant::now();
        holder.kill().expect("a child of ours");
        holder.wait().expect("a child of ours");
        ends_with_the_namespace(watching.ended(), began);
        Ok(())
    });
}

#[test]
fn a_namespace_that_may_not_be_entered_is_complained_of_once() {
    in_namespace(|_| {
        // Without it, setpriv leaves the bounding set as it is and says nothing.
        needs(CapabilitySet::SETPCAP)?;
        let prefix = ["setpriv", "--inh-caps", "-sys_admin", "--bounding-set", "-sys_admin", "--"];
        for words in [&["-N", "all", "links"][..], &["sockets", "-N", "all", "--source", "dumps"]] {
            let mut all = Elsewhere::without(&prefix, words)?;
            // Each look finds all of them again.
            for name in ["new", "newer"] {
                all.ip(&format!("netns add {name}"));
                all.watching.complaint(&format!("cannot enter the network namespace {name}:"));
            }
            let said = all.interrupt().with(3).stderr;
            assert_eq!(said.matches("cannot enter the network namespace old:").count(), 1, "{said}");
            assert_eq!(said.matches("cannot enter the network namespace new:").count(), 1, "{said}");
        }
        Ok(())
    });
}
