//! Every system call of this crate that rustix does not have, and all of its unsafe code.
#![allow(unsafe_code)]

use std::{
    io,
    mem::size_of,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    ptr::NonNull,
    slice,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

// Commands of bpf(2) (include/uapi/linux/bpf.h, enum bpf_cmd).
const MAP_CREATE: i32 = 0;
const PROG_LOAD: i32 = 5;
const MAP_GET_FD_BY_ID: i32 = 14;
const OBJ_GET_INFO_BY_FD: i32 = 15;
const RAW_TRACEPOINT_OPEN: i32 = 17;
const BTF_GET_FD_BY_ID: i32 = 19;
const LINK_CREATE: i32 = 28;
const ITER_CREATE: i32 = 33;

/// As many as a kernel can be built for (arch/x86/Kconfig, NR_CPUS).
const PROCESSORS_MAX: u32 = 8192;

/// How often a load that a signal interrupted is begun again; the verifier gives up with EAGAIN for each.
const LOADS_MAX: u32 = 8;

/// A program to load. Its licence is that of this crate, in the kernel's words: some helpers are only for such programs.
pub(crate) struct Loading<'p> {
    pub(crate) kind: u32,
    pub(crate) attach_type: u32,
    /// What it is attached to: the number of a type in the kernel's BTF.
    pub(crate) attach_btf_id: u32,
    pub(crate) name: [u8; 16],
    pub(crate) instructions: &'p [u64],
}

/// The part of `union bpf_attr` that BPF_PROG_LOAD reads.
#[repr(C)]
#[derive(Default)]
struct ProgramAttribute {
    prog_type: u32,
    insn_cnt: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buf: u64,
    kern_version: u32,
    prog_flags: u32,
    prog_name: [u8; 16],
    prog_ifindex: u32,
    expected_attach_type: u32,
    prog_btf_fd: u32,
    func_info_rec_size: u32,
    func_info: u64,
    func_info_cnt: u32,
    line_info_rec_size: u32,
    line_info: u64,
    line_info_cnt: u32,
    attach_btf_id: u32,
    attach_prog_fd: u32,
    padding: u32,
}

/// The part that BPF_MAP_CREATE reads.
#[repr(C)]
#[derive(Default)]
struct MapAttribute {
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    inner_map_fd: u32,
    numa_node: u32,
    map_name: [u8; 16],
}

/// The part that BPF_LINK_CREATE reads for an iterator.
#[repr(C)]
#[derive(Default)]
struct LinkAttribute {
    prog_fd: u32,
    target_fd: u32,
    attach_type: u32,
    flags: u32,
    iter_info: u64,
    iter_info_len: u32,
    padding: u32,
}

/// `union bpf_iter_link_info` for tasks.
#[repr(C)]
#[derive(Default)]
struct TaskIteration {
    tid: u32,
    pid: u32,
    pid_fd: u32,
    padding: u32,
}

/// The part that BPF_ITER_CREATE reads.
#[repr(C)]
#[derive(Default)]
struct IteratorAttribute {
    link_fd: u32,
    flags: u32,
}

/// The part that BPF_RAW_TRACEPOINT_OPEN reads.
#[repr(C)]
#[derive(Default)]
struct TracepointAttribute {
    name: u64,
    prog_fd: u32,
    padding: u32,
}

/// The part that BPF_MAP_GET_FD_BY_ID and BPF_BTF_GET_FD_BY_ID read.
#[repr(C)]
#[derive(Default)]
struct IdAttribute {
    id: u32,
    next_id: u32,
    open_flags: u32,
}

/// The part that BPF_OBJ_GET_INFO_BY_FD reads and writes.
#[repr(C)]
#[derive(Default)]
struct InfoAttribute {
    bpf_fd: u32,
    info_len: u32,
    info: u64,
}

/// `struct bpf_map_info`, as far as it is used.
#[repr(C)]
#[derive(Default)]
pub(crate) struct MapInfo {
    pub(crate) kind: u32,
    id: u32,
    key_size: u32,
    pub(crate) value_size: u32,
    max_entries: u32,
    map_flags: u32,
    name: [u8; 16],
    ifindex: u32,
    btf_vmlinux_value_type_id: u32,
    netns_dev: u64,
    netns_ino: u64,
    pub(crate) btf_id: u32,
    btf_key_type_id: u32,
    pub(crate) btf_value_type_id: u32,
    padding: u32,
}

/// `struct bpf_prog_info`, as far as it is used: with what a kernel counts that is older than this structure, zero.
#[repr(C)]
#[derive(Default)]
struct ProgramInfo {
    /// Everything before, of which nothing is asked: no array's length is given, so the kernel fills none.
    before: [u64; 25],
    run_cnt: u64,
    recursion_misses: u64,
}

/// `struct bpf_btf_info`.
#[repr(C)]
#[derive(Default)]
struct TypesInfo {
    btf: u64,
    btf_size: u32,
    id: u32,
    name: u64,
    name_len: u32,
    kernel_btf: u32,
}

/// How many processors the machine may ever have.
pub(crate) fn processors() -> u32 {
    // SAFETY: the call reads and writes no memory of ours.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) };
    u32::try_from(count).unwrap_or(1).clamp(1, PROCESSORS_MAX)
}

/// Loads a program; the verifier writes what it thinks into `log`, as text ended by NUL.
pub(crate) fn load_program(loading: &Loading<'_>, log: Option<&mut [u8]>) -> io::Result<OwnedFd> {
    let mut attribute = ProgramAttribute {
        prog_type: loading.kind,
        insn_cnt: length(loading.instructions),
        insns: loading.instructions.as_ptr() as u64,
        license: c"Dual MIT/GPL".as_ptr() as u64,
        prog_name: loading.name,
        expected_attach_type: loading.attach_type,
        attach_btf_id: loading.attach_btf_id,
        ..ProgramAttribute::default()
    };
    if let Some(log) = log {
        (attribute.log_level, attribute.log_size, attribute.log_buf) = (1, length(log), log.as_mut_ptr() as u64);
    }
    let mut loads = 0;
    loop {
        // SAFETY: the attribute names the instructions, a constant text and the log with their lengths; the kernel reads
        // and writes no more than those, and they outlive the call.
        match unsafe { bpf(PROG_LOAD, &mut attribute) } {
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) && loads < LOADS_MAX => loads += 1,
            other => return other,
        }
    }
}

/// A map without elements that the kernel would have to be given.
pub(crate) fn create_map(kind: u32, key: u32, value: u32, entries: u32, flags: u32) -> io::Result<OwnedFd> {
    let mut attribute = MapAttribute {
        map_type: kind,
        key_size: key,
        value_size: value,
        max_entries: entries,
        map_flags: flags,
        map_name: *b"sockeye\0\0\0\0\0\0\0\0\0",
        ..MapAttribute::default()
    };
    // SAFETY: the attribute holds no pointer.
    unsafe { bpf(MAP_CREATE, &mut attribute) }
}

/// Links an iterator program to tasks: to all, or to those of one process.
pub(crate) fn link_task_iterator(program: BorrowedFd<'_>, attach_type: u32, pid: Option<u32>) -> io::Result<OwnedFd> {
    let iteration = TaskIteration { pid: pid.unwrap_or(0), ..TaskIteration::default() };
    let mut attribute = LinkAttribute { prog_fd: number(program), attach_type, ..LinkAttribute::default() };
    if pid.is_some() {
        attribute.iter_info = (&raw const iteration) as u64;
        attribute.iter_info_len = u32::try_from(size_of::<TaskIteration>()).unwrap_or(0);
    }
    // SAFETY: the one pointer leads to `iteration`, with its length; it outlives the call and is only read.
    unsafe { bpf(LINK_CREATE, &mut attribute) }
}

/// A file from which the output of one run of an iterator is read.
pub(crate) fn create_iterator(link: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let mut attribute = IteratorAttribute { link_fd: number(link), flags: 0 };
    // SAFETY: the attribute holds no pointer.
    unsafe { bpf(ITER_CREATE, &mut attribute) }
}

/// Attaches a program to the tracepoint that it was loaded for, until the descriptor is closed.
pub(crate) fn open_tracepoint(program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let mut attribute = TracepointAttribute { prog_fd: number(program), ..TracepointAttribute::default() };
    // SAFETY: the name is none, as for programs that were loaded with what they are attached to.
    unsafe { bpf(RAW_TRACEPOINT_OPEN, &mut attribute) }
}

/// The map with this number.
pub(crate) fn map_by_id(id: u32) -> io::Result<OwnedFd> {
    // SAFETY: the attribute holds no pointer.
    unsafe { bpf(MAP_GET_FD_BY_ID, &mut IdAttribute { id, ..IdAttribute::default() }) }
}

/// The type information with this number.
pub(crate) fn types_by_id(id: u32) -> io::Result<OwnedFd> {
    // SAFETY: the attribute holds no pointer.
    unsafe { bpf(BTF_GET_FD_BY_ID, &mut IdAttribute { id, ..IdAttribute::default() }) }
}

/// What the kernel says of a map.
pub(crate) fn map_info(map: BorrowedFd<'_>) -> io::Result<MapInfo> {
    let mut info = MapInfo::default();
    // SAFETY: the structure holds no pointer that the kernel would follow.
    unsafe { object_info(map, &mut info) }?;
    Ok(info)
}

/// How often a program was not run, because it was running on the same processor (since Linux 5.12; 0 before).
pub(crate) fn program_misses(program: BorrowedFd<'_>) -> io::Result<u64> {
    let mut info = ProgramInfo::default();
    // SAFETY: all that could be a pointer or the length of what it points to is zero.
    unsafe { object_info(program, &mut info) }?;
    Ok(info.recursion_misses)
}

/// The bytes of type information, if they are no more than so many.
pub(crate) fn read_types(types: BorrowedFd<'_>, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut info = TypesInfo::default();
    // SAFETY: the structure offers room for nothing, so the kernel writes nothing there.
    unsafe { object_info(types, &mut info) }?;
    let length = info.btf_size as usize;
    if length > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0; length];
    let mut info = TypesInfo { btf: bytes.as_mut_ptr() as u64, btf_size: info.btf_size, ..TypesInfo::default() };
    // SAFETY: the structure points to `bytes`, with their length, and to nothing else.
    unsafe { object_info(types, &mut info) }?;
    Ok(bytes)
}

/// Fills a structure with what the kernel says of an object.
///
/// # Safety
///
/// What the structure points to must be memory of which the kernel may write as much as the structure says.
unsafe fn object_info<T>(object: BorrowedFd<'_>, info: &mut T) -> io::Result<()> {
    let info_len = u32::try_from(size_of::<T>()).unwrap_or(0);
    let mut attribute = InfoAttribute { bpf_fd: number(object), info_len, info: std::ptr::from_mut(info) as u64 };
    // SAFETY: the attribute points to `info`, with its length; for what that points to, the caller vouches.
    unsafe { call(OBJ_GET_INFO_BY_FD, &mut attribute) }.map(drop)
}

/// Calls bpf(2) with a command that gives a descriptor.
///
/// # Safety
///
/// What the attribute points to must be as the command expects it, and outlive the call.
unsafe fn bpf<T>(command: i32, attribute: &mut T) -> io::Result<OwnedFd> {
    // SAFETY: the same is asked of the caller.
    let fd = unsafe { call(command, attribute) }?;
    // SAFETY: the call succeeded, so this is an open descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Calls bpf(2).
///
/// # Safety
///
/// What the attribute points to must be as the command expects it, and outlive the call.
unsafe fn call<T>(command: i32, attribute: &mut T) -> io::Result<RawFd> {
    // SAFETY: the pointer and the size describe `attribute`; for what it points to, the caller vouches.
    let status = unsafe { libc::syscall(libc::SYS_bpf, command, std::ptr::from_mut(attribute), size_of::<T>()) };
    match RawFd::try_from(status) {
        Ok(answer) if answer >= 0 => Ok(answer),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A piece of a file or a map in this process's memory, until it is dropped.
struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the memory belongs to this value alone and stays where it is; it can be used and unmapped by any thread.
unsafe impl Send for Mapping {}
// SAFETY: shared references allow to read bytes that nobody changes, or words that are atomic.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new(file: BorrowedFd<'_>, offset: usize, length: usize, protection: i32, flags: i32) -> io::Result<Self> {
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: the kernel chooses a place where nothing is mapped, so no memory of ours changes.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), length, protection, flags, file.as_raw_fd(), offset) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // The kernel chooses no place at zero.
        NonNull::new(start.cast()).map(|start| Self { start, length }).ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// A part of a map, which the kernel and we share.
    fn of_map(map: BorrowedFd<'_>, offset: usize, length: usize, writable: bool) -> io::Result<Self> {
        let write = if writable { libc::PROT_WRITE } else { 0 };
        Self::new(map, offset, length, libc::PROT_READ | write, libc::MAP_SHARED)
    }

    /// Bytes; none where the mapping has none.
    ///
    /// # Safety
    ///
    /// Nobody changes them as long as they are borrowed.
    unsafe fn bytes(&self, from: usize, length: usize) -> &[u8] {
        if from.checked_add(length).is_none_or(|end| end > self.length) {
            return &[];
        }
        // SAFETY: the range lies within the mapping, which lives as long as `self` does; for changes the caller vouches.
        unsafe { slice::from_raw_parts(self.start.as_ptr().add(from), length) }
    }

    /// A word that the kernel writes too. Words outside, or in two parts, are refused by a panic: their places are ours.
    fn word(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(size_of::<u32>()) && at + size_of::<u32>() <= self.length);
        // SAFETY: the place is aligned and lies within the mapping; the kernel changes the word in one access, and we
        // only as an atomic.
        unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast()) }
    }

    /// A double word that the kernel writes too, under the same conditions.
    fn double_word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(size_of::<u64>()) && at + size_of::<u64>() <= self.length);
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(at).cast()) }
    }

    /// The one at the beginning.
    fn first(&self) -> &AtomicU64 {
        self.double_word(0)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `new`, and no reference outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

/// A file that nobody changes, in memory.
pub(crate) struct ConstantFile(Mapping);

impl ConstantFile {
    /// Maps a file that the kernel shows and never changes, which is for the caller to know.
    pub(crate) fn map(file: BorrowedFd<'_>, length: usize) -> io::Result<Self> {
        Mapping::new(file, 0, length, libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_POPULATE).map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the file does not change.
        unsafe { self.0.bytes(0, self.0.length) }
    }
}

/// Numbers in a map that programs add to.
pub(crate) struct Counters(Mapping);

impl Counters {
    /// The first value of an array that may be mapped, a page at most of double words.
    pub(crate) fn map(map: BorrowedFd<'_>, page_bytes: usize) -> io::Result<Self> {
        Mapping::of_map(map, 0, page_bytes, false).map(Self)
    }

    pub(crate) fn value(&self, index: usize) -> u64 {
        self.0.double_word(index * size_of::<u64>()).load(Ordering::Relaxed)
    }
}

/// The memory of a ring (kernel/bpf/ringbuf.c).
pub(crate) struct RingMemory {
    /// The place up to which we have read; a page that we write.
    consumer: Mapping,
    /// The place up to which the kernel has written, a page, and then the records. The kernel would show them a second time behind, so
    /// that none is divided, and count that memory as ours a second time.
    producer: Mapping,
    page_bytes: usize,
    bytes: usize,
    /// The one record that begins at the end and goes on at the beginning.
    divided: Vec<u8>,
}

/// `BPF_RINGBUF_HDR_SZ`: before each record its length with two flags, and what the kernel needs to find the ring again.
pub(crate) const RECORD_HEADER_BYTES: usize = 8;

/// `BPF_RINGBUF_BUSY_BIT`: the record is still being written.
pub(crate) const BUSY: u32 = 1 << 31;

/// `BPF_RINGBUF_DISCARD_BIT`: the record was given up.
pub(crate) const DISCARDED: u32 = 1 << 30;

impl RingMemory {
    /// Maps a ring of so many bytes. There must be no other reader, which is for the caller to know.
    pub(crate) fn map(map: BorrowedFd<'_>, bytes: usize, page_bytes: usize) -> io::Result<Self> {
        let consumer = Mapping::of_map(map, 0, page_bytes, true)?;
        let producer = Mapping::of_map(map, page_bytes, page_bytes + bytes, false)?;
        Ok(Self { consumer, producer, page_bytes, bytes, divided: Vec::new() })
    }

    /// Gives the records that are there now, and no more: a flood does not keep the reader. `true`: all of them; one that is still being
    /// written keeps back those behind it, and so does one that says to be longer than what was written: where the next one begins is
    /// not known then, and what the kernel finds no room for it counts.
    pub(crate) fn read(&mut self, taker: &mut dyn FnMut(&[u8])) -> bool {
        // Nobody else writes the one. What the other announces was written before.
        let mut at = self.consumer.first().load(Ordering::Relaxed);
        let end = self.producer.first().load(Ordering::Acquire);
        while at < end {
            let place = self.page_bytes + usize::try_from(at % self.bytes as u64).unwrap_or(0);
            let header = self.producer.word(place).load(Ordering::Acquire);
            if header & BUSY != 0 {
                return false;
            }
            let length = (header & !DISCARDED) as usize;
            let whole = (RECORD_HEADER_BYTES + length).next_multiple_of(8) as u64;
            // Of a ring no more is written than it has room for, whatever it says.
            if whole > (end - at).min(self.bytes as u64) {
                return false;
            }
            if header & DISCARDED == 0 {
                let from = place + RECORD_HEADER_BYTES;
                let behind = (from + length).saturating_sub(self.page_bytes + self.bytes);
                // SAFETY: the record is whole and ends where was written, and the kernel writes nothing there until we have passed it.
                let (record, rest) = unsafe {
                    (self.producer.bytes(from, length - behind), self.producer.bytes(self.page_bytes, behind))
                };
                if behind == 0 {
                    taker(record);
                } else {
                    self.divided.clear();
                    self.divided.extend_from_slice(record);
                    self.divided.extend_from_slice(rest);
                    taker(&self.divided);
                }
            }
            at += whole;
            self.consumer.first().store(at, Ordering::Release);
        }
        true
    }
}

fn number(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

fn length<T>(slice: &[T]) -> u32 {
    u32::try_from(slice.len()).unwrap_or(u32::MAX)
}
