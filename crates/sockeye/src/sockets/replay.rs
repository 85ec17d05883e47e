//! `--replay`: the dumps of a capture, to be listed like those of the kernel.
//!
//! Everything behind [`Received`] is what it is for a live listing. Names that the machine of the capture would have
//! for its numbers (interfaces, users, control groups) are not in it and stay unknown; this machine's would be wrong.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result};
use sockeye_conn::Namespace;
use sockeye_query::filter::Expression;
use sockeye_query::sockets::{Asked, DumpPlan, Plan};
use sockeye_state::Received;
use sockeye_state::capture::{About, Reader, Record};
use sockeye_wire::Messages;

use super::listing::{Ended, Job};
use super::system::{Interfaces, Place, System};

/// The bytes of a capture.
pub(crate) struct Capture(Vec<u8>);

/// What a capture holds.
pub(crate) struct Replay<'c> {
    /// What it says about itself.
    pub(crate) about: About<'c>,
    /// Labels of the namespaces, each once.
    pub(crate) labels: Vec<&'c [u8]>,
    /// The dumps, in the order of their requests.
    pub(crate) dumps: Vec<Recorded<'c>>,
}

/// One dump of a capture.
pub(crate) struct Recorded<'c> {
    /// What was asked for.
    pub(crate) asked: Asked,
    /// What is done with its rows.
    pub(crate) plan: DumpPlan,
    /// Index of the label of its namespace.
    pub(crate) place: usize,
    /// The tape itself.
    pub(crate) tape: Tape<'c>,
}

/// What came after a request, up to the next request on the same socket.
pub(crate) struct Tape<'c> {
    /// Sequence number of the request.
    pub(crate) sequence: u32,
    /// What the socket gave.
    pub(crate) received: Vec<Received<'c>>,
}

impl Capture {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read the capture {}", path.display()))?;
        Ok(Self(bytes))
    }

    /// The dumps in it. A capture that was cut is an error: what is missing may be anything.
    pub(crate) fn replay(&self) -> Result<Replay<'_>> {
        let reader = Reader::new(&self.0)?;
        let mut replay = Replay { about: reader.about(), labels: Vec::new(), dumps: Vec::new() };
        // Which place, and which dump, a channel is at.
        let mut channels: HashMap<u16, (usize, Option<usize>)> = HashMap::new();
        for entry in reader {
            let entry = entry?;
            match entry.record {
                Record::Opened { namespace, .. } => {
                    let place = replay.place(namespace);
                    channels.insert(entry.channel, (place, None));
                }
                Record::Request(request) => {
                    let place = match channels.get(&entry.channel) {
                        Some((place, _)) => *place,
                        None => replay.place(b""),
                    };
                    let dump = replay.ask(request, place);
                    channels.insert(entry.channel, (place, dump));
                }
                Record::Received(received) => {
                    if let Some((_, Some(dump))) = channels.get(&entry.channel) {
                        replay.dumps[*dump].tape.received.push(received);
                    }
                }
                _ => {}
            }
        }
        Ok(replay)
    }
}

impl<'c> Replay<'c> {
    /// The places that its rows come from; none of them is a namespace of this machine.
    pub(crate) fn places<'s>(&self, system: &'s System) -> Vec<(Option<&'s Namespace>, Place<'s>)> {
        let labels = self.labels.iter().enumerate();
        let place = |(index, label): (usize, &&[u8])| {
            let label = (self.labels.len() > 1).then(|| label.to_vec());
            (None, Place { system, label, interfaces: Interfaces::unknown().into(), ends: None, index })
        };
        labels.map(place).collect()
    }

    /// The same with everything decided here: what the kernel decided when it was recorded is not known.
    pub(crate) fn deciding(mut self, filter: &Expression, plan: Option<&Plan>) -> Self {
        let deciding = |dump: Recorded<'c>| Recorded { plan: dump.plan.deciding(filter, plan), ..dump };
        self.dumps = self.dumps.into_iter().map(deciding).collect();
        self
    }

    /// The dumps that can hold rows that a plan asks for; without one, all of them.
    pub(crate) fn listed(&self, plan: Option<&Plan>) -> Vec<&Recorded<'c>> {
        self.dumps.iter().filter(|dump| plan.is_none_or(|plan| plan.wants(&dump.asked))).collect()
    }

    /// These dumps, to be listed.
    pub(crate) fn jobs<'j>(
        &'j self,
        plan: Option<&Plan>,
        places: &'j [(Option<&'j Namespace>, Place<'j>)],
    ) -> Vec<Job<'j>> {
        let job = |recorded: &'j Recorded<'c>| {
            let (namespace, place) = places.get(recorded.place)?;
            let (dump, tape) = (&recorded.plan, Some(&recorded.tape));
            Some(Job { dump, part: None, place, namespace: *namespace, recorder: None, tape })
        };
        self.listed(plan).into_iter().filter_map(job).collect()
    }

    /// What was asked for in a place and not refused. A refusal stands for what nothing else was answered to: that there
    /// are no such sockets is then what the capture says.
    pub(crate) fn held(&self, place: usize, listed: &[&Recorded<'c>], ended: &[Ended]) -> Vec<Asked> {
        let mut listed = listed.iter().zip(ended).peekable();
        // Those that were listed are in the same order.
        let refused = |dump: &Recorded<'c>| {
            let (_, ended) = listed.next_if(|(one, _)| std::ptr::eq(**one, dump))?;
            ended.result.as_ref().ok().filter(|conclusion| conclusion.refusal.is_some() && conclusion.messages == 0)
        };
        let refused: Vec<_> = self.dumps.iter().map(refused).map(|refusal| refusal.is_some()).collect();
        let here = || self.dumps.iter().zip(&refused).filter(|(dump, _)| dump.place == place);
        let answered: HashSet<_> =
            here().filter(|(_, refused)| !**refused).map(|(dump, _)| (dump.asked.table, dump.asked.family)).collect();
        let held =
            here().filter(|(dump, refused)| !**refused || !answered.contains(&(dump.asked.table, dump.asked.family)));
        held.map(|(dump, _)| dump.asked.clone()).collect()
    }

    /// Index of a label.
    fn place(&mut self, label: &'c [u8]) -> usize {
        self.labels.iter().position(|known| *known == label).unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        })
    }

    /// Begins a dump, if the request asks for one that is known here.
    fn ask(&mut self, request: &[u8], place: usize) -> Option<usize> {
        let message = Messages::new(request).next()?.ok()?;
        let asked = Asked::of_request(&message)?;
        let tape = Tape { sequence: message.sequence(), received: Vec::new() };
        self.dumps.push(Recorded { plan: asked.plan(), asked, place, tape });
        Some(self.dumps.len() - 1)
    }
}

#[cfg(test)]
mod attacked;
