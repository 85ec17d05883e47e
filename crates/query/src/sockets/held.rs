//! What recorded dumps hold of what a plan asks for: a capture is whole only for questions that were asked when it was made.

use std::collections::HashMap;
use std::ops::BitOr;

use sockeye_wire::Ask;
use sockeye_wire::sock_diag::bytecode::{Condition as Program, Test};
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6};
use sockeye_wire::sock_diag::state::State;

use super::asked::Asked;
use super::plan::{DumpPlan, Plan, asks};
use super::table::{Table, Tables};
use crate::FieldId;

/// States that have a name: what a mask says of the others is of no interest to anybody.
const STATES_NAMED: u32 = {
    let (mut mask, mut index) = (0, 0);
    while index < State::ALL.len() {
        mask |= State::ALL[index].mask();
        index += 1;
    }
    mask
};
/// Bytes of a test of a port in a program: two operations.
const PORT_TEST_LEN: usize = 8;

/// What dumps lack of what a plan asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lacks {
    /// Tables of which there is no dump.
    pub tables: Tables,
    /// Tables with the states that were asked for when there are others to be listed.
    pub states: Vec<(Table, u32)>,
    /// Tables with the one address family that there is a dump of.
    pub families: Vec<(Table, u8)>,
    /// Tables whose rows the kernel chose by a program that takes fewer than the plan does.
    pub chosen: Tables,
    /// Attributes that were not asked for, with the table and the fields that are made of them.
    pub attributes: Vec<(Table, &'static str, Vec<FieldId>)>,
}

impl Lacks {
    /// Whether rows of a table that there is a dump of are not in it.
    pub const fn has_rows(&self) -> bool {
        !self.states.is_empty() || !self.families.is_empty() || !self.chosen.is_empty()
    }

    /// Adds what others lack, each thing once.
    pub fn add(&mut self, other: Self) {
        self.tables = self.tables.or(other.tables);
        self.chosen = self.chosen.or(other.chosen);
        add_new(&mut self.states, other.states);
        add_new(&mut self.families, other.families);
        add_new(&mut self.attributes, other.attributes);
    }
}

fn add_new<T: PartialEq>(list: &mut Vec<T>, others: impl IntoIterator<Item = T>) {
    for other in others {
        if !list.contains(&other) {
            list.push(other);
        }
    }
}

impl Plan {
    /// Whether a recorded dump can hold rows that this plan asks for.
    pub fn wants(&self, asked: &Asked) -> bool {
        self.dumps.iter().any(|dump| dump.table == asked.table && dump.states & asked.states & dump.table.states() != 0)
    }

    /// What recorded dumps of one namespace lack of what this plan asks for. Those that the kernel refused are not to be
    /// among them, unless there is no other of that table.
    pub fn lacks(&self, recorded: &[Asked]) -> Lacks {
        let mut lacks = Lacks::default();
        for dump in &self.dumps {
            let same: Vec<_> = recorded.iter().filter(|asked| asked.table == dump.table).collect();
            if same.is_empty() {
                lacks.tables = lacks.tables.or(dump.table.set());
            } else {
                lacks.add(self.lacks_of(dump, &same));
            }
        }
        lacks
    }

    fn lacks_of(&self, dump: &DumpPlan, same: &[&Asked]) -> Lacks {
        let mut lacks = Lacks::default();
        // A state that is only counted is not listed, so nobody misses it.
        let wanted = dump.states & !dump.counted & dump.table.states() & STATES_NAMED;
        let families = match (Tables::INET.has(dump.table), dump.family) {
            (true, 0) => vec![AF_INET, AF_INET6],
            (_, family) => vec![family],
        };
        for &family in &families {
            let of_family = |asked: &&&Asked| matches!(asked.family, 0) || family == 0 || asked.family == family;
            let here: Vec<_> = same.iter().filter(of_family).copied().collect();
            if here.is_empty() {
                add_new(&mut lacks.families, same.first().map(|asked| (dump.table, asked.family)));
                continue;
            }
            let held = here.iter().fold(0, |mask, asked| mask | asked.states) & STATES_NAMED & dump.table.states();
            if wanted & !held != 0 {
                add_new(&mut lacks.states, [(dump.table, held)]);
            }
            if wanted & held & !all_taken(dump, &here) != 0 {
                lacks.chosen = lacks.chosen.or(dump.table.set());
            }
            for asked in here.iter().filter(|asked| asked.states & wanted != 0) {
                add_new(&mut lacks.attributes, self.attributes(dump, asked));
            }
        }
        lacks
    }

    /// Attributes that a dump asks for and a recorded one did not.
    fn attributes(&self, dump: &DumpPlan, asked: &Asked) -> Vec<(Table, &'static str, Vec<FieldId>)> {
        let table = dump.table;
        let lacks = |ask: Ask| match ask {
            Ask::Extension(number) => dump.ask & !asked.ask & 1 << (number - 1) != 0,
            Ask::Show(bit) => dump.ask & !asked.ask & bit != 0,
            Ask::Attribute(_) => dump.bpf_storages && !asked.bpf_storages,
            _ => false,
        };
        let here = table.space().attributes.iter().filter(|row| row.only.is_none() || row.only == table.ip_protocol());
        let mut lacking: Vec<(Ask, &'static str)> = Vec::new();
        for row in here.filter(|row| lacks(row.ask)) {
            // One bit can ask for several attributes: the first stands for all.
            if !lacking.iter().any(|(ask, _)| *ask == row.ask) {
                lacking.push((row.ask, row.name));
            }
        }
        let fields = |ask| self.fields.iter().copied().filter(move |&field| asks(field, table).contains(&ask));
        lacking.into_iter().map(|(ask, name)| (table, name, fields(ask).collect())).collect()
    }
}

/// States of which recorded dumps hold every row that the filter of `dump` takes.
fn all_taken(dump: &DumpPlan, recorded: &[&Asked]) -> u32 {
    let programs = programs(dump);
    let assembled: Vec<_> = programs.iter().map(assemble).collect();
    let mut by_program: HashMap<&[u8], u32> = HashMap::new();
    for asked in recorded {
        *by_program.entry(&asked.bytecode).or_default() |= asked.states;
    }
    let taken = by_program.iter().map(|(&bytecode, &states)| {
        if bytecode.is_empty() || assembled.iter().any(|program| program == bytecode) {
            return states;
        }
        let other = other_part(&programs, bytecode).and_then(|other| by_program.get(other.as_slice()));
        other.map_or(0, |others| states & others)
    });
    taken.fold(0, u32::bitor)
}

/// Programs that take at least what the filter of a dump takes: those made of it, and each part of a conjunction. None
/// at all is one of them.
fn programs(dump: &DumpPlan) -> Vec<Option<Program>> {
    let made = [&dump.program, &dump.older, &dump.premise];
    let mut programs = vec![None];
    for program in made.into_iter().flatten() {
        programs.push(Some(program.clone()));
        if let Program::All(parts) = program {
            programs.extend(parts.iter().cloned().map(Some));
        }
    }
    programs
}

fn assemble<'p>(parts: impl IntoIterator<Item = &'p Program>) -> Vec<u8> {
    Program::All(parts.into_iter().cloned().collect()).assemble().unwrap_or_default()
}

/// The program of the other part, where a large table was dumped in two: each is one of `programs` with a condition on a
/// port at its end, or with the opposite. `None` where `bytecode` is not the first of two such parts.
fn other_part(programs: &[Option<Program>], bytecode: &[u8]) -> Option<Vec<u8>> {
    cuts(bytecode).into_iter().find_map(|cut| {
        let program = programs.iter().find(|program| assemble(program.iter().chain([&cut])) == bytecode)?;
        Some(assemble(program.iter().chain([&Program::Not(Box::new(cut))])))
    })
}

/// Conditions by which a table may have been cut, as far as the end of a program tells: ports up to one, or one alone.
fn cuts(bytecode: &[u8]) -> Vec<Program> {
    let Some(&[code, _, _, _, _, _, low, high]) = bytecode.last_chunk::<PORT_TEST_LEN>() else { return Vec::new() };
    let port = u16::from_ne_bytes([low, high]);
    let (at_least, at_most) = if code == Test::SourcePortAtMost(port).code() {
        (Test::SourcePortAtLeast(port), Test::SourcePortAtMost(port))
    } else {
        (Test::DestinationPortAtLeast(port), Test::DestinationPortAtMost(port))
    };
    let [at_least, at_most] = [at_least, at_most].map(Program::Test);
    vec![at_most.clone(), Program::All(vec![at_least, at_most])]
}

#[cfg(test)]
mod tests;
