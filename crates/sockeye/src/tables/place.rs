//! What the records of one namespace do not say themselves.

use sockeye_query::{Context, InterfaceName};

use crate::sockets::system::Interfaces;

/// A namespace that is listed.
pub(crate) struct Place {
    pub(crate) label: Option<Vec<u8>>,
    pub(crate) interfaces: Interfaces<'static>,
    pub(crate) index: usize,
}

impl Context for Place {
    fn interface(&self, ifindex: u32) -> Option<InterfaceName> {
        self.interfaces.name(ifindex)
    }

    fn namespace(&self) -> Option<&[u8]> {
        self.label.as_deref()
    }

    fn index(&self) -> usize {
        self.index
    }
}
