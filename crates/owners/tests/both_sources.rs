//! `/proc` and the program in the kernel say the same of the same processes.

use std::{
    collections::BTreeSet,
    fs,
    net::UdpSocket,
    os::{fd::AsRawFd, linux::fs::MetadataExt, unix::net::UnixDatagram},
    process, thread,
};

use rustix::thread::UnshareFlags;
use sockeye_owners::{Facts, ProcessView, Scan, ScanOptions, Source, SourceChoice, scan};
use sockeye_zoo::{
    in_namespace,
    skip::{self, may_load_programs},
};

const ALL_FACTS: [Facts; 5] = [Facts::COMM, Facts::UID, Facts::CMDLINE, Facts::CGROUP, Facts::START_TIME];

fn scan_by(source: SourceChoice, options: ScanOptions<'_>) -> Scan {
    let found = scan(&ScanOptions { source, ..options }).unwrap_or_else(|error| panic!("{error}"));
    let expected = if source == SourceChoice::Bpf { Source::Bpf } else { Source::Proc };
    assert_eq!(found.source, expected);
    found
}

fn inode(fd: &impl AsRawFd) -> u32 {
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    u32::try_from(fs::metadata(link).expect("own descriptor").st_ino()).expect("a socket's inode")
}

/// The inodes of all sockets that any process holds, by the standard library alone.
fn sockets() -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let numbered = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().parse::<u32>().is_ok();
    for process in fs::read_dir("/proc").expect("/proc").flatten().filter(numbered) {
        for descriptor in fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
            let Ok(text) = fs::read_link(descriptor.path()) else { continue };
            let text = text.to_string_lossy().into_owned();
            let number = text.strip_prefix("socket:[").and_then(|text| text.strip_suffix("]"));
            found.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
    }
    found
}

/// Everything that a scan says of these sockets, a line for each owner.
fn lines(found: &Scan, inodes: &BTreeSet<u32>) -> BTreeSet<String> {
    let line = |inode: u32, owner: sockeye_owners::Owner<'_>| {
        let process = owner.process;
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| bytes.escape_ascii().to_string());
        format!(
            "{inode} {} {} {} {:?} {:?} {:?} {:?} {:?}",
            process.pid(),
            process.tid(),
            owner.fd,
            text(process.comm()),
            process.uid(),
            text(process.cmdline()),
            text(process.cgroup().map(sockeye_owners::Cgroup::path)),
            process.start_time_ticks(),
        )
    };
    inodes.iter().flat_map(|&inode| found.owners.of(inode).map(move |owner| line(inode, owner))).collect()
}

/// Sockets of a network namespace that this process has left.
fn sockets_elsewhere() -> [UdpSocket; 2] {
    #[expect(
        deprecated,
        reason = "its successor is unsafe; the thread ends at once, with the descriptors of its process"
    )]
    let make = || {
        rustix::thread::unshare(UnshareFlags::NEWNET).expect("a namespace of its own");
        [(); 2].map(|()| UdpSocket::bind("0.0.0.0:0").expect("udp"))
    };
    thread::spawn(make).join().expect("the thread")
}

/// Compares all owners of the machine. Others come and go meanwhile, so only what stayed between two looks of the one
/// source must be there in a look of the other between them.
fn compare(options: ScanOptions<'_>, least: usize) {
    let before = sockets();
    let looks = [SourceChoice::Proc, SourceChoice::Bpf, SourceChoice::Proc, SourceChoice::Bpf]
        .map(|source| scan_by(source, options));
    let inodes: BTreeSet<u32> = before.union(&sockets()).copied().collect();
    let [proc, bpf, proc_again, bpf_again] = looks.each_ref().map(|found| lines(found, &inodes));
    let of_proc: BTreeSet<_> = proc.intersection(&proc_again).cloned().collect();
    let of_bpf: BTreeSet<_> = bpf.intersection(&bpf_again).cloned().collect();
    assert!(of_proc.len() >= least, "{} owners stayed", of_proc.len());
    let lacking: Vec<_> = of_proc.difference(&bpf).collect();
    assert!(lacking.is_empty(), "only in /proc: {lacking:#?}");
    let lacking: Vec<_> = of_bpf.difference(&proc_again).collect();
    assert!(lacking.is_empty(), "only by BPF: {lacking:#?}");
    for bpf in [&looks[1], &looks[3]] {
        assert!(bpf.visibility.processes_not_permitted == 0 && bpf.visibility.processes_read > 0);
        assert_eq!(bpf.visibility.first_pid_namespace, looks[0].visibility.first_pid_namespace);
    }
}

#[test]
fn both_sources_name_the_same_owners_with_the_same_facts() {
    in_namespace(|zoo| {
        may_load_programs()?;
        let shared = zoo.tcp_shared()?;
        let kinds = [
            zoo.tcp_established_v4()?,
            zoo.udp_connected()?,
            zoo.unix_abstract()?,
            zoo.netlink_groups()?,
            zoo.packet_raw()?,
        ];
        let elsewhere = sockets_elsewhere();
        let facts = ALL_FACTS.into_iter().fold(Facts::NONE, |all, fact| all | fact);
        // The shared socket three times, one end or two of each kind, two elsewhere.
        compare(ScanOptions { facts, ..ScanOptions::default() }, 3 + kinds.len() + elsewhere.len());
        // For these the program needs nothing of /proc.
        compare(ScanOptions { facts: Facts::COMM | Facts::UID, ..ScanOptions::default() }, 8);
        let found = scan_by(SourceChoice::Bpf, ScanOptions::default());
        let expected = shared.expected("listener");
        let mut names: Vec<_> = expected.other_owners.iter().map(|owner| (owner.pid, owner.name.clone())).collect();
        names.push((process::id(), fs::read("/proc/self/comm").expect("own name").trim_ascii_end().to_vec()));
        names.sort();
        let inode = u32::try_from(expected.inode.expect("a listener has one")).expect("32 bits");
        let owners = found.owners.of(inode);
        let told: Vec<_> =
            owners.map(|owner| (owner.process.pid(), owner.process.comm().unwrap_or(b"").to_vec())).collect();
        assert_eq!(told, names);
        for socket in &elsewhere {
            let owner = found.owners.of(self::inode(socket)).next().expect("an owner");
            assert_eq!((owner.process.pid(), owner.fd), (process::id(), socket.as_raw_fd().cast_unsigned()));
        }
        Ok(())
    });
}

#[test]
fn a_filter_and_single_processes_find_the_same_by_both() {
    if let Err(reason) = may_load_programs() {
        return skip::skip("a_filter_and_single_processes_find_the_same_by_both", &reason);
    }
    let socket = UnixDatagram::unbound().expect("unix");
    let own = |process: &ProcessView<'_>| process.pid() == process::id();
    let pids = [process::id(), 4_000_000];
    let facts = Facts::COMM | Facts::CGROUP;
    for options in [
        ScanOptions { facts, filter: Some(&own), ..ScanOptions::default() },
        ScanOptions { facts, pids: Some(&pids), ..ScanOptions::default() },
    ] {
        let [proc, bpf] = [SourceChoice::Proc, SourceChoice::Bpf].map(|source| scan_by(source, options));
        let inodes = BTreeSet::from([inode(&socket)]);
        assert_eq!(lines(&proc, &inodes), lines(&bpf, &inodes));
        assert_eq!(lines(&bpf, &inodes).len(), 1);
        let found: Vec<_> = bpf.owners.processes().iter().map(sockeye_owners::Process::pid).collect();
        assert_eq!(found, [process::id()]);
    }
}

#[test]
fn a_process_of_threads_is_one_owner_by_both_even_where_a_thread_has_descriptors_of_its_own() {
    let test = "a_process_of_threads_is_one_owner_by_both_even_where_a_thread_has_descriptors_of_its_own";
    if let Err(reason) = may_load_programs() {
        return skip::skip(test, &reason);
    }
    let common = UnixDatagram::unbound().expect("unix");
    let (ready, wait) = std::sync::mpsc::channel();
    let (done, end) = std::sync::mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            #[expect(deprecated, reason = "its successor is unsafe; what the thread opens afterwards is its own")]
            rustix::thread::unshare(UnshareFlags::FILES).expect("a table of its own");
            let socket = UnixDatagram::unbound().expect("unix");
            let link = fs::metadata(format!("/proc/thread-self/fd/{}", socket.as_raw_fd())).expect("own descriptor");
            ready.send(u32::try_from(link.st_ino()).expect("a socket's inode")).expect("the test waits");
            let _ = end.recv();
        });
        let alone = wait.recv().expect("the thread's socket");
        let inodes = BTreeSet::from([inode(&common), alone]);
        let pids = [process::id()];
        let options = ScanOptions { pids: Some(&pids), ..ScanOptions::default() };
        let [proc, bpf] =
            [SourceChoice::Proc, SourceChoice::Bpf].map(|source| lines(&scan_by(source, options), &inodes));
        drop(done);
        assert_eq!(proc, bpf);
        assert_eq!(bpf.len(), 1, "{bpf:?}");
    });
}
