//! Messages that hold several records, taken apart: one record is the fixed structure and one element.
//!
//! A VLAN message names ranges, and a dump joins what events told one by one; so ranges are written out, an id a record.
//! All other messages are one record, which is handed on as it is.

use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};
use sockeye_wire::{Attribute, Attributes};

#[allow(clippy::wildcard_imports, reason = "numbers of the kernel, each used once")]
use super::number::*;
use super::route::{is_cloned, put};

/// Hands each record of a message of this table to `visit`. `scratch` is used where a record has to be written anew.
pub fn each(table: Table, payload: &[u8], scratch: &mut Vec<u8>, visit: &mut dyn FnMut(&[u8])) {
    match table {
        Table::TcActions | Table::Mdb | Table::Vlans => {}
        // What a lookup cached is no route that somebody made.
        Table::Routes if is_cloned(payload) => return,
        // Multicast routing has rules of its own families, which come along with the others.
        Table::Rules if !matches!(payload.first(), Some(&(AF_INET | AF_INET6))) => return,
        _ => return visit(payload),
    }
    let (header, attributes) = payload.split_at(table.header_len().min(payload.len()));
    for attribute in Attributes::new(attributes).map_while(Result::ok) {
        match (table, attribute.number) {
            (Table::TcActions, TCA_ACT_TAB) => {
                for element in attribute.nested().map_while(Result::ok) {
                    // Elements are numbered by their place in the message: here there is one.
                    nested(header, &[attribute.number, 1], element.payload, scratch);
                    visit(scratch);
                }
            }
            (Table::Mdb, MDBA_MDB) => {
                for entries in attribute.nested().map_while(Result::ok) {
                    for entry in entries.nested().map_while(Result::ok) {
                        let path = [MDBA_MDB, MDBA_MDB_ENTRY, MDBA_MDB_ENTRY_INFO];
                        nested(header, &path, entry.payload, scratch);
                        visit(scratch);
                    }
                }
            }
            (Table::Mdb, MDBA_ROUTER) => {
                for port in attribute.nested().map_while(Result::ok) {
                    nested(header, &[MDBA_ROUTER, MDBA_ROUTER_PORT], port.payload, scratch);
                    visit(scratch);
                }
            }
            (Table::Vlans, BRIDGE_VLANDB_ENTRY) => {
                let info = attribute.nested().last(BRIDGE_VLANDB_ENTRY_INFO);
                let first = info.and_then(|info| info.get(2..4)).map(|id| u16::from_ne_bytes([id[0], id[1]]));
                vlans(header, &attribute, first, BRIDGE_VLANDB_ENTRY_RANGE, scratch, visit);
            }
            (Table::Vlans, BRIDGE_VLANDB_GLOBAL_OPTIONS) => {
                let first = attribute.nested().last(BRIDGE_VLANDB_GOPTS_ID).and_then(word);
                vlans(header, &attribute, first, BRIDGE_VLANDB_GOPTS_RANGE, scratch, visit);
            }
            _ => {}
        }
    }
}

/// Whether a deletion names no record: `tc actions flush` announces the kind alone.
pub(crate) fn is_flush(table: Table, payload: &[u8]) -> bool {
    let mut all = true;
    if table != Table::TcActions {
        return false;
    }
    each(table, payload, &mut Vec::new(), &mut |record| {
        let element = Attributes::new(&record[table.header_len()..]).last(TCA_ACT_TAB).unwrap_or_default();
        if let Some(Ok(element)) = Attributes::new(element).next() {
            let kind = element.nested().last(TCA_ACT_KIND).unwrap_or_default();
            all &= super::key::action_index(&element, kind).is_none();
        }
    });
    all
}

fn word(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

/// The fixed structure, and one payload inside nests.
fn nested(header: &[u8], path: &[u16], payload: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(header);
    let starts = path.len() * 4;
    for (depth, &number) in path.iter().enumerate() {
        let length = starts - depth * 4 + payload.len();
        out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes());
        out.extend_from_slice(&number.to_ne_bytes());
    }
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// A range of VLANs that share everything (net/bridge/br_vlan_options.c `br_vlan_opts_eq_range`); ids of tunnels count up
/// along with it.
fn vlans(
    header: &[u8],
    entry: &Attribute<'_>,
    first: Option<u16>,
    range: u16,
    scratch: &mut Vec<u8>,
    visit: &mut dyn FnMut(&[u8]),
) {
    /// `VLAN_VID_MASK`: no range is longer.
    const VLAN_MAX: u16 = 0xfff;
    let Some(first) = first else { return };
    let last = entry.nested().last(range).and_then(word).unwrap_or(first).min(VLAN_MAX);
    let mut inside = Vec::new();
    for id in first..=last.max(first) {
        inside.clear();
        for part in entry.nested().map_while(Result::ok).filter(|part| part.number != range) {
            let start = inside.len() + 4;
            put(part.number, part.payload, &mut inside);
            let at = match (entry.number, part.number) {
                (BRIDGE_VLANDB_ENTRY, BRIDGE_VLANDB_ENTRY_INFO) => start + 2,
                (BRIDGE_VLANDB_GLOBAL_OPTIONS, BRIDGE_VLANDB_GOPTS_ID) => start,
                (BRIDGE_VLANDB_ENTRY, BRIDGE_VLANDB_ENTRY_TUNNEL_INFO) => {
                    tunnel(&mut inside[start..], u32::from(id - first));
                    continue;
                }
                _ => continue,
            };
            if let Some(bytes) = inside.get_mut(at..at + 2) {
                bytes.copy_from_slice(&id.to_ne_bytes());
            }
        }
        nested(header, &[entry.number], &inside, scratch);
        visit(scratch);
    }
}

fn tunnel(nest: &mut [u8], offset: u32) {
    let Some(Ok(first)) = Attributes::new(nest).next() else { return };
    if first.number == BRIDGE_VLANDB_TINFO_ID
        && let Some(bytes) = nest.get_mut(4..).and_then(|rest| rest.first_chunk_mut::<4>())
    {
        *bytes = u32::from_ne_bytes(*bytes).wrapping_add(offset).to_ne_bytes();
    }
}
