//! Rows of every table of sockets: each field of the catalog, as kernels of two releases have it, and what the types of the
//! families tell.

use sockeye_query::filter::Record;
use sockeye_query::sockets::{Flat, Nothing, OwnerPart, Peer, Reader, SocketRow, Surroundings, Table, catalog};
use sockeye_query::{FieldId, Value};
use sockeye_state::{Datagram, Dump, Received, Seen};
use sockeye_wire::{Privilege, Version};

use crate::captures::{self, SEQUENCE};
use crate::document::Document;
use crate::mutate;
use crate::random::Random;
use crate::target::{Reader as Feed, Target};

use super::typed;

/// A kernel that lays the end of `struct tcp_info` out anew, asked by somebody who is told less than it knows, and sees keys.
struct New;

impl Surroundings for New {
    fn interface(&self, ifindex: u32) -> Option<Vec<u8>> {
        (ifindex != 0).then(|| b"eth0.7".to_vec())
    }
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (uid == 0).then_some(b"root")
    }
    fn cgroup(&self, id: u64) -> Option<&[u8]> {
        (id != 0).then_some(b"/")
    }
    fn owners(&self, _: u32, _: OwnerPart) -> Option<Value<'_>> {
        None
    }
    fn peer(&self, _: &SocketRow<'_>) -> Option<Peer> {
        None
    }
    fn kernel(&self) -> Version {
        Version(7, 0)
    }
    fn shows_keys(&self) -> bool {
        true
    }
    fn keeps_back(&self, _: Privilege) -> bool {
        true
    }
    fn namespace(&self) -> Option<&[u8]> {
        Some(b"blue")
    }
}

/// The fields that rows of each table can have.
#[derive(Debug)]
pub struct Fields(Vec<Vec<FieldId>>);

impl Fields {
    /// Those of every table.
    pub fn of_all_tables() -> Self {
        let of = |table: Table| {
            let fields = catalog().fields().map(|(field, _)| field);
            fields.filter(|&field| Reader::new(field, table).is_some()).collect()
        };
        Self(Table::ALL.into_iter().map(of).collect())
    }
}

/// Reads everything there is to read in a datagram. Returns whether a row got as far as an attribute.
///
/// # Panics
///
/// If there are more rows than bytes can be, or the dump both ended well and was refused.
pub fn read(table: Table, bytes: &[u8], fields: &Fields, seen: &mut Seen) -> bool {
    let (mut rows, mut attributes) = (0, false);
    let mut dump = Dump::new(SEQUENCE);
    dump.handle(Received::Datagram(Datagram::new(bytes)), |message| {
        rows += 1;
        typed::read(table, message.payload());
        let Ok(row) = SocketRow::read(table, message.payload(), &Nothing) else { return };
        let Ok(of_new) = SocketRow::read(table, message.payload(), &New) else { return };
        attributes |= row.slots.present() != 0;
        row.cookie().map(|cookie| seen.is_new(cookie));
        for &field in &fields.0[table as usize] {
            look(row.value(field).as_ref());
            // As filters read it, which are told what is kept back.
            look(Record::value(&of_new, field).as_ref());
            if let Some(Reader::Number(reader)) = Reader::new(field, table) {
                reader.read(&row);
                reader.read(&of_new);
            }
        }
        row.state();
        row.identity();
        row.unix_peer();
        row.flat(Flat::Port);
    });
    let conclusion = dump.into_conclusion();
    assert!(!(conclusion.done && conclusion.refusal.is_some()), "{conclusion:?}");
    assert!(rows <= bytes.len() / 16, "{rows} rows of {} bytes", bytes.len());
    attributes
}

/// Looks at the values of a list one at a time, as every output does.
fn look(value: Option<&Value<'_>>) {
    if let Some(Value::Several(values)) = value {
        values.for_each(drop);
    }
}

struct Sockets {
    /// Datagrams by table.
    seeds: Vec<(Table, Vec<Document>)>,
    fields: Fields,
}

/// The target. An input is the number of a table and a datagram.
pub(super) fn make() -> Box<dyn Target> {
    let datagrams = captures::datagrams();
    let of = |table: Table| {
        let own = datagrams.iter().filter(|(of, _)| *of == table);
        (table, own.map(|(_, bytes)| Document::read(bytes, table.space().header_len)).collect())
    };
    let seeds: Vec<(Table, Vec<Document>)> = Table::ALL.into_iter().map(of).collect();
    Box::new(Sockets { seeds, fields: Fields::of_all_tables() })
}

impl Target for Sockets {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let Some((table, own)) = random.pick(&self.seeds) else { return Vec::new() };
        // Now and then a table is given what another one says.
        let other = random.pick(&self.seeds).filter(|_| random.one_in(32));
        let seeds = other.map_or(own, |(_, seeds)| seeds);
        let mut input = vec![*table as u8];
        input.extend(mutate::datagram(seeds, seeds, random));
        input
    }

    fn reader(&self) -> Feed<'_> {
        // The window of cookies is of one size whatever comes, and made beforehand.
        let mut seen = Seen::new();
        Box::new(move |input| {
            let Some((&table, bytes)) = input.split_first() else { return false };
            let table = Table::ALL[usize::from(table) % Table::ALL.len()];
            read(table, bytes, &self.fields, &mut seen)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sockeye_query::sockets::source_flat;
    use sockeye_wire::Messages;

    use super::*;

    /// The fields that rows of the seeds have in these surroundings.
    fn told(surroundings: &dyn Surroundings) -> BTreeSet<&'static str> {
        let mut told = BTreeSet::new();
        for (table, datagram) in captures::datagrams() {
            for message in Messages::new(&datagram).map_while(Result::ok) {
                let Ok(row) = SocketRow::read(table, message.payload(), surroundings) else { continue };
                let has_it = |field: &FieldId| row.value(*field).is_some();
                let fields = catalog().fields().filter(|(field, _)| has_it(field));
                told.extend(fields.map(|(_, info)| info.path.as_str()));
            }
        }
        told
    }

    #[test]
    fn the_seeds_reach_every_field_of_one_kernel_or_the_other() {
        let (old, new) = (told(&Nothing), told(&New));
        assert!(new.contains("tcp_info.ecn_mode") && !old.contains("tcp_info.ecn_mode"));
        // What no message says: who holds a socket, its other end.
        let is_elsewhere = |field: FieldId| {
            use Flat::{AutomaticPort, Owner, PeerInode, PeerName, PeerOwner};
            matches!(source_flat(field), Some(Owner(_) | PeerOwner(_) | PeerInode | PeerName | AutomaticPort))
        };
        let all = catalog().fields().filter(|(field, _)| !is_elsewhere(*field)).map(|(_, info)| info.path.as_str());
        let missing: Vec<_> = all.filter(|path| !old.contains(path) && !new.contains(path)).collect();
        assert!(missing.is_empty(), "{missing:?} are in no seed");
    }
}
