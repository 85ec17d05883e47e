//! What a scan says where it may not look.

use std::{
    env, fs,
    os::{
        fd::AsRawFd,
        linux::fs::MetadataExt,
        unix::{fs::PermissionsExt, net::UnixDatagram, process::CommandExt},
    },
    path::Path,
    process::{self, Command},
};

use sockeye_owners::{Capability, ScanError, ScanOptions, scan};
use sockeye_zoo::{Skip, skip};

/// Tells this test program to be the reader without privileges.
const CHILD: &str = "SOCKEYE_OWNERS_CHILD";

/// Not a test by itself: what the reader without privileges of the next test sees.
#[test]
fn a_reader_without_privileges() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let socket = UnixDatagram::unbound().expect("unix");
    let found = scan(&ScanOptions::default()).expect("/proc can be scanned");
    let inode = fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("own descriptor").st_ino();
    let inode = u32::try_from(inode).expect("a socket's inode");
    assert!(found.owners.of(inode).any(|owner| owner.process.pid() == process::id()));
    let seen = &found.visibility;
    println!("{seen:?}\n{seen}");
    assert_eq!(seen.missing_capabilities, [Capability::SysPtrace, Capability::DacReadSearch]);
    assert!(!seen.is_whole() && seen.processes_not_permitted > 0);
    let kinds = [seen.processes_filtered, seen.processes_not_permitted, seen.processes_gone, seen.processes_failed];
    assert_eq!(seen.processes, seen.processes_read + kinds.iter().sum::<usize>());
    // A kernel thread has no descriptors that one could be denied, and where the kernel counts them that is known.
    let counts = fs::metadata("/proc/self/fd").is_ok_and(|directory| directory.len() > 0);
    if counts && fs::read("/proc/2/comm").is_ok_and(|comm| comm == b"kthreadd\n") {
        let thread = scan(&ScanOptions { pids: Some(&[2]), ..ScanOptions::default() }).expect("/proc can be scanned");
        assert_eq!((thread.visibility.processes_read, thread.visibility.processes_not_permitted), (1, 0));
    }
}

#[test]
fn what_may_not_be_read_is_counted_and_the_capabilities_are_named() {
    // Where everybody may run it: the folder that this program was built in may be its user's alone.
    let copy = env::temp_dir().join(format!("sockeye-permission.{}", process::id()));
    fs::copy(env::current_exe().expect("this program"), &copy).expect("a copy");
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let mut child = Command::new(&copy);
    child.args(["--exact", "a_reader_without_privileges", "--nocapture"]).env(CHILD, "1");
    if rustix::process::geteuid().is_root() {
        child.uid(65534).gid(65534).current_dir("/");
    }
    let output = child.output();
    fs::remove_file(&copy).expect("it is there");
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
            assert!(text.contains("not permitted"), "{text}");
        }
        Err(error) => {
            let reason = Skip::new("unprivileged", format!("another user cannot be become: {error}"));
            skip::skip("what_may_not_be_read_is_counted_and_the_capabilities_are_named", &reason);
        }
    }
}

#[test]
fn a_place_without_processes_is_an_error_with_a_reason() {
    let at = |path| scan(&ScanOptions { proc: Path::new(path), ..ScanOptions::default() });
    assert!(matches!(at("/dev"), Err(ScanError::NotMounted { .. })));
    assert!(matches!(at("/no such directory"), Err(ScanError::Unreadable { .. })));
    assert!(matches!(at("/etc/passwd"), Err(ScanError::Unreadable { .. })));
}
