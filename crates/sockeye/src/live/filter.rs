//! Filters of sockets that are followed: what they need, and those that none can fit.

use sockeye_query::FieldInfo;
use sockeye_query::filter::Expression;
use sockeye_query::sockets::Table;
use sockeye_query::sockets::live::{Needs, live_catalog, needs};
use sockeye_wire::{Privilege, Version};

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

/// What a filter speaks of and a kernel of this version keeps from whoever does not administer the network, in a sentence.
pub(crate) fn kept_back(filter: &Expression, kernel: Version, net_admin: bool) -> Option<String> {
    let is_kept = |privilege: Privilege| !net_admin && privilege.of(kernel) == Privilege::NetAdmin;
    let infos = filter.fields().into_iter().map(|field| live_catalog().info(field));
    let names: Vec<_> = infos.filter(|info| is_kept(info.privilege)).map(FieldInfo::name).collect();
    let needed = Privilege::NetAdmin.capability();
    (!names.is_empty()).then(|| format!("{} cannot be decided without {needed}", names.join(", ")))
}

fn none_fits(tables: &[Table]) -> String {
    let followed = if tables.contains(&Table::Udp) { "tcp and udp are" } else { "tcp is" };
    format!("{followed} followed, and no such socket can fit; `sockeye sockets` lists others")
}
