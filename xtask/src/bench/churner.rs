//! A process that opens and closes connections as fast as it can.

use std::process::exit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::{Context, Result};

use super::hold::{address, listen, source};
use super::{part, sys};

/// Connections opened so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which of the processes this is: each has addresses of its own
    #[arg(long)]
    process: u16,
    /// Connections that are open at any time
    #[arg(long)]
    open: usize,
}

impl Args {
    /// These as a command line.
    pub(super) fn line(process: u16, open: u64) -> Vec<String> {
        vec!["churner".into(), format!("--process={process}"), format!("--open={open}")]
    }
}

/// Churns until the input ends, and says then how many connections that were. Says 0 when it begins.
pub(crate) fn run(args: &Args) -> Result<()> {
    sys::raise_descriptor_limit().context("cannot raise the limit of open files")?;
    let (listener, server) = listen(std::net::SocketAddrV4::new(address(33, args.process), 8000))?;
    thread::spawn(|| {
        let ended = part::wait_for_end().and_then(|()| part::say(OPENED.load(Ordering::Relaxed)));
        exit(i32::from(ended.is_err()));
    });
    let mut open = Vec::new();
    for index in 0usize.. {
        let connection = sys::connect(source(args.process, index as u64), server).context("cannot connect")?;
        let pair = (connection, listener.accept().context("cannot accept")?.0);
        OPENED.fetch_add(1, Ordering::Relaxed);
        if open.len() < args.open {
            open.push(pair);
            if open.len() == args.open {
                part::say(0)?;
            }
        } else {
            // The one that it replaces is closed here.
            open[index % args.open] = pair;
        }
    }
    Ok(())
}
