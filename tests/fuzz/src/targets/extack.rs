//! Ends and errors with what the kernel adds to them.

use sockeye_state::{Datagram, Dump, Received};
use sockeye_wire::Messages;

use crate::captures::SEQUENCE;
use crate::document::Document;
use crate::mutate;
use crate::random::Random;
use crate::target::{Reader, Target};

struct Extack;

/// The target. An input is a datagram.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Extack)
}

impl Target for Extack {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let document = Document { messages: vec![mutate::control(SEQUENCE, random)] };
        mutate::datagram(&[document], &[], random)
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| {
            let mut has_said = false;
            for message in Messages::new(input).map_while(Result::ok) {
                for (errno, extended) in [
                    message.done().and_then(Result::ok).map(|done| (done.errno, done.extended)),
                    message.error().and_then(Result::ok).map(|error| (error.errno, error.extended)),
                ]
                .into_iter()
                .flatten()
                {
                    has_said |= extended.message.is_some() || extended.offset.is_some();
                    assert!(message.done().is_none() || errno >= 0, "{errno}");
                    let text = extended.message.unwrap_or_default();
                    assert!(text.len() <= input.len());
                }
            }
            let mut dump = Dump::new(SEQUENCE);
            dump.handle(Received::Datagram(Datagram::new(input)), |_| ());
            if let Some(refusal) = dump.into_conclusion().refusal {
                assert!(refusal.to_string().chars().all(|letter| !letter.is_control()), "{refusal}");
            }
            has_said
        })
    }
}
