//! Random filters on real sockets: the kernel, the filter language and a plain evaluator decide the same.
//!
//! Each test runs with one seed that never changes and with one that is new each time; the failure names it, and
//! `SOCKEYE_AGREEMENT_SEED` repeats it.

mod agreement;
mod facts;
mod interpreter;
mod kernel;
mod plan;
mod programs;
mod random;
mod seeded;
mod tree;
mod tricky;
mod world;

use std::cell::Cell;

use sockeye_query::filter;
use sockeye_query::sockets::{Abilities, catalog};
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::needs_low_ports;

use crate::agreement::{SHIPPED, check_filter, check_program, kernel_takes};
use crate::random::{Random, seeds};
use crate::tree::{Tree, Vocabulary};
use crate::world::{Numbered, World, specimens};

/// Filters for each seed.
const FILTERS: usize = 300;

fn abilities(random: &mut Random) -> Abilities {
    random.pick(&[Abilities::ALL, Abilities::ALL, Abilities::new(false, true), Abilities::new(true, false)])
}

/// Tries something many times on the sockets of a fresh namespace, with each seed.
fn try_often(attempt: impl Fn(&mut World, &mut Random) -> Result<(), String>, end: impl Fn()) {
    in_namespace(|zoo| {
        needs_low_ports()?;
        let specimens = specimens(zoo);
        for seed in seeds() {
            let mut world = World::new(zoo, &specimens, seed);
            let mut random = Random::new(seed);
            for number in 0..FILTERS {
                if let Err(why) = attempt(&mut world, &mut random) {
                    panic!("seed {seed}, attempt {number}: {why}");
                }
            }
        }
        end();
        Ok(())
    });
}

#[test]
fn the_kernel_and_two_evaluators_agree_on_random_filters() {
    let [ran, exact, divided] = [const { Cell::new(0) }; 3];
    let count = |counter: &Cell<usize>, counts: bool| counter.set(counter.get() + usize::from(counts));
    try_often(
        |world, random| {
            let vocabulary = random.pick(&[Vocabulary::Programs, Vocabulary::Programs, Vocabulary::Requests]);
            let tree = Tree::random(world, random, vocabulary);
            let abilities = abilities(random);
            let outcome = world.settled(|world| check_filter(world, &tree, abilities, SHIPPED))?;
            count(&ran, outcome.ran);
            count(&exact, outcome.exact);
            count(&divided, outcome.divided);
            Ok(())
        },
        || {
            let counts = [&ran, &exact, &divided].map(Cell::get);
            assert!(counts.iter().all(|&count| count >= FILTERS / 2), "too little was tried: {counts:?}");
        },
    );
}

#[test]
fn the_kernel_runs_random_programs_as_they_are_meant() {
    try_often(
        |world, random| {
            let depth = 2 + random.below(5);
            let condition = programs::condition(depth, world, random);
            let program = condition.assemble().expect("a short program");
            if program.is_empty() {
                return Ok(());
            }
            world.settled(|world| {
                let taken = kernel_takes(world, &program)?;
                check_program(world, &condition, &program, &taken)
            })
        },
        || {},
    );
}

#[test]
fn a_plan_finds_what_the_filter_takes_of_everything() {
    try_often(
        |world, random| {
            let vocabulary = random.pick(&[Vocabulary::Requests, Vocabulary::All, Vocabulary::All]);
            let filter = Tree::random(world, random, vocabulary).expression();
            let (abilities, listener_drops) = (abilities(random), random.once_in(2));
            world.settled(|world| plan::check(world, &filter, abilities, listener_drops))
        },
        || {},
    );
}

#[test]
fn a_plan_finds_what_a_tricky_filter_takes() {
    in_namespace(|zoo| {
        needs_low_ports()?;
        let [seed, _] = seeds();
        let specimens = specimens(zoo);
        let mut world = World::new(zoo, &specimens, seed);
        for text in tricky::filters() {
            let filter = filter::parse(&text, catalog(), &Numbered).unwrap_or_else(|why| panic!("{why}"));
            for abilities in [Abilities::ALL, Abilities::new(false, false)] {
                let checked = world.settled(|world| plan::check(world, &filter.expression, abilities, false));
                if let Err(why) = checked {
                    panic!("{text:.200}: {why:.2000}");
                }
            }
        }
        Ok(())
    });
}

#[test]
fn each_bug_that_is_put_into_the_compiler_is_caught() {
    in_namespace(|zoo| {
        needs_low_ports()?;
        let [seed, _] = seeds();
        let specimens = specimens(zoo);
        let mut world = World::new(zoo, &specimens, seed);
        for (bug, compiler) in seeded::bugs() {
            let mut random = Random::new(seed);
            let caught = (0..FILTERS).find_map(|number| {
                let vocabulary = random.pick(&[Vocabulary::Programs, Vocabulary::Requests]);
                let tree = Tree::random(&world, &mut random, vocabulary);
                let mut check = |with| world.settled(|world| check_filter(world, &tree, Abilities::ALL, with));
                check(SHIPPED).expect("without the bug all agree");
                check(compiler).err().map(|why| (number, why))
            });
            let (number, why) = caught.unwrap_or_else(|| panic!("{bug}: not caught by {FILTERS} filters"));
            eprintln!("{bug}: caught by filter {number}: {}", why.lines().next().unwrap_or_default());
        }
        Ok(())
    });
}
