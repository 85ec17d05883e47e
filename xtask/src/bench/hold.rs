//! A process that holds connections with itself: both ends of each.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;

use anyhow::{Context, Result};

use super::{part, sys};

/// Ports that one process serves in a spread load.
const PORTS_SPREAD: u16 = 16;
/// Distance of two served ports; prime to [`PORTS`], so that they are all over the range.
const PORT_STEP: u32 = 97;
/// Ports to serve on.
const PORTS: std::ops::Range<u16> = 2000..64000;
/// The port of everybody in a load with one.
const PORT_BUSY: u16 = 8443;
/// Addresses that the connections of one process come from.
const SOURCES: u8 = 4;
/// UDP sockets of a small load.
const UDP_SOCKETS: u8 = 8;

/// What the sockets look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Shape {
    /// Many served ports.
    Spread,
    /// All connections on one served port.
    OnePort,
    /// As spread, and UDP sockets too.
    Mixed,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    shape: Shape,
    /// Which of the processes this is: each has addresses of its own
    #[arg(long)]
    process: u16,
    #[arg(long)]
    connections: u64,
}

impl Args {
    /// These as a command line.
    pub(super) fn line(shape: Shape, process: u16, connections: u64) -> Vec<String> {
        let shape = match shape {
            Shape::Spread => "spread",
            Shape::OnePort => "one-port",
            Shape::Mixed => "mixed",
        };
        [
            "hold".into(),
            format!("--shape={shape}"),
            format!("--process={process}"),
            format!("--connections={connections}"),
        ]
        .into()
    }
}

/// Opens the sockets, says how many they are, and holds them.
pub(crate) fn run(args: &Args) -> Result<()> {
    sys::raise_descriptor_limit().context("cannot raise the limit of open files")?;
    let listeners = listeners(args)?;
    let mut held: Vec<OwnedFd> = Vec::new();
    for index in 0..args.connections {
        let source = source(args.process, index);
        let (listener, server) = &listeners[usize::try_from(index)? % listeners.len()];
        held.push(sys::connect(source, *server).with_context(|| format!("cannot connect {source} to {server}"))?);
        held.push(listener.accept().context("cannot accept")?.0.into());
    }
    if args.shape == Shape::Mixed {
        for _ in 0..UDP_SOCKETS {
            held.push(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot bind")?.into());
        }
    }
    part::say(u64::try_from(held.len() + listeners.len())?)?;
    part::wait_for_end()
}

fn listeners(args: &Args) -> Result<Vec<(TcpListener, SocketAddrV4)>> {
    let ports: Vec<u16> = match args.shape {
        Shape::OnePort => vec![PORT_BUSY],
        Shape::Spread | Shape::Mixed => (0..PORTS_SPREAD).map(|index| spread_port(args.process, index)).collect(),
    };
    ports.into_iter().map(|port| listen(SocketAddrV4::new(address(32, args.process), port))).collect()
}

/// A listening socket whose connections leave no trace.
pub(super) fn listen(server: SocketAddrV4) -> Result<(TcpListener, SocketAddrV4)> {
    let listener = TcpListener::bind(server).with_context(|| format!("cannot listen at {server}"))?;
    sys::abort_on_close(&listener).context("cannot set SO_LINGER")?;
    Ok((listener, server))
}

fn spread_port(process: u16, index: u16) -> u16 {
    let number = u32::from(process) * u32::from(PORTS_SPREAD) + u32::from(index);
    let offset = number.wrapping_mul(PORT_STEP) % u32::from(PORTS.end - PORTS.start);
    PORTS.start + u16::try_from(offset).unwrap_or(0)
}

/// Where a connection comes from.
pub(super) fn source(process: u16, index: u64) -> SocketAddrV4 {
    let which = u8::try_from(index % u64::from(SOURCES)).unwrap_or(0);
    SocketAddrV4::new(address(64 + which, process), 0)
}

/// An address of this process; all of 127.0.0.0/8 is on `lo`.
pub(super) fn address(network: u8, process: u16) -> Ipv4Addr {
    let [high, low] = process.to_be_bytes();
    Ipv4Addr::new(127, network, high, low)
}
