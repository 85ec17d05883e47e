//! Which skips are normal where: committed lists, of kernels or of privileges.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use super::outcome::{Outcome, Skipped};

/// Stands for every place.
const EVERY: &str = "*";

/// A skip that is normal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Where, divided by commas.
    places: &'static str,
    /// Under which tests know it.
    pub(crate) key: &'static str,
    /// Why, for people.
    pub(crate) reason: &'static str,
}

/// What a list says of the skips of a place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Skips that it does not know.
    pub(crate) unknown: Vec<Skipped>,
    /// What it knows for this place by name, and nothing was skipped for.
    pub(crate) idle: Vec<&'static str>,
}

impl Allowed {
    fn names(&self, place: &str) -> bool {
        self.places.split(',').any(|one| one == place)
    }

    fn holds_at(&self, place: &str) -> bool {
        self.places == EVERY || self.names(place)
    }
}

/// The entry for a skip.
pub(crate) fn find<'l>(list: &'l [Allowed], place: &str, key: &str) -> Option<&'l Allowed> {
    list.iter().find(|allowed| allowed.key == key && allowed.holds_at(place))
}

/// Compares what was skipped somewhere with a list.
pub(crate) fn judge(list: &[Allowed], place: &str, outcomes: &[Outcome]) -> Judged {
    let skips = || outcomes.iter().flat_map(|outcome| &outcome.skipped);
    let unknown = skips().filter(|skipped| find(list, place, &skipped.key).is_none()).cloned().collect();
    let of_place = list.iter().filter(|allowed| allowed.names(place));
    let idle = of_place.filter(|allowed| !skips().any(|skipped| skipped.key == allowed.key));
    Judged { unknown, idle: idle.map(|allowed| allowed.key).collect() }
}

/// What a list knows for every place, and nothing was skipped for at any: only a run at all of them can say so.
pub(crate) fn idle_everywhere<'o>(list: &[Allowed], outcomes: impl Iterator<Item = &'o Outcome>) -> Vec<&'static str> {
    let keys: BTreeSet<&str> =
        outcomes.flat_map(|outcome| &outcome.skipped).map(|skipped| skipped.key.as_str()).collect();
    let of_every = list.iter().filter(|allowed| allowed.places == EVERY);
    of_every.map(|allowed| allowed.key).filter(|key| !keys.contains(key)).collect()
}

/// Reads a list: a place or several or `*`, a key, the reason, divided by tabs.
pub(crate) fn read(text: &'static str) -> Result<Vec<Allowed>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|text| {
        let mut parts = text.splitn(3, '\t');
        let allowed = (|| Some(Allowed { places: parts.next()?, key: parts.next()?, reason: parts.next()? }))();
        allowed
            .filter(|allowed| !allowed.reason.trim().is_empty())
            .with_context(|| format!("no place, key and reason in {text:?}"))
    });
    parts.collect()
}

/// Reads a list of what is normal everywhere: a key, the reason, divided by a tab.
pub(crate) fn everywhere(text: &'static str) -> Result<Vec<Allowed>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|text| {
        let (key, reason) = text.split_once('\t').with_context(|| format!("no key and reason in {text:?}"))?;
        Ok(Allowed { places: EVERY, key, reason })
    });
    parts.collect()
}

/// Fails where a list says something twice.
#[cfg(test)]
pub(crate) fn says_nothing_twice(list: &[Allowed]) {
    for (index, allowed) in list.iter().enumerate() {
        for place in allowed.places.split(',') {
            let again = list[..index].iter().filter(|other| other.key == allowed.key);
            let same =
                again.chain(list[index + 1..].iter().filter(|other| other.places == EVERY && other.key == allowed.key));
            assert_eq!(
                same.clone().find(|other| place == EVERY || other.holds_at(place)),
                None,
                "{allowed:?} says it again"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipping(keys: &[&str]) -> Vec<Outcome> {
        let skipped = keys
            .iter()
            .map(|key| Skipped { key: (*key).to_owned(), test: "t".to_owned(), reason: "r".to_owned() })
            .collect();
        vec![Outcome { skipped, ..Outcome::default() }]
    }

    #[test]
    fn a_skip_is_normal_at_the_place_that_is_named_alone() {
        let list = read("# why\n6.1\tlink:netkit\tnot yet\n*\tdccp\tgone\n").expect("a list");
        assert_eq!(judge(&list, "6.1", &skipping(&["link:netkit", "dccp"])), Judged::default());
        let judged = judge(&list, "6.12", &skipping(&["link:netkit"]));
        assert_eq!(judged.unknown[0].key, "link:netkit");
        assert_eq!(judge(&list, "6.1", &skipping(&["dccp"])).idle, ["link:netkit"], "it is no longer needed");
    }

    #[test]
    fn what_is_normal_everywhere_and_met_nowhere_is_no_longer_needed() {
        let list = read("6.1\tlink:netkit\tnot yet\n*\tdccp\tgone\n*\tlink:amt\tnot built\n").expect("a list");
        let (one, other) = (skipping(&["link:netkit"]), skipping(&["link:amt"]));
        assert_eq!(idle_everywhere(&list, one.iter().chain(&other)), ["dccp"]);
        assert_eq!(idle_everywhere(&list, one.iter()), ["dccp", "link:amt"]);
        let both = skipping(&["dccp", "link:amt"]);
        assert!(idle_everywhere(&list, both.iter()).is_empty(), "of a place that is named each run by itself knows");
    }

    #[test]
    fn several_places_may_have_one_reason() {
        let list = read("user,container\tbpf\tnot allowed\n").expect("a list");
        assert!(find(&list, "container", "bpf").is_some() && find(&list, "user", "bpf").is_some());
        assert!(find(&list, "root", "bpf").is_none() && find(&list, "user,container", "bpf").is_none());
        assert_eq!(judge(&list, "user", &skipping(&[])).idle, ["bpf"], "each of them needs it");
        assert_eq!(judge(&list, "root", &skipping(&[])), Judged::default());
    }

    #[test]
    fn a_line_without_reason_is_refused() {
        assert!(read("6.1\tlink:netkit\t \n").is_err());
        assert!(read("6.1\tlink:netkit\n").is_err());
    }
}
