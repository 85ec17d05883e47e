//! What is watched: tables, each with the filter in the terms of its own fields.

use sockeye_query::filter::{Expression, Filter};
use sockeye_query::rtnetlink::{change_catalog, interfaces};
use sockeye_state::rtnetlink::{BY_INTERFACE, Tables};
use sockeye_wire::rtnetlink::Table;

use crate::sockets::Mistaken;
use crate::sockets::system::{SystemNames, Whence};

/// For who writes tables into the filter.
const TABLES_FIRST: &str =
    "tables stand before the filter, each as a word of its own and without `and`: `links routes dev = eth0`";

/// The tables that are watched and what must hold of a change of each.
pub(crate) struct Subjects {
    filters: Vec<(Table, Expression)>,
    /// Tables that were asked for, or taken because none was, of which the filter can say nothing.
    pub(crate) without_fields: Vec<Table>,
    /// Tables were named.
    pub(crate) named: bool,
}

impl Subjects {
    /// Reads the words of a command line. A table that lacks a field of the filter has no change that fits; where no table
    /// has them all, that is a mistake.
    ///
    /// Without any word these are the tables of the hooks, or all.
    pub(crate) fn read(words: &[String], hooked: Tables) -> anyhow::Result<Self> {
        let (named, rest) = super::words::split(words);
        let tables: Vec<Table> = match () {
            () if !named.is_empty() => named.clone(),
            () if words.is_empty() && !hooked.is_empty() => hooked.iter().collect(),
            () => Tables::watched_by_default().iter().collect(),
        };
        // An interface may be named that is not there yet.
        let system = SystemNames { rows: Whence::Elsewhere };
        let mut filters = Vec::new();
        let mut without_fields = Vec::new();
        let mut first_mistake = None;
        for table in tables {
            match Filter::parse(rest, change_catalog(table), &system) {
                Ok(filter) => filters.push((table, filter.expression)),
                Err(mistake) => {
                    without_fields.push(table);
                    first_mistake.get_or_insert(mistake);
                }
            }
        }
        match first_mistake {
            Some(mut mistake) if filters.is_empty() => {
                if super::words::names_table(rest) {
                    mistake.nearest = None;
                    mistake.help = Some(TABLES_FIRST.into());
                }
                Err(Mistaken::of(&mistake))
            }
            _ => Ok(Self { filters, without_fields, named: !named.is_empty() }),
        }
    }

    /// The same from one text, as `--on` has it.
    pub(crate) fn of_text(text: &str) -> anyhow::Result<Self> {
        let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        let (named, rest) = super::words::split(&words);
        // The filter is taken as it stands: blanks inside of quotes are its own.
        let mut skipped = text.trim_start();
        for _ in &words[..words.len() - rest.len()] {
            skipped = skipped.trim_start_matches(|letter: char| !letter.is_whitespace()).trim_start();
        }
        let mut again: Vec<_> = named.iter().map(|table| table.name().to_owned()).collect();
        again.extend((!skipped.is_empty()).then(|| skipped.to_owned()));
        Self::read(&again, Tables::NONE)
    }

    /// The tables.
    pub(crate) fn tables(&self) -> Tables {
        self.filters.iter().map(|&(table, _)| table).collect()
    }

    /// The interfaces of which one must be that of each record that is told of, in the tables where they can be told apart;
    /// `None`: all are wanted.
    pub(crate) fn interfaces(&self) -> Option<Vec<Vec<u8>>> {
        let of_tables = self.filters.iter().filter(|(table, _)| BY_INTERFACE.contains(*table));
        let names = of_tables.map(|(table, filter)| interfaces(*table, filter)).collect::<Option<Vec<_>>>()?;
        Some(names.concat())
    }

    /// What must hold of a change of this table; `None` where it is not watched.
    pub(crate) fn filter(&self, table: Table) -> Option<&Expression> {
        self.filters.iter().find(|(known, _)| *known == table).map(|(_, filter)| filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_for_interfaces_says_which() {
        let of = |text: &str| {
            let names = Subjects::of_text(text).unwrap().interfaces()?;
            Some(names.into_iter().map(|name| String::from_utf8(name).unwrap()).collect::<Vec<_>>())
        };
        let some = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(of("neighbours dev = v0"), some(&["v0"]));
        assert_eq!(of("addresses routes ( dev in (v0, v1) ) and family = inet"), some(&["v0", "v1", "v0", "v1"]));
        // Of the others nothing can be told.
        assert_eq!(of("links neighbours routes oif = v0"), some(&["v0"]));
        assert_eq!(of("routes added and dev = 7"), some(&["7", "7"]));
        // Tables of which all is heard anyway.
        assert_eq!(of("links dev = v0"), some(&[]));
        for all in ["neighbours", "neighbours not dev = v0", "routes dev = v0 or dst = default", "routes old.dev = v0"]
        {
            assert_eq!(of(all), None, "{all}");
        }
        for all in ["neighbours dev ~ v", "neighbours dev = v0 or dev ~ v", "routes dev = 0"] {
            assert_eq!(of(all), None, "{all}");
        }
    }
}
