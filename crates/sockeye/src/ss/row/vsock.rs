//! Sockets of virtual machines.

use sockeye_query::sockets::SocketRow;
use sockeye_wire::sock_diag::vsock::VsockMessage;

use super::{Printer, narrow, state_name};
use crate::ss::grid::Batch;

impl Printer<'_> {
    pub(super) fn vsock(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let message = VsockMessage(row.header);
        let netid = match message.socket_type() {
            Some(1) => "v_str",
            Some(2) => "v_dgr",
            Some(5) => "v_seq",
            _ => "???",
        };
        let state = message.state_number().and_then(|state| u8::try_from(state).ok()).unwrap_or(0);
        self.head(batch, netid, state_name(state), (0, 0));
        for (cid, port) in [(message.src_cid(), message.src_port()), (message.dst_cid(), message.dst_port())] {
            let text = |number: Option<u64>| number.map_or_else(|| "*".to_owned(), |number| number.to_string());
            self.end(batch, text(cid).as_bytes(), b':', text(port).as_bytes());
        }
        self.processes(batch, narrow(message.inode()));
    }
}
