//! The scan beside the plain way of std, and beside descriptors that come and go.

use std::{
    collections::BTreeSet,
    fs,
    net::UdpSocket,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        linux::fs::MetadataExt,
        unix::net::UnixDatagram,
    },
    path::Path,
    process,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use sockeye_owners::{Owner, ScanOptions, scan};

/// Scans of a process whose other descriptors change all the time.
const SCANS: usize = 200;

/// A socket's inode, and who holds it: pid, thread and descriptor.
type Held = (u32, u32, u32, u32);

/// Names of entries that are numbers.
fn numbers(directory: &Path) -> Vec<u32> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Every holder of a socket by std alone; each thread counts by itself, or the process as a whole.
fn plain(tasks: bool) -> BTreeSet<Held> {
    let mut found = BTreeSet::new();
    for pid in numbers("/proc".as_ref()) {
        let process = Path::new("/proc").join(pid.to_string());
        let threads = process.join("task");
        let mut tables = vec![(pid, process.join("fd"))];
        if tasks {
            tables.extend(numbers(&threads).into_iter().map(|tid| (tid, threads.join(format!("{tid}/fd")))));
        }
        for (tid, table) in tables {
            for fd in numbers(&table) {
                let Ok(link) = fs::read_link(table.join(fd.to_string())) else {
                    continue;
                };
                let inode =
                    link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
                found.extend(inode.map(|inode| (inode, pid, tid, fd)));
            }
        }
    }
    found
}

#[test]
fn the_whole_machine_is_as_std_sees_it_with_threads_and_without() {
    let _sockets: Vec<_> = (0..50).map(|_| UnixDatagram::unbound().expect("unix")).collect();
    for tasks in [false, true] {
        // What was there before and after was there meanwhile; what was in neither may only be a socket that came and
        // went.
        let before = plain(tasks);
        let found = scan(&ScanOptions { tasks, ..ScanOptions::default() }).expect("/proc can be scanned");
        let after = plain(tasks);
        let steady: Vec<_> = before.intersection(&after).collect();
        assert!(steady.len() >= 50);
        for (inode, pid, tid, fd) in steady {
            let is_holder =
                |owner: Owner<'_>| (owner.process.pid(), owner.process.tid(), owner.fd) == (*pid, *tid, *fd);
            let owned = found.owners.of(*inode).any(is_holder);
            assert!(owned, "socket {inode} of process {pid}, thread {tid}, descriptor {fd}");
        }
        let all = found.owners.processes().iter().map(|process| (process.pid(), process.tid()));
        assert!(all.is_sorted());
    }
}

#[test]
fn what_stays_open_is_found_while_descriptors_below_it_come_and_go() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let inode = fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("own descriptor").st_ino();
    let inode = u32::try_from(inode).expect("a socket's inode");
    // The copies lie above fifty places that are taken and given back all the time.
    let places: Vec<_> = (0..50).map(|_| UnixDatagram::unbound().expect("unix")).collect();
    let held: Vec<OwnedFd> = (0..450).map(|_| socket.as_fd().try_clone_to_owned().expect("a copy")).collect();
    drop(places);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut others = Vec::new();
            while !done.load(Ordering::Relaxed) {
                others.extend((0..40).map(|_| UnixDatagram::unbound().expect("unix")));
                others.truncate(others.len() / 3);
            }
        });
        for _ in 0..SCANS {
            let options = ScanOptions { pids: Some(&[process::id()]), ..ScanOptions::default() };
            let found = scan(&options).expect("/proc can be scanned").owners.of(inode).count();
            if found != held.len() + 1 {
                done.store(true, Ordering::Relaxed);
            }
            assert_eq!(found, held.len() + 1);
        }
        done.store(true, Ordering::Relaxed);
    });
}
