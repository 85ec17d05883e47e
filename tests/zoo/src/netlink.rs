//! Netlink sockets.

use std::io;
use std::os::fd::OwnedFd;

use libc::{
    AF_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_BROADCAST_ERROR, NETLINK_CAP_ACK, NETLINK_GENERIC,
    NETLINK_KOBJECT_UEVENT, NETLINK_LISTEN_ALL_NSID, NETLINK_NETFILTER, NETLINK_NO_ENOBUFS, NETLINK_PKTINFO,
    NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_USERSOCK, NETLINK_XFRM, SO_RCVBUF, SOCK_RAW, SOL_NETLINK, SOL_SOCKET,
};

use crate::expected::{Expected, NetlinkExpected, state};
use crate::specimen::Specimen;
use crate::udp::drain;
use crate::zoo::{Unavailable, Zoo, make};
use crate::{address, sys};

/// A port that is no process id.
const PORTID: u32 = 0x5eed_0001;

/// Groups of the routing protocol; the last two do not fit the 32 bits of an address.
const GROUPS: [u32; 4] = [1, 5, 33, 36];

/// Messages sent to a receiver that has room for a few.
const FLOOD: u32 = 40;

fn bound(protocol: i32, portid: u32) -> io::Result<OwnedFd> {
    let socket = sys::socket(AF_NETLINK, SOCK_RAW, protocol)?;
    sys::bind(&socket, &address::netlink(portid, 0))?;
    Ok(socket)
}

fn set(socket: &OwnedFd, option: i32, value: u32) -> io::Result<()> {
    sys::set(socket, SOL_NETLINK, option, value.cast_signed())
}

fn expected(role: &'static str, socket: &OwnedFd) -> io::Result<Expected> {
    // struct sockaddr_nl: family, padding, port.
    let name = sys::local_name(socket)?;
    let portid = u32::from_ne_bytes([name[4], name[5], name[6], name[7]]);
    let netlink = NetlinkExpected { portid, ..NetlinkExpected::default() };
    Ok(Expected { netlink: Some(netlink), ..Expected::of(role, socket, state::CLOSE)? })
}

fn specimen(socket: OwnedFd, describe: impl FnOnce(&mut NetlinkExpected)) -> io::Result<Specimen> {
    let mut expected = expected("bound", &socket)?;
    expected.netlink.as_mut().map(describe);
    Ok(Specimen::default().with(socket, expected))
}

impl Zoo {
    /// `bound` to a telling port, in groups below and above 32.
    pub fn netlink_groups(&self) -> Result<Specimen, Unavailable> {
        make("netlink_groups", || {
            let socket = bound(NETLINK_ROUTE, PORTID)?;
            for group in GROUPS {
                set(&socket, NETLINK_ADD_MEMBERSHIP, group)?;
            }
            specimen(socket, |netlink| netlink.groups = GROUPS.to_vec())
        })
    }

    /// One socket of each protocol that this kernel has, in the role of its name.
    pub fn netlink_protocols(&self) -> Result<Specimen, Unavailable> {
        make("netlink_protocols", || {
            let mut specimen = Specimen::default();
            for (role, protocol) in [
                ("route", NETLINK_ROUTE),
                ("usersock", NETLINK_USERSOCK),
                ("sock_diag", NETLINK_SOCK_DIAG),
                ("xfrm", NETLINK_XFRM),
                ("netfilter", NETLINK_NETFILTER),
                ("uevent", NETLINK_KOBJECT_UEVENT),
                ("generic", NETLINK_GENERIC),
            ] {
                match bound(protocol, 0) {
                    Err(error) if error.raw_os_error() == Some(libc::EPROTONOSUPPORT) => {}
                    socket => {
                        let socket = socket?;
                        let expected = expected(role, &socket)?;
                        specimen = specimen.with(socket, expected);
                    }
                }
            }
            Ok(specimen)
        })
    }

    /// `bound` and connected to a port and a group, which shows as a state of its own.
    pub fn netlink_connected(&self) -> Result<Specimen, Unavailable> {
        const PEER: u32 = 0x5eed_0077;
        make("netlink_connected", || {
            let socket = bound(NETLINK_USERSOCK, PORTID)?;
            sys::connect(&socket, &address::netlink(PEER, 1 << 4))?;
            let mut expected = Expected { state: state::ESTABLISHED, ..expected("bound", &socket)? };
            if let Some(netlink) = &mut expected.netlink {
                netlink.dst_portid = PEER;
                netlink.dst_group = 5;
            }
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `bound` with every lasting flag that netlink_diag has.
    pub fn netlink_flags(&self) -> Result<Specimen, Unavailable> {
        // NDIAG_FLAG_… (include/uapi/linux/netlink_diag.h) beside the option that sets each.
        const OPTIONS: [(i32, u32); 5] = [
            (NETLINK_PKTINFO, 0x02),
            (NETLINK_BROADCAST_ERROR, 0x04),
            (NETLINK_NO_ENOBUFS, 0x08),
            (NETLINK_LISTEN_ALL_NSID, 0x10),
            (NETLINK_CAP_ACK, 0x20),
        ];
        make("netlink_flags", || {
            let socket = bound(NETLINK_GENERIC, PORTID)?;
            for (option, _) in OPTIONS {
                set(&socket, option, 1)?;
            }
            specimen(socket, |netlink| {
                netlink.flags = OPTIONS.iter().map(|(_, flag)| flag).sum();
            })
        })
    }

    /// `bound` that lost messages of a group: how many is what was sent less what could be read.
    pub fn netlink_overrun(&self) -> Result<Specimen, Unavailable> {
        make("netlink_overrun", || {
            let socket = bound(NETLINK_USERSOCK, 0)?;
            sys::set(&socket, SOL_SOCKET, SO_RCVBUF, 1)?;
            set(&socket, NETLINK_ADD_MEMBERSHIP, 1)?;
            let sender = bound(NETLINK_USERSOCK, 0)?;
            for _ in 0..FLOOD {
                // That a receiver has no room is no error of the sender, unless nobody had.
                let _ = sys::send_to(&sender, &[b'n'; 700], 0, &address::netlink(0, 1));
            }
            let lost = FLOOD - drain(&socket)?;
            let mut expected = expected("bound", &socket)?;
            expected.drops = Some(lost);
            if let Some(netlink) = &mut expected.netlink {
                netlink.groups = vec![1];
            }
            Ok(Specimen::default().with(socket, expected).holding("sender", sender))
        })
    }
}
