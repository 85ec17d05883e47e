//! TCP connections that something goes wrong with: losses, closed windows, refused cookies.
//!
//! Nothing is promised of them but that they are there: their counters move while one looks. They are for whoever wants
//! a row in which such a counter is not zero, and so not among the kinds that everybody makes.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use libc::{IPPROTO_TCP, SO_MAX_PACING_RATE, SOL_SOCKET, TCP_FASTOPEN_CONNECT, TCP_NODELAY};

use crate::kinds::Constructor;
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::{Pair, Plan, SERVER_V4, bound, plain_pair};
use crate::tcp_states::deafen;
use crate::zoo::{Unavailable, Zoo, make, settle};

/// Every constructor of this file, with its name.
pub const TROUBLES: &[(&str, Constructor)] = &[
    ("trouble_lost", Zoo::trouble_lost),
    ("trouble_recovered", Zoo::trouble_recovered),
    ("trouble_gap", Zoo::trouble_gap),
    ("trouble_closed_window", Zoo::trouble_closed_window),
    ("trouble_paced", Zoo::trouble_paced),
    ("trouble_deferred", Zoo::trouble_deferred),
    ("trouble_fastopen", Zoo::trouble_fastopen),
    ("trouble_unheard", Zoo::trouble_unheard),
];

/// Offsets in `struct tcp_info` (include/uapi/linux/tcp.h).
mod offset {
    pub(super) const PROBES: usize = 3;
    pub(super) const BACKOFF: usize = 4;
    pub(super) const UNACKED: usize = 24;
    pub(super) const RCV_OOOPACK: usize = 224;
    pub(super) const TOTAL_RTO_RECOVERIES: usize = 242;
}

/// A byte of a socket's `tcp_info`.
fn info(socket: &OwnedFd, at: usize) -> io::Result<u8> {
    let mut info = [0; 280];
    let len = sys::get_bytes(socket, IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
    // A kernel whose structure ends before it has no such counter.
    info[..len].get(at).copied().ok_or_else(|| io::Error::from_raw_os_error(libc::EOPNOTSUPP))
}

/// Hears everything again.
fn hear(socket: impl AsFd) -> io::Result<()> {
    sys::attach_filter(socket, &[libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: u32::MAX }])
}

fn specimen(pair: Pair) -> io::Result<Specimen> {
    let expected = pair.expected()?;
    Ok(pair.specimen(expected))
}

impl Zoo {
    /// `client` whose segments are lost, all of them, and whose timer has backed off twice.
    pub fn trouble_lost(&self) -> Result<Specimen, Unavailable> {
        make("trouble_lost", || {
            let pair = plain_pair()?;
            // BBR, which may be the default, has no threshold of slow start that a loss could lower.
            sys::set_bytes(&pair.client, IPPROTO_TCP, libc::TCP_CONGESTION, b"reno")?;
            pair.send_unread()?;
            deafen(&pair.server)?;
            sys::set(&pair.client, IPPROTO_TCP, TCP_NODELAY, 1)?;
            for _ in 0..5 {
                sys::send_to(&pair.client, &[b'l'; 611], 0, &[])?;
            }
            settle(&pair.client, || Ok(info(&pair.client, offset::BACKOFF)? >= 2))?;
            specimen(pair)
        })
    }

    /// `client` that has recovered from two timeouts.
    pub fn trouble_recovered(&self) -> Result<Specimen, Unavailable> {
        make("trouble_recovered", || {
            let pair = plain_pair()?;
            deafen(&pair.server)?;
            sys::send_to(&pair.client, &[b'r'; 4000], 0, &[])?;
            settle(&pair.client, || Ok(info(&pair.client, offset::BACKOFF)? >= 1))?;
            hear(&pair.server)?;
            settle(&pair.client, || Ok(info(&pair.client, offset::UNACKED)? == 0))?;
            settle(&pair.client, || Ok(info(&pair.client, offset::TOTAL_RTO_RECOVERIES)? >= 1))?;
            specimen(pair)
        })
    }

    /// `server` that lacks one segment of many, and `client` that has been told so.
    pub fn trouble_gap(&self) -> Result<Specimen, Unavailable> {
        make("trouble_gap", || {
            let pair = plain_pair()?;
            sys::set(&pair.client, IPPROTO_TCP, TCP_NODELAY, 1)?;
            pair.send_unread()?;
            settle(&pair.client, || Ok(info(&pair.client, offset::UNACKED)? == 0))?;
            deafen(&pair.server)?;
            sys::send_to(&pair.client, &[b'g'; 777], 0, &[])?;
            hear(&pair.server)?;
            for length in 502..507 {
                sys::send_to(&pair.client, &vec![b'g'; length], 0, &[])?;
            }
            settle(&pair.server, || Ok(info(&pair.server, offset::RCV_OOOPACK)? >= 1))?;
            specimen(pair)
        })
    }

    /// `client` that asks a `server` with a closed window again and again whether it has opened.
    pub fn trouble_closed_window(&self) -> Result<Specimen, Unavailable> {
        make("trouble_closed_window", || {
            let pair = Plan::v4(IPPROTO_TCP).connect(|_, fd| sys::set(fd, SOL_SOCKET, libc::SO_RCVBUF, 9_999))?;
            let bytes = [b'w'; 4096];
            while sys::send_to(&pair.client, &bytes, libc::MSG_DONTWAIT, &[]).is_ok() {}
            // Once the window is closed the server hears no probe either, so that they are not answered.
            settle(&pair.client, || Ok(info(&pair.client, offset::UNACKED)? == 0))?;
            deafen(&pair.server)?;
            settle(&pair.client, || Ok(info(&pair.client, offset::PROBES)? >= 2))?;
            specimen(pair)
        })
    }

    /// `client` with a limit to its rate.
    pub fn trouble_paced(&self) -> Result<Specimen, Unavailable> {
        make("trouble_paced", || {
            let pair = plain_pair()?;
            sys::set(&pair.client, SOL_SOCKET, SO_MAX_PACING_RATE, 12_345_678)?;
            pair.send_unread()?;
            specimen(pair)
        })
    }

    /// `client` that has a peer and has not sent its SYN, because it waits for data to go with it.
    pub fn trouble_deferred(&self) -> Result<Specimen, Unavailable> {
        make("trouble_deferred", || {
            self.set_sysctl("ipv4/tcp_fastopen", "519")?;
            let listener = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&listener, 7)?;
            let client = sys::socket(libc::AF_INET, libc::SOCK_STREAM, IPPROTO_TCP)?;
            sys::set(&client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)?;
            sys::connect(&client, &sys::local_name(&listener)?)?;
            self.set_sysctl("ipv4/tcp_fastopen", "1")?;
            Ok(Specimen::default().holding("listener", listener).holding("client", client))
        })
    }

    /// `client` that does not hear the answer to its SYN, so that both ends send theirs again.
    pub fn trouble_unheard(&self) -> Result<Specimen, Unavailable> {
        make("trouble_unheard", || {
            let listener = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&listener, 7)?;
            let client = sys::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_NONBLOCK, IPPROTO_TCP)?;
            deafen(&client)?;
            match sys::connect(&client, &sys::local_name(&listener)?) {
                Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
                _ => {}
            }
            Ok(Specimen::default().holding("listener", listener).holding("client", client))
        })
    }

    /// `client` that wanted to send data with its SYN, and had no cookie of the server.
    pub fn trouble_fastopen(&self) -> Result<Specimen, Unavailable> {
        make("trouble_fastopen", || {
            let listener = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&listener, 7)?;
            let client = sys::socket(libc::AF_INET, libc::SOCK_STREAM, IPPROTO_TCP)?;
            sys::send_to(&client, b"early", libc::MSG_FASTOPEN, &sys::local_name(&listener)?)?;
            let server = sys::accept(&listener)?;
            specimen(Pair { listener, client, server })
        })
    }
}
