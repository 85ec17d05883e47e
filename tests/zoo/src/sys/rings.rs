//! Rings that are shared with the kernel, and a program that sends packets into them.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::{Region, bpf, length, owned, raw, words};

/// `enum bpf_cmd`
mod command {
    pub(super) const MAP_CREATE: libc::c_int = 0;
    pub(super) const MAP_UPDATE_ELEM: libc::c_int = 2;
    pub(super) const PROG_LOAD: libc::c_int = 5;
    pub(super) const LINK_CREATE: libc::c_int = 28;
}

impl Region {
    /// What a descriptor shares at an offset.
    pub(crate) fn shared(fd: impl AsFd, offset: i64, bytes: usize) -> io::Result<Self> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_POPULATE);
        // SAFETY: no address is asked for, so that nothing that is mapped is replaced.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, kind, raw(&fd), offset) };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self { start, bytes }) }
    }

    /// Writes a number that the kernel may read at any time.
    ///
    /// # Panics
    ///
    /// If it is not within the region, or not at a multiple of its size.
    pub(crate) fn store(&self, at: usize, value: u32) {
        assert!(at + 4 <= self.bytes && at.is_multiple_of(4));
        // SAFETY: within the mapping, aligned, and used by nobody else here but as an atomic.
        unsafe { AtomicU32::from_ptr(self.start.byte_add(at).cast()) }.store(value, Ordering::Release);
    }

    /// The same with twice the bytes.
    ///
    /// # Panics
    ///
    /// As above.
    pub(crate) fn store_long(&self, at: usize, value: u64) {
        assert!(at + 8 <= self.bytes && at.is_multiple_of(8));
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.start.byte_add(at).cast()) }.store(value, Ordering::Release);
    }
}

/// A map of sockets of XDP by queue (`BPF_MAP_TYPE_XSKMAP`).
pub(crate) fn socket_map(entries: u32) -> io::Result<OwnedFd> {
    const XSKMAP: u32 = 17;
    // SAFETY: this command's attributes hold no addresses.
    owned(unsafe { bpf(command::MAP_CREATE, &mut [XSKMAP, 4, 4, entries, 0]) })
}

/// Puts a socket into such a map.
pub(crate) fn put_socket(map: &OwnedFd, queue: u32, socket: &OwnedFd) -> io::Result<()> {
    let value = raw(socket);
    let ([key_low, key_high], [low, high]) = (words(&raw const queue), words(&raw const value));
    let mut attr = [map.as_raw_fd().cast_unsigned(), 0, key_low, key_high, low, high, 0, 0];
    // SAFETY: the map was created with keys and values of 4 bytes; both outlive the call.
    unsafe { bpf(command::MAP_UPDATE_ELEM, &mut attr) }.map(drop)
}

/// Sends the packets of a device to the sockets of a map, each to that of its queue, as long as the descriptor is open.
pub(crate) fn redirect(device: u32, map: &OwnedFd) -> io::Result<OwnedFd> {
    const XDP: u32 = 6;
    /// `BPF_XDP`, and `XDP_FLAGS_SKB_MODE`: every device can do it like this.
    const ATTACH: u32 = 37;
    const SKB_MODE: u32 = 2;
    let map = map.as_raw_fd().cast_unsigned();
    // Code, registers and offset in one word, then the constant.
    let program: [u32; 12] = [
        0x0010_1261,
        0, // r2 = queue of the packet (struct xdp_md)
        0x0000_1118,
        map,
        0,
        0, // r1 = map
        0x0000_03b7,
        0, // r3 = what to do without a socket: XDP_ABORTED
        0x0000_0085,
        51, // bpf_redirect_map
        0x0000_0095,
        0, // return what it said
    ];
    let count = length(program.map(u32::to_ne_bytes).as_flattened()) / 8;
    let ([low, high], [license_low, license_high]) = (words(program.as_ptr()), words(c"MIT".as_ptr()));
    // SAFETY: the addresses are those of the program, with its length, and of a text that ends with a zero.
    let program = owned(unsafe { bpf(command::PROG_LOAD, &mut [XDP, count, low, high, license_low, license_high]) })?;
    let mut attr = [program.as_raw_fd().cast_unsigned(), device, ATTACH, SKB_MODE];
    // SAFETY: this command's attributes hold no addresses.
    owned(unsafe { bpf(command::LINK_CREATE, &mut attr) })
}
