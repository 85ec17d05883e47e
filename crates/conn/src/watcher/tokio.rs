//! A watcher under tokio: feature `tokio`.

use std::collections::VecDeque;
use std::io;

use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, timeout_at};

use super::Watcher;
use super::event::Event;
use crate::error::{Error, Operation};
use crate::sys;

/// A watcher whose events are awaited.
///
/// It needs a runtime with I/O and time. Dropping the future of [`AsyncWatcher::next`] loses nothing.
#[derive(Debug)]
pub struct AsyncWatcher {
    fd: AsyncFd<Watcher>,
    pending: VecDeque<Event>,
}

impl AsyncWatcher {
    /// Takes a watcher into the runtime of the caller.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime that has I/O enabled.
    pub fn new(watcher: Watcher) -> Result<Self, Error> {
        let fd = sys::register(watcher).map_err(|source| Error::new(Operation::Receive, source))?;
        Ok(Self { fd, pending: VecDeque::new() })
    }

    /// The watcher itself, for its mirrors.
    pub fn watcher(&self) -> &Watcher {
        self.fd.get_ref()
    }

    /// The next event.
    ///
    /// # Panics
    ///
    /// In a runtime without time enabled.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            let wake = self.fd.get_ref().next_wake().map(Instant::from_std);
            let ready = self.fd.readable_mut();
            let ready: Option<io::Result<_>> = match wake {
                Some(wake) => timeout_at(wake, ready).await.ok(),
                None => Some(ready.await),
            };
            let pending = &mut self.pending;
            let mut sink = |output: sockeye_state::watch::Output<'_>| pending.extend(Event::of(output));
            match ready {
                Some(Ok(mut guard)) => {
                    // Everything that can be read is read, so the next event makes it readable again.
                    guard.clear_ready();
                    guard.get_inner_mut().advance(&mut sink)?;
                }
                Some(Err(source)) => return Err(Error::new(Operation::Receive, source)),
                None => self.fd.get_mut().advance(&mut sink)?,
            }
        }
    }
}
