//! Families that many kernels lack.

use libc::{AF_INET, SOCK_RAW, SOCK_STREAM};

use crate::expected::{Expected, state};
use crate::specimen::Specimen;
use crate::tcp::{SERVER_V4, bound, listener};
use crate::zoo::{Unavailable, Zoo, make};
use crate::{address, sys};

// Numbers from include/linux/socket.h and include/uapi/linux/in.h.
pub(crate) const AF_TIPC: u16 = 30;
pub(crate) const AF_SMC: i32 = 43;
const AF_XDP: i32 = 44;
const SOCK_DCCP: i32 = 6;
const IPPROTO_DCCP: i32 = 33;

/// `TIPC_SERVICE_ADDR`: a name is bound as type, lower and upper instance.
pub(crate) const SERVICE: [u32; 3] = [0x5eed, 7, 7];

/// `struct sockaddr_tipc` of a range of a service: family, kind of address (`TIPC_SERVICE_RANGE` is 1), scope
/// (`TIPC_NODE_SCOPE` is 3).
pub(crate) fn service(service: [u32; 3]) -> Vec<u8> {
    let words = service.map(u32::to_ne_bytes).concat();
    [&AF_TIPC.to_ne_bytes()[..], &[1, 3], &words].concat()
}

impl Zoo {
    /// `listener`
    pub fn vsock(&self) -> Result<Specimen, Unavailable> {
        make("vsock", || {
            let socket = sys::socket(libc::AF_VSOCK, SOCK_STREAM, 0)?;
            // Any port: these sockets know no network namespaces, and other tests may run beside this one.
            sys::bind(&socket, &address::vsock(libc::VMADDR_PORT_ANY, libc::VMADDR_CID_ANY))?;
            sys::listen(&socket, 7)?;
            let expected = Expected::of("listener", &socket, state::LISTEN)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `unbound`
    pub fn xdp(&self) -> Result<Specimen, Unavailable> {
        make("xdp", || {
            let socket = sys::socket(AF_XDP, SOCK_RAW, 0)?;
            let expected = Expected::of("unbound", &socket, state::CLOSE)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `listener` for one service.
    pub fn tipc(&self) -> Result<Specimen, Unavailable> {
        make("tipc", || {
            let socket = sys::socket(AF_TIPC.into(), SOCK_STREAM, 0)?;
            sys::bind(&socket, &service(SERVICE))?;
            sys::listen(&socket, 7)?;
            let expected = Expected::of("listener", &socket, state::LISTEN)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `listener`
    pub fn smc(&self) -> Result<Specimen, Unavailable> {
        make("smc", || {
            let socket = sys::socket(AF_SMC, SOCK_STREAM, 0)?;
            sys::bind(&socket, &address::encode((SERVER_V4, 0).into()))?;
            sys::listen(&socket, 7)?;
            let expected = Expected::inet("listener", &socket, state::LISTEN)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `listener`
    pub fn sctp(&self) -> Result<Specimen, Unavailable> {
        make("sctp", || {
            let socket = bound(libc::IPPROTO_SCTP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 7)?;
            let expected = listener(&socket, 7)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `bound`
    pub fn dccp(&self) -> Result<Specimen, Unavailable> {
        make("dccp", || {
            let socket = sys::socket(AF_INET, SOCK_DCCP, IPPROTO_DCCP)?;
            let expected = Expected::inet("bound", &socket, state::CLOSE)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }
}
