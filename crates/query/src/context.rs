//! What a record itself does not say: names behind numbers, and where it comes from.

use crate::InterfaceName;

/// Answers what a record of a kernel table does not say itself. `None`: not known here.
pub trait Context: Sync {
    /// Name of an interface in the record's network namespace.
    fn interface(&self, ifindex: u32) -> Option<InterfaceName>;
    /// The network namespace that the record comes from.
    fn namespace(&self) -> Option<&[u8]> {
        None
    }
    /// Which of several contexts this is, for whoever keeps records of many: they are read again with the same.
    fn index(&self) -> usize {
        0
    }
}

impl Context for crate::sockets::Nothing {
    fn interface(&self, _: u32) -> Option<InterfaceName> {
        None
    }
}
