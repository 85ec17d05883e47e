//! `--capture`: writes down what the kernel was asked and what it sent, as the engine was given it.
//!
//! The dumps of the rows are recorded. What is asked beside them (samples by which a large table is cut in parts, exact
//! questions, interface names, owners) is not: a capture shows what a row was made of.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use sockeye_conn::{Namespace, Protocol, Socket};
use sockeye_state::capture::{About, Record, Writer};

/// Bytes that gather before they go to the file, so that a capture of a large machine needs no memory for it.
const BLOCK: usize = 1024 * 1024;

/// Readable by its owner alone: addresses and names of a machine are nobody else's business until they are sent.
const MODE: u32 = 0o600;

/// A capture that is being made.
pub(crate) struct Recorder {
    began: Instant,
    /// One channel a socket.
    channels: AtomicU16,
    tape: Arc<Mutex<Tape>>,
}

struct Tape {
    writer: Writer,
    file: File,
    /// The first error; nothing is written after it.
    failed: Option<io::Error>,
}

impl Recorder {
    /// Begins a capture in a new file, or in place of an old one.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = rustix::system::uname();
        let about = About {
            start_ns: u64::try_from(start.as_nanos()).unwrap_or(u64::MAX),
            kernel: name.release().to_bytes(),
            command: &command_line(),
        };
        let tape = Tape { writer: Writer::new(&about), file, failed: None };
        Ok(Self { began: Instant::now(), channels: AtomicU16::new(0), tape: Arc::new(Mutex::new(tape)) })
    }

    /// Records what goes over a socket from now on.
    pub(crate) fn record(&self, socket: &mut Socket, namespace: Option<&Namespace>) {
        let channel = self.channels.fetch_add(1, Ordering::Relaxed);
        let (began, tape) = (self.began, Arc::clone(&self.tape));
        let write = move |record: Record<'_>| {
            let after_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            tape.lock().unwrap_or_else(PoisonError::into_inner).write(after_ns, channel, record);
        };
        let label = namespace.map(Namespace::label).unwrap_or_default();
        write(Record::Opened { protocol: Protocol::SockDiag.number(), namespace: &label });
        socket.record_to(write);
    }

    /// Writes what is left, and says whether everything could be written.
    pub(crate) fn finish(&self) -> io::Result<()> {
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        tape.flush();
        tape.failed.take().map_or(Ok(()), Err)
    }
}

impl Tape {
    fn write(&mut self, after_ns: u64, channel: u16, record: Record<'_>) {
        self.writer.write(after_ns, channel, record);
        if self.writer.bytes().len() >= BLOCK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(self.writer.bytes()).err();
        }
        self.writer.clear();
    }
}

/// The command as it was typed, whatever path it was found by.
fn command_line() -> Vec<u8> {
    let words = std::env::args_os().skip(1).map(OsStringExt::into_vec);
    std::iter::once(b"sockeye".to_vec()).chain(words).collect::<Vec<_>>().join(&b' ')
}
