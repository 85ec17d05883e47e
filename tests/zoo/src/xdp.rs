//! Sockets of XDP that have memory and rings, and are bound to a queue.

use std::os::fd::{AsFd, BorrowedFd};

use crate::expected::{Expected, state};
use crate::specimen::Specimen;
use crate::sys::{self, Region};
use crate::zoo::{LOOPBACK, Unavailable, Zoo, make};

// Numbers from include/linux/socket.h and include/uapi/linux/if_xdp.h.
const AF_XDP: u16 = 44;
pub(crate) const SOL_XDP: i32 = 283;
pub(crate) const XDP_RX_RING: i32 = 2;
pub(crate) const XDP_TX_RING: i32 = 3;
const XDP_UMEM_REG: i32 = 4;
pub(crate) const XDP_UMEM_FILL_RING: i32 = 5;
pub(crate) const XDP_UMEM_COMPLETION_RING: i32 = 6;
const XDP_COPY: u16 = 2;

/// Bytes of a frame, and of those the first that stay free.
pub(crate) const CHUNK_BYTES: u32 = 2048;
const HEADROOM_BYTES: u32 = 64;
/// Frames of the memory.
pub(crate) const CHUNKS: u32 = 64;

/// Entries of each ring, no two the same; each is a power of two.
const RINGS: [(i32, i32); 4] =
    [(XDP_UMEM_FILL_RING, 16), (XDP_UMEM_COMPLETION_RING, 32), (XDP_RX_RING, 64), (XDP_TX_RING, 128)];

impl Zoo {
    /// `bound` to the queue of the loopback device.
    pub fn xdp_bound(&self) -> Result<Specimen, Unavailable> {
        make("xdp_bound", || {
            let socket = sys::socket(AF_XDP.into(), libc::SOCK_RAW, 0)?;
            let memory = Region::anonymous((CHUNK_BYTES * CHUNKS) as usize)?;
            register(socket.as_fd(), &memory)?;
            for (ring, entries) in RINGS {
                sys::set(&socket, SOL_XDP, ring, entries)?;
            }
            sys::bind(&socket, &address(LOOPBACK, 0))?;
            let expected = Expected::of("bound", &socket, state::CLOSE)?;
            Ok(Specimen::default().with(socket, expected).keeping(memory))
        })
    }
}

/// A queue of a device, whose packets are copied (`struct sockaddr_xdp`).
pub(crate) fn address(device: u32, queue: u32) -> Vec<u8> {
    let halves = [AF_XDP, XDP_COPY].map(u16::to_ne_bytes).concat();
    // The last is the descriptor of a socket whose memory is shared.
    let words = [device, queue, 0].map(u32::to_ne_bytes).concat();
    [halves, words].concat()
}

/// Gives the socket its memory (`struct xdp_umem_reg`).
pub(crate) fn register(socket: BorrowedFd<'_>, memory: &Region) -> std::io::Result<()> {
    let place = [memory.address(), memory.bytes() as u64].map(u64::to_ne_bytes).concat();
    let sizes = [CHUNK_BYTES, HEADROOM_BYTES, 0, 0].map(u32::to_ne_bytes).concat();
    sys::set_bytes(socket, SOL_XDP, XDP_UMEM_REG, &[place, sizes].concat())
}
