//! A process that opens and closes short connections, as fast as it can or at a pace, and knows how many.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::hold::address;
use super::part::Running;
use super::statistics::to_f64;
use super::{part, sys};

/// Bytes that the client sends in each connection: of a length that nothing else has.
pub(super) const SENT: usize = 137;
/// Addresses that the connections of a thread come from, by turns: TIME-WAIT keeps a port of each for a minute.
const SOURCES: u64 = 8192;
/// The first of them, in 127.0.0.0/8.
const SOURCES_NETWORK: u8 = 128;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Threads, each with both ends of its connections
    #[arg(long)]
    threads: u16,
    /// A thread of its own for the server's ends
    #[arg(long)]
    apart: bool,
    /// Connections a second of all of them; 0: as many as can be
    #[arg(long)]
    rate: u32,
    #[arg(long)]
    milliseconds: u64,
    /// The only processor to run on
    #[arg(long)]
    core: Option<usize>,
}

/// A load of short connections.
#[derive(Clone, Copy)]
pub(super) struct Short {
    /// Threads that make them.
    pub(super) threads: u16,
    /// Whether each of these is two, one for each end.
    pub(super) apart: bool,
    /// Connections a second, 0 for as many as can be.
    pub(super) rate: u32,
    /// How long.
    pub(super) lasts: Duration,
    /// The only processor to run on.
    pub(super) core: Option<usize>,
}

/// What a load did.
pub(super) struct Made {
    /// Connections, all of them closed at both ends.
    pub(super) connections: u64,
    /// In which time.
    pub(super) took: Duration,
    /// Time on a processor, with what the kernel did in its place.
    pub(super) cpu: Duration,
    /// Its listeners stay until this is dropped: they are no part of what is counted.
    _listening: Running,
}

impl Short {
    /// Makes the connections in a process of its own, and waits until it has made them.
    pub(super) fn run(&self) -> Result<Made> {
        let mut line = vec![
            "short".to_owned(),
            format!("--threads={}", self.threads),
            format!("--rate={}", self.rate),
            format!("--milliseconds={}", self.lasts.as_millis()),
        ];
        line.extend(self.apart.then(|| "--apart".to_owned()));
        line.extend(self.core.map(|core| format!("--core={core}")));
        let mut running = Running::start(&line)?;
        let connections = running.number()?;
        let took = Duration::from_micros(running.number()?);
        let cpu = Duration::from_micros(running.number()?);
        Ok(Made { connections, took, cpu, _listening: running })
    }
}

impl Made {
    /// Connections a second.
    pub(super) fn per_second(&self) -> f64 {
        to_f64(self.connections) / self.took.as_secs_f64()
    }

    /// Seconds on a processor for each connection.
    pub(super) fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() / to_f64(self.connections)
    }
}

/// Makes connections until the time is over. Says then how many, in how many microseconds and how many of them on a processor, and goes
/// on listening.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(core) = args.core {
        sys::pin(0, core).context("cannot stay on one processor")?;
    }
    let begin = Instant::now();
    let end = begin + Duration::from_millis(args.milliseconds);
    let rate = f64::from(args.rate) / f64::from(args.threads);
    let apart = args.apart;
    let connections = move |thread| connections(thread, apart, rate, end);
    let threads: Vec<_> = (0..args.threads).map(|thread| thread::spawn(move || connections(thread))).collect();
    let mut made = 0;
    let mut listeners = Vec::new();
    for thread in threads {
        let (connections, listener) = thread.join().map_err(|_| anyhow!("a thread of the load died"))??;
        made += connections;
        listeners.push(listener);
    }
    part::say(made)?;
    part::say(u64::try_from(begin.elapsed().as_micros())?)?;
    part::say(u64::try_from(sys::own_cpu().context("cannot see what this process took")?.as_micros())?)?;
    part::wait_for_end()
}

/// The connections of one thread, or of a client and a server.
fn connections(thread: u16, apart: bool, rate: f64, end: Instant) -> Result<(u64, TcpListener)> {
    let server = SocketAddrV4::new(address(33, thread), 8000);
    let listener = TcpListener::bind(server).with_context(|| format!("cannot listen at {server}"))?;
    let all = Arc::new(AtomicU64::new(u64::MAX));
    let mut other_end = None;
    if apart {
        let (listener, all) = (listener.try_clone().context("cannot share a listener")?, Arc::clone(&all));
        other_end = Some(thread::spawn(move || serve(&listener, &all)));
    }
    let begin = Instant::now();
    let mut made = 0;
    let mut is_over = false;
    while !is_over {
        if rate > 0.0 && to_f64(made) >= rate * begin.elapsed().as_secs_f64() {
            // Ten or so at once, as they come to a server too.
            thread::sleep(Duration::from_millis(2));
        }
        is_over = Instant::now() >= end;
        made += 1;
        if is_over {
            // Before it is made: the server looks when it has served it.
            all.store(made, Ordering::SeqCst);
        }
        let client = connect(thread, made, server)?;
        if apart { client_end(client)? } else { both_ends(client, &listener)? }
    }
    if let Some(other_end) = other_end {
        other_end.join().map_err(|_| anyhow!("the server of the load died"))??;
    }
    Ok((made, listener))
}

fn connect(thread: u16, index: u64, server: SocketAddrV4) -> Result<TcpStream> {
    let which = u16::try_from(index % SOURCES)?;
    let network = SOURCES_NETWORK + u8::try_from(thread % 64)?;
    let source = SocketAddrV4::new(address(network, which), 0);
    Ok(sys::connect_in_order(source, server).with_context(|| format!("cannot connect {source} to {server}"))?.into())
}

/// A connection from beginning to end: the client says something and closes, then the server does.
fn both_ends(mut client: TcpStream, listener: &TcpListener) -> Result<()> {
    let (mut accepted, _) = listener.accept().context("cannot accept")?;
    client.write_all(&[0x5a; SENT]).context("cannot send")?;
    accepted.read_exact(&mut [0; SENT]).context("cannot receive")?;
    drop(client);
    drop(accepted);
    Ok(())
}

/// The client's part: it says something, and closes when the server has got it and closed.
fn client_end(mut client: TcpStream) -> Result<()> {
    client.write_all(&[0x5a; SENT]).context("cannot send")?;
    client.shutdown(Shutdown::Write).context("cannot close one direction")?;
    let said = client.read(&mut [0]).context("cannot receive")?;
    ensure!(said == 0, "the server answers");
    Ok(())
}

/// The server's part, for so many connections.
fn serve(listener: &TcpListener, all: &AtomicU64) -> Result<()> {
    let mut served = 0;
    while served < all.load(Ordering::SeqCst) {
        let (mut accepted, _) = listener.accept().context("cannot accept")?;
        io::copy(&mut accepted, &mut io::sink()).context("cannot receive")?;
        served += 1;
    }
    Ok(())
}
