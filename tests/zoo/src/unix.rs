//! Unix sockets.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;

use libc::{AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM};
use rustix::net::{Shutdown, shutdown};

use crate::expected::{Expected, Unread, state};
use crate::specimen::Specimen;
use crate::tcp::UNREAD_BYTES;
use crate::tcp_options::give_away;
use crate::zoo::{Unavailable, Zoo, make};
use crate::{address, sys};

/// Bytes that a terminal, a line-based format and a UTF-8 reader would each stumble over.
const HOSTILE: &[u8] = b"zoo\x1b[31m\nu_str LISTEN\t\"\\\xff\xc3(";

const BACKLOG: u32 = 7;

/// A socket bound to a name: a path, or an abstract name that starts with a zero byte.
fn bound(kind: i32, name: &[u8]) -> io::Result<OwnedFd> {
    let socket = sys::socket(AF_UNIX, kind, 0)?;
    sys::bind(&socket, &address::unix(name))?;
    Ok(socket)
}

fn connected(kind: i32, to: &[u8]) -> io::Result<OwnedFd> {
    let socket = sys::socket(AF_UNIX, kind, 0)?;
    sys::connect(&socket, &address::unix(to))?;
    Ok(socket)
}

fn listener(socket: &OwnedFd, name: &[u8]) -> io::Result<Expected> {
    Ok(Expected {
        unix_name: Some(name.to_vec()),
        accept_queue: Some(0),
        accept_queue_limit: Some(BACKLOG),
        ..Expected::of("listener", socket, state::LISTEN)?
    })
}

/// The names of both ends of a connection, each the other's peer.
fn pair(near: &OwnedFd, far: &OwnedFd) -> io::Result<[Expected; 2]> {
    let near = Expected::of("client", near, state::ESTABLISHED)?;
    let far = Expected::of("server", far, state::ESTABLISHED)?;
    Ok([Expected { peer_inode: far.inode, ..near.clone() }, Expected { peer_inode: near.inode, ..far }])
}

fn socket_pair(name: &'static str, kind: i32, unread: Unread) -> Result<Specimen, Unavailable> {
    make(name, || {
        let (client, server) = sys::socket_pair(AF_UNIX, kind)?;
        sys::send_to(&client, &[b'u'; UNREAD_BYTES as usize], 0, &[])?;
        let [near, far] = pair(&client, &server)?;
        Ok(Specimen::default().with(client, near).with(server, Expected { unread: Some(unread), ..far }))
    })
}

impl Zoo {
    fn path(&self, name: &[u8]) -> Vec<u8> {
        [self.directory().as_os_str().as_bytes(), b"/", name].concat()
    }

    /// `listener` at a path, and three times `client` waiting to be accepted.
    pub fn unix_listening(&self) -> Result<Specimen, Unavailable> {
        make("unix_listening", || {
            let name = self.path(b"listening");
            let socket = bound(SOCK_STREAM, &name)?;
            sys::listen(&socket, BACKLOG.cast_signed())?;
            let file = rustix::fs::stat(name.as_slice())?;
            let mut expected =
                Expected { accept_queue: Some(3), file: Some((file.st_dev, file.st_ino)), ..listener(&socket, &name)? };
            let mut specimen = Specimen::default();
            for _ in 0..3 {
                let client = connected(SOCK_STREAM, &name)?;
                let waiting = Expected::of("client", &client, state::ESTABLISHED)?;
                expected.pending_inodes.extend(waiting.inode);
                specimen = specimen.with(client, waiting);
            }
            Ok(specimen.with(socket, expected))
        })
    }

    /// `client` and `server` without names, the server with 4321 unread bytes.
    pub fn unix_stream_pair(&self) -> Result<Specimen, Unavailable> {
        socket_pair("unix_stream_pair", SOCK_STREAM, Unread::Bytes(UNREAD_BYTES))
    }

    /// `client`, and `server` that shares the name of its `listener`.
    pub fn unix_stream_named(&self) -> Result<Specimen, Unavailable> {
        make("unix_stream_named", || {
            let name = self.path(b"stream");
            let socket = bound(SOCK_STREAM, &name)?;
            sys::listen(&socket, BACKLOG.cast_signed())?;
            let client = connected(SOCK_STREAM, &name)?;
            let server = sys::accept(&socket)?;
            let [near, far] = pair(&client, &server)?;
            let far = Expected { unix_name: Some(name.clone()), ..far };
            let expected = listener(&socket, &name)?;
            Ok(Specimen::default().with(socket, expected).with(client, near).with(server, far))
        })
    }

    /// `bound` at a path, with one datagram of 4321 bytes from `client`, who is connected to it.
    pub fn unix_dgram(&self) -> Result<Specimen, Unavailable> {
        make("unix_dgram", || {
            let name = self.path(b"dgram");
            let socket = bound(SOCK_DGRAM, &name)?;
            let client = connected(SOCK_DGRAM, &name)?;
            sys::send_to(&client, &[b'u'; UNREAD_BYTES as usize], 0, &[])?;
            let expected = Expected {
                unix_name: Some(name),
                // A datagram socket counts the bytes of its first datagram (kernel unix_inq_len).
                unread: Some(Unread::Bytes(UNREAD_BYTES)),
                // Whoever is connected to is established as well, without a peer (kernel unix_dgram_connect).
                ..Expected::of("bound", &socket, state::ESTABLISHED)?
            };
            let near = Expected { peer_inode: expected.inode, ..Expected::of("client", &client, state::ESTABLISHED)? };
            Ok(Specimen::default().with(socket, expected).with(client, near))
        })
    }

    /// `client` and `server`, the server with one unread record of 4321 bytes.
    pub fn unix_seqpacket(&self) -> Result<Specimen, Unavailable> {
        socket_pair("unix_seqpacket", SOCK_SEQPACKET, Unread::Bytes(UNREAD_BYTES))
    }

    /// `listener` with an abstract name full of control bytes, a line end and bytes that are not UTF-8.
    pub fn unix_abstract(&self) -> Result<Specimen, Unavailable> {
        make("unix_abstract", || {
            let name = [b"\0", HOSTILE, b"\0end"].concat();
            let socket = bound(SOCK_STREAM, &name)?;
            sys::listen(&socket, BACKLOG.cast_signed())?;
            let expected = listener(&socket, &name)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `listener` at a path with the same bytes.
    pub fn unix_hostile_path(&self) -> Result<Specimen, Unavailable> {
        make("unix_hostile_path", || {
            let name = self.path(HOSTILE);
            let socket = bound(SOCK_STREAM, &name)?;
            sys::listen(&socket, BACKLOG.cast_signed())?;
            let expected = listener(&socket, &name)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `client` that closed its sending direction, and with it the receiving direction of `server`.
    pub fn unix_shutdown(&self) -> Result<Specimen, Unavailable> {
        make("unix_shutdown", || {
            let (client, server) = sys::socket_pair(AF_UNIX, SOCK_STREAM)?;
            shutdown(&client, Shutdown::Write)?;
            let [near, far] = pair(&client, &server)?;
            let near = Expected { shutdown: Some(2), ..near };
            let far = Expected { shutdown: Some(1), ..far };
            Ok(Specimen::default().with(client, near).with(server, far))
        })
    }

    /// `listener` that belongs to user 54321.
    pub fn unix_uid(&self) -> Result<Specimen, Unavailable> {
        make("unix_uid", || {
            let name = b"\0zoo uid";
            let socket = bound(SOCK_STREAM, name)?;
            sys::listen(&socket, BACKLOG.cast_signed())?;
            give_away(&socket)?;
            let expected = listener(&socket, name)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }
}
