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
    process,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use sockeye_owners::{ScanOptions, scan};

/// Scans of a process whose other descriptors change all the time.
const SCANS: usize = 200;

/// Every (inode, pid, descriptor) by std alone.
fn plain() -> BTreeSet<(u32, u32, u32)> {
    let mut found = BTreeSet::new();
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        for descriptor in descriptors.flatten() {
            let Ok(link) = fs::read_link(descriptor.path()) else {
                continue;
            };
            let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            let fd = descriptor.file_name().to_str().and_then(|name| name.parse().ok());
            found.extend(inode.zip(fd).map(|(inode, fd)| (inode, pid, fd)));
        }
    }
    found
}

#[test]
fn the_whole_machine_is_as_std_sees_it() {
    let _sockets: Vec<_> = (0..50).map(|_| UnixDatagram::unbound().expect("unix")).collect();
    // What was there before and after was there meanwhile; what was in neither may only be a socket that came and went.
    let before = plain();
    let found = scan(&ScanOptions::default()).expect("/proc can be scanned");
    let after = plain();
    let steady: Vec<_> = before.intersection(&after).collect();
    assert!(steady.len() >= 50);
    for (inode, pid, fd) in steady {
        let owned = found.owners.of(*inode).any(|owner| owner.process.pid() == *pid && owner.fd == *fd);
        assert!(owned, "socket {inode} of process {pid}, descriptor {fd}");
    }
    let all = found.owners.processes().iter().map(sockeye_owners::Process::pid);
    assert!(all.is_sorted());
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
