//! Kinds of links, queueing disciplines, filters, actions, tunnels: every one that is declared was sent by some kernel, or has a
//! reason (`uncaptured.txt`: table, kind, reason, divided by tabs).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use sockeye_wire::rtnetlink::Table;
use sockeye_wire::{Choice, Meaning, Payload, Selector, Space};

use crate::line::{TABLE_LINES, directory, tables};
use crate::tables::lines_of;

/// The list of those that nothing shows.
const UNCAPTURED: &str = "uncaptured.txt";

/// Where the fields of one choice stand, and by which word it is chosen.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// The keys that lead to it, apart by dots.
    way: String,
    /// The way of the value that chooses, and what it has to be, where the way is the same for all choices.
    by: Option<(String, &'static str)>,
}

/// Choices, by the words of the list that they are in, and their own: the same list is of several tables, and of several places in one.
type Found = BTreeMap<(Vec<&'static str>, &'static str), BTreeSet<Way>>;

/// The choices of one table, each with the ways to it.
fn choices(table: Table) -> Found {
    let mut found = BTreeMap::new();
    walk(table.space(), "", &mut vec![table.space()], &mut found);
    found
}

fn walk(space: &'static Space, way: &str, around: &mut Vec<&'static Space>, found: &mut Found) {
    for row in space.attributes {
        let Payload::Selected(selector, choices) = &row.payload else {
            into(&row.payload, &joined(way, row.name), around, found);
            continue;
        };
        let words: Vec<_> = choices.iter().map(|choice| choice.word).collect();
        for choice in *choices {
            let (way, by) = match row.name {
                "" => (joined(way, choice.key), None),
                name => (joined(way, name), Some(chosen_by(*selector, choice, space, way))),
            };
            into(&choice.payload, &way, around, found);
            found.entry((words.clone(), choice.word)).or_default().insert(Way { way, by });
        }
    }
}

/// The way of the value that chooses, and what it says then.
fn chosen_by(selector: Selector, choice: &Choice, space: &'static Space, way: &str) -> (String, &'static str) {
    let row = |number| space.attributes.iter().find(|row| row.number == number).expect("what chooses is declared");
    match selector {
        Selector::Text(number) => (joined(way, row(number).name), choice.word),
        // Statistics of traffic control, in records whose kind stands outside of all nests.
        Selector::OuterText(_) => ("kind".to_owned(), choice.word),
        Selector::Number(number, _) => {
            let Payload::Number(_, Meaning::OneOf(names)) = row(number).payload else {
                panic!("{} has no names", row(number).name)
            };
            let name = names.iter().find(|name| name.value == choice.number).expect("every choice has a name");
            (joined(way, row(number).name), name.name)
        }
        _ => panic!("{selector:?} has no way here"),
    }
}

fn into(payload: &'static Payload, way: &str, around: &mut Vec<&'static Space>, found: &mut Found) {
    match payload {
        // What is within itself has the same choices there.
        Payload::Nest(space) | Payload::Nests(_, space) | Payload::NextHops(space)
            if !around.iter().any(|known| std::ptr::eq(*known, *space)) =>
        {
            around.push(space);
            walk(space, way, around, found);
            around.pop();
        }
        Payload::Listed(inner) | Payload::Repeated(inner) => into(inner, way, around, found),
        Payload::OfFamily(families) => families.iter().for_each(|(_, inner)| into(inner, way, around, found)),
        Payload::Selected(..) => panic!("{way}: what chooses is beside it, and there is nothing beside it"),
        _ => {}
    }
}

fn joined(way: &str, name: &str) -> String {
    match (way, name) {
        ("", name) => name.to_owned(),
        (way, "") => way.to_owned(),
        (way, name) => format!("{way}.{name}"),
    }
}

/// What a record says: ways, without the marks of lists, and values.
type Said = BTreeSet<(String, String)>;

fn said(table: Table) -> BTreeSet<Said> {
    let mut said = BTreeSet::new();
    for line in TABLE_LINES.into_iter().filter(|line| tables(line).any(|known| known == table)) {
        lines_of(line, table, |lines| {
            said.insert(lines.iter().map(|(way, value)| (way.replace("[]", ""), value.clone())).collect());
        });
    }
    said
}

impl Way {
    fn is_said(&self, said: &Said) -> bool {
        let is_inside = |(way, _): &(String, String)| {
            way.strip_prefix(self.way.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let by = self.by.as_ref().map(|(way, word)| (way.clone(), format!("'{word}'")));
        by.is_none_or(|by| said.contains(&by)) && said.iter().any(is_inside)
    }
}

#[test]
fn every_kind_that_is_declared_was_sent_by_a_kernel_or_has_its_reason() {
    // The same list of choices may be of several tables: what one of them shows is read as in the others.
    let (mut first, mut shown) = (BTreeMap::new(), BTreeSet::new());
    for table in tables(TABLE_LINES[0]) {
        let said = said(table);
        for ((list, word), ways) in choices(table) {
            first.entry((list.clone(), word)).or_insert_with(|| {
                let way = ways.first().expect("it stands somewhere");
                let by = way.by.as_ref().map_or_else(String::new, |(_, word)| format!(" of {word}"));
                format!("{}\t{}{by}", table.name(), way.way)
            });
            if ways.iter().any(|way| said.iter().any(|said| way.is_said(said))) {
                shown.insert((list, word));
            }
        }
    }
    let missing = first.iter().filter(|(choice, _)| !shown.contains(*choice));
    let missing: BTreeSet<_> = missing.map(|(_, name)| name.clone()).collect();
    let list = fs::read_to_string(directory().join(UNCAPTURED)).expect("committed");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let excused: BTreeSet<String> = lines
        .map(|line| {
            let (what, reason) = line.rsplit_once('\t').expect("table, kind and reason");
            assert!(reason.split(' ').count() > 2, "{line}: no reason");
            what.to_owned()
        })
        .collect();
    let unexcused: Vec<_> = missing.difference(&excused).collect();
    assert!(unexcused.is_empty(), "no capture shows them, and {UNCAPTURED} does not say why: {unexcused:#?}");
    let idle: Vec<_> = excused.difference(&missing).collect();
    assert!(idle.is_empty(), "captured, and in {UNCAPTURED} none the less: {idle:#?}");
}

#[test]
fn choices_are_found_where_they_stand() {
    let ways = |table, word: &str| -> BTreeSet<String> {
        let of_word = choices(table).into_iter().filter(|((_, known), _)| *known == word);
        of_word.flat_map(|(_, ways)| ways).map(|way| way.way).collect()
    };
    assert!(ways(Table::Links, "vlan").contains("vlan"));
    assert!(ways(Table::TcActions, "gact").contains("gact"));
    let filters = ways(Table::TcFilters, "gact");
    assert!(filters.contains("u32.act.gact") && filters.contains("flower.act.gact"), "{filters:?}");
    assert!(choices(Table::Links).len() > 30, "all kinds of links");
}
