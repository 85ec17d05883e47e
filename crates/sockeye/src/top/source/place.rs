//! A network namespace that is followed.

use std::time::Duration;

use anyhow::Result;
use sockeye_conn::Namespace;
use sockeye_state::lives::Lives;

use super::changes::Changes;
use super::links::Links;
use crate::live::feed::{self, Feed, Tcp};
use crate::sockets::run::label;

/// Namespaces that are followed at most: each has sockets and threads of its own to be asked with.
pub(super) const PLACES_MAX: usize = 256;

/// A network namespace that is followed.
pub(super) struct Place {
    pub(super) label: Vec<u8>,
    /// Inode of the namespace, by which events of BPF name it.
    pub(super) inode: u64,
    pub(super) feed: Feed,
    pub(super) changes: Changes,
    pub(super) links: Links,
}

impl Place {
    /// `traced`: changes of TCP are told of as they happen.
    pub(super) fn open(
        namespace: Option<Namespace>,
        number: u16,
        interval: Duration,
        (several, traced): (bool, bool),
    ) -> Result<Self> {
        let tcp = if traced { Tcp::ToldAndAsked } else { Tcp::Asked };
        let receive_buffer = sockeye_conn::RECEIVE_BUFFER;
        let (told_states, incidents) = (u32::MAX, false);
        let follow = feed::Options { interval, receive_buffer, tcp, told_states, incidents, udp: true, extensions: 0 };
        let feed = Feed::open(namespace.as_ref(), follow)?;
        let inode = inode(namespace.as_ref())?;
        let label = label(namespace.as_ref()).unwrap_or_default();
        // Which of them something happened in is only of interest where there are several.
        let changes = Changes::open(namespace, if several { &label } else { b"" })?;
        Ok(Self { links: Links::new(number), label, inode, feed, changes })
    }

    /// The namespace, where it is another than this process's.
    pub(super) fn namespace(&self) -> Option<&Namespace> {
        self.changes.namespace()
    }

    /// Its interfaces, and the namespace in which they are asked for.
    pub(super) fn links(&mut self) -> (&mut Links, Option<&Namespace>) {
        (&mut self.links, self.changes.namespace())
    }
}

/// The inode of a namespace; `None`: of this process's.
pub(super) fn inode(namespace: Option<&Namespace>) -> Result<u64, sockeye_conn::Error> {
    namespace.map_or_else(|| Ok(Namespace::current()?.identity().inode), |namespace| Ok(namespace.identity().inode))
}

/// The lives of all places, while one of them may be asking for more.
pub(super) struct View<'v>(pub(super) Vec<&'v Lives>);

impl View<'_> {
    /// Sockets of all places.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|lives| lives.len()).sum()
    }

    /// The sockets of a place.
    pub(super) fn lives(&self, place: u16) -> Option<&Lives> {
        self.0.get(usize::from(place)).copied()
    }
}
