//! Scans of made-up copies of a proc file system, whose processes can be what no process here is.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process,
};

use rustix::fs::XattrFlags;
use sockeye_owners::{Facts, Owners, ScanError, ScanOptions, scan, selinux_is_enabled, socket_context};
use sockeye_zoo::skip::{Skip, skip};

/// A directory that is gone in the end.
struct Copy(PathBuf);

impl Copy {
    fn named(name: &str) -> Self {
        Self::below(&std::env::temp_dir(), name)
    }

    fn below(directory: &Path, name: &str) -> Self {
        let path = directory.join(format!("sockeye-owners-{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    /// Makes the descriptors of a process or thread: number and text of each link.
    fn table(&self, task: &str, links: &[(u32, &str)]) {
        let directory = self.0.join(task).join("fd");
        fs::create_dir_all(&directory).expect("a directory");
        for (fd, text) in links {
            symlink(text, directory.join(fd.to_string())).expect("a link");
        }
    }

    fn file(&self, path: &str, content: &[u8]) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a directory above")).expect("a directory");
        fs::write(path, content).expect("a file");
    }

    fn scan(&self, tasks: bool) -> Owners {
        let facts = Facts::COMM | Facts::CONTEXT;
        let found = scan(&ScanOptions { proc: &self.0, facts, tasks, ..ScanOptions::default() }).expect("a copy");
        assert!(found.visibility.is_whole(), "{}", found.visibility);
        found.owners
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Owner by owner: pid, tid, descriptor.
fn of(owners: &Owners, inode: u32) -> Vec<(u32, u32, u32)> {
    owners.of(inode).map(|owner| (owner.process.pid(), owner.process.tid(), owner.fd)).collect()
}

/// A process with three threads, of which one has left the common table; another process that shares one socket.
fn two_processes(name: &str) -> Copy {
    let copy = Copy::named(name);
    let common = [(3, "socket:[71]"), (11, "socket:[72]"), (4, "/dev/null"), (25, "socket:[72]")];
    for task in ["4300", "4300/task/4300", "4300/task/4302"] {
        copy.table(task, &common);
    }
    copy.table("4300/task/4301", &[(5, "socket:[73]"), (6, "socket:[71]")]);
    copy.table("977", &[(8, "socket:[71]")]);
    copy.file("4300/stat", b"4300 (web (main) x) S 1 4300 4300 0 -1\n");
    copy.file("4300/task/4301/stat", b"4301 (poll) 7) S 1 4300 4300 0 -1\n");
    copy.file("4300/task/4302/comm", b"written\n");
    copy.file("977/comm", b"other)\n");
    copy.file("4300/attr/current", b"system_u:system_r:httpd_t:s0\0");
    copy.file("4300/task/4301/attr/current", b"system_u:system_r:poll_t:s0\n");
    copy.file("version", b"Linux\n");
    copy
}

#[test]
fn a_copy_is_scanned_like_the_original_and_threads_come_between_their_processes() {
    let copy = two_processes("threads");
    let owners = copy.scan(true);
    assert_eq!(of(&owners, 71), [(977, 977, 8), (4300, 4300, 3), (4300, 4301, 6), (4300, 4302, 3)]);
    assert_eq!(of(&owners, 72), [(4300, 4300, 11), (4300, 4300, 25), (4300, 4302, 11), (4300, 4302, 25)]);
    assert_eq!(of(&owners, 73), [(4300, 4301, 5)]);
    let facts: Vec<_> = owners.processes().iter().map(|one| (one.tid(), one.comm(), one.context())).collect();
    let (web, poll) = (&b"system_u:system_r:httpd_t:s0"[..], &b"system_u:system_r:poll_t:s0"[..]);
    assert_eq!(
        facts,
        [
            (977, Some(&b"other)"[..]), None),
            (4300, Some(b"web (main) x"), Some(web)),
            (4301, Some(b"poll) 7"), Some(poll)),
            (4302, Some(b"written"), None),
        ]
    );
}

#[test]
fn without_threads_each_process_has_one_table() {
    let owners = two_processes("processes").scan(false);
    assert_eq!(of(&owners, 71), [(977, 977, 8), (4300, 4300, 3)]);
    assert_eq!(of(&owners, 72), [(4300, 4300, 11), (4300, 4300, 25)]);
    assert_eq!(of(&owners, 73), []);
    assert_eq!(owners.processes().len(), 2);
}

#[test]
fn a_process_asked_for_by_pid_brings_its_threads() {
    let copy = two_processes("pids");
    let options = ScanOptions { proc: &copy.0, pids: Some(&[4300]), tasks: true, ..ScanOptions::default() };
    let owners = scan(&options).expect("a copy").owners;
    assert_eq!(of(&owners, 71), [(4300, 4300, 3), (4300, 4301, 6), (4300, 4302, 3)]);
}

#[test]
fn threads_are_found_whose_process_has_lost_its_own_table() {
    let copy = Copy::named("headless");
    copy.table("610", &[]);
    copy.table("610/task/615", &[(9, "socket:[74]")]);
    fs::create_dir_all(copy.0.join("620/task")).expect("a directory");
    copy.table("620/task/622", &[(7, "socket:[74]")]);
    let options = ScanOptions { proc: &copy.0, tasks: true, ..ScanOptions::default() };
    let found = scan(&options).expect("a copy");
    assert_eq!(of(&found.owners, 74), [(610, 615, 9), (620, 622, 7)]);
    assert_eq!((found.visibility.processes, found.visibility.processes_gone), (2, 1));
}

#[test]
fn descriptors_come_in_order_however_their_directory_lists_them() {
    let copy = Copy::named("order");
    let links: Vec<(u32, &str)> = (0..3000).map(|number| (number * 7919 % 3000, "socket:[75]")).collect();
    copy.table("888", &links);
    copy.file("888/fd/3001", b"not a link");
    let owners = copy.scan(false);
    assert!(owners.of(75).map(|owner| owner.fd).eq(0..3000));
}

#[test]
fn a_directory_without_a_process_is_no_copy() {
    let copy = Copy::named("empty");
    copy.file("sys/kernel/4", b"");
    let found = scan(&ScanOptions { proc: &copy.0, ..ScanOptions::default() });
    assert!(matches!(found, Err(ScanError::NotMounted { .. })), "{found:?}");
}

#[test]
fn the_context_of_a_socket_is_an_attribute_of_what_its_descriptor_leads_to() {
    let copy = two_processes("contexts");
    // A link's text is also a path from where it stands, so a file of that name is what the descriptor leads to.
    let label = |task: &str, inode: u32, context: &[u8]| {
        let socket = format!("{task}/fd/socket:[{inode}]");
        copy.file(&socket, b"");
        rustix::fs::setxattr(copy.0.join(socket), "security.selinux", context, XattrFlags::empty())
    };
    let labels = [
        label("4300", 72, b"system_u:object_r:web_t:s0\0"),
        label("4300/task/4301", 73, b"system_u:object_r:poll_t:s0"),
    ];
    if let Some(error) = labels.iter().find_map(|label| label.err()) {
        skip("the_context_of_a_socket", &Skip::new("security.selinux", format!("files cannot be labelled: {error}")));
        return;
    }
    let context = |pid, tid, fd| socket_context(&copy.0, pid, tid, fd);
    assert_eq!(context(4300, 4300, 25).as_deref(), Some(&b"system_u:object_r:web_t:s0"[..]));
    assert_eq!(context(4300, 4301, 5).as_deref(), Some(&b"system_u:object_r:poll_t:s0"[..]));
    assert_eq!((context(4300, 4300, 3), context(4300, 4302, 11), context(4300, 4300, 99)), (None, None, None));
}

#[test]
fn a_context_longer_than_a_page_is_whole() {
    // Disk file systems keep a block at most, which is less.
    let copy = Copy::below("/dev/shm".as_ref(), "long");
    copy.table("31", &[(6, "socket:[76]")]);
    copy.file("31/fd/socket:[76]", b"");
    let long = [b"c".repeat(4500), vec![0]].concat();
    let path = copy.0.join("31/fd/socket:[76]");
    if let Err(error) = rustix::fs::setxattr(path, "security.selinux", &long, XattrFlags::empty()) {
        skip("a_context_longer_than_a_page", &Skip::new("security.selinux", format!("no long label: {error}")));
        return;
    }
    assert_eq!(socket_context(&copy.0, 31, 31, 6), Some(b"c".repeat(4500)));
}

#[test]
fn selinux_is_not_there_where_its_file_system_is_not_mounted() {
    let copy = Copy::named("selinux");
    assert!(!selinux_is_enabled(&copy.0), "no mounts are known");
    copy.file("mounts", b"proc /proc proc rw 0 0\n");
    assert!(!selinux_is_enabled(&copy.0));
    copy.file("mounts", b"proc /proc proc rw 0 0\nselinuxfs /sys/fs/selinux selinuxfs rw,nosuid 0 0\n");
    assert_eq!(selinux_is_enabled(&copy.0), Path::new("/etc/selinux/config").exists());
}
