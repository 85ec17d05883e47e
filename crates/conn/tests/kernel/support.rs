//! Namespaces for tests, and loud skips.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::thread::{CapabilitySet, UnshareFlags};
use sockeye_zoo::skip::needs;

/// Runs `body` on a thread of its own after `flags` were unshared there; what the machine has stays as it is.
pub(crate) fn unshared(test: &str, flags: UnshareFlags, body: impl FnOnce() + Send) {
    if let Err(reason) = needs(CapabilitySet::NET_ADMIN) {
        return sockeye_zoo::skip::skip(&own_name(test), &reason);
    }
    let outcome = thread::scope(|scope| {
        let visitor = scope.spawn(|| {
            unshare(flags)?;
            body();
            Ok::<(), rustix::io::Errno>(())
        });
        visitor.join()
    });
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => skip(test, &format!("namespaces are not allowed here: {error}")),
        Err(payload) => std::panic::resume_unwind(payload),
    }
}

/// Moves the calling thread into new namespaces.
pub(crate) fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
    assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: descriptors stay shared between threads, see the line above; nothing else is asked for.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Says that a test did not run. With `SOCKEYE_SKIP=fail` that is a failure.
pub(crate) fn skip(test: &str, reason: &str) {
    // Not `eprintln!`, which the harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {}: namespace: {reason}", own_name(test));
    assert!(std::env::var_os("SOCKEYE_SKIP").is_none_or(|value| value != "fail"), "{test} skipped: {reason}");
}

/// The name under which the harness knows a test, which is that of its thread.
fn own_name(test: &str) -> String {
    thread::current().name().filter(|name| *name != "main").unwrap_or(test).to_owned()
}

/// A process that lives in the namespaces of the thread that starts it, until it is dropped.
pub(crate) struct Resident(Child);

impl Resident {
    pub(crate) fn start() -> Self {
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("every system has cat");
        // The kernel gives a process its name only after `spawn` has returned; an echo comes from cat itself.
        let mut echo = [0];
        child.stdin.as_mut().expect("piped").write_all(b"!").expect("written");
        child.stdout.as_mut().expect("piped").read_exact(&mut echo).expect("echoed");
        Self(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
