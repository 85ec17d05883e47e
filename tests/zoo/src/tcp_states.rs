//! TCP in the states between connecting and gone.
//!
//! The way to hold a socket in a passing state is to make its peer deaf: a classic BPF program that accepts nothing is
//! attached to the peer, which then neither answers nor acknowledges (kernel `tcp_filter`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use libc::{IPPROTO_TCP, TCP_DEFER_ACCEPT};
use rustix::net::{Shutdown, shutdown};

use crate::expected::{Expected, state};
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::{SERVER_V4, bound, dial, listener, plain_pair, reach, unanswered};
use crate::zoo::{Unavailable, Zoo, make};

/// Seconds a listener waits for data before it wakes its program; longer than any test.
const DEFER_S: i32 = 600;

/// Makes a socket drop everything that arrives for it.
pub(crate) fn deafen(socket: impl AsFd) -> io::Result<()> {
    const RETURN_K: u16 = 0x06;
    sys::attach_filter(socket, &[libc::sock_filter { code: RETURN_K, jt: 0, jf: 0, k: 0 }])
}

impl Zoo {
    /// `client` that gets no answer to its SYN.
    pub fn tcp_syn_sent(&self) -> Result<Specimen, Unavailable> {
        make("tcp_syn_sent", || {
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 1)?;
            deafen(&socket)?;
            let client = dial(&socket)?;
            let expected = unanswered(&client, &socket)?;
            Ok(Specimen::default().holding("listener", socket).with(client, expected))
        })
    }

    /// `request`, a connection that its `listener` does not believe in yet; `client` believes it is established.
    pub fn tcp_syn_recv(&self) -> Result<Specimen, Unavailable> {
        make("tcp_syn_recv", || {
            let defer = |fd: BorrowedFd<'_>| sys::set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_S);
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), defer)?;
            sys::listen(&socket, 7)?;
            let client = dial(&socket)?;
            reach(&client, state::ESTABLISHED)?;
            let near = Expected::inet("client", &client, state::ESTABLISHED)?;
            let request = Expected {
                role: "request",
                state: state::SYN_RECV,
                local: near.peer,
                peer: near.local,
                inode: None,
                cookie: None,
                ..near.clone()
            };
            let expected = listener(&socket, 7)?;
            Ok(Specimen::default().with(socket, expected).with(client, near).with_unowned(request))
        })
    }

    /// `client` whose FIN is not acknowledged.
    pub fn tcp_fin_wait1(&self) -> Result<Specimen, Unavailable> {
        make("tcp_fin_wait1", || {
            let pair = plain_pair()?;
            deafen(&pair.server)?;
            shutdown(&pair.client, Shutdown::Write)?;
            reach(&pair.client, state::FIN_WAIT1)?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected {
                state: state::FIN_WAIT1,
                shutdown: Some(2),
                timer: Some(1),
                send_queue_bytes: Some(1), // The FIN counts.
                ..client
            };
            Ok(pair.specimen([listener, client, server]))
        })
    }

    /// `client` in FIN-WAIT-2 and `server` in CLOSE-WAIT.
    pub fn tcp_fin_wait2(&self) -> Result<Specimen, Unavailable> {
        make("tcp_fin_wait2", || {
            let pair = plain_pair()?;
            shutdown(&pair.client, Shutdown::Write)?;
            reach(&pair.client, state::FIN_WAIT2)?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected { state: state::FIN_WAIT2, shutdown: Some(2), ..client };
            let server = Expected { state: state::CLOSE_WAIT, shutdown: Some(1), ..server };
            Ok(pair.specimen([listener, client, server]))
        })
    }

    /// `client` in CLOSING: both ends sent a FIN, neither is acknowledged; `server` is in FIN-WAIT-1.
    pub fn tcp_closing(&self) -> Result<Specimen, Unavailable> {
        make("tcp_closing", || {
            let pair = plain_pair()?;
            deafen(&pair.server)?;
            shutdown(&pair.client, Shutdown::Write)?;
            shutdown(&pair.server, Shutdown::Write)?;
            reach(&pair.client, state::CLOSING)?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected { state: state::CLOSING, shutdown: Some(3), ..client };
            let server = Expected { state: state::FIN_WAIT1, shutdown: Some(2), ..server };
            Ok(pair.specimen([listener, client, server]))
        })
    }

    /// `server` in LAST-ACK and `client` in FIN-WAIT-2.
    pub fn tcp_last_ack(&self) -> Result<Specimen, Unavailable> {
        make("tcp_last_ack", || {
            let pair = plain_pair()?;
            shutdown(&pair.client, Shutdown::Write)?;
            reach(&pair.client, state::FIN_WAIT2)?;
            deafen(&pair.client)?;
            shutdown(&pair.server, Shutdown::Write)?;
            reach(&pair.server, state::LAST_ACK)?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected { state: state::FIN_WAIT2, shutdown: Some(2), ..client };
            let server = Expected { state: state::LAST_ACK, shutdown: Some(3), ..server };
            Ok(pair.specimen([listener, client, server]))
        })
    }

    /// `remains` of a client that closed first. No descriptor stands for it.
    pub fn tcp_time_wait(&self) -> Result<Specimen, Unavailable> {
        make("tcp_time_wait", || {
            let pair = plain_pair()?;
            let [listener, client, _] = pair.expected()?;
            shutdown(&pair.client, Shutdown::Write)?;
            reach(&pair.server, state::CLOSE_WAIT)?;
            shutdown(&pair.server, Shutdown::Write)?;
            reach(&pair.server, state::CLOSE)?;
            let remains = Expected {
                role: "remains",
                state: state::TIME_WAIT,
                uid: 0,
                inode: None,
                cookie: None,
                timer: Some(3),
                ..client
            };
            Ok(Specimen::default().with(pair.listener, listener).with_unowned(remains))
        })
    }

    /// `bound`, a socket that has a port and neither listens nor connects.
    pub fn tcp_bound(&self) -> Result<Specimen, Unavailable> {
        make("tcp_bound", || {
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            let expected = Expected::inet("bound", &socket, state::CLOSE)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }
}
