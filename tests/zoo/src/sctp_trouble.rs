//! Associations of SCTP over a wire on which chunks are lost, doubled and overtaken.
//!
//! A row shows what the near end counts, which is one side of each association: of what goes out, one that lost a chunk
//! and recovered, and one that nobody answers any more; of what comes in, one that lacks a chunk.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libc::{IPPROTO_SCTP, MSG_DONTWAIT, SO_RCVBUFFORCE, SO_SNDBUFFORCE, SOCK_STREAM, SOL_SOCKET};

use crate::distance::{self, FAR, NEAR, Way};
use crate::expected::{Expected, Says, state};
use crate::sctp::{counters, pending};
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::BACKLOG;
use crate::wire::Fate;
use crate::zoo::{Unavailable, Zoo, make, settle};

/// `SCTP_RTOINFO`: how long it takes until a chunk that nobody acknowledged is sent again.
const RETRANSMISSION_TIMEOUT: i32 = 0;

/// Longer than any look at it takes.
const FOREVER_MS: [u32; 3] = [600_000; 3];

/// So short that several are soon over; the longest one leaves time to look.
const SOON_MS: [u32; 3] = [50, 600_000, 50];

/// Bytes of a message, which is one chunk.
const MESSAGE: [u8; 900] = [b'm'; 900];

/// Messages that are more than a receiver can hold beyond the chunk that it lacks (`SCTP_TSN_MAP_SIZE`), and the buffers
/// that they take.
const SMALL_MESSAGES: usize = 5_000;
const BUFFER_BYTES: i32 = 16 << 20;

/// Data that passes before nothing passes any more.
const PASSES: usize = 40;

/// Where things stand in a packet: the next header of IPv6, the port it goes to, the kind of its first chunk, and which
/// piece of data that is.
mod offset {
    pub(super) const NEXT_HEADER: usize = 6;
    pub(super) const PORT: std::ops::Range<usize> = 42..44;
    pub(super) const CHUNK: usize = 52;
    pub(super) const SEQUENCE: std::ops::Range<usize> = 56..60;
}

/// The sequence number of a packet with data to a port.
fn data(packet: &[u8], port: u16) -> Option<u32> {
    const DATA: u8 = 0;
    let to = packet.get(offset::PORT)?;
    let is_data = packet[offset::NEXT_HEADER] == 132 && packet.get(offset::CHUNK) == Some(&DATA);
    let number = packet.get(offset::SEQUENCE)?;
    (is_data && to == port.to_be_bytes()).then(|| u32::from_be_bytes([number[0], number[1], number[2], number[3]]))
}

/// The port of an encoded address.
fn port(name: &[u8]) -> u16 {
    u16::from_be_bytes([name[2], name[3]])
}

fn timeouts(socket: &OwnedFd, [initial, max, min]: [u32; 3]) -> io::Result<()> {
    // struct sctp_rtoinfo: association, then the three.
    let words = [0, initial, max, min].map(u32::to_ne_bytes);
    sys::set_bytes(socket, IPPROTO_SCTP, RETRANSMISSION_TIMEOUT, &words.concat())
}

/// A listener at the far end.
fn listening() -> io::Result<(OwnedFd, Vec<u8>)> {
    let listener = distance::bound(SOCK_STREAM, IPPROTO_SCTP, FAR)?;
    sys::listen(&listener, BACKLOG)?;
    let name = sys::local_name(&listener)?;
    Ok((listener, name))
}

/// A client at the near end.
fn connected(to: &[u8], timeouts_ms: [u32; 3]) -> io::Result<OwnedFd> {
    let client = distance::bound(SOCK_STREAM, IPPROTO_SCTP, NEAR[0])?;
    timeouts(&client, timeouts_ms)?;
    sys::set(&client, IPPROTO_SCTP, crate::sctp::NODELAY, 1)?;
    sys::set(&client, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)?;
    sys::connect(&client, to)?;
    Ok(client)
}

fn association(role: &'static str, socket: &OwnedFd, says: &'static [(&'static str, Says)]) -> io::Result<Expected> {
    Ok(Expected { is_association: true, says, ..Expected::inet(role, socket, state::ESTABLISHED)? })
}

impl Zoo {
    /// `client` that lost a chunk, recovered, and then hears nothing more while much waits to be sent.
    pub fn sctp_lossy(&self) -> Result<Specimen, Unavailable> {
        make("sctp_lossy", || {
            let passed = Arc::new(AtomicUsize::new(0));
            let (count, to) = (passed.clone(), Arc::new(AtomicUsize::new(0)));
            let to_port = to.clone();
            let mut lost = None;
            let decide = move |from, packet: &mut Vec<u8>| {
                let port = u16::try_from(to_port.load(Ordering::Relaxed)).unwrap_or_default();
                match (from, data(packet, port)) {
                    (0, Some(number)) => {
                        let before = count.fetch_add(1, Ordering::Relaxed);
                        if before == 3 && lost.is_none() {
                            lost = Some(number);
                            return Fate::Vanishes;
                        }
                        if before > PASSES { Fate::Vanishes } else { Fate::Arrives }
                    }
                    _ => Fate::Arrives,
                }
            };
            let (wire, (listener, name)) = distance::between(Way::deciding(Box::new(decide)), listening)?;
            to.store(port(&name).into(), Ordering::Relaxed);
            let client = connected(&name, FOREVER_MS)?;
            let server = sys::accept(&listener)?;
            settle(&client, || {
                while sys::send_to(&client, &MESSAGE, MSG_DONTWAIT, &[]).is_ok() {}
                while rustix::net::recv(&server, &mut [0; 2048][..], rustix::net::RecvFlags::DONTWAIT).is_ok() {}
                Ok(passed.load(Ordering::Relaxed) > PASSES)
            })?;
            let expected = association("client", &client, LOSSY_SAYS)?;
            let specimen = Specimen::default().with(client, expected);
            Ok(specimen.holding("server", server).holding("listener", listener).keeping(wire))
        })
    }

    /// `client` whose chunks nobody hears, and which has sent the first of them again and again.
    pub fn sctp_unheard(&self) -> Result<Specimen, Unavailable> {
        make("sctp_unheard", || {
            let to = Arc::new(AtomicUsize::new(0));
            let (to_port, mut hears_nothing) = (to.clone(), false);
            let decide = move |from, packet: &mut Vec<u8>| {
                let port = u16::try_from(to_port.load(Ordering::Relaxed)).unwrap_or_default();
                hears_nothing |= data(packet, port).is_some();
                if from == 0 && hears_nothing { Fate::Vanishes } else { Fate::Arrives }
            };
            let (wire, (listener, name)) = distance::between(Way::deciding(Box::new(decide)), listening)?;
            to.store(port(&name).into(), Ordering::Relaxed);
            let client = connected(&name, SOON_MS)?;
            let server = sys::accept(&listener)?;
            sys::send_to(&client, &MESSAGE, 0, &[])?;
            settle(&client, || Ok(counters(&client)?.retransmitted >= 2))?;
            let expected = association("client", &client, UNHEARD_SAYS)?;
            let specimen = Specimen::default().with(client, expected);
            Ok(specimen.holding("server", server).holding("listener", listener).keeping(wire))
        })
    }

    /// `client` that lacks one chunk of many, and got another one twice.
    pub fn sctp_gap(&self) -> Result<Specimen, Unavailable> {
        make("sctp_gap", || {
            let to = Arc::new(AtomicUsize::new(0));
            let to_port = to.clone();
            let (mut sent, mut missing) = (0, None);
            let decide = move |from, packet: &mut Vec<u8>| {
                let port = u16::try_from(to_port.load(Ordering::Relaxed)).unwrap_or_default();
                let (1, Some(number)) = (from, data(packet, port)) else { return Fate::Arrives };
                sent += 1;
                match sent {
                    3 => missing = Some(number),
                    2 => return Fate::ArrivesTwice,
                    _ => {}
                }
                if missing == Some(number) { Fate::Vanishes } else { Fate::Arrives }
            };
            let (wire, (listener, name)) = distance::between(Way::deciding(Box::new(decide)), || {
                let (listener, name) = listening()?;
                timeouts(&listener, FOREVER_MS)?;
                Ok((listener, name))
            })?;
            let client = connected(&name, FOREVER_MS)?;
            to.store(port(&sys::local_name(&client)?).into(), Ordering::Relaxed);
            let server = sys::accept(&listener)?;
            sys::set(&server, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)?;
            for _ in 0..SMALL_MESSAGES {
                sys::send_to(&server, b"m", 0, &[])?;
            }
            settle(&client, || {
                let counters = counters(&client)?;
                Ok(pending(&client)?[1] >= 1 && counters.out_of_window >= 1 && counters.doubled >= 1)
            })?;
            let expected = association("client", &client, GAP_SAYS)?;
            let specimen = Specimen::default().with(client, expected);
            Ok(specimen.holding("server", server).holding("listener", listener).keeping(wire))
        })
    }
}

const LOSSY_SAYS: &[(&str, Says)] = &[
    ("/sctp_info/rtxchunks", Says::AtLeast(1)),
    ("/sctp_info/gapcnt", Says::AtLeast(1)),
    ("/sctp_info/outqueue", Says::AtLeast(1)),
    ("/sctp_info/unackdata", Says::AtLeast(1)),
    ("/sctp_info/p_flight_size_bytes", Says::AtLeast(1)),
    ("/sctp_info/p_partial_bytes_acked", Says::AtLeast(1)),
];

const UNHEARD_SAYS: &[(&str, Says)] = &[
    ("/sctp_info/overall_error", Says::AtLeast(2)),
    ("/sctp_info/p_error", Says::AtLeast(2)),
    ("/sctp_info/rtxchunks", Says::AtLeast(2)),
];

const GAP_SAYS: &[(&str, Says)] = &[
    ("/sctp_info/penddata", Says::AtLeast(1)),
    ("/sctp_info/outofseqtsns", Says::AtLeast(1)),
    ("/sctp_info/idupchunks", Says::AtLeast(1)),
];
