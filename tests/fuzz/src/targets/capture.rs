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
        let mut bytes = file[..file.len().min(SEED_LEN)].to_vec();
        if random.one_in(4) {
            // Frames of another one, which may have another beginning.
            let other = random.pick(&self.files).map_or(&[][..], |other| other);
            let at = random.below(other.len().min(SEED_LEN) + 1);
            bytes.extend_from_slice(&other[at..other.len().min(at + SEED_LEN)]);
        }
        damage(&bytes, random)
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
