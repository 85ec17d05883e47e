//! One boot: what a guest is given, and what it says while it runs.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::image::Image;
use super::initramfs;
use super::lane::Task;
use crate::suite::build::REPOSITORY;

/// Runs the plan, in the guest.
const SCRIPT: &str = include_str!("guest.sh");

/// Modules that nothing in the tests makes the kernel load: families whose sockets are made by number, and diagnosis.
/// What a kernel does not have is said by the tests that need it.
const MODULES: &str = "tun\nfou\nfou6\nila\nsch_teql\nmpls_router\nmpls_iptunnel\ntipc\nvsock_loopback\nsctp\nsmc\ntls\n\
    inet_diag\ntcp_diag\nudp_diag\nraw_diag\nunix_diag\naf_packet_diag\nnetlink_diag\nsctp_diag\nvsock_diag\n\
    xsk_diag\nsmc_diag\ntipc_diag\nmptcp_diag\n";

/// How much slower a guest is: what tests are patient for is multiplied by it.
pub(super) const SLOWNESS: u32 = 10;

/// Memory of a guest, MiB. Some 700 are the kernel, the programs and what tests write; the rest is cache.
const MEMORY_MIB: u32 = 2048;

/// Processors of a guest. They take turns on one thread of ours: kernels change their own code while they run, and with a
/// thread for each, QEMU lets one see what another has changed too late, which ends in an oops (`int3`).
const PROCESSORS: &str = "2";

/// What boot and end may take beside the tests.
const BOOT_MAX: Duration = Duration::from_mins(3);

/// How the lines begin that are for whoever waits.
const SAID: &str = "lab: ";

/// What a program left: the line of the plan by which it was run, which is there before it begins; what it said; how it
/// ended.
pub(super) const PLAN: &str = "plan";
pub(super) const OUT: &str = "out";
pub(super) const ERR: &str = "err";
pub(super) const END: &str = "end";

/// A guest before it is started.
pub(super) struct Guest<'i> {
    image: &'i Image,
    /// The folder that it shares with us.
    pub(super) results: PathBuf,
    /// That folder, locked for other guests as long as this one may run.
    _used: File,
}

impl<'i> Guest<'i> {
    /// Makes the folder of results, with everything that the guest runs by. It has the release's name, and what it is for:
    /// somebody may look around while tests run. What programs left that are not run now stays.
    pub(super) fn prepare(image: &'i Image, purpose: &str, tasks: &[Task]) -> Result<Self> {
        Self::with_variables(image, purpose, tasks, &[])
    }

    /// The same, with variables that the tasks find in their environment.
    pub(super) fn with_variables(
        image: &'i Image,
        purpose: &str,
        tasks: &[Task],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let results = folder(&image.release, purpose);
        fs::create_dir_all(&results).with_context(|| format!("cannot make {}", results.display()))?;
        // Only as absolute paths they mean the same in the guest.
        let results = results.canonicalize()?;
        let used = File::open(&results).with_context(|| format!("cannot open {}", results.display()))?;
        used.try_lock().with_context(|| format!("cannot lock {}: does a guest run there?", results.display()))?;
        clear(&results, tasks)?;
        let repository = Path::new(REPOSITORY).canonicalize()?;
        let mut environment = format!(
            "IMAGE='{}'\nREPOSITORY='{}'\nexport SOCKEYE_SLOWNESS={SLOWNESS}\nexport SOCKEYE_OWN_MACHINE=1\n",
            image.folder.display(),
            repository.display()
        );
        environment.extend(variables.iter().map(|(name, value)| format!("export {name}='{value}'\n")));
        let plan: String = tasks.iter().map(line).collect();
        for (name, text) in
            [("plan", plan.as_str()), ("environment", &environment), ("modules", MODULES), ("guest.sh", SCRIPT)]
        {
            fs::write(results.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        for task in tasks {
            let path = left(&results, &task.program.name, PLAN);
            fs::write(&path, line(task)).with_context(|| format!("cannot write {}", path.display()))?;
        }
        initramfs::write(image, &results.join("initramfs"))?;
        Ok(Self { image, results, _used: used })
    }

    /// Runs it to its end; prints what it says of its progress, and keeps all that it says in `console`.
    ///
    /// # Errors
    ///
    /// If it does not end in the time that its tasks may take.
    pub(super) fn run(&self, tasks: &[Task]) -> Result<()> {
        let console = self.results.join("console");
        let mut kept = File::create(&console).with_context(|| format!("cannot write {}", console.display()))?;
        let mut command = self.command()?;
        command.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot run QEMU")?;
        let output = child.stdout.take().context("QEMU has no output")?;
        let (sender, lines) = mpsc::channel();
        // It ends with QEMU, whose end closes the output.
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                    return;
                }
            }
        });
        let tasks_max: u64 = tasks.iter().map(|task| u64::from(task.seconds_max)).sum();
        let deadline = Instant::now() + BOOT_MAX + Duration::from_secs(tasks_max);
        let followed = loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    writeln!(kept, "{line}")?;
                    if let Some(said) = line.strip_prefix(SAID) {
                        self.say(said);
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => break Ok(()),
                Err(mpsc::RecvTimeoutError::Timeout) => break Err(self.hangs()),
            }
        };
        end(&mut child)?;
        drop(lines);
        let _ = reader.join();
        followed
    }

    /// Runs a shell in it, on this terminal.
    pub(super) fn shell(&self) -> Result<()> {
        fs::write(self.results.join("shell"), "").context("cannot ask for a shell")?;
        eprintln!("lab: the guest's console; Ctrl-A X ends it");
        let mut command = self.command()?;
        let status = command.args(["-nographic", "-serial", "mon:stdio"]).status().context("cannot run QEMU")?;
        if status.success() { Ok(()) } else { bail!("QEMU failed: {status}") }
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(super::packages::find("qemu-system-x86_64").context("there is no QEMU")?);
        command.args(["-accel", "tcg,thread=single", "-cpu", "max", "-no-reboot", "-net", "none"]);
        command.args(["-smp", PROCESSORS, "-m", &MEMORY_MIB.to_string()]);
        command.arg("-kernel").arg(self.image.vmlinuz()).arg("-initrd").arg(self.results.join("initramfs"));
        // A guest that panics ends at once; mitigations cost time and protect nobody here.
        command.args(["-append", "console=ttyS0 panic=-1 quiet mitigations=off"]);
        let root = "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap";
        let results = self.results.to_str().context("the folder of results is no UTF-8")?;
        if results.contains(',') {
            bail!("QEMU cannot be told of a path with a comma: {results}");
        }
        let results = format!("local,path={results},mount_tag=results,security_model=none");
        command.args(["-virtfs", root, "-virtfs", &results]);
        Ok(command)
    }

    fn say(&self, said: &str) {
        eprintln!("lab: {}: {said}", self.image.release);
    }

    fn hangs(&self) -> anyhow::Error {
        anyhow::anyhow!(
            "{} did not end in its time; what it said is in {}/console",
            self.image.release,
            self.results.display()
        )
    }
}

/// Where a guest of a release leaves its results, by what it is for.
pub(super) fn folder(release: &str, purpose: &str) -> PathBuf {
    Path::new(REPOSITORY).join("target/lab").join(format!("{release}.{purpose}"))
}

/// Where a program leaves something there.
pub(super) fn left(results: &Path, program: &str, kind: &str) -> PathBuf {
    results.join(format!("{}.{kind}", file_name(program)))
}

/// Removes what earlier guests left, but for what is of programs that are not run now.
fn clear(results: &Path, tasks: &[Task]) -> Result<()> {
    let remove = || -> io::Result<()> {
        for entry in fs::read_dir(results)? {
            let entry = entry?;
            if is_of_another(&entry.file_name().to_string_lossy(), tasks) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().with_context(|| format!("cannot empty {}", results.display()))
}

/// Whether a file was left by a program that is none of these.
fn is_of_another(file: &str, tasks: &[Task]) -> bool {
    let Some((name, kind)) = file.rsplit_once('.') else { return false };
    [PLAN, OUT, ERR, END].contains(&kind) && tasks.iter().all(|task| file_name(&task.program.name) != name)
}

/// A task as the script in the guest reads it.
pub(super) fn line(task: &Task) -> String {
    let name = file_name(&task.program.name);
    let program = task.program.path.display().to_string();
    let seconds = task.seconds_max.to_string();
    let folder = task.program.folder.display().to_string();
    let words = [name, seconds, folder, program].into_iter().chain(task.told.iter().cloned());
    words.collect::<Vec<_>>().join("\t") + "\n"
}

/// The name that a program's results have as files.
fn file_name(program: &str) -> String {
    program.replace('/', ".")
}

fn end(child: &mut Child) -> Result<()> {
    // It has ended by itself, or may not go on.
    let _ = child.kill();
    child.wait().context("cannot wait for QEMU").map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_left_stays_and_nothing_else_does() {
        let results = std::env::temp_dir().join(format!("sockeye-lab-guest-{}", std::process::id()));
        fs::create_dir_all(results.join("captures/6.1")).expect("a folder");
        for name in [
            "console",
            "plan",
            "guest.sh",
            "modules.missing",
            "shell",
            "zoo.ss.out",
            "zoo.ss.end",
            "sockeye.ss.plan",
            "sockeye.ss.out",
            "sockeye.ss.err",
            "sockeye.ss.end",
        ] {
            fs::write(results.join(name), "kept\n").expect("a file");
        }
        clear(&results, &[Task::script("zoo/ss")]).expect("it is emptied");
        let entries = fs::read_dir(&results).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("letters")).collect();
        names.sort();
        assert_eq!(names, ["sockeye.ss.end", "sockeye.ss.err", "sockeye.ss.out", "sockeye.ss.plan"]);
        clear(&results, &[Task::script("sockeye/ss")]).expect("it is emptied");
        fs::remove_dir(&results).expect("nothing is left");
    }
}
