//! Lifetimes that somebody sets are changes; that they run down is none.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sockeye_zoo::in_namespace;

use crate::asked::*;
use crate::lines::ip;
use crate::selection::wait_until;
use crate::watching::Watching;

const FOREVER: u32 = u32::MAX;
const V: u32 = 77;

/// The next object of a table that changed, and what changed in it.
#[track_caller]
fn changed(watching: &mut Watching, table: &str) -> Value {
    let object = watching.object(table, |object| object["table"] == table && object["change"] == "changed");
    assert!(object.get("resync").is_none(), "{object}");
    object["fields"].clone()
}

#[test]
fn a_lifetime_of_an_address_that_is_set_anew_is_a_change() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(V, "d0");
        for (ip, prefix_len) in [(ip("10.9.9.9"), 24), (ip("2001:db8::1"), 64)] {
            let mut last = |seconds| asker.must(&lasting_address(V, ip, prefix_len, seconds));
            last([700, 800]);
            let mut watching = Watching::start(&["addresses", "ip", "=", &ip.to_string(), "-o", "ndjson"]);
            a_tick_passes();
            // Less than before, and not because time went by.
            last([400, 500]);
            let fields = changed(&mut watching, "addresses");
            assert_eq!(fields["cacheinfo.prefered_seconds"]["new"], 400, "{fields}");
            assert_eq!(fields["cacheinfo.valid_seconds"]["new"], 500, "{fields}");
            assert!(fields["cacheinfo.valid_seconds"]["old"].as_u64() > Some(790), "{fields}");
            last([FOREVER, FOREVER]);
            let fields = changed(&mut watching, "addresses");
            assert_eq!(fields["cacheinfo.valid_seconds"]["new"], Value::Null, "{fields}");
            let flags = fields["flags"]["new"].as_array().expect("a list");
            assert!(flags.contains(&json!("permanent")), "{fields}");
            // For ever again: nothing that anybody could see.
            last([FOREVER, FOREVER]);
            last([300, 600]);
            let fields = changed(&mut watching, "addresses");
            assert_eq!(fields["cacheinfo.valid_seconds"], json!({"old": null, "new": 600}), "{ip}");
            assert_eq!(fields["cacheinfo.prefered_seconds"], json!({"old": null, "new": 300}), "{ip}");
            let ended = watching.interrupt().with(0);
            assert_eq!(ended.stdout.matches("\"changed\"").count(), 3, "{}", ended.stdout);
        }
        Ok(())
    });
}

#[test]
fn an_address_that_is_renewed_for_as_long_as_before_says_when() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(V, "d0");
        let mut watching = Watching::start(&["addresses", "-o", "ndjson"]);
        let renewed = lasting_address(V, ip("10.9.9.9"), 24, [700, 800]);
        asker.must(&renewed);
        let added = watching.object("it came", |object| object["change"] == "added");
        let made = added["record"]["cacheinfo"]["tstamp_centiseconds"].as_u64().expect("a time");
        a_tick_passes();
        asker.must(&renewed);
        let fields = changed(&mut watching, "addresses");
        assert_eq!(fields["cacheinfo.tstamp_centiseconds"]["old"], made, "{fields}");
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_lifetime_of_a_route_that_is_set_anew_is_a_change() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(V, "d0");
        asker.must(&new_address(V, ip("2001:db8::1"), 64));
        let route = Route::to(ip("2001:db8:e::"), 48, Via::Gateway(ip("2001:db8::9"), V)).add(CREATE | REPLACE);
        let mut last = |seconds: u32| match seconds {
            FOREVER => asker.must(&route),
            seconds => asker.must(&route.clone().attribute(23, &seconds.to_ne_bytes())),
        };
        last(800);
        let mut watching = Watching::start(&["routes", "dst", "=", "2001:db8:e::/48", "-o", "ndjson"]);
        let mut before = 80_000;
        for (seconds, left) in [(900, 90_000), (100, 10_000), (FOREVER, 0), (200, 20_000)] {
            last(seconds);
            let fields = changed(&mut watching, "routes");
            let only = fields.as_object().expect("fields").keys().collect::<Vec<_>>();
            assert_eq!(only, ["cacheinfo.expires_centiseconds"], "{fields}");
            for (when, left) in [("old", before), ("new", left)] {
                let said = fields["cacheinfo.expires_centiseconds"][when].as_i64().expect("a number");
                assert!((left - 6_000..=left).contains(&said), "{when} {left}: {fields}");
            }
            before = left;
        }
        // For as long as it has anyway.
        last(200);
        last(FOREVER);
        let fields = changed(&mut watching, "routes");
        assert_eq!(fields["cacheinfo.expires_centiseconds"]["new"], 0, "{fields}");
        watching.interrupt().with(0);
        Ok(())
    });
}

/// The kernel counts in ticks, and two updates within one are one.
fn a_tick_passes() {
    let since = Instant::now();
    wait_until("a tick went by", || since.elapsed() > Duration::from_millis(25));
}
