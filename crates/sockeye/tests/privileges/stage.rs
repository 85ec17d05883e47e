//! Where the commands are run: a network namespace with known sockets, and processes that are known.
//!
//! The test starts itself again in namespaces of its own, so that what another process of the machine does, and how many
//! there are, changes nothing.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::thread::CapabilitySet;
use sockeye_zoo::skip::{is_in_first_user_namespace, needs};
use sockeye_zoo::{Skip, Specimen, Zoo, patience};

use crate::privilege::{NOBODY, TELLING};

/// Tells the test that it is on the stage, and where the directory is.
pub(crate) const DIRECTORY: &str = "SOCKEYE_PRIVILEGES";
/// Another user than the one who asks.
const SOMEBODY: &str = "65533";

/// A directory that everybody may write to, with the programs in it; gone with this value.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        let path = elsewhere_than_run().join(format!("sockeye-privileges-{}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory of our own");
        let this = Self(path);
        open(&this.0, 0o777);
        let copies = [
            ("sockeye", PathBuf::from(env!("CARGO_BIN_EXE_sockeye"))),
            ("test", std::env::current_exe().expect("a path")),
        ];
        for (name, program) in copies {
            let copy = this.0.join(name);
            std::fs::copy(program, &copy).expect("copied");
            open(&copy, 0o755);
        }
        this
    }
}

/// Where temporary files are; the stage has a `/run` of its own.
fn elsewhere_than_run() -> PathBuf {
    let usual = std::env::temp_dir();
    if usual.starts_with("/run") { PathBuf::from("/var/tmp") } else { usual }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left of it is in the way of nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a file of ours");
}

/// Starts this test again, in namespaces of processes and mounts; and of users, as somebody without any privilege.
pub(crate) fn enter(directory: &Directory, test: &str, as_user: bool) -> Result<String, Skip> {
    let mut command = Command::new("setpriv");
    if as_user {
        if rustix::process::geteuid().is_root() && is_in_first_user_namespace() {
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps", "-all"]);
        }
        command.args(["--", "unshare", "--user", "--map-root-user"]);
    } else {
        command.args(["--", "unshare"]);
    }
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "--"]).arg(directory.0.join("test"));
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(DIRECTORY, &directory.0);
    let output = command.output().map_err(|error| Skip::new("program:setpriv", error.to_string()))?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    for (program, key) in [("unshare:", "namespace"), ("setpriv:", "unprivileged")] {
        if errors.starts_with(program) {
            return Err(Skip::new(key, errors.trim().to_owned()));
        }
    }
    assert!(output.status.success(), "{}\n{}\n{errors}", output.status, String::from_utf8_lossy(&output.stdout));
    if let Some(skipped) = errors.lines().find(|line| line.starts_with(sockeye_zoo::skip::SKIP_PREFIX)) {
        return Err(Skip::new("namespace", skipped.to_owned()));
    }
    Ok(std::fs::read_to_string(directory.0.join("said")).expect("the stage has said something"))
}

/// What is to be seen, as long as this value is.
pub(crate) struct Stage {
    directory: PathBuf,
    _pair: (std::os::unix::net::UnixStream, std::os::unix::net::UnixStream),
    processes: Vec<Child>,
    /// A process of another user, in another network namespace.
    pid: u32,
    /// Whoever set it is root of the machine, and not of a container.
    pub(crate) is_roots: bool,
    /// The map in which something is kept with a socket, or why there is none.
    pub(crate) storage: Result<u32, Skip>,
}

impl Stage {
    /// Sets it; the specimens are on it as long as they are held.
    pub(crate) fn set(zoo: &Zoo, directory: &Path) -> Result<(Self, Vec<Specimen>), Skip> {
        let mut specimens = vec![zoo.tcp_telling_v4()?, zoo.tcp_md5()?, zoo.packet_filter()?];
        let storage = zoo.tcp_bpf_storage().map_err(Skip::from).map(|specimen| {
            let (map, _) = specimen.all()[0].bpf_storage.expect("that is what it is made for");
            specimens.push(specimen);
            map
        });
        run("mount", "-t tmpfs -o mode=755 names /run")?;
        run("ip", "netns add place")?;
        // What lists the VLANs of bridges comes with them, where it is a module. Where the kernel has none, `vlans` says so.
        let _ = run_where_it_may_be("ip", "link add bridge0 type bridge vlan_filtering 1 vlan_default_pvid 7")?;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let mut holder = somebody();
        holder.args(["sleep", "1000"]).stdin(OwnedFd::from(listener));
        let mut elsewhere = Command::new("unshare");
        let words = somebody();
        elsewhere.args(["--net", "--"]).arg(words.get_program()).args(words.get_args()).args(["sleep", "1000"]);
        let start = |command: &mut Command| {
            let child = command.stdout(Stdio::null()).spawn();
            child.map_err(|error| Skip::new("program:setpriv", error.to_string()))
        };
        let processes = vec![start(&mut holder)?, start(elsewhere.stdin(Stdio::null()))?];
        for process in &processes {
            is_asleep(process.id());
        }
        let pid = processes[1].id();
        let stage = Self {
            directory: directory.to_owned(),
            _pair: std::os::unix::net::UnixStream::pair().expect("descriptors are left"),
            processes,
            pid,
            is_roots: is_roots(),
            storage,
        };
        let capture = stage.directory.join("capture");
        let words = ["sockets", "tcp", "--no-owners", "--capture"];
        let status = Command::new(stage.program()).args(words).arg(&capture).stdout(Stdio::null()).status();
        assert!(status.expect("it can be started").success());
        open(&capture, 0o644);
        Ok((stage, specimens))
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.directory.join("sockeye")
    }

    /// A directory of one run.
    pub(crate) fn of_run(&self, number: usize) -> PathBuf {
        self.directory.join(format!("run-{number}"))
    }

    /// A command's words, with what they stand for. `number`: of the run, so that each writes a file of its own; `port`: of the
    /// socket that it is about.
    pub(crate) fn words(&self, words: &str, number: usize, port: u16) -> Vec<String> {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let stands_for = |word: &str| match word {
            "NAME" => "place".to_owned(),
            "PID" => self.pid.to_string(),
            "FILE" => file(&format!("written-{number}")),
            "CAPTURE" => file("capture"),
            "PORT" => format!(":{port}"),
            word => match (word.strip_suffix("=MAP"), &self.storage) {
                (Some(option), Ok(map)) => format!("{option}={map}"),
                _ => word.to_owned(),
            },
        };
        words.split(' ').map(stands_for).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// What runs a program as another user; without the privilege for that, as ourselves.
fn somebody() -> Command {
    let mut command = Command::new("setpriv");
    // Who is left behind holds what the test says to its parent, which waits for the end of that.
    command.args(["--pdeathsig", "KILL"]);
    if is_roots() {
        command.args(["--reuid", SOMEBODY, "--regid", SOMEBODY, "--clear-groups"]);
    }
    command.arg("--");
    command
}

/// Whether this is root of the machine: in a user namespace of our making there is but one user.
fn is_roots() -> bool {
    let mapped = std::fs::read_to_string("/proc/self/uid_map").expect("it is there");
    mapped.split_whitespace().nth(2).is_some_and(|count| count != "1")
}

/// Whether this is root of the machine, with every capability that is given or taken, or with which that is done.
pub(crate) fn has_everything() -> bool {
    // The last two end processes that have become somebody else, and make root of a user namespace.
    let with = ["setuid", "setgid", "setpcap", "kill", "setfcap"];
    let named = |name: &&str| CapabilitySet::from_name(&name.to_uppercase()).expect("a capability");
    let wanted: CapabilitySet = TELLING.iter().chain(&with).map(named).collect();
    is_in_first_user_namespace() && needs(wanted).is_ok()
}

/// Waits until a process has become what it is to be.
fn is_asleep(pid: u32) {
    let until = std::time::Instant::now() + patience(std::time::Duration::from_secs(30));
    let name = || std::fs::read_to_string(format!("/proc/{pid}/comm")).expect("it lives");
    while name().trim() != "sleep" {
        assert!(std::time::Instant::now() < until, "it is still {:?}", name());
        std::thread::yield_now();
    }
}

/// Runs a program that may end badly.
fn run_where_it_may_be(program: &str, words: &str) -> Result<Output, Skip> {
    let output = Command::new(program).args(words.split(' ')).output();
    output.map_err(|error| Skip::new(format!("program:{program}"), error.to_string()))
}

fn run(program: &str, words: &str) -> Result<(), Skip> {
    let output = run_where_it_may_be(program, words)?;
    assert!(output.status.success(), "{program} {words}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
