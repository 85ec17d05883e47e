//! SCTP with settings, and with chunks out of order.

use std::io;
use std::os::fd::AsFd;

use libc::{IPPROTO_SCTP, SOCK_SEQPACKET};

use crate::expected::{Expected, Says, state};
use crate::specimen::Specimen;
use crate::tcp::{BACKLOG, Plan, SERVER_V4};
use crate::zoo::{Unavailable, Zoo, make, settle};
use crate::{address, sys};

// Options of include/uapi/linux/sctp.h.
pub(crate) const NODELAY: i32 = 3;
const AUTOCLOSE: i32 = 4;
const ADAPTATION_LAYER: i32 = 7;
const DISABLE_FRAGMENTS: i32 = 8;
const STATUS: i32 = 14;
const FRAGMENT_INTERLEAVE: i32 = 18;
const PARTIAL_DELIVERY_POINT: i32 = 19;
const DEFAULT_SENDINFO: i32 = 34;

/// `SCTP_UNORDERED`
const UNORDERED: u16 = 1;

/// Settings that only an endpoint without one peer has, and their values.
const SETTINGS: [(i32, i32); 6] = [
    (NODELAY, 1),
    (AUTOCLOSE, 777),
    (ADAPTATION_LAYER, 0x5eed_0077),
    (DISABLE_FRAGMENTS, 1),
    (FRAGMENT_INTERLEAVE, 1),
    (PARTIAL_DELIVERY_POINT, 7_654),
];

const SETTINGS_SAY: &[(&str, Says)] = &[
    ("/sctp_info/s_nodelay", Says::Yes),
    ("/sctp_info/s_autoclose_seconds", Says::Number(777)),
    ("/sctp_info/s_adaptation_ind", Says::Number(0x5eed_0077)),
    ("/sctp_info/s_disable_fragments", Says::Yes),
    ("/sctp_info/s_frag_interleave", Says::Number(1)),
    ("/sctp_info/s_pd_point_bytes", Says::Number(7_654)),
    ("/sctp_info/s_type", Says::Word("udp")),
];

impl Zoo {
    /// `listener` for associations with anybody, with every setting that an endpoint tells.
    pub fn sctp_settings(&self) -> Result<Specimen, Unavailable> {
        make("sctp_settings", || {
            let socket = sys::socket(libc::AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP)?;
            for (setting, value) in SETTINGS {
                sys::set(&socket, IPPROTO_SCTP, setting, value)?;
            }
            sys::bind(&socket, &address::encode((SERVER_V4, 0).into()))?;
            sys::listen(&socket, BACKLOG)?;
            let expected = Expected::inet("listener", &socket, state::LISTEN)?;
            Ok(Specimen::default().with(socket, Expected { says: SETTINGS_SAY, ..expected }))
        })
    }

    /// `client` that has sent three chunks in no order and one in order, and `server` that has got them.
    pub fn sctp_unordered(&self) -> Result<Specimen, Unavailable> {
        make("sctp_unordered", || {
            let pair = Plan::v4(IPPROTO_SCTP).connect(|_, _| Ok(()))?;
            sys::send_to(&pair.client, b"in order", 0, &[])?;
            // struct sctp_sndinfo: stream, flags, protocol above, context, association.
            let unordered = [&[0; 2][..], &UNORDERED.to_ne_bytes(), &[0; 12]].concat();
            sys::set_bytes(&pair.client, IPPROTO_SCTP, DEFAULT_SENDINFO, &unordered)?;
            for _ in 0..3 {
                sys::send_to(&pair.client, b"in no order", 0, &[])?;
            }
            settle(&pair.client, || Ok(pending(&pair.client)?[0] == 0))?;
            let [listener, client, server] = pair.expected()?;
            let client = Expected { is_association: true, says: SENDER_SAYS, ..client };
            let server = Expected { is_association: true, says: RECEIVER_SAYS, ..server };
            Ok(pair.specimen([listener, client, server]))
        })
    }
}

const SENDER_SAYS: &[(&str, Says)] =
    &[("/sctp_info/ouodchunks", Says::Number(3)), ("/sctp_info/oodchunks", Says::Number(1))];

const RECEIVER_SAYS: &[(&str, Says)] =
    &[("/sctp_info/iuodchunks", Says::Number(3)), ("/sctp_info/iodchunks", Says::Number(1))];

/// What the kernel counts of the one association of a socket (`SCTP_GET_ASSOC_STATS`): from retransmitted chunks on.
pub(crate) fn counters(socket: impl AsFd) -> io::Result<Counters> {
    const ASSOCIATION_STATISTICS: i32 = 112;
    let mut bytes = [0; 256];
    let len = sys::get_bytes(socket, IPPROTO_SCTP, ASSOCIATION_STATISTICS, &mut bytes)?;
    let number =
        |at: usize| bytes[..len].get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_ne_bytes);
    Ok(Counters { retransmitted: number(176), out_of_window: number(184), doubled: number(192) })
}

/// Some of `struct sctp_assoc_stats`.
pub(crate) struct Counters {
    pub(crate) retransmitted: u64,
    pub(crate) out_of_window: u64,
    pub(crate) doubled: u64,
}

/// Chunks that the peer has not acknowledged, and those that came after one that is missing (`SCTP_STATUS`).
pub(crate) fn pending(socket: impl AsFd) -> io::Result<[u16; 2]> {
    let mut status = [0; 176];
    sys::get_bytes(socket, IPPROTO_SCTP, STATUS, &mut status)?;
    Ok([12, 14].map(|at| u16::from_ne_bytes([status[at], status[at + 1]])))
}
