//! Whether a shell is there that can let a stopped program go on.

use std::fs;

/// The words behind the name in `/proc/PID/stat` that say whose job a process is (proc_pid_stat(5)). The process group and the session
/// are 0 where they were begun outside the pid namespace of that `/proc`: getsid(2) says the same, and a type for process ids cannot
/// hold it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Job {
    parent: u32,
    group: u32,
    session: u32,
}

/// Whether nobody is there to let this program go on (POSIX: its process group is orphaned), as far as `/proc` tells: of a group, the
/// ancestors of this process are looked at. It is the first program on its terminal, say.
pub(super) fn is_orphaned() -> bool {
    let of = |process: &str| Job::read(&fs::read(format!("/proc/{process}/stat")).ok()?);
    of("self").is_none_or(|own| is_orphaned_among(own, |process| of(&process.to_string())))
}

fn is_orphaned_among(own: Job, of: impl Fn(u32) -> Option<Job>) -> bool {
    let mut parent = of(own.parent);
    while let Some(job) = parent.filter(|job| job.session == own.session) {
        if job.group != own.group {
            return false;
        }
        parent = of(job.parent);
    }
    true
}

impl Job {
    fn read(line: &[u8]) -> Option<Self> {
        // The name may hold brackets and blanks; nothing behind it may.
        let end = line.iter().rposition(|byte| *byte == b')')?;
        let mut words = str::from_utf8(line.get(end + 1..)?).ok()?.split_ascii_whitespace().skip(1);
        let mut number = || words.next()?.parse().ok();
        Some(Self { parent: number()?, group: number()?, session: number()? })
    }
}

#[cfg(test)]
mod tests {
    use sockeye_fuzz::{Random, damage::damage};

    use super::*;

    /// Whether process 30 is orphaned among processes with these parents, groups and sessions.
    fn is_orphaned(processes: &[(u32, [u32; 3])]) -> bool {
        let of = |wanted| {
            let (_, [parent, group, session]) = *processes.iter().find(|(process, _)| *process == wanted)?;
            Some(Job { parent, group, session })
        };
        is_orphaned_among(of(30).expect("it is listed"), of)
    }

    #[test]
    fn a_line_with_brackets_in_the_name_is_read() {
        let line = b"77 (a) S 9 (b c) R 75 76 70 34816 77 4194304 1 0\n";
        assert_eq!(Job::read(line), Some(Job { parent: 75, group: 76, session: 70 }));
        assert_eq!(Job::read(b"77 (a) R 75 76"), None);
        let own = fs::read("/proc/self/stat").expect("/proc is there");
        assert_eq!(Job::read(&own).map(|job| job.parent), Some(std::os::unix::process::parent_id()));
    }

    #[test]
    fn damaged_lines_are_read_or_refused_and_a_name_changes_nothing() {
        let mut random = Random(59);
        let mut read = 0;
        for _ in 0..20_000 {
            let name = damage(b"a) S 9 (b c) R 4", &mut random);
            let line = [&b"77 ("[..], &name, b") R 75 76 70 34816 77 4194304 1 0\n"].concat();
            assert_eq!(Job::read(&line), Some(Job { parent: 75, group: 76, session: 70 }), "{}", line.escape_ascii());
            let damaged = damage(&line, &mut random);
            let Some(job) = Job::read(&damaged) else { continue };
            read += 1;
            // What is said of it stands there.
            for number in [job.parent, job.group, job.session].map(|number| number.to_string()) {
                let stands = damaged.windows(number.len()).any(|digits| digits == number.as_bytes());
                assert!(stands, "{number} in {}", damaged.escape_ascii());
            }
        }
        assert!((2_000..20_000).contains(&read), "{read} of 20000 were read: the damage is too strong or too weak");
    }

    #[test]
    fn a_shell_of_the_same_session_lets_its_jobs_go_on() {
        let shell = (20, [10, 20, 20]);
        assert!(!is_orphaned(&[(30, [20, 30, 20]), shell]), "a job of a shell");
        assert!(!is_orphaned(&[(30, [25, 25, 20]), (25, [20, 25, 20]), shell]), "in a script that is a job of a shell");
    }

    #[test]
    fn what_is_first_on_its_terminal_has_nobody() {
        assert!(is_orphaned(&[(30, [10, 30, 30]), (10, [1, 10, 10])]), "of a session of its own");
        assert!(is_orphaned(&[(30, [25, 25, 25]), (25, [10, 25, 25]), (10, [1, 10, 10])]), "in the one command of ssh");
        assert!(is_orphaned(&[(30, [0, 30, 0])]), "its parent is in no namespace that can be seen");
    }

    #[test]
    fn a_session_begun_outside_the_pid_namespace_is_the_same_one() {
        assert!(!is_orphaned(&[(30, [25, 30, 0]), (25, [0, 0, 0])]));
    }
}
