//! What kernels send of these worlds, for the golden captures: `cargo xtask lab --captures` runs this in those of other lines,
//! `SOCKEYE_BLESS=captures cargo test -p sockeye --test beside_ip` in the one at hand.

use sockeye_wire::rtnetlink::Table;
use sockeye_zoo::{Skip, Zoo, in_namespace};

use crate::line::{self, TABLE_LINES, blesses, destination, line_here, release};
use crate::world::{self, World};
use crate::{router, seeds};

/// Makes this world in a namespace, so that what a kernel refuses is known, and captures these tables if that was asked for and the
/// kernel that runs can list them.
fn capture<T>(test: &str, scripts: &[&str], tables: &[Table], also: impl Fn(&Zoo) -> Result<T, Skip>) {
    in_namespace(|zoo| {
        let _world = World::of(test, scripts)?;
        let _also = also(zoo)?;
        let Some(line) = line_here(&TABLE_LINES).filter(|_| blesses("captures")) else { return Ok(()) };
        for table in line::tables(line).filter(|table| tables.contains(table)) {
            let path = destination(&TABLE_LINES).join(table.name()).with_extension("cap");
            seeds::write(table, release().as_bytes(), &path);
        }
        Ok(())
    });
}

macro_rules! captures {
    ($($test:ident: [$($table:ident)+] in $($script:ident)+;)*) => {
        $(
            #[test]
            fn $test() {
                capture(stringify!($test), &[$(world::$script),+], &[$(Table::$table),+], |_| Ok(()));
            }
        )*

        /// What is captured, but for [`Table::MulticastRoutes`].
        const CAPTURED: &[Table] = &[$($(Table::$table),+),*];
    };
}

captures! {
    links_and_what_they_carry_can_be_made_and_are_captured_when_asked:
        [Links Routes Nexthops Qdiscs TcClasses TcFilters TcActions]
        in LINKS EACH_LINK ADDRESSES ROUTES EACH_ROUTE NEXTHOPS TRAFFIC EACH_QDISC EACH_FILTER WORDLESS;
    neighbours_and_rules_can_be_made_and_are_captured_when_asked:
        [Addresses Neighbours Rules Labels Namespaces] in LINKS ADDRESSES NEXTHOPS NEIGHBOURS RULES LABELS WORDLESS;
    settings_can_be_made_and_are_captured_when_asked:
        [Netconf NeighbourTables MulticastAddresses AnycastAddresses] in LINKS ADDRESSES SETTINGS;
    bridges_can_be_made_and_are_captured_when_asked: [Fdb Mdb] in LINKS ADDRESSES NEXTHOPS BRIDGES WORDLESS;
    vlans_can_be_made_and_are_captured_when_asked: [Vlans] in VLANS;
    statistics_can_be_made_and_are_captured_when_asked: [Statistics] in LINKS ADDRESSES SENT;
}

#[test]
fn multicast_routes_can_be_made_and_are_captured_when_asked() {
    let scripts = [world::LINKS, world::ADDRESSES];
    let tables = [Table::MulticastRoutes];
    capture("multicast_routes_can_be_made_and_are_captured_when_asked", &scripts, &tables, router);
}

#[test]
fn every_table_that_can_be_listed_is_captured() {
    for table in line::tables(TABLE_LINES[0]).filter(|table| *table != Table::MulticastRoutes) {
        assert_eq!(CAPTURED.iter().filter(|captured| **captured == table).count(), 1, "{table:?}");
    }
}
