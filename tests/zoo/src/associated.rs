//! Connections of families that many kernels lack.

use libc::{IPPROTO_SCTP, SOCK_NONBLOCK, SOCK_SEQPACKET, SOCK_STREAM};

use crate::expected::{Expected, state};
use crate::rare::{AF_SMC, AF_TIPC, SERVICE, service};
use crate::specimen::Specimen;
use crate::tcp::{Plan, SERVER_V4};
use crate::zoo::{Unavailable, Zoo, make, settle};
use crate::{address, sys};

/// `SMCPROTO_SMC` of include/net/smc.h: SMC over IPv4.
const SMCPROTO_SMC: i32 = 0;

/// `VMADDR_CID_LOCAL`: this machine, without a hypervisor (module vsock_loopback).
const HERE: u32 = 1;

impl Zoo {
    /// `client` and `server` of one association, beside its `listener`.
    pub fn sctp_associated(&self) -> Result<Specimen, Unavailable> {
        make("sctp_associated", || {
            let pair = Plan::v4(IPPROTO_SCTP).connect(|_, _| Ok(()))?;
            sys::send_to(&pair.client, b"one chunk of data", 0, &[])?;
            let expected = pair.expected()?;
            Ok(pair.specimen(expected))
        })
    }

    /// The same over IPv6.
    pub fn sctp_associated_v6(&self) -> Result<Specimen, Unavailable> {
        make("sctp_associated_v6", || {
            let pair = Plan::v6(IPPROTO_SCTP).connect(|_, _| Ok(()))?;
            let expected = pair.expected()?;
            Ok(pair.specimen(expected))
        })
    }

    /// `client` and `server` of a stream within this machine, beside its `listener`.
    pub fn vsock_stream(&self) -> Result<Specimen, Unavailable> {
        make("vsock_stream", || vsock_pair(SOCK_STREAM))
    }

    /// The same with packets in sequence.
    pub fn vsock_seqpacket(&self) -> Result<Specimen, Unavailable> {
        make("vsock_seqpacket", || vsock_pair(SOCK_SEQPACKET))
    }

    /// `client` and `server` of a connection to a service, beside its `listener`.
    pub fn tipc_connected(&self) -> Result<Specimen, Unavailable> {
        make("tipc_connected", || {
            // Another service than that of the specimen which only listens: a name can be bound twice.
            let to = service([SERVICE[0] + 1, SERVICE[1], SERVICE[2]]);
            let listener = sys::socket(AF_TIPC.into(), SOCK_SEQPACKET, 0)?;
            sys::bind(&listener, &to)?;
            sys::listen(&listener, 7)?;
            // It waits until somebody has accepted, which is this thread.
            let client = sys::socket(AF_TIPC.into(), SOCK_SEQPACKET | SOCK_NONBLOCK, 0)?;
            let name = [&AF_TIPC.to_ne_bytes()[..], &[2, 3], &to[4..12], &[0; 4]].concat();
            match sys::connect(&client, &name) {
                Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
                _ => {}
            }
            let server = sys::accept(&listener)?;
            settle(&client, || Ok(sys::peer_name(&client).is_ok()))?;
            let of = |role, socket, state| Expected::of(role, socket, state);
            let [one, two, three] = [
                of("listener", &listener, state::LISTEN)?,
                of("client", &client, state::ESTABLISHED)?,
                of("server", &server, state::ESTABLISHED)?,
            ];
            Ok(Specimen::default().with(listener, one).with(client, two).with(server, three))
        })
    }

    /// `client` and `server`, beside their `listener`: without a device that could do better they go on as TCP.
    pub fn smc_connected(&self) -> Result<Specimen, Unavailable> {
        make("smc_connected", || {
            let listener = sys::socket(AF_SMC, SOCK_STREAM, 0)?;
            sys::bind(&listener, &address::encode((SERVER_V4, 0).into()))?;
            sys::listen(&listener, 7)?;
            let client = sys::socket(AF_SMC, SOCK_STREAM, 0)?;
            sys::connect(&client, &sys::local_name(&listener)?)?;
            let server = sys::accept(&listener)?;
            // A descriptor answers for the TCP below once it fell back to that (net/smc/af_smc.c,
            // `smc_switch_to_fallback`); only its inode is still that of the SMC socket.
            let fallen = |role, socket| -> std::io::Result<Expected> {
                let expected = Expected::inet(role, socket, state::ESTABLISHED)?;
                Ok(Expected { family: AF_SMC, protocol: SMCPROTO_SMC, cookie: None, ..expected })
            };
            let one = Expected::inet("listener", &listener, state::LISTEN)?;
            let (two, three) = (fallen("client", &client)?, fallen("server", &server)?);
            Ok(Specimen::default().with(listener, one).with(client, two).with(server, three))
        })
    }
}

fn vsock_pair(socket_type: i32) -> std::io::Result<Specimen> {
    let listener = sys::socket(libc::AF_VSOCK, socket_type, 0)?;
    // Any port: these sockets know no network namespaces, and other tests may run beside this one.
    sys::bind(&listener, &address::vsock(libc::VMADDR_PORT_ANY, HERE))?;
    sys::listen(&listener, 7)?;
    let client = sys::socket(libc::AF_VSOCK, socket_type, 0)?;
    sys::connect(&client, &sys::local_name(&listener)?)?;
    let server = sys::accept(&listener)?;
    let [one, two, three] = [
        Expected::of("listener", &listener, state::LISTEN)?,
        Expected::of("client", &client, state::ESTABLISHED)?,
        Expected::of("server", &server, state::ESTABLISHED)?,
    ];
    Ok(Specimen::default().with(listener, one).with(client, two).with(server, three))
}
