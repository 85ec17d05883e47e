//! What BPF programs keep with a socket.

use sockeye_bpf::{SocketStorage, ValueLayout};
use sockeye_wire::sock_diag::bpf_storage::BpfStorages;
use sockeye_wire::{Attributes, Slots};

use super::{Printer, labelled, read_u32};
use crate::ss::options::Storages;

/// `SK_DIAG_BPF_STORAGE` (include/uapi/linux/sock_diag.h).
const STORAGE: u16 = 1;

impl Printer<'_> {
    /// What each wanted map keeps with a socket: the map's number, and the value.
    pub(super) fn storages(&self, out: &mut Vec<u8>, payload: &[u8]) {
        for storage in Attributes::new(payload).flatten().filter(|attribute| attribute.number == STORAGE) {
            let storage = BpfStorages(Slots::read(storage.payload));
            let Some(id) = read_u32(storage.map_id()).and_then(|id| u32::try_from(id).ok()) else { continue };
            let is_wanted = match &self.options.storages {
                Storages::None => false,
                Storages::All => true,
                Storages::Maps(ids) => ids.contains(&id),
            };
            if is_wanted {
                self.storage(out, id, storage.map_value().unwrap_or_default());
            }
        }
    }

    fn storage(&self, out: &mut Vec<u8>, id: u32, value: &[u8]) {
        let one_line = self.options.one_line;
        let map = self.storage_maps.get(id).filter(|map| map.value_bytes() as usize == value.len());
        self.line(out);
        labelled(out, b"map_id:", id.into());
        match map {
            Some(map) if one_line => typed(out, &map, value, ValueLayout::Compact),
            Some(map) => {
                out.extend_from_slice(b" [\n");
                typed(out, &map, value, ValueLayout::Indented(2));
                out.extend_from_slice(b"\n\t]");
            }
            None if one_line => {
                out.extend_from_slice(b" [");
                bytes(out, value);
                out.push(b']');
            }
            None => {
                out.extend_from_slice(b" [\n\t\t");
                bytes(out, value);
                out.extend_from_slice(b"\n\t]");
            }
        }
    }
}

/// A value as C would initialize it.
fn typed(out: &mut Vec<u8>, map: &SocketStorage, value: &[u8], layout: ValueLayout) {
    if let Err(unwritten) = map.write(out, value, layout) {
        if layout != ValueLayout::Compact {
            out.extend_from_slice(b"\t\t");
        }
        out.extend_from_slice(format!("failed to dump data: {}", unwritten.errno()).as_bytes());
    }
}

/// A value of which nobody knows the types.
fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    for (at, &byte) in value.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
}
