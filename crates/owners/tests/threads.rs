//! The threads of this process: those that share its table of descriptors, and those that have left it.

use std::{
    collections::BTreeMap,
    fs,
    net::UdpSocket,
    num::NonZero,
    os::{fd::AsRawFd, linux::fs::MetadataExt},
    process,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use rustix::thread::{UnshareFlags, gettid};
use sockeye_owners::{Facts, Owners, ScanOptions, scan};

/// What is there before a test looks: the thread, its socket, and the socket's number in it.
struct Holder {
    tid: u32,
    inode: u32,
    fd: u32,
}

fn own_tid() -> u32 {
    u32::try_from(gettid().as_raw_nonzero().get()).expect("a thread id")
}

fn inode(socket: &UdpSocket) -> u32 {
    // Of this thread: the process itself need not have such a descriptor.
    let link = format!("/proc/thread-self/fd/{}", socket.as_raw_fd());
    u32::try_from(fs::metadata(link).expect("own descriptor").st_ino()).expect("a socket's inode")
}

/// Opens a socket, says so, and keeps it until the other end of `done` is gone.
fn hold(ready: &Sender<Holder>, done: &Receiver<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let fd = u32::try_from(socket.as_raw_fd()).expect("a descriptor");
    ready.send(Holder { tid: own_tid(), inode: inode(&socket), fd }).expect("the test waits");
    let _ = done.recv();
}

/// Puts the calling thread's descriptors into a table of its own.
#[expect(deprecated, reason = "its successor is unsafe; the thread uses no descriptor but those it opens afterwards")]
fn leave_the_common_table() {
    rustix::thread::unshare(UnshareFlags::FILES).expect("a thread may have its own table");
}

/// What is found of this process's threads, or of the process alone.
fn own(tasks: bool, facts: Facts) -> Owners {
    let options = ScanOptions { pids: Some(&[process::id()]), tasks, facts, ..ScanOptions::default() };
    scan(&options).expect("/proc can be scanned").owners
}

fn of(owners: &Owners, inode: u32) -> Vec<(u32, u32, u32)> {
    owners.of(inode).map(|owner| (owner.process.pid(), owner.process.tid(), owner.fd)).collect()
}

#[test]
fn a_thread_with_a_table_of_its_own_is_the_only_owner_of_its_socket() {
    thread::scope(|scope| {
        let ((ready, holders), (keep, done)) = (channel(), channel());
        scope.spawn(move || {
            leave_the_common_table();
            hold(&ready, &done);
        });
        let Holder { tid, inode, fd } = holders.recv().expect("the thread");
        assert_ne!(tid, process::id());
        assert_eq!(of(&own(true, Facts::NONE), inode), [(process::id(), tid, fd)]);
        assert_eq!(of(&own(false, Facts::NONE), inode), [], "not the process's");
        drop(keep);
    });
}

#[test]
fn every_thread_that_shares_the_table_owns_the_socket_under_its_own_name() {
    let names = ["reader (old)", "a) b", "writer"];
    thread::scope(|scope| {
        let (ready, holders) = channel();
        let keep: Vec<Sender<()>> = names
            .iter()
            .map(|name| {
                let (ready, (keep, done)) = (ready.clone(), channel());
                let thread = thread::Builder::new().name((*name).to_owned());
                thread.spawn_scoped(scope, move || hold(&ready, &done)).expect("a thread");
                keep
            })
            .collect();
        let found: Vec<Holder> = holders.iter().take(names.len()).collect();
        let owners = own(true, Facts::COMM | Facts::UID | Facts::CGROUP);
        let socket = &found[0];
        let list: Vec<_> = owners.of(socket.inode).collect();
        assert!(list.is_sorted_by_key(|owner| (owner.process.pid(), owner.process.tid(), owner.fd)));
        assert!(list.iter().all(|owner| owner.process.pid() == process::id()));
        assert!(list.iter().any(|owner| owner.process.tid() == process::id()), "the process itself");
        // A thread of another test can end before its name is read.
        let comms: BTreeMap<u32, &[u8]> =
            list.iter().filter_map(|owner| Some((owner.process.tid(), owner.process.comm()?))).collect();
        for holder in &found {
            let read = fs::read(format!("/proc/self/task/{}/comm", holder.tid)).expect("the thread lives");
            assert_eq!(Some(comms[&holder.tid]), read.strip_suffix(b"\n"));
        }
        assert!(names.iter().all(|name| comms.values().any(|comm| *comm == name.as_bytes())), "{comms:?}");
        let alone = own(false, Facts::NONE);
        assert_eq!(of(&alone, socket.inode), [(process::id(), process::id(), socket.fd)]);
        drop(keep);
    });
}

#[test]
fn threads_are_the_same_however_many_look_and_in_whatever_way() {
    thread::scope(|scope| {
        let ((ready, holders), (keep, done)) = (channel(), channel());
        scope.spawn(move || {
            leave_the_common_table();
            hold(&ready, &done);
        });
        let Holder { tid, inode, fd } = holders.recv().expect("the thread");
        for threads in 1..=4 {
            let all = ScanOptions { tasks: true, threads: NonZero::new(threads), ..ScanOptions::default() };
            let only_own = |view: &sockeye_owners::ProcessView<'_>| view.pid() == process::id();
            for options in [all, ScanOptions { filter: Some(&only_own), ..all }] {
                let found = scan(&options).expect("/proc can be scanned");
                assert_eq!(of(&found.owners, inode), [(process::id(), tid, fd)], "{options:?}");
                let seen = &found.visibility;
                let kinds =
                    [seen.processes_filtered, seen.processes_not_permitted, seen.processes_gone, seen.processes_failed];
                assert_eq!(seen.processes, seen.processes_read + kinds.iter().sum::<usize>());
            }
        }
        drop(keep);
    });
}

#[test]
fn the_context_is_what_the_kernel_says_of_this_process() {
    let _socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let file = fs::read("/proc/self/attr/current").unwrap_or_default();
    let text = file.split(|byte| *byte == 0 || *byte == b'\n').next().filter(|text| !text.is_empty());
    assert_eq!(own(false, Facts::CONTEXT).processes()[0].context(), text);
    assert_eq!(own(false, Facts::NONE).processes()[0].context(), None);
}
