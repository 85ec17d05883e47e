//! Live copies of routes: how fast events are applied, what is lost, how long a repair takes, and what it all weighs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::contest::Contest;
use super::program::Program;
use super::report::{self, Row};
use super::statistics::{Sample, to_f64};
use super::target::{Target, Verdict};
use super::{binary, namespace, routes};

/// Events a second that one core has to apply.
const APPLIED_MIN: f64 = 1e6;
/// Bytes that a route may take.
const BYTES4_MAX: f64 = 120.0;
const BYTES6_MAX: f64 = 200.0;
/// What a minute without events may cost.
const IDLE_CPU_MAX: Duration = Duration::from_millis(10);
const IDLE_WAKE_UPS_MAX: f64 = 10.0;
const MINUTE: f64 = 60.0;

/// How much of everything.
pub(super) struct Size {
    /// Runs of each program.
    pub(super) pairs: usize,
    /// Routes that there are.
    pub(super) routes: u32,
    /// Routes of a copy whose memory is measured.
    pub(super) copied: u32,
    /// Events of a churn.
    pub(super) events: u32,
    /// Seconds without events.
    pub(super) idle: u32,
}

/// The programs that follow routes.
pub(super) struct Copies {
    apply: PathBuf,
    watch: PathBuf,
    size: Size,
}

impl Copies {
    /// Builds them.
    pub(super) fn build(size: Size) -> Result<Self> {
        let apply = binary::example("sockeye-state", "apply_events")?;
        Ok(Self { apply, watch: binary::example("sockeye-conn", "watch_speed")?, size })
    }

    /// What needs the routes that are there.
    pub(super) fn beside_routes(&self, rows: &mut Vec<Row>) -> Result<()> {
        let load = routes_of(self.size.routes, 4);
        let bare = Program::bare_routes(false)?.by_its_own_clock();
        for (what, mode, target) in [
            ("in sync again after a loss", "resync", Target::Ratio(1.4)),
            ("in sync the first time", "sync", Target::None),
        ] {
            eprintln!("  {what} …");
            let contest = Contest {
                what,
                ours: &Program::example(&self.watch, &[mode]).by_its_own_clock(),
                reference: &bare,
                reference_name: "bare",
                pairs: self.size.pairs,
                limit: None,
                repeated_max: Duration::MAX,
                target,
            };
            rows.push(contest.row(&load, self.size.routes.into(), &contest.run()?));
        }
        Ok(())
    }

    /// What needs nothing, or namespaces of its own.
    pub(super) fn alone(&self, rows: &mut Vec<Row>) -> Result<()> {
        self.apply(rows)?;
        namespace::enter()?;
        self.churn(rows)?;
        namespace::enter()?;
        self.idle(rows)?;
        for (family, make, bytes_max) in
            [(4, routes::make4 as fn(u32) -> Result<()>, BYTES4_MAX), (6, routes::make6, BYTES6_MAX)]
        {
            namespace::enter()?;
            routes::links()?;
            make(self.size.copied)?;
            self.memory(rows, family, bytes_max)?;
        }
        Ok(())
    }

    fn apply(&self, rows: &mut Vec<Row>) -> Result<()> {
        eprintln!("  applying events …");
        let routes = self.size.routes.to_string();
        let program = Program::example(&self.apply, &[&routes]);
        let mut rates = Vec::new();
        let mut events = 0;
        for _ in 0..self.size.pairs {
            let [made, took_us, cpu_us] = program.numbers()?;
            events = made;
            // By the time on the processor: what else runs there is not the engine's. It is counted in ticks.
            let cpu_us = if cpu_us == 0 { took_us } else { cpu_us };
            rates.push(1e6 * to_f64(made) / to_f64(cpu_us.max(1)));
        }
        let (least, most) = (rates.iter().copied().fold(f64::MAX, f64::min), Sample::new(rates));
        rows.push(Row {
            what: "applying events from memory, one core".to_owned(),
            load: format!("{events} events"),
            ours: format!("{:.2} million a second ({:.2} at least)", most.median() / 1e6, least / 1e6),
            target: "≥ 1 million".to_owned(),
            verdict: Verdict::of(most.median() >= APPLIED_MIN),
            ..Row::default()
        });
        Ok(())
    }

    fn churn(&self, rows: &mut Vec<Row>) -> Result<()> {
        eprintln!("  following a churn of routes …");
        let events = self.size.events.to_string();
        let program = Program::example(&self.watch, &["churn", &events]);
        let (mut all_lost, mut rates, mut each_us, mut made) = (0, Vec::new(), Vec::new(), 0);
        for _ in 0..self.size.pairs {
            let [events, took_us, lost, cpu_us] = program.numbers()?;
            made += events;
            all_lost += lost;
            rates.push(1e6 * to_f64(events) / to_f64(took_us.max(1)));
            each_us.push(to_f64(cpu_us) / to_f64(events.max(1)));
        }
        let (rate, each_us) = (Sample::new(rates).median(), Sample::new(each_us).median());
        rows.push(Row {
            what: "keeping up with the fastest churn".to_owned(),
            load: format!("{made} events, buffer of 8 MiB"),
            ours: format!("{all_lost} lost at {rate:.0} a second ({each_us:.2} µs of CPU each)"),
            target: "0 lost".to_owned(),
            verdict: Verdict::of(all_lost == 0),
            ..Row::default()
        });
        Ok(())
    }

    fn idle(&self, rows: &mut Vec<Row>) -> Result<()> {
        eprintln!("  {} seconds without an event …", self.size.idle);
        let seconds = self.size.idle.to_string();
        let [seconds, wake_ups, cpu_us] = Program::example(&self.watch, &["idle", &seconds]).numbers()?;
        let minutes = to_f64(seconds.max(1)) / MINUTE;
        let (wake_ups, cpu) = (to_f64(wake_ups) / minutes, Duration::from_micros(cpu_us).div_f64(minutes));
        rows.push(Row {
            what: "watching every table of a quiet namespace".to_owned(),
            load: format!("{seconds} s, as if 60"),
            ours: format!("{wake_ups:.0} wake-ups, CPU {}", report::seconds(cpu.as_secs_f64())),
            target: "≤ 10 wake-ups, ≤ 10 ms".to_owned(),
            verdict: Verdict::of(wake_ups <= IDLE_WAKE_UPS_MAX && cpu <= IDLE_CPU_MAX),
            ..Row::default()
        });
        Ok(())
    }

    fn memory(&self, rows: &mut Vec<Row>, family: u8, bytes_max: f64) -> Result<()> {
        eprintln!("  memory of a copy of IPv{family} routes …");
        let [routes, _, mirror_bytes, resident_bytes] = Program::example(&self.watch, &["sync"]).numbers()?;
        let each = |bytes: u64| to_f64(bytes) / to_f64(routes.max(1));
        rows.push(Row {
            what: "memory of a copy".to_owned(),
            load: routes_of(self.size.copied, family),
            ours: format!("{:.0} bytes each ({:.0} by its own count)", each(resident_bytes), each(mirror_bytes)),
            target: format!("≤ {bytes_max:.0} bytes"),
            verdict: Verdict::of(each(mirror_bytes.max(resident_bytes)) <= bytes_max),
            ..Row::default()
        });
        Ok(())
    }
}

/// The name of a load of routes.
pub(super) fn routes_of(count: u32, family: u8) -> String {
    format!("{count} IPv{family} routes")
}
