//! A terminal that nobody looks at.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A screen that has room for everything.
const SIZE: Winsize = Winsize { ws_row: 40, ws_col: 140, ws_xpixel: 0, ws_ypixel: 0 };

/// The side of a terminal where a person would sit.
pub(super) struct Terminal {
    side: File,
}

impl Terminal {
    /// Makes a terminal, and puts a program on it.
    pub(super) fn of(command: &mut Command) -> Result<Self> {
        let side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).context("no terminal")?;
        grantpt(&side).and_then(|()| unlockpt(&side)).context("a terminal that cannot be opened")?;
        tcsetwinsize(&side, SIZE).context("a terminal without a size")?;
        let name = ptsname(&side, Vec::new()).context("a terminal without a name")?;
        let name = name.to_str().context("a terminal with an odd name")?;
        let other = OpenOptions::new().read(true).write(true).open(name).context("cannot open the terminal")?;
        let again = || other.try_clone().context("cannot open the terminal twice");
        command.stdin(Stdio::from(again()?)).stdout(Stdio::from(again()?)).env("TERM", "xterm");
        Ok(Self { side: side.into() })
    }

    /// A second handle, to press keys with.
    pub(super) fn keys(&self) -> Result<File> {
        self.side.try_clone().context("cannot open the terminal twice")
    }

    /// Reads until the program has closed its side.
    pub(super) fn read(mut self, mut shown: impl FnMut()) {
        let mut screen = vec![0; 64 * 1024];
        // The end is EIO.
        while self.side.read(&mut screen).is_ok_and(|length| length > 0) {
            shown();
        }
    }
}
