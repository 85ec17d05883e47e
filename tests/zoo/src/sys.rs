//! System calls that neither std nor rustix offer in the form needed here. All unsafe code of the crate is in this
//! file; each function takes slices and descriptors and gives `io::Result`.

use std::ffi::CStr;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use libc::{c_int, c_ulong, c_void, socklen_t};
use rustix::thread::{CapabilitySet, capabilities};

use crate::patience::slowness;

mod program;
mod rings;
mod serial;

pub(crate) use program::pin_program;
pub(crate) use rings::{put_socket, redirect, socket_map};
pub(crate) use serial::can_over_serial;

/// Seconds after which a process in a namespace of its own is ended by the kernel, so that no test can hang.
const LIFETIME_S: u32 = 900;

/// Largest address any family here has (`sockaddr_storage`).
const ADDRESS_BYTES_MAX: usize = 128;

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_long(result: libc::c_long) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(c_int::try_from(result).unwrap_or(c_int::MAX)) }
}

fn length(bytes: &[u8]) -> socklen_t {
    socklen_t::try_from(bytes.len()).expect("arguments of system calls are small")
}

fn owned(result: io::Result<c_int>) -> io::Result<OwnedFd> {
    let raw = result?;
    // SAFETY: every caller passes the result of a system call that has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(raw) })
}

/// `socket(2)`, closed on exec.
pub(crate) fn socket(family: c_int, kind: c_int, protocol: c_int) -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    owned(check(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) }))
}

/// `socketpair(2)`, closed on exec.
pub(crate) fn socket_pair(family: c_int, kind: c_int) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut raw = [0; 2];
    // SAFETY: the array has room for the two descriptors the kernel writes.
    check(unsafe { libc::socketpair(family, kind | libc::SOCK_CLOEXEC, 0, raw.as_mut_ptr()) })?;
    Ok((owned(Ok(raw[0]))?, owned(Ok(raw[1]))?))
}

/// `bind(2)` to an encoded address.
pub(crate) fn bind(fd: impl AsFd, address: &[u8]) -> io::Result<()> {
    // SAFETY: pointer and length describe one slice, which the kernel only reads.
    check(unsafe { libc::bind(raw(&fd), address.as_ptr().cast(), length(address)) }).map(drop)
}

/// `connect(2)` to an encoded address.
pub(crate) fn connect(fd: impl AsFd, address: &[u8]) -> io::Result<()> {
    // SAFETY: pointer and length describe one slice, which the kernel only reads.
    check(unsafe { libc::connect(raw(&fd), address.as_ptr().cast(), length(address)) }).map(drop)
}

/// `listen(2)`
pub(crate) fn listen(fd: impl AsFd, backlog: c_int) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::listen(raw(&fd), backlog) }).map(drop)
}

/// `accept4(2)`, closed on exec.
pub(crate) fn accept(fd: impl AsFd) -> io::Result<OwnedFd> {
    // SAFETY: null pointers mean that no address is wanted.
    owned(check(unsafe { libc::accept4(raw(&fd), std::ptr::null_mut(), std::ptr::null_mut(), libc::SOCK_CLOEXEC) }))
}

/// `sendto(2)`; an empty address means the connected one. Returns how many bytes were taken.
pub(crate) fn send_to(fd: impl AsFd, bytes: &[u8], flags: c_int, address: &[u8]) -> io::Result<usize> {
    let target = if address.is_empty() { std::ptr::null() } else { address.as_ptr().cast() };
    // SAFETY: both pointers go with the length of their slice; the kernel only reads them.
    let sent = unsafe {
        libc::sendto(raw(&fd), bytes.as_ptr().cast(), bytes.len(), flags | libc::MSG_NOSIGNAL, target, length(address))
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

fn name_by(
    fd: BorrowedFd<'_>,
    call: unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut socklen_t) -> c_int,
) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; ADDRESS_BYTES_MAX];
    let mut len = length(&bytes);
    // SAFETY: the kernel writes at most `len` bytes, which is the size of the buffer, and then the true length.
    check(unsafe { call(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), &raw mut len) })?;
    bytes.truncate(len as usize);
    Ok(bytes)
}

/// `getsockname(2)`
pub(crate) fn local_name(fd: impl AsFd) -> io::Result<Vec<u8>> {
    name_by(fd.as_fd(), libc::getsockname)
}

/// `getpeername(2)`
pub(crate) fn peer_name(fd: impl AsFd) -> io::Result<Vec<u8>> {
    name_by(fd.as_fd(), libc::getpeername)
}

/// `setsockopt(2)` with any bytes.
pub(crate) fn set_bytes(fd: impl AsFd, level: c_int, name: c_int, value: &[u8]) -> io::Result<()> {
    // SAFETY: pointer and length describe one slice. The options used by this crate hold no pointers of their own;
    // the one that does (`SO_ATTACH_FILTER`) goes through `attach_filter`.
    check(unsafe { libc::setsockopt(raw(&fd), level, name, value.as_ptr().cast(), length(value)) }).map(drop)
}

/// `setsockopt(2)` with an `int`.
pub(crate) fn set(fd: impl AsFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    set_bytes(fd, level, name, &value.to_ne_bytes())
}

/// `getsockopt(2)` into a buffer; returns how many bytes the kernel wrote.
pub(crate) fn get_bytes(fd: impl AsFd, level: c_int, name: c_int, value: &mut [u8]) -> io::Result<usize> {
    let mut len = length(value);
    // SAFETY: the kernel writes at most `len` bytes, which is the size of the buffer.
    check(unsafe { libc::getsockopt(raw(&fd), level, name, value.as_mut_ptr().cast(), &raw mut len) })?;
    Ok(len as usize)
}

/// `getsockopt(2)` of an `int`.
pub(crate) fn option(fd: impl AsFd, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value = [0; 4];
    get_bytes(fd, level, name, &mut value)?;
    Ok(c_int::from_ne_bytes(value))
}

/// `SO_COOKIE`
pub(crate) fn cookie(fd: impl AsFd) -> io::Result<u64> {
    let mut value = [0; 8];
    get_bytes(fd, libc::SOL_SOCKET, libc::SO_COOKIE, &mut value)?;
    Ok(u64::from_ne_bytes(value))
}

/// `SO_ATTACH_FILTER`
pub(crate) fn attach_filter(fd: impl AsFd, program: &[libc::sock_filter]) -> io::Result<()> {
    let mut program = program.to_vec();
    let len = u16::try_from(program.len()).expect("filters here have a few instructions");
    let head = libc::sock_fprog { len, filter: program.as_mut_ptr() };
    let size = socklen_t::try_from(size_of_val(&head)).expect("two words");
    // SAFETY: `head` and the program it points to outlive the call, and `len` is the program's length.
    check(unsafe {
        libc::setsockopt(raw(&fd), libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, (&raw const head).cast(), size)
    })
    .map(drop)
}

/// An `ioctl` that answers with an `int`, for instance `SIOCOUTQNSD`.
pub(crate) fn ioctl_int(fd: impl AsFd, request: c_ulong) -> io::Result<c_int> {
    let mut value: c_int = 0;
    // SAFETY: the requests used by this crate write one `int`.
    check(unsafe { libc::ioctl(raw(&fd), request as _, &raw mut value) })?;
    Ok(value)
}

/// Sets `IFF_UP` on a device (`SIOCGIFFLAGS`, `SIOCSIFFLAGS`).
pub(crate) fn interface_up(fd: impl AsFd, name: &CStr) -> io::Result<()> {
    // SAFETY: `ifreq` is plain data, for which all zeros is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.to_bytes()) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    // SAFETY: `request` is the structure both calls expect; its name ends with a zero.
    unsafe {
        check(libc::ioctl(raw(&fd), libc::SIOCGIFFLAGS as _, &raw mut request))?;
        request.ifr_ifru.ifru_flags |= libc::c_short::try_from(libc::IFF_UP).unwrap_or(1);
        check(libc::ioctl(raw(&fd), libc::SIOCSIFFLAGS as _, &raw mut request))?;
    }
    Ok(())
}

/// Makes a device without a wire behind it (`TUNSETIFF`), which lasts as long as the file, and tells its index.
pub(crate) fn tunnel(name: &CStr) -> io::Result<(OwnedFd, u32)> {
    device(name, libc::IFF_TUN)
}

/// The same of the kind that `IFF_…` flags say.
pub(crate) fn device(name: &CStr, flags: c_int) -> io::Result<(OwnedFd, u32)> {
    const NAME_BYTES: usize = 16;
    let flags = flags | libc::IFF_NO_PI;
    // struct ifreq: name, then flags.
    let mut request = [0_u8; size_of::<libc::ifreq>()];
    request[..NAME_BYTES].iter_mut().zip(name.to_bytes()).for_each(|(to, from)| *to = *from);
    request[NAME_BYTES..NAME_BYTES + 4].copy_from_slice(&flags.to_ne_bytes());
    let file = std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun")?;
    // SAFETY: the buffer has the size of the structure that the kernel copies in and out.
    check(unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF as _, request.as_mut_ptr()) })?;
    // SAFETY: the name ends with a zero.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok((file.into(), index)),
    }
}

/// Adds an address to a device (`SIOCSIFADDR` on an IPv6 socket).
pub(crate) fn add_address(fd: impl AsFd, octets: [u8; 16], prefix_len: u32, ifindex: u32) -> io::Result<()> {
    // struct in6_ifreq (include/uapi/linux/ipv6.h): address, prefix length, device.
    let mut request = [0; 24];
    request[..16].copy_from_slice(&octets);
    request[16..20].copy_from_slice(&prefix_len.to_ne_bytes());
    request[20..].copy_from_slice(&ifindex.to_ne_bytes());
    // SAFETY: the kernel reads the 24 bytes of the structure and copies them byte by byte, whatever their alignment.
    check(unsafe { libc::ioctl(raw(&fd), libc::SIOCSIFADDR as _, request.as_ptr()) }).map(drop)
}

/// What a process needs to write to become root of its own user namespace. Prepared before `fork`, because after it
/// nothing may allocate.
pub(crate) struct Identity {
    uid_map: String,
    gid_map: String,
    /// Whether a network namespace of this user namespace could be set up: `lo` too is brought up with `CAP_NET_ADMIN`.
    may_set_up: bool,
}

impl Identity {
    /// This process as root.
    pub(crate) fn current() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let held = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
        let may_set_up = held.contains(CapabilitySet::NET_ADMIN);
        Self { uid_map: format!("0 {uid} 1\n"), gid_map: format!("0 {gid} 1\n"), may_set_up }
    }

    /// Moves the calling thread into a new network namespace; where that needs a privilege it lacks, moves the
    /// (single-threaded) process into a new user namespace first. Allocates nothing.
    pub(crate) fn isolate(&self) -> io::Result<()> {
        if self.may_set_up {
            // SAFETY: no pointers. Only what the thread may see changes, nothing that memory safety rests on.
            match check(unsafe { libc::unshare(libc::CLONE_NEWNET) }) {
                Err(error) if error.raw_os_error() == Some(libc::EPERM) => {}
                other => return other.map(drop),
            }
        }
        // SAFETY: as above.
        check(unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) })?;
        overwrite(c"/proc/self/setgroups", b"deny")?;
        overwrite(c"/proc/self/uid_map", self.uid_map.as_bytes())?;
        overwrite(c"/proc/self/gid_map", self.gid_map.as_bytes())
    }
}

/// Writes a whole small file without allocating.
fn overwrite(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: the path ends with a zero.
    let file = owned(check(unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) }))?;
    rustix::io::write(&file, bytes)?;
    Ok(())
}

/// Lets `command` start in namespaces of its own, with `report` left open for it, ended by the kernel when its time is
/// over or its parent is gone.
pub(crate) fn isolate_on_spawn(command: &mut Command, report: RawFd) {
    let identity = Identity::current();
    let lifetime_s = LIFETIME_S * slowness();
    let prepare = move || {
        // SAFETY: three system calls without pointers; `report` belongs to this child's copy of the table.
        unsafe {
            libc::alarm(lifetime_s);
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL))?;
            check(libc::fcntl(report, libc::F_SETFD, 0))?;
        }
        identity.isolate()
    };
    // SAFETY: between fork and exec `prepare` makes only async-signal-safe system calls and allocates nothing.
    unsafe { command.pre_exec(prepare) };
}

/// Takes over a descriptor that the parent left open.
///
/// The caller must be the only one in this process to do so, and at most once.
pub(crate) fn inherit(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no pointers; tells whether the number is an open descriptor.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    owned(Ok(number))
}

/// A process that does nothing but hold one socket. Ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) pid: c_int,
    lifeline: Option<OwnedFd>,
}

impl Holder {
    /// Forks a process named `name` that keeps `fd` and nothing else open; returns when that is so.
    pub(crate) fn fork(fd: impl AsFd, name: &CStr) -> io::Result<Self> {
        let (wait, lifeline) = io::pipe()?;
        let (mut settled, ready) = io::pipe()?;
        let (wait_raw, ready_raw) = (wait.as_raw_fd(), ready.as_raw_fd());
        let mut kept = [raw(&fd), wait_raw, ready_raw].map(RawFd::cast_unsigned);
        kept.sort_unstable();
        let [low, middle, high] = kept;
        let gaps = [(0, low), (low + 1, middle), (middle + 1, high), (high + 1, u32::MAX)];
        // SAFETY: the child makes only async-signal-safe system calls and ends with `_exit`; it never returns.
        let pid = check(unsafe { libc::fork() })?;
        if pid == 0 {
            // SAFETY: as above; the byte is a local that outlives the calls, the name ends with a zero.
            unsafe {
                libc::prctl(libc::PR_SET_NAME, name.as_ptr());
                // The child must not keep other sockets alive.
                for (first, end) in gaps {
                    if first < end {
                        libc::syscall(libc::SYS_close_range, first, end - 1, 0);
                    }
                }
                libc::close(ready_raw);
                let mut byte = 0_u8;
                while libc::read(wait_raw, (&raw mut byte).cast::<c_void>(), 1) > 0 {}
                libc::_exit(0);
            }
        }
        let holder = Self { pid, lifeline: Some(lifeline.into()) };
        drop(ready);
        // Ends when the child has closed its copy.
        settled.read_to_end(&mut Vec::new())?;
        Ok(holder)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // SAFETY: a null status pointer is allowed; the process is a child of ours that nobody else waits for.
        unsafe { libc::waitpid(self.pid, std::ptr::null_mut(), 0) };
    }
}

/// `BPF_MAP_CREATE` and its neighbours (`enum bpf_cmd`).
mod command {
    pub(super) const MAP_CREATE: libc::c_int = 0;
    pub(super) const MAP_UPDATE_ELEM: libc::c_int = 2;
    pub(super) const OBJ_GET_INFO_BY_FD: libc::c_int = 15;
    pub(super) const BTF_LOAD: libc::c_int = 18;
}

/// `bpf(2)` with an attribute union given as words of 32 bits, in the layout of `union bpf_attr`.
///
/// # Safety
///
/// Addresses in `attr` must be valid for what the command reads or writes there.
unsafe fn bpf(command: c_int, attr: &mut [u32]) -> io::Result<c_int> {
    // SAFETY: the slice is `union bpf_attr` as far as its length goes; the caller answers for addresses inside.
    check_long(unsafe { libc::syscall(libc::SYS_bpf, command, attr.as_mut_ptr(), size_of_val(attr)) })
}

/// Low and high word of an address, in the order in which they lie in memory.
fn words<T>(pointer: *const T) -> [u32; 2] {
    let address = (pointer.expose_provenance() as u64).to_ne_bytes();
    let (words, _) = address.as_chunks::<4>();
    [u32::from_ne_bytes(words[0]), u32::from_ne_bytes(words[1])]
}

/// `BPF_BTF_LOAD`
pub(crate) fn btf_load(blob: &[u8]) -> io::Result<OwnedFd> {
    let [low, high] = words(blob.as_ptr());
    // btf, btf_log_buf, btf_size, btf_log_size, btf_log_level
    let mut attr = [low, high, 0, 0, length(blob), 0, 0];
    // SAFETY: the address and size are those of `blob`, which the kernel only reads.
    owned(unsafe { bpf(command::BTF_LOAD, &mut attr) })
}

/// Memory that belongs to nobody else and begins at a page.
#[derive(Debug)]
pub(crate) struct Region {
    start: *mut c_void,
    bytes: usize,
}

impl Region {
    /// So many bytes, all zero.
    pub(crate) fn anonymous(bytes: usize) -> io::Result<Self> {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: no address is asked for, so that nothing that is mapped is replaced.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, kind, -1, 0) };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self { start, bytes }) }
    }

    /// Where it begins, for the kernel.
    pub(crate) fn address(&self) -> u64 {
        self.start.expose_provenance() as u64
    }

    /// How long it is.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing in this process refers to it.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}

/// A map of type `BPF_MAP_TYPE_SK_STORAGE` with values of `N` bytes.
#[derive(Debug)]
pub(crate) struct SocketStorage<const N: usize> {
    map: OwnedFd,
}

impl<const N: usize> SocketStorage<N> {
    /// Creates it; the type ids are those of key and value in `btf`.
    pub(crate) fn create(btf: &OwnedFd, key_type: u32, value_type: u32) -> io::Result<Self> {
        const SK_STORAGE: u32 = 24;
        const NO_PREALLOC: u32 = 1;
        let value_bytes = u32::try_from(N).expect("values here are small");
        let mut attr = [0; 18];
        attr[..5].copy_from_slice(&[SK_STORAGE, 4, value_bytes, 0, NO_PREALLOC]);
        attr[12] = btf.as_raw_fd().cast_unsigned();
        attr[13] = key_type;
        attr[14] = value_type;
        // SAFETY: this command's attributes hold no addresses.
        let map = owned(unsafe { bpf(command::MAP_CREATE, &mut attr) })?;
        Ok(Self { map })
    }

    /// Stores a value at a socket.
    pub(crate) fn store(&self, socket: impl AsFd, value: &[u8; N]) -> io::Result<()> {
        let key = raw(&socket);
        let ([key_low, key_high], [low, high]) = (words(&raw const key), words(value.as_ptr()));
        let mut attr = [self.map.as_raw_fd().cast_unsigned(), 0, key_low, key_high, low, high, 0, 0];
        // SAFETY: the map was created with keys of 4 and values of N bytes; both outlive the call.
        unsafe { bpf(command::MAP_UPDATE_ELEM, &mut attr) }.map(drop)
    }

    /// The kernel's number of the map.
    pub(crate) fn id(&self) -> io::Result<u32> {
        // The first two words of struct bpf_map_info: type, id.
        let mut info = [0_u32; 2];
        let [low, high] = words(info.as_mut_ptr());
        let mut attr = [self.map.as_raw_fd().cast_unsigned(), 8, low, high];
        // SAFETY: the kernel writes at most the 8 bytes named beside the address of `info`.
        unsafe { bpf(command::OBJ_GET_INFO_BY_FD, &mut attr) }?;
        Ok(info[1])
    }
}

fn raw(fd: &impl AsFd) -> RawFd {
    fd.as_fd().as_raw_fd()
}
