//! What waits: a hook as a whole, or one record of a table.

use sockeye_wire::rtnetlink::Table;

/// What a change that waits is joined by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Due {
    /// Whatever fits the hook.
    Hook,
    /// The same record of the same namespace.
    Record {
        /// Which of the watched namespaces.
        namespace: u64,
        /// The table.
        table: Table,
        /// The record's identity.
        key: Box<[u8]>,
    },
}
