//! A watch of a namespace in which nothing happens does nothing.

use std::fs;
use std::thread;
use std::time::Duration;

use sockeye_zoo::in_namespace;

use crate::asked::Asker;
use crate::namespaces::Elsewhere;
use crate::watching::Watching;

/// Wake-ups that are allowed in a minute.
const A_MINUTE: u64 = 10;
/// How long is looked at, and how many wake-ups that allows.
const LOOK: Duration = Duration::from_secs(6);
const ALLOWED: u64 = A_MINUTE * LOOK.as_secs() / 60;
/// Looks after the first: what the kernel does with new links takes it some seconds.
const LOOKS: u32 = 5;

/// How often the threads of a process went to sleep by themselves.
fn wake_ups(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it lives").flatten();
    let of_thread = |path: std::path::PathBuf| -> u64 {
        let status = fs::read_to_string(path.join("status")).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.expect("every kernel has it").trim().parse().expect("a number")
    };
    threads.map(|thread| of_thread(thread.path())).sum()
}

#[test]
fn a_watch_of_a_quiet_namespace_sleeps() {
    in_namespace(|_| {
        Asker::new().plain(77, "d0");
        let plain = Watching::start(&[]);
        let hooked = Watching::start(&["-j", "--on", "links", "--run", "true", "--hold", "2s"]);
        // Its own table of mounts: other tests change that of the machine.
        let all = Elsewhere::start(&["-N", "all"])?;
        let pids = [plain.pid(), hooked.pid(), all.program().cast_unsigned()];
        let mut least = [u64::MAX; 3];
        for _ in 0..LOOKS {
            let before = pids.map(wake_ups);
            // Not to wait for something: this is the time in which nothing is to happen.
            thread::sleep(LOOK);
            let after = pids.map(wake_ups);
            least = [0, 1, 2].map(|which| least[which].min(after[which] - before[which]));
            if least.iter().all(|&least| least <= ALLOWED) {
                break;
            }
        }
        assert!(least.iter().all(|&least| least <= ALLOWED), "{least:?} wake-ups in {LOOK:?}");
        for watching in [plain, hooked] {
            watching.interrupt().with(0);
        }
        all.interrupt().with(0);
        Ok(())
    });
}
