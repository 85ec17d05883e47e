//! What `-i` tells of an SCTP endpoint or association.

use sockeye_wire::sock_diag::inet::InetAttributes;
use sockeye_wire::sock_diag::sctp_info::SctpInfo;
use sockeye_wire::sock_diag::socket_address::SocketAddresses;

use super::{Printer, unless_zero};
use crate::output::number;

impl Printer<'_> {
    pub(super) fn sctp_info(&self, out: &mut Vec<u8>, attributes: &InetAttributes<'_>) {
        super::memory::write(out, attributes.skmem(), attributes.meminfo());
        let lists: [(&[u8], _); 2] =
            [(b" locals:", attributes.local_addresses()), (b" peers:", attributes.peer_addresses())];
        for (label, payload) in lists {
            let Some(payload) = payload else { continue };
            let mut before = label;
            for address in SocketAddresses::new(payload) {
                out.extend_from_slice(std::mem::replace(&mut before, b","));
                self.names.host(out, address.ip());
            }
        }
        if let Some(payload) = attributes.sctp_info() {
            association(out, SctpInfo(payload));
        }
    }
}

fn association(out: &mut Vec<u8>, info: SctpInfo<'_>) {
    hexadecimal(out, b" tag:", info.tag());
    if let Some(state) = info.state().filter(|&state| state != 0) {
        out.extend_from_slice(b" state:");
        out.extend_from_slice(state_name(u8::try_from(state).unwrap_or(u8::MAX)).as_bytes());
    }
    unless_zero(out, b" rwnd:", info.rwnd());
    unless_zero(out, b" unackdata:", info.unackdata());
    unless_zero(out, b" penddata:", info.penddata());
    unless_zero(out, b" instrms:", info.instrms());
    unless_zero(out, b" outstrms:", info.outstrms());
    unless_zero(out, b" inqueue:", info.inqueue());
    unless_zero(out, b" outqueue:", info.outqueue());
    unless_zero(out, b" overerr:", info.overall_error());
    unless_zero(out, b" maxburst:", info.max_burst());
    unless_zero(out, b" maxseg:", info.maxseg());
    unless_zero(out, b" prwnd:", info.peer_rwnd());
    hexadecimal(out, b" ptag:", info.peer_tag());
    unless_zero(out, b" pcapable:", info.peer_capable());
    unless_zero(out, b" psack:", info.peer_sack());
    unless_zero(out, b" autoclose:", info.s_autoclose());
    unless_zero(out, b" adapind:", info.s_adaptation_ind());
    unless_zero(out, b" pdpoint:", info.s_pd_point());
    unless_zero(out, b" nodelay:", info.s_nodelay());
    unless_zero(out, b" nofrag:", info.s_disable_fragments());
    unless_zero(out, b" v4mapped:", info.s_v4mapped());
    unless_zero(out, b" fraginl:", info.s_frag_interleave());
}

fn hexadecimal(out: &mut Vec<u8>, label: &[u8], number: Option<u64>) {
    if let Some(number) = number.filter(|&number| number != 0) {
        out.extend_from_slice(label);
        number::hex_digits(out, number);
    }
}

/// The state of an association (`enum sctp_state`, include/net/sctp/constants.h).
pub(super) fn state_name(number: u8) -> &'static str {
    const NAMES: [&str; 8] = [
        "CLOSED",
        "COOKIE_WAIT",
        "COOKIE_ECHOED",
        "ESTAB",
        "SHUTDOWN_PENDING",
        "SHUTDOWN_SENT",
        "SHUTDOWN_RECEIVED",
        "ACK_SENT",
    ];
    NAMES.get(usize::from(number)).copied().unwrap_or("UNKNOWN")
}
