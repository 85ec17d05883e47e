//! What following sockets costs those who use them: short connections over loopback, as fast as one thread can, with and
//! without events.
//!
//! `cargo run --release -p sockeye-bpf --example event_cost [SECONDS]`: so many seconds for each way (by default 2).

use std::{
    env,
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use sockeye_bpf::{
    Btf,
    events::{EventOptions, SocketEvents},
};

/// Rounds, in each of which every way has its turn.
const ROUNDS: usize = 3;

/// How often events are read.
const INTERVAL: Duration = Duration::from_millis(20);

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let seconds = env::args().nth(1).map_or(Ok(2), |text| text.parse())?;
    let span = Duration::from_secs(u64::from(u32::min(seconds, 60)));
    let started = Instant::now();
    let types = Btf::open()?;
    println!("the kernel's types: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let states = EventOptions { ring_bytes: 8 << 20, ..EventOptions::default() };
    let all = EventOptions { retransmits: true, resets: true, drops: true, errors: true, ..states };
    let ways = [
        ("nobody follows", None),
        ("changes of state", Some(states)),
        ("established and closed", Some(EventOptions { new_states: 1 << 1 | 1 << 7, ..states })),
        ("everything", Some(all)),
    ];
    for round in 1..=ROUNDS {
        for (name, options) in &ways {
            let (connections, events, lost) = measure(&types, options.as_ref(), span)?;
            let each = f64::from(connections) / span.as_secs_f64();
            println!("{round}  {name:<24} {each:>8.0} connections/s  {events:>8} events  {lost} lost");
        }
    }
    Ok(())
}

/// Connections that were made, events that were read and lost.
fn measure(types: &Btf, options: Option<&EventOptions>, span: Duration) -> Outcome<(u32, u64, u64)> {
    let mut events = options.map(|options| SocketEvents::open(types, options)).transpose()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let load = scope.spawn(|| {
            let made = connect(&listener, span);
            over.store(true, Ordering::Release);
            made
        });
        let mut read = 0;
        while !over.load(Ordering::Acquire) {
            thread::sleep(INTERVAL);
            if let Some(events) = &mut events {
                events.read(&mut |_| read += 1);
            }
        }
        let made = load.join().map_err(|_| "the load failed")??;
        Ok((made, read, events.as_ref().map_or(0, SocketEvents::lost_in_all)))
    })
}

/// Makes connections for a time.
fn connect(listener: &TcpListener, span: Duration) -> Outcome<u32> {
    let (started, mut made) = (Instant::now(), 0);
    while started.elapsed() < span {
        let client = TcpStream::connect(listener.local_addr()?)?;
        drop(listener.accept()?);
        drop(client);
        made += 1;
    }
    Ok(made)
}
