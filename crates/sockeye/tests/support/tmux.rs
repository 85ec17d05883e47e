//! A real terminal, driven by keys: tmux.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sockeye_zoo::{Skip, patience};

/// How long something is waited for that has to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// Time between two looks at the screen.
const LOOK: Duration = Duration::from_millis(50);

/// A terminal of tmux with the program on it.
pub(crate) struct Tmux {
    socket: PathBuf,
}

impl Tmux {
    /// Runs a line of the shell. `directory`: where nobody else has one.
    pub(crate) fn start(directory: &Path, line: &str) -> Result<Self, Skip> {
        if Command::new("tmux").arg("-V").output().is_err() {
            return Err(Skip::new("tmux", "tmux is not installed"));
        }
        let tmux = Self { socket: directory.join("tmux") };
        // What it says at its end stays to be seen.
        let line = format!("LC_ALL=C.UTF-8 NO_COLOR= {line}; echo \"ended with $?\"; read line");
        tmux.run(&["-f", "/dev/null", "-u", "new-session", "-d", "-x", "110", "-y", "30", "sh", "-c", &line]);
        Ok(tmux)
    }

    /// A command of tmux, and what it prints.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let output = Command::new("tmux").arg("-S").arg(&self.socket).args(words).output().expect("tmux runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Presses keys, by their names.
    pub(crate) fn keys(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    /// Looks until the screen is as wanted.
    #[track_caller]
    pub(crate) fn sees(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + patience(PATIENCE);
        loop {
            let screen = self.run(&["capture-pane", "-p"]);
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "{what} is not to be seen on\n{screen}");
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}
