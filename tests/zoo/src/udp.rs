//! Internet datagram sockets: UDP, UDP-Lite, ping and raw.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd as _, OwnedFd};

use libc::{
    IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_UDP, IPPROTO_UDPLITE, SO_RCVBUF, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET,
};

use crate::expected::{Expected, Says, Unread, state};
use crate::specimen::Specimen;
use crate::tcp::{SERVER_V4, UNREAD_BYTES};
use crate::tcp_options::{make_telling, telling};
use crate::zoo::{Unavailable, V6, Zoo, await_address, make};
use crate::{address, sys};

/// OSPF: a protocol that no kernel speaks itself.
const RAW_PROTOCOL: i32 = 89;

/// Datagrams sent to a receiver that has room for a few.
const FLOOD: u32 = 40;

/// `IP_RECVERR_RFC4884` (include/uapi/linux/in.h, Linux 5.9)
const IP_RECVERR_RFC4884: i32 = 26;

/// An address of a device, and one beside it that nobody has.
const HERE: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x5eed, 2, 0, 0, 0, 0, 0xa);
const NOBODY: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x5eed, 2, 0, 0, 0, 0, 0xb);

fn bound(kind: i32, protocol: i32, to: SocketAddr) -> io::Result<OwnedFd> {
    let family = if to.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let socket = sys::socket(family, kind, protocol)?;
    sys::bind(&socket, &address::encode(to))?;
    Ok(socket)
}

fn unconnected(name: &'static str, kind: i32, protocol: i32, to: SocketAddr) -> Result<Specimen, Unavailable> {
    make(name, || {
        let socket = bound(kind, protocol, to)?;
        let expected = Expected::inet("bound", &socket, state::CLOSE)?;
        Ok(Specimen::default().with(socket, Expected { drops: Some(0), unread: Some(Unread::Bytes(0)), ..expected }))
    })
}

/// Reads until nothing is left; returns how many datagrams there were.
pub(crate) fn drain(socket: &OwnedFd) -> io::Result<u32> {
    let mut count = 0;
    loop {
        match rustix::net::recv(socket, &mut [0; 1][..], rustix::net::RecvFlags::DONTWAIT) {
            Ok(_) => count += 1,
            // Netlink says once that it lost something.
            Err(rustix::io::Errno::NOBUFS) => {}
            Err(rustix::io::Errno::AGAIN) => return Ok(count),
            Err(error) => return Err(error.into()),
        }
    }
}

impl Zoo {
    /// `client` whose datagrams wait until the link-layer address of their receiver is known, which nobody tells.
    pub fn udp_unresolved(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] =
            &[("/meminfo/tmem_bytes", Says::AtLeast(2_000)), ("/skmem/wmem_alloc_bytes", Says::AtLeast(2_000))];
        make("udp_unresolved", || {
            let control = sys::socket(libc::AF_INET6, SOCK_DGRAM, 0)?;
            let (file, index) = sys::device(c"ether", libc::IFF_TAP)?;
            sys::interface_up(&control, c"ether")?;
            sys::add_address(&control, HERE.octets(), 64, index)?;
            await_address(HERE)?;
            // Longer than any look takes.
            self.set_sysctl("ipv6/neigh/ether/retrans_time_ms", "600000")?;
            let client = bound(SOCK_DGRAM, IPPROTO_UDP, (HERE, 0).into())?;
            sys::connect(&client, &address::encode((NOBODY, 4_321).into()))?;
            for _ in 0..3 {
                sys::send_to(&client, &[b'w'; 900], 0, &[])?;
            }
            let expected = Expected { says: SAYS, ..Expected::inet("client", &client, state::ESTABLISHED)? };
            Ok(Specimen::default().with(client, expected).keeping(file))
        })
    }

    /// `bound` over IPv4.
    pub fn udp_unconnected_v4(&self) -> Result<Specimen, Unavailable> {
        unconnected("udp_unconnected_v4", SOCK_DGRAM, IPPROTO_UDP, (SERVER_V4, 0).into())
    }

    /// `bound` over IPv6.
    pub fn udp_unconnected_v6(&self) -> Result<Specimen, Unavailable> {
        unconnected("udp_unconnected_v6", SOCK_DGRAM, IPPROTO_UDP, (V6[0], 0).into())
    }

    /// `client` and `server`, connected to each other.
    pub fn udp_connected(&self) -> Result<Specimen, Unavailable> {
        make("udp_connected", || {
            let client = bound(SOCK_DGRAM, IPPROTO_UDP, (SERVER_V4, 0).into())?;
            let server = bound(SOCK_DGRAM, IPPROTO_UDP, (SERVER_V4, 0).into())?;
            sys::connect(&client, &sys::local_name(&server)?)?;
            sys::connect(&server, &sys::local_name(&client)?)?;
            let near = Expected::inet("client", &client, state::ESTABLISHED)?;
            let far = Expected::inet("server", &server, state::ESTABLISHED)?;
            Ok(Specimen::default().with(client, near).with(server, far))
        })
    }

    /// `bound` with one unread datagram of 4321 bytes.
    pub fn udp_unread(&self) -> Result<Specimen, Unavailable> {
        make("udp_unread", || {
            let socket = bound(SOCK_DGRAM, IPPROTO_UDP, (SERVER_V4, 0).into())?;
            sys::send_to(&socket, &[b'u'; UNREAD_BYTES as usize], 0, &sys::local_name(&socket)?)?;
            let expected = Expected::inet("bound", &socket, state::CLOSE)?;
            let unread = Some(Unread::AtLeastBytes(UNREAD_BYTES));
            Ok(Specimen::default().with(socket, Expected { unread, ..expected }))
        })
    }

    /// `bound` that lost datagrams: how many is what was sent less what could be read.
    pub fn udp_dropped(&self) -> Result<Specimen, Unavailable> {
        make("udp_dropped", || {
            let socket = bound(SOCK_DGRAM, IPPROTO_UDP, (SERVER_V4, 0).into())?;
            sys::set(&socket, SOL_SOCKET, SO_RCVBUF, 1)?;
            let to = sys::local_name(&socket)?;
            for _ in 0..FLOOD {
                sys::send_to(&socket, &[b'd'; 700], 0, &to)?;
            }
            let lost = FLOOD - drain(&socket)?;
            let expected = Expected::inet("bound", &socket, state::CLOSE)?;
            Ok(Specimen::default().with(socket, Expected { drops: Some(lost), ..expected }))
        })
    }

    /// `bound` with telling mark, class and buffers, and every socket option that sock_diag shows for UDP turned away
    /// from its default.
    pub fn udp_telling(&self) -> Result<Specimen, Unavailable> {
        make("udp_telling", || {
            let socket = sys::socket(libc::AF_INET, SOCK_DGRAM, IPPROTO_UDP)?;
            make_telling(socket.as_fd(), false)?;
            for (option, value) in [
                (libc::IP_RECVERR, 1),
                (libc::IP_FREEBIND, 1),
                (libc::IP_TRANSPARENT, 1),
                (libc::IP_BIND_ADDRESS_NO_PORT, 1),
                (IP_RECVERR_RFC4884, 1),
                (libc::IP_MULTICAST_LOOP, 0),
                (libc::IP_MULTICAST_ALL, 0),
            ] {
                sys::set(&socket, IPPROTO_IP, option, value)?;
            }
            // IP_FREEBIND: an address that this namespace does not have. The port is given, as the kernel would not
            // choose one yet.
            sys::bind(&socket, &address::encode(([192, 0, 2, 99], 5353).into()))?;
            let expected = Expected {
                sockopts_set: &["recverr", "freebind", "transparent", "bind_address_no_port", "recverr_rfc4884"],
                sockopts_clear: &["is_icsk", "hdrincl", "mc_loop", "mc_all", "nodefrag", "defer_connect"],
                ..telling(false, Expected::inet("bound", &socket, state::CLOSE)?)
            };
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `bound` over IPv6 with telling mark, traffic class and buffers.
    pub fn udp_telling_v6(&self) -> Result<Specimen, Unavailable> {
        make("udp_telling_v6", || {
            let socket = bound(SOCK_DGRAM, IPPROTO_UDP, (V6[0], 0).into())?;
            make_telling(socket.as_fd(), true)?;
            let expected = telling(true, Expected::inet("bound", &socket, state::CLOSE)?);
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `bound`
    pub fn udplite(&self) -> Result<Specimen, Unavailable> {
        unconnected("udplite", SOCK_DGRAM, IPPROTO_UDPLITE, (SERVER_V4, 0).into())
    }

    /// `bound` that may ping. No sock_diag handler exists for these.
    pub fn ping(&self) -> Result<Specimen, Unavailable> {
        self.allow_ping("ping")?;
        unconnected("ping", SOCK_DGRAM, IPPROTO_ICMP, (SERVER_V4, 0x5eed).into())
    }

    /// The same over IPv6.
    pub fn ping_v6(&self) -> Result<Specimen, Unavailable> {
        self.allow_ping("ping_v6")?;
        unconnected("ping_v6", SOCK_DGRAM, IPPROTO_ICMPV6, (V6[0], 0x5eed).into())
    }

    /// `bound`; the port of a raw socket is its protocol.
    pub fn raw(&self) -> Result<Specimen, Unavailable> {
        make("raw", || {
            let socket = bound(SOCK_RAW, RAW_PROTOCOL, (SERVER_V4, 0).into())?;
            sys::set(&socket, IPPROTO_IP, libc::IP_HDRINCL, 1)?;
            sys::set(&socket, IPPROTO_IP, libc::IP_NODEFRAG, 1)?;
            let expected =
                Expected { sockopts_set: &["hdrincl", "nodefrag"], ..Expected::inet("bound", &socket, state::CLOSE)? };
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// The same over IPv6.
    pub fn raw_v6(&self) -> Result<Specimen, Unavailable> {
        unconnected("raw_v6", SOCK_RAW, RAW_PROTOCOL, (V6[0], 0).into())
    }

    /// A fresh namespace lets no group use ping sockets.
    fn allow_ping(&self, kind: &'static str) -> Result<(), Unavailable> {
        let settled = make(kind, || {
            self.set_sysctl("ipv4/ping_group_range", "0 0")?;
            Ok(Specimen::default())
        });
        settled.map(drop)
    }
}
