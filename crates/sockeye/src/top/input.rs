//! What happens to the screen from outside: keys, another size, signals. Each has a thread that waits for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;

use ratatui::crossterm::event::{self, Event, KeyEvent};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::source::Said;

/// What the screen waits for.
pub(super) enum Happening {
    Key(KeyEvent),
    /// It has so many columns and lines now.
    Resize(u16, u16),
    /// A signal asks for the end.
    Signal,
    /// There will be no more keys: the terminal is gone.
    Gone,
    Source(Said),
}

/// Starts the threads. They end with the program.
pub(super) fn start(happenings: &Sender<Happening>) -> io::Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        // A terminal that takes no more letters holds the program up for ever: the second signal ends it as it is.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked))?;
        signal_hook::flag::register(signal, Arc::clone(&asked))?;
    }
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let told = happenings.clone();
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            if told.send(Happening::Signal).is_err() {
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
