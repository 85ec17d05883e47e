//! The threads that run commands: so many at once, so many waiting, so long each.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::job::Job;
use crate::watch::complain;

/// Time between looks at a command that runs.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of a command's output that are passed on.
const OUTPUT_MAX: usize = 64 * 1024;
/// Time that the rest of its output may take once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// Time a command is given to end by itself after it was told to.
const GRACE: Duration = Duration::from_secs(2);

/// Threads that wait for jobs.
pub(super) struct Workers {
    queue: SyncSender<Job>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts `jobs` threads, with room for so many more jobs that wait.
    pub(super) fn start(jobs: usize, waiting: usize, limit: Duration) -> Self {
        let (queue, jobs_queue) = sync_channel(waiting);
        let jobs_queue = Arc::new(Mutex::new(jobs_queue));
        let worker = || {
            let queue = Arc::clone(&jobs_queue);
            std::thread::spawn(move || work(&queue, limit))
        };
        Self { queue, threads: (0..jobs.max(1)).map(|_| worker()).collect() }
    }

    /// Hands a job over. `false`: there is no room, and it is dropped.
    pub(super) fn start_job(&self, job: Job) -> bool {
        !matches!(self.queue.try_send(job), Err(TrySendError::Full(_)))
    }

    /// Lets what has begun or waits come to its end.
    pub(super) fn finish(self) {
        drop(self.queue);
        for thread in self.threads {
            // A worker that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>, limit: Duration) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => run(job, limit),
            Err(_) => return,
        }
    }
}

fn run(job: Job, limit: Duration) {
    let number = job.hook + 1;
    let began = Instant::now();
    let mut command = Command::new(&job.command[0]);
    command
        .args(&job.command[1..])
        .envs(job.environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return complain(&format!("hook {number}: cannot run {:?}: {error}", job.command[0])),
    };
    let pid = child.id();
    let readers = [
        child.stdout.take().map(|out| pass_on(out, number, pid)),
        child.stderr.take().map(|out| pass_on(out, number, pid)),
    ];
    let writer = child.stdin.take().map(|mut stdin| {
        let input = job.input;
        // A command that does not read is not wrong.
        std::thread::spawn(move || drop(stdin.write_all(&input)))
    });
    let ended = wait(&mut child, began, limit);
    let took = began.elapsed().as_millis();
    // What it said last is told before how it ended. What it left running in the background may hold its output open:
    // nobody waits long for that.
    let until = Instant::now() + LAST_WORDS;
    while readers.iter().flatten().any(|reader| !reader.is_finished()) && Instant::now() < until {
        std::thread::sleep(LOOK / 10);
    }
    complain(&match ended {
        Some(status) => format!("hook {number} [{pid}]: {status} after {took} ms"),
        None => format!("hook {number} [{pid}]: ended by force after {took} ms, its limit is {} ms", limit.as_millis()),
    });
    drop(writer);
    drop(readers);
}

/// Waits for the end; a command that takes longer is asked, then made to end.
fn wait(child: &mut Child, began: Instant, limit: Duration) -> Option<std::process::ExitStatus> {
    let mut asked = None;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return asked.is_none().then_some(status),
            Ok(None) => {}
            Err(_) => return None,
        }
        let signal = match asked {
            None if began.elapsed() >= limit => {
                asked = Some(Instant::now());
                Some(rustix::process::Signal::TERM)
            }
            Some(at) if at.elapsed() >= GRACE => Some(rustix::process::Signal::KILL),
            _ => None,
        };
        if let (Some(signal), Some(group)) =
            (signal, i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw))
        {
            // It may have ended just now.
            let _ = rustix::process::kill_process_group(group, signal);
        }
        std::thread::sleep(LOOK);
    }
}

/// Passes the lines of a command on, as many as there is room for.
fn pass_on(out: impl Read + Send + 'static, number: usize, pid: u32) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut passed = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut out).take(OUTPUT_MAX as u64).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if passed > OUTPUT_MAX => {}
                Ok(read) => {
                    passed += read;
                    let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
                    complain(&format!("hook {number} [{pid}]: {text}"));
                    if passed > OUTPUT_MAX {
                        complain(&format!("hook {number} [{pid}]: more output, which is not passed on"));
                    }
                }
            }
        }
    })
}
