//! What a dump hides without a mark.

use sockeye_state::watch::{Origin, Verb};
use sockeye_wire::rtnetlink::*;
use sockeye_wire::{Kind, Request};
use sockeye_zoo::in_namespace;

use super::*;
use crate::asked::*;
use crate::driver::Driver;
use crate::ending::routes;
use crate::lines::ip;

#[test]
fn deletions_hide_living_records_from_the_rest_of_a_dump_and_nothing_is_marked() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let (new, old): (Vec<_>, Vec<_>) = rules_and_routes().unzip();
        assert_eq!(asker.all(&new), 0);
        let (rules, routes): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|request| request.as_bytes()[4..6] == RTM_DELRULE.to_ne_bytes());
        for (table, deletions, number) in [(Table::Rules, &rules, 6), (Table::Routes, &routes, 6)] {
            let priority = |row: &Row| row.attribute(table, number);
            let told = |rows: &[Row]| -> Vec<u32> {
                rows.iter()
                    .filter(|row| row.kind != Kind::Done)
                    .filter_map(priority)
                    .filter(|it| (1000..2000).contains(it))
                    .collect()
            };
            let mut gone = Vec::new();
            let socket = route_socket();
            let rows = Asked::of(&socket, &get(table, AF_INET), 4096).rows(2, |rows| {
                gone = told(rows);
                gone.truncate(30);
                let gone: Vec<_> = deletions[..30].to_vec();
                assert_eq!(asker.all(&gone), 0);
            });
            assert_eq!(gone, (1000..1030).collect::<Vec<_>>(), "they were told already");
            assert!(rows.iter().all(|row| !row.interrupted));
            let told = told(&rows);
            let missed = (1030..1000 + RECORDS).filter(|priority| !told.contains(priority)).count();
            assert!(missed > 0, "{}: the cursor of the kernel does not count any more", table.name());
            // What is still there is refused.
            assert!(asker.all(&new) > 0);
        }
        Ok(())
    });
}

const RECORDS: u32 = 300;

/// Rules, and IPv4 routes of one destination, each with its deletion: of both the kernel dumps a list by counting.
fn rules_and_routes() -> impl Iterator<Item = (Request, Request)> {
    let rules = (0..RECORDS).map(|number| {
        let request = |kind, flags| rule(kind, flags, true, 1000 + number, 7, "");
        (request(RTM_NEWRULE, CREATE | EXCLUSIVE), request(RTM_DELRULE, 0))
    });
    let routes = (0..RECORDS).map(|number| {
        let route = Route { priority: 1000 + number, ..Route::to(ip("20.0.0.0"), 8, Via::Link(77)) };
        (route.add(CREATE | EXCLUSIVE), route.delete())
    });
    rules.chain(routes)
}

/// The same for the engine: what such a dump does not show is not taken for gone.
#[test]
fn records_that_a_dump_hides_are_never_told_to_be_gone() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let (new, old): (Vec<_>, Vec<_>) = rules_and_routes().unzip();
        assert_eq!(asker.all(&new), 0);
        let mut driver = Driver::new(&[Table::Rules, Table::Routes], 20_000);
        driver.calm();
        // A loss, so that both are dumped again, and deletions in each of the dumps.
        let flood: Vec<_> = routes(300).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&flood), 0);
        let mut deletions = old.into_iter();
        let mut meddled = 0;
        driver.answer_len = 4096;
        driver.settle(&mut |kind, number| {
            if number == 3 && meddled < 8 && (kind == RTM_GETRULE || kind == RTM_GETROUTE) {
                let few: Vec<_> = deletions.by_ref().take(20).collect();
                meddled += 1;
                asker.all(&few);
            }
        });
        assert!(meddled >= 2, "both were dumped in several datagrams");
        let gone = 20 * meddled;
        let told = |table| {
            let removed = |how| driver.count(table, Verb::Removed, how);
            removed(Origin::Event) + removed(Origin::Resync) + removed(Origin::Consequence)
        };
        assert_eq!(told(Table::Rules) + told(Table::Routes), gone, "each of them once, and nothing else");
        let has = |table: Table, number| {
            driver
                .records(table)
                .iter()
                .filter(|record| priority(table, record, number).is_some_and(|it| (1000..2000).contains(&it)))
                .count()
        };
        assert_eq!(has(Table::Rules, 6) + has(Table::Routes, 6), 2 * RECORDS as usize - gone);
        Ok(())
    });
}
