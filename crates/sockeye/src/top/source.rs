//! Where models come from: a thread of its own asks the kernel, keeps count, and answers what is to be seen.

mod beside;
mod changes;
mod close;
mod desk;
mod detail;
mod groups;
mod hearing;
mod holder;
mod links;
mod lookers;
mod losses;
mod order;
mod pace;
mod place;
mod rows;
mod sockets;
mod worker;

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sockeye_query::filter::Expression;

use super::model::{Id, Model, Request};
use crate::live::named::NamedNamespace;
use crate::sockets::run::Namespaces;

/// What the source is told.
pub(super) enum Command {
    /// This is to be seen from now on.
    Show(Request),
    /// Read this filter, and let it be in force.
    Filter(String),
    /// Close this socket.
    Close(Id),
}

/// What the source says beside models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is a model to take.
    Model,
    /// This filter is in force.
    FilterTaken(String),
    /// It is none, and the old one stays.
    FilterRefused(String),
    /// What became of a socket that was to be closed.
    Closed(String),
    /// There will be no more models.
    Failed(String),
}

/// What to ask, where and how often.
pub(super) struct Setup {
    pub(super) namespaces: Namespaces,
    /// The one of them that was named, where one was.
    pub(super) named: Option<NamedNamespace>,
    pub(super) interval: Duration,
    pub(super) filter: Expression,
    pub(super) filter_text: String,
    /// What the filter needs to be asked for.
    pub(super) extensions: u8,
}

/// The newest model, until it is taken.
type Slot = Arc<Mutex<Option<Model>>>;

/// The other end of the thread.
pub(super) struct Source {
    commands: Sender<Command>,
    slot: Slot,
}

impl Source {
    /// Opens the sockets and starts the thread; `say` hears from it. The first answer is to `request`.
    pub(super) fn start(setup: Setup, request: Request, say: impl Fn(Said) + Send + 'static) -> Result<Self> {
        let (commands, asked) = mpsc::channel();
        let slot = Slot::default();
        let outlet = desk::Outlet { slot: Arc::clone(&slot), say: Box::new(say) };
        let worker = worker::Worker::open(setup, request, asked, outlet)?;
        let run = move || worker.run();
        std::thread::Builder::new().name("source".to_owned()).spawn(run).context("cannot start a thread")?;
        Ok(Self { commands, slot })
    }

    /// Tells it something. One that has ended has said so.
    pub(super) fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// The newest model, once.
    pub(super) fn take(&self) -> Option<Model> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
