//! The catalogs of rtnetlink's tables, made from the kernel's own tables in `sockeye_wire`.
//!
//! A field's path is the way to it: names of nests and kinds, apart by dots. Fields in lists are there once, and have
//! several values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use sockeye_wire::rtnetlink::Table;
use sockeye_wire::{AttributeRow, Field, Holds, Layout, Meaning, Number, Payload, Privilege, Scalar, Space, Version};

use super::flat::Flat;
use super::flat_fields::{self, FlatField};
use super::place::{Leaf, Place, Step};
use super::row::Row;
use crate::tree::padded;
use crate::value::says_unit;
use crate::{Catalog, FieldId, FieldInfo, FieldKind, Word};

/// Where a field's value comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// One of the fields made by hand.
    Flat(Flat),
    /// Places in the message, of which the first that has it counts.
    Places(Vec<Place>),
}

/// The fields of one table.
struct Registry {
    catalog: Catalog,
    sources: Vec<Source>,
    flats: Vec<(FieldId, Flat)>,
    hidden: Hidden,
}

/// Values of a message that another field stands for.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    fields: BTreeSet<String>,
    attributes: BTreeSet<String>,
    /// Fields of the structure that an attribute says again, where it is there.
    doubled: BTreeMap<String, u16>,
}

impl Hidden {
    /// Whether another field stands for the value under this key, which comes from the family's structure or not.
    pub(super) fn takes(&self, key: &str, is_field: bool, row: &Row<'_>) -> bool {
        match is_field {
            true if self.fields.contains(key) => true,
            true => self.doubled.get(key).is_some_and(|&number| row.attribute(number).is_some()),
            false => self.attributes.contains(key),
        }
    }
}

/// The fields of a table.
pub fn catalog(table: Table) -> &'static Catalog {
    &registry(table).catalog
}

pub(super) fn source(table: Table, field: FieldId) -> Option<&'static Source> {
    registry(table).sources.get(usize::from(field.0))
}

/// How many fields a table has.
pub(super) fn fields_len(table: Table) -> usize {
    registry(table).sources.len()
}

pub(super) fn flats(table: Table) -> &'static [(FieldId, Flat)] {
    &registry(table).flats
}

pub(super) fn hidden(table: Table) -> &'static Hidden {
    &registry(table).hidden
}

fn registry(table: Table) -> &'static Registry {
    static REGISTRIES: [OnceLock<Registry>; Table::ALL.len()] = [const { OnceLock::new() }; Table::ALL.len()];
    REGISTRIES[table as usize].get_or_init(|| Registry::new(table))
}

/// Nests inside each other that have fields; deeper ones are shown whole.
const DEPTH_MAX: usize = 8;

impl Registry {
    fn new(table: Table) -> Self {
        let mut registry =
            Self { catalog: Catalog::default(), sources: Vec::new(), flats: Vec::new(), hidden: Hidden::default() };
        for flat in flat_fields::fields(table) {
            registry.add_flat(table, &flat);
        }
        let space = table.space();
        if let Some(layout) = space.header {
            registry.hide_doubled(layout, space);
        }
        let mut way =
            Way { table, steps: Vec::new(), prefix: String::new(), kernel: String::new(), spaces: Vec::new() };
        registry.add_space(space, &mut way);
        registry.add_gateways();
        registry.add_global_vlans();
        registry.add_words();
        registry.catalog.set_sides(match table {
            Table::Addresses | Table::MulticastAddresses | Table::AnycastAddresses => &["ip", "address"],
            Table::Routes => &["dst", "via", "prefsrc"],
            Table::MulticastRoutes | Table::Rules => &["dst", "src"],
            Table::Neighbours | Table::Fdb => &["dst"],
            Table::Nexthops => &["gateway"],
            _ => &[],
        });
        registry
    }

    /// An attribute takes the place of the field of the structure with the same name; fillers are not shown.
    fn hide_doubled(&mut self, layout: &'static Layout, space: &'static Space) {
        for field in layout.fields {
            if field.name.starts_with("pad") || field.name.starts_with("res") {
                self.hidden.fields.insert(field.name.to_owned());
            }
            if let Some(row) = space.attributes.iter().find(|row| row.name == field.name) {
                self.hidden.doubled.insert(field.name.to_owned(), row.number);
            }
        }
    }

    fn add_flat(&mut self, table: Table, row: &FlatField) {
        let id = self.catalog.add(FieldInfo {
            path: row.path.to_owned(),
            aliases: row.aliases.to_vec(),
            json: if row.again { String::new() } else { row.path.to_owned() },
            kernel: row.kernel.to_owned(),
            doc: row.doc,
            kind: row.kind,
            scalar: matches!(row.kind, FieldKind::Number(_)).then_some(Scalar::U32),
            several: matches!(row.flat, Flat::Gateways | Flat::Devices),
            none_is_said: matches!(row.flat, Flat::Source | Flat::Destination) && table == Table::Rules,
            since: Version(2, 12),
            privilege: Privilege::None,
        });
        self.sources.push(Source::Flat(row.flat));
        if !row.again {
            self.flats.push((id, row.flat));
        }
        self.hidden.fields.extend(row.fields.iter().map(|&name| name.to_owned()));
        self.hidden.attributes.extend(row.attributes.iter().map(|&name| name.to_owned()));
    }

    fn add_space(&mut self, space: &'static Space, way: &mut Way) {
        if way.spaces.len() >= DEPTH_MAX || way.spaces.iter().any(|&known| core::ptr::eq(known, space)) {
            return;
        }
        way.spaces.push(space);
        if let Some(layout) = space.header {
            self.add_layout(layout, way);
        }
        let skip = if matches!(way.steps.last(), Some(Step::NextHops)) { 8 } else { padded(space.header_len) };
        for row in space.attributes {
            self.add_row(row, skip, way);
        }
        way.spaces.pop();
    }

    fn add_layout(&mut self, layout: &'static Layout, way: &Way) {
        let at_top = way.steps.is_empty();
        for field in layout.fields {
            if at_top && self.hidden.fields.contains(field.name) {
                continue;
            }
            let place = Place { steps: way.steps.clone(), leaf: Leaf::Field(field) };
            let kernel = way.kernel_name(field.kernel);
            self.add(way, field.name, &kernel, field.doc, &Traits::of_field(field), place);
        }
    }

    fn add_row(&mut self, row: &'static AttributeRow, skip: usize, way: &mut Way) {
        if way.steps.is_empty() && self.hidden.attributes.contains(row.name) {
            return;
        }
        let step = match row.payload {
            Payload::Repeated(_) if !row.name.is_empty() => Step::Each { skip, number: row.number },
            _ => Step::Attribute { skip, number: row.number },
        };
        let payload = match &row.payload {
            Payload::Repeated(inner) => inner,
            payload => payload,
        };
        way.steps.push(step);
        if let Payload::Selected(selector, choices) = payload {
            way.steps.pop();
            for (index, choice) in choices.iter().enumerate() {
                way.steps.push(Step::Choice { skip, number: row.number, selector: *selector, choices, index });
                let name = if row.name.is_empty() { choice.key } else { row.name };
                self.add_payload(name, row, &choice.payload, way);
                way.steps.pop();
            }
            return;
        }
        self.add_payload(row.name, row, payload, way);
        way.steps.pop();
    }

    fn add_payload(
        &mut self,
        name: &'static str,
        row: &'static AttributeRow,
        payload: &'static Payload,
        way: &mut Way,
    ) {
        match payload {
            Payload::Padding => {}
            Payload::Nest(space) => way.inside(name, row.kernel, None, |way| self.add_space(space, way)),
            Payload::Nests(number, space) => {
                let step = Step::Each { skip: 0, number: *number };
                way.inside(name, row.kernel, Some(step), |way| self.add_space(space, way));
            }
            Payload::NextHops(space) => {
                way.inside(name, row.kernel, Some(Step::NextHops), |way| self.add_space(space, way));
            }
            Payload::Structure(layout) => way.inside(name, row.kernel, None, |way| self.add_layout(layout, way)),
            Payload::Counted(counted) => way.inside(name, row.kernel, None, |way| {
                self.add_layout(counted.head, way);
                let step = Step::Counted(counted);
                way.inside(counted.name, row.kernel, Some(step), |way| self.add_layout(counted.item, way));
            }),
            Payload::Structures(layout, len) => {
                way.inside(name, row.kernel, Some(Step::Structures(*len)), |way| self.add_layout(layout, way));
            }
            Payload::Listed(inner) => {
                way.steps.push(if name.is_empty() { Step::Only } else { Step::Listed });
                self.add_payload(name, row, inner, way);
                way.steps.pop();
            }
            Payload::OfFamily(choices) => {
                for &(family, payload) in *choices {
                    way.steps.push(Step::Family { family, choices });
                    self.add_payload(name, row, payload, way);
                    way.steps.pop();
                }
            }
            payload => self.add_leaf(name, row, payload, way),
        }
    }

    fn add_leaf(&mut self, name: &'static str, row: &'static AttributeRow, payload: &'static Payload, way: &Way) {
        let kind = kind_of(payload);
        let traits = Traits {
            kind,
            scalar: match payload {
                Payload::Number(scalar, _) => Some(*scalar),
                _ => None,
            },
            since: row.since,
            privilege: row.privilege,
        };
        let place = Place { steps: way.steps.clone(), leaf: Leaf::Payload(payload) };
        let kernel = way.kernel_name(row.kernel);
        self.add(way, name, &kernel, row.doc, &traits, place);
    }

    /// Adds a field, or another place of one that is there already.
    fn add(&mut self, way: &Way, name: &'static str, kernel: &str, doc: &'static str, traits: &Traits, place: Place) {
        let path = way.path(name);
        let known = self.catalog.fields().find(|(_, info)| info.path == path).map(|(id, _)| id);
        if let Some(id) = known {
            self.catalog.also_since(id, traits.since);
            if let Source::Places(places) = &mut self.sources[usize::from(id.0)] {
                // What an attribute says is more than what there was room for in the structure.
                let at = if places.iter().all(|known| known.steps.is_empty()) { 0 } else { places.len() };
                places.insert(at, place);
            }
            return;
        }
        let suffix = match traits.kind {
            FieldKind::Number(meaning) if !says_unit(name, meaning) => meaning.suffix(),
            _ => "",
        };
        self.catalog.add(FieldInfo {
            aliases: aliases(way.table, &path).to_vec(),
            json: format!("{name}{suffix}"),
            path,
            kernel: kernel.to_owned(),
            doc,
            kind: traits.kind,
            scalar: traits.scalar,
            several: place.has_several(),
            none_is_said: false,
            since: traits.since,
            privilege: traits.privilege,
        });
        self.sources.push(Source::Places(vec![place]));
    }

    /// What people call `via` is in two attributes: RTA_VIA has gateways of another family than the route's. The field of
    /// that name says either.
    fn add_gateways(&mut self) {
        let at = |name| {
            self.catalog.find(name).map(|field| usize::from(field.0)).filter(|_| self.catalog.find("oif").is_some())
        };
        let (Some(via), Some(gateway)) = (at("via"), at("gateway")) else { return };
        if via == gateway {
            return;
        }
        if let Source::Places(gateways) = self.sources[gateway].clone()
            && let Source::Places(places) = &mut self.sources[via]
        {
            places.extend(gateways);
        }
    }

    /// A VLAN of a whole bridge has its number among the options that it has there. They are a list in a message, and one in a record.
    fn add_global_vlans(&mut self) {
        let at = |name| self.catalog.find(name).map(|field| usize::from(field.0));
        if let (Some(own), Some(of_bridge)) = (at("vid"), at("global_options.id"))
            && let Source::Places(mut more) = self.sources[of_bridge].clone()
            && let Source::Places(places) = &mut self.sources[own]
        {
            for step in more.iter_mut().flat_map(|place| &mut place.steps) {
                if let Step::Each { skip, number } = *step {
                    *step = Step::Attribute { skip, number };
                }
            }
            places.extend(more);
        }
    }

    /// Bare words: the names of families, types, states and kinds.
    fn add_words(&mut self) {
        let mut words: Vec<Word> = Vec::new();
        for (field, info) in self.catalog.fields().filter(|(_, info)| SPOKEN.contains(&info.path.as_str())) {
            let FieldKind::Number(Meaning::OneOf(names) | Meaning::SetOf(names)) = info.kind else { continue };
            for name in names {
                if words.iter().all(|word| word.word != name.name) && self.catalog.find(name.name).is_none() {
                    words.push(Word { word: name.name, field, values: core::slice::from_ref(&name.name) });
                }
            }
        }
        // What `ip` calls a scope that the kernel calls the universe.
        if let Some(scope) = self.catalog.find("scope").filter(|_| self.catalog.find("global").is_none()) {
            words.push(Word { word: "global", field: scope, values: &["universe"] });
        }
        for word in words {
            self.catalog.add_word(word);
        }
    }
}

/// Fields whose values can stand alone in a filter. Of a state in bits one is set at a time.
const SPOKEN: [&str; 5] = ["family", "operstate", "state", "type", "scope"];

/// The way from a message to where fields are being added.
struct Way {
    table: Table,
    steps: Vec<Step>,
    prefix: String,
    kernel: String,
    spaces: Vec<&'static Space>,
}

impl Way {
    /// Goes into an object of that name, perhaps by one more step, and back.
    fn inside(&mut self, name: &str, kernel: &str, step: Option<Step>, add: impl FnOnce(&mut Self)) {
        let (prefix, outer) = (self.prefix.clone(), self.kernel.clone());
        self.prefix = self.path(name);
        kernel.clone_into(&mut self.kernel);
        self.steps.extend(step);
        add(self);
        if step.is_some() {
            self.steps.pop();
        }
        (self.prefix, self.kernel) = (prefix, outer);
    }

    fn path(&self, name: &str) -> String {
        match (self.prefix.as_str(), name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}.{name}"),
        }
    }

    fn kernel_name(&self, name: &str) -> String {
        if self.kernel.is_empty() { name.to_owned() } else { format!("{} {name}", self.kernel) }
    }
}

struct Traits {
    kind: FieldKind,
    scalar: Option<Scalar>,
    since: Version,
    privilege: Privilege,
}

impl Traits {
    fn of_field(field: &'static Field) -> Self {
        let (kind, scalar) = match field.holds {
            Holds::Number(Number { scalar, meaning, .. }) => (kind_of_number(meaning), Some(scalar)),
            Holds::Text(_) => (FieldKind::Text, None),
            Holds::SocketAddress => (FieldKind::SocketAddress, None),
            Holds::LinkAddress(_) => (FieldKind::LinkAddress, None),
            Holds::Address(_) | Holds::Group => (FieldKind::Address, None),
            Holds::Numbers(scalar, _) => (FieldKind::Number(Meaning::Count), Some(scalar)),
            _ => (FieldKind::Structure, None),
        };
        Self { kind, scalar, since: field.since, privilege: Privilege::None }
    }
}

fn kind_of_number(meaning: Meaning) -> FieldKind {
    match meaning {
        Meaning::Interface | Meaning::LowerInterface => FieldKind::Interface,
        meaning => FieldKind::Number(meaning),
    }
}

fn kind_of(payload: &Payload) -> FieldKind {
    match *payload {
        Payload::Number(_, meaning) | Payload::Numbers(_, meaning) | Payload::Unsigned(meaning) => {
            kind_of_number(meaning)
        }
        Payload::Text | Payload::Labels => FieldKind::Text,
        Payload::Flag => FieldKind::Number(Meaning::Truth),
        Payload::Address | Payload::Via => FieldKind::Address,
        Payload::LinkAddress => FieldKind::LinkAddress,
        _ => FieldKind::Structure,
    }
}

/// Short names that people know from `ip`, `bridge` and `tc`. The first is the title of the column.
fn aliases(table: Table, path: &str) -> &'static [&'static str] {
    match (table, path) {
        (Table::Links, "ifname") => &["name"],
        (Table::Links, "index") => &["index", "ifindex"],
        (Table::Links, "operstate") => &["state", "operstate"],
        (Table::Links, "address") => &["address", "mac", "lladdr"],
        (Table::Links, "ifalias") => &["alias"],
        (Table::Nexthops, "oif") => &["dev", "oif"],
        (Table::Nexthops, "gateway") => &["gateway", "via", "gw"],
        (Table::Routes | Table::MulticastRoutes, "priority") => &["metric", "priority"],
        (Table::Routes | Table::Rules | Table::Nexthops | Table::Addresses, "protocol" | "proto") => {
            &["proto", "protocol"]
        }
        (Table::Neighbours, "dst") => &["address", "dst", "ip"],
        (Table::Neighbours | Table::Fdb, "lladdr") => &["lladdr", "mac"],
        (_, "ifindex" | "index") => &["dev", "ifindex"],
        (Table::TcFilters, "priority") => &["priority", "pref", "prio"],
        _ => &[],
    }
}
