//! What BPF programs keep with a socket.

use sockeye_wire::sock_diag::bpf_storage::BpfStorages;
use sockeye_wire::{Attributes, Slots};

use super::{Printer, labelled, read_u32};
use crate::ss::options::Storages;

/// `SK_DIAG_BPF_STORAGE` (include/uapi/linux/sock_diag.h).
const STORAGE: u16 = 1;

impl Printer<'_> {
    /// One line a map: its id, and the value as bytes.
    pub(super) fn storages(&self, out: &mut Vec<u8>, payload: &[u8]) {
        for storage in Attributes::new(payload).flatten().filter(|attribute| attribute.number == STORAGE) {
            let storage = BpfStorages(Slots::read(storage.payload));
            let Some(id) = read_u32(storage.map_id()) else { continue };
            let is_wanted = match &self.options.storages {
                Storages::None => false,
                Storages::All => true,
                Storages::Maps(ids) => ids.iter().any(|&wanted| u64::from(wanted) == id),
            };
            if !is_wanted {
                continue;
            }
            self.line(out);
            labelled(out, b"map_id:", id);
            out.extend_from_slice(b" [");
            if !self.options.one_line {
                out.extend_from_slice(b"\n\t\t");
            }
            for (at, byte) in storage.map_value().unwrap_or_default().iter().enumerate() {
                let blank = if at == 0 { "" } else { " " };
                out.extend_from_slice(format!("{blank}{byte:02x}").as_bytes());
            }
            out.extend_from_slice(if self.options.one_line { b"]" } else { b"\n\t]" });
        }
    }
}
