//! The system calls that std does not have, and all of xtask's unsafe code.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// What a process took.
pub(super) struct Usage {
    /// How it ended.
    pub(super) status: ExitStatus,
    /// Time on a processor, its own and the kernel's for it.
    pub(super) cpu: Duration,
    /// The most memory that it held at once, in bytes.
    pub(super) peak_bytes: u64,
}

/// Moves this process into a new network namespace, and into a new user namespace that owns it where `user`.
pub(super) fn unshare(user: bool) -> io::Result<()> {
    let user = if user { libc::CLONE_NEWUSER } else { 0 };
    // SAFETY: unshare(2) takes flags only, and these concern no memory.
    check(unsafe { libc::unshare(user | libc::CLONE_NEWNET) }).map(drop)
}

/// Brings `lo` up.
pub(super) fn loopback_up() -> io::Result<()> {
    let socket = socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
    // SAFETY: all zeroes is a valid ifreq.
    let mut request: libc::ifreq = unsafe { zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_UP).map_err(io::Error::other)?;
    // SAFETY: SIOCSIFFLAGS reads one ifreq, which outlives the call.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) }).map(drop)
}

/// Raises the number of files that this process may hold to what it may raise it to, and returns that.
pub(super) fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one rlimit, which outlives the call.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the kernel reads one rlimit, which outlives the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    Ok(limit.rlim_cur)
}

/// Waits for the end of a child process, and takes its place in the process table away.
pub(super) fn wait(pid: u32) -> io::Result<Usage> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: all zeroes is a valid rusage.
    let mut usage: libc::rusage = unsafe { zeroed() };
    // SAFETY: the kernel writes one int and one rusage, which outlive the call.
    again(|| check(unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) }))?;
    Ok(Usage {
        status: ExitStatus::from_raw(status),
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        peak_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024, // in KiB: getrusage(2)
    })
}

/// Time that this process has spent on processors.
pub(super) fn own_cpu() -> io::Result<Duration> {
    cpu(libc::RUSAGE_SELF)
}

/// Time that its children have spent there that have ended and were waited for, and theirs.
pub(super) fn children_cpu() -> io::Result<Duration> {
    cpu(libc::RUSAGE_CHILDREN)
}

fn cpu(whose: i32) -> io::Result<Duration> {
    // SAFETY: all zeroes is a valid rusage.
    let mut usage: libc::rusage = unsafe { zeroed() };
    // SAFETY: the kernel writes one rusage, which outlives the call.
    check(unsafe { libc::getrusage(whose, &raw mut usage) })?;
    Ok(duration(usage.ru_utime) + duration(usage.ru_stime))
}

/// Whether a child process ends within this time.
pub(super) fn ends_within(pid: u32, limit: Duration) -> io::Result<bool> {
    let no_flags: libc::c_uint = 0;
    // SAFETY: pidfd_open(2) takes integers only.
    let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, no_flags) };
    let process = owned(libc::c_int::try_from(opened).map_err(io::Error::other)?)?;
    // A process that has ended is something to read.
    readable(process, limit)
}

/// Lets a process, and all that it will start, run on one processor only. 0 is this process.
pub(super) fn pin(pid: u32, core: usize) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: all zeroes is a valid, empty cpu_set_t.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: CPU_SET writes one bit of the set, or none where there is no such processor.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: the kernel reads one cpu_set_t, which outlives the call.
    check(unsafe { libc::sched_setaffinity(pid, size_of::<libc::cpu_set_t>(), &raw const set) }).map(drop)
}

/// Asks a child process to end, as Ctrl-C does.
pub(super) fn interrupt(pid: u32) -> io::Result<()> {
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: kill(2) takes integers only.
    check(unsafe { libc::kill(pid, libc::SIGINT) }).map(drop)
}

/// Whether there is something to read within this time.
pub(super) fn readable(file: impl AsFd, limit: Duration) -> io::Result<bool> {
    let mut waiting = libc::pollfd { fd: file.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let limit_ms = libc::c_int::try_from(limit.as_millis()).unwrap_or(libc::c_int::MAX);
    // SAFETY: the pointer and the count describe `waiting`, which outlives the call.
    again(|| check(unsafe { libc::poll(&raw mut waiting, 1, limit_ms) })).map(|ready| ready > 0)
}

/// A terminal of this size: where its keys are pressed and its letters read, and the end for a program.
pub(super) fn terminal(columns: u16, lines: u16) -> io::Result<(OwnedFd, OwnedFd)> {
    // SAFETY: posix_openpt(3) takes flags only.
    let master = owned(unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) })?;
    let fd = master.as_raw_fd();
    // SAFETY: grantpt(3) and unlockpt(3) take a descriptor only, which is open.
    unsafe { check(libc::grantpt(fd)).and_then(|_| check(libc::unlockpt(fd)))? };
    // SAFETY: TIOCGPTPEER takes flags and gives a descriptor (ioctl_tty(2), 4.13).
    let program =
        owned(unsafe { libc::ioctl(fd, libc::TIOCGPTPEER, libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) })?;
    let size = libc::winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCSWINSZ reads one winsize, which outlives the call.
    check(unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) })?;
    Ok((master, program))
}

/// Ticks of the clock in which /proc counts processor time.
pub(super) fn ticks_a_second() -> u64 {
    // SAFETY: sysconf(3) takes an integer only.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap_or(100)
}

/// A socket for questions to sock_diag.
pub(super) fn sock_diag() -> io::Result<OwnedFd> {
    socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_SOCK_DIAG)
}

/// A socket for rtnetlink on which the kernel heeds what a request selects (`NETLINK_GET_STRICT_CHK`, 4.20).
pub(super) fn rtnetlink() -> io::Result<OwnedFd> {
    let socket = socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
    set_option(&socket, libc::SOL_NETLINK, libc::NETLINK_GET_STRICT_CHK, &1i32)?;
    Ok(socket)
}

/// Sends one datagram.
pub(super) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: the pointer and the length describe `bytes`, which outlives the call.
    let sent = unsafe { libc::send(socket.as_fd().as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) };
    length(sent).map(drop)
}

/// Receives one datagram: its whole length, even where the buffer is shorter.
pub(super) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let fd = socket.as_fd().as_raw_fd();
    again(|| {
        // SAFETY: the pointer and the length describe `buffer`, which is borrowed mutably for the call.
        length(unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), libc::MSG_TRUNC) })
    })
}

/// A connection from an address to another, from a port of the kernel's choice; closing it leaves no trace.
pub(super) fn connect(source: SocketAddrV4, server: SocketAddrV4) -> io::Result<OwnedFd> {
    let socket = connect_in_order(source, server)?;
    abort_on_close(&socket)?;
    Ok(socket)
}

/// The same, and closing it is in order: with FIN and TIME-WAIT.
pub(super) fn connect_in_order(source: SocketAddrV4, server: SocketAddrV4) -> io::Result<OwnedFd> {
    let socket = socket(libc::AF_INET, libc::SOCK_STREAM, 0)?;
    // The port is chosen at connect(2), where it has to be free for this peer only.
    set_option(&socket, libc::SOL_IP, libc::IP_BIND_ADDRESS_NO_PORT, &1i32)?;
    let fd = socket.as_raw_fd();
    let (source, server) = (address(source), address(server));
    // SAFETY: the pointer and the length describe `source`, which outlives the call.
    check(unsafe { libc::bind(fd, (&raw const source).cast(), length_of::<libc::sockaddr_in>()) })?;
    // SAFETY: the pointer and the length describe `server`, which outlives the call.
    check(unsafe { libc::connect(fd, (&raw const server).cast(), length_of::<libc::sockaddr_in>()) })?;
    Ok(socket)
}

/// Closing this socket, or one accepted from it, resets the connection: no TIME-WAIT stays in the table.
pub(super) fn abort_on_close(socket: impl AsFd) -> io::Result<()> {
    set_option(socket, libc::SOL_SOCKET, libc::SO_LINGER, &libc::linger { l_onoff: 1, l_linger: 0 })
}

/// Sets an option of a socket to a value without padding.
pub(crate) fn set_option<T: Copy>(socket: impl AsFd, level: i32, name: i32, value: &T) -> io::Result<()> {
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the pointer and the length describe `value`, which outlives the call.
    check(unsafe { libc::setsockopt(fd, level, name, (&raw const *value).cast(), length_of::<T>()) }).map(drop)
}

/// A socket.
pub(crate) fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: socket(2) takes integers only.
    owned(unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) })
}

fn owned(result: i32) -> io::Result<OwnedFd> {
    let fd = check(result)?;
    // SAFETY: the call that gave this descriptor succeeded, so it is open and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn address(of: SocketAddrV4) -> libc::sockaddr_in {
    // SAFETY: all zeroes is a valid sockaddr_in.
    let mut address: libc::sockaddr_in = unsafe { zeroed() };
    address.sin_family = libc::AF_INET.try_into().unwrap_or_default();
    address.sin_port = of.port().to_be();
    address.sin_addr.s_addr = u32::from_ne_bytes(of.ip().octets());
    address
}

fn duration(time: libc::timeval) -> Duration {
    Duration::from_secs(time.tv_sec.try_into().unwrap_or(0))
        + Duration::from_micros(time.tv_usec.try_into().unwrap_or(0))
}

fn length_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or(libc::socklen_t::MAX)
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn length(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

/// Repeats a call that a signal interrupts.
fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
