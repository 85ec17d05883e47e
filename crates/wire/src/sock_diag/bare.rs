//! Messages about sockets that no kernel sent in one piece: for those who keep sockets in the kernel's own form.

use core::net::{IpAddr, SocketAddr};

use super::inet::{AF_INET, AF_INET6, MESSAGE_LEN};
use super::state::State;

/// An `inet_diag_msg` with no more than state, ends and cookie. Whoever reads it must know that uid, inode, interface and
/// queues are zero because nobody said them.
pub fn message(state: State, local: SocketAddr, peer: SocketAddr, cookie: u64) -> [u8; MESSAGE_LEN] {
    let mut bytes = [0; MESSAGE_LEN];
    bytes[0] = if local.is_ipv4() { AF_INET } else { AF_INET6 };
    bytes[1] = state.number();
    for (end, port_at, address_at) in [(local, 4, 8), (peer, 6, 24)] {
        bytes[port_at..port_at + 2].copy_from_slice(&end.port().to_be_bytes());
        match end {
            SocketAddr::V4(end) => bytes[address_at..address_at + 4].copy_from_slice(&end.ip().octets()),
            SocketAddr::V6(end) => bytes[address_at..address_at + 16].copy_from_slice(&end.ip().octets()),
        }
    }
    // Two numbers of 32 bits, the lower half first.
    let [low, high] = [cookie & u64::from(u32::MAX), cookie >> 32];
    for (half, at) in [(low, 44), (high, 48)] {
        bytes[at..at + 4].copy_from_slice(&u32::try_from(half).unwrap_or(0).to_ne_bytes());
    }
    bytes
}

/// Lets a message say another state.
pub fn set_state(message: &mut [u8], state: State) {
    if let Some(number) = message.get_mut(1) {
        *number = state.number();
    }
}

/// Lets a message say these ends, as far as they are any: a port of 0 is none. An address of IPv4 stands in a message of IPv6
/// as such sockets have it; the other way round there is no room for one.
pub fn set_ends(message: &mut [u8], local: SocketAddr, peer: SocketAddr) {
    let Some(&family) = message.first() else { return };
    for (end, port_at, address_at) in [(local, 4, 8), (peer, 6, 24)] {
        if let (Some(port), 1..) = (message.get_mut(port_at..port_at + 2), end.port()) {
            port.copy_from_slice(&end.port().to_be_bytes());
        }
        let Some(address) = message.get_mut(address_at..address_at + 16) else { return };
        match end.ip() {
            ip if ip.is_unspecified() => {}
            IpAddr::V4(ip) if family == AF_INET => address[..4].copy_from_slice(&ip.octets()),
            IpAddr::V4(ip) => address.copy_from_slice(&ip.to_ipv6_mapped().octets()),
            IpAddr::V6(ip) if family == AF_INET6 => address.copy_from_slice(&ip.octets()),
            IpAddr::V6(_) => {}
        }
    }
}

/// Lets a message say the inode of the socket's file.
pub fn set_inode(message: &mut [u8], inode: u32) {
    if let Some(place) = message.get_mut(68..72) {
        place.copy_from_slice(&inode.to_ne_bytes());
    }
}

/// Lets a message say who a socket belonged to, where it does not say that any more: one that is closed and not gone yet has
/// neither inode nor uid.
pub fn keep_owner(message: &mut [u8], before: &[u8]) {
    if let (Some(owner @ [_, _, _, _, 0, 0, 0, 0]), Some(known)) =
        (message.get_mut(64..MESSAGE_LEN), before.get(64..MESSAGE_LEN))
    {
        owner.copy_from_slice(known);
    }
}

/// Lets a message say what a later one says: its attributes stand behind the older ones, and the last of several counts.
/// The fixed part stays, as a socket that is destroyed has lost its uid, inode and interface.
pub fn renew(message: &mut Vec<u8>, later: &[u8]) {
    if let Some(attributes) = later.get(MESSAGE_LEN..) {
        message.resize(crate::bytes::align(message.len()), 0);
        message.extend_from_slice(attributes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sock_diag::inet::InetSocket;

    #[test]
    fn a_bare_message_is_read_like_one_of_the_kernel() {
        for (local, peer) in [("10.1.2.3:4567", "10.9.8.7:443"), ("[fd00::1:2]:4567", "[fd00::9:8]:443")] {
            let [local, peer]: [SocketAddr; 2] = [local, peer].map(|end| end.parse().unwrap());
            let bytes = message(State::FinWait2, local, peer, 0x0102_0304_0506_0708);
            let read = InetSocket::read(&bytes).unwrap().message;
            assert_eq!(read.state(), Some(State::FinWait2));
            assert_eq!((read.source(), read.destination()), (Some(local.ip()), Some(peer.ip())));
            assert_eq!((read.sport(), read.dport()), (Some(4567), Some(443)));
            assert_eq!(read.cookie(), Some(0x0102_0304_0506_0708));
            let mut named = bytes;
            set_inode(&mut named, 0x0a0b_0c0d);
            assert_eq!(InetSocket::read(&named).unwrap().message.inode(), Some(0x0a0b_0c0d));
            let mut closing = bytes;
            set_state(&mut closing, State::Closing);
            assert_eq!(InetSocket::read(&closing).unwrap().message.state(), Some(State::Closing));
            assert_eq!((&closing[..1], &closing[2..]), (&bytes[..1], &bytes[2..]));
        }
    }

    #[test]
    fn ends_are_those_of_a_packet_as_the_family_of_the_socket_has_them() {
        let ends = |message: &[u8]| {
            let read = InetSocket::read(message).unwrap().message;
            (
                SocketAddr::new(read.source().unwrap(), u16::try_from(read.sport().unwrap()).unwrap()),
                SocketAddr::new(read.destination().unwrap(), u16::try_from(read.dport().unwrap()).unwrap()),
            )
        };
        let of = |text: &str| -> SocketAddr { text.parse().unwrap() };
        for (socket, packet, expected) in [
            (("0.0.0.0:53", "0.0.0.0:0"), ("10.1.2.3:53", "10.9.8.7:443"), ("10.1.2.3:53", "10.9.8.7:443")),
            (("[::]:53", "[::]:0"), ("10.1.2.3:53", "10.9.8.7:443"), ("[::ffff:10.1.2.3]:53", "[::ffff:10.9.8.7]:443")),
            // One that is closed has no port any more, and no address.
            (("10.1.2.3:53", "10.9.8.7:443"), ("0.0.0.0:0", "10.9.8.7:443"), ("10.1.2.3:53", "10.9.8.7:443")),
            (("10.1.2.3:53", "10.9.8.7:443"), ("[fd00::1]:54", "[fd00::2]:444"), ("10.1.2.3:54", "10.9.8.7:444")),
        ] {
            let mut bytes = message(State::Established, of(socket.0), of(socket.1), 5);
            set_ends(&mut bytes, of(packet.0), of(packet.1));
            assert_eq!(ends(&bytes), (of(expected.0), of(expected.1)));
        }
    }

    #[test]
    fn whose_it_was_stays_where_the_later_message_says_nobody() {
        let end: SocketAddr = "10.1.2.3:4567".parse().unwrap();
        let of = |uid: u32, inode: u32| {
            let mut bytes = message(State::FinWait1, end, end, 5);
            bytes[64..68].copy_from_slice(&uid.to_ne_bytes());
            bytes[68..72].copy_from_slice(&inode.to_ne_bytes());
            bytes
        };
        let kept = |later: (u32, u32)| {
            let mut later = of(later.0, later.1);
            keep_owner(&mut later, &of(4321, 70_005));
            let read = InetSocket::read(&later).unwrap().message;
            (read.uid(), read.inode())
        };
        assert_eq!(kept((0, 0)), (Some(4321), Some(70_005)));
        assert_eq!(kept((77, 80_001)), (Some(77), Some(80_001)));
    }

    #[test]
    fn what_came_later_counts_and_what_only_the_older_had_stays() {
        let end: SocketAddr = "10.1.2.3:4567".parse().unwrap();
        let attribute = |number: u16, payload: &[u8]| {
            let length = u16::try_from(4 + payload.len()).unwrap();
            let mut bytes = [length.to_ne_bytes(), number.to_ne_bytes()].concat();
            bytes.extend_from_slice(payload);
            bytes
        };
        // INET_DIAG_CONG without its padding, INET_DIAG_INFO twice.
        let mut older = message(State::Established, end, end, 5).to_vec();
        older.extend(attribute(2, &[1; 8]));
        older.extend(attribute(4, b"bbr\0x"));
        let mut later = message(State::Unconnected, "10.7.7.7:0".parse().unwrap(), end, 5).to_vec();
        later.extend(attribute(2, &[9; 8]));
        renew(&mut older, &later);
        let read = InetSocket::read(&older).unwrap();
        assert_eq!(read.message.sport(), Some(4567));
        assert_eq!(read.attributes.tcp_info(), Some(&[9; 8][..]));
        assert!(read.attributes.0.payload(4).is_some());
    }
}
