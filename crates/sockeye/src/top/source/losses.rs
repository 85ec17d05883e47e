//! What was lost and is not all known again, as the banner tells it: of losses of one kind that follow each other the sum, since what
//! is lost while a full buffer is read is told by the next read.

use std::time::{Duration, SystemTime};

use sockeye_state::lives::{self, Time};
use sockeye_state::watch;

use super::desk::clock;

/// How long the banner stays after everything is known again: long enough to be seen.
const BANNER: Duration = Duration::from_secs(10);

/// What a loss was of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sockets(lives::Reason),
    /// What changed on the machine.
    Changes(watch::Reason),
}

impl Kind {
    /// Of so many. One kind alone fits a screen of 80 letters.
    fn in_words(self, Lost { counted, is_all }: Lost) -> String {
        let (one, several) = match self {
            Self::Sockets(lives::Reason::Overrun) => ("end of a socket", "ends of sockets"),
            Self::Sockets(lives::Reason::Ring) => ("birth or end", "births and ends"),
            Self::Changes(watch::Reason::Overrun) => ("datagram about changes", "datagrams about changes"),
            Self::Sockets(lives::Reason::Untold) => return "not all births and ends told".to_owned(),
            Self::Sockets(lives::Reason::Dump) => return "a dump of sockets was not whole".to_owned(),
            Self::Sockets(reason) => return format!("sockets not all known: {reason}"),
            Self::Changes(reason) => return format!("changes not all known: {reason}"),
        };
        match (counted, is_all) {
            (1, true) => format!("1 {one} lost"),
            (counted, true) => format!("{counted} {several} lost"),
            (0, false) => format!("an unknown number of {several} lost"),
            (counted, false) => format!("at least {counted} {several} lost"),
        }
    }
}

/// How much was lost.
#[derive(Clone, Copy, Debug)]
struct Lost {
    counted: u64,
    /// Of every one of these losses it is known how much it was.
    is_all: bool,
}

/// The losses that the banner tells of, in the order of their first.
#[derive(Debug, Default)]
pub(super) struct Losses {
    kinds: Vec<(Kind, Lost)>,
    since: Option<SystemTime>,
    /// When everything was known again.
    healed: Option<Time>,
}

impl Losses {
    /// Something was lost.
    pub(super) fn add(&mut self, kind: Kind, lost: Option<u64>, since: SystemTime) {
        if self.healed.is_some() {
            *self = Self::default();
        }
        self.since = Some(self.since.map_or(since, |first| first.min(since)));
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => {
                sum.counted = sum.counted.saturating_add(lost.unwrap_or(0));
                sum.is_all &= lost.is_some();
            }
            None => self.kinds.push((kind, Lost { counted: lost.unwrap_or(0), is_all: lost.is_some() })),
        }
    }

    /// Everything is known.
    pub(super) fn heal(&mut self, at: Time) {
        if self.since.is_some() {
            self.healed.get_or_insert(at);
        }
    }

    /// Forgets what was made good long before.
    pub(super) fn fade(&mut self, at: Time) {
        if self.healed.is_some_and(|healed| at > healed + BANNER) {
            *self = Self::default();
        }
    }

    /// Whether there is none that was not made good before this moment.
    pub(super) fn are_healed_before(&self, at: Option<Time>) -> bool {
        self.since.is_none() || self.healed.is_some_and(|healed| Some(healed) < at)
    }

    /// What the banner says.
    pub(super) fn in_words(&self) -> Option<String> {
        let since = clock(self.since?);
        let kinds: Vec<_> = self.kinds.iter().map(|(kind, lost)| kind.in_words(*lost)).collect();
        Some(format!("{} since {since}", kinds.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 14:13 and so many seconds.
    fn second(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs((14 * 60 + 13) * 60 + second)
    }

    #[test]
    fn what_is_lost_until_all_is_known_again_is_one_loss() {
        let mut losses = Losses::default();
        assert!(losses.in_words().is_none() && losses.are_healed_before(None));
        losses.heal(Duration::from_secs(1));
        losses.add(Kind::Sockets(lives::Reason::Ring), Some(18_997), second(34));
        losses.add(Kind::Changes(watch::Reason::Overrun), Some(1), second(33));
        losses.add(Kind::Sockets(lives::Reason::Ring), Some(1), second(36));
        let said = "18998 births and ends lost, 1 datagram about changes lost since 14:13:33";
        assert_eq!(losses.in_words().as_deref(), Some(said), "nothing was healed before it was lost");
        losses.heal(Duration::from_secs(40));
        losses.heal(Duration::from_secs(45));
        assert!(!losses.are_healed_before(None) && !losses.are_healed_before(Some(Duration::from_secs(40))));
        assert!(losses.are_healed_before(Some(Duration::from_secs(41))));
        losses.fade(Duration::from_secs(50));
        assert_eq!(losses.in_words().as_deref(), Some(said));
        // Another one, of which the number is not known.
        losses.add(Kind::Sockets(lives::Reason::Overrun), Some(4), second(51));
        losses.add(Kind::Sockets(lives::Reason::Overrun), None, second(52));
        assert_eq!(losses.in_words().as_deref(), Some("at least 4 ends of sockets lost since 14:13:51"));
        losses.fade(Duration::from_secs(100));
        assert!(losses.in_words().is_some(), "not all is known yet");
        losses.heal(Duration::from_secs(101));
        losses.fade(Duration::from_secs(112));
        assert_eq!(losses.in_words(), None);
    }

    #[test]
    fn one_kind_of_loss_fits_a_narrow_screen() {
        use lives::Reason::{Dump, Overrun, Ring, TooMany, Untold};
        let sockets = [Overrun, Ring, Untold, Dump, TooMany].map(Kind::Sockets);
        let changes = [watch::Reason::Overrun, watch::Reason::DumpTruncated, watch::Reason::Drift].map(Kind::Changes);
        for (kind, lost) in sockets.into_iter().chain(changes).flat_map(|kind| [(kind, Some(63_836_000)), (kind, None)])
        {
            let mut losses = Losses::default();
            losses.add(kind, lost, second(3));
            let banner = format!("gap: {}", losses.in_words().expect("there is one"));
            assert!(banner.chars().count() <= 80 && banner.matches("gap").count() == 1, "{banner}");
            assert!(banner.ends_with(" since 14:13:03"), "{banner}");
        }
    }
}
