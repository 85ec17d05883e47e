//! A namespace whose sockets are followed.

use std::sync::Arc;

use anyhow::Result;
use sockeye_conn::{Error, Namespace};
use sockeye_wire::sock_diag::inet::InetMessage;

use super::super::lookout::{Follow, Holder};
use super::stream::{Notice, Stream};
use crate::live::feed::{self, Feed};
use crate::live::now;
use crate::live::owners::{Around, Owners};
use crate::live::trace::Netns;
use crate::sockets::run::label;

/// A namespace that is followed.
pub(super) struct Followed {
    /// `None`: our own, which was not named.
    pub(super) namespace: Option<Arc<Namespace>>,
    pub(super) label: Vec<u8>,
    pub(super) feed: Feed,
    /// By which events of BPF name it.
    pub(super) netns: Netns,
    pub(super) holder: Holder,
}

impl Followed {
    /// Subscribes.
    pub(super) fn open(namespace: Option<Namespace>, options: feed::Options) -> Result<Self, Error> {
        let feed = Feed::open(namespace.as_ref(), options)?;
        let label = label(namespace.as_ref()).unwrap_or_default();
        let inode = match &namespace {
            Some(namespace) => namespace.identity().inode,
            None => Namespace::current()?.identity().inode,
        };
        let netns = Netns { inode, cookie: feed.netns_cookie() };
        let holder = Holder::of(namespace.as_ref());
        Ok(Self { namespace: namespace.map(Arc::new), label, feed, netns, holder })
    }
}

/// The inodes of all sockets that are followed.
pub(super) fn inodes(followed: &[Followed]) -> impl Iterator<Item = u32> {
    let sockets = followed.iter().flat_map(|one| one.feed.lives.iter());
    sockets.filter_map(|(_, message)| InetMessage(message).inode().and_then(|inode| u32::try_from(inode).ok()))
}

/// What surrounds the sockets of each namespace.
pub(super) struct Places {
    namespaces: Vec<(Option<Arc<Namespace>>, Vec<u8>)>,
}

impl Places {
    pub(super) fn of(followed: &[Followed]) -> Self {
        Self { namespaces: followed.iter().map(|one| (one.namespace.clone(), one.label.clone())).collect() }
    }

    pub(super) fn with<'s>(&'s self, owners: &'s Owners) -> Vec<Around<'s>> {
        self.namespaces.iter().map(|(space, label)| owners.place(space.as_deref(), Some(label.clone()))).collect()
    }
}

/// Those that come are followed, and of those that are gone it is told.
pub(super) struct Following<'f, 's> {
    pub(super) options: feed::Options,
    pub(super) owners: &'f Owners,
    pub(super) stream: &'f mut Stream<'s>,
}

impl Follow for Following<'_, '_> {
    type One = Followed;

    fn namespace(one: &Followed) -> Option<&Namespace> {
        one.namespace.as_deref()
    }

    fn holder(one: &mut Followed) -> &mut Holder {
        &mut one.holder
    }

    fn begin(&mut self, namespace: Namespace) -> Result<Followed, Error> {
        Followed::open(Some(namespace), self.options)
    }

    fn end(&mut self, one: &mut Followed) -> Result<()> {
        let place = self.owners.place(one.namespace.as_deref(), Some(one.label.clone()));
        let stream = &mut *self.stream;
        one.feed.advance(&mut |told| {
            stream.take(&told, &place, false);
        })?;
        stream.notice(&Notice::Gone, now(), &one.label);
        Ok(())
    }
}
