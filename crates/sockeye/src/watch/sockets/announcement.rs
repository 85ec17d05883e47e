//! From where all of this is known: said before anything else, and again with what is known when everything is in sync.

use std::time::Duration;

use sockeye_query::sockets::live::Needs;
use sockeye_state::lives::Time;

use super::super::options::StreamFormat;
use super::super::{complain, less_may_wait};
use super::followed::Followed;
use super::heard::Heard;
use super::stream::{Notice, Stream};
use crate::live::now;
use crate::live::owners::Known;
use crate::output::several::several;

/// How long people wait to be told until everything is in sync. It may never be: a dump can fail again and again.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was said of it.
pub(super) struct Announcement {
    /// When people are told what is known by then, unless they were.
    due: Option<Time>,
    is_whole: bool,
}

impl Announcement {
    /// Tells programs from where it is known, and what of it: a first dump can take long.
    pub(super) fn begin(heard: &Heard, stream: &mut Stream<'_>) -> Self {
        tell(heard, None, None, stream);
        stream.out.flush();
        Self { due: Some(now() + PATIENCE), is_whole: false }
    }

    /// When there is something to say that nothing wakes for.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Says the rest when everything is in sync, and people what is known when that takes long. `waits`: until when something waits to
    /// be told, and a `synced` may be behind it.
    pub(super) fn go_on(
        &mut self,
        followed: &[Followed],
        heard: &Heard,
        needs: Needs,
        owners: impl FnOnce() -> Known,
        waits: Option<Time>,
        stream: &mut Stream<'_>,
    ) {
        if self.is_whole {
            return;
        }
        let behind = followed.iter().filter(|one| !one.feed.is_synced()).count();
        let Some(is_first) = self.takes_turn(behind, waits) else { return };
        let owners = owners();
        let cost: Duration = followed.iter().map(|one| one.feed.cost).sum();
        complain(&sentence(followed, behind, heard, &owners, stream.options.receive_buffer, cost));
        if is_first && heard.is_traced() && needs.rows {
            let every = humantime::format_duration(stream.options.interval());
            complain(&format!(
                "the filter asks for what only a dump says, once in {every}: of a socket that none has seen it is not known"
            ));
        }
        if self.is_whole {
            tell(heard, Some(&owners), Some(micros(cost)), stream);
        }
    }

    /// Whether there is something to say while so many namespaces are behind, and something waits until then; `true`: people are told for
    /// the first time.
    fn takes_turn(&mut self, behind: usize, waits: Option<Time>) -> Option<bool> {
        let is_late = self.due.is_some_and(|due| due <= now());
        if self.is_whole || behind > 0 && !is_late {
            return None;
        }
        if let (0, Some(until)) = (behind, waits) {
            // There is nothing to wake for before.
            self.due = self.due.map(|due| due.max(until));
            return None;
        }
        self.is_whole = behind == 0;
        Some(self.due.take().is_some())
    }
}

/// `watching 12 sockets, synced; from bpf and destroy-groups and dumps; owners from /proc; a round of dumps takes 310us`; where so many
/// namespaces are `behind`, what is known all the same.
fn sentence(
    followed: &[Followed],
    behind: usize,
    heard: &Heard,
    owners: &Known,
    receive_buffer: usize,
    cost: Duration,
) -> String {
    let places = match followed.len() {
        1 => String::new(),
        many => format!(" in {many} network namespaces"),
    };
    let given = followed.iter().map(|one| one.feed.receive_buffer).min().unwrap_or(usize::MAX);
    let waits = less_may_wait(receive_buffer, given);
    let (sources, lacks) = (heard.sources().join(" and "), heard.lacks());
    if behind > 0 {
        let behind = if followed.len() == 1 { String::new() } else { format!(" {behind} of them") };
        return format!("watching{places},{behind} not yet in sync; from {sources}; {owners}{waits}{lacks}");
    }
    let count: usize = followed.iter().map(|one| one.feed.lives.len()).sum();
    let cost = humantime::format_duration(Duration::from_micros(micros(cost)));
    let count = several(count, "socket");
    format!("watching {count}{places}, synced; from {sources}; {owners}; a round of dumps takes {cost}{waits}{lacks}")
}

fn tell(heard: &Heard, owners: Option<&Known>, round_us: Option<u64>, stream: &mut Stream<'_>) {
    if stream.options.format() == StreamFormat::Ndjson {
        let interval_us = micros(stream.options.interval());
        stream.notice(&Notice::Sources { heard, owners, interval_us, round_us }, now(), &[]);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::feed::{Options, Tcp};
    use crate::live::kinds::Kinds;

    #[test]
    fn what_is_known_is_said_in_time_and_the_rest_when_all_is_in_sync() {
        let mut announcement = Announcement { due: Some(now() + PATIENCE), is_whole: false };
        let turn = |announcement: &mut Announcement, behind| announcement.takes_turn(behind, None);
        assert_eq!(turn(&mut announcement, 2), None, "there is time");
        announcement.due = Some(now());
        assert_eq!((turn(&mut announcement, 2), turn(&mut announcement, 2)), (Some(true), None), "once");
        assert_eq!((turn(&mut announcement, 0), turn(&mut announcement, 0)), (Some(false), None), "and once");
        let mut announcement = Announcement { due: Some(now() + PATIENCE), is_whole: false };
        assert_eq!(
            (turn(&mut announcement, 0), announcement.due()),
            (Some(true), None),
            "as a rule there is one sentence"
        );
    }

    #[test]
    fn that_all_is_in_sync_is_said_behind_what_waits_and_nobody_is_woken_before() {
        let until = now() + Duration::from_secs(2);
        let mut announcement = Announcement { due: Some(now()), is_whole: false };
        assert_eq!((announcement.takes_turn(0, Some(until)), announcement.due()), (None, Some(until)));
        assert_eq!((announcement.takes_turn(0, None), announcement.due()), (Some(true), None));
        // That it takes long is said whatever waits.
        let mut announcement = Announcement { due: Some(now()), is_whole: false };
        assert_eq!(announcement.takes_turn(3, Some(until)), Some(true));
        assert_eq!((announcement.takes_turn(0, Some(until)), announcement.due()), (None, None));
        assert_eq!(announcement.takes_turn(0, None), Some(false));
    }

    #[test]
    fn what_is_behind_is_counted_and_no_number_is_said_that_nobody_knows() {
        let options = Options {
            interval: Duration::from_secs(1),
            receive_buffer: 0,
            tcp: Tcp::Asked,
            told_states: 0,
            incidents: false,
            udp: true,
            extensions: 0,
        };
        let heard = Heard {
            trace: None,
            told_states: 0,
            kinds: Kinds::STATE,
            missing: Vec::new(),
            strangers: None,
            is_incomplete: false,
        };
        let owners = Known { source: Some("proc"), unknown: None };
        let mut followed = vec![Followed::open(None, options).expect("everybody may")];
        let said = |followed: &[Followed]| sentence(followed, followed.len(), &heard, &owners, 0, Duration::ZERO);
        let rest = "; from destroy-groups and dumps; owners from /proc";
        assert_eq!(said(&followed), format!("watching, not yet in sync{rest}"));
        followed.extend((0..2).map(|_| Followed::open(None, options).expect("everybody may")));
        assert_eq!(said(&followed), format!("watching in 3 network namespaces, 3 of them not yet in sync{rest}"));
    }
}
