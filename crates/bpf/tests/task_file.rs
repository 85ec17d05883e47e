//! Who holds sockets, as the kernel says it.

use std::os::fd::AsRawFd as _;
use std::os::linux::fs::MetadataExt as _;

use sockeye_bpf::Btf;
use sockeye_bpf::task_file::{Held, TaskFiles};

#[test]
fn this_process_holds_its_sockets() {
    let btf = Btf::load().unwrap();
    let files = TaskFiles::open(&btf).unwrap_or_else(|error| panic!("{error}"));
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let inode = std::fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap().st_ino();
    let mut found = Vec::new();
    files.run(&mut |held: Held| found.push(held)).unwrap();
    let expected = Held { inode, pid: std::process::id(), fd: socket.as_raw_fd().cast_unsigned() };
    assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
}
