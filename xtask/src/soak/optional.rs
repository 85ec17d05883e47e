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
    /// Classes of a queueing discipline.
    Classes,
    /// Filters of traffic control.
    Filters,
    /// Actions of traffic control, which filters share or have alone.
    Actions,
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
    /// All of them.
    pub(super) const ALL: [Self; 7] =
        [Self::Classes, Self::Filters, Self::Actions, Self::Mdb, Self::Vlans, Self::Labels, Self::MulticastRoutes];

    /// The one of a table, if any is.
    pub(super) fn of(table: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.table() == table)
    }

    /// The table that it moves.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Classes => "tc-classes",
            Self::Filters => "tc-filters",
            Self::Actions => "tc-actions",
            Self::Mdb => "mdb",
            Self::Vlans => "vlans",
            Self::Labels => "labels",
            Self::MulticastRoutes => "mroutes",
        }
    }

    /// Whether one of it stays from beginning to end ([`Lacking::keep`]).
    pub(super) fn is_kept(self) -> bool {
        TRIED.iter().any(|trial| trial.kind == self)
    }

    /// What it is called, and by which name the list of skips has it.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Classes => ("classes of traffic control", "qdisc:htb"),
            Self::Filters => ("filters of traffic control", "filter:u32"),
            Self::Actions => ("actions of traffic control", "filter:mirred"),
            Self::Mdb => ("multicast groups of bridges", "bridge-mdb"),
            Self::Vlans => ("VLANs of bridges", "bridge-vlans"),
            Self::Labels => ("labels of addresses", "address-labels"),
            Self::MulticastRoutes => ("multicast routes", "multicast_router"),
        }
    }
}

/// Something that iproute2 is told to do: lines that a kernel that has it does not refuse, and what undoes them.
struct Trial {
    kind: Kind,
    tool: Tool,
    lines: &'static [&'static str],
    undo: &'static str,
}

/// Kinds that iproute2 is told to change. Nothing else is told of these links and numbers.
const TRIED: [Trial; 6] = [
    Trial {
        kind: Kind::Classes,
        tool: Tool::Tc,
        lines: &[
            "qdisc add dev port1 root handle 7: htb default 1",
            "class add dev port1 parent 7: classid 7:1 htb rate 7mbit",
        ],
        undo: "qdisc delete dev port1 root",
    },
    Trial {
        kind: Kind::Filters,
        tool: Tool::Tc,
        lines: &[
            "qdisc add dev port1 clsact",
            "filter add dev port1 ingress prio 7 protocol ip u32 match ip dst 10.7.7.0/24 flowid 1:1",
        ],
        undo: "qdisc delete dev port1 clsact",
    },
    Trial {
        kind: Kind::Actions,
        tool: Tool::Tc,
        lines: &["actions add action mirred egress redirect dev port1 index 777"],
        undo: "actions delete action mirred index 777",
    },
    Trial {
        kind: Kind::Mdb,
        tool: Tool::Bridge,
        lines: &["mdb add dev br0 port port0 grp 239.77.7.7 permanent"],
        undo: "mdb delete dev br0 port port0 grp 239.77.7.7 permanent",
    },
    Trial {
        kind: Kind::Vlans,
        tool: Tool::Bridge,
        lines: &["vlan add dev port0 vid 777"],
        undo: "vlan delete dev port0 vid 777",
    },
    Trial {
        kind: Kind::Labels,
        tool: Tool::Ip,
        lines: &["addrlabel add prefix fd77:7777::/32 label 77"],
        undo: "addrlabel delete prefix fd77:7777::/32 label 77",
    },
];

/// What this kernel refuses, each with its reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Lacking(Vec<(Kind, String)>);

impl Lacking {
    /// Tries everything that iproute2 does in a namespace.
    pub(super) fn of(place: &str) -> Result<Self> {
        let mut lacking = Self::default();
        for Trial { kind, tool, lines, undo } in TRIED {
            let refused = lines.iter().find_map(|line| tell(place, tool, line).transpose()).transpose()?;
            let undone = tell(place, tool, undo)?;
            match (refused, undone) {
                // There may have been nothing to be undone.
                (Some(why), _) => lacking.add(kind, why),
                (None, Some(why)) => {
                    bail!("{} {} was taken, and {undo} was not: {why}", tool.name(), lines.join("; "))
                }
                (None, None) => {}
            }
        }
        Ok(lacking)
    }

    /// Does the same once more in a namespace, where the kernel has it, and leaves it: so that there is a record of each table in the end,
    /// whatever else comes and goes.
    pub(super) fn keep(&self, place: &str) -> Result<()> {
        for Trial { kind, tool, lines, .. } in TRIED.iter().filter(|trial| self.has(trial.kind)) {
            for line in *lines {
                if let Some(why) = tell(place, *tool, line)? {
                    bail!("{} do not come again, {} {line}: {why}", kind.names().0, tool.name());
                }
            }
        }
        Ok(())
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
