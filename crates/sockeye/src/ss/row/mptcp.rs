//! What `-i` tells of an MPTCP connection.

use sockeye_wire::sock_diag::inet::InetAttributes;
use sockeye_wire::sock_diag::mptcp_info::MptcpInfo;

use super::{memory, unless_zero};
use crate::output::number;

/// Appends it.
pub(super) fn write(out: &mut Vec<u8>, attributes: &InetAttributes<'_>) {
    memory::write(out, attributes.skmem(), attributes.meminfo());
    let Some(info) = attributes.mptcp_info().map(MptcpInfo) else { return };
    unless_zero(out, b" subflows:", info.subflows());
    unless_zero(out, b" add_addr_signal:", info.add_addr_signal());
    unless_zero(out, b" add_addr_accepted:", info.add_addr_accepted());
    unless_zero(out, b" subflows_max:", info.subflows_max());
    unless_zero(out, b" add_addr_signal_max:", info.add_addr_signal_max());
    unless_zero(out, b" add_addr_accepted_max:", info.add_addr_accepted_max());
    let flags = info.flags().unwrap_or(0);
    for (bit, word) in [(1, &b" fallback"[..]), (2, b" remote_key")] {
        if flags & bit != 0 {
            out.extend_from_slice(word);
        }
    }
    if let Some(token) = info.token() {
        out.extend_from_slice(b" token:");
        number::hex_digits(out, token);
    }
    unless_zero(out, b" write_seq:", info.write_seq());
    unless_zero(out, b" snd_una:", info.snd_una());
    unless_zero(out, b" rcv_nxt:", info.rcv_nxt());
    unless_zero(out, b" local_addr_used:", info.local_addr_used());
    unless_zero(out, b" local_addr_max:", info.local_addr_max());
    unless_zero(out, b" csum_enabled:", info.csum_enabled());
    unless_zero(out, b" retransmits:", info.retransmits());
    unless_zero(out, b" bytes_retrans:", info.bytes_retrans());
    unless_zero(out, b" bytes_sent:", info.bytes_sent());
    unless_zero(out, b" bytes_received:", info.bytes_received());
    unless_zero(out, b" bytes_acked:", info.bytes_acked());
    unless_zero(out, b" subflows_total:", info.subflows_total());
    unless_zero(out, b" endp_laminar_max:", info.endp_laminar_max());
    unless_zero(out, b" last_data_sent:", info.last_data_sent());
    unless_zero(out, b" last_data_recv:", info.last_data_recv());
    unless_zero(out, b" last_ack_recv:", info.last_ack_recv());
}
