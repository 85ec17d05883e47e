//! Records of a few tables, with values that cannot be right by accident.
#![allow(dead_code, reason = "each test uses some of them")]

use sockeye_wire::rtnetlink::{AF_INET, AF_INET6};

/// A message with its header.
pub(crate) fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = 16 + payload.len() as u32;
    let mut bytes = Vec::with_capacity(length as usize + 3);
    bytes.extend_from_slice(&length.to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&sequence.to_ne_bytes());
    bytes.extend_from_slice(&4242u32.to_ne_bytes());
    bytes.extend_from_slice(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Appends an attribute.
pub(crate) fn put(number: u16, payload: &[u8], record: &mut Vec<u8>) {
    record.extend_from_slice(&(4 + payload.len() as u16).to_ne_bytes());
    record.extend_from_slice(&number.to_ne_bytes());
    record.extend_from_slice(payload);
    record.resize(record.len().next_multiple_of(4), 0);
}

pub(crate) fn link(index: u8, mtu: u8, up: bool, port_state: u8) -> Vec<u8> {
    let mut record = start(&[0; 16]);
    record[4] = index;
    let flags: u32 = if up { 0x1 | 0x40 | 0x10000 } else { 0 };
    record[8..12].copy_from_slice(&flags.to_ne_bytes());
    put(3, &[b'e', b'0' + index, 0], &mut record);
    put(4, &[mtu, 5, 0, 0], &mut record);
    put(16, &[port_state], &mut record);
    record
}

pub(crate) fn bridge(index: u8, mac: u8) -> Vec<u8> {
    let mut record = start(&[0; 16]);
    record[4] = index;
    put(3, &[b'b', b'0' + index, 0], &mut record);
    put(1, &[2, 0, 0, 0, 9, mac], &mut record);
    let mut info = Vec::new();
    put(1, b"bridge\0", &mut info);
    put(18, &info, &mut record);
    record
}

pub(crate) fn address(link: u8, host: u8) -> Vec<u8> {
    let mut record = start(&[AF_INET, 24, 0, 0, link, 0, 0, 0]);
    put(1, &[10, 9, link, host], &mut record);
    put(2, &[10, 9, link, host], &mut record);
    record
}

pub(crate) fn neighbour(link: u8, host: u8) -> Vec<u8> {
    let mut record = start(&[AF_INET, 0, 0, 0, link, 0, 0, 0, 0x80, 0, 0, 1]);
    put(1, &[10, 9, link, host], &mut record);
    put(2, &[2, 0, 9, 9, link, host], &mut record);
    record
}

pub(crate) fn rule(priority: u8) -> Vec<u8> {
    let mut record = start(&[AF_INET, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0]);
    put(6, &[priority, 3, 0, 0], &mut record);
    record
}

pub(crate) fn route4(destination: u8, priority: u8, gateway: u8, link: u8) -> Vec<u8> {
    let mut record = start(&[AF_INET, 24, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]);
    put(15, &[254, 0, 0, 0], &mut record);
    put(1, &[10, 7, destination, 0], &mut record);
    put(6, &[priority, 2, 0, 0], &mut record);
    put(5, &[10, 9, 0, gateway], &mut record);
    put(4, &[link, 0, 0, 0], &mut record);
    record
}

/// Each gateway is behind the link with its number.
pub(crate) fn route6(destination: u8, gateways: &[u8]) -> Vec<u8> {
    let address = |last: u8| [0xfd, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    let mut record = start(&[AF_INET6, 128, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]);
    put(15, &[254, 0, 0, 0], &mut record);
    put(1, &address(destination), &mut record);
    put(6, &[0, 4, 0, 0], &mut record);
    if let &[gateway] = gateways {
        put(5, &address(gateway), &mut record);
        put(4, &[gateway, 0, 0, 0], &mut record);
    } else {
        let mut nexthops = Vec::new();
        for &gateway in gateways {
            let mut inner = Vec::new();
            put(5, &address(gateway), &mut inner);
            nexthops.extend_from_slice(&(8 + inner.len() as u16).to_ne_bytes());
            nexthops.extend_from_slice(&[0, 0, gateway, 0, 0, 0]);
            nexthops.extend_from_slice(&inner);
        }
        put(9, &nexthops, &mut record);
    }
    put(20, &[0], &mut record);
    record
}

pub(crate) fn id(id: u8) -> Vec<u8> {
    let mut record = start(&[0; 4]);
    put(1, &[id, 0, 0, 0], &mut record);
    record
}

/// A record that begins like this, with room for the rest.
fn start(head: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(192);
    record.extend_from_slice(head);
    record
}
