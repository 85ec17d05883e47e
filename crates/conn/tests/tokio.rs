//! A watcher under a runtime: its events are awaited.
#![cfg(feature = "tokio")]

use std::process::Command;

use sockeye_conn::{AsyncWatcher, Event, Watcher};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Options;
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::rtnetlink::record::Record;
use sockeye_zoo::in_namespace;

#[test]
fn events_are_awaited() {
    in_namespace(|_| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let watcher = Watcher::open(None, Options::new(Tables::one(Table::Rules))).expect("opened");
            let mut watcher = AsyncWatcher::new(watcher).expect("registered");
            assert!(matches!(watcher.next().await, Ok(Event::Synced(_))));
            let status = Command::new("ip").args(["rule", "add", "priority", "4711", "table", "99"]).status();
            assert!(status.is_ok_and(|status| status.success()), "ip is there");
            let Ok(Event::Changed(change)) = watcher.next().await else { panic!("a change was to come") };
            let Some(Record::Rule(rule)) = change.record() else { panic!("{change:?}") };
            assert_eq!((rule.priority(), rule.table()), (4711, 99));
            assert_eq!(watcher.watcher().engine().mirror(Table::Rules).map(sockeye_state::Mirror::len), Some(6));
        });
        Ok(())
    });
}
