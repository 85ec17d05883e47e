//! What happens to the screen from outside: keys, another size, signals. Each has a thread that waits for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use ratatui::crossterm::event::{self, Event, KeyEvent};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGXCPU,
};
use signal_hook::iterator::Signals;

use super::source::Said;

/// What the screen waits for.
pub(super) enum Happening {
    Key(KeyEvent),
    /// It has so many columns and lines now.
    Resize(u16, u16),
    /// A signal asks for the end.
    Signal,
    /// One asks to stop for a while, until the shell lets it go on.
    Suspend,
    /// The program goes on after it was stopped.
    Continued,
    /// There will be no more keys: the terminal is gone.
    Gone,
    Source(Said),
}

/// Signals that would end the program at once, and leave the terminal as it is while the screen is shown.
const ENDS: [i32; 9] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU];

/// Starts the threads. They end with the program. `went_on` is set as soon as the program goes on after it was stopped.
pub(super) fn start(happenings: &Sender<Happening>, went_on: &Arc<AtomicBool>) -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in ENDS {
        // A terminal that takes no more letters holds the program up for ever: the second signal ends it as it is.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))?;
        signal_hook::flag::register(signal, Arc::clone(&asked))?;
    }
    signal_hook::flag::register(SIGCONT, Arc::clone(went_on))?;
    let mut signals = Signals::new(ENDS.into_iter().chain([SIGTSTP, SIGCONT]))?;
    let told = happenings.clone();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            let happening = match signal {
                SIGTSTP => Happening::Suspend,
                SIGCONT => Happening::Continued,
                _ => Happening::Signal,
            };
            if told.send(happening).is_err() {
                break;
            }
        }
    })?;
    let told = happenings.clone();
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        loop {
            let happening = match event::read() {
                Ok(Event::Key(key)) => Happening::Key(key),
                Ok(Event::Resize(columns, lines)) => Happening::Resize(columns, lines),
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => Happening::Gone,
            };
            let is_last = matches!(happening, Happening::Gone);
            if told.send(happening).is_err() || is_last {
                break;
            }
        }
    })?;
    Ok(())
}
