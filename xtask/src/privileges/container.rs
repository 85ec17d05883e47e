//! Namespaces of its own for a program, as containers have them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::privilege::NOBODY;

/// Users and groups that a container has, and the first of them outside: nobody else's here.
const USERS: &str = "0 1000000 65536";
/// How long a program may take to be in a user namespace.
const PATIENCE: Duration = Duration::from_secs(30);

/// Brings the loopback device up and runs the program. The shell stays: the first process of a pid namespace has to wait
/// for those that nobody else waits for.
const INSIDE: &str = r#"ip link set lo up && "$@"; exit $?"#;
/// Waits until users are there, then becomes root.
const WAITING: &str = r#"read -r _ && exec setpriv --reuid 0 --regid 0 --clear-groups -- "$@" </dev/null"#;

/// The words with which the namespaces beside that of users are made.
const NAMESPACES: [&str; 6] = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];

/// A container of one user, who outside is an ordinary one.
pub(super) fn of_one_user(is_root: bool) -> Vec<&'static str> {
    let mut words = Vec::new();
    if is_root {
        words.extend(["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps", "-all", "--"]);
    }
    words.extend(["unshare", "--user", "--map-root-user"]);
    words.extend(NAMESPACES);
    words.extend(["sh", "-c", INSIDE, "sh"]);
    words
}

/// A container of many users. Who is in it waits for them: see [`fill`].
pub(super) fn of_many_users() -> Vec<&'static str> {
    let mut words = vec!["unshare", "--user", "--keep-caps", "--", "sh", "-c", WAITING, "sh", "unshare"];
    words.extend(NAMESPACES);
    words.extend(["sh", "-c", INSIDE, "sh"]);
    words
}

/// Starts what is to be in a container of many users, and gives it the users.
pub(super) fn fill(command: &mut Command) -> Result<Child> {
    let mut child = command.stdin(Stdio::piped()).spawn().context("it cannot be started")?;
    let filled = give_users(&mut child);
    if filled.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    filled.map(|()| child)
}

fn give_users(child: &mut Child) -> Result<()> {
    let process = inner(child.id())?;
    for map in ["uid_map", "gid_map"] {
        let path = process.join(map);
        fs::write(&path, USERS).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut input = child.stdin.take().context("it has no input")?;
    input.write_all(b"users\n").context("it does not wait")
}

/// The process that is in a user namespace of its own: the child, or one that the child has started.
fn inner(child: u32) -> Result<std::path::PathBuf> {
    let namespace = |process: &Path| fs::read_link(process.join("ns/user")).ok();
    let ours = namespace(Path::new("/proc/self"));
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let list = format!("/proc/{child}/task/{child}/children");
        let started = fs::read_to_string(list).unwrap_or_default();
        let processes = started.split_whitespace().map(str::to_owned).chain([child.to_string()]);
        let found = processes.map(|number| Path::new("/proc").join(number)).find(|process| {
            let theirs = namespace(process);
            theirs.is_some() && theirs != ours
        });
        if let Some(found) = found {
            return Ok(found);
        }
        thread::yield_now();
    }
    bail!("no user namespace was made")
}
