//! Names of fields lead to the fields that they are documented for.

use sockeye_query::{Catalog, rtnetlink, sockets};
use sockeye_wire::rtnetlink::Table;

fn catalogs() -> Vec<(String, &'static Catalog)> {
    let tables = Table::ALL.into_iter().map(|table| (format!("{table:?}"), rtnetlink::catalog(table)));
    let changes =
        Table::ALL.into_iter().map(|table| (format!("changes of {table:?}"), rtnetlink::change_catalog(table)));
    tables.chain(changes).chain([("sockets".to_owned(), sockets::catalog())]).collect()
}

#[test]
fn every_field_is_found_by_its_full_name_and_by_the_name_that_it_is_shown_with() {
    let (mut names, mut wrong) = (0, Vec::new());
    for (table, catalog) in catalogs() {
        for (id, info) in catalog.fields() {
            for name in [info.path.as_str(), info.name()] {
                names += 1;
                if catalog.find(name) != Some(id) {
                    let found = catalog.find(name).map(|other| &catalog.info(other).path);
                    wrong.push(format!("{table}: {name} of {} leads to {found:?}", info.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(names > 4000, "only {names} names were tried");
}

#[test]
fn a_full_name_counts_for_more_than_a_part_of_another() {
    let found = |name| sockets::catalog().find(name).map(|field| sockets::catalog().info(field).path.as_str());
    for (name, path) in [
        ("name", "name"),
        ("ulp", "ulp.name"),
        ("flags", "flags"),
        ("rtt", "tcp_info.rtt"),
        ("rtt_us", "tcp_info.rtt"),
        ("tcp_info.rtt_us", "tcp_info.rtt"),
        ("cc", "congestion.algorithm"),
    ] {
        assert_eq!(found(name), Some(path), "{name}");
    }
}
