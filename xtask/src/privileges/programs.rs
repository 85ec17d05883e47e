//! Which test programs run under what, and in which order.

use anyhow::{Result, bail};

use super::privilege::Privilege;
use crate::suite::build::Program;

/// What is left out: it measures what holds connections up, and beside other tests that is the other tests.
const LEFT_OUT: &str = "sockeye/causes";

/// What asks the kernel nothing: packages, or programs of them. Root and an ordinary user are enough for these.
const ASKS_NOTHING: [&str; 6] = ["fuzz/", "state/", "wire/", "query/lib", "query/filter", "xtask/"];

/// What takes more than some seconds and asks in the ways in which the others ask too: `--smoke` runs these with no single
/// capability taken away.
const LASTING: [&str; 8] = [
    "sockeye/watch",
    "sockeye/privileges",
    "sockeye/top",
    "sockeye/ss",
    "sockeye/why",
    "sockeye/beside_ip",
    "query/kernel_agreement",
    "bpf/events",
];

/// What looks into every network namespace that it finds. A listener that was looked at hands its cookie on to the MPTCP
/// connections that it takes (net/mptcp/protocol.c, `mptcp_sk_clone_init`), so that tests which tell sockets by cookies run later.
const LOOKS_EVERYWHERE: [&str; 6] =
    ["sockeye/watch", "sockeye/privileges", "sockeye/top", "sockeye/why", "sockeye/tool", "bpf/events"];

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breadth {
    /// What asks the kernel, and without single capabilities what is soon done.
    Smoke,
    /// All.
    Whole,
}

/// What takes longest begins first, so that nothing runs alone at the end.
const LONG: [&str; 8] = [
    "sockeye/watch",
    "sockeye/privileges",
    "fuzz/harness",
    "sockeye/ss",
    "sockeye/why",
    "sockeye/top",
    "state/engine",
    "bpf/events",
];

/// Those of a command line, or all.
///
/// # Errors
///
/// If there is none of a name.
pub(super) fn chosen(programs: Vec<Program>, names: &[String]) -> Result<Vec<Program>> {
    for name in names {
        if !programs.iter().any(|program| program.name == *name) {
            let known: Vec<&str> = programs.iter().map(|program| program.name.as_str()).collect();
            bail!("there is no test program {name}, but {}", known.join(", "));
        }
    }
    let is_wanted = |program: &Program| match names {
        [] => program.name != LEFT_OUT,
        names => names.contains(&program.name),
    };
    let mut programs: Vec<Program> = programs.into_iter().filter(is_wanted).collect();
    programs.sort_by_key(|program| LONG.iter().position(|long| *long == program.name).unwrap_or(LONG.len()));
    Ok(programs)
}

/// Those that may say something else under a privilege.
pub(super) fn under(programs: &[Program], privilege: Privilege, breadth: Breadth) -> Vec<&Program> {
    let asks = |program: &Program| !ASKS_NOTHING.iter().any(|silent| program.name.starts_with(silent));
    let is_wanted = |program: &&Program| match (breadth, privilege) {
        (Breadth::Whole, Privilege::Root | Privilege::User) => true,
        (Breadth::Smoke, Privilege::Without(_)) => asks(program) && !LASTING.contains(&program.name.as_str()),
        _ => asks(program),
    };
    programs.iter().filter(is_wanted).collect()
}

/// What may run at the same time: one part after the other.
pub(super) fn parts<'p>(programs: &[&'p Program]) -> [Vec<&'p Program>; 2] {
    let (first, then) = programs.iter().copied().partition(|program| LOOKS_EVERYWHERE.contains(&program.name.as_str()));
    [first, then]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(names: &[&str]) -> Vec<Program> {
        let program = |name: &&str| Program {
            name: (*name).to_owned(),
            path: "p".into(),
            folder: "f".into(),
            binaries: Vec::new(),
        };
        names.iter().map(program).collect()
    }

    fn names(programs: &[&Program]) -> Vec<String> {
        programs.iter().map(|program| program.name.clone()).collect()
    }

    #[test]
    fn long_ones_come_first_and_what_needs_quiet_does_not_come_by_itself() {
        let all = programs(&["conn/kernel", "sockeye/causes", "sockeye/top", "sockeye/watch"]);
        let found = chosen(all.clone(), &[]).expect("all");
        assert_eq!(names(&found.iter().collect::<Vec<_>>()), ["sockeye/watch", "sockeye/top", "conn/kernel"]);
        assert_eq!(chosen(all.clone(), &["sockeye/causes".to_owned()]).expect("one").len(), 1);
        assert!(chosen(all, &["conn".to_owned()]).is_err());
    }

    #[test]
    fn who_looks_everywhere_is_done_before_those_who_mind() {
        let all = programs(&["sockeye/watch", "sockeye/kinds", "sockeye/tool"]);
        let parts = parts(&all.iter().collect::<Vec<_>>());
        assert_eq!(parts.map(|part| names(&part)), [vec!["sockeye/watch", "sockeye/tool"], vec!["sockeye/kinds"]]);
    }

    #[test]
    fn the_smoke_asks_the_kernel_and_is_soon_done_with_each_capability() {
        let all = programs(&["sockeye/watch", "conn/kernel", "state/engine"]);
        let smoke = |privilege| names(&under(&all, privilege, Breadth::Smoke));
        assert_eq!(smoke(Privilege::User), ["sockeye/watch", "conn/kernel"]);
        assert_eq!(smoke(Privilege::Without("kill")), ["conn/kernel"]);
    }

    #[test]
    fn what_asks_nothing_runs_as_root_and_as_somebody() {
        let all = programs(&["query/lib", "query/kernel_agreement", "state/engine"]);
        let whole = |privilege| names(&under(&all, privilege, Breadth::Whole));
        assert_eq!(whole(Privilege::Container), ["query/kernel_agreement"]);
        assert_eq!(whole(Privilege::Without("kill")), ["query/kernel_agreement"]);
        assert_eq!(whole(Privilege::User).len(), 3);
    }
}
