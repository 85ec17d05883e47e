//! Everything that moves: namespaces, what is in them, sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use super::commands::{self, Tool};
use super::mover::Mover;
use super::optional::{Kind, Lacking};
use super::pace::Pace;
use super::place::PLACES;
use super::random::Random;
use super::socket_churner;
use crate::bench::part::Running;

/// Time between two changes in each place.
const PAUSE: Duration = Duration::from_millis(25);
/// Time that a namespace lives which only passes, and pauses before the next.
const PASSING: Duration = Duration::from_millis(900);

/// What happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Happened {
    /// Lines that `ip`, `tc` and `bridge` were told.
    pub(super) told: u64,
    /// Of them, those that were refused.
    pub(super) refused: u64,
    /// Namespaces that came and went.
    pub(super) passed: u64,
    /// Sockets or pairs of them that were opened.
    pub(super) sockets: u64,
}

impl std::ops::AddAssign for Happened {
    fn add_assign(&mut self, other: Self) {
        self.told += other.told;
        self.refused += other.refused;
        self.passed += other.passed;
        self.sockets += other.sockets;
    }
}

/// Processes that hold sockets and multicast routes, one a place. What they hold goes with this value.
pub(super) struct Sockets(Vec<Running>);

impl Sockets {
    /// Starts them: they listen, and soon churn. What they cannot have is added.
    pub(super) fn start(seed: u64, pace: Pace, lacking: &mut Lacking) -> Result<Self> {
        let start = |(place, seed): (&&str, u64)| -> Result<Running> {
            let mut running = Running::start(&socket_churner::Args::line(place, seed, pace.slowness()))?;
            let errno = i32::try_from(running.number()?).unwrap_or(0);
            if errno != 0 {
                lacking.add(Kind::MulticastRoutes, std::io::Error::from_raw_os_error(errno).to_string());
            }
            Ok(running)
        };
        Ok(Self(PLACES.iter().zip(seed..).map(start).collect::<Result<_>>()?))
    }

    /// Ends the churn; what is open stays so.
    pub(super) fn hold(&mut self) -> Result<Happened> {
        let mut happened = Happened::default();
        for running in &mut self.0 {
            running.tell()?;
            happened.sockets += running.number()?;
        }
        Ok(happened)
    }
}

/// Threads that tell iproute2 what to do.
pub(super) struct Churn {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Result<Happened>>>,
}

impl Churn {
    /// Begins.
    pub(super) fn start(seed: u64, pace: Pace, lacking: &Lacking) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        for (place, stream) in PLACES.into_iter().zip(1..) {
            let (is_over, random, lacking) = (Arc::clone(&is_over), Random::new(seed, stream), lacking.clone());
            threads.push(thread::spawn(move || move_in(place, random, pace.of_time(PAUSE), &lacking, &is_over)));
        }
        let over = Arc::clone(&is_over);
        threads.push(thread::spawn(move || pass(pace.of_time(PASSING), &over)));
        Self { is_over, threads }
    }

    /// Ends, when everything that was begun is done.
    pub(super) fn end(self) -> Result<Happened> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut happened = Happened::default();
        for thread in self.threads {
            happened += thread.join().ok().context("a thread that churns has died")??;
        }
        Ok(happened)
    }
}

fn move_in(
    place: &'static str,
    mut random: Random,
    pause: Duration,
    lacking: &Lacking,
    is_over: &AtomicBool,
) -> Result<Happened> {
    let mut movers = Tool::ALL.map(|tool| Mover::new(tool, Some(place)));
    while !is_over.load(Ordering::Relaxed) {
        let (tool, line) = commands::next(&mut random, lacking);
        movers[tool as usize].tell(&line)?;
        thread::sleep(pause);
    }
    let mut happened = Happened::default();
    for mover in &mut movers {
        mover.end();
        happened += Happened { told: mover.told, refused: mover.refused, ..Happened::default() };
    }
    Ok(happened)
}

/// Namespaces that come, get a cable to one that stays, and go.
fn pass(pause: Duration, is_over: &AtomicBool) -> Result<Happened> {
    let mut happened = Happened::default();
    for place in PLACES.into_iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let passed = happened.passed;
        // Another one each time: `ip` keeps a namespace open that it was told of, which would not go before `ip` does.
        let mut mover = Mover::new(Tool::Ip, None);
        let name = format!("passing{}", passed % 7);
        for line in [
            format!("netns add {name}"),
            format!("link add far{} netns {name} type veth peer name near{} netns {place}", passed % 7, passed % 7),
        ] {
            mover.tell(&line)?;
        }
        thread::sleep(pause);
        mover.tell(&format!("netns delete {name}"))?;
        mover.end();
        happened += Happened { told: mover.told, refused: mover.refused, passed: 1, sockets: 0 };
        thread::sleep(pause);
    }
    Ok(happened)
}
