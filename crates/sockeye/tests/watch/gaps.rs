//! Losses in the stream: said, repaired, closed.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::{Value, json};
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::ending::routes;
use crate::lines::assert_time;
use crate::watching::Watching;

/// The routes of a stream: what was added and not removed, whatever the way it was found.
fn left(objects: &[Value]) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for object in objects.iter().filter(|object| object["table"] == "routes") {
        let key = object["key"].to_string();
        match object["change"].as_str() {
            Some("added") => assert!(left.insert(key), "twice: {object}"),
            Some("removed") => assert!(left.remove(&key), "it was not there: {object}"),
            _ => {}
        }
    }
    left
}

/// Tables in which a gap is open at the end of a stream.
fn open(objects: &[Value]) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for object in objects {
        let tables = object["tables"].as_array().into_iter().flatten().map(|name| name.as_str().expect("a name"));
        match object["change"].as_str() {
            Some("gap") => open.extend(tables.map(str::to_owned)),
            Some("synced") => tables.for_each(|name| {
                open.remove(name);
            }),
            _ => {}
        }
    }
    open
}

#[test]
fn a_slow_reader_with_a_small_buffer_gets_gap_differences_and_synced() {
    const ROUTES: usize = 3000;
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::unread(&["routes", "--receive-buffer", "20000", "-j"]);
        let all: Vec<_> = routes(u32::try_from(ROUTES).expect("small")).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        // Nobody reads: the pipe fills, then the queue of the kernel, and what comes then is lost.
        let gone: Vec<_> = routes(1000).map(Route::delete).collect();
        assert_eq!(asker.all(&gone), 0);
        watching.read();
        watching.object("a gap", |object| object["change"] == "gap");
        watching.object("its end", |object| object["change"] == "synced");
        let objects = watching.interrupt().with(0).objects();

        let at = |change: &str| objects.iter().position(|object| object["change"] == change);
        // The first `synced` is that of the beginning.
        assert_eq!(at("synced"), Some(0), "{}", objects[0]);
        let gap = &objects[at("gap").expect("seen above")];
        assert_eq!((&gap["reason"], &gap["tables"]), (&json!("overrun"), &json!(["routes"])));
        assert_time(gap["since"].as_str().expect("since when"));
        assert!(gap["since"].as_str() <= gap["time"].as_str(), "{gap}");
        let resynced = objects.iter().filter(|object| object["resync"] == true).count();
        assert!(resynced > 0);
        let lost: u64 = objects.iter().filter_map(|object| object["lost"].as_u64()).sum();
        let told = objects.iter().filter(|object| object["table"] == "routes").count();
        let events = told - resynced;
        assert_eq!(events as u64 + lost, 4000, "{events} events, {resynced} differences, {lost} lost");

        // Nothing is marked before the gap, and everything after it up to its end.
        let mut is_open = false;
        for object in &objects {
            match object["change"].as_str() {
                Some("gap") => is_open = true,
                Some("synced") => is_open = false,
                _ => assert!(is_open || object.get("resync").is_none(), "{object}"),
            }
        }
        assert!(!is_open);
        let expected = routes(u32::try_from(ROUTES).expect("small")).skip(1000);
        let expected: BTreeSet<_> = expected.map(|route| key(&route)).collect();
        let left = left(&objects);
        let wrong: Vec<_> = left.symmetric_difference(&expected).take(4).collect();
        assert!(wrong.is_empty(), "{} instead of {}: {wrong:?}", left.len(), expected.len());
        Ok(())
    });
}

fn key(route: &Route) -> String {
    json!({"dst": format!("{}/32", route.destination), "table": "main", "tos": 0}).to_string()
}

#[test]
fn lines_say_the_same() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut watching = Watching::start(&["routes", "--receive-buffer", "20000"]);
        watching.stop();
        let all: Vec<_> = routes(400).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all), 0);
        watching.signal(Signal::CONT);
        let gap = watching.line(" gap: ");
        let words: Vec<_> = gap.split(' ').skip(1).collect();
        assert!(matches!(words[..], ["gap:", _, "datagrams", "lost", "since", _, "in", "routes"]), "{gap}");
        let lost: usize = words[1].parse().expect("a number");
        let synced = watching.line(" synced: ");
        assert!(synced.contains(" synced: routes, last audit 2"), "{synced}");
        let (resync, events): (Vec<_>, Vec<_>) = watching
            .said()
            .iter()
            .filter(|line| line.contains(" routes + "))
            .partition(|line| line.ends_with(" (resync)") || line.contains(" (resync) "));
        assert_eq!((resync.len(), events.len() + lost), (lost, 400), "{gap}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_signal_while_a_gap_is_open_is_status_3() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let (new, old): (Vec<_>, Vec<_>) = routes(400).map(|route| (route.add(CREATE), route.delete())).unzip();
        // A gap is open where what the kernel has dropped and the signal are there together; and none any more once it was closed.
        for is_closed in [false, true] {
            let mut watching = Watching::start(&["routes", "-j", "--receive-buffer", "5000"]);
            watching.stop();
            for batch in [&new, &old] {
                assert_eq!(asker.all(batch), 0);
            }
            if !is_closed {
                watching.signal(Signal::INT);
            }
            watching.signal(Signal::CONT);
            if is_closed {
                watching.object("a gap", |object| object["change"] == "gap");
                watching.object("its end", |object| object["change"] == "synced");
                watching.signal(Signal::INT);
            }
            let ended = watching.ended();
            let objects = ended.objects();
            let (open, expected) = (open(&objects), if is_closed { 0 } else { 3 });
            assert_eq!((ended.status, open.is_empty()), (expected, is_closed), "{}", ended.stdout);
            assert!(objects.iter().any(|object| object["change"] == "gap"), "{}", ended.stdout);
        }
        Ok(())
    });
}

#[test]
fn a_gap_of_a_table_that_nobody_asked_for_is_not_told() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        // Links are followed for their names, and only rules are asked for.
        let mut watching = Watching::start(&["rules", "-j", "--receive-buffer", "5000"]);
        watching.stop();
        for mtu in 1400..1500 {
            asker.must(&set_mtu(77, mtu));
        }
        watching.signal(Signal::CONT);
        let gap = watching.object("a gap", |object| object["change"] == "gap");
        assert_eq!(gap["tables"], json!(["rules"]));
        let synced = watching.object("its end", |object| object["change"] == "synced");
        assert_eq!(synced["tables"], json!(["rules"]));
        watching.interrupt().with(0);
        Ok(())
    });
}
