//! Owners that may not be seen: what stands in their place. An empty place would say that nobody holds the socket.

use sockeye_query::sockets::{Flat, SocketRow};

use crate::sockets::view::Kind;

/// How the reason of owners begins that a privilege would show.
const NOT_PERMITTED: &str = "not permitted";

/// Why a row has no owners in this field; `None` where there is nothing to be known: a socket without inode belongs to no
/// process, and one without another end has none that somebody could hold.
pub(crate) fn reason<'r>(kind: Kind, row: &SocketRow<'r>) -> Option<&'r str> {
    let is_there = match kind {
        Kind::Flat(Flat::Owner(_)) => row.flat_number(Flat::Inode).is_some(),
        Kind::Flat(Flat::PeerOwner(_)) => row.flat(Flat::PeerInode).is_some(),
        _ => false,
    };
    is_there.then(|| row.surroundings.owners_unknown()).flatten()
}

/// Appends what people read in the place of owners that are unknown; nothing where there is nothing to be known.
pub(crate) fn text(out: &mut Vec<u8>, kind: Kind, row: &SocketRow<'_>) {
    match reason(kind, row) {
        Some(reason) if reason.starts_with(NOT_PERMITTED) => out.extend_from_slice(NOT_PERMITTED.as_bytes()),
        Some(_) => out.push(b'?'),
        None => {}
    }
}

/// The same beside a column that says it in words already.
pub(crate) fn mark(out: &mut Vec<u8>, kind: Kind, row: &SocketRow<'_>) {
    if reason(kind, row).is_some() {
        out.push(b'?');
    }
}
