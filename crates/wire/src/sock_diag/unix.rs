//! Unix sockets: `struct unix_diag_req`, `struct unix_diag_msg` and the attributes behind it
//! (include/uapi/linux/unix_diag.h, net/unix/diag.c).

use super::SOCK_DIAG_BY_FAMILY;
use super::memory::SocketMemory;
use super::state::State;
use crate::bytes::u32;
use crate::error::WireError;
use crate::message::NLM_F_DUMP;
use crate::{Request, Slots};

/// `AF_UNIX`.
pub const AF_UNIX: u8 = 1;
/// Bytes of `struct unix_diag_msg`.
pub const MESSAGE_LEN: usize = 16;
/// `UDIAG_SHOW_NAME`.
pub const SHOW_NAME: u32 = 1;
/// `UDIAG_SHOW_VFS`.
pub const SHOW_VFS: u32 = 1 << 1;
/// `UDIAG_SHOW_PEER`.
pub const SHOW_PEER: u32 = 1 << 2;
/// `UDIAG_SHOW_ICONS`.
pub const SHOW_ICONS: u32 = 1 << 3;
/// `UDIAG_SHOW_RQLEN`.
pub const SHOW_RQLEN: u32 = 1 << 4;
/// `UDIAG_SHOW_MEMINFO`.
pub const SHOW_MEMINFO: u32 = 1 << 5;
/// `UDIAG_SHOW_UID`.
pub const SHOW_UID: u32 = 1 << 6;

crate::layout! {
    /// One unix socket (`struct unix_diag_msg`).
    pub struct UnixMessage = unix_diag_msg {
        /// Address family: 1.
        udiag_family => family: u8 @ 0, OneOf(crate::names![(1, "unix")]), (3, 3);
        /// Kind of socket.
        udiag_type => socket_type: u8 @ 1, OneOf(super::SOCKET_TYPES), (3, 3);
        /// State of the socket.
        udiag_state => state_number: u8 @ 2, Identifier, (3, 3);
        /// Inode of the socket.
        udiag_ino => inode: u32 @ 4, Identifier, (3, 3);
        /// Identity of the socket, never used twice until the next boot.
        udiag_cookie => cookie: u32pair @ 8, Hexadecimal, (3, 3);
    }
}

impl UnixMessage<'_> {
    /// State of the socket: established, unconnected or listening.
    #[inline]
    pub fn state(&self) -> Option<State> {
        self.0.get(2).map(|&number| State::from_number(number))
    }
}

crate::layout! {
    /// The file that a unix socket is bound to (`struct unix_diag_vfs`).
    pub struct UnixFile = unix_diag_vfs {
        /// Inode of the socket's file, its lower 32 bits.
        udiag_vfs_ino => ino: u32 @ 0, Identifier, (3, 3);
        /// Device of the file system as the kernel numbers it: 12 bits major, 20 bits minor.
        udiag_vfs_dev => dev: u32 @ 4, Hexadecimal, (3, 3);
    }
}

impl UnixFile<'_> {
    /// Major and minor number of the device.
    pub fn device(&self) -> Option<(u32, u32)> {
        u32(self.0, 4).map(|device| (device >> 20, device & 0xf_ffff))
    }
}

crate::layout! {
    /// Queues of a unix socket (`struct unix_diag_rqlen`).
    pub struct UnixQueues = unix_diag_rqlen {
        /// Bytes to be read (of a datagram socket: of the next datagram). A listening socket has `accept_queue` instead.
        udiag_rqueue => rqueue: u32 @ 0, Bytes, (3, 3);
        /// Memory of what was sent and not yet read. A listening socket has `accept_queue_limit` instead.
        udiag_wqueue => wqueue: u32 @ 4, Bytes, (3, 3);
    }
}

crate::attributes! {
    /// Attributes behind one `unix_diag_msg`.
    pub struct UnixAttributes = "unix_diag", header Some(&UnixMessage::LAYOUT), MESSAGE_LEN; {
        /// Path or abstract name that the socket is bound to.
        UNIX_DIAG_NAME = 0 => name "name": UnixName, Show(SHOW_NAME), None, (3, 3);
        /// File that the socket is bound to.
        UNIX_DIAG_VFS = 1 => vfs "vfs": Structure(&UnixFile::LAYOUT), Show(SHOW_VFS), None, (3, 3);
        /// Inode of the other end; 0 where that one has none.
        UNIX_DIAG_PEER = 2 => peer "peer_inode": Number(U32, Identifier), Show(SHOW_PEER), None, (3, 3);
        /// Inodes of the ends of the connections that wait to be accepted; 0 where one is gone.
        UNIX_DIAG_ICONS = 3 => icons "icons": Numbers(U32, Identifier), Show(SHOW_ICONS), None, (3, 3);
        /// Queues of the socket.
        UNIX_DIAG_RQLEN = 4 => rqlen "rqlen": Structure(&UnixQueues::LAYOUT), Show(SHOW_RQLEN), None, (3, 3);
        /// Memory of the socket and the packets it dropped.
        UNIX_DIAG_MEMINFO = 5 => meminfo "skmem": Structure(&SocketMemory::LAYOUT), Show(SHOW_MEMINFO), None, (3, 3);
        /// Directions that are shut down.
        UNIX_DIAG_SHUTDOWN = 6 => shutdown "shutdown":
            Number(U8, SetOf(crate::names![(1, "receive"), (2, "send")])), Always, None, (3, 8);
        /// User the socket belongs to.
        UNIX_DIAG_UID = 7 => uid "uid": Number(U32, Identifier), Show(SHOW_UID), None, (5, 3);
    }
}

/// The name a unix socket is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnixName<'a> {
    /// A path in the file system, as it was given to `bind`: it may be relative, or lead elsewhere by now.
    Path(&'a [u8]),
    /// A name of its own namespace, without the NUL that marks it; NUL is a byte of it like any other.
    Abstract(&'a [u8]),
}

impl<'a> UnixName<'a> {
    /// The name in an attribute's payload.
    pub fn read(payload: &'a [u8]) -> Self {
        match payload.split_first() {
            Some((0, name)) => Self::Abstract(name),
            _ => Self::Path(crate::space::text(payload)),
        }
    }
}

/// One unix socket: its structure and its attributes.
#[derive(Clone, Copy, Debug)]
pub struct UnixSocket<'a> {
    /// The fixed part.
    pub message: UnixMessage<'a>,
    /// What follows it.
    pub attributes: UnixAttributes<'a>,
}

impl<'a> UnixSocket<'a> {
    /// Reads the payload of an answer.
    #[inline]
    pub fn read(payload: &'a [u8]) -> Result<Self, WireError> {
        let Some((header, rest)) = payload.split_at_checked(MESSAGE_LEN) else {
            return Err(WireError::Truncated { what: "unix_diag_msg", at: 0, need: MESSAGE_LEN, have: payload.len() });
        };
        Ok(Self { message: UnixMessage(header), attributes: UnixAttributes(Slots::read(rest)) })
    }

    /// The name the socket is bound to.
    pub fn name(&self) -> Option<UnixName<'a>> {
        self.attributes.name().map(UnixName::read)
    }

    /// The file the socket is bound to.
    pub fn file(&self) -> Option<UnixFile<'a>> {
        self.attributes.vfs().map(UnixFile)
    }

    /// Inode of the other end; 0 where that one has none.
    pub fn peer_inode(&self) -> Option<u32> {
        self.attributes.peer().and_then(|payload| u32(payload, 0))
    }

    /// Queues of the socket.
    pub fn queues(&self) -> Option<UnixQueues<'a>> {
        self.attributes.rqlen().map(UnixQueues)
    }

    /// Inodes of the ends of the connections that wait to be accepted.
    pub fn waiting_inodes(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.attributes.icons().unwrap_or_default().chunks_exact(4).filter_map(|word| u32(word, 0))
    }

    /// Memory of the socket.
    pub fn memory(&self) -> Option<SocketMemory<'a>> {
        self.attributes.meminfo().map(SocketMemory)
    }
}

/// A question about unix sockets.
#[derive(Clone, Copy, Debug)]
pub struct UnixQuestion {
    /// States, bit `n` for state `n`.
    pub states: u32,
    /// Attributes to be sent, `SHOW_*`.
    pub show: u32,
    /// Inode of the socket in an exact request.
    pub inode: u32,
    /// Cookie of the socket in an exact request; `u64::MAX` where it is not known.
    pub cookie: u64,
}

impl UnixQuestion {
    /// The request for every socket in these states.
    pub fn dump(&self) -> Request {
        Request::new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP).body(&self.body(0, 0))
    }

    /// The request for one socket: the kernel answers with it, with `ENOENT`, or with `ESTALE` for an old cookie.
    pub fn exact(&self) -> Request {
        Request::new(SOCK_DIAG_BY_FAMILY, 0).body(&self.body(self.inode, self.cookie))
    }

    /// `struct unix_diag_req`.
    fn body(&self, inode: u32, cookie: u64) -> [u8; 24] {
        let mut body = [0; 24];
        body[0] = AF_UNIX;
        body[4..8].copy_from_slice(&self.states.to_ne_bytes());
        body[8..12].copy_from_slice(&inode.to_ne_bytes());
        body[12..16].copy_from_slice(&self.show.to_ne_bytes());
        // The kernel keeps a cookie as two words, the lower half first on every machine.
        let (low, high) = (cookie & u64::from(u32::MAX), cookie >> 32);
        body[16..20].copy_from_slice(&u32::try_from(low).unwrap_or(u32::MAX).to_ne_bytes());
        body[20..].copy_from_slice(&u32::try_from(high).unwrap_or(u32::MAX).to_ne_bytes());
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Vec<u8> {
        let mut bytes = vec![1, 5, 10, 0];
        for word in [0x0a0b_0c0du32, 0x5566_7788, 0x1122_3344] {
            bytes.extend_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    #[test]
    fn every_field_reads_back() {
        let bytes = message();
        let socket = UnixSocket::read(&bytes).unwrap();
        assert_eq!((socket.message.family(), socket.message.socket_type()), (Some(1), Some(5)));
        assert_eq!(socket.message.state(), Some(State::Listening));
        assert_eq!((socket.message.inode(), socket.message.cookie()), (Some(0x0a0b_0c0d), Some(0x1122_3344_5566_7788)));
        assert_eq!((socket.name(), socket.peer_inode(), socket.waiting_inodes().count()), (None, None, 0));
    }

    #[test]
    fn every_attribute_reads_back() {
        let pair = |one: u32, two: u32| [one.to_ne_bytes(), two.to_ne_bytes()].concat();
        let request = Request::new(0, 0)
            .body(&message())
            .attribute(0, b"\0bus\0x")
            .attribute(1, &pair(777, 0x0080_0003))
            .attribute(2, &31337u32.to_ne_bytes())
            .attribute(3, &pair(51, 52))
            .attribute(4, &pair(3, 128))
            .attribute(5, &pair(9, 212_992))
            .attribute(6, &[2])
            .attribute(7, &1001u32.to_ne_bytes());
        let socket = UnixSocket::read(&request.as_bytes()[16..]).unwrap();
        assert_eq!(socket.name(), Some(UnixName::Abstract(b"bus\0x")));
        assert_eq!(socket.file().map(|file| (file.ino(), file.device())), Some((Some(777), Some((8, 3)))));
        assert_eq!(socket.peer_inode(), Some(31337));
        assert_eq!(socket.waiting_inodes().collect::<Vec<_>>(), [51, 52]);
        assert_eq!(socket.queues().map(|queues| (queues.rqueue(), queues.wqueue())), Some((Some(3), Some(128))));
        assert_eq!(socket.memory().map(|memory| (memory.rcvbuf(), memory.drops())), Some((Some(212_992), None)));
        assert_eq!(socket.attributes.shutdown(), Some(&[2][..]));
        assert_eq!(socket.attributes.uid(), Some(&1001u32.to_ne_bytes()[..]));
        assert!(!socket.attributes.0.has_unknown(&UnixAttributes::SPACE));
    }

    #[test]
    fn a_path_ends_at_its_nul() {
        assert_eq!(UnixName::read(b"/run/x\0"), UnixName::Path(b"/run/x"));
        assert_eq!(UnixName::read(b""), UnixName::Path(b""));
    }

    #[test]
    fn a_short_message_is_an_error_not_zeros() {
        let error = UnixSocket::read(&message()[..15]).unwrap_err();
        assert_eq!(error, WireError::Truncated { what: "unix_diag_msg", at: 0, need: 16, have: 15 });
    }

    #[test]
    fn requests_are_what_the_kernel_wants() {
        let question = UnixQuestion { states: 0x402, show: 0x7f, inode: 99, cookie: 0x0000_0001_0000_0002 };
        let dump = question.dump();
        let dump = dump.as_bytes();
        assert_eq!(dump.len(), 40);
        assert_eq!(dump[6..8], 0x301u16.to_ne_bytes());
        assert_eq!(dump[16..20], [1, 0, 0, 0]);
        assert_eq!(dump[20..24], 0x402u32.to_ne_bytes());
        assert_eq!(dump[24..28], [0; 4]);
        assert_eq!(dump[28..32], 0x7fu32.to_ne_bytes());
        assert_eq!(dump[32..], [0; 8]);
        let exact = question.exact();
        let exact = exact.as_bytes();
        assert_eq!(exact[6..8], 1u16.to_ne_bytes());
        assert_eq!(exact[24..28], 99u32.to_ne_bytes());
        assert_eq!((&exact[32..36], &exact[36..]), (&2u32.to_ne_bytes()[..], &1u32.to_ne_bytes()[..]));
    }
}
