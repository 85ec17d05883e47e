//! What not every kernel has: it is tried once, and what is refused is named and left alone.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::commands::Tool;

/// Skips that are normal on the machines of CI, the same list as that of the tests.
const ALLOWED: &str = include_str!("../../../tests/allowed-skips.txt");
/// The variable by which a skip that is not normal is a failure, as for the tests.
const STRICT: &str = "SOCKEYE_SKIP";

/// Something that is churned only where the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Groups of multicast at the ports of a bridge.
    Mdb,
    /// VLANs at the ports of a bridge.
    Vlans,
    /// Labels of addresses.
    Labels,
    /// Routes of multicast, which a socket adds and not iproute2.
    MulticastRoutes,
}

impl Kind {
    /// What it is called, and by which name the list of skips has it.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Mdb => ("multicast groups of bridges", "bridge-mdb"),
            Self::Vlans => ("VLANs of bridges", "bridge-vlans"),
            Self::Labels => ("labels of addresses", "address-labels"),
            Self::MulticastRoutes => ("multicast routes", "multicast_router"),
        }
    }
}

/// Kinds that iproute2 is told to change, each with a change that a kernel that has it does not refuse, and its opposite.
const TRIED: [(Kind, Tool, [&str; 2]); 3] = [
    (
        Kind::Mdb,
        Tool::Bridge,
        [
            "mdb add dev br0 port port0 grp 239.77.7.7 permanent",
            "mdb delete dev br0 port port0 grp 239.77.7.7 permanent",
        ],
    ),
    (Kind::Vlans, Tool::Bridge, ["vlan add dev port0 vid 777", "vlan delete dev port0 vid 777"]),
    (
        Kind::Labels,
        Tool::Ip,
        ["addrlabel add prefix fd77:7777::/32 label 77", "addrlabel delete prefix fd77:7777::/32 label 77"],
    ),
];

/// What this kernel refuses, each with its reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Lacking(Vec<(Kind, String)>);

impl Lacking {
    /// Tries everything that iproute2 does in a namespace.
    pub(super) fn of(place: &str) -> Result<Self> {
        let mut lacking = Self::default();
        for (kind, tool, [add, delete]) in TRIED {
            match tell(place, tool, add)? {
                Some(why) => lacking.add(kind, why),
                None => {
                    if let Some(why) = tell(place, tool, delete)? {
                        bail!("{} {add} was taken, and {delete} was not: {why}", tool.name());
                    }
                }
            }
        }
        Ok(lacking)
    }

    /// Adds what something else found.
    pub(super) fn add(&mut self, kind: Kind, why: String) {
        if self.has(kind) {
            self.0.push((kind, why));
        }
    }

    /// Whether the kernel has it.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.0.iter().all(|(lacking, _)| *lacking != kind)
    }

    /// A sentence each.
    pub(super) fn sentences(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|(kind, why)| format!("{} do not move: this kernel refuses them ({why})", kind.names().0))
            .collect()
    }

    /// Fails where something is lacking that no list knows, if that is what is asked for.
    pub(super) fn judge(&self) -> Result<()> {
        if std::env::var_os(STRICT).is_none_or(|what| what != "fail") {
            return Ok(());
        }
        match self.0.iter().find(|(kind, _)| !is_allowed(kind.names().1)) {
            Some((kind, why)) => {
                bail!("{} do not move ({why}), and tests/allowed-skips.txt does not say why", kind.names().0)
            }
            None => Ok(()),
        }
    }
}

fn is_allowed(key: &str) -> bool {
    ALLOWED.lines().any(|line| line.split('\t').next() == Some(key))
}

/// Tells a program of iproute2 something; why it refused.
fn tell(place: &str, tool: Tool, line: &str) -> Result<Option<String>> {
    let mut command = Command::new(tool.name());
    let output = command.args(["-n", place]).args(line.split(' ')).output();
    let output = output.with_context(|| format!("cannot run {}", tool.name()))?;
    let errors = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Ok((!output.status.success()).then_some(errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named_once_with_its_reason() {
        let mut lacking = Lacking::default();
        assert!(lacking.has(Kind::Vlans) && lacking.sentences().is_empty());
        lacking.add(Kind::Vlans, "Operation not supported".to_owned());
        lacking.add(Kind::Vlans, "again".to_owned());
        assert!(!lacking.has(Kind::Vlans) && lacking.has(Kind::Mdb));
        let sentence = "VLANs of bridges do not move: this kernel refuses them (Operation not supported)";
        assert_eq!(lacking.sentences(), [sentence]);
    }

    #[test]
    fn the_list_of_skips_is_that_of_the_tests() {
        assert!(is_allowed("bridge-vlans") && !is_allowed("bridge-mdb") && !is_allowed(""));
    }
}
