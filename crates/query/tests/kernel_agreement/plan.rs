//! Whether a plan, carried out, finds exactly what its filter takes of everything there is.

use std::collections::BTreeSet;

use sockeye_query::filter::{Condition, Decision, Expression, Record};
use sockeye_query::sockets::{Abilities, DumpPlan, Plan, Question, SocketRow, Table, catalog};
use sockeye_query::{FieldId, Value};
use sockeye_wire::sock_diag::state::State;

use crate::world::{self, World};

/// Carries the plan of a filter out and compares.
pub(crate) fn check(
    world: &mut World,
    filter: &Expression,
    abilities: Abilities,
    listener_drops: bool,
) -> Result<(), String> {
    let plan = Plan::new(&Question { filter: Some(filter), fields: &[], listener_drops, abilities });
    let wanted = wanted(world, filter, &plan);
    // What older kernels are asked, though this one would not refuse.
    let fallen_back = |last: bool| {
        let fallback = |dump: &DumpPlan| if last { dump.fallbacks().last() } else { dump.fallbacks().next() };
        plan.dumps.iter().map(|dump| fallback(dump).unwrap_or_else(|| dump.clone())).collect()
    };
    let describe = || {
        let dumps: Vec<_> = plan.dumps.iter().map(|dump| format!("{dump:?}")).collect();
        format!("\nfilter: {}\ndumps: {}", filter.display(catalog()), dumps.join("\n  "))
    };
    for dumps in [plan.dumps.clone(), fallen_back(false), fallen_back(true)] {
        let found = carry_out(world, &dumps)?;
        if let Some(lost) = wanted.difference(&found).next() {
            return Err(format!("the plan loses {lost:?}{}", describe()));
        }
        if let Some(excess) = found.difference(&wanted).next() {
            return Err(format!("the plan finds {excess:?} too{}", describe()));
        }
    }
    Ok(())
}

/// What the whole filter takes of every row of every table that is meant.
fn wanted(world: &World, filter: &Expression, plan: &Plan) -> BTreeSet<(Table, u64)> {
    let names_tables = catalog().find("proto").is_some_and(|proto| filter.fields().contains(&proto));
    // Whoever asks for ports means those of the internet, unless only others can fit.
    let asks_for_ports = !fits_without_ports(filter, true);
    let others_alone = plan.dumps.iter().all(|dump| dump.table.ip_protocol().is_none());
    let is_meant = |table: Table| names_tables || !asks_for_ports || others_alone || table.ip_protocol().is_some();
    let is_hidden =
        |row: &SocketRow<'_>| !plan.states_named && matches!(row.state(), Some(State::TimeWait | State::BoundInactive));
    let inet = world.inet.iter().map(|known| (known.facts.table, &known.row));
    inet.chain(world.others.iter().map(|(table, row)| (*table, row)))
        .filter(|&(table, _)| is_meant(table))
        .filter_map(|(table, row)| {
            let row = SocketRow::read(table, row, &world.surroundings).expect("a row of the kernel");
            let told = Told { row, autobound: world.autobound(table, row.cookie()) };
            (!is_hidden(&row) && filter.decide(&told) == Decision::Yes)
                .then(|| (table, row.cookie().expect("a cookie")))
        })
        .collect()
}

/// Whether a row without ports can fit, whatever else it says.
fn fits_without_ports(filter: &Expression, wanted: bool) -> bool {
    let port_fields = ["lport", "pport", "port"].map(|name| catalog().find(name).expect("a field"));
    match filter {
        Expression::Not(inner) => fits_without_ports(inner, !wanted),
        Expression::All(parts) if wanted => parts.iter().all(|part| fits_without_ports(part, true)),
        Expression::Any(parts) if !wanted => parts.iter().all(|part| fits_without_ports(part, false)),
        Expression::All(parts) | Expression::Any(parts) => parts.iter().any(|part| fits_without_ports(part, wanted)),
        Expression::Test(test) if port_fields.contains(&test.field) => test.condition == Condition::Present && !wanted,
        Expression::Test(_) => true,
    }
}

/// A row, and what only the kernel's programs say of its socket.
struct Told<'r> {
    row: SocketRow<'r>,
    autobound: Option<bool>,
}

impl Record for Told<'_> {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        if catalog().info(field).path == "autobound" {
            // Of other families the row says it (`automatic.rs` has its own tests).
            return self.autobound.map(Value::Truth).or_else(|| Record::value(&self.row, field));
        }
        Record::value(&self.row, field)
    }
}

/// What dumps find, each with what is decided here.
fn carry_out(world: &mut World, dumps: &[DumpPlan]) -> Result<BTreeSet<(Table, u64)>, String> {
    let mut found = BTreeSet::new();
    for dump in dumps.iter().filter(|dump| world::has(dump.table)) {
        let rows = match world.kernel.rows(dump.request(None)) {
            Ok(rows) => rows,
            // ENOENT: this kernel has no such table.
            Err(2) => continue,
            Err(errno) => return Err(format!("the kernel refuses {dump:?} with errno {errno}")),
        };
        for row in &rows {
            let row = SocketRow::read(dump.table, row, &world.surroundings).expect("a row of the kernel");
            if row.state().is_some_and(|state| dump.counted & state.mask() != 0) {
                continue;
            }
            if dump.residual.as_ref().is_none_or(|left| left.decide(&row) == Decision::Yes) {
                found.insert((dump.table, row.cookie().expect("a cookie")));
            }
        }
    }
    Ok(found)
}
