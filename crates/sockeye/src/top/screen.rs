//! The terminal: taken over as a whole, and given back as it was, whatever happens.

use std::io::{self, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::tcgetattr;

use super::job::is_orphaned;
use super::sixteen::Sixteen;

/// The terminal is taken over, and nobody has given it back yet.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours.
pub(super) struct Screen {
    /// Never dropped: that would show the cursor, which is done here, and say on standard error where it fails. Of a terminal that is
    /// gone this is the same terminal, and saying it a panic.
    pub(super) terminal: ManuallyDrop<Terminal<CrosstermBackend<Sixteen<Stdout>>>>,
    /// The program went on after a stop, and has not taken the terminal over again since.
    went_on: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal over. What shows a panic is told to give it back first.
    pub(super) fn take(went_on: Arc<AtomicBool>) -> io::Result<Self> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        // From here on it is given back when this is dropped.
        let guard = Guard;
        execute!(io::stdout(), EnterAlternateScreen)?;
        let terminal = Terminal::new(CrosstermBackend::new(Sixteen::new(io::stdout())))?;
        std::mem::forget(guard);
        Ok(Self { terminal: ManuallyDrop::new(terminal), went_on })
    }
}

/// What stops until the shell lets it go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// This program: a signal was sent to it, and whoever sent it knows to whom else.
    Itself,
    /// All programs of its job, as where a terminal reads Ctrl-Z by itself: the shell waits for those that began this one.
    Job,
}

impl Screen {
    /// Gives the terminal back, stops until the shell lets the program go on, and takes it over again. Where there is no shell that
    /// could do that, it goes on.
    pub(super) fn suspend(&mut self, stopped: Stopped) -> io::Result<()> {
        if is_orphaned() {
            return Ok(());
        }
        self.terminal.backend_mut().flush()?;
        give_back();
        match stopped {
            Stopped::Itself => signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?,
            // Not SIGTSTP: this program would hear it too, and stop a second time once it goes on.
            Stopped::Job => kill_current_process_group(Signal::STOP)?,
        }
        self.take_again()
    }

    /// Takes the terminal over again after a stop that gave nobody time to give it back (SIGSTOP): the shell has used it since.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        // A stop of our own tells of its end too, and has been seen to.
        if !self.went_on.load(Ordering::SeqCst) {
            return Ok(());
        }
        // What is raw already would not be made so again.
        disable_raw_mode()?;
        self.take_again()
    }

    fn take_again(&mut self) -> io::Result<()> {
        self.went_on.store(false, Ordering::SeqCst);
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, Clear(ClearType::All))?;
        // What was shown there is forgotten: both buffers are empty now. `clear` would ask the terminal for the place of the cursor, and
        // the thread that waits for keys takes the answer.
        self.terminal.swap_buffers();
        Ok(())
    }

    /// Whether there is no terminal any more that anything could be written to (drivers/tty/tty_io.c, `hung_up_tty_ioctl`).
    pub(super) fn is_gone() -> bool {
        matches!(tcgetattr(io::stdout()), Err(Errno::IO))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // What is not written yet would come behind what gives the terminal back.
        let _ = self.terminal.backend_mut().flush();
        give_back();
    }
}

/// Gives the terminal back where taking it over fails half way.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once. Nothing can be done where that fails: it is gone.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        let mut stdout = io::stdout();
        let _ = execute!(stdout, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
