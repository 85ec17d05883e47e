//! Multipath TCP. The socket of the program and the TCP subflows below it are different sockets to the kernel.

use std::io;
use std::net::Ipv4Addr;

use libc::IPPROTO_MPTCP;

use crate::expected::{Expected, Unread};
use crate::mptcp_endpoint;
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::{Pair, Plan, SERVER_V4, UNREAD_BYTES, bound, listener};
use crate::zoo::{Unavailable, Zoo, make, settle};

/// Where the second subflow of a client comes from.
const SECOND_V4: Ipv4Addr = Ipv4Addr::new(127, 4, 5, 6);

/// `SOL_MPTCP` and `MPTCP_INFO` (include/uapi/linux/mptcp.h)
pub(crate) const SOL_MPTCP: i32 = 284;
pub(crate) const MPTCP_INFO: i32 = 1;

/// A pair with bytes unread, and the TCP sockets that carry it.
fn specimen(pair: Pair, further: u8) -> io::Result<Specimen> {
    let [listener, client, server] = pair.expected()?;
    // Memory, not payload (kernel mptcp_diag_get_info).
    let unread = Some(Unread::AtLeastBytes(UNREAD_BYTES));
    let mptcp_subflows = Some(further);
    let client = Expected { mptcp_subflows, ..client };
    let server = Expected { unread, mptcp_subflows, ..server };
    let expected = [listener, client, server];
    let subflows = [&expected[1], &expected[2]].map(|end| Expected {
        role: "subflow",
        protocol: libc::IPPROTO_TCP,
        inode: None,
        cookie: None,
        unread: None,
        mptcp_subflows: None,
        ulp: Some("mptcp"),
        ..end.clone()
    });
    let specimen = pair.specimen(expected);
    Ok(subflows.into_iter().fold(specimen, Specimen::with_unowned))
}

impl Zoo {
    /// `listener`
    pub fn mptcp_listening(&self) -> Result<Specimen, Unavailable> {
        make("mptcp_listening", || {
            let socket = bound(IPPROTO_MPTCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 7)?;
            let expected = listener(&socket, 7)?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `client` and `server`, and the two TCP sockets that carry them, both `subflow`.
    pub fn mptcp_established(&self) -> Result<Specimen, Unavailable> {
        make("mptcp_established", || {
            let pair = Plan::v4(IPPROTO_MPTCP).connect(|_, _| Ok(()))?;
            pair.send_unread()?;
            specimen(pair, 0)
        })
    }

    /// The same with one further subflow beside the first, from an endpoint that the namespace has from then on.
    pub fn mptcp_subflows(&self) -> Result<Specimen, Unavailable> {
        make("mptcp_subflows", || {
            mptcp_endpoint::add(SECOND_V4)?;
            let pair = Plan::v4(IPPROTO_MPTCP).connect(|_, _| Ok(()))?;
            pair.send_unread()?;
            // The first byte of mptcp_info counts further subflows.
            settle(&pair.server, || {
                let mut info = [0; 1];
                sys::get_bytes(&pair.server, SOL_MPTCP, MPTCP_INFO, &mut info)?;
                Ok(info[0] == 1)
            })?;
            // The kernel chooses the port of the new one, so it is promised as a number only.
            specimen(pair, 1)
        })
    }
}
