//! What following routes costs, in the network namespace in which this runs.
//!
//! `cargo run --release -p sockeye-conn --example watch_speed -- MODE [N]`, where the mode is
//!
//! - `churn`: N events (default 500 000) as fast as the kernel can make them, from a second thread. Prints
//!   `EVENTS MICROSECONDS LOST WATCHER_CPU_MICROSECONDS`;
//! - `resync`: a receive buffer of N bytes (default 65 536) is overrun. Prints `ROUTES MICROSECONDS`, from the first read to
//!   in sync again;
//! - `sync`: prints `ROUTES MICROSECONDS MIRROR_BYTES RSS_BYTES` of the first copy; both are of the routes alone;
//! - `idle`: follows every table for N seconds (default 10). Prints `SECONDS WAKE_UPS CPU_MICROSECONDS`, from in sync on.
//!
//! The routes that it makes are in table 4242, and it takes them away again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::SendFlags;
use sockeye_conn::{Protocol, RECEIVE_BUFFER, Socket, Watcher};
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options, Output};
use sockeye_wire::Request;
use sockeye_wire::rtnetlink::Table;

const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const NLM_F_CREATE: u16 = 0x400;
const TABLE: u32 = 4242;
/// Routes that come and go together: what fits two datagrams.
const TOGETHER: u32 = 1000;
/// Bytes of one datagram of requests.
const DATAGRAM_LEN: usize = 32 * 1024;
const PATIENCE: Duration = Duration::from_mins(1);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_else(|| "churn".to_owned());
    let mut number = |default: u32| arguments.next().map_or(Ok(default), |text| text.parse());
    match mode.as_str() {
        "churn" => churn(number(500_000)?),
        "resync" => resync(number(65_536)?),
        "sync" => sync(),
        "idle" => idle(Duration::from_secs(number(10)?.into())),
        other => Err(format!("there is no mode {other}: churn, resync, sync or idle").into()),
    }
}

/// A watcher of routes, in sync.
fn synced(receive_buffer: usize) -> Outcome<Watcher> {
    let options = Options::new(Tables::one(Table::Routes));
    let mut watcher = Watcher::with_receive_buffer(None, options, receive_buffer)?;
    until_synced(&mut watcher)?;
    Ok(watcher)
}

/// Waits for the next time that everything is in sync, and returns how many gaps there were before.
fn until_synced(watcher: &mut Watcher) -> Outcome<u32> {
    let began = Instant::now();
    let (mut gaps, mut done) = (0, false);
    while !done {
        watcher.wait(Some(PATIENCE), &mut |output| match output {
            Output::Synced(_) => done = true,
            Output::Gap(_) => gaps += 1,
            _ => {}
        })?;
        if began.elapsed() > PATIENCE {
            return Err("not in sync within a minute".into());
        }
    }
    Ok(gaps)
}

fn churn(events: u32) -> Outcome<()> {
    let mut watcher = synced(RECEIVE_BUFFER)?;
    let before = watcher.engine().counters();
    let over = AtomicBool::new(false);
    let began = Instant::now();
    let cpu = cpu_time();
    let (sent, took) = thread::scope(|scope| -> Outcome<(u64, Duration)> {
        let churner = scope.spawn(|| {
            let sent = make_churn(events).map_err(|error| error.to_string());
            over.store(true, Ordering::Release);
            (sent, began.elapsed())
        });
        loop {
            // Read before the wait: what was sent until then is there.
            let last = over.load(Ordering::Acquire);
            let something = watcher.wait(Some(Duration::from_millis(20)), &mut |_| {})?;
            if last && !something {
                break;
            }
        }
        let (sent, took) = churner.join().map_err(|_| "the churner failed")?;
        Ok((sent?, took))
    })?;
    let cpu = cpu_time().saturating_sub(cpu);
    let after = watcher.engine().counters();
    let (received, lost) = (after.datagrams - before.datagrams, after.lost - before.lost);
    if received + lost != sent {
        return Err(format!("{sent} events were made, {received} received and {lost} lost").into());
    }
    println!("{sent} {} {lost} {}", took.as_micros(), cpu.as_micros());
    Ok(())
}

/// Adds and deletes routes without waiting for anything, `events` times at least.
fn make_churn(events: u32) -> Outcome<u64> {
    let socket = Socket::open(Protocol::Route)?;
    let datagrams: Vec<Vec<u8>> = [RTM_NEWROUTE, RTM_DELROUTE].into_iter().flat_map(requests).collect();
    let rounds = events.div_ceil(2 * TOGETHER);
    for _ in 0..rounds {
        for datagram in &datagrams {
            rustix::net::send(&socket, datagram, SendFlags::empty())?;
        }
    }
    Ok(u64::from(rounds) * 2 * u64::from(TOGETHER))
}

/// Requests for some routes of the type that costs the kernel least: blackholes, which need no device.
fn requests(kind: u16) -> Vec<Vec<u8>> {
    const RTA_DST: u16 = 1;
    const RTA_TABLE: u16 = 15;
    let mut datagrams = vec![Vec::new()];
    for number in 0..TOGETHER {
        // struct rtmsg: AF_INET, /32, RTPROT_STATIC, RTN_BLACKHOLE.
        let request = Request::new(kind, if kind == RTM_NEWROUTE { NLM_F_CREATE } else { 0 })
            .body(&[2, 32, 0, 0, 0, 4, 0, 6, 0, 0, 0, 0])
            .attribute(RTA_DST, &(0x6440_0000 + number).to_be_bytes())
            .attribute(RTA_TABLE, &TABLE.to_ne_bytes());
        if datagrams.last().is_some_and(|last| last.len() + request.as_bytes().len() > DATAGRAM_LEN) {
            datagrams.push(Vec::new());
        }
        if let Some(last) = datagrams.last_mut() {
            last.extend_from_slice(request.as_bytes());
        }
    }
    datagrams
}

fn resync(receive_buffer: u32) -> Outcome<()> {
    let mut watcher = synced(receive_buffer.try_into()?)?;
    // Twice as many events as there is room for, at 832 bytes each.
    make_churn(receive_buffer / 208)?;
    let began = Instant::now();
    let gaps = until_synced(&mut watcher)?;
    let took = began.elapsed();
    if gaps != 1 || watcher.engine().counters().lost == 0 {
        return Err(format!("{gaps} gaps, {:?}", watcher.engine().counters()).into());
    }
    println!("{} {}", routes(&watcher).0, took.as_micros());
    Ok(())
}

fn sync() -> Outcome<()> {
    let before = resident_bytes()?;
    let began = Instant::now();
    let watcher = synced(RECEIVE_BUFFER)?;
    let took = began.elapsed();
    let (routes, memory) = routes(&watcher);
    println!("{routes} {} {memory} {}", took.as_micros(), resident_bytes()?.saturating_sub(before));
    Ok(())
}

fn idle(time: Duration) -> Outcome<()> {
    let tables = Table::ALL.into_iter().filter(|table| !matches!(table, Table::Statistics | Table::Prefixes)).collect();
    let mut watcher = Watcher::open(None, Options::new(tables))?;
    until_synced(&mut watcher)?;
    let (began, cpu) = (Instant::now(), cpu_time());
    let mut wake_ups = 0;
    while let Some(left) = time.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        wake_ups += u32::from(watcher.wait(Some(left), &mut |_| {})?);
    }
    println!("{} {wake_ups} {}", began.elapsed().as_secs(), cpu_time().saturating_sub(cpu).as_micros());
    Ok(())
}

/// How many routes the copy has, and the memory of it.
fn routes(watcher: &Watcher) -> (usize, usize) {
    watcher.engine().mirror(Table::Routes).map_or((0, 0), |mirror| (mirror.len(), mirror.memory()))
}

/// Time of this thread on a processor, the kernel's for it included.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// Memory of this process: the second number of statm, in pages.
fn resident_bytes() -> Outcome<usize> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = text.split_whitespace().nth(1).ok_or("an empty statm")?.parse()?;
    Ok(pages * rustix::param::page_size())
}
