//! TCP over a wire that marks congestion, lets segments overtake each other, takes its time or carries little.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use libc::{IPPROTO_TCP, MSG_DONTWAIT, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET, TCP_CONGESTION, TCP_NODELAY};

use crate::distance::{self, FAR, NEAR, Way};
use crate::expected::{Expected, Says, state};
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::BACKLOG;
use crate::wire::Fate;
use crate::zoo::{Unavailable, Zoo, make, settle};

/// `TCP_CC_INFO`
const CONGESTION_INFO: i32 = 26;

/// Bytes of a packet that carries data: more than headers and options are.
const DATA_LEN_MIN: usize = 200;

/// Bytes of a message, which is one segment.
const MESSAGE: [u8; 500] = [b'w'; 500];

/// Segments that arrive before none does: so many, or one more each time.
const FIRST_LAST: usize = 45;
const ATTEMPTS_MAX: usize = 30;

/// Nothing that was acknowledged is still on its way.
const QUIET_MS: u32 = 150;

/// Offsets in `struct tcp_info` (include/uapi/linux/tcp.h).
mod offset {
    pub(super) const UNACKED: usize = 24;
    pub(super) const LAST_ACK_RECV_MS: usize = 56;
    pub(super) const SNDBUF_LIMITED: usize = 184;
    pub(super) const DELIVERED_CE: usize = 196;
    pub(super) const REORD_SEEN: usize = 220;
}

/// A word of a socket's `tcp_info`.
fn info(socket: impl AsFd, at: usize) -> io::Result<u32> {
    let mut info = [0; 280];
    sys::get_bytes(socket, IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
    Ok(u32::from_ne_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]))
}

/// What the congestion control of a socket tells of itself.
fn congestion(socket: impl AsFd) -> io::Result<[u8; 20]> {
    let mut info = [0; 20];
    sys::get_bytes(socket, IPPROTO_TCP, CONGESTION_INFO, &mut info)?;
    Ok(info)
}

/// Marks a packet as having met congestion, if its ends understand that: the last two bits of the traffic class.
fn mark(packet: &mut [u8]) {
    const EXPERIENCED: u8 = 0x30;
    if packet.len() > DATA_LEN_MIN && packet[1] & EXPERIENCED != 0 {
        packet[1] |= EXPERIENCED;
    }
}

/// A client at the near end of a wire, and a server at its far end.
struct Ends {
    client: OwnedFd,
    server: OwnedFd,
    kept: (crate::LongWire, OwnedFd),
}

impl Ends {
    fn connected(way: Way, prepare: impl Fn(&OwnedFd) -> io::Result<()> + Sync) -> io::Result<Self> {
        let (wire, listener) = distance::between(way, || {
            agree_on_marks()?;
            let listener = distance::bound(SOCK_STREAM, IPPROTO_TCP, FAR)?;
            prepare(&listener)?;
            sys::listen(&listener, BACKLOG)?;
            Ok(listener)
        })?;
        let client = distance::bound(SOCK_STREAM, IPPROTO_TCP, NEAR[0])?;
        prepare(&client)?;
        sys::set(&client, IPPROTO_TCP, TCP_NODELAY, 1)?;
        sys::connect(&client, &sys::local_name(&listener)?)?;
        let server = sys::accept(&listener)?;
        Ok(Self { client, server, kept: (wire, listener) })
    }

    /// One segment each way, where there is room for it.
    fn exchange(&self) {
        let _ = sys::send_to(&self.client, &MESSAGE, MSG_DONTWAIT, &[]);
        let _ = sys::send_to(&self.server, &MESSAGE, MSG_DONTWAIT, &[]);
    }

    fn specimen(self, says: &'static [(&'static str, Says)]) -> io::Result<Specimen> {
        let expected = Expected { says, ..Expected::inet("client", &self.client, state::ESTABLISHED)? };
        let specimen = Specimen::default().with(self.client, expected).holding("server", self.server);
        Ok(specimen.keeping(self.kept))
    }
}

/// Lets the namespace of this thread ask for marks and agree to them.
fn agree_on_marks() -> io::Result<()> {
    std::fs::write("/proc/sys/net/ipv4/tcp_ecn", "1")
}

fn uses(algorithm: &'static str) -> impl Fn(&OwnedFd) -> io::Result<()> {
    move |socket| sys::set_bytes(socket, IPPROTO_TCP, TCP_CONGESTION, algorithm.as_bytes())
}

/// A client with DCTCP that hears nothing more after so many of its segments arrived, of which the last were marked.
fn marked_up_to(last: usize) -> io::Result<Ends> {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let decide = move |from, packet: &mut Vec<u8>| {
        if packet.len() < DATA_LEN_MIN {
            return Fate::Arrives;
        }
        let passed = count.fetch_add(usize::from(from == 0), Ordering::Relaxed);
        if passed > last {
            return Fate::Vanishes;
        }
        if from == 1 || passed + 6 > last {
            mark(packet);
        }
        Fate::Arrives
    };
    let way = Way { delay: Duration::from_millis(10), ..Way::deciding(Box::new(decide)) };
    let ends = Ends::connected(way, uses("dctcp"))?;
    settle(&ends.client, || {
        ends.exchange();
        Ok(sent.load(Ordering::Relaxed) > last && info(&ends.client, offset::LAST_ACK_RECV_MS)? > QUIET_MS)
    })?;
    Ok(ends)
}

impl Zoo {
    /// `client` whose segments were marked, and of which one was overtaken by two others.
    pub fn tcp_marked(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[
            ("/tcp_info/delivered_ce", Says::AtLeast(1)),
            ("/tcp_info/reord_seen", Says::AtLeast(1)),
            ("/congestion/algorithm", Says::Word("reno")),
        ];
        make("tcp_marked", || {
            agree_on_marks()?;
            let is_seen = Arc::new(AtomicBool::new(false));
            let (seen, mut sent) = (is_seen.clone(), 0);
            let decide = move |from, packet: &mut Vec<u8>| {
                if from == 1 || packet.len() < DATA_LEN_MIN {
                    return Fate::Arrives;
                }
                // Marks come later, because they leave too few segments on their way to overtake any.
                if seen.load(Ordering::Relaxed) {
                    mark(packet);
                    return Fate::Arrives;
                }
                sent += 1;
                if sent % 7 == 5 { Fate::IsOvertaken(2) } else { Fate::Arrives }
            };
            let ends = Ends::connected(Way::deciding(Box::new(decide)), uses("reno"))?;
            settle(&ends.client, || {
                for _ in 0..4 {
                    let _ = sys::send_to(&ends.client, &MESSAGE, MSG_DONTWAIT, &[]);
                }
                let _ = rustix::net::recv(&ends.server, &mut [0; 8192][..], rustix::net::RecvFlags::DONTWAIT);
                is_seen.store(info(&ends.client, offset::REORD_SEEN)? > 0, Ordering::Relaxed);
                Ok(info(&ends.client, offset::DELIVERED_CE)? > 0)
            })?;
            ends.specimen(SAYS)
        })
    }

    /// `client` with DCTCP whose segments, and those that come to it, were marked.
    pub fn tcp_dctcp_marked(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[
            ("/congestion/dctcp/ce_state", Says::Yes),
            ("/congestion/dctcp/ab_ecn_bytes", Says::AtLeast(1)),
            ("/congestion/dctcp/ab_tot_bytes", Says::AtLeast(1)),
        ];
        make("tcp_dctcp_marked", || {
            agree_on_marks()?;
            // The counters begin anew with each window, so that they tell only of one that was not over at the end.
            for last in FIRST_LAST..FIRST_LAST + ATTEMPTS_MAX {
                let ends = marked_up_to(last)?;
                // struct tcp_dctcp_info: enabled, ce_state, alpha, ab_ecn, ab_tot.
                let now = congestion(&ends.client)?;
                if now[2..4] != [0; 2] && now[8..12] != [0; 4] && now[12..16] != [0; 4] {
                    return ends.specimen(SAYS);
                }
            }
            Err(io::Error::new(io::ErrorKind::TimedOut, "each time the last segment was the last of its window"))
        })
    }

    /// `client` with Vegas that has taken the time of several segments in one round.
    pub fn tcp_vegas_timed(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] =
            &[("/congestion/vegas/rttcnt", Says::AtLeast(2)), ("/congestion/vegas/minrtt_us", Says::AtLeast(20_000))];
        make("tcp_vegas_timed", || {
            let arrives = Box::new(|_, _: &mut Vec<u8>| Fate::Arrives);
            let way = Way { delay: Duration::from_millis(10), ..Way::deciding(arrives) };
            let ends = Ends::connected(way, uses("vegas"))?;
            settle(&ends.client, || {
                for _ in 0..8 {
                    let _ = sys::send_to(&ends.client, &MESSAGE, MSG_DONTWAIT, &[]);
                }
                let _ = rustix::net::recv(&ends.server, &mut [0; 8192][..], rustix::net::RecvFlags::DONTWAIT);
                settle(&ends.client, || Ok(info(&ends.client, offset::UNACKED)? == 0))?;
                // struct tcpvegas_info: enabled, rttcnt, rtt, minrtt.
                let info = congestion(&ends.client)?;
                Ok(info[4..8] != [0; 4] && info[4..8] != 1_u32.to_ne_bytes())
            })?;
            ends.specimen(SAYS)
        })
    }

    /// `client` that would send more if its buffer held more.
    pub fn tcp_shaped(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[("/tcp_info/sndbuf_limited_us", Says::AtLeast(1))];
        make("tcp_shaped", || {
            let arrives = Box::new(|_, _: &mut Vec<u8>| Fate::Arrives);
            let way = Way { delay: Duration::from_millis(10), rate: Some(400_000), ..Way::deciding(arrives) };
            let ends = Ends::connected(way, |socket| {
                uses("reno")(socket)?;
                sys::set(socket, SOL_SOCKET, SO_SNDBUF, 4_608)
            })?;
            settle(&ends.client, || {
                // Each message is more than the buffer holds: the time counts from one of which a part did not fit.
                while sys::send_to(&ends.client, &[b's'; 12_000], MSG_DONTWAIT, &[]).is_ok() {}
                let _ = rustix::net::recv(&ends.server, &mut [0; 8192][..], rustix::net::RecvFlags::DONTWAIT);
                Ok(info(&ends.client, offset::SNDBUF_LIMITED)? > 0)
            })?;
            ends.specimen(SAYS)
        })
    }
}
