//! Every system call of this crate, and all of its unsafe code.
#![allow(unsafe_code)]
// C has other integer types for the same small constants in different places.
#![allow(clippy::cast_possible_truncation)]

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// One instruction of a classic BPF program (`struct sock_filter`, include/uapi/linux/filter.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do: `BPF_*`.
    pub code: u16,
    /// Instructions to skip where a condition holds.
    pub jump_true: u8,
    /// Instructions to skip where it does not.
    pub jump_false: u8,
    /// The constant.
    pub constant: u32,
}

/// The file system of namespaces (include/uapi/linux/magic.h).
const NSFS_MAGIC: u64 = 0x6e73_6673;

/// What one `recvmsg` gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reception {
    /// Bytes in the buffer, or of the whole datagram where it was longer.
    pub(crate) length: usize,
    /// Port id of the sender.
    pub(crate) sender: u32,
    /// The datagram was longer than the buffer.
    pub(crate) truncated: bool,
}

/// A Netlink socket of `protocol`, closed on exec.
pub(crate) fn open(protocol: u16) -> io::Result<OwnedFd> {
    // SAFETY: socket(2) takes integers only.
    let fd = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol.into()) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so `fd` is open and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Gives the socket a port id of the kernel's choice.
pub(crate) fn bind(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: all zeroes is a valid sockaddr_nl.
    let mut address: libc::sockaddr_nl = unsafe { zeroed() };
    address.nl_family = libc::AF_NETLINK as libc::sa_family_t;
    // SAFETY: the pointer and the length describe `address`, which outlives the call.
    check(unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), length_of::<libc::sockaddr_nl>()) })
}

/// `setsockopt` with an integer.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: the pointer and the length describe `value`, which outlives the call.
    check(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const value).cast(), length_of::<i32>()) })
}

/// Sends one request to the kernel.
pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    loop {
        // SAFETY: the pointer and the length describe `bytes`, which outlives the call.
        let sent = unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) };
        match usize::try_from(sent) {
            Ok(sent) if sent == bytes.len() => return Ok(()),
            Ok(_) => return Err(io::Error::from_raw_os_error(libc::EMSGSIZE)),
            Err(_) => retry_interrupted()?,
        }
    }
}

/// Receives one datagram. `MSG_TRUNC` makes the kernel give the whole length of a datagram that does not fit.
pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], flags: i32) -> io::Result<Reception> {
    // SAFETY: all zeroes is a valid sockaddr_nl.
    let mut address: libc::sockaddr_nl = unsafe { zeroed() };
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all zeroes is a valid msghdr: no name, no parts, no control data.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_name = (&raw mut address).cast();
    message.msg_namelen = length_of::<libc::sockaddr_nl>();
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    loop {
        // SAFETY: `message` points to `address` and `part`, `part` to `buffer`; all outlive the call and are borrowed
        // mutably by nobody else.
        let received = unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut message, flags | libc::MSG_TRUNC) };
        match usize::try_from(received) {
            Ok(length) => {
                return Ok(Reception {
                    length,
                    sender: address.nl_pid,
                    truncated: message.msg_flags & libc::MSG_TRUNC != 0,
                });
            }
            Err(_) => retry_interrupted()?,
        }
    }
}

/// `getsockopt` with a 64-bit number.
pub(crate) fn option_u64(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<u64> {
    let mut value = 0u64;
    let mut length = length_of::<u64>();
    // SAFETY: the pointer and the length describe `value`; both outlive the call.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut length) })?;
    Ok(value)
}

/// `getsockopt` with an integer.
pub(crate) fn option(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<i32> {
    let mut value = 0i32;
    let mut length = length_of::<i32>();
    // SAFETY: the pointer and the length describe `value`; both outlive the call.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut length) })?;
    Ok(value)
}

/// Numbers of `SO_MEMINFO` (`SK_MEMINFO_VARS`, include/uapi/linux/sock_diag.h).
const MEMINFO_VARS: usize = 9;

/// `SO_MEMINFO` (4.12): the last number counts what the kernel dropped.
pub(crate) fn memory(fd: BorrowedFd<'_>) -> io::Result<[u32; MEMINFO_VARS]> {
    let mut values = [0u32; MEMINFO_VARS];
    let mut length = length_of::<[u32; MEMINFO_VARS]>();
    // SAFETY: the pointer and the length describe `values`; both outlive the call.
    check(unsafe {
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, (&raw mut values).cast(), &raw mut length)
    })?;
    Ok(values)
}

/// `SO_ATTACH_FILTER`: a classic BPF program that decides which datagrams are queued.
pub(crate) fn attach_filter(fd: BorrowedFd<'_>, program: &[Instruction]) -> io::Result<()> {
    let mut instructions: Vec<_> = program
        .iter()
        .map(|step| libc::sock_filter { code: step.code, jt: step.jump_true, jf: step.jump_false, k: step.constant })
        .collect();
    let length = u16::try_from(instructions.len()).map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))?;
    let program = libc::sock_fprog { len: length, filter: instructions.as_mut_ptr() };
    // SAFETY: `program` describes `instructions`; both outlive the call, which copies them.
    check(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            length_of::<libc::sock_fprog>(),
        )
    })
}

/// `SIOCGIFNAME`: the name, then NULs.
pub(crate) fn interface_name(socket: BorrowedFd<'_>, ifindex: i32) -> io::Result<[u8; libc::IFNAMSIZ]> {
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { zeroed() };
    request.ifr_ifru.ifru_ifindex = ifindex;
    // SAFETY: SIOCGIFNAME reads and writes one ifreq, which outlives the call.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFNAME as libc::Ioctl, &raw mut request) })?;
    Ok(request.ifr_name.map(|character| character.to_ne_bytes()[0]))
}

/// `SIOCGIFINDEX` for a name that is ended by NULs.
pub(crate) fn interface_index(socket: BorrowedFd<'_>, name: [u8; libc::IFNAMSIZ]) -> io::Result<i32> {
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { zeroed() };
    request.ifr_name = name.map(|byte| libc::c_char::from_ne_bytes([byte]));
    // SAFETY: SIOCGIFINDEX reads and writes one ifreq, which outlives the call.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFINDEX as libc::Ioctl, &raw mut request) })?;
    // SAFETY: the call succeeded, so the kernel filled in this member; every bit pattern of it is an integer.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex })
}

/// Moves the calling thread into the network namespace behind `fd`.
pub(crate) fn enter_network_namespace(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::thread::move_into_link_name_space(fd, Some(rustix::thread::LinkNameSpaceType::Network))?)
}

/// Whether an open file is a network namespace: of nsfs, and of the right kind (`NS_GET_NSTYPE`, 4.11).
pub(crate) fn is_network_namespace(fd: BorrowedFd<'_>) -> bool {
    // The number of the ioctl may mean something else to another file, so the file system comes first.
    let of_nsfs = rustix::fs::fstatfs(fd).is_ok_and(|status| u64::try_from(status.f_type) == Ok(NSFS_MAGIC));
    // SAFETY: this ioctl of nsfs takes no argument.
    of_nsfs && unsafe { libc::ioctl(fd.as_raw_fd(), libc::NS_GET_NSTYPE) == libc::CLONE_NEWNET }
}

/// The user namespace that owns a namespace (`NS_GET_USERNS`, 4.9). The kernel shows it to those who are in it or above it.
pub(crate) fn owning_user_namespace(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: this ioctl of nsfs takes no argument.
    let owner = unsafe { libc::ioctl(fd.as_raw_fd(), libc::NS_GET_USERNS) };
    if owner < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so `owner` is open and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(owner) })
}

/// Lets the runtime of the calling task wait for a watcher.
#[cfg(feature = "tokio")]
pub(crate) fn register(
    watcher: crate::watcher::Watcher,
) -> io::Result<tokio::io::unix::AsyncFd<crate::watcher::Watcher>> {
    // SAFETY: a watcher owns the socket whose descriptor it gives, and keeps that same one until it is dropped.
    unsafe { tokio::io::unix::AsyncFd::register(watcher) }.map_err(|failed| failed.into_parts().1)
}

/// `Ok` when the last call was interrupted by a signal and may be made again.
fn retry_interrupted() -> io::Result<()> {
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) }
}

/// The length of an address or of an option's value, as the socket calls want it.
const fn length_of<T>() -> libc::socklen_t {
    size_of::<T>() as libc::socklen_t
}

fn check(status: i32) -> io::Result<()> {
    if status < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
