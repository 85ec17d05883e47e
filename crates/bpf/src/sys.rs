//! Every system call of this crate, and all of its unsafe code.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Deref;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// Bytes of `union bpf_attr` that any command here needs.
const ATTRIBUTE_LEN: usize = 144;

/// The argument of bpf(2): numbers at their places in `union bpf_attr` (include/uapi/linux/bpf.h).
pub(crate) struct Attribute([u64; ATTRIBUTE_LEN / 8]);

impl Attribute {
    pub(crate) const fn new() -> Self {
        Self([0; ATTRIBUTE_LEN / 8])
    }

    /// A number of 32 bits at this offset in bytes.
    pub(crate) fn word(mut self, at: usize, number: u32) -> Self {
        let half = if cfg!(target_endian = "little") { at % 8 / 4 } else { 1 - at % 8 / 4 };
        self.0[at / 8] |= u64::from(number) << (32 * half);
        self
    }

    /// A descriptor at this offset.
    pub(crate) fn fd(self, at: usize, fd: BorrowedFd<'_>) -> Self {
        self.word(at, fd.as_raw_fd().cast_unsigned())
    }

    /// A pointer at this offset. What it points to must outlive the call, and be as long as the call says.
    pub(crate) fn pointer<T>(mut self, at: usize, pointer: *const T) -> Self {
        self.0[at / 8] = pointer.expose_provenance() as u64;
        self
    }
}

/// bpf(2).
///
/// # Safety
///
/// Every pointer of the attribute is null or describes memory that outlives the call and is as long as the attribute says.
pub(crate) unsafe fn bpf(command: u32, attribute: &mut Attribute) -> io::Result<i64> {
    // SAFETY: the pointer and the length describe `attribute`; what that points to is the caller's promise.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, (&raw mut attribute.0).cast::<u8>(), ATTRIBUTE_LEN) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// A descriptor that a command of bpf(2) returned.
pub(crate) fn owned(fd: i64) -> OwnedFd {
    let fd = i32::try_from(fd).unwrap_or(-1);
    // SAFETY: the kernel has just given it to us, and nobody else knows it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Bytes that do not change: mapped, or in memory of our own.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped { start: *const u8, length: usize },
    Owned(Vec<u8>),
}

// SAFETY: the mapping is private and read-only, and belongs to this value alone.
unsafe impl Send for Bytes {}
// SAFETY: it is only ever read.
unsafe impl Sync for Bytes {}

impl Bytes {
    #[cfg(test)]
    pub(crate) fn owned(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            // SAFETY: the mapping is that long and lives as long as this value.
            Self::Mapped { start, length } => unsafe { std::slice::from_raw_parts(*start, *length) },
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Self::Mapped { start, length } = *self {
            // SAFETY: it was mapped with this length, and nobody borrows from it any more.
            let _ = unsafe { munmap(start.cast_mut().cast(), length) };
        }
    }
}

/// The contents of a file of the kernel, mapped where it allows that (BTF since 6.16), or read.
pub(crate) fn map_file(path: &str, bytes_max: usize) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    if length > bytes_max {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    if length > 0 {
        // SAFETY: a new mapping at a place of the kernel's choice changes no memory of ours.
        let mapped = unsafe { mmap(std::ptr::null_mut(), length, ProtFlags::READ, MapFlags::PRIVATE, file.as_fd(), 0) };
        if let Ok(start) = mapped {
            return Ok(Bytes::Mapped { start: start.cast_const().cast(), length });
        }
    }
    let mut bytes = Vec::with_capacity(length);
    file.by_ref().take(bytes_max as u64).read_to_end(&mut bytes)?;
    Ok(Bytes::Owned(bytes))
}

/// The shared memory of a ring (kernel/bpf/ringbuf.c): a page that we write, a page that the kernel writes, and the data,
/// mapped twice in a row so that no record is cut.
#[derive(Debug)]
pub(crate) struct RingMemory {
    consumer: *mut u8,
    producer: *mut u8,
    page: usize,
    data: usize,
}

// SAFETY: the mappings belong to this value alone, and positions are read and written atomically.
unsafe impl Send for RingMemory {}

impl RingMemory {
    /// Maps the ring behind this descriptor, of so many bytes of data.
    pub(crate) fn map(ring: BorrowedFd<'_>, data: usize) -> io::Result<Self> {
        let page = rustix::param::page_size();
        // SAFETY: new mappings at places of the kernel's choice change no memory of ours.
        let (consumer, producer) = unsafe {
            let consumer =
                mmap(std::ptr::null_mut(), page, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, ring, 0)?;
            let length = page + 2 * data;
            match mmap(std::ptr::null_mut(), length, ProtFlags::READ, MapFlags::SHARED, ring, page as u64) {
                Ok(producer) => (consumer, producer),
                Err(error) => {
                    let _ = munmap(consumer, page);
                    return Err(error.into());
                }
            }
        };
        Ok(Self { consumer: consumer.cast(), producer: producer.cast(), page, data })
    }

    /// How far the kernel has written.
    pub(crate) fn written(&self) -> u64 {
        // SAFETY: the page begins with a position of 64 bits (unsigned long of a 64-bit kernel), aligned to a page.
        unsafe { AtomicU64::from_ptr(self.producer.cast()) }.load(Ordering::Acquire)
    }

    /// How far we have read.
    pub(crate) fn read(&self) -> u64 {
        // SAFETY: as above, in a page that we may write.
        unsafe { AtomicU64::from_ptr(self.consumer.cast()) }.load(Ordering::Relaxed)
    }

    /// Says how far we have read; the kernel writes over it from then on.
    pub(crate) fn set_read(&self, position: u64) {
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.consumer.cast()) }.store(position, Ordering::Release);
    }

    /// The first word of the record at a position: its length and its flags.
    pub(crate) fn head(&self, position: u64) -> u32 {
        let at = self.at(position);
        // SAFETY: records are aligned to eight bytes and begin with a word that the kernel writes last, at once.
        unsafe { AtomicU32::from_ptr(self.producer.add(self.page + at).cast()) }.load(Ordering::Acquire)
    }

    /// The bytes of the record at a position, behind its head. The kernel does not write them until they are given back.
    pub(crate) fn record(&self, position: u64, length: usize) -> &[u8] {
        let at = self.at(position) + 8;
        let length = length.min(self.data);
        // SAFETY: the data is mapped twice, so that `at + length` is inside of it.
        unsafe { std::slice::from_raw_parts(self.producer.add(self.page + at), length) }
    }

    fn at(&self, position: u64) -> usize {
        // The size is a power of two; only the low bits say where it is.
        usize::try_from(position % self.data as u64).unwrap_or(0)
    }
}

impl Drop for RingMemory {
    fn drop(&mut self) {
        // SAFETY: they were mapped with these lengths, and nobody borrows from them any more.
        unsafe {
            let _ = munmap(self.consumer.cast(), self.page);
            let _ = munmap(self.producer.cast(), self.page + 2 * self.data);
        }
    }
}
