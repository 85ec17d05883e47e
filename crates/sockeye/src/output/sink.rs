//! Where rows go: whole rows in large blocks, under one lock.

use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::sync::Mutex;

/// Bytes that a thread gathers before it takes the lock: large enough that the lock and the system call cost nothing
/// against making the text, small enough that memory stays flat.
pub(crate) const BLOCK_LEN: usize = 128 * 1024;

/// The output of a listing, shared by its threads.
pub(crate) struct Sink {
    inner: Mutex<Inner>,
}

struct Inner {
    writer: Box<dyn Write + Send>,
    /// The first error, after which nothing more is written.
    failed: Option<io::Error>,
    /// Bytes to leave out of what comes next: a separator that would stand before the first row.
    skip: usize,
}

/// Standard output without a buffer: blocks are large already, and the standard library's own would look for line ends in
/// each of them. It needs no descriptor of its own, so that a listing which has few left says what it could not open.
struct Unbuffered(io::Stdout);

impl Write for Unbuffered {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(self.0.as_fd(), block)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink {
    /// To standard output.
    pub(crate) fn to_stdout() -> Self {
        Self::new(Unbuffered(io::stdout()))
    }

    /// Output to this writer.
    fn new(writer: impl Write + Send + 'static) -> Self {
        Self { inner: Mutex::new(Inner { writer: Box::new(writer), failed: None, skip: 0 }) }
    }

    /// Writes a block and empties it. `false`: the reader has gone, further rows are of no use.
    pub(crate) fn write(&self, block: &mut Vec<u8>) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if inner.failed.is_none() && !block.is_empty() {
            let from = std::mem::take(&mut inner.skip).min(block.len());
            inner.failed = inner.writer.write_all(&block[from..]).err();
        }
        block.clear();
        inner.failed.is_none()
    }

    /// Leaves these many bytes out of the next block.
    pub(crate) fn skip(&self, bytes: usize) {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner).skip = bytes;
    }

    /// Whether there was more to write than the reader of a pipe wanted.
    pub(crate) fn reader_has_gone(&self) -> bool {
        let inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.failed.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Flushes. A broken pipe is success: the reader had enough.
    pub(crate) fn finish(self) -> io::Result<()> {
        let mut inner = self.inner.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let result = match inner.failed.take() {
            Some(error) => Err(error),
            None => inner.writer.flush(),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
}
