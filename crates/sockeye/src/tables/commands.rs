//! The commands that list a table: what each is called, in the plural, in the singular, and as `ip` has it.

use clap::Subcommand;
use sockeye_wire::rtnetlink::Table;

use super::options::Options;

/// A command that lists a table.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List network interfaces
    #[command(aliases = ["link", "l", "interfaces", "interface"])]
    Links(Options),
    /// List addresses of interfaces
    #[command(aliases = ["address", "addrs", "addr", "a"])]
    Addresses(Options),
    /// List routes
    #[command(aliases = ["route", "r"])]
    Routes(Options),
    /// List the rules that choose a routing table
    #[command(aliases = ["rule", "ru"])]
    Rules(Options),
    /// List neighbours (ARP, neighbour discovery)
    #[command(aliases = ["neighbour", "neighbors", "neighbor", "neigh", "n"])]
    Neighbours(Options),
    /// List nexthop objects
    #[command(aliases = ["nexthop", "nh"])]
    Nexthops(Options),
    /// List queueing disciplines
    #[command(aliases = ["qdisc", "q"])]
    Qdiscs(Options),
    /// List classes of traffic control
    #[command(aliases = ["tc-class", "classes", "class"])]
    TcClasses(Options),
    /// List filters of traffic control
    #[command(aliases = ["tc-filter", "filters", "filter"])]
    TcFilters(Options),
    /// List actions of traffic control
    #[command(aliases = ["tc-action", "actions", "action"])]
    TcActions(Options),
    /// List forwarding entries of bridges and tunnels
    Fdb(Options),
    /// List multicast forwarding entries of bridges
    Mdb(Options),
    /// List VLANs of bridges and their ports, and what they have for a whole bridge
    #[command(aliases = ["vlan"])]
    Vlans(Options),
    /// List settings of interfaces
    #[command(aliases = ["netconfs"])]
    Netconf(Options),
    /// List multicast addresses that interfaces listen to
    #[command(aliases = ["maddress", "maddr"])]
    Multicast(Options),
    /// List anycast addresses
    Anycast(Options),
    /// List multicast routes
    #[command(aliases = ["mroute"])]
    Mroutes(Options),
    /// IPv6 prefixes that routers announce: only to be watched
    #[command(aliases = ["prefix"])]
    Prefixes(Options),
    /// List the labels by which IPv6 source addresses are chosen
    #[command(aliases = ["label", "addrlabels", "addrlabel"])]
    Labels(Options),
    /// List parameters and counters of the neighbour tables
    #[command(aliases = ["neighbour-table", "neighbor-tables", "neighbor-table", "ntables", "ntable"])]
    NeighbourTables(Options),
    /// List statistics of interfaces
    #[command(aliases = ["statistic", "stats"])]
    Statistics(Options),
    /// List the ids by which this network namespace knows others
    #[command(aliases = ["namespace", "netns"])]
    Namespaces(Options),
}

impl Command {
    /// The table, and how it is to be listed.
    pub(crate) fn parts(&self) -> (Table, &Options) {
        match self {
            Self::Links(options) => (Table::Links, options),
            Self::Addresses(options) => (Table::Addresses, options),
            Self::Routes(options) => (Table::Routes, options),
            Self::Rules(options) => (Table::Rules, options),
            Self::Neighbours(options) => (Table::Neighbours, options),
            Self::Nexthops(options) => (Table::Nexthops, options),
            Self::Qdiscs(options) => (Table::Qdiscs, options),
            Self::TcClasses(options) => (Table::TcClasses, options),
            Self::TcFilters(options) => (Table::TcFilters, options),
            Self::TcActions(options) => (Table::TcActions, options),
            Self::Fdb(options) => (Table::Fdb, options),
            Self::Mdb(options) => (Table::Mdb, options),
            Self::Vlans(options) => (Table::Vlans, options),
            Self::Netconf(options) => (Table::Netconf, options),
            Self::Multicast(options) => (Table::MulticastAddresses, options),
            Self::Anycast(options) => (Table::AnycastAddresses, options),
            Self::Mroutes(options) => (Table::MulticastRoutes, options),
            Self::Prefixes(options) => (Table::Prefixes, options),
            Self::Labels(options) => (Table::Labels, options),
            Self::NeighbourTables(options) => (Table::NeighbourTables, options),
            Self::Statistics(options) => (Table::Statistics, options),
            Self::Namespaces(options) => (Table::Namespaces, options),
        }
    }
}

/// The table that a word of the command line means: its name, or any other by which its command is known.
pub(crate) fn find(word: &str) -> Option<Table> {
    use clap::CommandFactory as _;
    let cli = crate::cli::Cli::command();
    let command = cli
        .get_subcommands()
        .find(|command| command.get_name() == word || command.get_all_aliases().any(|alias| alias == word))?;
    Table::ALL.into_iter().find(|table| table.name() == command.get_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_command_of_its_name() {
        for table in Table::ALL {
            assert_eq!(find(table.name()), Some(table), "{}", table.name());
        }
    }

    #[test]
    fn short_forms_of_ip_mean_the_same() {
        for (word, table) in [
            ("r", Table::Routes),
            ("route", Table::Routes),
            ("a", Table::Addresses),
            ("addr", Table::Addresses),
            ("l", Table::Links),
            ("neigh", Table::Neighbours),
            ("n", Table::Neighbours),
            ("ru", Table::Rules),
            ("qdisc", Table::Qdiscs),
            ("maddr", Table::MulticastAddresses),
        ] {
            assert_eq!(find(word), Some(table), "{word}");
        }
        assert_eq!(find("sockets"), None);
    }
}
