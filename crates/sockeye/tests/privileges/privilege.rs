//! Privileges, as `setpriv` makes them.

use std::fmt;
use std::process::Command;

/// The user that owns nothing.
pub(crate) const NOBODY: &str = "65534";

/// Capabilities that make a difference to something, by the names of `setpriv`.
pub(crate) const TELLING: [&str; 8] =
    ["net_admin", "sys_admin", "bpf", "perfmon", "sys_ptrace", "dac_read_search", "dac_override", "net_raw"];
/// Those that a user is given, alone and together, to find what is needed. Left out is what is said of root alone: one that
/// reads everything needs not write everything.
pub(crate) const GIVEN: [&str; 6] = ["net_admin", "sys_admin", "bpf", "perfmon", "sys_ptrace", "dac_read_search"];

/// Under what a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Privilege {
    /// As whoever runs the stage.
    Own,
    /// As that, without these capabilities.
    Without(Vec<&'static str>),
    /// As that, with these capabilities and no others.
    Only(Vec<&'static str>),
    /// As an ordinary user who has these capabilities.
    User(Vec<&'static str>),
    /// As root of a new user namespace.
    RootOfNamespace,
}

impl Privilege {
    /// The program, under this privilege.
    pub(crate) fn command(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new("setpriv");
        let signed = |first: &str, sign: char, names: &[&str]| {
            let names = names.iter().map(|name| format!("{sign}{name}"));
            (!first.is_empty()).then(|| first.to_owned()).into_iter().chain(names).collect::<Vec<_>>().join(",")
        };
        match self {
            Self::Own => return Command::new(program),
            Self::RootOfNamespace => {
                let mut command = Command::new("unshare");
                command.args(["--user", "--map-root-user", "--"]).arg(program);
                return command;
            }
            Self::Without(names) => {
                let names = signed("", '-', names);
                command.args(["--inh-caps", &names, "--bounding-set", &names]);
            }
            Self::Only(names) => {
                let names = signed("-all", '+', names);
                command.args(["--inh-caps", &names, "--bounding-set", &names]);
            }
            Self::User(names) => {
                let names = signed("-all", '+', names);
                command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs"]);
                command.args(["--inh-caps", &names, "--ambient-caps", &names, "--bounding-set", &names]);
            }
        }
        command.arg("--").arg(program);
        command
    }
}

/// A capability by the name that people look up.
pub(crate) fn capability(name: &str) -> String {
    format!("CAP_{}", name.to_uppercase())
}

/// Capabilities that are needed together.
pub(crate) struct Together<'n>(pub(crate) &'n [&'static str]);

impl fmt::Display for Together<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.iter().map(|name| capability(name)).collect();
        names.sort();
        f.write_str(&names.join(" and "))
    }
}

/// Every choice of so many of the given capabilities.
pub(crate) fn choices(count: usize) -> Vec<Vec<&'static str>> {
    let mut choices = Vec::new();
    for bits in 0u32..1 << GIVEN.len() {
        if bits.count_ones() as usize == count {
            let chosen = GIVEN.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            choices.push(chosen.map(|(_, name)| *name).collect());
        }
    }
    choices
}

/// The sets that a cell of the page names; `None` where it names another capability than those that are given.
pub(crate) fn sets(cell: &str) -> Option<Vec<Vec<&'static str>>> {
    if cell == "nothing" {
        return Some(vec![vec![]]);
    }
    let given = |word: &str| GIVEN.into_iter().find(|name| capability(name) == word);
    cell.split(", or ").map(|set| set.split(" and ").map(given).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_as_they_are_written() {
        let written = |sets: &[Vec<&'static str>]| {
            sets.iter().map(|names| Together(names).to_string()).collect::<Vec<_>>().join(", or ")
        };
        let cell = "CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON";
        assert_eq!(written(&sets(cell).expect("known")), cell);
        assert_eq!(sets("nothing"), Some(vec![vec![]]));
        assert_eq!(sets("CAP_SYS_ADMIN, or CAP_KILL"), None);
    }
}
