//! Every change of the routing tables, as it happens; with a number, that many and then the end.

use sockeye_conn::{Error, Event, Watcher};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::Options;
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::rtnetlink::record::Record;

fn main() -> Result<(), Error> {
    let wanted: usize = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(usize::MAX);
    let mut watcher = Watcher::open(None, Options::new(Tables::one(Table::Routes)))?;
    let mut changes = 0;
    for event in watcher.events() {
        match event? {
            Event::Changed(change) => {
                if let Some(Record::Route(route)) = change.record() {
                    let network = match route.destination() {
                        Some((address, prefix_len)) => format!("{address}/{prefix_len}"),
                        None => "an MPLS label".to_owned(),
                    };
                    println!("{:?} {network} in table {}", change.verb, route.table());
                }
                changes += 1;
            }
            Event::Gap(gap) => println!("gap: {}, lost {:?}", gap.reason, gap.lost),
            Event::Synced(synced) => println!("synced: {}", synced.tables),
            other => println!("{other:?}"),
        }
        if changes >= wanted {
            break;
        }
    }
    Ok(())
}
