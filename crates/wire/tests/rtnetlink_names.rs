//! Holds the tables of rtnetlink against `kernel/rtnetlink.txt`, the kernel's own names and numbers, in both
//! directions: what a table says must stand in the list, and what stands in the list must be said by a table or be left
//! out for a reason that is written in `kernel/rtnetlink_left_out.txt`. Then the tables against themselves.

use std::collections::{BTreeMap, BTreeSet};

use sockeye_wire::rtnetlink::SPACES;
use sockeye_wire::{AttributeRow, Counted, Field, Holds, Layout, Meaning, Payload, Scalar, Space, Version};

const LIST: &str = include_str!("../kernel/rtnetlink.txt");
const LEFT_OUT: &str = include_str!("../kernel/rtnetlink_left_out.txt");

/// The kernel that the list is of, and the one that its headers already prepare.
const NEWEST: Version = Version(7, 2);

/// Attributes under two numbers of which the kernel sends one: their members may have the same names.
const EITHER: [&str; 1] = ["TCA_PEDIT_PARMS"];

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn list() -> BTreeMap<&'static str, u16> {
    let pairs = lines(LIST).map(|line| line.split_once(' ').unwrap_or_else(|| panic!("kernel/rtnetlink.txt: {line}")));
    pairs.map(|(name, number)| (name, number.parse().unwrap())).collect()
}

fn left_out() -> BTreeMap<&'static str, &'static str> {
    let pair = |line: &'static str| line.split_once(": ").unwrap_or_else(|| panic!("{line} has no reason"));
    lines(LEFT_OUT).map(pair).collect()
}

/// Everything that the spaces reach.
#[derive(Default)]
struct Tables {
    spaces: BTreeMap<&'static str, &'static Space>,
    rows: Vec<(&'static Space, &'static AttributeRow)>,
    /// Each layout with the bytes that it has to fit into, where they are known.
    layouts: Vec<(&'static Layout, Option<usize>)>,
    counted: Vec<&'static Counted>,
    meanings: Vec<(String, Meaning)>,
}

impl Tables {
    fn collect() -> Self {
        let mut tables = Self::default();
        for space in SPACES {
            tables.add_space(space);
        }
        tables
    }

    fn add_space(&mut self, space: &'static Space) {
        if let Some(before) = self.spaces.insert(space.name, space) {
            assert!(std::ptr::eq(before, space), "two spaces are called {}", space.name);
            return;
        }
        if let Some(header) = space.header {
            self.add_layout(header, Some(space.header_len));
        }
        for row in space.attributes {
            self.rows.push((space, row));
            self.add_payload(row.kernel, &row.payload);
        }
    }

    fn add_payload(&mut self, of: &str, payload: &'static Payload) {
        match payload {
            Payload::Number(_, meaning) | Payload::Numbers(_, meaning) | Payload::Unsigned(meaning) => {
                self.meanings.push((of.to_owned(), *meaning));
            }
            Payload::Structure(layout) => self.add_layout(layout, None),
            Payload::Structures(layout, size) => self.add_layout(layout, Some(*size)),
            Payload::Counted(counted) => {
                self.add_layout(counted.head, Some(counted.head_len));
                self.add_layout(counted.item, Some(counted.item_len));
                self.counted.push(counted);
            }
            Payload::Nest(space) | Payload::Nests(_, space) | Payload::NextHops(space) => self.add_space(space),
            Payload::Listed(inner) | Payload::Repeated(inner) => self.add_payload(of, inner),
            Payload::Selected(_, choices) => choices.iter().for_each(|choice| self.add_payload(of, &choice.payload)),
            Payload::OfFamily(families) => families.iter().for_each(|(_, payload)| self.add_payload(of, payload)),
            _ => {}
        }
    }

    fn add_layout(&mut self, layout: &'static Layout, room: Option<usize>) {
        self.layouts.push((layout, room));
        for field in layout.fields {
            if let Holds::Number(number) = field.holds {
                self.meanings.push((format!("{}.{}", layout.kernel, field.kernel), number.meaning));
            }
        }
    }
}

/// The bits that a field takes, from the start of its structure.
fn bits(field: &Field) -> std::ops::Range<usize> {
    let start = field.offset * 8;
    match field.holds {
        Holds::Number(number) => match number.scalar {
            Scalar::Bits { low, width } | Scalar::U32Bits { low, width } => {
                start + usize::from(low)..start + usize::from(low) + usize::from(width)
            }
            Scalar::Be16Low => start..start + 16,
            scalar => start..start + scalar.size() * 8,
        },
        _ => start..start + field.holds.size() * 8,
    }
}

/// The names of the members that a payload has in the object around it, if its row has none itself.
fn members(payload: &Payload) -> Vec<&'static str> {
    match payload {
        Payload::Nest(space) => space_members(space),
        // A list without a name has one element in each record.
        Payload::Listed(inner) | Payload::Repeated(inner) => members(inner),
        Payload::Structure(layout) => layout.fields.iter().map(|field| field.name).collect(),
        Payload::Counted(counted) => counted.head.fields.iter().map(|field| field.name).chain([counted.name]).collect(),
        Payload::Selected(_, choices) => {
            choices.iter().map(|choice| choice.key).collect::<BTreeSet<_>>().into_iter().collect()
        }
        other => panic!("{other:?} has no members to put into the object around"),
    }
}

fn space_members(space: &Space) -> Vec<&'static str> {
    let header = space.header.iter().flat_map(|layout| layout.fields).map(|field| field.name);
    let rows = space.attributes.iter().filter(|row| !EITHER.contains(&row.kernel));
    let rows = rows.flat_map(|row| if row.name.is_empty() { members(&row.payload) } else { vec![row.name] });
    header.chain(rows).collect()
}

#[test]
fn every_attribute_has_the_kernels_number() {
    let (list, tables) = (list(), Tables::collect());
    let wrong = tables.rows.iter().filter(|(_, row)| list.get(row.kernel) != Some(&row.number));
    let wrong: Vec<_> = wrong.map(|(_, row)| (row.kernel, row.number)).collect();
    assert!(wrong.is_empty(), "the kernel numbers these otherwise: {wrong:?}");
}

#[test]
fn no_attribute_of_the_kernel_is_missing_without_a_reason() {
    let (list, tables, left_out) = (list(), Tables::collect(), left_out());
    let said: BTreeSet<_> = tables.rows.iter().map(|(_, row)| row.kernel).collect();
    let missing: BTreeSet<_> = list.keys().copied().filter(|name| !said.contains(name)).collect();
    let reasons: BTreeSet<_> = left_out.keys().copied().collect();
    let silent: Vec<_> = missing.difference(&reasons).collect();
    assert!(silent.is_empty(), "said by no table, and no reason in kernel/rtnetlink_left_out.txt: {silent:#?}");
    let stale: Vec<_> = reasons.difference(&missing).collect();
    assert!(stale.is_empty(), "kernel/rtnetlink_left_out.txt gives reasons for what is not missing: {stale:#?}");
    assert!(left_out.values().all(|reason| !reason.trim().is_empty()));
}

#[test]
fn no_space_has_a_number_or_a_name_twice() {
    let mut twice = Vec::new();
    for space in Tables::collect().spaces.values() {
        let numbers: Vec<_> = space.attributes.iter().map(|row| row.number).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{}: {numbers:?}", space.name);
        let mut names = BTreeSet::new();
        twice.extend(
            space_members(space).into_iter().filter(|name| !names.insert(*name)).map(|name| (space.name, name)),
        );
    }
    assert!(twice.is_empty(), "members of one object have the same name: {twice:?}");
}

#[test]
fn fields_lie_beside_each_other_and_inside_their_structure() {
    for (layout, room) in Tables::collect().layouts {
        let mut names = BTreeSet::new();
        let mut end = 0;
        let mut fields: Vec<_> = layout.fields.iter().map(|field| (bits(field), field.name)).collect();
        fields.sort_by_key(|(bits, _)| bits.start);
        for (bits, name) in fields {
            assert!(bits.start >= end, "{}.{name} begins inside the field before", layout.kernel);
            end = bits.end;
            assert!(names.insert(name), "{} has two fields called {name}", layout.kernel);
        }
        assert!(room.is_none_or(|room| end <= room * 8), "{} is longer than its room", layout.kernel);
    }
}

#[test]
fn a_head_says_its_count_in_one_of_its_own_bytes() {
    for counted in Tables::collect().counted {
        let says = |field: &Field| bits(field) == (counted.count_at * 8..counted.count_at * 8 + 8);
        assert!(counted.head.fields.iter().any(says), "{} says no count", counted.head.kernel);
        assert!(counted.head.fields.iter().all(|field| field.name != counted.name), "{}", counted.head.kernel);
    }
}

#[test]
fn every_row_can_be_shown() {
    let tables = Tables::collect();
    for (_, row) in &tables.rows {
        assert!(row.doc.ends_with('.') && row.doc.len() > 3, "{}: {:?}", row.kernel, row.doc);
        assert!(row.since <= NEWEST && row.since >= Version(2, 12), "{}: {}", row.kernel, row.since);
        if row.name.is_empty() {
            assert!(!members(&row.payload).is_empty(), "{}", row.kernel);
        }
    }
    for (layout, _) in &tables.layouts {
        for field in layout.fields {
            assert!(field.doc.ends_with('.') && field.doc.len() > 3, "{}.{}", layout.kernel, field.kernel);
            assert!(field.since <= NEWEST && field.since >= Version(2, 12), "{}.{}", layout.kernel, field.kernel);
        }
    }
}

#[test]
fn every_value_has_one_name_and_every_bit_of_a_set_is_one() {
    for (of, meaning) in Tables::collect().meanings {
        let (Meaning::OneOf(names) | Meaning::SetOf(names)) = meaning else { continue };
        let (mut values, mut words) = (BTreeSet::new(), BTreeSet::new());
        for name in names {
            assert!(values.insert(name.value), "{of} has two names for {}", name.value);
            let apart = of.contains("MACSEC_CIPHER") || words.insert(name.name);
            assert!(apart, "{of} calls two values {}", name.name);
            assert!(!matches!(meaning, Meaning::SetOf(_)) || name.value.is_power_of_two(), "{of}: {}", name.name);
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-+.".contains(&byte);
            assert!(name.name.bytes().all(plain), "{of}: {}", name.name);
        }
    }
}

#[test]
fn the_tables_are_as_large_as_the_kernel() {
    let tables = Tables::collect();
    assert!(tables.rows.len() > 1500 && tables.spaces.len() > 200, "{} rows", tables.rows.len());
}
