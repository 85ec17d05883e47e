//! TCP: listening and established sockets, and the pair that other kinds are made from.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use libc::{IPPROTO_IPV6, IPPROTO_TCP, IPV6_V6ONLY, SO_REUSEPORT, SOCK_NONBLOCK, SOCK_STREAM, SOL_SOCKET};

use crate::expected::{Expected, Unread, state};
use crate::specimen::Specimen;
use crate::zoo::{Unavailable, V6, Zoo, make, settle};
use crate::{address, sys};

/// Bytes that one end sent and the other did not read.
pub(crate) const UNREAD_BYTES: u32 = 4321;

/// A backlog no program chooses by accident.
pub(crate) const BACKLOG: i32 = 7;

/// Connections waiting behind it.
const PENDING: u32 = 3;

/// Where servers listen in IPv4.
pub(crate) const SERVER_V4: Ipv4Addr = Ipv4Addr::new(127, 9, 8, 7);

/// Where clients come from in IPv4.
const CLIENT_V4: Ipv4Addr = Ipv4Addr::new(127, 1, 2, 3);

/// Three sockets: `listener`, `client`, `server`.
pub(crate) struct Pair {
    pub(crate) listener: OwnedFd,
    pub(crate) client: OwnedFd,
    pub(crate) server: OwnedFd,
}

/// Which end of a future pair is being prepared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Listener,
    Client,
}

/// How to make a pair.
pub(crate) struct Plan {
    protocol: i32,
    server: SocketAddr,
    client: SocketAddr,
}

impl Plan {
    /// Over IPv4.
    pub(crate) fn v4(protocol: i32) -> Self {
        Self { protocol, server: (SERVER_V4, 0).into(), client: (CLIENT_V4, 0).into() }
    }

    /// Over IPv6.
    pub(crate) fn v6(protocol: i32) -> Self {
        Self { protocol, server: (V6[0], 0).into(), client: (V6[1], 0).into() }
    }

    /// IPv4 through IPv6 sockets.
    fn mapped() -> Self {
        let (server, client) = (SERVER_V4.to_ipv6_mapped(), CLIENT_V4.to_ipv6_mapped());
        Self { protocol: IPPROTO_TCP, server: (server, 0).into(), client: (client, 0).into() }
    }

    /// Makes the pair; `prepare` sees listener and client before they listen and connect.
    pub(crate) fn connect(&self, mut prepare: impl FnMut(End, BorrowedFd<'_>) -> io::Result<()>) -> io::Result<Pair> {
        let listener = bound(self.protocol, self.server, |fd| prepare(End::Listener, fd))?;
        sys::listen(&listener, BACKLOG)?;
        let client = bound(self.protocol, self.client, |fd| prepare(End::Client, fd))?;
        sys::connect(&client, &sys::local_name(&listener)?)?;
        let server = sys::accept(&listener)?;
        Ok(Pair { listener, client, server })
    }
}

/// A pair with nothing special.
pub(crate) fn plain_pair() -> io::Result<Pair> {
    Plan::v4(IPPROTO_TCP).connect(|_, _| Ok(()))
}

/// A stream socket bound to an address.
pub(crate) fn bound(
    protocol: i32,
    to: SocketAddr,
    prepare: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    let family = if to.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let socket = sys::socket(family, SOCK_STREAM, protocol)?;
    prepare(socket.as_fd())?;
    sys::bind(&socket, &address::encode(to))?;
    Ok(socket)
}

/// A client that has begun to connect and does not wait for it.
pub(crate) fn dial(listener: impl AsFd) -> io::Result<OwnedFd> {
    let to = sys::local_name(listener)?;
    let family = i32::from(u16::from_ne_bytes([to[0], to[1]]));
    let client = sys::socket(family, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP)?;
    match sys::connect(&client, &to) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(client),
    }
}

/// What such a client is while nobody answers. It has no peer yet to whoever asks the socket itself.
pub(crate) fn unanswered(client: &OwnedFd, listener: &OwnedFd) -> io::Result<Expected> {
    Ok(Expected {
        peer: address::decode(&sys::local_name(listener)?),
        timer: Some(1),
        send_queue_bytes: Some(1), // The SYN counts.
        ..Expected::inet("client", client, state::SYN_SENT)?
    })
}

/// The state of a TCP socket, the first byte of `tcp_info`.
pub(crate) fn state_of(socket: impl AsFd) -> io::Result<u8> {
    let mut info = [0; 1];
    sys::get_bytes(socket, IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
    Ok(info[0])
}

/// Waits for a TCP state.
pub(crate) fn reach(socket: impl AsFd, state: u8) -> io::Result<()> {
    settle(&socket, || Ok(state_of(&socket)? == state))
}

/// A listener with an empty accept queue.
pub(crate) fn listener(socket: &OwnedFd, limit: u32) -> io::Result<Expected> {
    Ok(Expected {
        accept_queue: Some(0),
        accept_queue_limit: Some(limit),
        ..Expected::inet("listener", socket, state::LISTEN)?
    })
}

impl Pair {
    /// What it is when both ends are established and idle, to be refined.
    pub(crate) fn expected(&self) -> io::Result<[Expected; 3]> {
        Ok([
            listener(&self.listener, BACKLOG.cast_unsigned())?,
            Expected::inet("client", &self.client, state::ESTABLISHED)?,
            Expected::inet("server", &self.server, state::ESTABLISHED)?,
        ])
    }

    /// The specimen, with these expectations for listener, client and server.
    pub(crate) fn specimen(self, [listener, client, server]: [Expected; 3]) -> Specimen {
        Specimen::default().with(self.listener, listener).with(self.client, client).with(self.server, server)
    }

    /// Sends bytes from the client that the server does not read; waits until they have arrived and are acknowledged.
    pub(crate) fn send_unread(&self) -> io::Result<()> {
        let bytes = vec![b'u'; UNREAD_BYTES as usize];
        sys::send_to(&self.client, &bytes, 0, &[])?;
        settle(&self.client, || Ok(sys::ioctl_int(&self.client, libc::TIOCOUTQ)? == 0))
    }
}

fn listening(
    kind: &'static str,
    to: SocketAddr,
    prepare: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
    describe: impl FnOnce(&mut Expected),
) -> Result<Specimen, Unavailable> {
    make(kind, || {
        let socket = bound(IPPROTO_TCP, to, prepare)?;
        sys::listen(&socket, BACKLOG)?;
        let mut expected = listener(&socket, BACKLOG.cast_unsigned())?;
        describe(&mut expected);
        Ok(Specimen::default().with(socket, expected))
    })
}

fn established(kind: &'static str, plan: &Plan) -> Result<Specimen, Unavailable> {
    make(kind, || {
        let pair = plan.connect(|_, _| Ok(()))?;
        pair.send_unread()?;
        let [listener, client, server] = pair.expected()?;
        let client = Expected { send_queue_bytes: Some(0), unread: Some(Unread::Bytes(0)), ..client };
        let server = Expected { unread: Some(Unread::Bytes(UNREAD_BYTES)), ..server };
        Ok(pair.specimen([listener, client, server]))
    })
}

impl Zoo {
    /// `listener` with a backlog of 7 and 3 connections in its accept queue, `client` one of them.
    pub fn tcp_listening(&self) -> Result<Specimen, Unavailable> {
        make("tcp_listening", || {
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, BACKLOG)?;
            let mut specimen = Specimen::default();
            for _ in 0..PENDING {
                let client = dial(&socket)?;
                reach(&client, state::ESTABLISHED)?;
                let expected = Expected::inet("client", &client, state::ESTABLISHED)?;
                specimen = specimen.with(client, expected);
            }
            let expected = Expected { accept_queue: Some(PENDING), ..listener(&socket, BACKLOG.cast_unsigned())? };
            Ok(specimen.with(socket, expected))
        })
    }

    /// `listener` whose accept queue is full and that has dropped the SYN of `client`.
    pub fn tcp_listening_overflowed(&self) -> Result<Specimen, Unavailable> {
        make("tcp_listening_overflowed", || {
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            // The queue is full when it holds more than the backlog (kernel sk_acceptq_is_full), so two fit in one.
            sys::listen(&socket, 1)?;
            let mut specimen = Specimen::default();
            for _ in 0..2 {
                let client = dial(&socket)?;
                reach(&client, state::ESTABLISHED)?;
                specimen = specimen.holding("accepted", client);
            }
            let client = dial(&socket)?;
            let refused = unanswered(&client, &socket)?;
            settle(&socket, || Ok(drops(&socket)? > 0))?;
            let expected = Expected { accept_queue: Some(2), drops_min: Some(1), ..listener(&socket, 1)? };
            Ok(specimen.with(socket, expected).with(client, refused))
        })
    }

    /// `listener` for IPv6 alone, on every address.
    pub fn tcp_listening_v6only(&self) -> Result<Specimen, Unavailable> {
        let only = |fd: BorrowedFd<'_>| sys::set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        listening("tcp_listening_v6only", (Ipv6Addr::UNSPECIFIED, 0).into(), only, |expected| {
            expected.v6only = Some(true);
        })
    }

    /// `listener` for IPv6 and IPv4, on every address.
    pub fn tcp_listening_dual_stack(&self) -> Result<Specimen, Unavailable> {
        let both = |fd: BorrowedFd<'_>| sys::set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        listening("tcp_listening_dual_stack", (Ipv6Addr::UNSPECIFIED, 0).into(), both, |expected| {
            expected.v6only = Some(false);
        })
    }

    /// Three times `listener` on one port.
    pub fn tcp_reuseport_group(&self) -> Result<Specimen, Unavailable> {
        make("tcp_reuseport_group", || {
            let mut specimen = Specimen::default();
            let mut to: SocketAddr = (SERVER_V4, 0).into();
            for _ in 0..3 {
                let socket = bound(IPPROTO_TCP, to, |fd| sys::set(fd, SOL_SOCKET, SO_REUSEPORT, 1))?;
                sys::listen(&socket, BACKLOG)?;
                let expected = listener(&socket, BACKLOG.cast_unsigned())?;
                to = expected.local.unwrap_or(to);
                specimen = specimen.with(socket, expected);
            }
            Ok(specimen)
        })
    }

    /// `client` and `server` over IPv4, the server with 4321 unread bytes.
    pub fn tcp_established_v4(&self) -> Result<Specimen, Unavailable> {
        established("tcp_established_v4", &Plan::v4(IPPROTO_TCP))
    }

    /// `client` and `server` over IPv6, the server with 4321 unread bytes.
    pub fn tcp_established_v6(&self) -> Result<Specimen, Unavailable> {
        established("tcp_established_v6", &Plan::v6(IPPROTO_TCP))
    }

    /// `client` and `server`, IPv6 sockets that speak IPv4, the server with 4321 unread bytes.
    pub fn tcp_established_mapped(&self) -> Result<Specimen, Unavailable> {
        established("tcp_established_mapped", &Plan::mapped())
    }
}

/// `SK_MEMINFO_DROPS`
pub(crate) fn drops(socket: impl AsFd) -> io::Result<u32> {
    Ok(memory(socket)?[8])
}

/// `SO_MEMINFO`, the nine numbers that sock_diag calls skmem.
pub(crate) fn memory(socket: impl AsFd) -> io::Result<[u32; 9]> {
    let mut bytes = [0; 36];
    sys::get_bytes(socket, SOL_SOCKET, libc::SO_MEMINFO, &mut bytes)?;
    let mut words = [0; 9];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_ne_bytes(*chunk);
    }
    Ok(words)
}
