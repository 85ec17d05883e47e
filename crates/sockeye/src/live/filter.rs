//! Filters of sockets that are followed: what they need, and those that none can fit.

use sockeye_query::filter::Expression;
use sockeye_query::sockets::Table;
use sockeye_query::sockets::live::{Needs, needs};

/// Tables of sockets that are followed.
pub(crate) const FOLLOWED: &[Table] = &[Table::Tcp, Table::Udp];
/// The same, with those that a packet can be for which is dropped.
pub(crate) const FOLLOWED_OR_MET: &[Table] =
    &[Table::Tcp, Table::Udp, Table::UdpLite, Table::Sctp, Table::Raw, Table::Mptcp];

/// What a filter needs. One that no socket of these tables can fit, or that speaks of what is known of none, is a mistake, told in a
/// sentence.
pub(crate) fn check(filter: &Expression, tables: &[Table]) -> Result<Needs, String> {
    let needs = needs(filter)?;
    if needs.can_fit(tables) {
        return Ok(needs);
    }
    let followed = if tables.contains(&Table::Udp) { "tcp and udp are" } else { "tcp is" };
    Err(format!("{followed} followed, and no such socket can fit; `sockeye sockets` lists others"))
}
