//! What a Netlink socket can give: the one input of the engine, live or from a capture.

/// One thing that happened on a Netlink socket.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Received<'a> {
    /// A datagram.
    Datagram(Datagram<'a>),
    /// `ENOBUFS`: the kernel dropped messages to this socket. It says so once, and before the older messages that are
    /// still queued.
    Overrun,
    /// `EAGAIN`: nothing is unread.
    Empty,
}

/// A datagram as `recvmsg` gave it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Datagram<'a> {
    /// Its bytes, as many as fit the buffer.
    pub bytes: &'a [u8],
    /// Port id of the sender, from the socket address: 0 is the kernel, and nobody else can be.
    pub sender: u32,
    /// The datagram was longer than the buffer (`MSG_TRUNC`): what is missing is lost.
    pub truncated: bool,
}

impl<'a> Datagram<'a> {
    /// A datagram from the kernel that arrived whole.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, sender: 0, truncated: false }
    }

    /// The same bytes from this sender.
    #[must_use]
    pub fn from_sender(mut self, sender: u32) -> Self {
        self.sender = sender;
        self
    }

    /// The same bytes, cut by the buffer or not.
    #[must_use]
    pub fn cut(mut self, truncated: bool) -> Self {
        self.truncated = truncated;
        self
    }
}
