//! What happened in network namespaces that nobody has met yet.
//!
//! Nothing tells that a process has made a namespace for itself, but the first event of a socket in it does. What happens there waits
//! until a look through the processes has found it, and is told then; if none does, there is a gap.

use std::collections::HashMap;
use std::time::Duration;

use sockeye_state::lives::{Incident, Time, Transition};

use crate::live::now;
use crate::live::trace::{Heard, Lost, Netns};

/// Events that wait, of all of them.
const WAITING_MAX: usize = 20_000;
/// How long the first event of a namespace waits for it to be found, at least, and at least until one look came after it: looks are
/// apart by twenty times what one takes, and one may just miss whoever is about to be there.
const PATIENCE: Duration = Duration::from_secs(3);
/// Namespaces that are waited for; the oldest of more are given up.
const STRANGERS_MAX: usize = 4096;
/// Namespaces that are remembered as not to be found: the kernel's own, those that were gone too soon, those behind what this process
/// may see.
const UNFOUND_MAX: usize = 4096;

/// Something that happened there.
enum Kept {
    Transition(Transition),
    Incident(Incident),
}

/// A namespace that is waited for.
struct Stranger {
    netns: Netns,
    /// What there was no room for since the first of its events came.
    unkept: Lost,
}

/// Events by their namespaces, in order.
#[derive(Default)]
pub(super) struct Strangers {
    waiting: Vec<(Netns, Kept)>,
    awaited: Vec<Stranger>,
    /// Those that were given up, each with what came later.
    unfound: HashMap<Netns, Unfound>,
    /// When the last look began.
    looked: Time,
    /// What came later in those that are no longer remembered, or were found after all.
    untold: Vec<Unfound>,
}

/// Events of a namespace that was not found.
pub(super) struct Unfound {
    pub(super) events: u64,
    pub(super) since: Time,
}

impl Strangers {
    /// Keeps what happened in a namespace that is not known.
    pub(super) fn take(&mut self, netns: Netns, heard: &Heard<'_>) {
        if let Some(later) = self.unfound.get_mut(&netns) {
            later.events += 1;
            return;
        }
        let known = self.awaited.iter().position(|stranger| stranger.netns == netns);
        let at = known.unwrap_or(self.awaited.len());
        if known.is_none() {
            self.awaited.push(Stranger { netns, unkept: Lost::since(now()) });
        }
        if self.waiting.len() >= WAITING_MAX {
            if let Some(kind) = heard.kind() {
                self.awaited[at].unkept.count(kind);
            }
            return;
        }
        let kept = match heard {
            Heard::Transition(change) => Kept::Transition(**change),
            Heard::Incident(incident) => Kept::Incident((*incident).clone()),
        };
        self.waiting.push((netns, kept));
    }

    /// Whether a look may find somebody.
    pub(super) fn are_waiting(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// A look that began then is over. Who is given up and was found all the same is told of from now on.
    pub(super) fn have_looked(&mut self, began: Time, is_known: impl Fn(Netns) -> bool) {
        self.looked = began;
        self.untold.extend(self.unfound.extract_if(|netns, _| is_known(*netns)).map(|(_, later)| later));
    }

    /// Gives what waited of namespaces that have a place by now, in order. Of each of which there was no room for all of it: its place,
    /// and what is lost.
    pub(super) fn meet(
        &mut self,
        place: impl Fn(Netns) -> Option<usize>,
        mut each: impl FnMut(usize, Heard<'_>),
    ) -> Vec<(usize, Lost)> {
        let is_known = |netns| place(netns).is_some();
        let met: Vec<_> = self.awaited.extract_if(.., |stranger| is_known(stranger.netns)).collect();
        if met.is_empty() {
            return Vec::new();
        }
        for (netns, kept) in self.waiting.extract_if(.., |(netns, _)| is_known(*netns)) {
            let Some(at) = place(netns) else { continue };
            match &kept {
                Kept::Transition(change) => each(at, Heard::Transition(change)),
                Kept::Incident(incident) => each(at, Heard::Incident(incident)),
            }
        }
        let unkept = met.iter().filter(|stranger| stranger.unkept.sum() > 0);
        unkept.filter_map(|stranger| Some((place(stranger.netns)?, stranger.unkept))).collect()
    }

    /// What is not waited for any longer, and what came to light since of those that were given up; all of it, if this is the end.
    pub(super) fn give_up(&mut self, is_last: bool) -> Vec<Unfound> {
        let (oldest, looked) = (now().saturating_sub(PATIENCE), self.looked);
        let mut surplus = self.awaited.len().saturating_sub(STRANGERS_MAX);
        let is_late = |stranger: &mut Stranger| {
            let is_surplus = surplus > 0;
            surplus = surplus.saturating_sub(1);
            is_last || is_surplus || stranger.unkept.since < oldest.min(looked)
        };
        let late: Vec<_> = self.awaited.extract_if(.., is_late).collect();
        let mut unfound = Vec::new();
        for Stranger { netns, unkept } in late {
            if self.unfound.len() >= UNFOUND_MAX {
                self.untold.extend(self.unfound.drain().map(|(_, later)| later));
            }
            self.unfound.insert(netns, Unfound { events: 0, since: now() });
            let events = self.waiting.extract_if(.., |(of, _)| *of == netns).count() as u64 + unkept.sum();
            unfound.push(Unfound { events, since: unkept.since });
        }
        if is_last {
            self.untold.extend(self.unfound.drain().map(|(_, later)| later));
        }
        unfound.extend(self.untold.drain(..).filter(|later| later.events > 0));
        unfound
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use sockeye_bpf::events::EventKind;
    use sockeye_state::lives::{Totals, Trouble};
    use sockeye_wire::sock_diag::state::State;

    use super::*;

    /// Something that goes wrong in a namespace with this cookie; all have the same number.
    fn take(strangers: &mut Strangers, cookie: u64) -> Netns {
        let (end, netns) = (SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 7081), netns(cookie));
        let incident = Incident {
            at: now(),
            trouble: Trouble::Drop,
            cookie: None,
            protocol: None,
            state: None,
            local: end,
            peer: end,
            cgroup: None,
            direction: None,
            reason: None,
            location: None,
            segments: None,
            totals: Totals::default(),
            error: None,
        };
        strangers.take(netns, &Heard::Incident(&incident));
        netns
    }

    /// A socket that begins to listen there.
    fn take_change(strangers: &mut Strangers, netns: Netns) {
        let change = Transition {
            at: now(),
            cookie: 4099,
            old: State::Unconnected,
            new: State::Listening,
            local: Ipv4Addr::LOCALHOST.into(),
            local_port: 7082,
            peer: Ipv4Addr::UNSPECIFIED.into(),
            peer_port: 0,
            actor: None,
            inode: None,
            is_orphaned: false,
            is_done: false,
            is_all_acked: None,
            cgroup: None,
            error: Some(0),
            totals: Totals::default(),
        };
        strangers.take(netns, &Heard::Transition(&change));
    }

    fn netns(cookie: u64) -> Netns {
        Netns { inode: 4_026_532_177, cookie: Some(cookie) }
    }

    fn events(unfound: &[Unfound]) -> Vec<u64> {
        unfound.iter().map(|one| one.events).collect()
    }

    /// As if the first event of each had come long ago, and a look later.
    fn wait(strangers: &mut Strangers) {
        strangers.awaited.iter_mut().for_each(|stranger| stranger.unkept.since = Time::ZERO);
        strangers.have_looked(now(), |_| false);
    }

    #[test]
    fn one_that_gets_the_number_of_one_that_was_given_up_is_waited_for() {
        let mut strangers = Strangers::default();
        for _ in 0..3 {
            take(&mut strangers, 17);
        }
        wait(&mut strangers);
        assert_eq!(events(&strangers.give_up(false)), [3]);
        take(&mut strangers, 17);
        assert!(!strangers.are_waiting(), "the same one is waited for once");
        let other = take(&mut strangers, 19);
        assert!(strangers.are_waiting());
        let mut met = 0;
        let unkept = strangers.meet(|netns| (netns == other).then_some(5), |at, _| met += at);
        assert_eq!((met, unkept.len(), strangers.are_waiting()), (5, 0, false));
        // What came later is told in the end.
        assert!(strangers.give_up(false).is_empty());
        assert_eq!(events(&strangers.give_up(true)), [1]);
    }

    #[test]
    fn nobody_is_given_up_before_a_look() {
        let mut strangers = Strangers::default();
        take(&mut strangers, 17);
        strangers.awaited[0].unkept.since = now().saturating_sub(PATIENCE * 2);
        assert!(strangers.give_up(false).is_empty());
        strangers.have_looked(now().saturating_sub(PATIENCE * 3), |_| false);
        assert!(strangers.give_up(false).is_empty(), "that look was over by then");
        strangers.have_looked(now(), |_| false);
        assert_eq!(events(&strangers.give_up(false)), [1]);
        // One that is found after all.
        take(&mut strangers, 17);
        take(&mut strangers, 17);
        strangers.have_looked(now(), |found| found == netns(17));
        assert_eq!(events(&strangers.give_up(false)), [2]);
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_and_the_others_go_on_waiting() {
        let mut strangers = Strangers::default();
        for _ in 0..WAITING_MAX + 7 {
            take(&mut strangers, 17);
        }
        let (noisy, other) = (netns(17), take(&mut strangers, 19));
        for _ in 0..3 {
            take_change(&mut strangers, noisy);
        }
        assert!(strangers.give_up(false).is_empty());
        let mut met = 0;
        let unkept = strangers.meet(|netns| (netns == noisy).then_some(1), |_, _| met += 1);
        assert_eq!((met, unkept.len(), unkept[0].0), (WAITING_MAX, 1, 1));
        // Changes can be asked for again, and nothing else: each kind is another loss.
        let lost = unkept[0].1;
        assert_eq!(lost.of(EventKind::State), 3);
        assert_eq!(lost.incidents().collect::<Vec<_>>(), [(EventKind::Drop, 7)]);
        let unkept = strangers.meet(|netns| (netns == other).then_some(0), |_, _| {});
        assert_eq!((unkept.len(), unkept[0].0, unkept[0].1.sum()), (1, 0, 1));
    }
}
