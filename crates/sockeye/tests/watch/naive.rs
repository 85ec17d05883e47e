//! A mirror as many programs have it: on a loss it dumps at once, the last write wins, and a dump is concluded when it is
//! done. It is the proof that the storm bites: this one gets it wrong.

use std::collections::HashMap;

use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::rtnetlink::each_record;
use sockeye_state::{Mirror, Received};
use sockeye_wire::message::NLM_F_DUMP;
use sockeye_wire::rtnetlink::{AF_BRIDGE, AF_UNSPEC, Table, Verb};
use sockeye_wire::{Kind, Messages, Request};

use crate::oracle::COMPARED;

pub(crate) struct Naive {
    events: Socket,
    dumps: Socket,
    buffer: Buffer,
    mirrors: HashMap<Table, Mirror>,
    /// Losses that it was told of.
    pub(crate) overruns: u32,
}

impl Naive {
    pub(crate) fn new(groups: &[u32], receive_buffer: usize) -> Self {
        let mut events = Socket::open(Protocol::Route).expect("a socket");
        events.set_receive_buffer(receive_buffer).expect("a small one");
        for &group in groups {
            match events.join(group) {
                // Older kernels have fewer groups.
                Err(error) if error.source.raw_os_error() == Some(rustix::io::Errno::INVAL.raw_os_error()) => {}
                joined => joined.expect("everybody may"),
            }
        }
        let dumps = Socket::open(Protocol::Route).expect("a socket");
        let mut naive = Self { events, dumps, buffer: Buffer::new(), mirrors: HashMap::new(), overruns: 0 };
        naive.dump();
        naive
    }

    /// Reads so many datagrams. `false`: there was nothing left.
    pub(crate) fn read(&mut self, datagrams: usize) -> bool {
        for _ in 0..datagrams {
            let datagram = match self.events.try_receive(&mut self.buffer).expect("received") {
                Received::Datagram(datagram) => datagram,
                Received::Overrun => {
                    self.overruns += 1;
                    self.dump();
                    continue;
                }
                _ => return false,
            };
            for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                let payload = message.payload();
                let is_port = message.type_number() < 20 && payload[0] == AF_BRIDGE;
                let Some((table, verb)) = Table::of_message(message.type_number(), payload[0]) else { continue };
                let Some(mirror) = self.mirrors.get_mut(&table).filter(|_| !is_port) else { continue };
                each_record(table, payload, &mut Vec::new(), &mut |record| {
                    let mut old = Vec::new();
                    if verb == Verb::Deleted {
                        mirror.remove(record, &mut old);
                    } else {
                        mirror.upsert(record, &mut old);
                    }
                });
            }
        }
        true
    }

    fn dump(&mut self) {
        for table in COMPARED {
            let mut mirror = Mirror::new(table, 0);
            let mut header = vec![0; table.header_len()];
            header[0] = if table == Table::Fdb { AF_BRIDGE } else { AF_UNSPEC };
            let get = table.get_type().expect("it can be dumped");
            let sequence = self.dumps.send(Request::new(get, NLM_F_DUMP).body(&header)).expect("sent");
            'dump: loop {
                let Received::Datagram(datagram) = self.dumps.receive(&mut self.buffer).expect("received") else {
                    continue;
                };
                for message in Messages::new(datagram.bytes).map_while(Result::ok) {
                    if message.sequence() != sequence {
                        continue;
                    }
                    if message.kind() == Kind::Done || message.error().is_some() {
                        break 'dump;
                    }
                    each_record(table, message.payload(), &mut Vec::new(), &mut |record| {
                        mirror.upsert(record, &mut Vec::new());
                    });
                }
            }
            self.mirrors.insert(table, mirror);
        }
    }

    /// The records of a table.
    pub(crate) fn records(&self, table: Table) -> Vec<Vec<u8>> {
        self.mirrors[&table].iter().map(<[u8]>::to_vec).collect()
    }
}
