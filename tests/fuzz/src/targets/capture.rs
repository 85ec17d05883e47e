//! The reader of captures, and what a replay makes of the requests in them.

use sockeye_query::sockets::{Asked, DumpPlan};
use sockeye_state::capture::{Reader as Capture, Record, Writer};
use sockeye_state::{Datagram, Received};
use sockeye_wire::Messages;

use crate::captures;
use crate::damage::damage;
use crate::random::Random;
use crate::target::{Reader, Target};

/// Bytes of a seed: captures are long, and what is at their end is like what is at their beginning.
const SEED_LEN: usize = 4096;

struct Captures {
    files: Vec<Vec<u8>>,
}

/// The target. An input is a capture.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Captures { files: captures::files() })
}

impl Target for Captures {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let Some(file) = random.pick(&self.files) else { return Vec::new() };
        let start = &file[..file.len().min(SEED_LEN)];
        // Another one may have another beginning.
        let other = random.pick(&self.files).map_or(&[][..], |other| &other[..other.len().min(SEED_LEN)]);
        match random.below(4) {
            0 => rearranged(start, other, random),
            1 => damage(&rearranged(start, other, random), random),
            2 => damage(&[start, &other[random.below(other.len() + 1)..]].concat(), random),
            _ => damage(start, random),
        }
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| {
            let Ok(capture) = Capture::new(input) else { return false };
            let about = capture.about();
            let mut entries = 0_u64;
            for entry in capture {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        assert!(!error.to_string().is_empty());
                        break;
                    }
                };
                entries += 1;
                if let Record::Request(request) = entry.record {
                    for message in Messages::new(request).map_while(Result::ok) {
                        DumpPlan::of_request(&message);
                        Asked::of_request(&message);
                    }
                }
            }
            again(&about, input);
            entries > 0
        })
    }
}

/// The frames of two captures in another order, some twice and some not at all, on other channels and at other times, as what they
/// are not, and of kinds that there are not.
fn rearranged(one: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let Ok(capture) = Capture::new(one) else { return one.to_vec() };
    let mut writer = Writer::new(&capture.about());
    let others = Capture::new(other).into_iter().flatten();
    let entries: Vec<_> = capture.chain(others).map_while(Result::ok).collect();
    for _ in 0..=random.below(entries.len() + 8) {
        let Some(entry) = random.pick(&entries) else { break };
        let after_ns = match random.below(8) {
            0 => u64::MAX - random.below(3) as u64,
            1 => 0,
            _ => entry.after_ns,
        };
        let channel = if random.one_in(4) { u16::from(random.byte()) } else { entry.channel };
        let body = match entry.record {
            Record::Request(bytes) | Record::Received(Received::Datagram(Datagram { bytes, .. })) => bytes,
            _ => &[],
        };
        let record = match random.below(8) {
            0 => Record::Unknown { kind: random.byte() % 8, body: &body[..random.below(body.len() + 1)] },
            1 => Record::Request(body),
            2 => Record::Received(Received::Overrun),
            _ => entry.record,
        };
        writer.write(after_ns, channel, record);
    }
    writer.bytes().to_vec()
}

/// A record that is written reads back as it was, but for keys.
fn again(about: &sockeye_state::capture::About<'_>, input: &[u8]) {
    let Ok(capture) = Capture::new(input) else { return };
    for entry in capture.map_while(Result::ok).take(4) {
        let mut writer = Writer::new(about);
        writer.write(entry.after_ns, entry.channel, entry.record);
        let mut read = Capture::new(writer.bytes()).expect("what was written is a capture");
        assert_eq!(read.about(), *about);
        let back = read.next().expect("an entry").expect("a whole one");
        assert_eq!((back.after_ns, back.channel), (entry.after_ns, entry.channel));
        match (entry.record, back.record) {
            (Record::Received(Received::Datagram(one)), Record::Received(Received::Datagram(other))) => {
                same_but_for_keys(&one, &other);
            }
            (Record::Request(one), Record::Request(other)) => assert_eq!(one, other),
            (Record::Unknown { kind: one, body }, Record::Unknown { kind, body: other }) => {
                assert_eq!((one, body), (kind, other));
            }
            (Record::Opened { protocol: one, namespace }, Record::Opened { protocol, namespace: other }) => {
                assert_eq!((one, namespace), (protocol, other));
            }
            (Record::Received(one), Record::Received(other)) => {
                assert_eq!(matches!(one, Received::Overrun), matches!(other, Received::Overrun));
            }
            (one, other) => panic!("{one:?} became {other:?}"),
        }
        assert!(read.next().is_none());
    }
}

fn same_but_for_keys(one: &Datagram<'_>, other: &Datagram<'_>) {
    assert_eq!((one.sender, one.truncated, one.bytes.len()), (other.sender, other.truncated, other.bytes.len()));
    let changed = one.bytes.iter().zip(other.bytes).filter(|(one, other)| one != other);
    assert!(changed.map(|(_, other)| *other).all(|byte| byte == 0), "only keys are cut out");
}
