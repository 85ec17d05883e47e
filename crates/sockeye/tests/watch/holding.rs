//! `--hold`: a command is run for what stays so, and not for what was so once.

use std::time::{Duration, Instant};

use serde_json::Value;
use sockeye_zoo::{in_namespace, slowness};

use crate::asked::*;
use crate::hooks::{default_route, hold, output, outputs};
use crate::lines::ip;
use crate::watching::Watching;

/// Lets so many milliseconds go by: how long something stays so is what these tests are about.
fn stay(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms) * slowness());
}

#[test]
fn what_is_never_so_for_long_enough_is_not_told() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let ways = [
            ("links new.operstate = down ifname = d0", set_up(77, false), set_up(77, true), "→ up"),
            ("links mtu = 1417 ifname = d0", set_mtu(77, 1417), set_mtu(77, 1418), "→ 1418"),
        ];
        for (on, there, back, is_back) in ways {
            let run = ["--on", on, "--run", "printenv SOCKEYE_IFNAME", "--hold", &format!("{:?}", hold())];
            let mut watching = Watching::start(&run);
            // So most of the time, longer than is asked for, and never for as long at once.
            for _ in 0..6 {
                asker.must(&there);
                stay(420);
                asker.must(&back);
                watching.line_where(is_back, |line| line.contains("links ~ d0 ") && line.contains(is_back));
            }
            // What begins anew has its whole time.
            let began = Instant::now();
            asker.must(&there);
            watching.complaint("]: d0");
            assert!(began.elapsed() >= hold(), "{on}: {:?}", began.elapsed());
            watching.complaint("exit status: 0 after");
            asker.must(&back);
            let ended = watching.interrupt().with(0);
            assert_eq!(outputs(&ended.stderr, 1).iter().filter(|said| **said == "d0").count(), 1, "{}", ended.stderr);
        }
        Ok(())
    });
}

#[test]
fn what_changes_meanwhile_and_still_holds_is_told_as_it_is_by_then() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.plain(80, "d1");
        let down = "links old.operstate = up and new.operstate = down and ifname = d0";
        let hold = format!("{:?}", hold());
        let on = ["--on", down, "--run", "cat", "--on", "links ifname = d1", "--run", "cat", "--hold", &hold];
        let mut watching = Watching::start(&on);
        asker.must(&set_up(77, false));
        for mtu in [1417, 1418, 1419] {
            stay(100);
            asker.must(&set_mtu(77, mtu));
            asker.must(&set_mtu(80, mtu));
        }
        let object = |line: String| -> Value { serde_json::from_str(output(&line)).expect("JSON") };
        let first = object(watching.complaint("\"ifname\":\"d0\""));
        let second = object(watching.complaint("\"ifname\":\"d1\""));
        // Neither does a change of its MTU fit, nor does it end what fits.
        assert_eq!((&first["record"]["operstate"], &first["record"]["mtu_bytes"]), (&"down".into(), &1419.into()));
        assert_eq!(first["fields"]["operstate"]["old"], "up", "{first}");
        assert_eq!(first.get("joined"), None, "{first}");
        // Each change fits, and the last of them is told.
        assert_eq!((&second["record"]["mtu_bytes"], &second["joined"]), (&1419.into(), &3.into()), "{second}");
        assert_eq!(second["fields"]["mtu_bytes"]["old"], 1418, "{second}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_route_that_comes_back_another_way_is_not_gone() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        asker.must(&new_address(77, ip("10.7.0.1"), 24));
        let via = |host: &str, priority| Route { priority, ..Route::to(ip("0.0.0.0"), 0, Via::Gateway(ip(host), 77)) };
        asker.must(&default_route().add(CREATE));
        let run = "printenv SOCKEYE_GATEWAY";
        let hold = format!("{:?}", hold());
        let on = ["--on", "routes removed dst = default", "--run", run, "--hold", &hold, "routes"];
        let mut watching = Watching::start(&on);
        // By another gateway, in its place; by another with another metric; and the same again.
        asker.must(&via("10.7.0.8", 0).add(CREATE | REPLACE));
        watching.line("via 10.7.0.8");
        stay(200);
        asker.must(&via("10.7.0.8", 0).delete());
        asker.must(&via("10.7.0.7", 50).add(CREATE));
        stay(200);
        asker.must(&via("10.7.0.7", 50).delete());
        asker.must(&via("10.7.0.7", 50).add(CREATE));
        // Another destination is nobody's return.
        asker.must(&via("10.7.0.7", 50).delete());
        asker.must(&Route::to(ip("10.8.0.0"), 16, Via::Gateway(ip("10.7.0.6"), 77)).add(CREATE));
        watching.complaint("exit status: 0 after");
        let ended = watching.interrupt().with(0);
        let said: Vec<_> = outputs(&ended.stderr, 1).into_iter().filter(|said| said.starts_with("10.")).collect();
        assert_eq!(said, ["10.7.0.7"], "{}", ended.stderr);
        Ok(())
    });
}
