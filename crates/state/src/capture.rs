//! Captures: what the engine was given, as it was given, so that it can be given again.
//!
//! What it is: the file format, as functions from records to bytes ([`Writer`]) and back ([`Reader`]). Messages stay
//! undecoded; a later sockeye reads more out of an old capture. Keys of TCP MD5 signatures are the one thing that is not
//! as it was: the writer puts zeroes in their place.
//!
//! What it is not: it opens no file and reads no clock.
//!
//! ```
//! use sockeye_state::capture::{About, Reader, Record, Writer};
//! use sockeye_state::{Datagram, Received};
//!
//! let about = About { start_ns: 1_700_000_000_000_000_000, kernel: b"6.18.0", command: b"sockeye sockets" };
//! let mut writer = Writer::new(&about);
//! writer.write(0, 0, Record::Opened { protocol: 4, namespace: b"blue" });
//! writer.write(850, 0, Record::Received(Received::Datagram(Datagram::new(b"bytes of the kernel"))));
//!
//! let mut reader = Reader::new(writer.bytes()).unwrap();
//! assert_eq!(reader.about(), about);
//! let entry = reader.nth(1).unwrap().unwrap();
//! assert_eq!(entry.after_ns, 850);
//! ```
//!
//! # Format
//!
//! Numbers are little-endian. A file is a preamble and then frames until it ends.
//!
//! | preamble | bytes |
//! |---|---|
//! | magic | 8: `0x93 S O C K E Y E` |
//! | version | 2: 1 |
//! | byte order of the machine, and so of the messages | 1: 1 little-endian, 2 big-endian |
//! | zero | 5 |
//! | start of the capture, nanoseconds since 1970 | 8 |
//! | kernel release | 2 length, then the bytes |
//! | command line | 2 length, then the bytes |
//!
//! | frame | bytes |
//! |---|---|
//! | kind | 1: see below |
//! | flags | 1: see below |
//! | channel: the socket it happened on | 2 |
//! | length of the body | 4: at most [`BODY_LEN_MAX`] |
//! | time since the start, nanoseconds | 8 |
//! | body | length |
//!
//! | kind | flags | body |
//! |---|---|---|
//! | 1 opened | 0 | protocol (2), label of the network namespace |
//! | 2 request | 0 | the message |
//! | 3 datagram | 1: did not fit the buffer | port id of the sender (4), the bytes |
//! | 4 overrun | 0 | – |
//! | 5 empty | 0 | – |
//!
//! Kinds and flags that a reader does not know are passed over; a change that such a reader would misunderstand gets a
//! new version.

mod redact;

use core::fmt;

use crate::received::{Datagram, Received};

pub use redact::redact_keys;

/// How a capture begins. The first byte keeps it from being taken for text.
const MAGIC: [u8; 8] = *b"\x93SOCKEYE";
const VERSION: u16 = 1;
const BYTE_ORDER: u8 = if cfg!(target_endian = "little") { 1 } else { 2 };
const FIXED_LEN: usize = 24;
const FRAME_LEN: usize = 16;

const OPENED: u8 = 1;
const REQUEST: u8 = 2;
const DATAGRAM: u8 = 3;
const OVERRUN: u8 = 4;
const EMPTY: u8 = 5;
const TRUNCATED: u8 = 1;

/// `NETLINK_SOCK_DIAG`.
const SOCK_DIAG: u16 = 4;

/// Bytes of the body of a frame: more than the largest receive buffer, and no bait for allocation.
pub const BODY_LEN_MAX: usize = 2 * 1024 * 1024;

/// What a capture says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About<'a> {
    /// When it began, nanoseconds since 1970.
    pub start_ns: u64,
    /// Kernel release, as `uname -r` prints it.
    pub kernel: &'a [u8],
    /// The command that made it.
    pub command: &'a [u8],
}

/// One thing that happened on a socket.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Record<'a> {
    /// The socket was opened.
    Opened {
        /// Netlink protocol: 4 is sock_diag.
        protocol: u16,
        /// Label of the network namespace.
        namespace: &'a [u8],
    },
    /// A request was sent.
    Request(&'a [u8]),
    /// The engine was given this.
    Received(Received<'a>),
    /// A kind of record that this version does not know.
    Unknown {
        /// Its number.
        kind: u8,
        /// Its body.
        body: &'a [u8],
    },
}

/// A record with its place and time.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// Nanoseconds since the start of the capture.
    pub after_ns: u64,
    /// The socket, numbered by whoever made the capture.
    pub channel: u16,
    /// What happened.
    pub record: Record<'a>,
}

/// Turns records into the bytes of a capture.
#[derive(Clone, Debug)]
pub struct Writer {
    bytes: Vec<u8>,
    /// Channels of protocols other than sock_diag, whose messages hold no keys, and look as if they did.
    without_keys: Vec<u16>,
}

impl Writer {
    /// A capture that begins here. Strings are cut after 65 535 bytes.
    pub fn new(about: &About<'_>) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.push(BYTE_ORDER);
        bytes.extend_from_slice(&[0; 5]);
        bytes.extend_from_slice(&about.start_ns.to_le_bytes());
        for text in [about.kernel, about.command] {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&text[..length.into()]);
        }
        Self { bytes, without_keys: Vec::new() }
    }

    /// Adds a record, without the keys it may hold: those are only in what sockets of sock_diag received, and in what was
    /// received by one of which nobody said what it is.
    ///
    /// A datagram over [`BODY_LEN_MAX`] is cut there and marked as truncated.
    pub fn write(&mut self, after_ns: u64, channel: u16, record: Record<'_>) {
        let number;
        let (kind, flags, head, body): (u8, u8, &[u8], &[u8]) = match record {
            Record::Opened { protocol, namespace } => {
                number = u32::from(protocol).to_le_bytes();
                self.without_keys.retain(|&other| other != channel);
                if protocol != SOCK_DIAG {
                    self.without_keys.push(channel);
                }
                (OPENED, 0, &number[..2], namespace)
            }
            Record::Request(message) => (REQUEST, 0, &[], message),
            Record::Received(Received::Datagram(datagram)) => {
                number = datagram.sender.to_le_bytes();
                let cut = datagram.truncated || datagram.bytes.len() > BODY_LEN_MAX - number.len();
                (DATAGRAM, if cut { TRUNCATED } else { 0 }, &number, datagram.bytes)
            }
            Record::Received(Received::Overrun) => (OVERRUN, 0, &[], &[]),
            Record::Received(Received::Empty) => (EMPTY, 0, &[], &[]),
            Record::Unknown { kind, body } => (kind, 0, &[], body),
        };
        let body = &body[..body.len().min(BODY_LEN_MAX - head.len())];
        let length = u32::try_from(head.len() + body.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&[kind, flags]);
        self.bytes.extend_from_slice(&channel.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&after_ns.to_le_bytes());
        self.bytes.extend_from_slice(head);
        let at = self.bytes.len();
        self.bytes.extend_from_slice(body);
        if kind == DATAGRAM && !self.without_keys.contains(&channel) {
            redact_keys(&mut self.bytes[at..]);
        }
    }

    /// What was not taken yet.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what [`Writer::bytes`] gave, once it is on disk. The room is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// Reads a capture, entry by entry, out of borrowed bytes. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    about: About<'a>,
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads the preamble.
    pub fn new(capture: &'a [u8]) -> Result<Self, CaptureError> {
        let Some((fixed, rest)) = capture.split_first_chunk::<FIXED_LEN>() else {
            let known = capture.len().min(MAGIC.len());
            return Err(if capture[..known] == MAGIC[..known] {
                CaptureError::Truncated { at: 0, need: FIXED_LEN, have: capture.len() }
            } else {
                CaptureError::NotACapture
            });
        };
        let (magic, fixed) = (&fixed[..8], &fixed[8..]);
        if *magic != MAGIC {
            return Err(CaptureError::NotACapture);
        }
        match (u16::from_le_bytes([fixed[0], fixed[1]]), fixed[2]) {
            (VERSION, BYTE_ORDER) => {}
            (VERSION, order) => return Err(CaptureError::ByteOrder(order)),
            (version, _) => return Err(CaptureError::Version(version)),
        }
        let start_ns = fixed.last_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let mut reader = Self { about: About { start_ns, kernel: &[], command: &[] }, rest, at: FIXED_LEN };
        reader.about.kernel = reader.text()?;
        reader.about.command = reader.text()?;
        Ok(reader)
    }

    /// What the capture says about itself.
    pub fn about(&self) -> About<'a> {
        self.about
    }

    fn text(&mut self) -> Result<&'a [u8], CaptureError> {
        let length = u16::from_le_bytes(*self.take(2)?.first_chunk().unwrap_or(&[0; 2]));
        self.take(length.into())
    }

    fn take(&mut self, need: usize) -> Result<&'a [u8], CaptureError> {
        let Some((taken, rest)) = self.rest.split_at_checked(need) else {
            return Err(CaptureError::Truncated { at: self.at, need, have: self.rest.len() });
        };
        self.rest = rest;
        self.at += need;
        Ok(taken)
    }

    fn entry(&mut self) -> Result<Entry<'a>, CaptureError> {
        let at = self.at;
        let frame: [u8; FRAME_LEN] = *self.take(FRAME_LEN)?.first_chunk().unwrap_or(&[0; FRAME_LEN]);
        let [kind, flags, c0, c1, l0, l1, l2, l3, after_ns @ ..] = frame;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > BODY_LEN_MAX {
            return Err(CaptureError::TooLong { at, length });
        }
        let body = self.take(length)?;
        let short = |need| CaptureError::Truncated { at, need, have: body.len() };
        let record = match kind {
            OPENED => {
                let (protocol, namespace) = body.split_first_chunk().ok_or(short(2))?;
                Record::Opened { protocol: u16::from_le_bytes(*protocol), namespace }
            }
            REQUEST => Record::Request(body),
            DATAGRAM => {
                let (sender, bytes) = body.split_first_chunk().ok_or(short(4))?;
                let datagram = Datagram::new(bytes).from_sender(u32::from_le_bytes(*sender));
                Record::Received(Received::Datagram(datagram.cut(flags & TRUNCATED != 0)))
            }
            OVERRUN => Record::Received(Received::Overrun),
            EMPTY => Record::Received(Received::Empty),
            kind => Record::Unknown { kind, body },
        };
        Ok(Entry { after_ns: u64::from_le_bytes(after_ns), channel: u16::from_le_bytes([c0, c1]), record })
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Entry<'a>, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.entry();
        if entry.is_err() {
            self.rest = &[];
        }
        Some(entry)
    }
}

/// Why bytes are not a capture, or not to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureError {
    /// They do not begin like a capture.
    NotACapture,
    /// A version of the format that is not known here.
    Version(u16),
    /// Made by a machine of the other byte order, whose messages cannot be read here.
    ByteOrder(u8),
    /// The bytes end before what they hold does: the capture was cut while it was written or copied.
    Truncated {
        /// Where the incomplete part begins.
        at: usize,
        /// Bytes it needs.
        need: usize,
        /// Bytes there are.
        have: usize,
    },
    /// A frame claims to be longer than any can be.
    TooLong {
        /// Where the frame begins.
        at: usize,
        /// The length it claims.
        length: usize,
    },
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotACapture => f.write_str("this is not a sockeye capture"),
            Self::Version(version) => write!(f, "version {version} of the capture format is not known here"),
            Self::ByteOrder(1) => f.write_str("the capture is from a little-endian machine"),
            Self::ByteOrder(2) => f.write_str("the capture is from a big-endian machine"),
            Self::ByteOrder(order) => write!(f, "the capture has an unknown byte order ({order})"),
            Self::Truncated { at, need, have } => {
                write!(f, "the capture is cut: byte {at} begins {need} bytes, {have} are left")
            }
            Self::TooLong { at, length } => write!(f, "the frame at byte {at} claims an impossible {length} bytes"),
        }
    }
}

impl core::error::Error for CaptureError {}

#[cfg(test)]
mod tests;
