//! A connection that this side breaks off because data came after it had closed.
//!
//! The kernel then does as if a reset had come, and answers with one (net/ipv4/tcp_input.c, `tcp_rcv_state_process`, "RFC 793 says we
//! have to send reset"). Nothing answers a reset that came, so that the answer tells them apart.

use std::collections::VecDeque;

use sockeye_state::lives::{Direction, Incident, Transition, Trouble};
use sockeye_wire::sock_diag::state::State;

use super::trace::{Heard, Netns};

/// How many are told after it at most before the answer comes, which is the next that happens on that processor; others go on
/// meanwhile.
const KEPT_MAX: usize = 32;

/// `ECONNABORTED`.
const ABORTED: u16 = 103;

/// Keeps what may be a reset that never came, and all that was told after it, for a moment.
#[derive(Default)]
pub(super) struct Answered {
    /// In the order in which they were told. The first may be answered yet: what comes before that is not kept.
    kept: VecDeque<(Netns, Kept)>,
}

enum Kept {
    Transition(Box<Transition>),
    Incident(Box<Incident>),
}

impl Kept {
    fn tell(&self, netns: Netns, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        match self {
            Self::Transition(told) => each(netns, Heard::Transition(told)),
            Self::Incident(told) => each(netns, Heard::Incident(told)),
        }
    }

    /// The socket that received a reset, where the kernel says so also of data.
    fn data_or_reset(&self) -> Option<u64> {
        match self {
            Self::Incident(told) => data_or_reset(told),
            Self::Transition(_) => None,
        }
    }
}

fn data_or_reset(told: &Incident) -> Option<u64> {
    let has_closed = matches!(told.state, Some(State::FinWait1 | State::FinWait2));
    let came = told.trouble == Trouble::Reset && told.direction == Some(Direction::Received);
    told.cookie.filter(|_| came && has_closed)
}

impl Answered {
    pub(super) fn transition(&mut self, netns: Netns, told: &Transition, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        if self.kept.is_empty() {
            return each(netns, Heard::Transition(told));
        }
        self.keep(netns, Kept::Transition(Box::new(*told)), each);
    }

    pub(super) fn incident(&mut self, netns: Netns, told: Incident, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        if self.kept.is_empty() && data_or_reset(&told).is_none() {
            return each(netns, Heard::Incident(&told));
        }
        if told.trouble == Trouble::Reset
            && told.direction == Some(Direction::Sent)
            && let Some(cookie) = told.cookie
        {
            self.is_ours(cookie);
        }
        self.keep(netns, Kept::Incident(Box::new(told)), each);
    }

    fn keep(&mut self, netns: Netns, kept: Kept, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        self.kept.push_back((netns, kept));
        if self.kept.len() > KEPT_MAX
            && let Some((netns, unanswered)) = self.kept.pop_front()
        {
            unanswered.tell(netns, each);
        }
        while let Some((netns, kept)) = self.kept.pop_front_if(|(_, kept)| kept.data_or_reset().is_none()) {
            kept.tell(netns, each);
        }
    }

    /// The socket answers: the reset that it received never came.
    fn is_ours(&mut self, cookie: u64) {
        let Some(asked) = self.kept.iter().position(|(_, kept)| kept.data_or_reset() == Some(cookie)) else { return };
        self.kept.remove(asked);
        for (_, kept) in self.kept.range_mut(asked..) {
            if let Kept::Transition(told) = kept
                && told.cookie == cookie
                && told.new == State::Unconnected
            {
                told.error = Some(ABORTED);
            }
        }
    }

    /// Tells all that is kept.
    pub(super) fn end(&mut self, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        for (netns, kept) in self.kept.drain(..) {
            kept.tell(netns, each);
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr, SocketAddr};

    use sockeye_state::lives::{Time, Totals};

    use super::*;

    const NETNS: Netns = Netns { inode: 4_026_531_840, cookie: Some(1) };
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn reset(cookie: u64, direction: Direction, state: State) -> Incident {
        Incident {
            at: Time::from_secs(cookie),
            trouble: Trouble::Reset,
            cookie: Some(cookie),
            protocol: Some(6),
            state: Some(state),
            local: SocketAddr::new(HERE, 80),
            peer: SocketAddr::new(HERE, 40_000),
            cgroup: None,
            direction: Some(direction),
            reason: None,
            location: None,
            segments: None,
            totals: Totals::default(),
            error: None,
        }
    }

    fn ends(cookie: u64) -> Transition {
        Transition {
            at: Time::from_secs(cookie),
            cookie,
            old: State::FinWait2,
            new: State::Unconnected,
            local: HERE,
            local_port: 80,
            peer: HERE,
            peer_port: 40_000,
            actor: None,
            inode: None,
            is_orphaned: true,
            is_done: false,
            is_all_acked: Some(true),
            cgroup: None,
            error: Some(104),
            totals: Totals::default(),
        }
    }

    /// One line for what is told.
    fn line(heard: &Heard<'_>) -> String {
        match heard {
            Heard::Transition(told) => format!("{} ends with {}", told.cookie, told.error.unwrap_or_default()),
            Heard::Incident(told) => format!(
                "{} {} {}",
                told.cookie.unwrap_or_default(),
                told.trouble.word(),
                told.direction.expect("every reset here has one").word()
            ),
        }
    }

    enum Told {
        Incident(Incident),
        Transition(Transition),
    }

    /// What is told at once, and what at the end of the read.
    fn told(events: impl IntoIterator<Item = Told>) -> (Vec<String>, Vec<String>) {
        let mut answered = Answered::default();
        let mut at_once = Vec::new();
        for event in events {
            let each = &mut |_, heard: Heard<'_>| at_once.push(line(&heard));
            match event {
                Told::Incident(incident) => answered.incident(NETNS, incident, each),
                Told::Transition(transition) => answered.transition(NETNS, &transition, each),
            }
        }
        let mut at_the_end = Vec::new();
        answered.end(&mut |_, heard| at_the_end.push(line(&heard)));
        (at_once, at_the_end)
    }

    fn received(cookie: u64) -> Told {
        Told::Incident(reset(cookie, Direction::Received, State::FinWait2))
    }

    fn sent(cookie: u64) -> Told {
        Told::Incident(reset(cookie, Direction::Sent, State::Unconnected))
    }

    fn end(cookie: u64) -> Told {
        Told::Transition(ends(cookie))
    }

    #[test]
    fn two_at_once_are_told_apart() {
        // On two processors: the second's data comes before the first's is answered.
        let (at_once, at_the_end) = told([received(1), received(2), end(1), end(2), sent(2), sent(1)]);
        assert_eq!(at_once, ["1 ends with 103", "2 ends with 103", "2 reset sent", "1 reset sent"]);
        assert!(at_the_end.is_empty(), "{at_the_end:?}");
    }

    #[test]
    fn a_reset_that_came_is_answered_by_nobody() {
        let (at_once, at_the_end) = told([received(1), end(1), received(2), end(2), sent(2), end(3)]);
        assert!(at_once.is_empty(), "{at_once:?}");
        assert_eq!(
            at_the_end,
            ["1 reset received", "1 ends with 104", "2 ends with 103", "2 reset sent", "3 ends with 104"]
        );
    }

    #[test]
    fn before_a_close_nothing_waits() {
        let established = Told::Incident(reset(1, Direction::Received, State::Established));
        let (at_once, at_the_end) = told([established, end(1), sent(1)]);
        assert_eq!(at_once, ["1 reset received", "1 ends with 104", "1 reset sent"]);
        assert!(at_the_end.is_empty(), "{at_the_end:?}");
    }

    #[test]
    fn little_is_kept() {
        let many = KEPT_MAX as u64;
        let (at_once, at_the_end) = told([received(1)].into_iter().chain((2..=many).map(end)));
        assert!(at_once.is_empty() && at_the_end.len() == KEPT_MAX, "{at_once:?} {at_the_end:?}");
        // One more, and the first waits no longer; nor does what waited for it alone.
        let events = [received(1), end(2), received(3)].into_iter().chain((4..=many + 1).map(end));
        let (at_once, at_the_end) = told(events);
        assert_eq!(at_once, ["1 reset received", "2 ends with 104"]);
        assert_eq!(at_the_end.len(), KEPT_MAX - 1, "{at_the_end:?}");
        assert_eq!(at_the_end[0], "3 reset received");
    }
}
