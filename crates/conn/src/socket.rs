//! A Netlink socket.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use sockeye_state::Received;
use sockeye_state::capture::Record;

use crate::buffer::{Buffer, Holds};
use crate::error::{Error, Operation};
use crate::namespace::Namespace;
use crate::sys::{self, Instruction};

/// A Netlink protocol, with the kernel's number for it (include/uapi/linux/netlink.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u16)]
pub enum Protocol {
    /// `NETLINK_ROUTE`: links, addresses, routes, traffic control.
    Route = 0,
    /// `NETLINK_SOCK_DIAG`: sockets.
    SockDiag = 4,
}

impl Protocol {
    /// The kernel's number for it.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

/// A Netlink socket of the network namespace in which it was opened. It stays in that namespace wherever it is used.
///
/// Only one thread at a time can receive. That is more than order: a second reader would make the kernel leave the
/// errno of a dump that had just ended for whoever receives next (`netlink_recvmsg`, net/netlink/af_netlink.c).
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
    tap: Option<Tap>,
}

/// Who is told of everything that goes over a socket. The lock is never taken, only looked through: it lets threads
/// that share a socket ask it for interface names.
struct Tap(Mutex<Box<Listener>>);

type Listener = dyn FnMut(Record<'_>) + Send;

impl Tap {
    #[cold]
    fn tell(&mut self, record: Record<'_>) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)(record);
    }
}

impl Socket {
    /// Opens a socket and turns on the kernel's own sentences (`NETLINK_EXT_ACK`, 4.12; older kernels go without).
    pub fn open(protocol: Protocol) -> Result<Self, Error> {
        let fd = sys::open(protocol.number()).map_err(|source| Error::new(Operation::Open, source))?;
        sys::bind(fd.as_fd()).map_err(|source| Error::new(Operation::Bind, source))?;
        // Without it an error is still an errno, so a kernel that refuses is no reason to stop.
        let _ = sys::set_option(fd.as_fd(), libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, 1);
        if protocol == Protocol::Route {
            // Without it the kernel ignores what selects in a request (4.20; older kernels always do).
            let _ = sys::set_option(fd.as_fd(), libc::SOL_NETLINK, libc::NETLINK_GET_STRICT_CHK, 1);
        }
        Ok(Self { fd, sequence: 0, tap: None })
    }

    /// Opens a socket in another network namespace. The caller stays where it is.
    pub fn open_in(namespace: &Namespace, protocol: Protocol) -> Result<Self, Error> {
        namespace.run_in(|| Self::open(protocol))?
    }

    /// Tells `tap` of every request that is sent and of everything that is received from now on, exactly as it was
    /// given to the engine. A socket without a tap pays one comparison.
    pub fn record_to(&mut self, tap: impl FnMut(Record<'_>) + Send + 'static) {
        self.tap = Some(Tap(Mutex::new(Box::new(tap))));
    }

    /// Sends a request and returns the sequence number that its answers carry.
    pub fn send(&mut self, request: sockeye_wire::Request) -> Result<u32, Error> {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        let request = request.sequence(self.sequence);
        sys::send(self.fd.as_fd(), request.as_bytes()).map_err(|source| Error::new(Operation::Send, source))?;
        if let Some(tap) = &mut self.tap {
            tap.tell(Record::Request(request.as_bytes()));
        }
        Ok(self.sequence)
    }

    /// Sends a request that carries its sequence number already.
    pub(crate) fn send_as_is(&mut self, request: &sockeye_wire::Request) -> Result<(), Error> {
        sys::send(self.fd.as_fd(), request.as_bytes()).map_err(|source| Error::new(Operation::Send, source))?;
        if let Some(tap) = &mut self.tap {
            tap.tell(Record::Request(request.as_bytes()));
        }
        Ok(())
    }

    /// Waits for the next thing to happen.
    #[inline]
    pub fn receive<'b>(&mut self, buffer: &'b mut Buffer) -> Result<Received<'b>, Error> {
        self.receive_with(buffer, 0)
    }

    /// What is there already, or [`Received::Empty`].
    pub fn try_receive<'b>(&mut self, buffer: &'b mut Buffer) -> Result<Received<'b>, Error> {
        self.receive_with(buffer, libc::MSG_DONTWAIT)
    }

    /// Joins a multicast group, by its number: the kernel's messages to it are received from now on.
    pub fn join(&mut self, group: u32) -> Result<(), Error> {
        let number = i32::try_from(group).unwrap_or(i32::MAX);
        sys::set_option(self.fd.as_fd(), libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP, number)
            .map_err(|source| Error::new(Operation::SetOption("NETLINK_ADD_MEMBERSHIP"), source))
    }

    /// Sets how many bytes of messages may wait, and returns what the kernel made of it: the double, and no more than
    /// `net.core.rmem_max` without `CAP_NET_ADMIN` in the first user namespace.
    pub fn set_receive_buffer(&mut self, bytes: usize) -> Result<usize, Error> {
        let wanted = i32::try_from(bytes).unwrap_or(i32::MAX);
        let set = |name| sys::set_option(self.fd.as_fd(), libc::SOL_SOCKET, name, wanted);
        set(libc::SO_RCVBUFFORCE)
            .or_else(|_| set(libc::SO_RCVBUF))
            .map_err(|source| Error::new(Operation::SetOption("SO_RCVBUF"), source))?;
        let now = sys::option(self.fd.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF)
            .map_err(|source| Error::new(Operation::GetOption("SO_RCVBUF"), source))?;
        Ok(usize::try_from(now).unwrap_or(0))
    }

    /// Messages that the kernel dropped because the receive buffer was full, since the socket was opened; the count
    /// wraps. `None` from kernels before 4.12.
    pub fn drops(&self) -> Option<u32> {
        sys::memory(self.fd.as_fd()).ok().map(|memory| memory[memory.len() - 1])
    }

    /// Lets only those datagrams in for which a classic BPF program answers with a number other than 0. Rejected ones cost
    /// no buffer and count as no drop. Never for a socket that dumps: rows would vanish in silence.
    pub fn attach_filter(&mut self, program: &[Instruction]) -> Result<(), Error> {
        sys::attach_filter(self.fd.as_fd(), program)
            .map_err(|source| Error::new(Operation::SetOption("SO_ATTACH_FILTER"), source))
    }

    /// The kernel's number of the socket's network namespace, never used twice until the next boot
    /// (`SO_NETNS_COOKIE`, 5.14); `None` from older kernels.
    pub fn namespace_cookie(&self) -> Option<u64> {
        sys::option_u64(self.fd.as_fd(), libc::SOL_SOCKET, libc::SO_NETNS_COOKIE).ok()
    }

    #[inline]
    fn receive_with<'b>(&mut self, buffer: &'b mut Buffer, flags: i32) -> Result<Received<'b>, Error> {
        let reception = match sys::receive(self.fd.as_fd(), buffer.bytes(), flags) {
            Ok(reception) => Holds::Datagram(reception),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOBUFS) => Holds::Overrun,
                Some(libc::EAGAIN) => Holds::Nothing,
                _ => return Err(Error::new(Operation::Receive, error)),
            },
        };
        let received = buffer.fill(reception);
        if let Some(tap) = &mut self.tap {
            tap.tell(Record::Received(received));
        }
        Ok(received)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::net::{AddressFamily, SocketType};
    use sockeye_state::{Conclusion, Dump, Step};
    use sockeye_wire::Request;
    use sockeye_wire::message::NLM_F_DUMP;

    /// `SKNLGRP_INET_UDP_DESTROY`: told of every IPv4 UDP socket that is closed.
    const SKNLGRP_INET_UDP_DESTROY: i32 = 2;
    const BATCH: usize = 64;

    fn dump(socket: &mut Socket, family: u8, buffer: &mut Buffer) -> Conclusion {
        // `struct unix_diag_req`, and where the family is another a request that is too short for it or refused.
        let mut question = [0; 24];
        question[0] = family;
        question[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        let sequence = socket.send(Request::new(20, NLM_F_DUMP).body(&question)).expect("sent");
        let mut dump = Dump::new(sequence);
        while dump.handle(socket.receive(buffer).expect("received"), |_| {}) == Step::Continue {}
        dump.into_conclusion()
    }

    #[test]
    fn a_dump_that_did_not_fit_fits_when_it_is_repeated() {
        let mut socket = Socket::open(Protocol::SockDiag).expect("opened");
        let _one_at_least = std::os::unix::net::UnixDatagram::pair().expect("two sockets");
        let mut buffer = Buffer::with_offer(64);
        assert!(dump(&mut socket, 1, &mut buffer).truncated > 0);
        // Other tests open sockets meanwhile, and what comes may be longer than what came.
        let mut conclusion = dump(&mut socket, 1, &mut buffer);
        for _ in 0..10 {
            if conclusion.truncated == 0 {
                break;
            }
            conclusion = dump(&mut socket, 1, &mut buffer);
        }
        assert!(conclusion.is_whole() && conclusion.messages >= 2, "{conclusion:?}");
    }

    #[test]
    fn a_failed_dump_leaves_nothing_behind() {
        let mut socket = Socket::open(Protocol::SockDiag).expect("opened");
        let mut buffer = Buffer::new();
        for _ in 0..100 {
            // No kernel has a diag module for AppleTalk.
            let refusal = dump(&mut socket, 5, &mut buffer).refusal;
            assert_eq!(refusal.map(|refusal| refusal.errno), Some(libc::ENOENT));
            assert!(matches!(socket.try_receive(&mut buffer), Ok(Received::Empty)));
            assert!(dump(&mut socket, 1, &mut buffer).is_whole());
            assert!(matches!(socket.try_receive(&mut buffer), Ok(Received::Empty)));
        }
    }

    #[test]
    fn messages_that_the_kernel_dropped_are_an_overrun() {
        let mut socket = Socket::open(Protocol::SockDiag).expect("opened");
        sys::set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, 1).expect("the least there is");
        sys::set_option(socket.as_fd(), libc::SOL_NETLINK, libc::NETLINK_ADD_MEMBERSHIP, SKNLGRP_INET_UDP_DESTROY)
            .expect("everybody may join");
        let mut buffer = Buffer::new();
        let patience = Timespec::try_from(sockeye_zoo::patience(Duration::from_secs(30))).expect("seconds");
        for _ in 0..1000 {
            for _ in 0..BATCH {
                drop(rustix::net::socket(AddressFamily::INET, SocketType::DGRAM, None).expect("a socket"));
            }
            // The kernel tells of closed sockets from a worker: one message each, or an overrun instead.
            for _ in 0..BATCH {
                let mut awaited = [PollFd::new(&socket, PollFlags::IN)];
                poll(&mut awaited, Some(&patience)).expect("awaited");
                match socket.try_receive(&mut buffer).expect("received") {
                    Received::Datagram(_) => {}
                    Received::Overrun => return,
                    nothing => panic!("{nothing:?}: the kernel does not tell of closed sockets"),
                }
            }
        }
        panic!("64 000 messages did not fill the smallest buffer");
    }
}
