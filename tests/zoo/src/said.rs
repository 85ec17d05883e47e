//! What a child said, also where something that it started still holds its output.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// What is being read of one output.
pub(crate) struct Said(Receiver<Vec<u8>>);

impl Said {
    /// Begins to read. The thread ends with the output; where somebody holds that for ever, with this process.
    pub(crate) fn of(mut output: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                match output.read(&mut bytes) {
                    Ok(length @ 1..) if sender.send(bytes[..length].to_vec()).is_ok() => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    _ => return,
                }
            }
        });
        Self(receiver)
    }

    /// Everything up to the end of the output, or what came until then, and whether the end was met.
    pub(crate) fn until(self, then: Instant) -> (Vec<u8>, bool) {
        let mut all = Vec::new();
        loop {
            match self.0.recv_timeout(then.saturating_duration_since(Instant::now())) {
                Ok(bytes) => all.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => return (all, true),
                Err(RecvTimeoutError::Timeout) => return (all, false),
            }
        }
    }
}

/// How long an output may stay open after the end of the process that it was given to.
pub(crate) const LINGER: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};

    use super::*;

    #[test]
    fn an_output_that_somebody_holds_is_read_and_has_no_end() {
        let (read, mut write) = io::pipe().expect("descriptors are left");
        let said = Said::of(read);
        write.write_all(b"half").expect("somebody reads");
        let first = said.0.recv().expect("it is held open");
        assert_eq!(first, b"half");
        assert_eq!(said.until(Instant::now()), (Vec::new(), false), "nothing more, and no end");
        drop(write);
    }

    #[test]
    fn an_output_that_ends_is_whole() {
        let (read, mut write) = io::pipe().expect("descriptors are left");
        let said = Said::of(read);
        let text = vec![b'x'; 3 * 4096 + 7];
        write.write_all(&text).expect("somebody reads");
        drop(write);
        assert_eq!(said.until(Instant::now() + Duration::from_mins(5)), (text, true));
    }
}
