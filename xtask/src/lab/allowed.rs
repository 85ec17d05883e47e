//! Which skips are normal on which kernel: tests/lab-skips.txt.

use anyhow::{Context, Result};

use super::outcome::{Outcome, Skipped};

/// One line for each: a line of kernels or `*`, a key, the reason, divided by tabs.
const LIST: &str = include_str!("../../../tests/lab-skips.txt");

/// Stands for every line of kernels.
const EVERY: &str = "*";

/// A skip that is normal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    line: &'static str,
    key: &'static str,
    /// Why, for people.
    pub(super) reason: &'static str,
}

/// What the list says of the skips of a kernel.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// Skips that it does not know.
    pub(super) unknown: Vec<Skipped>,
    /// What it knows for this line alone, and nothing was skipped for.
    pub(super) idle: Vec<&'static str>,
}

/// Reads the committed list.
pub(super) fn list() -> Result<Vec<Allowed>> {
    read(LIST)
}

/// The entry for a skip.
pub(super) fn find<'l>(list: &'l [Allowed], line: &str, key: &str) -> Option<&'l Allowed> {
    list.iter().find(|allowed| allowed.key == key && (allowed.line == line || allowed.line == EVERY))
}

/// Compares what was skipped on a kernel with the list.
pub(super) fn judge(list: &[Allowed], line: &str, outcomes: &[Outcome]) -> Judged {
    let skips = || outcomes.iter().flat_map(|outcome| &outcome.skipped);
    let unknown = skips().filter(|skipped| find(list, line, &skipped.key).is_none()).cloned().collect();
    let of_line = list.iter().filter(|allowed| allowed.line == line);
    let idle = of_line.filter(|allowed| !skips().any(|skipped| skipped.key == allowed.key));
    Judged { unknown, idle: idle.map(|allowed| allowed.key).collect() }
}

fn read(text: &'static str) -> Result<Vec<Allowed>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|text| {
        let mut parts = text.splitn(3, '\t');
        let allowed = (|| Some(Allowed { line: parts.next()?, key: parts.next()?, reason: parts.next()? }))();
        allowed
            .filter(|allowed| !allowed.reason.trim().is_empty())
            .with_context(|| format!("no kernel, key and reason in {text:?}"))
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipping(keys: &[&str]) -> Vec<Outcome> {
        let skipped = keys.iter().map(|key| Skipped { key: (*key).to_owned(), text: "t: r".to_owned() }).collect();
        vec![Outcome { skipped, ..Outcome::default() }]
    }

    #[test]
    fn the_committed_list_can_be_read_and_says_nothing_twice() {
        let list = list().expect("three parts a line");
        for (index, allowed) in list.iter().enumerate() {
            let same = list[..index].iter().find(|other| find(&list[index..=index], other.line, other.key).is_some());
            assert_eq!(same, None, "{allowed:?} says it again");
        }
    }

    #[test]
    fn a_skip_is_normal_on_the_kernel_that_is_named_alone() {
        let list = read("# why\n6.1\tlink:netkit\tnot yet\n*\tdccp\tgone\n").expect("a list");
        assert_eq!(judge(&list, "6.1", &skipping(&["link:netkit", "dccp"])), Judged::default());
        let judged = judge(&list, "6.12", &skipping(&["link:netkit"]));
        assert_eq!(judged.unknown[0].key, "link:netkit");
        assert_eq!(judge(&list, "6.1", &skipping(&["dccp"])).idle, ["link:netkit"], "it is no longer needed");
    }

    #[test]
    fn a_line_without_reason_is_refused() {
        assert!(read("6.1\tlink:netkit\t \n").is_err());
        assert!(read("6.1\tlink:netkit\n").is_err());
    }
}
