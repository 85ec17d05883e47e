//! Packet sockets.

use std::io;
use std::os::fd::OwnedFd;

use libc::{
    AF_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_AUXDATA, PACKET_COPY_THRESH, PACKET_FANOUT, PACKET_LOSS, PACKET_ORIGDEV,
    PACKET_RESERVE, PACKET_RX_RING, PACKET_TIMESTAMP, PACKET_TX_RING, PACKET_VERSION, PACKET_VNET_HDR, SOCK_DGRAM,
    SOCK_RAW, SOL_PACKET,
};

use crate::expected::{Expected, Membership, PacketExpected, Ring, state};
use crate::specimen::Specimen;
use crate::zoo::{LOOPBACK, Unavailable, Zoo, make};
use crate::{address, sys};

/// LLDP: nothing of that type passes here.
const ETHERTYPE: u16 = 0x88cc;

/// Every `PDI_…` bit (include/uapi/linux/packet_diag.h): running, auxdata, origdev, vnethdr, loss.
const ALL_FLAGS: u32 = 0b1_1111;

/// `PDI_RUNNING`
const RUNNING: u32 = 1;

/// `TP_FT_REQ_FILL_RXHASH`
const FILL_RXHASH: u32 = 1;

fn set(socket: &OwnedFd, option: i32, value: u32) -> io::Result<()> {
    sys::set(socket, SOL_PACKET, option, value.cast_signed())
}

/// A bound socket of this kind, prepared before it is bound, and what is true of it when nothing else was set.
fn bound(
    kind: i32,
    prepare: impl FnOnce(&OwnedFd) -> io::Result<()>,
) -> io::Result<(OwnedFd, Expected, PacketExpected)> {
    let socket = sys::socket(AF_PACKET, kind, 0)?;
    prepare(&socket)?;
    sys::bind(&socket, &address::link_layer(ETHERTYPE, LOOPBACK))?;
    let expected = Expected {
        protocol: ETHERTYPE.into(),
        ifindex: Some(LOOPBACK),
        ..Expected::of("bound", &socket, state::CLOSE)?
    };
    Ok((socket, expected, PacketExpected { ifindex: LOOPBACK, flags: RUNNING, ..PacketExpected::default() }))
}

fn specimen((socket, expected, packet): (OwnedFd, Expected, PacketExpected)) -> Specimen {
    Specimen::default().with(socket, Expected { packet: Some(packet), ..expected })
}

/// `struct tpacket_req`, and for the third version `struct tpacket_req3`.
fn ring_option(ring: &Ring, version: u32) -> Vec<u8> {
    let words = [
        ring.block_bytes,
        ring.blocks,
        ring.frame_bytes,
        ring.frames,
        ring.retire_ms,
        ring.private_bytes,
        ring.features,
    ];
    let count = if version == 2 { 7 } else { 4 };
    words[..count].iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn ring(name: &'static str, version: u32, rx: Ring, tx: Option<Ring>) -> Result<Specimen, Unavailable> {
    make(name, || {
        let (socket, expected, packet) = bound(SOCK_RAW, |socket| {
            set(socket, PACKET_VERSION, version)?;
            set(socket, PACKET_RESERVE, 32)?;
            sys::set_bytes(socket, SOL_PACKET, PACKET_RX_RING, &ring_option(&rx, version))?;
            tx.map_or(Ok(()), |tx| sys::set_bytes(socket, SOL_PACKET, PACKET_TX_RING, &ring_option(&tx, version)))
        })?;
        let packet = PacketExpected { version, reserve_bytes: 32, rx_ring: Some(rx), tx_ring: tx, ..packet };
        Ok(specimen((socket, expected, packet)))
    })
}

/// `struct packet_mreq`: device, kind, address length, address.
fn membership_option(membership: &Membership) -> Vec<u8> {
    let address = &membership.address;
    let len = u16::try_from(address.len()).expect("at most eight bytes");
    let mut bytes = membership.ifindex.to_ne_bytes().to_vec();
    bytes.extend(membership.kind.to_ne_bytes());
    bytes.extend(len.to_ne_bytes());
    bytes.extend(address);
    bytes.resize(16, 0);
    bytes
}

/// A ring without the extras of the third version.
fn plain_ring(block_bytes: u32, blocks: u32, frame_bytes: u32) -> Ring {
    let frames = block_bytes / frame_bytes * blocks;
    Ring { block_bytes, blocks, frame_bytes, frames, ..Ring::default() }
}

impl Zoo {
    /// `bound` of type raw.
    pub fn packet_raw(&self) -> Result<Specimen, Unavailable> {
        make("packet_raw", || Ok(specimen(bound(SOCK_RAW, |_| Ok(()))?)))
    }

    /// `bound` of type datagram.
    pub fn packet_dgram(&self) -> Result<Specimen, Unavailable> {
        make("packet_dgram", || Ok(specimen(bound(SOCK_DGRAM, |_| Ok(()))?)))
    }

    /// `bound` with a multicast group and the all-multicast mode.
    pub fn packet_memberships(&self) -> Result<Specimen, Unavailable> {
        const MULTICAST: u16 = 0;
        const ALL_MULTICAST: u16 = 2;
        make("packet_memberships", || {
            let (socket, expected, packet) = bound(SOCK_RAW, |_| Ok(()))?;
            let group = [0x01, 0x00, 0x5e, 0x5e, 0xed, 0x07];
            let memberships = vec![
                Membership { ifindex: LOOPBACK, kind: MULTICAST, address: group.to_vec() },
                Membership { ifindex: LOOPBACK, kind: ALL_MULTICAST, address: Vec::new() },
            ];
            for membership in &memberships {
                let option = membership_option(membership);
                sys::set_bytes(&socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &option)?;
            }
            Ok(specimen((socket, expected, PacketExpected { memberships, ..packet })))
        })
    }

    /// `bound` with receive and send rings of the first version.
    pub fn packet_ring_v1(&self) -> Result<Specimen, Unavailable> {
        ring("packet_ring_v1", 0, plain_ring(8192, 3, 2048), Some(plain_ring(4096, 2, 1024)))
    }

    /// `bound` with receive and send rings of the second version.
    pub fn packet_ring_v2(&self) -> Result<Specimen, Unavailable> {
        ring("packet_ring_v2", 1, plain_ring(4096, 5, 1024), Some(plain_ring(8192, 2, 4096)))
    }

    /// `bound` with a receive ring of the third version.
    pub fn packet_ring_v3(&self) -> Result<Specimen, Unavailable> {
        let rx = Ring { retire_ms: 77, private_bytes: 24, features: FILL_RXHASH, ..plain_ring(16384, 2, 4096) };
        ring("packet_ring_v3", 2, rx, None)
    }

    /// Two sockets `bound` that share their packets by processor.
    pub fn packet_fanout(&self) -> Result<Specimen, Unavailable> {
        const BY_CPU: u32 = 2;
        make("packet_fanout", || {
            let fanout = BY_CPU << 16 | 0x1ee7;
            (0..2).try_fold(Specimen::default(), |specimen, _| {
                let (socket, expected, packet) = bound(SOCK_RAW, |_| Ok(()))?;
                set(&socket, PACKET_FANOUT, fanout)?;
                let packet = PacketExpected { fanout: Some(fanout), ..packet };
                Ok(specimen.with(socket, Expected { packet: Some(packet), ..expected }))
            })
        })
    }

    /// `bound` with every flag that packet_diag has, and copy threshold and time stamping.
    pub fn packet_flags(&self) -> Result<Specimen, Unavailable> {
        make("packet_flags", || {
            let (socket, expected, packet) = bound(SOCK_RAW, |socket| {
                for option in [PACKET_AUXDATA, PACKET_ORIGDEV, PACKET_VNET_HDR, PACKET_LOSS] {
                    set(socket, option, 1)?;
                }
                set(socket, PACKET_COPY_THRESH, 4567)?;
                set(socket, PACKET_TIMESTAMP, 64)
            })?;
            let packet = PacketExpected { flags: ALL_FLAGS, copy_threshold: 4567, timestamp: 64, ..packet };
            Ok(specimen((socket, expected, packet)))
        })
    }

    /// `bound` with a classic BPF program of four instructions.
    pub fn packet_filter(&self) -> Result<Specimen, Unavailable> {
        make("packet_filter", || {
            let (socket, expected, packet) = bound(SOCK_RAW, |_| Ok(()))?;
            let instruction = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
            // Load the ethertype; if it is ours, take the packet, else nothing.
            let program = [
                instruction(0x28, 0, 0, 12),
                instruction(0x15, 0, 1, ETHERTYPE.into()),
                instruction(0x06, 0, 0, 0xffff),
                instruction(0x06, 0, 0, 0),
            ];
            sys::attach_filter(&socket, &program)?;
            Ok(specimen((socket, expected, PacketExpected { filter_len: Some(4), ..packet })))
        })
    }
}
