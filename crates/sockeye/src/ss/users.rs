//! The column of processes: who holds a socket.

use std::path::PathBuf;
use std::sync::OnceLock;

use sockeye_owners::{Facts, Owner, Scan, ScanError, ScanOptions};

use super::names;
use super::options::{Contexts, Options};
use crate::output::{escape, number};

/// What stands for a security context that cannot be read.
const UNAVAILABLE: &[u8] = b"unavailable";

/// The processes that hold sockets; rows wait until they are known.
pub(super) struct Users {
    root: PathBuf,
    threads: bool,
    contexts: Option<Contexts>,
    found: OnceLock<Result<Scan, ScanError>>,
}

impl Users {
    pub(super) fn new(options: &Options) -> Self {
        Self { root: names::proc_root(), threads: options.threads, contexts: options.contexts, found: OnceLock::new() }
    }

    /// Looks for them, once.
    pub(super) fn scan(&self) {
        let context = if self.contexts.is_some() { Facts::CONTEXT } else { Facts::NONE };
        let options = ScanOptions {
            proc: &self.root,
            facts: Facts::COMM | context,
            tasks: self.threads,
            ..ScanOptions::default()
        };
        // Nobody else sets it: one thread scans.
        let _ = self.found.set(sockeye_owners::scan(&options));
    }

    /// ` users:(("name",pid=1,fd=2),…)`, the latest process and the highest descriptor first; nothing where nobody is
    /// known to hold the socket.
    pub(super) fn write(&self, out: &mut Vec<u8>, inode: u32) {
        let Ok(scan) = self.found.wait() else { return };
        if inode == 0 {
            return;
        }
        let mut owners: Vec<_> = scan.owners.of(inode).collect();
        if owners.is_empty() {
            return;
        }
        owners.reverse();
        // The other threads of a process stand before the process itself, as they were found after it.
        out.extend_from_slice(b" users:(");
        for (at, owner) in owners.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"(\"" } else { b",(\"" });
            self.owner(out, owner);
            out.push(b')');
        }
        out.push(b')');
    }

    fn owner(&self, out: &mut Vec<u8>, owner: &Owner<'_>) {
        let process = owner.process;
        escape::text(out, process.comm().unwrap_or_default());
        out.extend_from_slice(b"\",pid=");
        number::decimal(out, process.pid().into());
        if self.threads {
            out.extend_from_slice(b",tid=");
            number::decimal(out, process.tid().into());
        }
        if self.contexts.is_some() {
            out.extend_from_slice(b",proc_ctx=");
            escape::text(out, process.context().unwrap_or(UNAVAILABLE));
        }
        out.extend_from_slice(b",fd=");
        number::decimal(out, owner.fd.into());
        if self.contexts == Some(Contexts::ProcessesAndSockets) {
            out.extend_from_slice(b",sock_ctx=");
            let context = sockeye_owners::socket_context(&self.root, process.pid(), process.tid(), owner.fd);
            escape::text(out, context.as_deref().unwrap_or(UNAVAILABLE));
        }
    }

    /// Why the column may lack somebody, in a sentence.
    pub(super) fn missing(&self) -> Option<String> {
        match self.found.get()? {
            Err(error) => Some(error.to_string()),
            Ok(scan) if scan.visibility.is_whole() => None,
            Ok(scan) => Some(scan.visibility.to_string()),
        }
    }
}
