//! Makes sockets of some kinds, and holds each against its row.
//!
//! What cannot be had here is said under the name by which the harness knows the test: of a test that looked at no
//! socket as of one that did not run.

use serde_json::Value;
use sockeye_zoo::{Expected, KINDS, PROVOKED, Skip, Specimen, Zoo, skip, test_here};

use crate::compare::compare;
use crate::{EVERYTHING, WITH_STORAGES, names, support};

/// Makes these kinds and compares every socket of theirs with its row.
pub(crate) fn check(zoo: &Zoo, kinds: &[&str]) {
    let (specimens, lacking) = populate(zoo, kinds);
    let mut expected = specimens.iter().flat_map(|(_, specimen)| specimen.all());
    let stored = expected.any(|expected| expected.bpf_storage.is_some());
    let (rows, verdict) = support::listing(if stored { &WITH_STORAGES } else { &EVERYTHING });
    let mut looked = Looked { lacking, ..Looked::default() };
    for (kind, specimen) in &specimens {
        specimen.all().iter().for_each(|expected| looked.at(kind, expected, &rows, &verdict));
    }
    assert!(looked.mistakes.is_empty(), "{}", looked.mistakes.join("\n\n"));
    looked.say(&test_here());
}

/// Makes these kinds, of which no socket may be in a listing.
pub(crate) fn none_is_shown(zoo: &Zoo, kinds: &[&str]) {
    let (specimens, lacking) = populate(zoo, kinds);
    let (rows, _) = support::listing(&EVERYTHING);
    let mut looked = Looked { lacking, ..Looked::default() };
    for expected in specimens.iter().flat_map(|(_, specimen)| specimen.all()) {
        assert_eq!(find(&rows, expected), Vec::<&Value>::new(), "{expected:#?}");
        looked.sockets += 1;
    }
    looked.say(&test_here());
}

/// Makes these kinds, and tells why others of them cannot be had here.
fn populate(zoo: &Zoo, kinds: &[&str]) -> (Vec<(&'static str, Specimen)>, Vec<Skip>) {
    let (mut specimens, mut lacking) = (Vec::new(), Vec::new());
    for (kind, construct) in KINDS.iter().chain(PROVOKED).filter(|(kind, _)| kinds.contains(kind)) {
        match construct(zoo) {
            Ok(specimen) => specimens.push((*kind, specimen)),
            Err(missing) => lacking.push(missing.into()),
        }
    }
    (specimens, lacking)
}

/// What came of looking at sockets.
#[derive(Default)]
struct Looked {
    /// How many were looked at.
    sockets: usize,
    /// Why others could not be.
    lacking: Vec<Skip>,
    mistakes: Vec<String>,
}

impl Looked {
    /// Compares a socket with its row.
    fn at(&mut self, kind: &str, expected: &Expected, rows: &[Value], verdict: &Value) {
        let protocol = names::protocol(expected);
        if let Some(reason) = is_missing(verdict, protocol) {
            // Nothing of it is shown as if it were there.
            assert!(rows.iter().all(|row| row["protocol"] != protocol), "{kind}: {verdict:#}");
            return self.lack(reason);
        }
        let found = find(rows, expected);
        if kind == "tcp_bound"
            && let Err(reason) = skip::lists_bound_sockets()
        {
            assert_eq!(found, Vec::<&Value>::new(), "{reason:?}");
            return self.lack(reason);
        }
        self.sockets += 1;
        let [row] = found[..] else {
            return self.mistakes.push(format!("{kind}: {} rows for {expected:#?}", found.len()));
        };
        let wrong = compare(expected, row);
        if !wrong.is_empty() {
            self.mistakes.push(format!("{kind}, {}:\n  {}\nin {row}", expected.role, wrong.join("\n  ")));
        }
    }

    /// A reason is one, for however many sockets.
    fn lack(&mut self, reason: Skip) {
        if !self.lacking.contains(&reason) {
            self.lacking.push(reason);
        }
    }

    /// Says loudly what could not be looked at.
    fn say(&self, test: &str) {
        let name = self.name_of_skips(test);
        self.lacking.iter().for_each(|reason| skip::skip(&name, reason));
    }

    /// Under what it is said: the test's own name only where all of the test did not run.
    fn name_of_skips(&self, test: &str) -> String {
        assert!(self.sockets > 0 || !self.lacking.is_empty(), "{test}: the zoo has none of these kinds");
        if self.sockets == 0 { test.to_owned() } else { format!("{test} in part") }
    }
}

/// The skip for a protocol of which the verdict says that this kernel cannot list it. Only some protocols may be missing: a
/// listing without TCP is a mistake, whatever it says. Which may be on which kernel, the lists of skips say: a verdict that is
/// wrong would else be believed.
fn is_missing(verdict: &Value, protocol: &str) -> Option<Skip> {
    if !names::MAY_BE_MISSING.contains(&protocol) {
        return None;
    }
    let mut missing = verdict["missing"].as_array().into_iter().flatten();
    let said = missing.find(|missing| missing["kind"] == "table" && missing["table"] == protocol)?;
    Some(Skip::new(format!("diag:{protocol}"), said["reason"].as_str().unwrap_or("without a reason")))
}

/// The rows of a socket: by its cookie, or by its addresses where nobody holds it who could tell its cookie. The rows of
/// SCTP associations are others, with the same cookie, and alone have addresses of the peer.
pub(crate) fn find<'r>(rows: &'r [Value], expected: &Expected) -> Vec<&'r Value> {
    if let Some(cookie) = expected.cookie {
        let cookie = format!("{cookie:#x}");
        return rows
            .iter()
            .filter(|row| row["cookie"] == *cookie && row.get("peer_addresses").is_some() == expected.is_association)
            .collect();
    }
    let protocol = names::protocol(expected);
    let same_side = |row: &Value, side: &str, address: Option<std::net::SocketAddr>| {
        address.is_none_or(|address| {
            row[format!("{side}_address")] == address.ip().to_string() && row[format!("{side}_port")] == address.port()
        })
    };
    let same = |row: &&Value| {
        row["protocol"] == protocol
            && row["state"] == names::state(expected)
            && same_side(row, "local", expected.local)
            && same_side(row, "peer", expected.peer)
    };
    rows.iter().filter(same).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use serde_json::json;
    use sockeye_zoo::in_namespace;

    use super::*;

    #[test]
    fn only_a_test_that_looked_at_no_socket_is_skipped_under_its_name() {
        let lacking = || vec![Skip::new("dccp", "not here")];
        let name = |sockets| Looked { sockets, lacking: lacking(), ..Looked::default() }.name_of_skips("group::a_test");
        assert_eq!([name(0), name(3)], ["group::a_test", "group::a_test in part"]);
        let nothing = std::panic::catch_unwind(|| Looked::default().name_of_skips("group::a_test"));
        assert!(nothing.is_err(), "nothing to look at is no success");
    }

    /// What the verdict says is not believed: it is a skip, which a list has to have for this kernel.
    #[test]
    fn a_protocol_that_is_said_to_be_missing_is_a_skip_and_no_success() {
        in_namespace(|zoo| {
            let specimen = zoo.tcp_listening()?;
            let tcp = specimen.expected("listener");
            let xdp = Expected { family: names::AF_XDP, ..tcp.clone() };
            let looked = |expected: &Expected, missing: &str| {
                let verdict = json!({"missing": [{"kind": "table", "table": missing, "reason": "no such module"}]});
                let mut looked = Looked::default();
                (0..2).for_each(|_| looked.at("a kind", expected, &[], &verdict));
                looked
            };
            let missing = looked(&xdp, "xdp");
            assert_eq!((missing.sockets, &missing.mistakes[..]), (0, &[][..]));
            assert_eq!(missing.lacking, [Skip::new("diag:xdp", "no such module")], "said once");
            for (expected, said) in [(&xdp, "vsock"), (tcp, "tcp")] {
                let looked = looked(expected, said);
                assert_eq!((looked.sockets, looked.mistakes.len(), looked.lacking.len()), (2, 2, 0), "{said}");
            }
            Ok(())
        });
    }

    /// The one kind that hardly a kernel has: DCCP is gone since 6.16, and none that Debian packages makes one.
    #[test]
    fn a_test_of_which_no_kind_can_be_made_does_not_count_as_one_that_ran() {
        const TEST: &str = "sockets_of_dccp_that_no_module_lists_are_not_taken_for_others";
        let program = std::env::current_exe().expect("a test binary has a path");
        let output = Command::new(program).args([TEST, "--exact"]).output().expect("it can be started");
        let [out, err] = [output.stdout, output.stderr].map(|said| String::from_utf8(said).expect("text"));
        assert!(output.status.success() && out.contains(&format!("test {TEST} ... ok\n")), "{out}{err}");
        let skips: Vec<_> = err.lines().filter_map(|line| line.strip_prefix(skip::SKIP_PREFIX)).collect();
        if skips.is_empty() {
            let own = "check::tests::a_test_of_which_no_kind_can_be_made_does_not_count_as_one_that_ran";
            return skip::skip(own, &Skip::new("without-dccp", "every kind of that test can be made here"));
        }
        let [skipped] = skips[..] else { panic!("one reason for one kind: {err}") };
        let is_of = |key: &str| skipped.starts_with(&format!("{TEST}: {key}: "));
        assert!(is_of("dccp") || is_of("namespace"), "{skipped}");
    }
}
