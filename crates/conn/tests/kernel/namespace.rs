//! Network namespaces of the real kernel: naming one, entering one, and what is said when it fails.

use std::ffi::OsStr;
use std::os::fd::AsFd as _;

use rustix::thread::UnshareFlags;
use sockeye_conn::{Namespace, Protocol, Socket};
use sockeye_wire::Request;

use crate::support::{Resident, unshared};

#[test]
fn work_is_done_in_the_other_namespace_and_the_caller_stays() {
    let here = Namespace::current().expect("own namespace");
    unshared("work_is_done_in_the_other_namespace", UnshareFlags::NEWNET, || {
        let resident = Resident::start();
        let there = Namespace::open(OsStr::new(&resident.pid().to_string())).expect("opened by process");
        let before = Namespace::current().expect("own namespace").identity();
        assert_eq!((there.identity(), there.is_own()), (before, true));

        let visited = here.run_in(|| Namespace::current().map(|namespace| namespace.identity()));
        assert_eq!(visited.expect("entered").expect("own namespace"), here.identity());
        assert_eq!(Namespace::current().expect("own namespace").identity(), before);

        let cookies = [&here, &there]
            .map(|namespace| Socket::open_in(namespace, Protocol::SockDiag).expect("opened").namespace_cookie());
        assert_ne!(cookies[0], cookies[1]);
        assert_eq!(there.label(), format!("pid:{}(cat)", resident.pid()).as_bytes());
    });
}

#[test]
fn ones_own_namespace_needs_no_privilege() {
    let own = Namespace::current().expect("own namespace");
    let thread = std::thread::current().id();
    assert_eq!(own.run_in(|| std::thread::current().id()).expect("no need to enter"), thread);
    assert!(own.is_own());
    let by_path = Namespace::open(OsStr::new("/proc/thread-self/ns/net")).expect("opened by path");
    assert_eq!(by_path.identity(), own.identity());
    assert_eq!(by_path.label(), b"/proc/thread-self/ns/net");
}

#[test]
fn what_is_no_namespace_is_refused_with_the_places() {
    let refused = |spec: &str| Namespace::open(OsStr::new(spec)).expect_err(spec).to_string();
    let sentence = refused("no-such-\x1b-name");
    assert!(
        sentence.starts_with("there is no network namespace \"no-such-\\x1b-name\" (looked for /run/netns/no-such-")
    );
    assert!(refused("4194999").contains("/proc/4194999/ns/net"));
    assert!(refused("/proc/self/ns/mnt").contains("it is not a network namespace"));
    assert!(refused("/etc/passwd").contains("it is not a network namespace"));
    assert!(refused("/no/such/file").starts_with("cannot open the network namespace /no/such/file: No such file"));
    for spec in ["", ".", ".."] {
        assert!(refused(spec).starts_with("there is no network namespace"));
    }
}

#[test]
fn interfaces_are_those_of_the_namespace_of_the_socket_whatever_their_bytes() {
    const NAME: &[u8] = b"lo\x1b[31m\xff";
    let at_home = Socket::open(Protocol::SockDiag).expect("opened");
    assert_eq!(at_home.interface_name(1).expect("the loopback device").as_bytes(), b"lo");
    assert_eq!(at_home.interface_index(b"lo"), Some(1));
    for name in [&b""[..], b"lo\0", b"lo:1", b"a-name-that-is-too-long"] {
        assert_eq!(at_home.interface_index(name), None);
    }
    assert_eq!(at_home.interface_name(0), None);
    assert_eq!(at_home.interface_name(u32::MAX), None);

    unshared("interfaces_are_those_of_the_namespace", UnshareFlags::NEWNET, || {
        rename_loopback(NAME);
        let abroad = Socket::open(Protocol::SockDiag).expect("opened");
        // Asked from a thread of another namespace, each still answers for its own.
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(at_home.interface_index(NAME), None));
        });
        assert_eq!(abroad.interface_name(1).expect("the renamed device").as_bytes(), NAME);
        assert_eq!(abroad.interface_index(NAME), Some(1));
        assert_eq!(abroad.interface_index(b"lo"), None);
        assert_eq!(at_home.interface_name(1).expect("the loopback device").as_bytes(), b"lo");
    });
}

/// `RTM_NEWLINK` for interface 1 with another `IFLA_IFNAME`, and the acknowledgement.
fn rename_loopback(name: &[u8]) {
    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, recv, send, socket};
    let mut interface = [0; 16];
    interface[4..8].copy_from_slice(&1i32.to_ne_bytes());
    let request = Request::new(16, sockeye_wire::message::NLM_F_ACK).body(&interface).attribute(3, name);
    // Protocol 0 is NETLINK_ROUTE.
    let route = socket(AddressFamily::NETLINK, SocketType::RAW, None).expect("a socket");
    send(route.as_fd(), request.as_bytes(), SendFlags::empty()).expect("sent");
    let mut answer = [0; 256];
    let (length, _) = recv(route.as_fd(), &mut answer[..], RecvFlags::empty()).expect("received");
    let answer = sockeye_wire::Messages::new(&answer[..length]).next().expect("a message").expect("readable");
    assert_eq!(answer.error().expect("an acknowledgement").expect("readable").errno, 0);
}
