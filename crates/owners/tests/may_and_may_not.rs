//! Who may load the program into the kernel, and what the others get; inside pid namespaces the numbers of that one.
//!
//! Each reader is this test program, started again as somebody else.

use std::{
    collections::BTreeSet,
    env, fs,
    net::UdpSocket,
    os::{fd::AsRawFd, linux::fs::MetadataExt, unix::fs::PermissionsExt},
    path::{Path, PathBuf},
    process::{self, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::thread::CapabilitySet;
use sockeye_owners::{Owner, ScanError, ScanOptions, Source, SourceChoice, chosen, scan};
use sockeye_zoo::{
    Skip,
    skip::{self, may_load_programs, needs},
};

/// The inode of a socket that only the test holds which starts the reader, and a child where it inherits it.
const SOCKET: &str = "SOCKEYE_OWNERS_SOCKET";

/// Its holder, as the reader numbers it; nobody where the reader does not see it.
const HOLDER: &str = "SOCKEYE_OWNERS_HOLDER";

/// This program at a place where everybody may run it, until it is dropped.
struct Copy(PathBuf);

impl Copy {
    fn new(test: &str) -> Self {
        let place = env::temp_dir().join(format!("sockeye-owners-{test}-{}", process::id()));
        fs::copy(env::current_exe().expect("this program"), &place).expect("a copy");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("for everybody");
        Self(place)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Held by whoever starts processes: between fork and exec they hold what the others hold, a socket that has one holder and a file
/// that is still written.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `setpriv` takes to become another user.
const BECOME_ANOTHER: CapabilitySet = CapabilitySet::SETUID.union(CapabilitySet::SETGID).union(CapabilitySet::SETPCAP);
/// What readers are given; namespaces are made with the last of them.
const GIVEN: CapabilitySet = CapabilitySet::BPF.union(CapabilitySet::PERFMON).union(CapabilitySet::SYS_ADMIN);

/// Whether the readers' different powers can be tested here at all.
fn may_load(programs: &[&str], capabilities: CapabilitySet) -> Result<(), Skip> {
    may_load_programs()?;
    needs(capabilities)?;
    for program in programs {
        Command::new(program)
            .arg("--version")
            .output()
            .map_err(|error| Skip::new(format!("program:{program}"), error.to_string()))?;
    }
    Ok(())
}

fn held() -> (UdpSocket, u32) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
    let link = fs::metadata(format!("/proc/self/fd/{}", socket.as_raw_fd())).expect("own descriptor");
    let inode = u32::try_from(link.st_ino()).expect("a socket's inode");
    (socket, inode)
}

/// Runs a reader, which is a test of this program, and gives what it printed.
fn run(command: &mut Command, reader: &str, inode: u32, holder: Option<u32>) -> String {
    command
        .args(["--exact", reader, "--nocapture", "--test-threads=1"])
        .current_dir("/")
        .env(SOCKET, inode.to_string());
    match holder {
        Some(holder) => command.env(HOLDER, holder.to_string()),
        None => command.env_remove(HOLDER),
    };
    let output = command.output().expect("the reader starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{reader}: {text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "{reader} did not run: {text}");
    text
}

/// In a reader: the socket and its holder, if this is one.
fn told() -> Option<(u32, BTreeSet<u32>)> {
    let number = |name| env::var(name).ok().map(|text: String| text.parse().expect("a number"));
    Some((number(SOCKET)?, number(HOLDER).into_iter().collect()))
}

fn holders(source: SourceChoice, inode: u32) -> Result<(Source, BTreeSet<u32>), ScanError> {
    let found = scan(&ScanOptions { source, ..ScanOptions::default() })?;
    let pids = found.owners.of(inode).map(|owner: Owner<'_>| owner.process.pid()).collect();
    Ok((found.source, pids))
}

/// Not a test by itself: a reader whom the kernel refuses.
#[test]
fn a_reader_who_may_not() {
    let Some((inode, holder)) = told() else { return };
    let refused = holders(SourceChoice::Bpf, inode).expect_err("the kernel refuses").to_string();
    assert!(refused.contains("needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN"), "{refused}");
    assert_eq!(holders(SourceChoice::Automatic, inode).expect("/proc"), (Source::Proc, holder));
    let plan = chosen(&ScanOptions::default()).expect("/proc");
    assert_eq!((plan.source, plan.reason.as_str()), (Source::Proc, "BPF needs CAP_BPF and CAP_PERFMON"));
}

/// Not a test by itself: a reader with the two capabilities, and without any over processes.
#[test]
fn a_reader_who_may() {
    let Some((inode, holder)) = told() else { return };
    assert_eq!(holders(SourceChoice::Proc, inode).expect("/proc"), (Source::Proc, BTreeSet::new()));
    assert_eq!(holders(SourceChoice::Bpf, inode).expect("BPF"), (Source::Bpf, holder));
}

#[test]
fn both_capabilities_together_show_everything_and_one_alone_is_as_none() {
    let _alone = alone();
    let test = "both_capabilities_together_show_everything_and_one_alone_is_as_none";
    if let Err(reason) = may_load(&["setpriv"], BECOME_ANOTHER | GIVEN) {
        return skip::skip(test, &reason);
    }
    let copy = Copy::new(test);
    let (_socket, inode) = held();
    let nobody = |capabilities: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        if !capabilities.is_empty() {
            command.args(["--inh-caps", capabilities, "--ambient-caps", capabilities]);
        }
        command.arg(&copy.0);
        command
    };
    for capabilities in ["", "+bpf", "+perfmon"] {
        run(&mut nobody(capabilities), "a_reader_who_may_not", inode, None);
    }
    run(&mut nobody("+bpf,+perfmon"), "a_reader_who_may", inode, Some(process::id()));
    run(&mut nobody("+sys_admin"), "a_reader_who_may", inode, Some(process::id()));
}

/// Not a test by itself: a reader in a pid namespace whose /proc is mounted.
#[test]
fn a_reader_in_a_pid_namespace() {
    let Some((inode, _)) = told() else { return };
    let (socket, own) = held();
    // The first process of the namespace, and the only one.
    assert_eq!(process::id(), 1);
    for source in [SourceChoice::Proc, SourceChoice::Bpf] {
        let (_, pids) = holders(source, own).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(pids, BTreeSet::from([1]), "{source:?}");
        let (_, outside) = holders(source, inode).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(outside, BTreeSet::new(), "{source:?}: the holder is outside");
        let found = scan(&ScanOptions { source, ..ScanOptions::default() }).expect("a scan");
        assert_eq!(found.owners.processes().len(), 1);
        assert!(found.visibility.first_pid_namespace == Some(false) && !found.visibility.is_whole());
        let names: Vec<_> = found.owners.of(own).map(|owner| (owner.fd, owner.process.uid())).collect();
        assert_eq!(names, [(socket.as_raw_fd().cast_unsigned(), Some(0))]);
    }
}

/// Not a test by itself: a reader in a pid namespace that still sees the /proc of the outer one.
#[test]
fn a_reader_in_front_of_another_namespaces_proc() {
    let Some((inode, holder)) = told() else { return };
    let refused = holders(SourceChoice::Bpf, inode).expect_err("numbers of two namespaces").to_string();
    assert!(refused.contains("/proc is that of another pid namespace"), "{refused}");
    assert_eq!(holders(SourceChoice::Automatic, inode).expect("/proc"), (Source::Proc, holder));
}

#[test]
fn inside_a_pid_namespace_processes_have_the_numbers_of_that_one() {
    let _alone = alone();
    let test = "inside_a_pid_namespace_processes_have_the_numbers_of_that_one";
    if let Err(reason) = may_load(&["unshare"], CapabilitySet::SYS_ADMIN) {
        return skip::skip(test, &reason);
    }
    let (_socket, inode) = held();
    let program = env::current_exe().expect("this program");
    let inner = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(arguments).arg(&program);
        command
    };
    run(&mut inner(&["--pid", "--fork", "--mount-proc"]), "a_reader_in_a_pid_namespace", inode, None);
    let reader = "a_reader_in_front_of_another_namespaces_proc";
    run(&mut inner(&["--pid", "--fork"]), reader, inode, Some(process::id()));
}

/// Not a test by itself: a reader to whom /proc shows only its own processes, and who may load the program.
#[test]
fn a_reader_from_whom_proc_hides() {
    let Some((inode, holder)) = told() else { return };
    let pid = *holder.first().expect("the holder is known");
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "it is hidden");
    let facts = sockeye_owners::Facts::COMM | sockeye_owners::Facts::UID | sockeye_owners::Facts::CGROUP;
    let options = ScanOptions { source: SourceChoice::Bpf, facts, ..ScanOptions::default() };
    let found = scan(&options).unwrap_or_else(|error| panic!("{error}"));
    let owner = found.owners.of(inode).next().expect("the program sees it");
    assert_eq!((owner.process.pid(), owner.process.uid()), (pid, Some(0)));
    // The name came with the socket; the rest stands in /proc alone.
    assert_eq!(owner.process.comm(), Some(&env::var("SOCKEYE_OWNERS_NAME").expect("its name").into_bytes()[..]));
    assert!(owner.process.cgroup().is_none() && found.visibility.is_whole());
}

#[test]
fn a_process_that_proc_hides_is_named_by_the_kernel() {
    let _alone = alone();
    let test = "a_process_that_proc_hides_is_named_by_the_kernel";
    if let Err(reason) = may_load(&["unshare", "setpriv"], BECOME_ANOTHER | GIVEN) {
        return skip::skip(test, &reason);
    }
    let copy = Copy::new(test);
    let (_socket, inode) = held();
    let name = fs::read_to_string("/proc/self/comm").expect("own name");
    let mut command = Command::new("unshare");
    // A mount namespace of its own, so that nobody else's /proc hides anything.
    let script = "mount -t proc -o hidepid=invisible proc /proc && exec setpriv --reuid 65534 --regid 65534 \
                  --clear-groups --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon \"$@\"";
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&copy.0).env("SOCKEYE_OWNERS_NAME", name.trim_end());
    run(&mut command, "a_reader_from_whom_proc_hides", inode, Some(process::id()));
}
