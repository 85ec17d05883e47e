//! Fields that are put together from several parts of a message: how each is called and documented.

use sockeye_wire::Meaning;
use sockeye_wire::rtnetlink::Table;

use super::flat::Flat;
use super::names;
use crate::FieldKind;

/// How a field made by hand is declared.
pub(crate) struct FlatField {
    pub(crate) flat: Flat,
    pub(crate) path: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) kernel: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) kind: FieldKind,
    /// It says again, for columns and filters, what the record has in several places: no value of its own.
    pub(crate) again: bool,
    /// Keys of the family's structure that it stands for.
    pub(crate) fields: &'static [&'static str],
    /// Keys of attributes that it stands for.
    pub(crate) attributes: &'static [&'static str],
}

const fn flat(flat: Flat, path: &'static str, kernel: &'static str, kind: FieldKind, doc: &'static str) -> FlatField {
    FlatField { flat, path, aliases: &[], kernel, doc, kind, again: false, fields: &[], attributes: &[] }
}

impl FlatField {
    /// The same, found by these names too, the best one first.
    const fn called(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same, which stands for what is elsewhere in the record too.
    const fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// The same in place of these of the structure and these attributes.
    const fn covers(self, fields: &'static [&'static str], attributes: &'static [&'static str]) -> Self {
        Self { fields, attributes, ..self }
    }
}

const IDENTIFIER: FieldKind = FieldKind::Number(Meaning::Identifier);

const NAMESPACE: FlatField = flat(Flat::Namespace, "netns", "", FieldKind::Text, "Network namespace of the record.");

const ROUTING_TABLE: FlatField = flat(
    Flat::RoutingTable,
    "table",
    "RTA_TABLE",
    FieldKind::Number(Meaning::OneOf(names::ROUTING_TABLES)),
    "Routing table.",
)
.covers(&["header_table"], &["table"]);

const ADDRESS: [FlatField; 2] = [
    flat(Flat::Ip, "ip", "IFA_LOCAL", FieldKind::Network, "The address with its prefix length."),
    flat(
        Flat::AddressFlags,
        "flags",
        "IFA_FLAGS",
        FieldKind::Number(Meaning::SetOf(names::ADDRESS_FLAGS)),
        "What the kernel does with the address.",
    )
    .covers(&["header_flags"], &["flags"]),
];

const ROUTE: [FlatField; 5] = [
    flat(Flat::Destination, "dst", "RTA_DST", FieldKind::Network, "Destination network; of an MPLS route its label.")
        .called(&["dst", "to"])
        .covers(&["dst_len"], &["dst"]),
    flat(Flat::Source, "src", "RTA_SRC", FieldKind::Network, "Source network that the route is for.")
        .covers(&["src_len"], &["src"]),
    ROUTING_TABLE,
    flat(
        Flat::Gateways,
        "via",
        "RTA_GATEWAY, RTA_MULTIPATH",
        FieldKind::Address,
        "Every next hop: the one, or those of several.",
    )
    .called(&["via", "gw"])
    .again(),
    flat(
        Flat::Devices,
        "dev",
        "RTA_OIF, RTA_MULTIPATH",
        FieldKind::Interface,
        "Every link that packets leave by: the one, or those of several next hops.",
    )
    .again(),
];

const LINK: FlatField =
    flat(Flat::Link, "dev", "IFLA_IFNAME", FieldKind::Interface, "The link itself, by its name or index.").again();

const RULE: [FlatField; 5] = [
    flat(
        Flat::RulePriority,
        "priority",
        "FRA_PRIORITY",
        IDENTIFIER,
        "Rules of a smaller number are asked first; the kernel does not send a zero.",
    )
    .called(&["priority", "pref"])
    .covers(&[], &["priority"]),
    flat(Flat::Source, "src", "FRA_SRC", FieldKind::Network, "Source network that the rule is for.")
        .called(&["from"])
        .covers(&["src_len"], &["src"]),
    flat(Flat::Destination, "dst", "FRA_DST", FieldKind::Network, "Destination network that the rule is for.")
        .called(&["to"])
        .covers(&["dst_len"], &["dst"]),
    flat(
        Flat::RuleMark,
        "mark",
        "FRA_FWMARK, FRA_FWMASK",
        FieldKind::Structure,
        "Mark that the rule is for, and the bits of it that count unless all do; `fwmark` and `fwmask` are the numbers.",
    )
    .again(),
    ROUTING_TABLE,
];

/// The fields of a table that are made by hand.
pub(crate) fn fields(table: Table) -> impl Iterator<Item = FlatField> {
    let own: Vec<FlatField> = match table {
        Table::Links => vec![LINK],
        Table::Addresses | Table::MulticastAddresses | Table::AnycastAddresses => ADDRESS.into(),
        Table::Routes | Table::MulticastRoutes => ROUTE.into(),
        Table::Rules => RULE.into(),
        _ => Vec::new(),
    };
    own.into_iter().chain([NAMESPACE])
}
