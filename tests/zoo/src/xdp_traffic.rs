//! Sockets of XDP to which packets come: more than they have room for, and too large ones.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use libc::{IFF_MULTI_QUEUE, IFF_TAP, MSG_DONTWAIT};

use crate::expected::{Expected, Says, state};
use crate::specimen::Specimen;
use crate::sys::{self, Region};
use crate::xdp::{
    CHUNK_BYTES, CHUNKS, SOL_XDP, XDP_RX_RING, XDP_TX_RING, XDP_UMEM_COMPLETION_RING, XDP_UMEM_FILL_RING, address,
    register,
};
use crate::zoo::{Unavailable, Zoo, make};

const DEVICE: &CStr = c"queues";

/// Queues of the device, and which of them the sockets have.
const QUEUES: u32 = 4;
const FIRST_QUEUE: u32 = 1;
const QUEUE: u32 = 3;

/// Entries of the rings.
const FILL: u32 = 16;
const RECEIVE: u32 = 2;
const SEND: u32 = 8;

/// Where rings are shared (include/uapi/linux/if_xdp.h, `XDP_PGOFF_*`), and where their parts are in each.
const AT_SEND: i64 = 0x8000_0000;
const AT_FILL: i64 = 0x1_0000_0000;
const XDP_MMAP_OFFSETS: i32 = 1;

/// A ring that we fill.
#[derive(Debug)]
struct Ring {
    memory: Region,
    producer: usize,
    entries: usize,
}

impl Ring {
    /// The ring at a place among the offsets: receive, send, fill, completion.
    fn of(socket: &OwnedFd, place: usize, at: i64, bytes: usize) -> io::Result<Self> {
        let mut offsets = [0; 128];
        sys::get_bytes(socket, SOL_XDP, XDP_MMAP_OFFSETS, &mut offsets)?;
        let offset = |index: usize| {
            let at = (place * 4 + index) * 8;
            let word = offsets[at..at + 8].try_into().map_or(0, u64::from_ne_bytes);
            usize::try_from(word).unwrap_or(usize::MAX)
        };
        let (producer, entries) = (offset(0), offset(2));
        Ok(Self { memory: Region::shared(socket, at, entries + bytes)?, producer, entries })
    }

    /// Gives the kernel so many entries.
    fn produce(&self, many: u32) {
        self.memory.store(self.producer, many);
    }
}

/// What a socket shares with the kernel.
#[derive(Debug)]
struct Rings {
    /// Those for room and for what is to be sent.
    filled: [Ring; 2],
    #[expect(dead_code, reason = "it is kept")]
    memory: Region,
}

impl Zoo {
    /// `receiver` of the packets of the fourth queue of a device, with memory of its own beside that of another socket:
    /// some came when there was no room, one was too large, and what it was to send is not in its memory.
    pub fn xdp_flooded(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[
            ("/xdp_info/queue_id", Says::Number(QUEUE as u64)),
            ("/umem/queue_id", Says::Number(QUEUE as u64)),
            ("/umem/id", Says::AtLeast(1)),
            ("/xdp_stats/n_rx_dropped", Says::AtLeast(2)),
            ("/xdp_stats/n_rx_full", Says::AtLeast(3)),
            ("/xdp_stats/n_fill_ring_empty", Says::AtLeast(1)),
            ("/xdp_stats/n_tx_invalid", Says::AtLeast(4)),
        ];
        make("xdp_flooded", || {
            let control = sys::socket(libc::AF_INET6, libc::SOCK_DGRAM, 0)?;
            let mut files = Vec::new();
            let mut index = 0;
            for _ in 0..QUEUES {
                let (file, found) = sys::device(DEVICE, IFF_TAP | IFF_MULTI_QUEUE)?;
                index = found;
                files.push(file);
            }
            sys::interface_up(&control, DEVICE)?;
            let (first, first_rings) = bound(index, FIRST_QUEUE)?;
            let (socket, rings) = bound(index, QUEUE)?;
            let [fill, sending] = &rings.filled;
            let map = sys::socket_map(QUEUES)?;
            sys::put_socket(&map, QUEUE, &socket)?;
            let program = sys::redirect(index, &map)?;
            let outside = &files[QUEUE as usize];

            send(outside, 3_000)?;
            send(outside, 100)?;
            for entry in 0..FILL {
                // The first two are beyond the memory, which the kernel passes over.
                let chunk = if entry < 2 { u64::MAX >> 8 } else { u64::from(entry * CHUNK_BYTES) };
                fill.memory.store_long(fill.entries + entry as usize * 8, chunk);
            }
            fill.produce(FILL);
            for _ in 0..RECEIVE + 3 {
                send(outside, 100)?;
            }

            for entry in 0..5 {
                // struct xdp_desc: address, length, options.
                sending.memory.store_long(sending.entries + entry * 16, u64::MAX >> 8);
                sending.memory.store_long(sending.entries + entry * 16 + 8, 64);
            }
            sending.produce(5);
            // Each look at the ring ends at what makes no sense.
            for _ in 0..5 {
                let _ = sys::send_to(&socket, &[], MSG_DONTWAIT, &[]);
            }

            let expected = Expected { says: SAYS, ..Expected::of("receiver", &socket, state::CLOSE)? };
            let specimen = Specimen::default().with(socket, expected).holding("first", first);
            let specimen = specimen.holding("program", program).holding("map", map);
            Ok(specimen.keeping((first_rings, rings)).keeping(files))
        })
    }
}

/// A frame that comes to a queue from outside, of no protocol that the machine knows.
fn send(queue: &OwnedFd, bytes: usize) -> io::Result<()> {
    let mut frame = vec![0; bytes];
    frame[..14].copy_from_slice(&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5]);
    rustix::io::write(queue, &frame)?;
    Ok(())
}

/// A socket with memory and rings at a queue.
fn bound(device: u32, queue: u32) -> io::Result<(OwnedFd, Rings)> {
    let socket = sys::socket(libc::AF_XDP, libc::SOCK_RAW, 0)?;
    let memory = Region::anonymous((CHUNK_BYTES * CHUNKS) as usize)?;
    register(socket.as_fd(), &memory)?;
    let rings =
        [(XDP_UMEM_FILL_RING, FILL), (XDP_UMEM_COMPLETION_RING, 4), (XDP_RX_RING, RECEIVE), (XDP_TX_RING, SEND)];
    for (ring, entries) in rings {
        sys::set(&socket, SOL_XDP, ring, entries.cast_signed())?;
    }
    // A kernel before 6.3 shares no ring of a socket that is bound.
    let filled =
        [Ring::of(&socket, 2, AT_FILL, FILL as usize * 8)?, Ring::of(&socket, 1, AT_SEND, SEND as usize * 16)?];
    sys::bind(&socket, &address(device, queue))?;
    Ok((socket, Rings { filled, memory }))
}
