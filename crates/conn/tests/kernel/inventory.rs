//! Every network namespace is found, and each is opened once.

use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use rustix::mount::{MountPropagationFlags, UnmountFlags, mount_bind, mount_change, unmount};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};
use sockeye_conn::namespace::{Identity, inventory};
use sockeye_conn::{Namespace, Protocol, Socket};

use crate::support::{Resident, unshare, unshared};

const OWN: &str = "/proc/thread-self/ns/net";

/// An inventory opens what every test here has made, and the first counts what this process has open.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    // Whoever failed holds nothing any more.
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn namespaces_of_threads_processes_and_mounts_are_found_and_opened_once() {
    let _alone = alone();
    let home = fs::File::open(OWN).expect("own namespace");
    let root = std::env::temp_dir().join(format!("sockeye {}", std::process::id()));
    let (named, elsewhere) = (root.join("netns/bl\u{fc} e"), root.join("elsewhere"));
    fs::create_dir_all(root.join("netns")).expect("a directory");

    // A mount namespace as well, so that what is mounted is seen by this thread only.
    unshared("namespaces_of_threads_processes_and_mounts", UnshareFlags::NEWNS | UnshareFlags::NEWNET, || {
        mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).expect("private mounts");
        thread::scope(|scope| {
            // Threads and processes begin in the namespace of the thread that starts them, and stay.
            let of_a_thread = identity();
            let (leave, left) = mpsc::channel::<()>();
            scope.spawn(move || left.recv());

            unshare(UnshareFlags::NEWNET).expect("as before");
            let of_a_process = identity();
            let resident = Resident::start();

            unshare(UnshareFlags::NEWNET).expect("as before");
            let mounted = identity();
            for place in [&named, &elsewhere] {
                fs::write(place, "").expect("a file to mount on");
                mount_bind(OWN, place).expect("mounted");
            }
            move_into_link_name_space(home.as_fd(), Some(LinkNameSpaceType::Network)).expect("back home");

            let found = inventory().expect("an inventory");
            // A security module may hide a process even from root.
            assert!(found.unopened.is_empty() && found.reason().is_some() == (found.not_permitted > 0));
            let place = |identity| found.namespaces.iter().position(|it| it.identity() == identity).expect("found");
            let find = |identity| &found.namespaces[place(identity)];

            assert_eq!(find(of_a_thread).pids(), [std::process::id()]);
            assert_eq!(find(of_a_process).pids(), [resident.pid()]);
            assert_eq!(find(of_a_process).label(), format!("pid:{}(cat)", resident.pid()).as_bytes());
            assert_eq!(find(mounted).label(), "bl\u{fc} e".as_bytes());
            assert_eq!(find(mounted).paths(), [elsewhere.clone(), named.clone()]);
            assert!(find(mounted).pids().is_empty());

            assert!(found.namespaces[0].is_own() && found.namespaces.iter().skip(1).all(|it| !it.is_own()));
            assert!(place(mounted) < place(of_a_process), "names come before numbers");
            for identity in [of_a_thread, of_a_process, mounted] {
                assert_eq!(open_files(identity), 1);
                assert_eq!(found.namespaces.iter().filter(|it| it.identity() == identity).count(), 1);
                Socket::open_in(find(identity), Protocol::SockDiag).expect("a socket of each");
            }

            let by_name = Namespace::open(named.file_name().expect("a name")).expect("by name");
            let by_path = Namespace::open(elsewhere.as_os_str()).expect("by path");
            assert_eq!([by_name.identity(), by_path.identity()], [mounted; 2]);
            drop(leave);
        });
    });
    fs::remove_dir_all(root).expect("made above");
}

#[test]
fn what_another_mount_namespace_has_mounted_is_found() {
    let _alone = alone();
    let home = fs::File::open(OWN).expect("own namespace");
    let root = std::env::temp_dir().join(format!("sockeye-elsewhere {}", std::process::id()));
    let place = root.join("netns/bl\u{fc} e");
    fs::create_dir_all(root.join("netns")).expect("a directory");
    fs::write(&place, "").expect("a file to mount on");

    unshared("what_another_mount_namespace_has_mounted", UnshareFlags::NEWNS | UnshareFlags::NEWNET, || {
        mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).expect("private mounts");
        let mounted = identity();
        mount_bind(OWN, &place).expect("mounted");
        move_into_link_name_space(home.as_fd(), Some(LinkNameSpaceType::Network)).expect("back home");
        let resident = Resident::start();
        // From a thread whose mounts are others, the process is the only way.
        thread::scope(|scope| {
            scope.spawn(|| {
                unshare(UnshareFlags::NEWNS).expect("as before");
                unmount(&place, UnmountFlags::empty()).expect("mounted above");
                let found = inventory().expect("an inventory");
                assert_eq!(found.mounts_unread, 0);
                let mut same = found.namespaces.iter().filter(|it| it.identity() == mounted);
                let (Some(only), None) = (same.next(), same.next()) else { panic!("once: {found:?}") };
                assert!(only.names().is_empty() && only.pids().is_empty(), "{only:?}");
                let [path] = only.paths() else { panic!("one way is shown: {only:?}") };
                assert!(path.starts_with("/proc") && path.ends_with(place.strip_prefix("/").expect("absolute")));
                assert_eq!(Namespace::open(path.as_os_str()).expect("by path").identity(), mounted);
                Socket::open_in(only, Protocol::SockDiag).expect("a socket in it");
            });
        });
        drop(resident);
    });
    fs::remove_dir_all(root).expect("made above");
}

#[test]
fn everybody_finds_at_least_the_own_namespace() {
    let _alone = alone();
    let found = inventory().expect("no privilege is needed");
    assert!(found.namespaces[0].is_own());
    assert_eq!(found.namespaces[0].identity(), identity());
    assert!(found.namespaces[0].pids().contains(&std::process::id()));
}

fn identity() -> Identity {
    Namespace::current().expect("own namespace").identity()
}

/// Files of this process that are this namespace.
fn open_files(identity: Identity) -> usize {
    let is_it = |file: fs::Metadata| (file.dev(), file.ino()) == (identity.device, identity.inode);
    let files = fs::read_dir("/proc/self/fd").expect("own files").flatten();
    files.filter(|file| fs::metadata(file.path()).is_ok_and(is_it)).count()
}
