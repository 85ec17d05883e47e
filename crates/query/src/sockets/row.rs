//! One socket of any table, in the receive buffer.

use sockeye_wire::sock_diag::inet::InetAttributes;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::unix::UnixAttributes;
use sockeye_wire::{Privilege, Scalar, Slots, WireError};

use super::flat::Flat;
use super::place::{Place, Read};
use super::registry::{Source, registry};
use super::surroundings::Surroundings;
use super::table::Table;
use crate::filter::Record;
use crate::{FieldId, Value};

/// One socket: the table it came from and its message, not copied.
#[derive(Clone, Copy)]
pub struct SocketRow<'a> {
    /// The table that was asked.
    pub table: Table,
    /// The whole message.
    message: &'a [u8],
    /// The fixed structure.
    pub header: &'a [u8],
    /// The attributes behind it.
    pub slots: Slots<'a>,
    /// What the row itself does not say.
    pub surroundings: &'a dyn Surroundings,
}

impl<'a> SocketRow<'a> {
    /// Reads the payload of one answer.
    #[inline]
    pub fn read(table: Table, payload: &'a [u8], surroundings: &'a dyn Surroundings) -> Result<Self, WireError> {
        let space = table.space();
        let Some((header, rest)) = payload.split_at_checked(space.header_len) else {
            return Err(WireError::Truncated {
                what: space.header.map_or(space.name, |layout| layout.kernel),
                at: 0,
                need: space.header_len,
                have: payload.len(),
            });
        };
        Ok(Self { table, message: payload, header, slots: Slots::read(rest), surroundings })
    }

    /// The value of a field; `None` where the kernel did not give it.
    pub fn value(&self, field: FieldId) -> Option<Value<'a>> {
        match &registry().sources[usize::from(field.0)] {
            Source::Flat(flat) => flat.value(self),
            Source::Places(places) => self.value_at(places),
        }
    }

    pub(super) fn value_at(&self, places: &[Place]) -> Option<Value<'a>> {
        places.iter().filter(|place| place.tables.has(self.table)).find_map(|place| {
            let bytes = match place.attribute {
                None => self.header,
                Some(number) => place.nest.iter().try_fold(self.slots.payload(number)?, |payload, &inner| {
                    sockeye_wire::Attributes::new(payload).last(inner)
                })?,
            };
            if place.says_nothing(self) {
                return None;
            }
            match place.read {
                Read::Md5Signatures { .. } => Read::Md5Signatures { keys: self.surroundings.shows_keys() }.value(bytes),
                read => read.value(bytes),
            }
        })
    }

    /// The value of a field that every table has in its own way.
    #[inline]
    pub fn flat(&self, flat: Flat) -> Option<Value<'a>> {
        flat.value(self)
    }

    /// The same for fields that are plain numbers, without making a value of it.
    #[inline]
    pub fn flat_number(&self, flat: Flat) -> Option<u64> {
        flat.number(self)
    }

    /// The bytes that the row was read from.
    pub fn payload(&self) -> &'a [u8] {
        self.message
    }

    /// Inode of the other end of a unix socket, 0 where that has none.
    pub fn unix_peer(&self) -> Option<u32> {
        let payload = UnixAttributes(self.slots).peer().filter(|_| self.table == Table::Unix)?;
        Scalar::U32.read(payload, 0).and_then(|inode| u32::try_from(inode).ok())
    }

    /// State of the socket.
    #[inline]
    pub fn state(&self) -> Option<State> {
        super::state::of(self)
    }

    /// Identity of the socket until the next boot.
    #[inline]
    pub fn cookie(&self) -> Option<u64> {
        Flat::Cookie.number(self)
    }

    /// A number by which a row that the kernel gives twice is known: the cookie, but of MPTCP, where a connection that is
    /// accepted has the cookie of its listener if somebody had looked at that before (net/mptcp/protocol.c,
    /// mptcp_sk_clone_init, up to 6.18 at least); there addresses, ports and inode tell them apart. Those of the associations
    /// of an SCTP socket, too, each of which has the cookie of the socket, as the socket's own row does (net/sctp/diag.c,
    /// sctp_sock_dump). `None` without a cookie.
    #[inline]
    pub fn identity(&self) -> Option<u64> {
        let cookie = self.cookie()?;
        match self.table {
            Table::Mptcp => Some(self.identity_by_ends(cookie)),
            Table::Sctp if self.is_association() => Some(self.identity_by_ends(cookie)),
            _ => Some(cookie),
        }
    }

    /// Whether this is the row of an SCTP association: it has peers, its socket's own row has none.
    pub fn is_association(&self) -> bool {
        self.table == Table::Sctp && InetAttributes(self.slots).peer_addresses().is_some()
    }

    #[cold]
    fn identity_by_ends(&self, cookie: u64) -> u64 {
        // FNV-1a over `struct inet_diag_sockid` and the inode.
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let id = self.header.get(4..44).unwrap_or_default();
        let inode = self.header.get(68..72).unwrap_or_default();
        let bytes = id.iter().chain(inode).copied().chain(cookie.to_ne_bytes());
        bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)).max(1)
    }
}

impl Record for SocketRow<'_> {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        match &registry().sources[usize::from(field.0)] {
            Source::Flat(Flat::Interface | Flat::Ifindex) if super::flat::is_bound_to_none(self) => {
                Some(Value::Nothing)
            }
            Source::Flat(flat @ (Flat::Owner(_) | Flat::PeerOwner(_))) => super::flat::owners(*flat, self),
            Source::Places(places) => self.value_at(places).or_else(|| self.kept_back(field, places)),
            Source::Flat(_) => SocketRow::value(self, field),
        }
    }
}

impl SocketRow<'_> {
    /// What is known of a value that the kernel keeps back: nothing, not that there is none.
    #[cold]
    fn kept_back(&self, field: FieldId, places: &[Place]) -> Option<Value<'_>> {
        let privilege = registry().catalog.info(field).privilege;
        if privilege == Privilege::None || !self.surroundings.keeps_back(privilege) {
            return None;
        }
        // What is inside of an attribute that everybody sees is not there where that is not.
        let can_be = |place: &Place| {
            let outer = || place.attribute.is_none_or(|number| self.slots.payload(number).is_some());
            let is_kept_back = || place.outer != Privilege::None && self.surroundings.keeps_back(place.outer);
            place.tables.has(self.table) && (place.nest.is_empty() || is_kept_back() || outer())
        };
        places.iter().any(can_be).then(|| Value::Incomplete(Vec::new()))
    }
}
