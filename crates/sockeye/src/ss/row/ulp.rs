//! The protocol above TCP: TLS in the kernel, or MPTCP of which the connection is a subflow.

use sockeye_wire::Slots;
use sockeye_wire::sock_diag::ulp::{MptcpSubflow, TlsInfo, UlpInfo};

use super::{labelled, read_u8, read_u16, read_u32, read_u64};
use crate::output::{escape, number};

/// Flags of a subflow (include/uapi/linux/mptcp.h, `MPTCP_SUBFLOW_FLAG_*`), a letter each.
const SUBFLOW_FLAGS: [(u64, u8); 9] =
    [(1, b'M'), (2, b'm'), (4, b'J'), (8, b'j'), (16, b'B'), (32, b'b'), (64, b'e'), (128, b'c'), (256, b'v')];

/// ` tcp-ulp-NAME …`.
pub(super) fn write(out: &mut Vec<u8>, payload: &[u8]) {
    let ulp = UlpInfo(Slots::read(payload));
    if let Some(name) = ulp.name() {
        out.extend_from_slice(b" tcp-ulp-");
        escape::text(out, sockeye_wire::text(name));
    }
    if let Some(payload) = ulp.tls() {
        tls(out, &TlsInfo(Slots::read(payload)));
    }
    if let Some(payload) = ulp.mptcp() {
        subflow(out, &MptcpSubflow(Slots::read(payload)));
    }
}

fn tls(out: &mut Vec<u8>, info: &TlsInfo<'_>) {
    match read_u16(info.version()) {
        Some(0x0303) => out.extend_from_slice(b" version: 1.2"),
        Some(0x0304) => out.extend_from_slice(b" version: 1.3"),
        Some(other) => unknown(out, " version", other),
        None => {}
    }
    let cipher: &[u8] = match read_u16(info.cipher()) {
        Some(51) => b" cipher: aes-gcm-128",
        Some(52) => b" cipher: aes-gcm-256",
        _ => b"",
    };
    out.extend_from_slice(cipher);
    for (name, configuration) in [(" rxconf", info.rxconf()), (" txconf", info.txconf())] {
        let word: &[u8] = match read_u16(configuration) {
            Some(1) => b": none",
            Some(2) => b": sw",
            Some(3) => b": hw",
            Some(4) => b": hw-record",
            Some(other) => {
                unknown(out, name, other);
                continue;
            }
            None => continue,
        };
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(word);
    }
    if info.zc_ro_tx().is_some() {
        out.extend_from_slice(b" zc_ro_tx");
    }
    if info.rx_no_pad().is_some() {
        out.extend_from_slice(b" no_pad_rx");
    }
}

fn unknown(out: &mut Vec<u8>, name: &str, value: u64) {
    out.extend_from_slice(format!("{name}: unknown({value})").as_bytes());
}

fn subflow(out: &mut Vec<u8>, info: &MptcpSubflow<'_>) {
    let flags = read_u32(info.flags()).unwrap_or(0);
    if flags != 0 {
        out.extend_from_slice(b" flags:");
        out.extend(SUBFLOW_FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, letter)| *letter));
    }
    let ends = [(info.token_rem(), info.id_rem()), (info.token_loc(), info.id_loc())];
    if ends.iter().all(|(token, id)| token.is_some() && id.is_some()) {
        let mut before = " token:";
        for (token, id) in ends {
            let (token, id) = (read_u32(token).unwrap_or(0), read_u8(id).unwrap_or(0));
            out.extend_from_slice(format!("{before}{token:04x}(id:{id})").as_bytes());
            before = "/";
        }
    }
    for (label, value) in [
        (&b" seq:"[..], read_u64(info.map_seq())),
        (b" sfseq:", read_u32(info.map_sfseq())),
        (b" ssnoff:", read_u32(info.ssn_offset())),
    ] {
        if let Some(value) = value {
            labelled(out, label, value);
        }
    }
    if let Some(length) = read_u16(info.map_datalen()) {
        out.extend_from_slice(b" maplen:");
        number::decimal(out, length);
    }
}
