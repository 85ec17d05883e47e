//! A process that sends bytes through many connections, and knows how many arrived.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result, anyhow};

use super::hold::address;
use super::part;
use super::part::Running;

/// The port that it sends to: what loses packets loses those of this port.
pub(super) const PORT: u16 = 8003;
/// Bytes that are written at once.
const BLOCK: [u8; 8192] = [0x5a; 8192];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Threads, each with one connection at a time
    #[arg(long)]
    threads: u16,
    /// Connections of each thread
    #[arg(long)]
    connections: u32,
    /// Blocks of 8 KiB at most in each connection
    #[arg(long)]
    blocks: u32,
}

/// A load that sends bytes.
pub(super) struct Transfer {
    pub(super) threads: u16,
    pub(super) connections: u32,
    pub(super) blocks: u32,
}

/// What a load did.
pub(super) struct Transferred {
    /// Connections, all of them closed at both ends.
    pub(super) connections: u64,
    /// Bytes that arrived in all of them.
    pub(super) bytes: u64,
    /// Sockets that still listen.
    pub(super) listeners: u16,
    /// These stay until this is dropped: they are no part of what is counted.
    _listening: Running,
}

impl Transfer {
    /// Sends in a process of its own, and waits until all has arrived.
    pub(super) fn run(&self) -> Result<Transferred> {
        let mut running = Running::start(&[
            "transfer".to_owned(),
            format!("--threads={}", self.threads),
            format!("--connections={}", self.connections),
            format!("--blocks={}", self.blocks),
        ])?;
        let connections = running.number()?;
        Ok(Transferred { connections, bytes: running.number()?, listeners: self.threads, _listening: running })
    }
}

/// Sends. Says then in how many connections, and how many bytes arrived, and goes on listening.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (connections, blocks) = (args.connections, args.blocks);
    let threads: Vec<_> =
        (0..args.threads).map(|thread| thread::spawn(move || transfers(thread, connections, blocks))).collect();
    let (mut bytes, mut listeners) = (0, Vec::new());
    for thread in threads {
        let (arrived, listener) = thread.join().map_err(|_| anyhow!("a thread of the load died"))??;
        bytes += arrived;
        listeners.push(listener);
    }
    part::say(u64::from(args.threads) * u64::from(connections))?;
    part::say(bytes)?;
    part::wait_for_end()
}

/// The connections of one thread, one after the other, and the bytes that arrived in all of them.
fn transfers(thread: u16, connections: u32, blocks: u32) -> Result<(u64, TcpListener)> {
    let server = SocketAddrV4::new(address(33, thread), PORT);
    let listener = TcpListener::bind(server).with_context(|| format!("cannot listen at {server}"))?;
    let mut bytes = 0;
    for connection in 0..connections {
        let mut client = TcpStream::connect(server).context("cannot connect")?;
        let (accepted, _) = listener.accept().context("cannot accept")?;
        let receives = thread::spawn(move || arrive(accepted));
        // Of each length, so that what is sent has an end in every place.
        for _ in 0..=(connection % blocks) {
            client.write_all(&BLOCK).context("cannot send")?;
        }
        drop(client);
        bytes += receives.join().map_err(|_| anyhow!("a thread of the load died"))?.context("cannot receive")?;
    }
    Ok((bytes, listener))
}

/// Reads to the end and closes.
fn arrive(mut accepted: TcpStream) -> io::Result<u64> {
    let (mut bytes, mut block) = (0, vec![0; 65536]);
    loop {
        match accepted.read(&mut block)? {
            0 => return Ok(bytes),
            length => bytes += length as u64,
        }
    }
}
