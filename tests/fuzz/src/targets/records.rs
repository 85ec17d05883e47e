//! Records of the programs in the kernel, as they stand in the ring: whole, cut, of kinds and families that there are not.

use core::fmt::Write as _;
use core::net::IpAddr;

use sockeye_bpf::Btf;
use sockeye_bpf::events::{Event, Records};

use crate::damage::damage;
use crate::random::Random;
use crate::target::{Reader, Target};

/// Bytes of a record.
const RECORD_LEN: usize = 176;
/// Records of an input at most.
const RECORDS: usize = 6;
// Places in a record of what its meaning goes by.
const KIND: usize = 56;
const STATES: usize = 57;
const HAS_SOCKET: usize = 59;
const FAMILY: usize = 60;
const NUMBER: usize = 68;
const HAS_COUNTERS: usize = 104;
const IS_SECOND: usize = 105;
const HEADERS: usize = 112;
/// The highest number of a kind.
const KINDS: usize = 7;
/// Reasons of dropped packets that the types have.
const REASONS: [(&str, u32); 3] = [("NOT_SPECIFIED", 2), ("NO_SOCKET", 3), ("TCP_RESET", 71)];

struct Ring;

/// The target. An input is records, one after the other.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Ring)
}

impl Target for Ring {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut records: Vec<Vec<u8>> = Vec::new();
        for _ in 0..=random.below(RECORDS) {
            // Now and then the same again, by the second program.
            let again = records.last().filter(|_| random.one_in(4)).cloned();
            let is_again = again.is_some();
            let mut record = again.unwrap_or_else(|| record(random));
            record[IS_SECOND] = u8::from(is_again);
            records.push(record);
        }
        let bytes = records.concat();
        if random.one_in(4) { damage(&bytes, random) } else { bytes }
    }

    fn reader(&self) -> Reader<'_> {
        let mut records = Records::new(&types());
        Box::new(move |input| {
            let (mut shown, mut events) = (String::new(), 0);
            for bytes in input.chunks(RECORD_LEN) {
                let Some(event) = records.event(bytes) else { continue };
                assert_eq!(bytes.len(), RECORD_LEN, "an event of a part of a record");
                look(&event);
                shown.clear();
                assert!(write!(shown, "{event:?}").is_ok());
                events += 1;
            }
            events > 0
        })
    }
}

/// What holds of every event.
fn look(event: &Event<'_>) {
    let socket = match event {
        Event::State(change) => &change.socket,
        Event::Retransmit(retransmit) => &retransmit.socket,
        Event::Reset(reset) => &reset.socket,
        Event::Dropped(dropped) => {
            if let Some((number, name)) = dropped.reason {
                assert!(REASONS.contains(&(name, number)), "{name} {number}");
            }
            &dropped.socket
        }
        Event::Error(error) => &error.socket,
        _ => return,
    };
    for end in [&socket.local, &socket.peer] {
        assert_eq!(matches!(end.address, IpAddr::V4(_)), socket.family == 2, "{socket:?}");
    }
}

fn record(random: &mut Random) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..RECORD_LEN).map(|_| random.byte()).collect();
    let of = |values: &[u8], random: &mut Random| random.pick(values).copied().unwrap_or_default();
    bytes[KIND] = u8::try_from(random.below(KINDS + 2)).unwrap_or(0);
    for at in [STATES, STATES + 1] {
        bytes[at] = u8::try_from(random.below(13)).unwrap_or(0);
    }
    for at in [HAS_SOCKET, HAS_COUNTERS] {
        bytes[at] = u8::from(random.one_in(2));
    }
    let family = u16::from(of(&[2, 10, 10, 0, 7], random));
    bytes[FAMILY..FAMILY + 2].copy_from_slice(&family.to_ne_bytes());
    if random.one_in(2) {
        let number = random.pick(&REASONS).map_or(0, |(_, number)| *number);
        bytes[NUMBER..NUMBER + 4].copy_from_slice(&number.to_ne_bytes());
    }
    // Headers of all lengths, and of neither version.
    bytes[HEADERS] = of(&[0x45, 0x46, 0x4f, 0x40, 0x60, 0x6f, 0], random);
    bytes
}

/// Types in which some of what records can hold is there, and some is not.
fn types() -> Btf {
    let mut types = Types { words: Vec::new(), strings: vec![0] };
    let (word, double) = (types.number("u32", 4), types.number("u64", 8));
    types.structure("tcp_sock", &[("bytes_acked", double), ("bytes_sent", double), ("srtt_us", word)]);
    let values = REASONS.map(|(name, number)| (format!("SKB_DROP_REASON_{name}"), number));
    types.enumeration("skb_drop_reason", &values);
    Btf::from_bytes(types.bytes()).expect("types are well-formed")
}

/// The kernel's format of types, as far as it is needed here.
struct Types {
    words: Vec<u32>,
    strings: Vec<u8>,
}

impl Types {
    fn name(&mut self, name: &str) -> u32 {
        let at = length(&self.strings);
        self.strings.extend(name.bytes().chain([0]));
        at
    }

    /// `BTF_KIND_INT`; its number as a type. Each kind that is added here before a structure is one of these.
    fn number(&mut self, name: &str, bytes: u32) -> u32 {
        let name = self.name(name);
        self.words.extend([name, 1 << 24, bytes, bytes * 8]);
        length(&self.words) / 4
    }

    /// `BTF_KIND_STRUCT` of members of eight bytes' room.
    fn structure(&mut self, name: &str, members: &[(&str, u32)]) {
        let name = self.name(name);
        self.words.extend([name, 4 << 24 | length(members), 8 * length(members)]);
        for (at, (member, of)) in (0..).zip(members) {
            let member = self.name(member);
            self.words.extend([member, *of, at * 64]);
        }
    }

    /// `BTF_KIND_ENUM`.
    fn enumeration(&mut self, name: &str, values: &[(String, u32)]) {
        let name = self.name(name);
        self.words.extend([name, 6 << 24 | length(values), 4]);
        for (value, number) in values {
            let value = self.name(value);
            self.words.extend([value, *number]);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let types: Vec<u8> = self.words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let mut all = 0xeb9f_u16.to_ne_bytes().to_vec();
        all.extend([1, 0]);
        let header = [24, 0, length(&types), length(&types), length(&self.strings)];
        all.extend(header.iter().flat_map(|word| word.to_ne_bytes()));
        all.extend(types);
        all.extend(&self.strings);
        all
    }
}

fn length<T>(of: &[T]) -> u32 {
    u32::try_from(of.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_names_and_counters_that_the_types_have_are_read() {
        let mut records = Records::new(&types());
        let mut bytes = vec![7; RECORD_LEN];
        bytes[KIND] = 6;
        bytes[NUMBER..NUMBER + 4].copy_from_slice(&71_u32.to_ne_bytes());
        let Some(Event::Dropped(dropped)) = records.event(&bytes) else { panic!("a dropped packet") };
        assert_eq!(dropped.reason, Some((71, "TCP_RESET")));
        (bytes[KIND], bytes[HAS_COUNTERS], bytes[IS_SECOND]) = (1, 1, 0);
        let Some(Event::State(change)) = records.event(&bytes) else { panic!("a change of state") };
        let counters = change.counters.expect("they are there");
        let double = u64::from_ne_bytes([7; 8]);
        assert_eq!((counters.bytes_sent, counters.bytes_received), (Some(double), None));
        assert_eq!(counters.rtt_us, Some(u32::from_ne_bytes([7; 4]) >> 3));
        assert!(records.event(&bytes[..RECORD_LEN - 1]).is_none(), "a part of a record");
    }
}
