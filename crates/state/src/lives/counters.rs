//! What one socket had counted at one moment, small enough to keep a pair of it for each of a hundred thousand.

use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;

/// Makes [`Counters`]: a number for each field, and one bit that says whether the kernel told it. A zero that was told and
/// a field that this kernel does not know are two different things, and an `Option` each would double the size.
macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty;)*) => {
        /// What one socket had counted at one moment. Fields that the kernel did not tell are absent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Counters {
            told: u64,
            $($name: $type,)*
            state: u8,
        }

        /// The fields, by the number of their bit.
        #[allow(non_camel_case_types, clippy::enum_variant_names)] // Named like the fields, by the macro.
        #[derive(Clone, Copy)]
        enum Field { $($name),* }

        impl Counters {
            const UNTOLD: Self = Self { told: 0, $($name: 0,)* state: 0 };

            $(
                $(#[doc = $doc])*
                #[inline]
                pub fn $name(&self) -> Option<$type> {
                    (self.told & 1 << Field::$name as u32 != 0).then_some(self.$name)
                }
            )*

            /// Takes over what was told.
            #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is kept")]
            fn take(&mut self, field: Field, value: Option<u64>) {
                let Some(value) = value else { return };
                match field {
                    // The getters of the views widen; what came as a smaller number fits again, and a time that is kept
                    // shorter than it came keeps its low bits, so that differences stay right.
                    $(Field::$name => self.$name = value as $type,)*
                }
                self.told |= 1 << field as u32;
            }
        }
    };
}

counters! {
    /// Bytes that the peer acknowledged.
    bytes_acked: u64;
    /// Bytes received in order.
    bytes_received: u64;
    /// Bytes sent, retransmissions among them.
    bytes_sent: u64;
    /// Rate at which the peer got our data lately, in bytes a second.
    delivery_rate: u64;
    /// Bytes sent again; starts again after 4 GiB.
    bytes_retrans: u32;
    /// Microseconds in which data waited to be sent or acknowledged; starts again after 71 minutes.
    busy_us: u32;
    /// Part of them in which the peer's window held us back.
    rwnd_limited_us: u32;
    /// Part of them in which the send buffer held us back.
    sndbuf_limited_us: u32;
    /// Bytes not read yet; of a listener the connections that wait to be accepted.
    rqueue: u32;
    /// Bytes not acknowledged yet; of a listener the limit of its accept queue.
    wqueue: u32;
    /// Segments retransmitted.
    total_retrans: u32;
    /// Segments that the peer said it had twice.
    dsack_dups: u32;
    /// Segments received.
    segs_in: u32;
    /// Segments sent.
    segs_out: u32;
    /// Segments sent that carried data, retransmissions among them.
    data_segs_out: u32;
    /// Bytes that were not sent once yet.
    notsent_bytes: u32;
    /// Segments sent and not yet acknowledged.
    unacked: u32;
    /// Segments in flight that are believed lost.
    lost: u32;
    /// Retransmitted segments in flight.
    retrans: u32;
    /// Congestion window in segments.
    cwnd: u32;
    /// Congestion window in segments at which slow start ends.
    ssthresh: u32;
    /// Payload of one segment we send.
    snd_mss: u32;
    /// Window that the peer advertises.
    snd_wnd: u32;
    /// Window that we advertise.
    rcv_wnd: u32;
    /// Smoothed round-trip time in microseconds.
    rtt_us: u32;
    /// Smallest round-trip time in microseconds.
    min_rtt_us: u32;
    /// Round-trip time in microseconds as the receiver guesses it.
    rcv_rtt_us: u32;
    /// Milliseconds since data was sent last.
    last_data_sent_ms: u32;
    /// Milliseconds since data was received last.
    last_data_recv_ms: u32;
    /// Packets the socket dropped, of a listener the connections it could not take.
    drops: u32;
    /// Memory of the receive queue.
    rmem_alloc: u32;
    /// Limit of the memory of the receive queue.
    rcvbuf: u32;
    /// Memory of the send queue.
    wmem_queued: u32;
    /// Limit of the memory of the send queue.
    sndbuf: u32;
    /// What loss recovery does: 0 open, 1 disorder, 2 cwr, 3 recovery, 4 loss.
    ca_state: u8;
    /// Retransmission timeouts in a row that nobody answered.
    retransmits: u8;
    /// Probes of a closed window, or of an idle peer, that nobody answered.
    probes: u8;
    /// How many times in a row the timer was doubled.
    backoff: u8;
    /// The timer that runs: 0 none, 1 retransmission, 2 keepalive, 4 closed window.
    timer: u8;
    /// Whether the delivery rate was held down by the program.
    app_limited: u8;
}

impl Counters {
    /// Reads the payload of an inet_diag message (`struct inet_diag_msg` and what follows); `None` where it is too short to
    /// be one. What the request did not ask for (`tcp_info`, `skmem`) is absent.
    pub fn read(payload: &[u8]) -> Option<Self> {
        InetSocket::read(payload).ok().map(|socket| Self::of(&socket))
    }

    /// What a socket says.
    pub fn of(socket: &InetSocket<'_>) -> Self {
        let mut counters = Self { state: socket.message.state().map_or(0, State::number), ..Self::UNTOLD };
        counters.take(Field::rqueue, socket.message.rqueue());
        counters.take(Field::wqueue, socket.message.wqueue());
        counters.take(Field::timer, socket.message.timer());
        counters.take_memory(socket);
        // A listener fills seven fields of its tcp_info and leaves the rest zero, which says nothing.
        if counters.state() != State::Listening {
            counters.take_info(socket);
        }
        counters
    }

    /// Whether nothing was counted from here to there. Ages grow by themselves.
    pub(super) fn is_still(&self, later: &Self) -> bool {
        let (sent, received) = (later.last_data_sent_ms, later.last_data_recv_ms);
        Self { last_data_sent_ms: sent, last_data_recv_ms: received, ..*self } == *later
    }

    /// State of the socket.
    pub fn state(&self) -> State {
        State::from_number(self.state)
    }

    fn take_memory(&mut self, socket: &InetSocket<'_>) {
        let Some(memory) = socket.memory() else { return };
        self.take(Field::rmem_alloc, memory.rmem_alloc());
        self.take(Field::rcvbuf, memory.rcvbuf());
        self.take(Field::wmem_queued, memory.wmem_queued());
        self.take(Field::sndbuf, memory.sndbuf());
        self.take(Field::drops, memory.drops());
    }

    fn take_info(&mut self, socket: &InetSocket<'_>) {
        let Some(info) = socket.tcp_info() else { return };
        self.take(Field::ca_state, info.ca_state());
        self.take(Field::retransmits, info.retransmits());
        self.take(Field::probes, info.probes());
        self.take(Field::backoff, info.backoff());
        self.take(Field::snd_mss, info.snd_mss());
        self.take(Field::unacked, info.unacked());
        self.take(Field::lost, info.lost());
        self.take(Field::retrans, info.retrans());
        self.take(Field::last_data_sent_ms, info.last_data_sent());
        self.take(Field::last_data_recv_ms, info.last_data_recv());
        self.take(Field::rtt_us, info.rtt());
        self.take(Field::ssthresh, info.snd_ssthresh());
        self.take(Field::cwnd, info.snd_cwnd());
        self.take(Field::rcv_rtt_us, info.rcv_rtt());
        self.take(Field::total_retrans, info.total_retrans());
        self.take(Field::bytes_acked, info.bytes_acked());
        self.take(Field::bytes_received, info.bytes_received());
        self.take(Field::segs_out, info.segs_out());
        self.take(Field::segs_in, info.segs_in());
        self.take(Field::notsent_bytes, info.notsent_bytes());
        self.take(Field::min_rtt_us, info.min_rtt());
        self.take(Field::data_segs_out, info.data_segs_out());
        self.take(Field::delivery_rate, info.delivery_rate());
        // The bit is in a byte that older kernels send too, as filler: it means something only beside the rate.
        self.take(Field::app_limited, info.delivery_rate().and(info.delivery_rate_app_limited()));
        self.take(Field::busy_us, info.busy_time());
        self.take(Field::rwnd_limited_us, info.rwnd_limited());
        self.take(Field::sndbuf_limited_us, info.sndbuf_limited());
        self.take(Field::bytes_sent, info.bytes_sent());
        self.take(Field::bytes_retrans, info.bytes_retrans());
        self.take(Field::dsack_dups, info.dsack_dups());
        self.take(Field::snd_wnd, info.snd_wnd());
        self.take(Field::rcv_wnd, info.rcv_wnd());
    }
}

#[cfg(test)]
#[path = "counters/tests.rs"]
mod tests;
