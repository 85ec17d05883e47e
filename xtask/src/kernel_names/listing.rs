//! The committed file: sections by source, and what it takes for a kernel to agree with it.

use std::collections::HashSet;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::fact::Fact;

const PREAMBLE: &str = "\
# The names, numbers and places that Linux gives to what sock_diag says, as facts to test tables against.
#
# struct STRUCTURE FIELD offset=BYTES size=BYTES [bits=LOW:WIDTH]   bit fields: little-endian, inside that integer
# enum NAME NUMBER    macro NAME NUMBER    alias NAME FIELD         padding, counts and upper bounds are left out
#
# What a section states is what the sections before it do not. A name with two places changed between kernels.
# `cargo xtask kernel-names` renews what the running kernel knows, with `--headers` the rest too; `--check` compares
# the list with the kernel it runs on.
";
const SOURCE: &str = "# source: ";

/// The whole list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// In the order of the file.
    pub(super) sections: Vec<Section>,
}

/// What one source told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Header or blob, and the kernel it came from.
    pub(super) source: String,
    /// Lines that belong together: a structure, an enumeration, the macros.
    pub(super) groups: Vec<Vec<Fact>>,
}

impl Listing {
    /// Reads what [`Listing::render`] wrote.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut listing = Self::default();
        let mut fresh = true;
        for (index, line) in text.lines().enumerate() {
            if let Some(source) = line.strip_prefix(SOURCE) {
                listing.sections.push(Section { source: source.to_owned(), groups: Vec::new() });
                fresh = true;
            } else if line.is_empty() {
                fresh = true;
            } else if !line.starts_with('#') {
                let place = || format!("line {}: {line}", index + 1);
                let fact = Fact::parse(line).with_context(place)?;
                let groups =
                    &mut listing.sections.last_mut().with_context(place).context("no source named yet")?.groups;
                match groups.last_mut() {
                    Some(group) if !fresh => group.push(fact),
                    _ => groups.push(vec![fact]),
                }
                fresh = false;
            }
        }
        Ok(listing)
    }

    /// The file's text. Equal lists give equal bytes.
    pub(super) fn render(&self) -> String {
        let mut text = PREAMBLE.to_owned();
        for section in &self.sections {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "\n{SOURCE}{}", section.source);
            for (index, group) in section.groups.iter().enumerate() {
                if index > 0 {
                    text.push('\n');
                }
                for fact in group {
                    let _ = writeln!(text, "{fact}");
                }
            }
        }
        text
    }

    /// Appends what a source tells beyond the sections before it: structures by name, then
    /// enumerations and macros in the order given.
    pub(super) fn add(&mut self, source: String, groups: Vec<Vec<Fact>>) {
        let known: HashSet<&Fact> = self.facts().collect();
        let mut groups: Vec<Vec<Fact>> = groups
            .into_iter()
            .map(|group| group.into_iter().filter(|fact| !known.contains(fact)).collect())
            .filter(|group: &Vec<Fact>| !group.is_empty())
            .collect();
        groups.sort_by(|a, b| structure_name(a).cmp(&structure_name(b)));
        if !groups.is_empty() {
            self.sections.push(Section { source, groups });
        }
    }

    /// Every line, in the order of the file.
    pub(super) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.sections.iter().flat_map(|section| section.groups.iter().flatten())
    }

    /// What a kernel says and this list does not, one sentence each. Empty where they agree.
    ///
    /// What only the list knows is no quarrel: the kernel may be older, or built without it.
    pub(super) fn quarrels(&self, kernel: &[Fact]) -> Vec<String> {
        let known: HashSet<&Fact> = self.facts().collect();
        let unknown = kernel.iter().filter(|fact| !known.contains(fact));
        unknown
            .map(|fact| {
                let same: Vec<String> = self
                    .facts()
                    .filter(|other| other.subject() == fact.subject())
                    .map(|other| format!("`{other}`"))
                    .collect();
                if same.is_empty() {
                    format!("new name: `{fact}`")
                } else {
                    format!("the kernel says `{fact}`, the list says {}", same.join(" and "))
                }
            })
            .collect()
    }
}

/// Structures sort by name and before everything else; the rest keeps its order.
fn structure_name(group: &[Fact]) -> (bool, &str) {
    match group.first() {
        Some(Fact::Field { structure, .. }) => (false, structure),
        _ => (true, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(lines: &str) -> Vec<Fact> {
        lines.split(" | ").map(|line| Fact::parse(line).expect(line)).collect()
    }

    fn listing(sections: &[&[&str]]) -> Listing {
        let mut listing = Listing::default();
        for (index, groups) in sections.iter().enumerate() {
            listing.add(format!("kernel {index}"), groups.iter().map(|lines| facts(lines)).collect());
        }
        listing
    }

    #[test]
    fn a_list_reads_back_as_written() {
        let listing = listing(&[
            &[
                "enum A 0 | enum B 1",
                "struct t a offset=0 size=4",
                "struct s a offset=0 size=4 | struct s b offset=4 size=4",
            ],
            &["macro M 1"],
        ]);
        assert_eq!(Listing::parse(&listing.render()).expect("own text"), listing);
        let order: Vec<String> = listing.facts().map(ToString::to_string).collect();
        assert!(order.is_sorted_by_key(|line| !line.starts_with("struct") || line.starts_with("macro")), "{order:?}");
        assert!(order[0].starts_with("struct s a"));
    }

    #[test]
    fn a_later_source_adds_only_what_is_new_or_different() {
        let listing =
            listing(&[&["struct s a offset=0 size=4"], &["struct s a offset=0 size=4 | struct s b offset=4 size=4"]]);
        assert_eq!(listing.sections[1].groups, [facts("struct s b offset=4 size=4")]);
    }

    #[test]
    fn a_kernel_agrees_when_each_of_its_facts_is_on_the_list() {
        let listing = listing(&[&["struct s a offset=0 size=2 | enum A 1"], &["struct s a offset=0 size=4 bits=0:2"]]);
        for agreed in ["struct s a offset=0 size=2", "struct s a offset=0 size=4 bits=0:2", "enum A 1"] {
            assert_eq!(listing.quarrels(&facts(agreed)), Vec::<String>::new());
        }
        assert_eq!(listing.quarrels(&facts("enum B 2")), ["new name: `enum B 2`"]);
        assert_eq!(listing.quarrels(&facts("enum A 2")), ["the kernel says `enum A 2`, the list says `enum A 1`"]);
    }
}
