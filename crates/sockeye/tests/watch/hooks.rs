//! `--on … --run …`: commands that changes start.

use std::fs::{File, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use sockeye_zoo::{Zoo, in_namespace, slowness};

use crate::asked::*;
use crate::ending::routes;
use crate::lines::{assert_time, ip};
use crate::selection::wait_until;
use crate::watching::Watching;

const DEFAULT: &str = "routes dst = default and table = main";

/// How long something has to stay so, where that is asked for: much longer than a busy machine takes for a few changes.
pub(crate) fn hold() -> Duration {
    Duration::from_secs(2) * slowness()
}

/// What a command said, after its name and number.
pub(crate) fn output(line: &str) -> &str {
    line.split_once("]: ").expect("sockeye: hook N [PID]: …").1
}

/// All that the commands of a hook said.
pub(crate) fn outputs(errors: &str, hook: usize) -> Vec<&str> {
    let start = format!("sockeye: hook {hook} [");
    errors.lines().filter(|line| line.starts_with(&start)).map(output).collect()
}

pub(crate) fn default_route() -> Route {
    Route::to(ip("0.0.0.0"), 0, Via::Gateway(ip("10.7.0.9"), 77))
}

fn script(zoo: &Zoo, name: &str, text: &str) -> String {
    let path = zoo.directory().join(name);
    write(&path, format!("#!/bin/sh\n{text}\n")).expect("a file of ours");
    set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("ours");
    path.to_str().expect("plain").to_owned()
}

#[test]
fn a_program_is_restarted_when_the_default_route_changes() {
    in_namespace(|zoo| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.must(&new_address(77, ip("10.7.0.1"), 24));
        // A service, and what restarts it.
        let place = zoo.directory().join("service.pid");
        let restart = script(
            zoo,
            "restart",
            "cd \"${0%/*}\" && cat > change.json && env | grep ^SOCKEYE_ > change.env
            [ -f service.pid ] && kill $(cat service.pid)
            sleep 60 < /dev/null > /dev/null 2>&1 &
            echo $! > service.new && mv service.new service.pid && echo restarted",
        );
        let mut watching = Watching::start(&["--on", DEFAULT, "--run", &restart]);
        assert!(!place.exists());

        asker.must(&default_route().add(CREATE));
        assert_eq!(output(&watching.complaint("restarted")), "restarted");
        watching.complaint("exit status: 0 after");
        let first = service(&place);
        let object: Value =
            serde_json::from_str(&read_to_string(zoo.directory().join("change.json")).expect("written")).expect("JSON");
        assert_time(object["time"].as_str().expect("a time"));
        assert_eq!((&object["table"], &object["change"]), (&"routes".into(), &"added".into()));
        assert_eq!(object["record"]["gateway"], "10.7.0.9");
        assert!(object["netns"].is_string() && object["key"].is_object(), "{object}");
        let environment = read_to_string(zoo.directory().join("change.env")).expect("written");
        for line in [
            "SOCKEYE_TABLE=routes",
            "SOCKEYE_CHANGE=added",
            "SOCKEYE_RESYNC=0",
            "SOCKEYE_GATEWAY=10.7.0.9",
            "SOCKEYE_OIF=d0",
            "SOCKEYE_RECORD_TABLE=main",
        ] {
            assert!(environment.lines().any(|other| other == line), "no {line} in\n{environment}");
        }

        // Another route, and another link: that is nothing to it.
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Link(77)).add(CREATE));
        asker.must(&set_mtu(77, 1417));
        asker.must(&default_route().delete());
        watching.complaint("exit status: 0 after");
        let second = service(&place);
        assert_ne!(first, second);
        wait_until("the first is gone", || test_kill_process(first).is_err());
        let ended = watching.interrupt().with(0);
        assert_eq!(outputs(&ended.stderr, 1).iter().filter(|said| **said == "restarted").count(), 2);
        kill_process(second, Signal::TERM).expect("it runs");
        Ok(())
    });
}

fn service(place: &Path) -> Pid {
    let text = read_to_string(place).expect("written");
    Pid::from_raw(text.trim().parse().expect("a number")).expect("not 0")
}

#[test]
fn something_is_done_when_a_link_stays_down_and_nothing_when_it_comes_back() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        for (index, name) in [(70, "short"), (72, "long")] {
            asker.plain(index, name);
        }
        let down = "links old.operstate = up and new.operstate != up";
        let run = "printenv SOCKEYE_IFNAME SOCKEYE_OPERSTATE SOCKEYE_OLD_OPERSTATE";
        let mut watching = Watching::start(&["--on", down, "--run", run, "--hold", &format!("{:?}", hold()), "links"]);
        asker.must(&set_up(71, false));
        watching.line("links ~ short");
        asker.must(&set_up(71, true));
        watching
            .line_where("the short one is up again", |line| line.contains("links ~ short") && line.contains("→ up"));
        let began = Instant::now();
        asker.must(&set_up(73, false));
        watching.line("links ~ long");
        watching.complaint("]: long");
        assert!(began.elapsed() >= hold(), "{:?}", began.elapsed());
        // Both ends of the cable: one was told to be down, the other has lost its carrier.
        watching.complaint("exit status: 0 after");
        watching.complaint("exit status: 0 after");
        let ended = watching.interrupt().with(0);
        let said = outputs(&ended.stderr, 1);
        assert!(!said.contains(&"short") && !said.contains(&"short-end"), "{said:?}");
        assert!(said.contains(&"up") && said.contains(&"lowerlayerdown"), "{said:?}");
        Ok(())
    });
}

#[test]
fn there_is_no_shell_unless_it_is_asked_for() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let command = "echo $SOCKEYE_IFNAME '; echo' two";
        for (arguments, expected) in [
            (&["--on", "links new.mtu = 1417", "--run", command][..], "$SOCKEYE_IFNAME ; echo two"),
            (&["--on", "links new.mtu = 1418", "--run", "echo $SOCKEYE_IFNAME; echo two", "--shell"], "d0"),
        ] {
            let mut watching = Watching::start(arguments);
            asker.must(&set_mtu(77, if arguments.len() > 4 { 1418 } else { 1417 }));
            let status = watching.complaint("exit status: 0 after");
            assert!(status.starts_with("sockeye: hook 1 ["), "{status}");
            let ended = watching.interrupt().with(0);
            assert!(outputs(&ended.stderr, 1).contains(&expected), "{}", ended.stderr);
        }
        Ok(())
    });
}

#[test]
fn output_and_exit_status_are_logged_and_a_command_that_is_not_there_is_said() {
    in_namespace(|zoo| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let failing = script(zoo, "failing", "echo out; echo 'e\u{1b}[31mrr' >&2; exit 7");
        let mut watching =
            Watching::start(&["--on", "links", "--run", &failing, "--on", "links", "--run", "/no/such/command"]);
        asker.must(&set_mtu(77, 1417));
        watching.complaint("exit status: 7 after");
        wait_for(&mut watching, "cannot run");
        let ended = watching.interrupt().with(0);
        let said = outputs(&ended.stderr, 1);
        assert!(said.contains(&"out") && said.contains(&r"e\x1b[31mrr"), "{said:?}");
        assert!(
            ended.stderr.contains("sockeye: hook 2: cannot run \"/no/such/command\": No such file"),
            "{}",
            ended.stderr
        );
        Ok(())
    });
}

/// Waits for a line on stderr that may have come already.
fn wait_for(watching: &mut Watching, wanted: &str) {
    if !watching.complaints().iter().any(|line| line.contains(wanted)) {
        watching.complaint(wanted);
    }
}

#[test]
fn a_command_that_is_too_slow_is_skipped_and_that_is_said() {
    in_namespace(|zoo| {
        const CHANGES: u32 = 40;
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let gate = zoo.directory().join("gate");
        assert!(Command::new("mkfifo").arg(&gate).status().expect("every system has it").success());
        let command = script(zoo, "slow", "echo begun; cat \"${0%/*}/gate\"");
        let mut watching = Watching::start(&[
            "--on",
            "routes dst != default",
            "--run",
            &command,
            "--run-jobs",
            "2",
            "--run-queue",
            "3",
        ]);
        let all: Vec<_> = routes(CHANGES).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        watching.line(&format!("11.0.0.{}", CHANGES - 1));
        // Two run, three wait, and everything else is skipped: until now nothing has ended.
        watching.complaint("skipped");
        while watching.complaints().iter().filter(|line| line.ends_with("]: begun")).count() < 2 {
            watching.complaint("begun");
        }
        assert!(watching.complaints().iter().all(|line| !line.contains("exit status")));
        // The gate is opened until all of them have come through.
        let opener = {
            let gate = gate.clone();
            std::thread::spawn(move || {
                for _ in 0..5 {
                    drop(File::create(&gate));
                }
            })
        };
        watching.signal(Signal::INT);
        // Whoever waits for the gate while the last one goes through it would wait for ever.
        let ended = loop {
            if opener.is_finished() {
                let _ = rustix::fs::open(
                    &gate,
                    rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK,
                    rustix::fs::Mode::empty(),
                );
            }
            if let Some(ended) = watching.try_ended() {
                break ended.with(0);
            }
        };
        let ran = outputs(&ended.stderr, 1).iter().filter(|said| said.starts_with("exit status: 0 after")).count();
        let skipped: usize = ended
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("sockeye: hook 1: skipped ")?.split(':').next()?.parse::<usize>().ok())
            .sum();
        assert_eq!(ran + skipped, CHANGES as usize, "{}", ended.stderr);
        assert!((2..=5).contains(&ran), "{ran}");
        // The first at once, the others together, and those that waited when the signal came.
        let lines = ended.stderr.lines().filter(|line| line.starts_with("sockeye: hook 1: skipped ")).count();
        assert!(lines <= 4, "{}", ended.stderr);
        Ok(())
    });
}

#[test]
fn a_command_that_does_not_end_is_made_to() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::start(&["--on", "links", "--run", "sleep 250", "--run-timeout", "300ms"]);
        asker.must(&set_mtu(77, 1417));
        let line = watching.complaint("ended by force");
        assert!(line.ends_with(", its limit is 300 ms"), "{line}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn after_a_signal_nothing_is_started_and_what_runs_has_some_seconds() {
    in_namespace(|zoo| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let quick = script(zoo, "quick", "echo begun; trap 'echo told; exit 3' TERM; sleep 1; echo done");
        let seconds = 60 * slowness();
        let stubborn = format!("echo begun; trap 'echo told' TERM; for n in $(seq {seconds}); do sleep 1; done");
        let stubborn = script(zoo, "stubborn", &stubborn);
        let on = "routes dst != default";
        let run = ["--on", on, "--run", &quick, "--on", on, "--run", &stubborn, "--run-jobs", "2", "routes"];
        let mut watching = Watching::start(&run);
        let all: Vec<_> = routes(6).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        watching.line("11.0.0.5");
        watching.complaint("begun");
        watching.complaint("begun");
        let began = Instant::now();
        let ended = watching.interrupt().with(0);
        let took = began.elapsed();
        // Much less than it would take by itself.
        let most = Duration::from_secs(20) * slowness();
        assert!(took >= Duration::from_secs(5) && took < most, "{took:?}: {}", ended.stderr);
        let [quick, stubborn] = [1, 2].map(|hook| outputs(&ended.stderr, hook));
        assert!(matches!(quick[..], ["begun", "done", status] if status.starts_with("exit status: 0")), "{quick:?}");
        assert!(stubborn.contains(&"told"), "{stubborn:?}");
        assert!(matches!(stubborn[..], ["begun", .., status] if status.ends_with("the watch ends")), "{stubborn:?}");
        for hook in [1, 2] {
            let skipped = format!("sockeye: hook {hook}: skipped 5: the watch ends");
            assert!(ended.stderr.lines().any(|line| line == skipped), "{skipped}: {}", ended.stderr);
        }
        Ok(())
    });
}

#[test]
fn changes_that_come_together_are_one_run() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::start(&["--on", "routes dst != default", "--run", "cat", "--debounce", "300ms"]);
        let all: Vec<_> = routes(7).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        let object: Value = serde_json::from_str(output(&watching.complaint("joined"))).expect("JSON");
        assert_eq!(object["joined"], 7);
        assert_eq!(object["record"]["dst"], "11.0.0.6/32", "the last of them");
        assert_eq!(asker.all(&[default_route().delete(), routes(1).next().expect("one").delete()]), 1);
        let line = watching.complaint("\"removed\"");
        let object: Value = serde_json::from_str(output(&line)).expect("JSON");
        assert_eq!((object.get("joined"), &object["record"]["dst"]), (None, &"11.0.0.0/32".into()), "{line}");
        watching.complaint("exit status: 0 after");
        let ended = watching.interrupt().with(0);
        assert_eq!(outputs(&ended.stderr, 1).iter().filter(|said| said.starts_with("exit status")).count(), 2);
        Ok(())
    });
}

#[test]
fn what_is_there_at_first_starts_nothing_and_what_a_resync_finds_does() {
    in_namespace(|_| {
        const ROUTES: u32 = 60;
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let before: Vec<_> = routes(300).skip(200).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&before), 0);
        let run = [
            "--on",
            "routes dev = d0 and family = inet",
            "--run",
            "printenv SOCKEYE_RESYNC",
            "--run-queue",
            "500",
            "routes",
            "--snapshot",
            "--receive-buffer",
            "5000",
        ];
        let mut watching = Watching::start(&run);
        watching.stop();
        let all: Vec<_> = routes(ROUTES).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        watching.signal(Signal::CONT);
        watching.line(" gap: ");
        watching.line(" synced: ");
        // After a signal nothing more would be started.
        (0..ROUTES).for_each(|_| drop(watching.complaint("exit status: 0 after")));
        let ended = watching.interrupt().with(0);
        let said = outputs(&ended.stderr, 1);
        let count = |what: &str| said.iter().filter(|said| **said == what).count();
        assert_eq!(count("0") + count("1"), ROUTES as usize, "the snapshot starts nothing: {}", ended.stderr);
        assert!(count("0") > 0 && count("1") > 0, "{} and {}", count("0"), count("1"));
        assert!(ended.stdout.contains("11.0.0.250"), "the snapshot is told all the same");
        Ok(())
    });
}
