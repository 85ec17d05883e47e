//! What `-i` tells of a TCP connection.
#![expect(clippy::cast_precision_loss, reason = "`ss` computes with doubles, and its digits are to be met")]

use sockeye_wire::sock_diag::congestion::{BbrInfo, DctcpInfo, VegasInfo};
use sockeye_wire::sock_diag::inet::{InetAttributes, InetMessage};
use sockeye_wire::sock_diag::tcp_info::TcpInfo;

use super::{Printer, labelled, unless_zero};
use crate::output::{escape, number};
use crate::ss::text;

/// The retransmission timeout that `ss` takes for "none yet" and leaves out.
const INITIAL_RTO_US: u64 = 3_000_000;
/// Where a slow start threshold ends to be one.
const THRESHOLD_NONE: u64 = 0xffff;
/// The reordering that every connection begins with.
const REORDERING_DEFAULT: u64 = 3;
/// TCP_LISTEN.
const LISTEN: u64 = 10;

/// Options that both sides agreed on, shown with `-o` (include/uapi/linux/tcp.h, `TCPI_OPT_*`).
const OPTIONS: [(u64, &[u8]); 6] =
    [(1, b" ts"), (64, b" usec_ts"), (2, b" sack"), (8, b" ecn"), (16, b" ecnseen"), (32, b" fastopen")];
const OPTION_WSCALE: u64 = 4;

impl Printer<'_> {
    pub(super) fn tcp_info(&self, out: &mut Vec<u8>, message: &InetMessage<'_>, attributes: &InetAttributes<'_>) {
        super::memory::write(out, attributes.skmem(), attributes.meminfo());
        if let Some(payload) = attributes.tcp_info() {
            self.connection(out, TcpInfo(payload), message.state_number() == Some(LISTEN), attributes);
        }
        if let Some(payload) = attributes.md5_signatures() {
            self.md5_keys(out, payload);
        }
        if let Some(payload) = attributes.ulp() {
            super::ulp::write(out, payload);
        }
    }

    fn connection(&self, out: &mut Vec<u8>, info: TcpInfo<'_>, listens: bool, attributes: &InetAttributes<'_>) {
        let options = info.options().unwrap_or(0);
        if self.options.timers {
            for (_, word) in OPTIONS.iter().filter(|(bit, _)| options & bit != 0) {
                out.extend_from_slice(word);
            }
        }
        if let Some(algorithm) = attributes.congestion().map(sockeye_wire::text).filter(|name| !name.is_empty()) {
            out.push(b' ');
            escape::text(out, algorithm);
        }
        if options & OPTION_WSCALE != 0 {
            labelled(out, b" wscale:", info.snd_wscale().unwrap_or(0));
            labelled(out, b",", info.rcv_wscale().unwrap_or(0));
        }
        milliseconds(out, b" rto:", info.rto().filter(|&rto| rto != INITIAL_RTO_US));
        unless_zero(out, b" backoff:", info.backoff());
        if let Some(rtt) = info.rtt().filter(|&rtt| rtt != 0) {
            milliseconds(out, b" rtt:", Some(rtt));
            out.push(b'/');
            text::milliseconds(out, info.rttvar().unwrap_or(0));
        }
        milliseconds(out, b" ato:", info.ato());
        unless_zero(out, b" mss:", info.snd_mss());
        unless_zero(out, b" pmtu:", info.pmtu());
        unless_zero(out, b" rcvmss:", info.rcv_mss());
        unless_zero(out, b" advmss:", info.advmss());
        unless_zero(out, b" cwnd:", info.snd_cwnd());
        unless_zero(out, b" ssthresh:", info.snd_ssthresh().filter(|&threshold| threshold < THRESHOLD_NONE));
        unless_zero(out, b" bytes_sent:", info.bytes_sent());
        unless_zero(out, b" bytes_retrans:", info.bytes_retrans());
        unless_zero(out, b" bytes_acked:", info.bytes_acked());
        unless_zero(out, b" bytes_received:", info.bytes_received());
        unless_zero(out, b" segs_out:", info.segs_out());
        unless_zero(out, b" segs_in:", info.segs_in());
        unless_zero(out, b" data_segs_out:", info.data_segs_out());
        unless_zero(out, b" data_segs_in:", info.data_segs_in());
        self.algorithm(out, attributes);
        self.rates(out, info, attributes);
        limits(out, info);
        losses(out, info, listens);
        windows(out, info);
    }

    /// What the congestion control algorithm tells.
    fn algorithm(&self, out: &mut Vec<u8>, attributes: &InetAttributes<'_>) {
        if let Some(dctcp) = attributes.dctcp_info().map(DctcpInfo) {
            if dctcp.enabled() == Some(1) {
                labelled(out, b" dctcp:(ce_state:", dctcp.ce_state().unwrap_or(0));
                labelled(out, b",alpha:", dctcp.alpha().unwrap_or(0));
                labelled(out, b",ab_ecn:", dctcp.ab_ecn().unwrap_or(0));
                labelled(out, b",ab_tot:", dctcp.ab_tot().unwrap_or(0));
                out.push(b')');
            } else {
                out.extend_from_slice(b" dctcp:fallback_mode");
            }
        }
        if let Some(bbr) = attributes.bbr_info().map(BbrInfo) {
            self.bandwidth(out, b" bbr:(bw:", bbr.bw().unwrap_or(0) as f64 * 8.0);
            out.extend_from_slice(b",mrtt:");
            // Before the first sample it is the greatest number there is.
            text::milliseconds(out, bbr.min_rtt().unwrap_or(u32::MAX.into()));
            for (label, gain) in [(&b",pacing_gain:"[..], bbr.pacing_gain()), (b",cwnd_gain:", bbr.cwnd_gain())] {
                if let Some(gain) = gain.filter(|&gain| gain != 0) {
                    out.extend_from_slice(label);
                    text::in_256ths(out, gain);
                }
            }
            out.push(b')');
        }
    }

    fn rates(&self, out: &mut Vec<u8>, info: TcpInfo<'_>, attributes: &InetAttributes<'_>) {
        let vegas = attributes.vegas_info().map(VegasInfo);
        let vegas = vegas.filter(|vegas| vegas.enabled().is_some_and(|enabled| enabled != 0));
        let vegas = vegas.and_then(|vegas| vegas.rtt()).filter(|&rtt| rtt != 0);
        let rtt = vegas.or(info.rtt()).unwrap_or(0);
        let (mss, cwnd) = (info.snd_mss().unwrap_or(0), info.snd_cwnd().unwrap_or(0));
        if rtt > 0 && mss > 0 && cwnd > 0 {
            self.bandwidth(out, b" send ", cwnd as f64 * mss as f64 * 8_000_000.0 / rtt as f64);
        }
        unless_zero(out, b" lastsnd:", info.last_data_sent());
        unless_zero(out, b" lastrcv:", info.last_data_recv());
        unless_zero(out, b" lastack:", info.last_ack_recv());
        if let Some(rate) = info.pacing_rate().filter(|&rate| rate != 0) {
            self.bandwidth(out, b" pacing_rate ", rate as f64 * 8.0);
            if let Some(most) = info.max_pacing_rate().filter(|&rate| rate != 0) {
                self.bandwidth(out, b"/", most as f64 * 8.0);
            }
        }
        if let Some(rate) = info.delivery_rate().filter(|&rate| rate != 0) {
            self.bandwidth(out, b" delivery_rate ", rate as f64 * 8.0);
        }
        unless_zero(out, b" delivered:", info.delivered());
        unless_zero(out, b" delivered_ce:", info.delivered_ce());
        if info.delivery_rate_app_limited() == Some(1) {
            out.extend_from_slice(b" app_limited");
        }
    }

    fn bandwidth(&self, out: &mut Vec<u8>, label: &[u8], bits: f64) {
        out.extend_from_slice(label);
        text::bandwidth(out, bits, self.names.numeric);
        out.extend_from_slice(b"bps");
    }
}

/// What held the connection back.
fn limits(out: &mut Vec<u8>, info: TcpInfo<'_>) {
    let Some(busy) = info.busy_time().filter(|&busy| busy != 0) else { return };
    labelled(out, b" busy:", busy / 1000);
    out.extend_from_slice(b"ms");
    let parts: [(&[u8], _); 2] =
        [(b" rwnd_limited:", info.rwnd_limited()), (b" sndbuf_limited:", info.sndbuf_limited())];
    for (label, part) in parts {
        if let Some(part) = part.filter(|&part| part != 0) {
            labelled(out, label, part / 1000);
            out.extend_from_slice(b"ms(");
            text::percent(out, part, busy);
            out.push(b')');
        }
    }
}

/// What is under way, and what went wrong.
fn losses(out: &mut Vec<u8>, info: TcpInfo<'_>, listens: bool) {
    unless_zero(out, b" unacked:", info.unacked());
    let (now, total) = (info.retrans().unwrap_or(0), info.total_retrans().unwrap_or(0));
    if now != 0 || total != 0 {
        labelled(out, b" retrans:", now);
        labelled(out, b"/", total);
    }
    unless_zero(out, b" lost:", info.lost());
    // Of a listener it is the limit of its queue.
    unless_zero(out, b" sacked:", info.sacked().filter(|_| !listens));
    unless_zero(out, b" dsack_dups:", info.dsack_dups());
    unless_zero(out, b" fackets:", info.fackets());
    let reordering = info.reordering().unwrap_or(0);
    if reordering != REORDERING_DEFAULT {
        labelled(out, b" reordering:", reordering);
    }
    unless_zero(out, b" reord_seen:", info.reord_seen());
}

/// What is received, and the windows.
fn windows(out: &mut Vec<u8>, info: TcpInfo<'_>) {
    milliseconds(out, b" rcv_rtt:", info.rcv_rtt());
    unless_zero(out, b" rcv_space:", info.rcv_space());
    unless_zero(out, b" rcv_ssthresh:", info.rcv_ssthresh());
    unless_zero(out, b" notsent:", info.notsent_bytes());
    milliseconds(out, b" minrtt:", info.min_rtt());
    unless_zero(out, b" rcv_ooopack:", info.rcv_ooopack());
    unless_zero(out, b" snd_wnd:", info.snd_wnd());
    unless_zero(out, b" rcv_wnd:", info.rcv_wnd());
    unless_zero(out, b" rehash:", info.rehash());
}

/// Microseconds in milliseconds behind their label, unless they are zero.
fn milliseconds(out: &mut Vec<u8>, label: &[u8], microseconds: Option<u64>) {
    if let Some(microseconds) = microseconds.filter(|&microseconds| microseconds != 0) {
        out.extend_from_slice(label);
        text::milliseconds(out, microseconds);
    }
}

/// The little that `/proc/net/tcp` tells of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ss) struct Old {
    pub(in crate::ss) rto_seconds: f64,
    pub(in crate::ss) ato_seconds: f64,
    /// Acknowledgements that are sent at once, twice their number, and one more where data goes both ways.
    pub(in crate::ss) quick_ack: i64,
    pub(in crate::ss) cwnd: u64,
    pub(in crate::ss) ssthresh: i64,
    pub(in crate::ss) retrans: u64,
}

impl Old {
    pub(in crate::ss) fn write(&self, out: &mut Vec<u8>) {
        for (label, seconds) in [(&b" rto:"[..], self.rto_seconds), (b" ato:", self.ato_seconds)] {
            if seconds != 0.0 {
                out.extend_from_slice(label);
                text::general(out, seconds, 6);
            }
        }
        if self.quick_ack != 0 {
            out.extend_from_slice(b" qack:");
            number::signed(out, self.quick_ack);
        }
        if self.quick_ack & 1 != 0 {
            out.extend_from_slice(b" bidir");
        }
        unless_zero(out, b" cwnd:", Some(self.cwnd));
        if self.ssthresh != 0 {
            out.extend_from_slice(b" ssthresh:");
            number::signed(out, self.ssthresh);
        }
        if self.retrans != 0 {
            labelled(out, b" retrans:", self.retrans);
            out.extend_from_slice(b"/0");
        }
        out.extend_from_slice(b" reordering:0");
    }
}
