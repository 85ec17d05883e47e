//! Scans of the real /proc, which need no privilege: what the tests open themselves must be found.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, UdpSocket},
    num::NonZero,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        linux::fs::MetadataExt,
        unix::net::UnixDatagram,
    },
    process::{self, Child, ChildStdout, Command, Stdio},
};

use rustix::io::FdFlags;
use sockeye_owners::{Facts, Owners, ProcessView, Scan, ScanOptions, scan};

/// Tells this test program to be a child that waits; its value is the name to take.
const CHILD: &str = "SOCKEYE_OWNERS_CHILD";

/// Descriptors of a large table; more than any piece of it, less than any limit.
const LARGE: u32 = 6000;

fn scan_with(options: ScanOptions<'_>) -> Scan {
    scan(&options).expect("this machine's /proc can be scanned")
}

fn number(fd: &impl AsRawFd) -> u32 {
    u32::try_from(fd.as_raw_fd()).expect("an open descriptor")
}

fn inode(fd: &impl AsRawFd) -> u32 {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    u32::try_from(fs::metadata(link).expect("own descriptor").st_ino()).expect("a socket's inode")
}

fn owners_of(owners: &Owners, inode: u32) -> Vec<(u32, u32)> {
    owners.of(inode).map(|owner| (owner.process.pid(), owner.fd)).collect()
}

/// A child of this program that keeps inherited sockets until it is dropped.
struct Waiting {
    child: Child,
    /// Read no further, but open: a closed one would be an error to the child.
    _output: BufReader<ChildStdout>,
}

impl Waiting {
    fn named(name: &str) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "a_child_waits", "--nocapture", "--test-threads=1"])
            .env(CHILD, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        assert!(
            output.by_ref().lines().any(|line| line.is_ok_and(|line| line == "waiting")),
            "the child did not come up"
        );
        Self { child, _output: output }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Not a test by itself: the body of the children of the tests below.
#[test]
fn a_child_waits() {
    let Some(name) = env::var_os(CHILD) else {
        return;
    };
    // The name of the first thread is the name of the process.
    let comm = format!("/proc/{}/comm", process::id());
    fs::write(comm, name.as_encoded_bytes()).expect("own name can be set");
    println!("\nwaiting");
    std::io::stdout().flush().expect("output");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[test]
fn own_sockets_are_found_with_descriptor_and_facts() {
    let udp = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("tcp");
    let unix = UnixDatagram::unbound().expect("unix");
    let facts = Facts::COMM | Facts::UID | Facts::CMDLINE | Facts::CGROUP | Facts::START_TIME;
    let found = scan_with(ScanOptions { facts, ..ScanOptions::default() });
    for (inode, fd) in [(inode(&udp), number(&udp)), (inode(&tcp), number(&tcp)), (inode(&unix), number(&unix))] {
        assert!(owners_of(&found.owners, inode).contains(&(process::id(), fd)));
    }
    let own = found.owners.processes().iter().find(|found| found.pid() == process::id()).expect("this process");
    let read = |file: &str| fs::read(format!("/proc/{}/{file}", process::id())).expect("own fact");
    assert_eq!(own.comm(), read("comm").strip_suffix(b"\n"));
    let cmdline = read("cmdline");
    assert_eq!(own.cmdline(), Some(&cmdline[..cmdline.len().min(4096)]));
    assert_eq!(own.is_cmdline_cut(), cmdline.len() > 4096);
    assert_eq!(own.uid(), Some(rustix::process::geteuid().as_raw()));
    let cgroup = own.cgroup().expect("own cgroup").path();
    assert!(read("cgroup").windows(cgroup.len()).any(|window| window == cgroup));
    assert!(own.start_time_ticks().is_some());
}

#[test]
fn facts_not_asked_for_are_not_there() {
    let _socket = UnixDatagram::unbound().expect("unix");
    let found = scan_with(ScanOptions { facts: Facts::NONE, pids: Some(&[process::id()]), ..ScanOptions::default() });
    let own = &found.owners.processes()[0];
    assert_eq!((own.comm(), own.uid(), own.cmdline(), own.start_time_ticks()), (None, None, None, None));
    assert!(own.cgroup().is_none());
}

#[test]
fn copies_of_a_descriptor_are_each_listed_in_order() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let far = rustix::io::fcntl_dupfd_cloexec(&socket, 700).expect("a copy far up");
    let near = socket.try_clone().expect("a copy");
    let found = scan_with(ScanOptions { pids: Some(&[process::id()]), ..ScanOptions::default() });
    let mut expected = vec![number(&socket), number(&near), number(&far)];
    expected.sort_unstable();
    let expected: Vec<_> = expected.into_iter().map(|fd| (process::id(), fd)).collect();
    assert_eq!(owners_of(&found.owners, inode(&socket)), expected);
}

#[test]
fn every_process_that_inherits_a_socket_owns_it_and_any_name_comes_out_whole() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("tcp");
    // A copy of which tests in other threads know nothing, but their children may: so "contains", not "equals".
    let shared: OwnedFd = socket.as_fd().try_clone_to_owned().expect("a copy");
    rustix::io::fcntl_setfd(&shared, FdFlags::empty()).expect("inheritable");
    let names = ["a) b\x1b[31m", "x\ny) R 1", "plain"];
    let children: Vec<Waiting> = names.iter().map(|name| Waiting::named(name)).collect();
    rustix::io::fcntl_setfd(&shared, FdFlags::CLOEXEC).expect("no longer inheritable");

    let found = scan_with(ScanOptions::default());
    let owners: Vec<_> = found.owners.of(inode(&socket)).collect();
    assert!(owners.is_sorted_by_key(|owner| (owner.process.pid(), owner.fd)));
    let holds = |pid: u32, fd: u32| owners.iter().any(|owner| owner.process.pid() == pid && owner.fd == fd);
    assert!(holds(process::id(), number(&socket)) && holds(process::id(), number(&shared)));
    for (Waiting { child, .. }, name) in children.iter().zip(names) {
        assert!(holds(child.id(), number(&shared)));
        let owner = owners.iter().find(|owner| owner.process.pid() == child.id()).expect("the child");
        assert_eq!(owner.process.comm(), Some(name.as_bytes()));
    }
}

#[test]
fn a_filter_leaves_out_processes_before_their_descriptors_are_read() {
    let _socket = UnixDatagram::unbound().expect("unix");
    let only_own = |view: &ProcessView<'_>| view.pid() == process::id() && view.comm().is_some();
    let found = scan_with(ScanOptions { filter: Some(&only_own), ..ScanOptions::default() });
    assert_eq!(found.owners.processes().iter().map(sockeye_owners::Process::pid).collect::<Vec<_>>(), [process::id()]);
    let seen = &found.visibility;
    assert_eq!((seen.processes_read, seen.processes_not_permitted), (1, 0));
    assert_eq!(seen.processes, seen.processes_read + seen.processes_filtered + seen.processes_gone);
}

#[test]
fn a_pid_that_is_not_there_is_gone_and_a_thread_is_no_process() {
    // Above the highest pid that any kernel gives (PID_MAX_LIMIT, 4 Mi).
    let found = scan_with(ScanOptions { pids: Some(&[5_000_000]), ..ScanOptions::default() });
    assert_eq!((found.visibility.processes, found.visibility.processes_gone), (1, 1));
    assert!(found.owners.is_empty());
    std::thread::spawn(|| {
        let _socket = UnixDatagram::unbound().expect("unix");
        let thread = u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).expect("a thread id");
        let found = scan_with(ScanOptions { pids: Some(&[thread]), ..ScanOptions::default() });
        assert_eq!((found.owners.len(), found.visibility.processes_filtered), (0, 1));
    })
    .join()
    .expect("the thread");
}

#[test]
fn a_large_table_is_the_same_whatever_the_threads() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).expect("the limit can be raised");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let room = limit.maximum.is_none_or(|maximum| maximum > u64::from(LARGE) + 2000);
    let copies = if room { LARGE } else { 100 };
    let held: Vec<OwnedFd> =
        (0..copies).map(|_| rustix::io::fcntl_dupfd_cloexec(&socket, 1000).expect("a copy")).collect();
    let mut expected: Vec<_> = held.iter().map(|fd| (process::id(), number(fd))).collect();
    expected.push((process::id(), number(&socket)));
    expected.sort_unstable();
    for threads in 1..=4 {
        let options =
            ScanOptions { pids: Some(&[process::id()]), threads: NonZero::new(threads), ..ScanOptions::default() };
        assert_eq!(owners_of(&scan_with(options).owners, inode(&socket)), expected, "{threads} threads");
    }
}
