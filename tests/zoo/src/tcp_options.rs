//! TCP with options and circumstances that show in single fields.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, BorrowedFd};

use libc::{IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SOL_SOCKET};

use crate::expected::{Expected, Md5Key};
use crate::specimen::Specimen;
use crate::tcp::{End, Pair, Plan, SERVER_V4, bound, listener, plain_pair};
use crate::tcp_states::deafen;
use crate::zoo::{LOOPBACK, Unavailable, Zoo, make, settle};
use crate::{address, sys};

/// `SO_MARK`
pub(crate) const MARK: u32 = 0x5eed;
/// Expedited forwarding, no ECN bits: the kernel masks those.
pub(crate) const TOS: u8 = 0xb8;
/// Class selector 3.
pub(crate) const TCLASS: u8 = 0x60;
/// `SO_PRIORITY`; above 6 only the privileged may.
pub(crate) const PRIORITY: u32 = 0x1d;
/// What is asked for; the kernel keeps twice as much.
pub(crate) const RECEIVE_BUFFER_BYTES: u32 = 77_777;
/// What is asked for; the kernel keeps twice as much.
pub(crate) const SEND_BUFFER_BYTES: u32 = 55_555;
/// `TCP_MAXSEG`
const MAXSEG: u32 = 1234;
/// Seconds; longer than any test.
const KEEPALIVE_IDLE_S: i32 = 4321;
/// A user that nobody is.
pub(crate) const STRANGER: u32 = 54_321;

/// `TCPI_OPT_…`
mod option {
    pub(super) const TIMESTAMPS: u8 = 1;
    pub(super) const SACK: u8 = 2;
    pub(super) const WSCALE: u8 = 4;
    pub(super) const ECN: u8 = 8;
    pub(super) const SYN_DATA: u8 = 32;
}

/// Sets mark, class and buffers to values that no default has.
pub(crate) fn make_telling(socket: BorrowedFd<'_>, v6: bool) -> io::Result<()> {
    if v6 {
        sys::set(socket, IPPROTO_IPV6, libc::IPV6_TCLASS, TCLASS.into())?;
    }
    sys::set(socket, IPPROTO_IP, libc::IP_TOS, TOS.into())?;
    // After the type of service, which sets a priority of its own.
    for (name, value) in [
        (libc::SO_MARK, MARK),
        (libc::SO_PRIORITY, PRIORITY),
        (libc::SO_RCVBUF, RECEIVE_BUFFER_BYTES),
        (libc::SO_SNDBUF, SEND_BUFFER_BYTES),
    ] {
        sys::set(socket, SOL_SOCKET, name, value.cast_signed())?;
    }
    Ok(())
}

/// What [`make_telling`] shows.
pub(crate) fn telling(v6: bool, expected: Expected) -> Expected {
    Expected {
        tos: Some(TOS),
        tclass: v6.then_some(TCLASS),
        mark: Some(MARK),
        class_id: Some(PRIORITY),
        receive_buffer_bytes: Some(2 * RECEIVE_BUFFER_BYTES),
        send_buffer_bytes: Some(2 * SEND_BUFFER_BYTES),
        ..expected
    }
}

fn telling_pair(kind: &'static str, plan: &Plan, v6: bool) -> Result<Specimen, Unavailable> {
    make(kind, || {
        let pair = plan.connect(|end, fd| {
            if end == End::Listener {
                return Ok(());
            }
            sys::set(fd, IPPROTO_TCP, libc::TCP_MAXSEG, MAXSEG.cast_signed())?;
            make_telling(fd, v6)
        })?;
        let [listener, client, server] = pair.expected()?;
        let client = Expected { snd_mss_max: Some(MAXSEG), ..telling(v6, client) };
        Ok(pair.specimen([listener, client, server]))
    })
}

/// `struct tcp_md5sig` (include/uapi/linux/tcp.h).
fn md5_option(key: &Md5Key) -> Vec<u8> {
    const PREFIX: u8 = 1;
    let mut bytes = address::encode((key.address, 0).into());
    bytes.resize(128, 0);
    bytes.extend([PREFIX, key.prefix_len]);
    bytes.extend(u16::try_from(key.key.len()).expect("keys have at most 80 bytes").to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(&key.key);
    bytes.resize(128 + 8 + 80, 0);
    bytes
}

fn pair_with_sysctl(zoo: &Zoo, path: &str, value: &str, default: &str) -> io::Result<Pair> {
    // A value that this kernel does not know is a feature that it lacks.
    zoo.set_sysctl(path, value).map_err(|_| io::Error::from_raw_os_error(libc::EOPNOTSUPP))?;
    let pair = plain_pair();
    zoo.set_sysctl(path, default)?;
    let pair = pair?;
    pair.send_unread()?;
    Ok(pair)
}

impl Zoo {
    /// `client` with telling mark, type of service, priority, buffers and segment size.
    pub fn tcp_telling_v4(&self) -> Result<Specimen, Unavailable> {
        telling_pair("tcp_telling_v4", &Plan::v4(IPPROTO_TCP), false)
    }

    /// The same over IPv6, with a telling traffic class.
    pub fn tcp_telling_v6(&self) -> Result<Specimen, Unavailable> {
        telling_pair("tcp_telling_v6", &Plan::v6(IPPROTO_TCP), true)
    }

    /// `listener` with two MD5 keys, one of them for an IPv4 prefix.
    pub fn tcp_md5(&self) -> Result<Specimen, Unavailable> {
        make("tcp_md5", || {
            let keys = vec![
                Md5Key { address: IpAddr::from([10, 20, 0, 0]), prefix_len: 14, key: b"not a secret".to_vec() },
                Md5Key { address: IpAddr::from([192, 0, 2, 77]), prefix_len: 32, key: vec![0x1b, b'\n', 0xff] },
            ];
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            for key in &keys {
                sys::set_bytes(&socket, IPPROTO_TCP, libc::TCP_MD5SIG_EXT, &md5_option(key))?;
            }
            sys::listen(&socket, 7)?;
            let expected = Expected { md5: keys, ..listener(&socket, 7)? };
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `listener` that is bound to the loopback device.
    pub fn tcp_bound_to_device(&self) -> Result<Specimen, Unavailable> {
        make("tcp_bound_to_device", || {
            let bind = |fd: BorrowedFd<'_>| sys::set_bytes(fd, SOL_SOCKET, libc::SO_BINDTODEVICE, b"lo\0");
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), bind)?;
            sys::listen(&socket, 7)?;
            let expected =
                Expected { ifindex: Some(LOOPBACK), interface: Some(b"lo".to_vec()), ..listener(&socket, 7)? };
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `listener` that is bound to a device with a name that no terminal should see.
    pub fn tcp_hostile_device(&self) -> Result<Specimen, Unavailable> {
        make("tcp_hostile_device", || {
            let name = c"\x1b[31m\"\\\xff\x07\xc3(";
            let (device, index) = sys::tunnel(name)?;
            let bind =
                |fd: BorrowedFd<'_>| sys::set_bytes(fd, SOL_SOCKET, libc::SO_BINDTODEVICE, name.to_bytes_with_nul());
            let socket = bound(IPPROTO_TCP, (Ipv4Addr::UNSPECIFIED, 0).into(), bind)?;
            sys::listen(&socket, 7)?;
            let expected =
                Expected { ifindex: Some(index), interface: Some(name.to_bytes().to_vec()), ..listener(&socket, 7)? };
            Ok(Specimen::default().with(socket, expected).keeping(device))
        })
    }

    /// `client` that sends 999 bytes again and again to a `server` that does not hear them.
    pub fn tcp_retransmitting(&self) -> Result<Specimen, Unavailable> {
        // Offset of tcpi_total_retrans in struct tcp_info.
        const TOTAL_RETRANS: usize = 100;
        make("tcp_retransmitting", || {
            let pair = plain_pair()?;
            deafen(&pair.server)?;
            sys::send_to(&pair.client, &[b'r'; 999], 0, &[])?;
            settle(&pair.client, || {
                let mut info = [0; TOTAL_RETRANS + 4];
                sys::get_bytes(&pair.client, IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
                Ok(info[TOTAL_RETRANS..] != [0; 4])
            })?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected {
                total_retrans_min: Some(1),
                send_queue_bytes: Some(999),
                unsent_bytes: Some(0),
                timer: Some(1),
                ..client
            };
            Ok(pair.specimen([listener, client, Expected { drops_min: Some(1), ..server }]))
        })
    }

    /// `client` whose keepalive timer runs.
    pub fn tcp_keepalive(&self) -> Result<Specimen, Unavailable> {
        make("tcp_keepalive", || {
            let pair = plain_pair()?;
            sys::set(&pair.client, IPPROTO_TCP, libc::TCP_KEEPIDLE, KEEPALIVE_IDLE_S)?;
            sys::set(&pair.client, SOL_SOCKET, libc::SO_KEEPALIVE, 1)?;
            let [listener, client, server] = pair.expected()?;
            Ok(pair.specimen([listener, Expected { timer: Some(2), ..client }, server]))
        })
    }

    /// `client` and `server` with timestamps, SACK, window scaling and classic ECN.
    pub fn tcp_ecn(&self) -> Result<Specimen, Unavailable> {
        make("tcp_ecn", || {
            let pair = pair_with_sysctl(self, "ipv4/tcp_ecn", "1", "2")?;
            let options = option::TIMESTAMPS | option::SACK | option::WSCALE | option::ECN;
            let [listener, client, server] = pair.expected()?;
            let both = |expected| Expected { tcp_options: Some(options), ..expected };
            Ok(pair.specimen([listener, both(client), both(server)]))
        })
    }

    /// `client` and `server` with accurate ECN (Linux 6.18), whose byte counters are not zero.
    pub fn tcp_accurate_ecn(&self) -> Result<Specimen, Unavailable> {
        make("tcp_accurate_ecn", || {
            let pair = pair_with_sysctl(self, "ipv4/tcp_ecn", "3", "2")?;
            let expected = pair.expected()?;
            Ok(pair.specimen(expected))
        })
    }

    /// `client` with bytes that do not fit into the window of a `server` that does not read.
    pub fn tcp_unsent(&self) -> Result<Specimen, Unavailable> {
        // SIOCOUTQNSD (include/uapi/linux/sockios.h)
        const UNSENT: libc::c_ulong = 0x894b;
        make("tcp_unsent", || {
            let pair = Plan::v4(IPPROTO_TCP).connect(|_, fd| sys::set(fd, SOL_SOCKET, libc::SO_RCVBUF, 9_999))?;
            let bytes = [b's'; 4096];
            while sys::send_to(&pair.client, &bytes, libc::MSG_DONTWAIT, &[]).is_ok() {}
            // All that fits has arrived when nothing is in flight and the window is closed. On a slow machine the end of
            // a window that is smaller than a segment waits for the timer, while nothing is in flight either.
            let queue = |request| Ok::<u32, io::Error>(sys::ioctl_int(&pair.client, request)?.cast_unsigned());
            settle(&pair.client, || Ok(queue(libc::TIOCOUTQ)? == queue(UNSENT)? && window_is_closed(&pair.client)?))?;
            let unsent = queue(UNSENT)?;
            let [listener, client, server] = pair.expected()?;
            let client =
                Expected { send_queue_bytes: Some(unsent), unsent_bytes: Some(unsent), timer: Some(4), ..client };
            Ok(pair.specimen([listener, client, server]))
        })
    }

    /// `client` and `server` of a connection whose SYN carried data, with `fastopen` set on the `listener`.
    pub fn tcp_fastopen(&self) -> Result<Specimen, Unavailable> {
        make("tcp_fastopen", || {
            // Client, server, and neither needs a cookie (Documentation/networking/ip-sysctl.rst).
            self.set_sysctl("ipv4/tcp_fastopen", "519")?;
            let fast = |fd: BorrowedFd<'_>| sys::set(fd, IPPROTO_TCP, libc::TCP_FASTOPEN, 5);
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), fast)?;
            sys::listen(&socket, 7)?;
            let client = sys::socket(libc::AF_INET, libc::SOCK_STREAM, IPPROTO_TCP)?;
            let to = sys::local_name(&socket)?;
            sys::send_to(&client, b"early", libc::MSG_FASTOPEN, &to)?;
            let server = sys::accept(&socket)?;
            self.set_sysctl("ipv4/tcp_fastopen", "1")?;
            let pair = Pair { listener: socket, client, server };
            let [listener, client, server] = pair.expected()?;
            let both = |expected| Expected { tcp_options: Some(option::SYN_DATA), ..expected };
            Ok(pair.specimen([listener, both(client), both(server)]))
        })
    }

    /// `client` with kernel TLS, without keys.
    pub fn tcp_tls(&self) -> Result<Specimen, Unavailable> {
        make("tcp_tls", || {
            let pair = plain_pair()?;
            sys::set_bytes(&pair.client, IPPROTO_TCP, libc::TCP_ULP, b"tls")?;
            let [listener, client, server] = pair.expected()?;
            Ok(pair.specimen([listener, Expected { ulp: Some("tls"), ..client }, server]))
        })
    }

    /// `listener` that belongs to user 54321.
    pub fn tcp_uid(&self) -> Result<Specimen, Unavailable> {
        make("tcp_uid", || {
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 7)?;
            give_away(&socket)?;
            let expected = listener(&socket, 7)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }
}

/// Whether the other end takes nothing more. A kernel before 5.4 does not say, and is believed.
fn window_is_closed(socket: impl AsFd) -> io::Result<bool> {
    // Offset of tcpi_snd_wnd in struct tcp_info.
    const WINDOW: usize = 228;
    let mut info = [0; WINDOW + 4];
    sys::get_bytes(socket, IPPROTO_TCP, libc::TCP_INFO, &mut info)?;
    Ok(info[WINDOW..] == [0; 4])
}

/// Gives a socket to a user that nobody is, who is then the socket's owner for sock_diag too (kernel sockfs_setattr).
pub(crate) fn give_away(socket: impl AsFd) -> io::Result<()> {
    let owner = rustix::fs::Uid::from_raw(STRANGER);
    rustix::fs::fchown(socket, Some(owner), None).map_err(|error| match error {
        // In a user namespace that knows only one user.
        rustix::io::Errno::INVAL => io::Error::from_raw_os_error(libc::EPERM),
        other => other.into(),
    })
}
