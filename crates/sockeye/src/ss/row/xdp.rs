//! AF_XDP sockets.

use sockeye_query::sockets::SocketRow;
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::xdp::{XdpAttributes, XdpInfo, XdpMemory, XdpMessage, XdpRing, XdpStatistics};

use super::{Details, Printer, labelled, narrow, queue, read_u32};
use crate::ss::grid::Batch;

impl Printer<'_> {
    pub(super) fn xdp(&self, batch: &mut Batch, row: &SocketRow<'_>) {
        let (message, attributes) = (XdpMessage(row.header), XdpAttributes(row.slots));
        let received = attributes.meminfo().map(SocketMemory).and_then(|memory| memory.rmem_alloc());
        self.head(batch, "xdp", "UNCONN", (queue(received), 0));
        let info = attributes.info().map(XdpInfo);
        match info.map(|info| narrow(info.ifindex())).filter(|&ifindex| ifindex != 0) {
            Some(ifindex) => {
                self.interface(&mut batch.text, ifindex);
                batch.text.push(b':');
                batch.end_cell(self.grid);
                labelled(&mut batch.text, b"q", info.and_then(|info| info.queue_id()).unwrap_or(0));
                batch.end_cell(self.grid);
            }
            None => self.no_end(batch, b'*'),
        }
        self.no_end(batch, b'*');
        let inode = narrow(message.inode());
        self.processes(batch, inode);
        let out = &mut batch.text;
        if self.options.extended {
            let details = Details {
                uid: narrow(read_u32(attributes.uid())),
                inode,
                cookie: message.cookie().unwrap_or(0),
                ..Details::default()
            };
            self.details(out, &details);
            self.xdp_ring(out, "rx", attributes.rx_ring());
            self.xdp_ring(out, "tx", attributes.tx_ring());
            if let Some(memory) = attributes.umem().map(XdpMemory) {
                self.xdp_memory(out, memory);
                self.xdp_ring(out, "fr", attributes.fill_ring());
                self.xdp_ring(out, "cr", attributes.completion_ring());
            }
            if let Some(statistics) = attributes.stats().map(XdpStatistics) {
                self.xdp_statistics(out, statistics);
            }
        }
        if self.options.memory {
            super::memory::write(out, attributes.meminfo(), None);
        }
    }

    fn xdp_ring(&self, out: &mut Vec<u8>, name: &str, ring: Option<&[u8]>) {
        let Some(ring) = ring.map(XdpRing) else { return };
        self.line(out);
        out.extend_from_slice(format!("{name}(entries:{})", ring.entries().unwrap_or(0)).as_bytes());
    }

    fn xdp_memory(&self, out: &mut Vec<u8>, memory: XdpMemory<'_>) {
        self.line(out);
        let values: [(&[u8], _); 9] = [
            (b"umem(id:", memory.id()),
            (b",size:", memory.size()),
            (b",num_pages:", memory.num_pages()),
            (b",chunk_size:", memory.chunk_size()),
            (b",headroom:", memory.headroom()),
            (b",ifindex:", memory.ifindex()),
            (b",qid:", memory.queue_id()),
            (b",zc:", memory.flags().map(|flags| flags & 1)),
            (b",refs:", memory.refs()),
        ];
        for (label, value) in values {
            labelled(out, label, value.unwrap_or(0));
        }
        out.push(b')');
    }

    fn xdp_statistics(&self, out: &mut Vec<u8>, statistics: XdpStatistics<'_>) {
        self.line(out);
        let values: [(&[u8], _); 6] = [
            (b"stats(rx dropped:", statistics.n_rx_dropped()),
            (b",rx invalid:", statistics.n_rx_invalid()),
            (b",rx queue full:", statistics.n_rx_full()),
            (b",rx fill ring empty:", statistics.n_fill_ring_empty()),
            (b",tx invalid:", statistics.n_tx_invalid()),
            (b",tx ring empty:", statistics.n_tx_ring_empty()),
        ];
        for (label, value) in values {
            labelled(out, label, value.unwrap_or(0));
        }
        out.push(b')');
    }
}
