//! Reads the rows out of a capture, by the library alone.

use std::collections::HashMap;

use sockeye_query::Value;
use sockeye_query::sockets::{DumpPlan, OwnerPart, Peer, SocketRow, Surroundings, Table};
use sockeye_state::Dump;
use sockeye_state::capture::{Reader, Record};
use sockeye_wire::{Messages, Version};

/// All that a capture says of what surrounds its rows: the release of the kernel.
pub(crate) struct Captured(Version);

/// The first two numbers of a release.
pub(crate) fn version(release: &[u8]) -> Version {
    let release = std::str::from_utf8(release).expect("a release");
    let mut numbers = release.split('.').map(|number| number.parse().expect("a number"));
    let mut next = || numbers.next().expect("two numbers");
    Version(next(), next())
}

impl Surroundings for Captured {
    fn interface(&self, _: u32) -> Option<Vec<u8>> {
        None
    }
    fn user(&self, _: u32) -> Option<&[u8]> {
        None
    }
    fn cgroup(&self, _: u64) -> Option<&[u8]> {
        None
    }
    fn owners(&self, _: u32, _: OwnerPart) -> Option<Value<'_>> {
        None
    }
    fn peer(&self, _: &SocketRow<'_>) -> Option<Peer> {
        None
    }
    fn kernel(&self) -> Version {
        self.0
    }
    fn namespace(&self) -> Option<&[u8]> {
        None
    }
}

/// Hands every row of a capture to `visit`.
pub(crate) fn rows(capture: &[u8], mut visit: impl FnMut(&SocketRow<'_>)) {
    let reader = Reader::new(capture).expect("a capture");
    let surroundings = Captured(version(reader.about().kernel));
    let mut dumps: HashMap<u16, (Table, Dump)> = HashMap::new();
    for entry in reader {
        let entry = entry.expect("a whole capture");
        match entry.record {
            Record::Request(request) => {
                let message = Messages::new(request).next().expect("a message").expect("a whole one");
                let table = DumpPlan::of_request(&message).expect("a dump").table;
                dumps.insert(entry.channel, (table, Dump::new(message.sequence())));
            }
            Record::Received(received) => {
                let (table, dump) = dumps.get_mut(&entry.channel).expect("a request came first");
                dump.handle(received, |message| {
                    visit(&SocketRow::read(*table, message.payload(), &surroundings).expect("a row"));
                });
            }
            _ => {}
        }
    }
}
