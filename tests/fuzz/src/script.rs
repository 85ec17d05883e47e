//! What an engine is given one after the other, as the bytes of a capture: so it can be kept, and fed again.

use sockeye_state::capture::{About, Reader, Record, Writer};
use sockeye_state::{Datagram, Received};

use crate::document::Document;
use crate::mutate;
use crate::random::Random;

/// Changes of one script at most.
const CHANGES: usize = 5;
/// The longest time that a step is put off at once: a week, so that every limit in an engine is passed now and then.
const PAUSE_MAX_NS: u64 = 7 * 24 * 3600 * 1_000_000_000;

/// Steps, and what the engine is to be like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// Decides about options: each target reads its bits in its own way.
    pub(crate) options: u64,
    pub(crate) steps: Vec<Step>,
}

/// One thing that an engine is given.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Nanoseconds after the step before.
    pub(crate) pause_ns: u64,
    /// What it is for: an event, an answer.
    pub(crate) channel: u16,
    pub(crate) what: What,
}

/// What a step is.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Datagram {
        bytes: Vec<u8>,
        sender: u32,
        truncated: bool,
    },
    Overrun,
    Empty,
    /// Something else that a target has, by its number.
    Other(u8, Vec<u8>),
}

impl Step {
    /// A datagram of the kernel, at once.
    pub(crate) fn datagram(channel: u16, bytes: Vec<u8>) -> Self {
        Self { pause_ns: 0, channel, what: What::Datagram { bytes, sender: 0, truncated: false } }
    }

    /// Something that a target has of its own.
    pub(crate) fn other(channel: u16, kind: u8, body: Vec<u8>) -> Self {
        Self { pause_ns: 0, channel, what: What::Other(kind, body) }
    }
}

impl Script {
    /// As a capture.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(&About { start_ns: self.options, kernel: b"", command: b"" });
        let mut after_ns = 0_u64;
        for step in &self.steps {
            after_ns = after_ns.saturating_add(step.pause_ns);
            let record = match &step.what {
                What::Datagram { bytes, sender, truncated } => {
                    Record::Received(Received::Datagram(Datagram::new(bytes).from_sender(*sender).cut(*truncated)))
                }
                What::Overrun => Record::Received(Received::Overrun),
                What::Empty => Record::Received(Received::Empty),
                What::Other(kind, body) => Record::Unknown { kind: *kind, body },
            };
            writer.write(after_ns, step.channel, record);
        }
        writer.bytes().to_vec()
    }

    /// Changes it in some places: its order, its times, its losses, and the datagrams in it, whose messages begin with so
    /// many bytes that are no attributes.
    pub(crate) fn mutate(&mut self, head_len: usize, donors: &[Document], random: &mut Random) {
        for _ in 0..=random.below(CHANGES) {
            let at = random.below(self.steps.len() + 1);
            match random.below(12) {
                0 => {
                    if let Some(step) = self.steps.get(at).cloned() {
                        self.steps.insert(at, step);
                    }
                }
                1 if at < self.steps.len() => drop(self.steps.remove(at)),
                2 if at < self.steps.len() => {
                    let other = random.below(self.steps.len());
                    self.steps.swap(at, other);
                }
                3 => {
                    let what = if random.one_in(2) { What::Overrun } else { What::Empty };
                    self.steps.insert(at, Step { pause_ns: 0, channel: u16::from(random.one_in(2)), what });
                }
                4 => self.options ^= random.draw(),
                _ => {
                    if let Some(step) = self.steps.get_mut(at) {
                        step.mutate(head_len, donors, random);
                    }
                }
            }
        }
    }
}

impl Step {
    fn mutate(&mut self, head_len: usize, donors: &[Document], random: &mut Random) {
        match (random.below(8), &mut self.what) {
            (0, _) => self.pause_ns = random.number() % PAUSE_MAX_NS,
            (1, _) => self.channel = self.channel.wrapping_add(u16::from(random.byte() % 4)),
            (2, What::Datagram { sender, .. }) => *sender = u32::from(random.byte()),
            (3, What::Datagram { truncated, bytes, .. }) => {
                *truncated = !*truncated;
                let length = random.below(bytes.len() + 1);
                bytes.truncate(length);
            }
            (_, What::Datagram { bytes, .. }) => {
                let mut document = Document::read(bytes, head_len);
                mutate::mutate(&mut document, donors, random);
                *bytes = document.bytes();
            }
            (_, What::Other(_, body)) => *body = crate::damage::damage(body, random),
            (_, What::Overrun | What::Empty) => {}
        }
    }
}

/// The steps of a script that was written as a capture, with their moments.
pub(crate) fn read(input: &[u8]) -> Option<Reader<'_>> {
    Reader::new(input).ok()
}
