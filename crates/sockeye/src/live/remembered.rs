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

/// Where IPv6 keeps what it was told of a link (include/net/if_inet6.h): `IF_RA_RCVD`, a router has advertised itself. That is told
/// as if something had been set, and comes every few minutes.
const FLAGS: &str = "af_spec.inet6.flags";
const ADVERTISED: u64 = 0x20;

/// The tables of which it remembers that.
pub(crate) fn tables() -> impl Iterator<Item = Table> {
    REMEMBERED.into_iter().map(|(table, _)| table)
}

/// When the record last changed, if that is remembered and lately.
pub(crate) fn changed_lately(row: &Row<'_>, now: Time) -> Option<Time> {
    let (_, name) = REMEMBERED.into_iter().find(|(table, _)| *table == row.table)?;
    let number = |name| match row.value(catalog(row.table).find(name)?)? {
        Value::Unsigned(number) | Value::Set { bits: number, .. } => Some(number),
        _ => None,
    };
    if row.table == Table::Links && number(FLAGS).is_some_and(|flags| flags & ADVERTISED != 0) {
        return None;
    }
    let ago = age(u32::try_from(number(name)?).ok()?, now);
    (ago <= LATELY).then(|| now.saturating_sub(ago))
}

/// How long ago something was, of a time that the kernel tells in 32 bits (net/ipv4/devinet.c, `cstamp_delta`): after 497 days they begin
/// again.
fn age(told: u32, now: Time) -> Duration {
    // Its ticks may be ahead of its clock by one.
    const AHEAD_MAX: u32 = 100;
    let hundredths = u32::try_from((now.as_millis() / 10) & u128::from(u32::MAX)).unwrap_or(0);
    let ago = hundredths.wrapping_sub(told);
    if ago > u32::MAX - AHEAD_MAX { Duration::ZERO } else { Duration::from_millis(u64::from(ago) * 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_begin_again_after_497_days() {
        let day = Duration::from_hours(24);
        assert_eq!(age(12_345, Duration::from_millis(123_457)), Duration::ZERO);
        assert_eq!(age(12_345, Duration::from_secs(124)), Duration::from_millis(550));
        assert_eq!(age(12_346, Duration::from_millis(123_457)), Duration::ZERO, "a tick ahead");
        let wrapped = Duration::from_millis((1 << 32) * 10);
        assert_eq!(age(77, wrapped + Duration::from_secs(2)), Duration::from_millis(1230));
        assert_eq!(age(u32::MAX - 99, wrapped + Duration::from_secs(2)), Duration::from_secs(3));
        assert_eq!(age(0, 300 * day), 300 * day);
    }
}
