//! Whether a plan, carried out, finds exactly what its filter takes of everything there is.

use std::collections::BTreeSet;

use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::{Abilities, DumpPlan, Plan, Question, SocketRow, Table, catalog};
use sockeye_wire::sock_diag::state::State;

use crate::world::World;

/// Tables that are listed where a filter names none.
const USUAL: [Table; 2] = [Table::Tcp, Table::Udp];

/// Carries the plan of a filter out and compares.
pub(crate) fn check(
    world: &mut World,
    filter: &Expression,
    abilities: Abilities,
    listener_drops: bool,
) -> Result<(), String> {
    let plan = Plan::new(&Question { filter: Some(filter), fields: &[], listener_drops, abilities });
    let wanted = wanted(world, filter, &plan);
    let as_planned = plan.dumps.iter().map(|dump| (dump.clone(), plan.residual.as_ref()));
    // What an older kernel is asked, though this one would not refuse.
    let fallen_back = plan.dumps.iter().map(|dump| match dump.fallbacks().next() {
        Some(fallback) => (fallback, Some(filter)),
        None => (dump.clone(), plan.residual.as_ref()),
    });
    let describe = || {
        let dumps: Vec<_> = plan.dumps.iter().map(|dump| format!("{dump:?}")).collect();
        let residual = plan.residual.as_ref().map(|left| left.display(catalog()).to_string());
        format!("\nfilter: {}\nhere: {residual:?}\ndumps: {}", filter.display(catalog()), dumps.join("\n  "))
    };
    for dumps in [as_planned.collect::<Vec<_>>(), fallen_back.collect()] {
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
    let usual = plan.dumps.iter().all(|dump| USUAL.contains(&dump.table));
    let is_meant = |table: Table| names_tables || USUAL.contains(&table) == usual;
    let is_hidden =
        |row: &SocketRow<'_>| !plan.states_named && matches!(row.state(), Some(State::TimeWait | State::BoundInactive));
    let inet = world.inet.iter().map(|known| (known.facts.table, &known.row));
    inet.chain(world.others.iter().map(|(table, row)| (*table, row)))
        .filter(|&(table, _)| is_meant(table))
        .filter_map(|(table, row)| {
            let row = SocketRow::read(table, row, &world.surroundings).expect("a row of the kernel");
            (!is_hidden(&row) && filter.decide(&row) == Decision::Yes).then(|| (table, row.cookie().expect("a cookie")))
        })
        .collect()
}

/// What dumps find, each with what is decided here.
fn carry_out(world: &mut World, dumps: &[(DumpPlan, Option<&Expression>)]) -> Result<BTreeSet<(Table, u64)>, String> {
    let mut found = BTreeSet::new();
    for (dump, residual) in dumps {
        let rows = match world.kernel.rows(dump.request(None)) {
            Ok(rows) => rows,
            // ENOENT: this kernel has no such table.
            Err(2) => continue,
            Err(errno) => return Err(format!("the kernel refuses {dump:?} with errno {errno}")),
        };
        for row in &rows {
            let row = SocketRow::read(dump.table, row, &world.surroundings).expect("a row of the kernel");
            if residual.is_none_or(|left| left.decide(&row) == Decision::Yes) {
                found.insert((dump.table, row.cookie().expect("a cookie")));
            }
        }
    }
    Ok(found)
}
