//! The files in `keys`: which key of theirs is which of ours.
//!
//! A line is `THEIRS  OURS  HOW…`, or `THEIRS  -  REASON`. A question mark in front says that not every kernel makes
//! something that has the key; without it the key must have been compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::how::Step;

/// The keys of one table.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// The file, for whoever has to edit it.
    pub(crate) file: String,
    pub(crate) lines: BTreeMap<String, Line>,
}

/// What is known of a key of theirs.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Every world has it.
    pub(crate) must_be_seen: bool,
    pub(crate) ours: Ours,
}

/// What stands for a key of theirs.
#[derive(Clone, Debug)]
pub(crate) enum Ours {
    /// A key of ours, after some steps.
    Key { path: String, steps: Vec<Step> },
    /// Nothing, for a reason.
    Nothing,
}

/// What a world can do without, as not everybody may make it: the key in its scripts, and parts of keys of theirs.
const FORBIDDEN_TO_SOME: [(&str, &[&str]); 2] = [("link:tun", &["(tun)", "(mq)"]), ("rule:uidrange", &["uid_"])];

impl Keys {
    /// These keys, in a world that lacks what was refused.
    pub(crate) fn without(mut self, refused: &BTreeSet<String>) -> Self {
        for (_, parts) in FORBIDDEN_TO_SOME.iter().filter(|(kind, _)| refused.contains(*kind)) {
            for (key, line) in &mut self.lines {
                line.must_be_seen &= !parts.iter().any(|part| key.contains(part));
            }
        }
        self
    }

    /// Reads a file.
    ///
    /// # Panics
    ///
    /// Where a line is not of the form.
    pub(crate) fn parse(file: &str, text: &str) -> Self {
        let mut lines = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let theirs = words.next().unwrap_or_default();
            let path = words.next().unwrap_or_else(|| panic!("keys/{file}: no key of ours in {line:?}"));
            let rest = words.collect::<Vec<_>>().join(" ");
            let ours = if path == "-" {
                assert!(!rest.is_empty(), "keys/{file}: no reason in {line:?}");
                Ours::Nothing
            } else {
                let steps = rest.split(',').map(str::trim).filter(|step| !step.is_empty());
                let steps =
                    steps.map(|step| Step::parse(step).unwrap_or_else(|| panic!("keys/{file}: {step:?} in {line:?}")));
                Ours::Key { path: path.to_owned(), steps: steps.collect() }
            };
            let key = theirs.trim_start_matches('?').to_owned();
            let twice = lines.insert(key, Line { must_be_seen: !theirs.starts_with('?'), ours });
            assert!(twice.is_none(), "keys/{file}: {theirs} twice");
        }
        Self { file: file.to_owned(), lines }
    }
}
