//! The threads that run commands: so many at once, so many waiting, so long each.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Time a command that runs is left alone once somebody asked for the end of the watch.
const FAREWELL: Duration = Duration::from_secs(5);

/// Threads that wait for jobs.
pub(super) struct Workers {
    queue: SyncSender<Job>,
    /// Each returns the hooks whose jobs it did not start.
    threads: Vec<JoinHandle<Vec<usize>>>,
}

/// How long a command may run.
#[derive(Clone)]
struct Limits {
    limit: Duration,
    /// Somebody asked for the end.
    ends: Arc<AtomicBool>,
}

/// How a command came to its end.
enum Ended {
    ByItself(ExitStatus),
    AtItsLimit,
    WithTheWatch,
    /// It was there no more when it was waited for.
    Unseen,
}

impl Workers {
    /// Starts `jobs` threads, with room for so many more jobs that wait. Once `ends` is set they start nothing more.
    pub(super) fn start(jobs: usize, waiting: usize, limit: Duration, ends: &Arc<AtomicBool>) -> Self {
        let (queue, jobs_queue) = sync_channel(waiting);
        let jobs_queue = Arc::new(Mutex::new(jobs_queue));
        let worker = || {
            let (queue, limits) = (Arc::clone(&jobs_queue), Limits { limit, ends: Arc::clone(ends) });
            std::thread::spawn(move || work(&queue, &limits))
        };
        Self { queue, threads: (0..jobs.max(1)).map(|_| worker()).collect() }
    }

    /// Hands a job over. `false`: there is no room, and it is dropped.
    pub(super) fn start_job(&self, job: Job) -> bool {
        !matches!(self.queue.try_send(job), Err(TrySendError::Full(_)))
    }

    /// Lets what has begun come to its end, and what waits unless somebody asked for the end of all. Returns the hooks whose
    /// jobs were not started.
    pub(super) fn finish(self) -> Vec<usize> {
        drop(self.queue);
        // A worker that panicked has said so on stderr.
        self.threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    }
}

fn work(queue: &Mutex<Receiver<Job>>, limits: &Limits) -> Vec<usize> {
    let mut left = Vec::new();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) if limits.ends.load(Ordering::Relaxed) => left.push(job.hook),
            Ok(job) => run(job, limits),
            Err(_) => return left,
        }
    }
}

fn run(job: Job, limits: &Limits) {
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
    let ended = wait(&mut child, began, limits);
    let took = began.elapsed().as_millis();
    // What it said last is told before how it ended. What it left running in the background may hold its output open:
    // nobody waits long for that.
    let until = Instant::now() + LAST_WORDS;
    while readers.iter().flatten().any(|reader| !reader.is_finished()) && Instant::now() < until {
        std::thread::sleep(LOOK / 10);
    }
    complain(&match ended {
        Ended::ByItself(status) => format!("hook {number} [{pid}]: {status} after {took} ms"),
        Ended::AtItsLimit => {
            let limit = limits.limit.as_millis();
            format!("hook {number} [{pid}]: ended by force after {took} ms, its limit is {limit} ms")
        }
        Ended::WithTheWatch => format!("hook {number} [{pid}]: ended by force after {took} ms, the watch ends"),
        Ended::Unseen => format!("hook {number} [{pid}]: how it ended after {took} ms is not known"),
    });
    drop(writer);
    drop(readers);
}

/// Waits for the end; a command that takes longer is asked, then made to end.
fn wait(child: &mut Child, began: Instant, limits: &Limits) -> Ended {
    let mut asked = None;
    let mut farewell = None;
    loop {
        match (child.try_wait(), asked) {
            (Ok(Some(status)), None) => return Ended::ByItself(status),
            (Ok(Some(_)), Some((_, true))) => return Ended::WithTheWatch,
            (Ok(Some(_)), Some(_)) => return Ended::AtItsLimit,
            (Ok(None), _) => {}
            (Err(_), _) => return Ended::Unseen,
        }
        if limits.ends.load(Ordering::Relaxed) {
            farewell.get_or_insert_with(Instant::now);
        }
        let ends = farewell.is_some_and(|at: Instant| at.elapsed() >= FAREWELL);
        let signal = match asked {
            None if ends || began.elapsed() >= limits.limit => {
                asked = Some((Instant::now(), ends));
                Some(rustix::process::Signal::TERM)
            }
            Some((at, _)) if at.elapsed() >= GRACE => Some(rustix::process::Signal::KILL),
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
