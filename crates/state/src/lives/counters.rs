//! What the kernel counts of one socket, as it was at one moment, and what came to it between two.

use core::time::Duration;

use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

/// The counters of one socket at one moment. What the kernel did not say is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// State.
    pub state: State,
    /// Bytes that were received and not read; of a listener, connections that wait to be accepted.
    pub receive_queue: u32,
    /// Bytes that are not acknowledged yet; of a listener, the limit of its accept queue.
    pub send_queue: u32,
    /// Bytes sent, retransmissions included.
    pub bytes_sent: Option<u64>,
    /// Bytes that the peer has acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes received in order.
    pub bytes_received: Option<u64>,
    /// Bytes sent again.
    pub bytes_retrans: Option<u64>,
    /// Segments sent again; the kernel counts in 32 bits.
    pub total_retrans: Option<u32>,
    /// Segments received; 32 bits.
    pub segs_in: Option<u32>,
    /// Segments sent; 32 bits.
    pub segs_out: Option<u32>,
    /// Microseconds in which something was unacknowledged.
    pub busy_us: Option<u64>,
    /// Those of them in which the peer's window was full.
    pub rwnd_limited_us: Option<u64>,
    /// Those of them in which the send buffer was full.
    pub sndbuf_limited_us: Option<u64>,
    /// Bytes in the send queue that have not been sent yet.
    pub notsent_bytes: Option<u32>,
    /// Segments in flight.
    pub unacked: Option<u32>,
    /// Congestion window in segments.
    pub cwnd: Option<u32>,
    /// Bytes of a full segment.
    pub snd_mss: Option<u32>,
    /// Smoothed round-trip time in microseconds.
    pub rtt_us: Option<u32>,
    /// Smallest round-trip time in microseconds.
    pub min_rtt_us: Option<u32>,
    /// The last measured delivery rate was limited by the application.
    pub app_limited: Option<bool>,
    /// Bytes of the receive buffer.
    pub rcvbuf: Option<u32>,
    /// Bytes of memory that hold what was given to send and is not acknowledged.
    pub wmem_queued: Option<u32>,
    /// Bytes of the send buffer.
    pub sndbuf: Option<u32>,
    /// Datagrams or connections that were dropped.
    pub drops: Option<u32>,
}

impl Counters {
    /// Reads them from a message (`inet_diag_msg` and attributes).
    pub fn read(message: &[u8]) -> Option<Self> {
        let socket = InetSocket::read(message).ok()?;
        let info = socket.tcp_info();
        let memory = socket.memory();
        let narrow = |number: Option<u64>| number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let (info, memory) = (info.as_ref(), memory.as_ref());
        Some(Self {
            state: socket.message.state()?,
            receive_queue: narrow(socket.message.rqueue())?,
            send_queue: narrow(socket.message.wqueue())?,
            bytes_sent: info.and_then(TcpInfo::bytes_sent),
            bytes_acked: info.and_then(TcpInfo::bytes_acked),
            bytes_received: info.and_then(TcpInfo::bytes_received),
            bytes_retrans: info.and_then(TcpInfo::bytes_retrans),
            total_retrans: narrow(info.and_then(TcpInfo::total_retrans)),
            segs_in: narrow(info.and_then(TcpInfo::segs_in)),
            segs_out: narrow(info.and_then(TcpInfo::segs_out)),
            busy_us: info.and_then(TcpInfo::busy_time),
            rwnd_limited_us: info.and_then(TcpInfo::rwnd_limited),
            sndbuf_limited_us: info.and_then(TcpInfo::sndbuf_limited),
            notsent_bytes: narrow(info.and_then(TcpInfo::notsent_bytes)),
            unacked: narrow(info.and_then(TcpInfo::unacked)),
            cwnd: narrow(info.and_then(TcpInfo::snd_cwnd)),
            snd_mss: narrow(info.and_then(TcpInfo::snd_mss)),
            rtt_us: narrow(info.and_then(TcpInfo::rtt)),
            min_rtt_us: narrow(info.and_then(TcpInfo::min_rtt)),
            app_limited: info.and_then(TcpInfo::delivery_rate_app_limited).map(|bit| bit != 0),
            rcvbuf: narrow(memory.and_then(SocketMemory::rcvbuf)),
            wmem_queued: narrow(memory.and_then(SocketMemory::wmem_queued)),
            sndbuf: narrow(memory.and_then(SocketMemory::sndbuf)),
            drops: narrow(memory.and_then(SocketMemory::drops)),
        })
    }
}

/// What came to the counters of a socket in an interval. Absent where either end of it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delta {
    /// The interval.
    pub elapsed: Duration,
    /// Bytes sent, retransmissions included.
    pub bytes_sent: Option<u64>,
    /// Bytes acknowledged.
    pub bytes_acked: Option<u64>,
    /// Bytes received.
    pub bytes_received: Option<u64>,
    /// Bytes sent again.
    pub bytes_retrans: Option<u64>,
    /// Segments sent again.
    pub retransmissions: Option<u64>,
    /// Segments received.
    pub segs_in: Option<u64>,
    /// Segments sent.
    pub segs_out: Option<u64>,
    /// Microseconds busy.
    pub busy_us: Option<u64>,
    /// Microseconds limited by the peer's window.
    pub rwnd_limited_us: Option<u64>,
    /// Microseconds limited by the send buffer.
    pub sndbuf_limited_us: Option<u64>,
    /// Drops.
    pub drops: Option<u64>,
}

impl Delta {
    /// What came between the two.
    pub fn between(before: &Counters, now: &Counters, elapsed: Duration) -> Self {
        // Of a counter that went back it is not known by how much it grew: it is another connection's.
        let wide = |before: Option<u64>, now: Option<u64>| now?.checked_sub(before?);
        let narrow = |before: Option<u32>, now: Option<u32>| Some(u64::from(now?.wrapping_sub(before?)));
        Self {
            elapsed,
            bytes_sent: wide(before.bytes_sent, now.bytes_sent),
            bytes_acked: wide(before.bytes_acked, now.bytes_acked),
            bytes_received: wide(before.bytes_received, now.bytes_received),
            bytes_retrans: wide(before.bytes_retrans, now.bytes_retrans),
            retransmissions: narrow(before.total_retrans, now.total_retrans),
            segs_in: narrow(before.segs_in, now.segs_in),
            segs_out: narrow(before.segs_out, now.segs_out),
            busy_us: wide(before.busy_us, now.busy_us),
            rwnd_limited_us: wide(before.rwnd_limited_us, now.rwnd_limited_us),
            sndbuf_limited_us: wide(before.sndbuf_limited_us, now.sndbuf_limited_us),
            drops: narrow(before.drops, now.drops),
        }
    }

    /// Both intervals together; what is absent in either is absent.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| one?.checked_add(other?);
        Self {
            elapsed: self.elapsed + other.elapsed,
            bytes_sent: sum(self.bytes_sent, other.bytes_sent),
            bytes_acked: sum(self.bytes_acked, other.bytes_acked),
            bytes_received: sum(self.bytes_received, other.bytes_received),
            bytes_retrans: sum(self.bytes_retrans, other.bytes_retrans),
            retransmissions: sum(self.retransmissions, other.retransmissions),
            segs_in: sum(self.segs_in, other.segs_in),
            segs_out: sum(self.segs_out, other.segs_out),
            busy_us: sum(self.busy_us, other.busy_us),
            rwnd_limited_us: sum(self.rwnd_limited_us, other.rwnd_limited_us),
            sndbuf_limited_us: sum(self.sndbuf_limited_us, other.sndbuf_limited_us),
            drops: sum(self.drops, other.drops),
        }
    }

    /// A growth as a number a second.
    pub fn per_second(&self, grown: Option<u64>) -> Option<u64> {
        let micros = self.elapsed.as_micros();
        let rate = u128::from(grown?) * 1_000_000 / Some(micros).filter(|micros| *micros > 0)?;
        u64::try_from(rate).ok()
    }
}
