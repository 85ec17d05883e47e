//! `--plan`: what is asked of the kernel, what it decides, what is decided here, and why.

use anyhow::Result;
use sockeye_conn::Namespace;
use sockeye_owners::{ScanOptions, Source};
use sockeye_query::filter::Expression;
use sockeye_query::sockets::{DumpPlan, Plan, asks, catalog};
use sockeye_wire::Ask;
use sockeye_wire::sock_diag::bytecode::{Condition, Test};
use sockeye_wire::sock_diag::state::State;

use crate::exit::Status;
use crate::output;

/// Namespaces that are named; of more, the rest is counted.
const NAMESPACES_NAMED_MAX: usize = 16;

/// How the plan is to be carried out.
pub(crate) struct Course<'c> {
    pub(crate) threads: usize,
    /// `--confirm`.
    pub(crate) confirm: bool,
    /// The namespaces that are asked; none: the one we are in.
    pub(crate) namespaces: &'c [Namespace],
    /// The search for owners.
    pub(crate) owners: ScanOptions<'c>,
    /// What could not be seen of the namespaces.
    pub(crate) unseen: Option<&'c str>,
}

/// Prints the plan.
pub(crate) fn print(plan: &Plan, filter: &Expression, course: &Course<'_>) -> Result<Status> {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let here = |dump: &DumpPlan| match &dump.residual {
        Some(residual) => format!("decided here, on each row: {}", residual.display(catalog())),
        None => "decided here: nothing".to_owned(),
    };
    // What is said of every dump is said once, at the end.
    let mut said: Vec<_> = plan.dumps.iter().map(here).collect();
    said.dedup();
    line(format!("filter: {}", filter.display(catalog())));
    for dump in &plan.dumps {
        line(format!("dump {}", describe(dump)));
        let counted = match dump.counted {
            0 => String::new(),
            counted => format!("; only counted: {}", states(counted)),
        };
        line(format!("  states: {}{counted}", states(dump.states & !dump.counted)));
        line(format!("  attributes: {}", attributes(dump, plan)));
        match &dump.program {
            Some(program) => {
                line(format!("  the kernel decides: {} ({} bytes)", condition(program), dump.bytecode(None).len()));
            }
            None if dump.table.ip_protocol().is_some() => {
                line("  the kernel decides: state and protocol only".to_owned());
            }
            None => line("  the kernel decides: state only; this family takes no filter program".to_owned()),
        }
        if said.len() > 1 {
            line(format!("  {}", here(dump)));
        }
    }
    if let [one] = said.as_slice() {
        line(one.clone());
    }
    line(if plan.owner_parts.is_empty() {
        "owners: not looked for, no column or condition needs them".to_owned()
    } else {
        course.owners()?
    });
    if !plan.peers.is_empty() {
        let tables: Vec<_> = plan.peers.iter().map(sockeye_query::sockets::Table::name).collect();
        line(format!("other ends: one more dump of {}, kept in memory", tables.join(" and ")));
    }
    for (field, privilege) in &plan.privileges {
        line(format!("{} needs {privilege}", catalog().info(*field).name()));
    }
    course.namespaces().into_iter().for_each(&mut line);
    if course.confirm {
        line(format!(
            "confirm: all dumps are repeated, {} times at most, until one brings nothing new; what one of them lacks is \
             asked for by itself",
            super::confirm::DUMPS_MAX
        ));
        line("threads: 1".to_owned());
    } else {
        line(format!(
            "threads: {}; a tcp table of {} sockets or more is cut in two by port",
            course.threads,
            super::split::SOCKETS_MIN
        ));
    }
    output::print(out.as_bytes())?;
    Ok(Status::Whole)
}

impl Course<'_> {
    /// Where owners come from, and why from there.
    fn owners(&self) -> Result<String> {
        let chosen = sockeye_owners::chosen(&self.owners)?;
        let how = match chosen.source {
            Source::Bpf => "from a BPF program that sees every open file",
            _ => "from /proc, each process once",
        };
        Ok(format!("owners: {how} (owner_source: {}), because {}", chosen.source.name(), chosen.reason))
    }

    /// Which namespaces are asked, where that is not the one we are in.
    fn namespaces(&self) -> Vec<String> {
        let label = |namespace: &Namespace| {
            let mut text = Vec::new();
            output::escape::text(&mut text, &namespace.label());
            String::from_utf8_lossy(&text).into_owned()
        };
        let mut labels: Vec<_> = self.namespaces.iter().take(NAMESPACES_NAMED_MAX).map(label).collect();
        let mut lines = Vec::new();
        match self.namespaces.len() {
            0 => {}
            1 => lines.push(format!("network namespace: {}", labels.remove(0))),
            many => {
                if many > labels.len() {
                    labels.push(format!("{} more", many - labels.len()));
                }
                lines.push(format!("network namespaces: {many}, each with these dumps: {}", labels.join(", ")));
            }
        }
        lines.extend(self.unseen.map(|why| format!("namespaces that are not asked: {why}")));
        lines
    }
}

fn describe(dump: &DumpPlan) -> String {
    let family = match (dump.table.ip_protocol(), dump.family) {
        (Some(_), 2) => ", IPv4",
        (Some(_), 10) => ", IPv6",
        (Some(_), _) => ", IPv4 and IPv6 in one walk (TCPDIAG_GETSOCK)",
        (None, _) => "",
    };
    format!("{}{family}", dump.table.name())
}

fn states(mask: u32) -> String {
    let named: Vec<_> = State::ALL.iter().filter(|state| mask & state.mask() != 0).map(|state| state.name()).collect();
    if named.len() == State::ALL.len() { "all".to_owned() } else { named.join(", ") }
}

/// Kernel names of the attributes that the request asks for, each with the fields it is asked for.
fn attributes(dump: &DumpPlan, plan: &Plan) -> String {
    let mut names: Vec<(&str, Ask)> = Vec::new();
    for row in dump.table.space().attributes {
        let asked = match row.ask {
            Ask::Extension(number) => dump.ask & (1 << (number - 1)) != 0,
            Ask::Show(bit) => dump.ask & bit != 0,
            Ask::Attribute(_) => dump.bpf_storages,
            _ => false,
        };
        // Some attributes come with another's request; the first says what for.
        if asked && !names.iter().any(|(_, ask)| *ask == row.ask) {
            names.push((row.kernel, row.ask));
        }
    }
    if names.is_empty() {
        return "only what always comes".to_owned();
    }
    let with_reason = names.into_iter().map(|(name, ask)| format!("{name} (for {})", reason(ask, dump, plan)));
    with_reason.collect::<Vec<_>>().join(", ")
}

/// The fields that an attribute is asked for, as many as fit a line.
fn reason(ask: Ask, dump: &DumpPlan, plan: &Plan) -> String {
    const NAMED_MAX: usize = 3;
    let fields = plan.fields.iter().filter(|&&field| asks(field, dump.table).contains(&ask));
    let names: Vec<_> = fields.map(|&field| catalog().info(field).name()).collect();
    match names.len() {
        0 if dump.table.ip_protocol().is_some() => "what it dropped".to_owned(),
        0 => "what every row shows".to_owned(),
        many if many > NAMED_MAX => format!("{} and {} more", names[..NAMED_MAX].join(", "), many - NAMED_MAX),
        _ => names.join(", "),
    }
}

fn condition(program: &Condition) -> String {
    let list = |parts: &[Condition], between: &str| match parts {
        [] => "true".to_owned(),
        [one] => condition(one),
        parts => format!("({})", parts.iter().map(condition).collect::<Vec<_>>().join(between)),
    };
    match program {
        Condition::Test(found) => test(*found),
        Condition::All(parts) => list(parts, " and "),
        Condition::Any(parts) => list(parts, " or "),
        Condition::Not(part) => format!("not {}", condition(part)),
    }
}

fn test(found: Test) -> String {
    match found {
        Test::SourcePortAtLeast(port) => format!("sport >= {port}"),
        Test::SourcePortAtMost(port) => format!("sport <= {port}"),
        Test::DestinationPortAtLeast(port) => format!("dport >= {port}"),
        Test::DestinationPortAtMost(port) => format!("dport <= {port}"),
        Test::SourcePort(port) => format!("sport = {port}"),
        Test::DestinationPort(port) => format!("dport = {port}"),
        Test::AutomaticPort => "autobound".to_owned(),
        Test::Source(address, length) => format!("src {address}/{length}"),
        Test::Destination(address, length) => format!("dst {address}/{length}"),
        Test::Device(index) => format!("ifindex = {index}"),
        Test::Mark { mark, mask } => format!("mark = {mark:#x}/{mask:#x}"),
        Test::Cgroup(id) => format!("cgroup id {id}"),
        other => format!("{other:?}"),
    }
}
