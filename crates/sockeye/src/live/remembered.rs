//! When something on the machine last changed, as far as the kernel remembers it.

use std::time::Duration;

use sockeye_query::Value;
use sockeye_query::rtnetlink::{Row, catalog};
use sockeye_state::lives::Time;
use sockeye_wire::rtnetlink::Table;

/// How long before the look a change explains something of it.
const LATELY: Duration = Duration::from_mins(10);

/// What the kernel tells the time of, in hundredths of a second after its start: when a link last came up or went down, or IPv6 was set
/// otherwise on it (net/ipv6/addrconf.c, `addrconf_notify`, `addrconf_ifdown`), and when an address was made. When an address last
/// changed is no news: a router's advertisement is one each time.
const REMEMBERED: [(Table, &str); 2] =
    [(Table::Links, "af_spec.inet6.cacheinfo.tstamp"), (Table::Addresses, "cacheinfo.cstamp")];

/// The tables of which it remembers that.
pub(crate) fn tables() -> impl Iterator<Item = Table> {
    REMEMBERED.into_iter().map(|(table, _)| table)
}

/// When the record last changed, if that is remembered and lately.
pub(crate) fn changed_lately(row: &Row<'_>, now: Time) -> Option<Time> {
    let (_, name) = REMEMBERED.into_iter().find(|(table, _)| *table == row.table)?;
    let Value::Unsigned(centiseconds) = row.value(catalog(row.table).find(name)?)? else { return None };
    let at = Duration::from_millis(centiseconds * 10);
    (now.saturating_sub(at) <= LATELY).then_some(at)
}
