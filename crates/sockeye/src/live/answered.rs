//! A connection that this side breaks off because data came after it had closed.
//!
//! The kernel then does as if a reset had come, and answers with one (net/ipv4/tcp_input.c, `tcp_rcv_state_process`, "RFC 793 says we
//! have to send reset"). Nothing answers a reset that came, so that the answer tells them apart.
//!
//! Data may also come with what acknowledges the close, while nobody holds the socket any more. Then the kernel ends it at once and without
//! an error, and answers with a reset too (the same function, `TCP_FIN_WAIT1`). Nearly all that end so wait on for the peer in another
//! place (net/ipv4/tcp_minisocks.c, `tcp_time_wait`): that has their cookie and answers as well, but in the state TIME-WAIT.

use std::collections::VecDeque;

use sockeye_state::lives::{Direction, Incident, Transition, Trouble};
use sockeye_wire::sock_diag::state::State;

use super::trace::{Heard, Netns};

/// How many are told after it at most before the answer comes, which is the next that happens on that processor; others go on
/// meanwhile.
const KEPT_MAX: usize = 32;

/// `ECONNABORTED`.
const ABORTED: u16 = 103;

/// Keeps what may be a reset that never came, or an end that was not in order, and all that was told after it, for a moment.
pub(super) struct Answered {
    hears_resets: bool,
    /// In the order in which they were told. The first may be answered yet: what comes before that is not kept. Side by side: of an end
    /// in order there may be as many as of connections, and to allocate each would cost more than to copy it.
    kept: VecDeque<(Netns, Kept)>,
}

enum Kept {
    Transition(Transition),
    Incident(Incident),
}

impl Kept {
    fn tell(&self, netns: Netns, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        match self {
            Self::Transition(told) => each(netns, Heard::Transition(told)),
            Self::Incident(told) => each(netns, Heard::Incident(told)),
        }
    }

    /// The socket, where it would be something else if it is answered.
    fn awaits(&self) -> Option<u64> {
        match self {
            Self::Incident(told) => data_or_reset(told),
            Self::Transition(told) => data_or_close(told),
        }
    }
}

/// The socket that received a reset, where the kernel says so also of data.
fn data_or_reset(told: &Incident) -> Option<u64> {
    let has_closed = matches!(told.state, Some(State::FinWait1 | State::FinWait2));
    let came = told.trouble == Trouble::Reset && told.direction == Some(Direction::Received);
    told.cookie.filter(|_| came && has_closed)
}

/// The socket that ended before the peer had closed while nobody held it: in order, or as data came.
fn data_or_close(told: &Transition) -> Option<u64> {
    let is_end = (told.old, told.new) == (State::FinWait2, State::Unconnected) && told.error == Some(0);
    (is_end && told.is_orphaned && !told.is_done).then_some(told.cookie)
}

impl Answered {
    /// `hears_resets`: without them nothing is an answer, and nothing is kept.
    pub(super) fn new(hears_resets: bool) -> Self {
        Self { hears_resets, kept: VecDeque::new() }
    }

    pub(super) fn transition(&mut self, netns: Netns, told: &Transition, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        let awaits = self.hears_resets && data_or_close(told).is_some();
        if self.kept.is_empty() && !awaits {
            return each(netns, Heard::Transition(told));
        }
        self.keep(netns, Kept::Transition(*told), each);
    }

    pub(super) fn incident(&mut self, netns: Netns, told: Incident, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        if self.kept.is_empty() && data_or_reset(&told).is_none() {
            return each(netns, Heard::Incident(&told));
        }
        if told.trouble == Trouble::Reset
            && told.direction == Some(Direction::Sent)
            && let Some(cookie) = told.cookie
        {
            self.is_ours(cookie, told.state);
        }
        self.keep(netns, Kept::Incident(told), each);
    }

    fn keep(&mut self, netns: Netns, kept: Kept, each: &mut dyn FnMut(Netns, Heard<'_>)) {
        self.kept.push_back((netns, kept));
        if self.kept.len() > KEPT_MAX
            && let Some((netns, unanswered)) = self.kept.pop_front()
        {
            unanswered.tell(netns, each);
        }
        while let Some((netns, kept)) = self.kept.pop_front_if(|(_, kept)| kept.awaits().is_none()) {
            kept.tell(netns, each);
        }
    }

    /// The socket answers in this state: the reset that it received never came, or its end was not in order.
    fn is_ours(&mut self, cookie: u64, state: Option<State>) {
        let Some(asked) = self.kept.iter().position(|(_, kept)| kept.awaits() == Some(cookie)) else { return };
        if matches!(self.kept[asked].1, Kept::Incident(_)) {
            self.kept.remove(asked);
        } else if state != Some(State::Unconnected) {
            return;
        }
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

    impl Told {
        fn give(self, answered: &mut Answered, each: &mut dyn FnMut(Netns, Heard<'_>)) {
            match self {
                Self::Incident(incident) => answered.incident(NETNS, incident, each),
                Self::Transition(transition) => answered.transition(NETNS, &transition, each),
            }
        }
    }

    /// What is told at once, and what at the end of the read.
    fn told(events: impl IntoIterator<Item = Told>) -> (Vec<String>, Vec<String>) {
        let mut answered = Answered::new(true);
        let mut at_once = Vec::new();
        for event in events {
            event.give(&mut answered, &mut |_, heard| at_once.push(line(&heard)));
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

    /// The end of one that nobody holds, without an error. `is_done`: the peer has closed.
    fn over(cookie: u64, is_done: bool) -> Told {
        Told::Transition(Transition { error: Some(0), is_done, ..ends(cookie) })
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
    fn an_end_that_is_answered_was_not_in_order() {
        let (at_once, at_the_end) = told([over(1, false), end(2), sent(1), end(3)]);
        assert_eq!(at_once, ["1 ends with 103", "2 ends with 104", "1 reset sent", "3 ends with 104"]);
        assert!(at_the_end.is_empty(), "{at_the_end:?}");
        // What waits in its place for the peer answers under its cookie.
        let in_its_place = Told::Incident(reset(1, Direction::Sent, State::TimeWait));
        let (at_once, at_the_end) = told([over(1, false), in_its_place]);
        assert!(at_once.is_empty(), "{at_once:?}");
        assert_eq!(at_the_end, ["1 ends with 0", "1 reset sent"]);
        // No more of them wait than of others.
        let (at_once, _) = told((1..=KEPT_MAX as u64 + 2).map(|cookie| over(cookie, false)));
        assert_eq!(at_once, ["1 ends with 0", "2 ends with 0"]);
    }

    #[test]
    fn an_end_that_nothing_can_answer_waits_for_nothing() {
        let (at_once, at_the_end) = told([over(1, true), sent(1)]);
        assert_eq!(at_once, ["1 ends with 0", "1 reset sent"], "the peer has closed: there is no more data");
        assert!(at_the_end.is_empty(), "{at_the_end:?}");
        let (mut deaf, mut at_once) = (Answered::new(false), Vec::new());
        over(1, false).give(&mut deaf, &mut |_, heard| at_once.push(line(&heard)));
        assert_eq!(at_once, ["1 ends with 0"], "no resets are heard");
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
