//! What kernels send of these worlds, for the golden captures: `cargo xtask lab --captures` runs this in those of other lines,
//! `SOCKEYE_BLESS=captures cargo test -p sockeye --test beside_ip` in the one at hand.

use sockeye_wire::rtnetlink::Table;
use sockeye_zoo::in_namespace;

use crate::line::{TABLE_LINES, blesses, destination, line_here, release};
use crate::seeds;
use crate::world::{self, World};

/// What is captured: the tables of which the kernel at hand lacks most kinds.
const TABLES: [Table; 6] =
    [Table::Links, Table::Routes, Table::Nexthops, Table::Qdiscs, Table::TcClasses, Table::TcFilters];

#[test]
fn tables_are_captured_when_asked() {
    if !blesses("captures") || line_here(&TABLE_LINES).is_none() {
        return;
    }
    in_namespace(|_| {
        let links = [world::LINKS, world::ADDRESSES, world::ROUTES, world::EACH_ROUTE, world::NEXTHOPS];
        let traffic = [world::TRAFFIC, world::EACH_QDISC, world::EACH_FILTER];
        let _world = World::of("tables_are_captured_when_asked", &[&links[..], &traffic].concat())?;
        for table in TABLES {
            let path = destination(&TABLE_LINES).join(table.name()).with_extension("cap");
            seeds::write(table, release().as_bytes(), &path);
        }
        Ok(())
    });
}
