//! Rows of any listing: what takers, formats and orders see of them.

pub(crate) mod columns;
pub(crate) mod frame;
pub(crate) mod groups;
pub(crate) mod takers;

use sockeye_query::rtnetlink;
use sockeye_query::sockets::SocketRow;
use sockeye_query::{FieldId, Value};

/// A row of a listing.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r, 'a> {
    /// A socket.
    Socket(&'r SocketRow<'a>),
    /// A record of another table.
    Record(&'r rtnetlink::Row<'a>),
}

/// What a copied message has to be read as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// A socket of this table.
    Socket(sockeye_query::sockets::Table),
    /// A record of this table.
    Record(sockeye_wire::rtnetlink::Table),
}

impl<'a> Row<'_, 'a> {
    /// The value of a field; `None` where the kernel did not give it.
    pub(crate) fn value(&self, field: FieldId) -> Option<Value<'a>> {
        match self {
            Self::Socket(row) => row.value(field),
            Self::Record(row) => row.value(field),
        }
    }

    /// What its message has to be read as.
    pub(crate) fn origin(&self) -> Origin {
        match self {
            Self::Socket(row) => Origin::Socket(row.table),
            Self::Record(row) => Origin::Record(row.table),
        }
    }

    /// The bytes it was read from.
    pub(crate) fn payload(&self) -> &'a [u8] {
        match self {
            Self::Socket(row) => row.payload(),
            Self::Record(row) => row.payload(),
        }
    }

    /// The place it comes from.
    pub(crate) fn place(&self) -> usize {
        match self {
            Self::Socket(row) => row.surroundings.index(),
            Self::Record(row) => row.context.index(),
        }
    }
}

/// Takes the rows of one thread.
pub(crate) trait Take {
    /// Takes a row. `false`: no more rows are wanted.
    fn take(&mut self, row: Row<'_, '_>) -> bool;
    /// There are no more rows.
    fn end(&mut self);
}
