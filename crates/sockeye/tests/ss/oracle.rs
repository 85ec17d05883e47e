//! The two programs that are compared, each under the name `ss`, and what they answer to a line of shell.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sockeye_zoo::{Skip, Zoo};

/// The path of the `ss` to compare with; without it, the first of the PATH.
pub(crate) const ORACLE_VARIABLE: &str = "SOCKEYE_SS_ORACLE";

/// The path of a program that is compared in the place of sockeye: for who works on this test.
const SUBJECT_VARIABLE: &str = "SOCKEYE_SS_SUBJECT";

/// A variable of the command lines: a folder in which they may leave files.
const FOLDER_VARIABLE: &str = "FOLDER";

/// What changes the text of `ss` without being named in the command line.
const HEEDED: [&str; 19] = [
    "COLUMNS",
    "TCPDIAG_FILE",
    "PROC_ROOT",
    "PROC_NET_TCP",
    "PROC_NET_TCP6",
    "PROC_NET_UDP",
    "PROC_NET_UDP6",
    "PROC_NET_RAW",
    "PROC_NET_RAW6",
    "PROC_NET_UNIX",
    "PROC_NET_PACKET",
    "PROC_NET_NETLINK",
    "PROC_NET_SNMP",
    "PROC_NET_SOCKSTAT",
    "PROC_NET_SOCKSTAT6",
    "PROC_IP_LOCAL_PORT_RANGE",
    "SOCKEYE_SS_STRICT",
    "NO_COLOR",
    "CLICOLOR_FORCE",
];

/// A release of iproute2: 6.1, 7.1. What tells none is taken for an old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(pub(crate) u32, pub(crate) u32);

impl Release {
    /// One that is older.
    pub(crate) fn before(self) -> Self {
        if self.1 == 0 { Self(self.0 - 1, u32::MAX) } else { Self(self.0, self.1 - 1) }
    }

    /// From the answer to `ss -V`: `ss utility, iproute2-6.1.0`.
    fn parse(text: &str) -> Self {
        let numbers = text.trim().rsplit_once("iproute2-").map_or("", |(_, numbers)| numbers);
        let mut numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0));
        Self(numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

/// What a program said to a command line, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) errors: String,
    pub(crate) status: Option<i32>,
}

/// A program that is `ss` to whoever has its folder first in the PATH.
#[derive(Debug)]
pub(crate) struct Side {
    folder: PathBuf,
}

impl Side {
    fn new(zoo: &Zoo, name: &str, program: &Path) -> Self {
        let folder = zoo.directory().join(name);
        std::fs::create_dir_all(&folder).expect("the folder is ours");
        let link = folder.join("ss");
        if std::fs::symlink_metadata(&link).is_err() {
            symlink(program, link).expect("the folder is ours");
        }
        Self { folder }
    }

    /// What it answers.
    pub(crate) fn ask(&self, line: &str) -> Said {
        self.ask_in(&self.folder, line)
    }

    /// The same, in a folder that holds files which the line names.
    pub(crate) fn ask_in(&self, folder: &Path, line: &str) -> Said {
        let output = self.command(line).current_dir(folder).output().expect("there is a shell");
        Said { text: text(&output.stdout), errors: text(&output.stderr), status: output.status.code() }
    }

    /// The line as a command that has yet to be run.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("PATH", self.path()).env(FOLDER_VARIABLE, &self.folder).env("LC_ALL", "C");
        for name in HEEDED {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    /// The PATH with its folder first.
    fn path(&self) -> OsString {
        let mut path = self.folder.clone().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        path
    }
}

/// Both.
#[derive(Debug)]
pub(crate) struct Sides {
    pub(crate) theirs: Side,
    pub(crate) ours: Side,
    /// Of theirs.
    pub(crate) release: Release,
}

impl Sides {
    /// The `ss` of this machine, or the one that was named, and sockeye.
    pub(crate) fn find(zoo: &Zoo) -> Result<Self, Skip> {
        let theirs = Side::new(zoo, "theirs", &oracle()?);
        let release = Release::parse(&theirs.ask("ss -V").text);
        Ok(Self { theirs, ours: Self::ours(zoo), release })
    }

    /// sockeye alone.
    pub(crate) fn ours(zoo: &Zoo) -> Side {
        let subject = std::env::var_os(SUBJECT_VARIABLE).unwrap_or_else(|| env!("CARGO_BIN_EXE_sockeye").into());
        Side::new(zoo, "ours", Path::new(&subject))
    }
}

/// Whether another program stands in the place of sockeye.
pub(crate) fn is_another_compared() -> bool {
    std::env::var_os(SUBJECT_VARIABLE).is_some()
}

/// Where the other `ss` is.
fn oracle() -> Result<PathBuf, Skip> {
    if let Some(path) = std::env::var_os(ORACLE_VARIABLE) {
        return Ok(path.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("ss")).find(|program| program.is_file());
    found.ok_or_else(|| Skip::new("program:ss", "none in the PATH"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
