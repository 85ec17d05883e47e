//! `struct tcp_info`: what the kernel knows about one TCP connection (include/uapi/linux/tcp.h, `tcp_get_info` in
//! net/ipv4/tcp.c).
//!
//! Not all of it is said of every socket: a listener fills seven fields and leaves the rest zero, see
//! [`TcpInfo::says`]. The last four bytes were laid out anew in Linux 7.0, see [`TcpInfo::accecn`].

use super::state::State;
use crate::layout::{Field, Layout, Name, Version};

/// The states of [`TcpInfo::state`], by their numbers in the kernel.
const STATES: &[Name] = &[
    name_of(State::Established),
    name_of(State::SynSent),
    name_of(State::SynReceived),
    name_of(State::FinWait1),
    name_of(State::FinWait2),
    name_of(State::TimeWait),
    name_of(State::Unconnected),
    name_of(State::CloseWait),
    name_of(State::LastAck),
    name_of(State::Listening),
    name_of(State::Closing),
    // TCP_NEW_SYN_RECV, the same to whoever looks from outside.
    Name { value: 12, name: State::SynReceived.name() },
    name_of(State::BoundInactive),
];

const fn name_of(state: State) -> Name {
    Name { value: state.number() as u64, name: state.name() }
}

crate::layout! {
    /// State of one TCP connection (`struct tcp_info`).
    pub struct TcpInfo = tcp_info {
        /// State of the connection, the same as the socket's.
        tcpi_state => state: u8 @ 0, OneOf(STATES), (2, 12);
        /// What loss recovery does at the moment.
        tcpi_ca_state => ca_state: u8 @ 1,
            OneOf(crate::names![(0, "open"), (1, "disorder"), (2, "cwr"), (3, "recovery"), (4, "loss")]), (2, 12);
        /// Retransmission timeouts in a row that nobody answered.
        tcpi_retransmits => retransmits: u8 @ 2, Count, (2, 12);
        /// Probes of a closed window or of an idle peer that nobody answered yet.
        tcpi_probes => probes: u8 @ 3, Count, (2, 12);
        /// How many times in a row the retransmission timer was doubled.
        tcpi_backoff => backoff: u8 @ 4, Count, (2, 12);
        /// Options that both sides agreed on, and events that tell whether they worked.
        tcpi_options => options: u8 @ 5,
            SetOf(crate::names![(1, "timestamps"), (2, "sack"), (4, "wscale"), (8, "ecn"), (16, "ecn-seen"), (32, "syn-data"),
                (64, "usec-ts"), (128, "tfo-child")]), (2, 12);
        /// Shift the peer applies to the windows it advertises; says something only with the option wscale.
        tcpi_snd_wscale => snd_wscale: u8[0; 4] @ 6, Count, (2, 12);
        /// Shift we apply to the windows we advertise; says something only with the option wscale.
        tcpi_rcv_wscale => rcv_wscale: u8[4; 4] @ 6, Count, (2, 12);
        /// The latest delivery rate was held down by the program, not by the network.
        tcpi_delivery_rate_app_limited => delivery_rate_app_limited: u8[0; 1] @ 7, Truth, (4, 9);
        /// Why a fast open of this client did not work.
        tcpi_fastopen_client_fail => fastopen_client_fail: u8[1; 2] @ 7,
            OneOf(crate::names![(0, "unspec"), (1, "cookie-unavailable"), (2, "data-not-acked"), (3, "syn-retransmitted")]), (5, 5);
        /// Retransmission timeout in force.
        tcpi_rto => rto: u32 @ 8, Microseconds, (2, 12);
        /// Time an acknowledgement may be delayed; none before the first data arrived.
        tcpi_ato => ato: u32 @ 12, Microseconds, (2, 12), unset 0;
        /// Payload of one segment we send.
        tcpi_snd_mss => snd_mss: u32 @ 16, Bytes, (2, 12);
        /// Payload of the segments we receive, as guessed from those that came.
        tcpi_rcv_mss => rcv_mss: u32 @ 20, Bytes, (2, 12);
        /// Segments sent and not yet acknowledged; of a listener the connections that wait to be accepted.
        tcpi_unacked => unacked: u32 @ 24, Count, (2, 12);
        /// Segments the peer has although earlier ones are missing; of a listener the limit of its accept queue.
        tcpi_sacked => sacked: u32 @ 28, Count, (2, 12);
        /// Segments in flight that are believed lost.
        tcpi_lost => lost: u32 @ 32, Count, (2, 12);
        /// Retransmitted segments in flight now.
        tcpi_retrans => retrans: u32 @ 36, Count, (2, 12);
        /// Segments up to the highest selective acknowledgement; kernels since 4.15 do not tell.
        tcpi_fackets => fackets: u32 @ 40, Count, (2, 12), unset 0;
        /// Time since data was sent last.
        tcpi_last_data_sent => last_data_sent: u32 @ 44, Milliseconds, (2, 12);
        /// Time since an acknowledgement was sent last; no kernel has told it yet.
        tcpi_last_ack_sent => last_ack_sent: u32 @ 48, Milliseconds, (2, 12), unset 0;
        /// Time since data was received last.
        tcpi_last_data_recv => last_data_recv: u32 @ 52, Milliseconds, (2, 12);
        /// Time since an acknowledgement was received last.
        tcpi_last_ack_recv => last_ack_recv: u32 @ 56, Milliseconds, (2, 12);
        /// Largest packet that the path carries, as far as known.
        tcpi_pmtu => pmtu: u32 @ 60, Bytes, (2, 12);
        /// Largest window we are ready to advertise at present.
        tcpi_rcv_ssthresh => rcv_ssthresh: u32 @ 64, Bytes, (2, 12);
        /// Smoothed round-trip time; none before the first sample.
        tcpi_rtt => rtt: u32 @ 68, Microseconds, (2, 12), unset 0;
        /// Mean deviation of the round-trip time; before the first sample a start value, not a measurement.
        tcpi_rttvar => rttvar: u32 @ 72, Microseconds, (2, 12);
        /// Congestion window in segments at which slow start ends; none while nothing has limited it.
        tcpi_snd_ssthresh => snd_ssthresh: u32 @ 76, Count, (2, 12), unset 0x7fff_ffff;
        /// Congestion window in segments.
        tcpi_snd_cwnd => snd_cwnd: u32 @ 80, Count, (2, 12);
        /// Largest segment that we told the peer to send.
        tcpi_advmss => advmss: u32 @ 84, Bytes, (2, 12);
        /// Segments out of order that are borne before one counts as lost.
        tcpi_reordering => reordering: u32 @ 88, Count, (2, 12);
        /// Round-trip time as the receiver guesses it; none before data flowed.
        tcpi_rcv_rtt => rcv_rtt: u32 @ 92, Microseconds, (2, 12), unset 0;
        /// Bytes that the program reads in one round trip, by which the receive buffer is sized.
        tcpi_rcv_space => rcv_space: u32 @ 96, Bytes, (2, 12);
        /// Segments retransmitted in the life of the connection.
        tcpi_total_retrans => total_retrans: u32 @ 100, Count, (2, 12);
        /// Rate at which segments are spaced out; none where nothing holds it down.
        tcpi_pacing_rate => pacing_rate: u64 @ 104, BytesPerSecond, (3, 15), unset 0xffff_ffff_ffff_ffff;
        /// Limit of the pacing rate (`SO_MAX_PACING_RATE`); none where the program set no limit.
        tcpi_max_pacing_rate => max_pacing_rate: u64 @ 112, BytesPerSecond, (3, 15), unset 0xffff_ffff_ffff_ffff;
        /// Bytes that the peer acknowledged; the SYN counts as one.
        tcpi_bytes_acked => bytes_acked: u64 @ 120, Bytes, (4, 1);
        /// Bytes received in order.
        tcpi_bytes_received => bytes_received: u64 @ 128, Bytes, (4, 1);
        /// Segments sent, retransmissions and bare acknowledgements among them.
        tcpi_segs_out => segs_out: u32 @ 136, Count, (4, 2);
        /// Segments received.
        tcpi_segs_in => segs_in: u32 @ 140, Count, (4, 2);
        /// Bytes in the send queue that were not sent once yet.
        tcpi_notsent_bytes => notsent_bytes: u32 @ 144, Bytes, (4, 6);
        /// Smallest round-trip time of the last minutes (sysctl `tcp_min_rtt_wlen`); none before the first sample.
        tcpi_min_rtt => min_rtt: u32 @ 148, Microseconds, (4, 6), unset 0xffff_ffff;
        /// Segments received that carried data.
        tcpi_data_segs_in => data_segs_in: u32 @ 152, Count, (4, 6);
        /// Segments sent that carried data, retransmissions among them.
        tcpi_data_segs_out => data_segs_out: u32 @ 156, Count, (4, 6);
        /// Rate at which the peer got our data lately; none before the first sample.
        tcpi_delivery_rate => delivery_rate: u64 @ 160, BytesPerSecond, (4, 9), unset 0;
        /// Time in which data waited to be sent or acknowledged.
        tcpi_busy_time => busy_time: u64 @ 168, Microseconds, (4, 10);
        /// Part of the busy time in which the peer's window held us back.
        tcpi_rwnd_limited => rwnd_limited: u64 @ 176, Microseconds, (4, 10);
        /// Part of the busy time in which our own send buffer held us back.
        tcpi_sndbuf_limited => sndbuf_limited: u64 @ 184, Microseconds, (4, 10);
        /// Segments that reached the peer, retransmissions among them.
        tcpi_delivered => delivered: u32 @ 192, Count, (4, 18);
        /// Segments that reached the peer with a congestion mark of the network.
        tcpi_delivered_ce => delivered_ce: u32 @ 196, Count, (4, 18);
        /// Bytes sent, retransmissions among them.
        tcpi_bytes_sent => bytes_sent: u64 @ 200, Bytes, (4, 19);
        /// Bytes sent again.
        tcpi_bytes_retrans => bytes_retrans: u64 @ 208, Bytes, (4, 19);
        /// Segments that the peer said it had twice: retransmissions that were not needed.
        tcpi_dsack_dups => dsack_dups: u32 @ 216, Count, (4, 19);
        /// Times our segments were seen to overtake each other.
        tcpi_reord_seen => reord_seen: u32 @ 220, Count, (4, 19);
        /// Segments received out of order.
        tcpi_rcv_ooopack => rcv_ooopack: u32 @ 224, Count, (5, 4);
        /// Window that the peer advertises, scaled; 0 is a closed window.
        tcpi_snd_wnd => snd_wnd: u32 @ 228, Bytes, (5, 4);
        /// Window that we advertise, scaled.
        tcpi_rcv_wnd => rcv_wnd: u32 @ 232, Bytes, (6, 2);
        /// Times the flow label was changed in the hope of a better path.
        tcpi_rehash => rehash: u32 @ 236, Count, (6, 2);
        /// Retransmission timeouts in the life of the connection, those of the SYN among them.
        tcpi_total_rto => total_rto: u16 @ 240, Count, (6, 7);
        /// Recoveries from timeouts, with one that is under way.
        tcpi_total_rto_recoveries => total_rto_recoveries: u16 @ 242, Count, (6, 7);
        /// Time spent in recoveries from timeouts, with one that is under way.
        tcpi_total_rto_time => total_rto_time: u32 @ 244, Milliseconds, (6, 7);
        /// Segments received with a congestion mark, counted where accurate ECN was agreed.
        tcpi_received_ce => received_ce: u32 @ 248, Count, (6, 18);
        /// Bytes that reached the peer marked ECT(1), as it tells; starts again after 4 GiB.
        tcpi_delivered_e1_bytes => delivered_e1_bytes: u32 @ 252, Bytes, (6, 18);
        /// Bytes that reached the peer marked ECT(0), as it tells; starts again after 4 GiB.
        tcpi_delivered_e0_bytes => delivered_e0_bytes: u32 @ 256, Bytes, (6, 18);
        /// Bytes that reached the peer with a congestion mark, as it tells; starts again after 4 GiB.
        tcpi_delivered_ce_bytes => delivered_ce_bytes: u32 @ 260, Bytes, (6, 18);
        /// Bytes received marked ECT(1); starts again after 4 GiB.
        tcpi_received_e1_bytes => received_e1_bytes: u32 @ 264, Bytes, (6, 18);
        /// Bytes received marked ECT(0); starts again after 4 GiB.
        tcpi_received_e0_bytes => received_e0_bytes: u32 @ 268, Bytes, (6, 18);
        /// Bytes received with a congestion mark; starts again after 4 GiB.
        tcpi_received_ce_bytes => received_ce_bytes: u32 @ 272, Bytes, (6, 18);
    }
}

impl<'a> TcpInfo<'a> {
    /// The fields that the kernel fills for a listener too; it leaves all others zero there.
    pub const FILLED_IN_LISTEN: [&'static str; 7] =
        ["state", "unacked", "sacked", "snd_cwnd", "reordering", "pacing_rate", "max_pacing_rate"];

    /// Whether the kernel fills `field` in the state this socket is in: a zero of any other field says nothing.
    pub fn says(&self, field: &Field) -> bool {
        let listens = self.state() == Some(u64::from(State::Listening.number()));
        !listens || Self::FILLED_IN_LISTEN.contains(&field.name)
    }

    /// The table of the last four bytes, as the kernel of this release lays them out; see [`TcpInfo::accecn`].
    pub fn accecn_layout(release: Version) -> &'static Layout {
        if release < Version(7, 0) { &AccEcnNumbers::LAYOUT } else { &AccEcnBits::LAYOUT }
    }

    /// What is known of accurate ECN, as the kernel of this release lays it out.
    ///
    /// Linux 6.18 and 6.19 have two 16-bit numbers in the last four bytes, Linux 7.0 has bitfields there. The length
    /// is the same, so the bytes cannot tell; guessing would name the wrong thing.
    pub fn accecn(&self, release: Version) -> AccEcn<'a> {
        if release < Version(7, 0) { AccEcn::Numbers(AccEcnNumbers(self.0)) } else { AccEcn::Bits(AccEcnBits(self.0)) }
    }
}

/// Parts of accurate ECN that the path was found to break (`TCP_ACCECN_*_FAIL*`).
const ACCECN_FAIL_MODES: &[Name] =
    crate::names![(1, "ace-fail-send"), (2, "ace-fail-recv"), (4, "opt-fail-send"), (8, "opt-fail-recv")];
/// What was seen of the peer's AccECN option (`TCP_ACCECN_OPT_*`).
const ACCECN_OPTIONS: &[Name] =
    crate::names![(0, "not-seen"), (1, "empty-seen"), (2, "counter-seen"), (3, "fail-seen")];

crate::layout! {
    /// The end of `struct tcp_info` in Linux 6.18 and 6.19.
    pub struct AccEcnNumbers = tcp_info {
        /// Parts of accurate ECN that the path was found to break.
        tcpi_accecn_fail_mode => accecn_fail_mode: u16 @ 276, SetOf(ACCECN_FAIL_MODES), (6, 18);
        /// What was seen of the peer's AccECN option.
        tcpi_accecn_opt_seen => accecn_opt_seen: u16 @ 278, OneOf(ACCECN_OPTIONS), (6, 18);
    }
}

crate::layout! {
    /// The end of `struct tcp_info` from Linux 7.0.
    pub struct AccEcnBits = tcp_info {
        /// Kind of ECN that both sides agreed on.
        tcpi_ecn_mode => ecn_mode: u8[0; 2] @ 276,
            OneOf(crate::names![(0, "disabled"), (1, "rfc3168"), (2, "accecn"), (3, "pending")]), (7, 0);
        /// What was seen of the peer's AccECN option.
        tcpi_accecn_opt_seen => accecn_opt_seen: u8[2; 2] @ 276, OneOf(ACCECN_OPTIONS), (7, 0);
        /// Parts of accurate ECN that the path was found to break.
        tcpi_accecn_fail_mode => accecn_fail_mode: u8[4; 4] @ 276, SetOf(ACCECN_FAIL_MODES), (7, 0);
    }
}

/// The last four bytes of `struct tcp_info`, in the layout of one kernel release.
#[derive(Clone, Copy, Debug)]
pub enum AccEcn<'a> {
    /// As Linux 6.18 and 6.19 have them.
    Numbers(AccEcnNumbers<'a>),
    /// As Linux 7.0 and later have them.
    Bits(AccEcnBits<'a>),
}

impl AccEcn<'_> {
    /// Kind of ECN that both sides agreed on; told since Linux 7.0.
    pub fn ecn_mode(&self) -> Option<u64> {
        match self {
            Self::Numbers(_) => None,
            Self::Bits(bits) => bits.ecn_mode(),
        }
    }

    /// What was seen of the peer's AccECN option.
    pub fn opt_seen(&self) -> Option<u64> {
        match self {
            Self::Numbers(numbers) => numbers.accecn_opt_seen(),
            Self::Bits(bits) => bits.accecn_opt_seen(),
        }
    }

    /// Parts of accurate ECN that the path was found to break.
    pub fn fail_mode(&self) -> Option<u64> {
        match self {
            Self::Numbers(numbers) => numbers.accecn_fail_mode(),
            Self::Bits(bits) => bits.accecn_fail_mode(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A structure in which every field has a value of its own: byte `n` is `n`, and what `sets` says.
    fn info(sets: &[(usize, &[u8])]) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..280u16).map(|at| at.to_le_bytes()[0]).collect();
        for (at, value) in sets {
            bytes[*at..at + value.len()].copy_from_slice(value);
        }
        bytes
    }

    fn field(name: &str) -> &'static Field {
        TcpInfo::LAYOUT.fields.iter().find(|field| field.name == name).unwrap()
    }

    #[test]
    fn every_field_reads_its_own_bytes() {
        let bytes = info(&[]);
        let info = TcpInfo(&bytes);
        assert_eq!((info.ca_state(), info.probes(), info.options()), (Some(1), Some(3), Some(5)));
        assert_eq!(info.rtt(), Some(u64::from(u32::from_ne_bytes([68, 69, 70, 71]))));
        assert_eq!(info.min_rtt(), Some(u64::from(u32::from_ne_bytes([148, 149, 150, 151]))));
        assert_eq!(info.delivery_rate(), Some(u64::from_ne_bytes([160, 161, 162, 163, 164, 165, 166, 167])));
        assert_eq!(info.total_rto_recoveries(), Some(u64::from(u16::from_ne_bytes([242, 243]))));
        assert_eq!(info.received_ce_bytes(), Some(u64::from(u32::from_ne_bytes([16, 17, 18, 19]))));
    }

    /// A byte of bitfields, as a machine of either order has it.
    fn bits(little: u8, big: u8) -> u8 {
        if cfg!(target_endian = "big") { big } else { little }
    }

    #[test]
    fn bitfields_share_their_byte() {
        let bytes = info(&[(6, &[bits(0x97, 0x79)]), (7, &[bits(0b101, 0b1100_0000)])]);
        let info = TcpInfo(&bytes);
        assert_eq!((info.snd_wscale(), info.rcv_wscale()), (Some(7), Some(9)));
        assert_eq!((info.delivery_rate_app_limited(), info.fastopen_client_fail()), (Some(1), Some(2)));
    }

    #[test]
    fn what_the_kernel_does_not_know_is_absent() {
        let bytes = info(&[
            (12, &[0; 4]),
            (48, &[0; 4]),
            (76, &0x7fff_ffffu32.to_ne_bytes()),
            (104, &[0xff; 16]),
            (148, &[0xff; 4]),
            (100, &[0; 4]),
        ]);
        let info = TcpInfo(&bytes);
        assert_eq!((info.ato(), info.last_ack_sent(), info.snd_ssthresh()), (None, None, None));
        assert_eq!((info.pacing_rate(), info.max_pacing_rate(), info.min_rtt()), (None, None, None));
        assert_eq!(info.total_retrans(), Some(0), "a real zero is a value");
    }

    #[test]
    fn an_old_kernel_says_less() {
        let bytes = info(&[]);
        let info = TcpInfo(&bytes[..104]);
        assert!(info.total_retrans().is_some());
        assert_eq!((info.pacing_rate(), info.bytes_acked(), info.rehash()), (None, None, None));
        assert_eq!(TcpInfo(&bytes[..107]).pacing_rate(), None, "half a number is none");
    }

    #[test]
    fn a_listener_says_seven_things() {
        let listener = info(&[(0, &[10])]);
        let said = TcpInfo::LAYOUT.fields.iter().filter(|field| TcpInfo(&listener).says(field)).count();
        assert_eq!(said, TcpInfo::FILLED_IN_LISTEN.len());
        assert!(TcpInfo(&listener).says(field("unacked")) && !TcpInfo(&listener).says(field("rtt")));
        let connection = info(&[(0, &[1])]);
        assert!(TcpInfo::LAYOUT.fields.iter().all(|field| TcpInfo(&connection).says(field)));
    }

    #[test]
    fn the_end_is_read_as_the_release_lays_it_out() {
        // Bits of a word, of which this is the byte with the first ones.
        let bytes = info(&[(276, &[bits(0b1000_1001, 0b0110_1000), 0, 0, 0])]);
        let new = TcpInfo(&bytes).accecn(Version(7, 0));
        assert_eq!((new.ecn_mode(), new.opt_seen(), new.fail_mode()), (Some(1), Some(2), Some(8)));
        let bytes = info(&[(276, &2_u16.to_ne_bytes()), (278, &3_u16.to_ne_bytes())]);
        let old = TcpInfo(&bytes).accecn(Version(6, 18));
        assert_eq!((old.ecn_mode(), old.opt_seen(), old.fail_mode()), (None, Some(3), Some(2)));
        assert_eq!(TcpInfo(&bytes[..276]).accecn(Version(6, 12)).fail_mode(), None);
        assert_eq!(TcpInfo::accecn_layout(Version(6, 19)).fields.len(), 2);
        assert_eq!(TcpInfo::accecn_layout(Version(7, 1)).fields.len(), 3);
    }
}
