//! TCP under each congestion control algorithm; some add an attribute of their own to the socket.

use libc::IPPROTO_TCP;

use crate::expected::Expected;
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::Plan;
use crate::zoo::{Unavailable, Zoo, make};

/// A pair that uses a congestion control algorithm at both ends, and whose client has sent something with it. Both, for
/// DCTCP is only itself where both ends agree on congestion notification (`dctcp_init`), and a listener agrees to what a
/// DCTCP client asks for only if it has it too (`tcp_ecn_create_request`).
fn controlled_by(kind: &'static str, algorithm: &'static str) -> Result<Specimen, Unavailable> {
    make(kind, || {
        let pair = Plan::v4(IPPROTO_TCP)
            .connect(|_, fd| sys::set_bytes(fd, IPPROTO_TCP, libc::TCP_CONGESTION, algorithm.as_bytes()))?;
        pair.send_unread()?;
        let expected = pair.expected()?;
        Ok(pair.specimen(expected.map(|end| Expected { congestion: Some(algorithm), ..end })))
    })
}

impl Zoo {
    /// `client` with Reno.
    pub fn tcp_reno(&self) -> Result<Specimen, Unavailable> {
        controlled_by("tcp_reno", "reno")
    }

    /// `client` with CUBIC.
    pub fn tcp_cubic(&self) -> Result<Specimen, Unavailable> {
        controlled_by("tcp_cubic", "cubic")
    }

    /// `client` with BBR, which adds an attribute of its own.
    pub fn tcp_bbr(&self) -> Result<Specimen, Unavailable> {
        controlled_by("tcp_bbr", "bbr")
    }

    /// `client` with DCTCP, which adds an attribute of its own.
    pub fn tcp_dctcp(&self) -> Result<Specimen, Unavailable> {
        controlled_by("tcp_dctcp", "dctcp")
    }

    /// `client` with Vegas, which adds an attribute of its own.
    pub fn tcp_vegas(&self) -> Result<Specimen, Unavailable> {
        controlled_by("tcp_vegas", "vegas")
    }
}
