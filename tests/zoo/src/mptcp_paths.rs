//! Multipath TCP over ways that one end announces, and over one that breaks.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::{IPPROTO_MPTCP, MSG_DONTWAIT, SOCK_STREAM};

use crate::distance::{self, FAR, NEAR, Way};
use crate::expected::{Expected, Says, state};
use crate::mptcp::{MPTCP_INFO, SOL_MPTCP};
use crate::mptcp_endpoint::{self, ANNOUNCED, ANSWERS_ANNOUNCEMENTS, MEETS_ALL, OPENS_SUBFLOWS};
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::{BACKLOG, Plan};
use crate::wire::Fate;
use crate::zoo::{Unavailable, Zoo, make, settle};

/// Endpoints, each with what the kernel does with it.
const ENDPOINTS: [(Ipv4Addr, u32); 3] = [
    (Ipv4Addr::new(127, 4, 5, 7), ANNOUNCED),
    (Ipv4Addr::new(127, 4, 5, 8), OPENS_SUBFLOWS | MEETS_ALL),
    (Ipv4Addr::new(127, 4, 5, 9), ANSWERS_ANNOUNCEMENTS),
];

/// Limits: of announced addresses, and of subflows.
const ACCEPTED_MAX: u32 = 3;
const SUBFLOWS_MAX: u32 = 5;

fn info(socket: impl AsFd) -> io::Result<[u8; 96]> {
    let mut info = [0; 96];
    sys::get_bytes(socket, SOL_MPTCP, MPTCP_INFO, &mut info)?;
    Ok(info)
}

/// Whether the kernel counts what is sent again (since 6.5).
fn counts_retransmissions(socket: impl AsFd) -> io::Result<()> {
    const WITHOUT: usize = 56;
    let len = sys::get_bytes(socket, SOL_MPTCP, MPTCP_INFO, &mut [0; 96])?;
    if len > WITHOUT { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP)) }
}

impl Zoo {
    /// `client` and `server` that announce an address to each other and accept it, with checksums.
    pub fn mptcp_announced(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[
            ("/mptcp_info/add_addr_signal_max", Says::Number(1)),
            ("/mptcp_info/add_addr_accepted_max", Says::Number(ACCEPTED_MAX as u64)),
            ("/mptcp_info/subflows_max", Says::Number(SUBFLOWS_MAX as u64)),
            ("/mptcp_info/csum_enabled", Says::Yes),
        ];
        const CLIENT_SAYS: &[(&str, Says)] = &[
            ("/mptcp_info/add_addr_accepted", Says::AtLeast(1)),
            ("/mptcp_info/subflows_max", Says::Number(SUBFLOWS_MAX as u64)),
            ("/mptcp_info/csum_enabled", Says::Yes),
        ];
        make("mptcp_announced", || {
            // Where there is no multipath TCP nothing more is made.
            drop(sys::socket(libc::AF_INET, SOCK_STREAM, IPPROTO_MPTCP)?);
            self.set_sysctl("mptcp/checksum_enabled", "1")?;
            mptcp_endpoint::limit(ACCEPTED_MAX, SUBFLOWS_MAX)?;
            for (address, flags) in ENDPOINTS {
                match mptcp_endpoint::add_for(address.into(), flags) {
                    // An older kernel does not know the last kind.
                    Err(error) if flags == ANSWERS_ANNOUNCEMENTS && error.raw_os_error() == Some(libc::EINVAL) => {}
                    other => other?,
                }
            }
            let pair = Plan::v4(IPPROTO_MPTCP).connect(|_, _| Ok(()))?;
            pair.send_unread()?;
            // struct mptcp_info: subflows, announced, accepted.
            settle(&pair.client, || Ok(info(&pair.client)?[2] >= 1 && info(&pair.server)?[1] >= 1))?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected { says: CLIENT_SAYS, ..client };
            let server = Expected { says: SAYS, ..server };
            Ok(pair.specimen([listener, client, server]))
        })
    }

    /// `client` of whose two ways one lets nothing through any more, so that the other one carries it again.
    pub fn mptcp_broken_way(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] =
            &[("/mptcp_info/subflows", Says::Number(1)), ("/mptcp_info/bytes_retrans", Says::AtLeast(1))];
        make("mptcp_broken_way", || {
            drop(sys::socket(libc::AF_INET6, SOCK_STREAM, IPPROTO_MPTCP)?);
            let is_broken = Arc::new(AtomicBool::new(false));
            let broken = is_broken.clone();
            let decide = move |from, packet: &mut Vec<u8>| {
                let source = packet.get(8..24);
                let is_of_it = from == 0 && source == Some(&NEAR[0].octets()[..]);
                if is_of_it && broken.load(Ordering::Relaxed) { Fate::Vanishes } else { Fate::Arrives }
            };
            let (wire, listener) = distance::between(Way::deciding(Box::new(decide)), || {
                mptcp_endpoint::limit(0, SUBFLOWS_MAX)?;
                let listener = distance::bound(SOCK_STREAM, IPPROTO_MPTCP, FAR)?;
                sys::listen(&listener, BACKLOG)?;
                Ok(listener)
            })?;
            mptcp_endpoint::add_for(NEAR[1].into(), OPENS_SUBFLOWS)?;
            let client = distance::bound(SOCK_STREAM, IPPROTO_MPTCP, NEAR[0])?;
            counts_retransmissions(&client)?;
            sys::connect(&client, &sys::local_name(&listener)?)?;
            let server = sys::accept(&listener)?;
            carry(&client, &server)?;
            settle(&client, || Ok(info(&client)?[0] == 1))?;
            is_broken.store(true, Ordering::Relaxed);
            // mptcpi_bytes_retrans
            settle(&client, || {
                carry(&client, &server)?;
                Ok(info(&client)?[48..56] != [0; 8])
            })?;
            let expected = Expected { says: SAYS, ..Expected::inet("client", &client, state::ESTABLISHED)? };
            let specimen = Specimen::default().with(client, expected).holding("server", server);
            Ok(specimen.holding("listener", listener).keeping(wire))
        })
    }

    /// `client` that has nothing more to send, and tells so again and again: nobody hears it.
    pub fn mptcp_unfinished(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[("/mptcp_info/retransmits", Says::AtLeast(1))];
        make("mptcp_unfinished", || {
            drop(sys::socket(libc::AF_INET6, SOCK_STREAM, IPPROTO_MPTCP)?);
            let is_broken = Arc::new(AtomicBool::new(false));
            let broken = is_broken.clone();
            let decide = move |_, _: &mut Vec<u8>| {
                if broken.load(Ordering::Relaxed) { Fate::Vanishes } else { Fate::Arrives }
            };
            let (wire, listener) = distance::between(Way::deciding(Box::new(decide)), || {
                let listener = distance::bound(SOCK_STREAM, IPPROTO_MPTCP, FAR)?;
                sys::listen(&listener, BACKLOG)?;
                Ok(listener)
            })?;
            let client = distance::bound(SOCK_STREAM, IPPROTO_MPTCP, NEAR[0])?;
            counts_retransmissions(&client)?;
            sys::connect(&client, &sys::local_name(&listener)?)?;
            let server = sys::accept(&listener)?;
            sys::send_to(&client, b"the last words", 0, &[])?;
            // mptcpi_bytes_acked
            settle(&client, || Ok(info(&client)?[72..80] != [0; 8]))?;
            is_broken.store(true, Ordering::Relaxed);
            rustix::net::shutdown(&client, rustix::net::Shutdown::Write)?;
            settle(&client, || Ok(info(&client)?[44..48] != [0; 4]))?;
            let expected = Expected { says: SAYS, ..Expected::inet("client", &client, state::FIN_WAIT1)? };
            let specimen = Specimen::default().with(client, expected).holding("server", server);
            Ok(specimen.holding("listener", listener).keeping(wire))
        })
    }
}

/// Sends as much as there is room for, and reads what has come.
fn carry(client: &OwnedFd, server: &OwnedFd) -> io::Result<()> {
    while sys::send_to(client, &[b'p'; 3_000], MSG_DONTWAIT, &[]).is_ok() {}
    match rustix::net::recv(server, &mut [0; 16_384][..], rustix::net::RecvFlags::DONTWAIT) {
        Ok(_) | Err(rustix::io::Errno::AGAIN) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
