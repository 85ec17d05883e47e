//! How many events a second the engine applies: one core, no socket, datagrams as the kernel sends them.
//!
//! `cargo run --release -p sockeye-state --example apply_events [ROUTES [ROUNDS]]`: so many IPv4 routes come, change and
//! go, each in a datagram of its own, round after round. Prints `EVENTS MICROSECONDS CPU_MICROSECONDS`, and what was
//! told of.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options, Output, Want, Watch};
use sockeye_state::{Datagram, Received};
use sockeye_wire::rtnetlink::Table;

const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const NLM_F_REPLACE: u16 = 0x100;
const NLMSG_DONE: u16 = 3;
/// Routes at most: as many `/24` as there are.
const ROUTES_MAX: u32 = 1 << 24;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u32| arguments.next().map_or(Ok(default), |text| text.parse());
    let (routes, rounds) = (number(500_000)?.min(ROUTES_MAX), number(1)?);

    let mut watch = Watch::new(Options::new(Tables::one(Table::Routes)));
    begin(&mut watch)?;
    let (mut added, mut changed, mut removed) = (0u64, 0u64, 0u64);
    let mut sink = |output: Output<'_>| {
        if let Output::Change(change) = output {
            match (change.old.is_some(), change.new.is_some()) {
                (false, _) => added += 1,
                (_, true) => changed += 1,
                (_, false) => removed += 1,
            }
            black_box(change);
        }
    };
    let (mut events, mut took, mut cpu) = (0u64, Duration::ZERO, Duration::ZERO);
    for round in 0..rounds {
        for (kind, flags, metric) in [(RTM_NEWROUTE, 0, 7), (RTM_NEWROUTE, NLM_F_REPLACE, 9), (RTM_DELROUTE, 0, 9)] {
            let datagrams: Vec<Vec<u8>> =
                (0..routes).map(|number| route(kind, flags, shuffled(number, routes), metric + round)).collect();
            let (began, cpu_began) = (Instant::now(), cpu_time()?);
            for datagram in &datagrams {
                watch.event(Received::Datagram(Datagram::new(datagram)), Duration::from_secs(9), &mut sink);
            }
            cpu += cpu_time()?.saturating_sub(cpu_began);
            took += began.elapsed();
            events += u64::from(routes);
        }
        if round == 0 && watch.mirror(Table::Routes).is_some_and(|mirror| !mirror.is_empty()) {
            return Err("routes are left that were deleted".into());
        }
    }
    println!("{events} {} {}", took.as_micros(), cpu.as_micros());
    println!("{added} added, {changed} changed, {removed} removed");
    Ok(())
}

/// Time of this thread on a processor: the first number of schedstat, in nanoseconds and as of the last tick.
fn cpu_time() -> Outcome<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().next().ok_or("an empty schedstat")?.parse()?))
}

/// The first dumps, of a kernel without routes.
fn begin(watch: &mut Watch) -> Outcome<()> {
    let now = Duration::from_secs(3);
    let mut asked = Vec::new();
    for _ in 0..100 {
        match watch.want(now) {
            Want::Events => watch.event(Received::Empty, now, &mut |_| {}),
            Want::Drops => watch.drops(Some(0), now, &mut |_| {}),
            Want::Send(request) => asked = request.as_bytes().to_vec(),
            Want::Answer => {
                let mut done = message(NLMSG_DONE, 2, &[0; 4]);
                done[8..12].copy_from_slice(&asked[8..12]);
                watch.answer(Received::Datagram(Datagram::new(&done)), now, &mut |_| {});
            }
            Want::Wait { .. } => return Ok(()),
            _ => {}
        }
    }
    Err("the engine does not come to rest".into())
}

/// Every number below `count` once, neighbours far apart.
fn shuffled(number: u32, count: u32) -> u32 {
    const STEP: u64 = 7919;
    if u64::from(count).is_multiple_of(STEP) {
        return number;
    }
    u32::try_from(u64::from(number) * STEP % u64::from(count)).unwrap_or(number)
}

/// A notification: `net/ipv4/fib_semantics.c`, `fib_dump_info`.
fn route(kind: u16, flags: u16, number: u32, metric: u32) -> Vec<u8> {
    let mut body = vec![2, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0];
    for (number, payload) in [
        (15u16, 254u32.to_ne_bytes()),
        (1, (number << 8).to_be_bytes()),
        (6, 100u32.to_ne_bytes()),
        (5, [10, 9, 0, 2]),
        (4, 21u32.to_ne_bytes()),
    ] {
        body.extend_from_slice(&8u16.to_ne_bytes());
        body.extend_from_slice(&number.to_ne_bytes());
        body.extend_from_slice(&payload);
    }
    // RTA_METRICS with RTAX_ADVMSS: what the replacement changes.
    body.extend_from_slice(&[12, 0, 8, 0, 8, 0, 8, 0]);
    body.extend_from_slice(&metric.to_ne_bytes());
    message(kind, flags, &body)
}

fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 16];
    bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..16].copy_from_slice(&4242u32.to_ne_bytes());
    bytes.extend_from_slice(body);
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&length.to_ne_bytes());
    bytes
}
