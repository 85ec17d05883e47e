//! Connections of SMC that do go through memory: over RDMA, which the kernel can do without hardware (rxe) on any device,
//! the loopback device among them.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;

use libc::{SO_RCVBUF, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET};

use crate::expected::{Expected, Says, state};
use crate::generic_netlink::{self, Family, attribute, text};
use crate::rare::AF_SMC;
use crate::specimen::Specimen;
use crate::tcp::{BACKLOG, SERVER_V4};
use crate::zoo::{Unavailable, Zoo, make, settle};
use crate::{address, sys};

/// Connections that may fall back to TCP before one does not: the family looks at a new device when it finds time to.
const ATTEMPTS_MAX: usize = 50;

/// Bytes that are sent at a time, in rounds of a buffer; no two the same.
const FROM_CLIENT: [usize; 5] = [31_000, 32_001, 30_502, 29_903, 31_704];
const FROM_SERVER: [usize; 2] = [61_000, 60_777];

/// Bytes in the receive buffer of one end and the send buffer of the other.
const HALF_CLOSED_TAKES: usize = 32_768 + 16_384;

impl Zoo {
    /// `client` and `server` over RDMA, beside their `listener`: both have gone round their buffers, the server has not
    /// read all, and one byte on its way to it is urgent. Beside them a pair that the server has half closed, while the
    /// client has sent as much as it may.
    pub fn smc_rdma(&self) -> Result<Specimen, Unavailable> {
        make("smc_rdma", || {
            let listener = sys::socket(AF_SMC, SOCK_STREAM, 0)?;
            sys::bind(&listener, &address::encode((SERVER_V4, 0).into()))?;
            // What the server's sockets have, they have from here; other than the client's.
            sys::set(&listener, SOL_SOCKET, SO_SNDBUF, 65_536)?;
            sys::set(&listener, SOL_SOCKET, SO_RCVBUF, 32_768)?;
            sys::listen(&listener, BACKLOG)?;
            add_device(&format!("zoo{}", std::process::id()))?;
            allow_peers()?;

            let (client, server) = connected(&listener)?;
            let (mut client, mut server) = (TcpStream::from(client), TcpStream::from(server));
            for len in FROM_CLIENT {
                exchange(&mut client, &mut server, len)?;
            }
            for len in FROM_SERVER {
                exchange(&mut server, &mut client, len)?;
            }
            client.write_all(&[b'c'; 4_321])?;
            server.write_all(&[b's'; 1_234])?;
            let (client, server) = (OwnedFd::from(client), OwnedFd::from(server));
            sys::send_to(&client, b"!", libc::MSG_OOB, &[])?;

            let (half_closed, closer) = connected(&listener)?;
            let closer = TcpStream::from(closer);
            closer.shutdown(Shutdown::Write)?;
            let mut sent = 0;
            settle(&half_closed, || {
                let taken = sys::send_to(&half_closed, &[b'h'; 9_999], libc::MSG_DONTWAIT, &[]);
                sent += taken.unwrap_or(0);
                Ok(sent >= HALF_CLOSED_TAKES)
            })?;

            let [one, two, three] = [
                Expected::inet("listener", &listener, state::LISTEN)?,
                Expected::inet("client", &client, state::ESTABLISHED)?,
                Expected::inet("server", &server, state::ESTABLISHED)?,
            ];
            let two = Expected { says: CLIENT_SAYS, ..two };
            let three = Expected { says: SERVER_SAYS, ..three };
            let specimen = Specimen::default().with(listener, one).with(client, two).with(server, three);
            Ok(specimen.holding("half closed", half_closed).holding("closer", closer.into()))
        })
    }
}

const CLIENT_SAYS: &[(&str, Says)] = &[
    ("/conninfo/tx_prep_wrap", Says::AtLeast(1)),
    ("/conninfo/rx_prod_wrap", Says::AtLeast(1)),
    ("/lgrinfo/ibport", Says::Number(1)),
    ("/lgrinfo/role", Says::Word("client")),
    ("/mode", Says::Word("smcr")),
];

const SERVER_SAYS: &[(&str, Says)] = &[
    ("/conninfo/rx_prod_wrap", Says::AtLeast(1)),
    ("/conninfo/tx_cons_wrap", Says::AtLeast(1)),
    ("/lgrinfo/ibport", Says::Number(1)),
    ("/lgrinfo/role", Says::Word("server")),
    ("/mode", Says::Word("smcr")),
];

/// A connection that did not fall back to TCP.
fn connected(listener: &OwnedFd) -> io::Result<(OwnedFd, OwnedFd)> {
    for _ in 0..ATTEMPTS_MAX {
        let client = sys::socket(AF_SMC, SOCK_STREAM, 0)?;
        sys::set(&client, SOL_SOCKET, SO_SNDBUF, 16_384)?;
        sys::set(&client, SOL_SOCKET, SO_RCVBUF, 65_536)?;
        sys::connect(&client, &sys::local_name(listener)?)?;
        let server = sys::accept(listener)?;
        // A descriptor answers for the TCP below once it fell back to that (net/smc/af_smc.c, `smc_switch_to_fallback`).
        if sys::option(&client, SOL_SOCKET, libc::SO_DOMAIN)? == AF_SMC {
            return Ok((client, server));
        }
    }
    Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP))
}

fn exchange(from: &mut TcpStream, to: &mut TcpStream, len: usize) -> io::Result<()> {
    from.write_all(&vec![b'x'; len])?;
    to.read_exact(&mut vec![0; len])
}

/// Makes a device for RDMA out of the loopback device; it goes with that one (include/uapi/rdma/rdma_netlink.h).
fn add_device(name: &str) -> io::Result<()> {
    const NETLINK_RDMA: i32 = 20;
    /// `RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_NEWLINK)`
    const NEW_LINK: u16 = 5 << 10 | 3;
    let attributes = [(2, name), (51, "lo"), (65, "rxe")].map(|(kind, value)| attribute(kind, &text(value)));
    let socket = generic_netlink::socket(NETLINK_RDMA)?;
    match generic_netlink::ask(&socket, NEW_LINK, &attributes.concat()) {
        // A kernel that knows no such kind of device.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP)),
        other => other.map(drop),
    }
}

/// Gives this machine a name by which its ends know that they may talk to each other (`SMC_NETLINK_ADD_UEID`): without
/// one only the first version of SMC is left, which this kind of device does not have.
fn allow_peers() -> io::Result<()> {
    const ADD_ENTRY: u8 = 10;
    const ENTRY: u16 = 1;
    /// `SMC_MAX_EID_LEN`: capitals and digits, filled up with blanks.
    const NAME_LEN: usize = 32;
    let name = format!("{:NAME_LEN$}", "SOCKEYE-ZOO");
    match Family::named("SMC_GEN_NETLINK")?.ask(ADD_ENTRY, 1, &attribute(ENTRY, &text(&name))) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
