//! Every network namespace is found, and each is opened once. Alone in its process, because it counts open files.

mod support;

use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;

use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};
use sockeye_conn::namespace::{Identity, inventory};
use sockeye_conn::{Namespace, Protocol, Socket};
use support::{Resident, unshared};

const OWN: &str = "/proc/thread-self/ns/net";

#[test]
fn every_namespace_is_found_and_opened_once() {
    let home = fs::File::open(OWN).expect("own namespace");
    let directory = std::env::temp_dir().join(format!("sockeye {}", std::process::id())).join("netns");
    fs::create_dir_all(&directory).expect("a directory");

    // A mount namespace of its own, so that what is mounted is seen by this thread only.
    unshared("every_namespace_is_found", UnshareFlags::NEWNS | UnshareFlags::NEWNET, || {
        mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).expect("private mounts");
        let of_a_thread = identity();

        unshare_again();
        let of_a_process = identity();
        let resident = Resident::start();

        unshare_again();
        let mounted = identity();
        let (named, elsewhere) = (directory.join("bl\u{fc} e"), directory.with_file_name("elsewhere"));
        for place in [&named, &elsewhere] {
            fs::write(place, "").expect("a file to mount on");
            mount_bind(OWN, place).expect("mounted");
        }

        // Another thread stays in the first namespace while this one goes home: only then is the third one mounted only.
        std::thread::scope(|scope| {
            let (leave, left) = std::sync::mpsc::channel::<()>();
            let (arrived, arrive) = std::sync::mpsc::channel();
            scope.spawn(move || {
                arrived.send(()).expect("awaited");
                let _ = left.recv();
            });
            arrive.recv().expect("started");
            move_into_link_name_space(home.as_fd(), Some(LinkNameSpaceType::Network)).expect("back home");

            let found = inventory().expect("an inventory");
            // A security module may hide a process even from root.
            assert!(found.unopened.is_empty() && found.reason().is_some() == (found.not_permitted > 0));
            let find = |identity| found.namespaces.iter().filter(move |it| it.identity() == identity);

            assert!(found.namespaces[0].is_own() && found.namespaces.iter().skip(1).all(|it| !it.is_own()));
            assert_eq!(found.namespaces[1].label(), "bl\u{fc} e".as_bytes(), "names come before numbers");

            let process: Vec<_> = find(of_a_process).collect();
            assert_eq!((process.len(), process[0].pids()), (1, &[resident.pid()][..]));
            assert_eq!(process[0].label(), format!("pid:{}(cat)", resident.pid()).as_bytes());

            let mounts: Vec<_> = find(mounted).collect();
            // The waiting thread was started in this one.
            assert_eq!((mounts.len(), mounts[0].pids()), (1, &[std::process::id()][..]));
            assert_eq!(mounts[0].paths(), [elsewhere.clone(), named.clone()]);

            for (at, namespace) in found.namespaces.iter().enumerate() {
                let same = |other: &Namespace| other.identity() == namespace.identity();
                assert!(!found.namespaces[..at].iter().any(same));
                let expected = 1 + usize::from(namespace.is_own());
                assert_eq!(open_files(namespace.identity()), expected, "{:?}", namespace.label().escape_ascii());
                Socket::open_in(namespace, Protocol::SockDiag).expect("a socket of each");
            }
            assert_eq!(find(of_a_thread).count(), 0, "nobody is left in it");
            drop(leave);
        });

        let found = inventory().expect("an inventory");
        let alone = found.namespaces.iter().find(|it| it.identity() == mounted).expect("held by its mounts");
        assert!(alone.pids().is_empty());
        assert_eq!(Namespace::open(named.file_name().expect("a name")).expect("by name").identity(), mounted);
        assert_eq!(Namespace::open(elsewhere.as_os_str()).expect("by path").identity(), mounted);
    });
    fs::remove_dir_all(directory.parent().expect("made above")).expect("removed");
}

fn identity() -> Identity {
    Namespace::current().expect("own namespace").identity()
}

fn unshare_again() {
    support::unshare(UnshareFlags::NEWNET).expect("it went well before");
}

/// Files of this process that are this namespace.
fn open_files(identity: Identity) -> usize {
    let is_it = |file: fs::Metadata| (file.dev(), file.ino()) == (identity.device, identity.inode);
    let files = fs::read_dir("/proc/self/fd").expect("own files").flatten();
    files.filter(|file| fs::metadata(file.path()).is_ok_and(is_it)).count()
}
