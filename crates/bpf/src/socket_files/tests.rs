use std::{
    collections::BTreeMap,
    net::{TcpListener, UdpSocket},
    os::{
        fd::{AsRawFd, RawFd},
        linux::fs::MetadataExt,
        unix::net::UnixDatagram,
    },
    process,
};

use sockeye_zoo::skip::{may_load_programs, skip};

use super::*;

/// The types and the program, or a loud skip. Where the machine allows it, a program that does not load is a failure.
fn loaded(test: &str, translated: bool) -> Option<SocketFiles> {
    if let Err(reason) = may_load_programs() {
        skip(test, &reason);
        return None;
    }
    let types = Btf::open().expect("the kernel's types can be read");
    Some(SocketFiles::load_for(&types, translated).unwrap_or_else(|error| panic!("{error}")))
}

fn inode(fd: RawFd) -> u32 {
    let link = std::fs::metadata(format!("/proc/self/fd/{fd}")).expect("own descriptor");
    u32::try_from(link.st_ino()).expect("a socket's inode")
}

fn own(files: &SocketFiles, pid: Option<u32>) -> BTreeMap<u32, SocketFile> {
    let mut found = BTreeMap::new();
    let mut taker = |file: &SocketFile| {
        if file.pid == process::id() {
            assert_eq!(found.insert(file.fd, *file), None, "each descriptor comes once");
        }
    };
    files.read(pid, &mut taker).expect("an iteration");
    found
}

#[test]
fn own_sockets_are_found_with_their_descriptors_and_nothing_else_is() {
    let test = "own_sockets_are_found_with_their_descriptors_and_nothing_else_is";
    for translated in [false, true] {
        let Some(files) = loaded(test, translated) else { return };
        let (udp, tcp) = (UdpSocket::bind("127.0.0.1:0").expect("udp"), TcpListener::bind("127.0.0.1:0").expect("tcp"));
        let unix = UnixDatagram::unbound().expect("unix");
        let copy = rustix::io::fcntl_dupfd_cloexec(&unix, 700).expect("a copy");
        let file = std::fs::File::open("/proc/self/status").expect("a file that is no socket");
        let found = own(&files, None);
        for fd in [udp.as_raw_fd(), tcp.as_raw_fd(), unix.as_raw_fd(), copy.as_raw_fd()] {
            let file = found.get(&fd.cast_unsigned()).unwrap_or_else(|| panic!("{fd} of {found:?}"));
            assert_eq!((file.inode, file.uid), (inode(fd), rustix::process::geteuid().as_raw()));
            let comm = std::fs::read("/proc/self/comm").expect("own name");
            assert_eq!(Some(file.comm()), comm.strip_suffix(b"\n"));
            assert!(file.start_boottime_ns > 0);
        }
        assert!(!found.contains_key(&file.as_raw_fd().cast_unsigned()));
    }
}

#[test]
fn one_process_alone_can_be_asked_for() {
    let Some(files) = loaded("one_process_alone_can_be_asked_for", false) else { return };
    let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let mut foreign = 0;
    let mut mine = 0;
    let mut taker = |file: &SocketFile| if file.pid == process::id() { mine += 1 } else { foreign += 1 };
    files.read(Some(process::id()), &mut taker).expect("since Linux 6.1");
    assert!(mine >= 1 && foreign == 0, "{mine} of this process, {foreign} of others");
    let mut nobody = 0;
    files.read(Some(4_000_000), &mut |_| nobody += 1).expect("a process that is not there has no sockets");
    assert_eq!(nobody, 0);
    drop(socket);
}

#[test]
fn the_name_of_a_unix_socket_opened_as_a_path_is_no_socket() {
    let Some(files) = loaded("the_name_of_a_unix_socket_opened_as_a_path_is_no_socket", false) else { return };
    let place = std::env::temp_dir().join(format!("sockeye-bpf-{}", process::id()));
    let _socket = UnixDatagram::bind(&place).expect("a name");
    let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
    let path = rustix::fs::open(&place, flags, rustix::fs::Mode::empty()).expect("a path");
    let found = own(&files, None);
    let _ = std::fs::remove_file(&place);
    assert!(!found.is_empty() && !found.contains_key(&path.as_raw_fd().cast_unsigned()), "{found:?}");
}
