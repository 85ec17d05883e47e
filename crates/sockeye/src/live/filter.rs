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
    Err(none_fits(tables))
}

/// The same where sockets are shown as they are, and what happened to them is not: those that are alive, or in `why` those that ended
/// too.
pub(crate) fn check_shown(filter: &Expression, tables: &[Table], shown: &[&str]) -> Result<Needs, String> {
    let needs = check(filter, tables)?;
    if shown.iter().any(|event| needs.can_be(event)) {
        return Ok(needs);
    }
    Err("only what happens to a socket can fit, and that is told by `sockeye watch sockets`".to_owned())
}

fn none_fits(tables: &[Table]) -> String {
    let followed = if tables.contains(&Table::Udp) { "tcp and udp are" } else { "tcp is" };
    format!("{followed} followed, and no such socket can fit; `sockeye sockets` lists others")
}
