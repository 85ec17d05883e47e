//! How fast a socket moves: what its counters have grown by between two rounds of dumps.

use std::collections::{HashMap, HashSet};

use sockeye_state::lives::{Delta, Event, Known, Life, Pace, Time, Totals};

use sockeye_wire::sock_diag::inet::InetSocket;

use crate::top::model::Id;

/// Bytes received, bytes acknowledged, segments received, segments sent, segments sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Growth(pub(super) [u64; 5]);

impl Growth {
    /// What came in an interval; `None` where the kernel counts nothing: it is no connection of TCP.
    fn of(delta: &Delta) -> Option<Self> {
        let counted = delta.bytes_received.or(delta.bytes_acked).is_some();
        let numbers = [delta.bytes_received, delta.bytes_acked, delta.segs_in, delta.segs_out, delta.retransmitted];
        counted.then(|| Self(numbers.map(|number| number.unwrap_or(0))))
    }

    /// All that a socket has ever done.
    fn whole(totals: &Totals) -> Option<Self> {
        let counted = totals.bytes_received.or(totals.bytes_acked).is_some();
        let [segs_in, segs_out, retransmissions] =
            [totals.segs_in, totals.segs_out, totals.retransmissions].map(|number| number.map(u64::from));
        let numbers = [totals.bytes_received, totals.bytes_acked, segs_in, segs_out, retransmissions];
        counted.then(|| Self(numbers.map(|number| number.unwrap_or(0))))
    }

    fn since(self, before: Self) -> Self {
        let mut grown = self.0;
        grown.iter_mut().zip(before.0).for_each(|(now, before)| *now = now.saturating_sub(before));
        Self(grown)
    }

    pub(super) fn add(&mut self, other: Self) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(more);
        }
    }

    /// The same a second.
    #[expect(clippy::cast_precision_loss, reason = "rates have three digits")]
    pub(super) fn over(self, elapsed: Time) -> [f64; 5] {
        let seconds = elapsed.as_secs_f64().max(1e-3);
        self.0.map(|grown| grown as f64 / seconds)
    }
}

/// What is kept beside the lives of sockets: little, since there can be very many. How fast a socket moves is asked of its
/// life each time.
#[derive(Default)]
pub(super) struct Paces {
    /// Sockets that were born since the last round, and in the interval before it, each with the round before its birth.
    born: HashMap<Id, Time>,
    born_before: HashMap<Id, Time>,
    /// When the last round was counted.
    counted: Time,
    /// The sockets of which the filter holds; `None`: all.
    pub(super) fitting: Option<HashSet<Id>>,
}

impl Paces {
    /// A socket was born: all that it has done, it did since this round.
    pub(super) fn born(&mut self, id: Id, round: Time) {
        self.born.insert(id, round);
    }

    /// A round is counted. `is_new`: whether a socket is in no two rounds yet, and alive: one that is born while tables are read may be
    /// in none of them.
    pub(super) fn turn(&mut self, at: Time, is_new: impl Fn(Id) -> bool) {
        let counted_before = std::mem::replace(&mut self.counted, at);
        let born_before = std::mem::replace(&mut self.born_before, std::mem::take(&mut self.born));
        for id in born_before.into_keys().filter(|&id| is_new(id)) {
            self.born_before.insert(id, counted_before);
        }
    }

    /// How fast a socket moves, a second; `None` where that is not known.
    pub(super) fn rates(&self, id: Id, life: &Life) -> Option<[f64; 5]> {
        if let Some(Pace { bytes_received, bytes_acked, segs_in, segs_out, retransmitted, .. }) = life.pace() {
            return Some([bytes_received, bytes_acked, segs_in, segs_out, retransmitted]);
        }
        let round = self.born_before.get(&id).or_else(|| self.born.get(&id))?;
        // One that no round has seen since has moved nothing that anybody knows of.
        let elapsed = life.totals_at.checked_sub(*round).filter(|elapsed| !elapsed.is_zero())?;
        Some(Growth::whole(&life.totals)?.over(elapsed))
    }

    /// A socket is gone. What it did since the last round; `None` where that is not known: it was not seen before, and
    /// lived already when the watch began.
    pub(super) fn end(&mut self, id: Id, event: &Event<'_>, is_synced: bool) -> Option<Growth> {
        let (life, message) = (event.life, event.message);
        let is_new = self.born.remove(&id).is_some();
        self.born_before.remove(&id);
        if is_new {
            return Growth::whole(&life.totals);
        }
        if event.resync {
            // What is known of it was counted with the round that saw it last.
            return None;
        }
        // In a round that is not counted yet.
        let uncounted = life.delta(message).as_ref().and_then(Growth::of);
        match counted(message).filter(|_| life.known != Known::End) {
            // Told by an event, which is in no round: what it did in all, less what the last row said.
            Some(before) => {
                let mut growth = Growth::whole(&life.totals).map_or_else(Growth::default, |all| all.since(before));
                growth.add(uncounted.unwrap_or_default());
                Some(growth)
            }
            None if uncounted.is_some() => uncounted,
            // It came and went between two rounds.
            None if is_synced => Growth::whole(&life.totals),
            None => None,
        }
    }

    /// Whether the filter holds of it.
    pub(super) fn fits(&self, id: Id) -> bool {
        self.fitting.as_ref().is_none_or(|fitting| fitting.contains(&id))
    }
}

/// What a message of the kernel says that a socket has done.
fn counted(message: &[u8]) -> Option<Growth> {
    Growth::whole(&Totals::of(&InetSocket::read(message).ok()?.tcp_info()?))
}

#[cfg(test)]
mod tests {
    use sockeye_state::lives::{Lives, Protocol, Reason, Told, Transition};
    use sockeye_wire::sock_diag::bare;
    use sockeye_wire::sock_diag::state::State;

    use super::*;

    #[test]
    fn a_rate_is_growth_over_the_time_between_two_looks() {
        let mut sum = Growth([400, 250_000, 20, 21, 2]);
        sum.add(Growth([100, 0, 5, 0, 1]));
        let shown = sum.over(Time::from_millis(500)).map(|rate| format!("{rate:.1}"));
        assert_eq!(shown, ["1000.0", "500000.0", "50.0", "42.0", "6.0"]);
    }

    #[test]
    fn what_the_kernel_does_not_count_has_no_rate() {
        assert_eq!(Growth::whole(&Totals::default()), None);
        assert_eq!(Growth::of(&Delta::default()), None);
        let totals = Totals { bytes_acked: Some(4_321), segs_out: Some(17), ..Totals::default() };
        assert_eq!(Growth::whole(&totals), Some(Growth([0, 4_321, 0, 17, 0])));
    }

    /// A message of the kernel about a connection with these counters of `tcp_info`.
    fn message(cookie: u64, received: u64, acked: u64) -> Vec<u8> {
        let end = "10.1.2.3:4567".parse().unwrap();
        let mut bytes = bare::message(State::Established, end, end, cookie).to_vec();
        let mut info = [0; 232];
        info[120..128].copy_from_slice(&acked.to_ne_bytes());
        info[128..136].copy_from_slice(&received.to_ne_bytes());
        // INET_DIAG_INFO.
        bytes.extend_from_slice(&[236, 0, 2, 0]);
        bytes.extend_from_slice(&info);
        bytes
    }

    /// What the paces say of the ends that the engine tells.
    fn ended(lives: &mut Lives, paces: &mut Paces, message: &[u8], at: Time) -> Option<Growth> {
        let mut growth = None;
        lives.destroyed(Protocol::Tcp, message, at, &mut |told| {
            if let Told::Event(event) = told {
                let id = Id { place: 0, cookie: event.life.cookie };
                growth = paces.end(id, &event, true);
            }
        });
        growth
    }

    #[test]
    fn what_a_socket_did_until_its_end_is_counted_once() {
        let (mut lives, mut paces) = (Lives::new(false), Paces::default());
        for (second, acked) in [(1, 1_000), (2, 7_000)] {
            let at = Time::from_secs(second);
            lives.begin_round(&[Protocol::Tcp], at);
            lives.row(Protocol::Tcp, &message(5, 300, acked), at, &mut |_| {});
            lives.end_round(true, at, &mut |_| {});
            paces.turn(at, |_| false);
        }
        let id = Id { place: 0, cookie: 5 };
        let (life, _) = lives.get(5).unwrap();
        assert_eq!(paces.rates(id, life).map(|rates| rates[1].to_string()), Some("6000".to_owned()));
        let growth = ended(&mut lives, &mut paces, &message(5, 321, 7_777), Time::from_millis(2_500));
        assert_eq!(growth.map(|growth| [growth.0[0], growth.0[1]]), Some([21, 777]), "since the last round alone");
        let growth = ended(&mut lives, &mut paces, &message(6, 44, 555), Time::from_millis(2_600));
        assert_eq!(growth.map(|growth| [growth.0[0], growth.0[1]]), Some([44, 555]), "it came and went meanwhile");
    }

    #[test]
    fn what_a_socket_did_until_an_event_told_of_its_end_is_counted_once_too() {
        let (mut lives, mut paces) = (Lives::new(true), Paces::default());
        let round = |lives: &mut Lives, paces: &mut Paces, at, acked| {
            let at = Time::from_millis(at);
            lives.begin_round(&[Protocol::Tcp], at);
            lives.row(Protocol::Tcp, &message(5, 300, acked), at, &mut |_| {});
            lives.end_round(true, at, &mut |_| {});
            paces.turn(at, |_| false);
        };
        for (at, acked) in [(1_000, 1_000), (2_000, 7_000)] {
            round(&mut lives, &mut paces, at, acked);
        }
        // Half a second after a round some of it is counted by an event, and the rest at the end.
        lives.transition(&change(State::Established, State::FinWait1, 2_500, 7_400), &mut |_| {});
        let mut growth = None;
        let ended = change(State::FinWait2, State::Unconnected, 2_700, 7_777);
        lives.transition(&ended, &mut |told| {
            if let Told::Event(event) = told {
                growth = paces.end(Id { place: 0, cookie: 5 }, &event, true);
            }
        });
        assert_eq!(growth.map(|growth| [growth.0[0], growth.0[1]]), Some([0, 777]), "since the last round alone");
    }

    #[test]
    fn what_was_counted_before_a_loss_is_not_counted_again_with_an_end_that_was_not_told() {
        let (mut lives, mut paces) = (Lives::new(false), Paces::default());
        let mut growth = Vec::new();
        for (at, rows) in [(1_000, true), (2_000, true), (3_050, false), (3_100, false)] {
            let at = Time::from_millis(at);
            if at == Time::from_millis(3_050) {
                lives.lost(Reason::Overrun, Some(40), at, &mut |_| {});
            }
            lives.begin_round(&[Protocol::Tcp], at);
            if rows {
                lives.row(Protocol::Tcp, &message(5, 300, at.as_secs() * 1_000_000), at, &mut |_| {});
            }
            lives.end_round(true, at, &mut |told| {
                if let Told::Event(event) = told {
                    growth.push(paces.end(Id { place: 0, cookie: event.life.cookie }, &event, false));
                }
            });
            paces.turn(at, |_| false);
        }
        assert_eq!(growth, [None]);
    }

    #[test]
    fn who_ends_while_a_round_runs_is_counted_from_the_round_before() {
        let (mut lives, mut paces) = (Lives::new(false), Paces::default());
        for (second, acked) in [(1, 1_000), (2, 7_000)] {
            let at = Time::from_secs(second);
            lives.begin_round(&[Protocol::Tcp], at);
            lives.row(Protocol::Tcp, &message(5, 300, acked), at, &mut |_| {});
            lives.end_round(true, at, &mut |_| {});
            paces.turn(at, |_| false);
        }
        lives.begin_round(&[Protocol::Tcp], Time::from_secs(3));
        lives.row(Protocol::Tcp, &message(5, 300, 57_000), Time::from_secs(3), &mut |_| {});
        let growth = ended(&mut lives, &mut paces, &message(5, 321, 57_777), Time::from_millis(3_010));
        assert_eq!(growth.map(|growth| [growth.0[0], growth.0[1]]), Some([21, 50_777]));
    }

    /// A transition of the connection with cookie 5.
    fn change(old: State, new: State, at: u64, acked: u64) -> Transition {
        let end = "10.1.2.3:4567".parse::<std::net::SocketAddr>().unwrap();
        Transition {
            at: Time::from_millis(at),
            cookie: 5,
            old,
            new,
            local: end.ip(),
            local_port: end.port(),
            peer: end.ip(),
            peer_port: end.port(),
            actor: None,
            inode: None,
            is_orphaned: true,
            is_done: false,
            is_all_acked: None,
            cgroup: None,
            error: Some(0),
            totals: Totals { bytes_acked: Some(acked), bytes_received: Some(300), ..Totals::default() },
        }
    }

    #[test]
    fn who_ends_by_an_event_before_its_round_is_counted_is_counted_from_the_round_before() {
        let (mut lives, mut paces) = (Lives::new(true), Paces::default());
        // The round of 3 s is over, and not counted: another place is not done yet.
        for (second, acked) in [(1, 1_000), (2, 7_000), (3, 57_000)] {
            let at = Time::from_secs(second);
            lives.begin_round(&[Protocol::Tcp], at);
            lives.row(Protocol::Tcp, &message(5, 300, acked), at, &mut |_| {});
            lives.end_round(true, at, &mut |_| {});
            if second < 3 {
                paces.turn(at, |_| false);
                lives.summed_up();
            }
        }
        let mut growth = None;
        lives.transition(&change(State::FinWait2, State::Unconnected, 3_010, 57_777), &mut |told| {
            if let Told::Event(event) = told {
                growth = paces.end(Id { place: 0, cookie: 5 }, &event, true);
            }
        });
        assert_eq!(growth.map(|growth| [growth.0[0], growth.0[1]]), Some([0, 50_777]));
    }

    #[test]
    fn who_is_born_while_tables_are_read_and_is_not_in_them_has_a_rate_a_round_later() {
        let (mut lives, mut paces) = (Lives::new(true), Paces::default());
        let id = Id { place: 0, cookie: 5 };
        let mut rates = Vec::new();
        for (second, acked) in [(1, None), (2, Some(50_300)), (3, Some(51_300))] {
            let at = Time::from_secs(second);
            lives.begin_round(&[Protocol::Tcp], at);
            match acked {
                None => {
                    lives.transition(&change(State::SynReceived, State::Established, 1_000, 0), &mut |_| {});
                    paces.born(id, Time::ZERO);
                }
                Some(acked) => lives.row(Protocol::Tcp, &message(5, 300, acked), at, &mut |_| {}),
            }
            lives.end_round(true, at, &mut |_| {});
            paces.turn(at, |id| lives.get(id.cookie).is_some_and(|(life, message)| life.delta(message).is_none()));
            let (life, _) = lives.get(5).expect("it lives");
            rates.push(paces.rates(id, life).map(|rates| rates[1].to_string()));
        }
        let wanted = ["0", "50300", "1000"].map(|rate| Some(rate.to_owned()));
        assert_eq!(rates, wanted);
    }

    #[test]
    fn who_is_in_no_table_after_its_first_has_no_rate() {
        let (mut lives, mut paces) = (Lives::new(false), Paces::default());
        let id = Id { place: 0, cookie: 5 };
        let mut rates = Vec::new();
        // Its peer broke it off, and the program keeps the descriptor: it is in no table, and no end is told.
        for (second, acked) in [(1, None), (2, Some(1_000_000)), (3, None)] {
            let at = Time::from_secs(second);
            lives.begin_round(&[Protocol::Tcp], at);
            if let Some(acked) = acked {
                lives.row(Protocol::Tcp, &message(5, 300, acked), at, &mut |_| {});
                paces.born(id, Time::from_secs(1));
            }
            lives.end_round(true, at, &mut |_| {});
            paces.turn(at, |id| lives.get(id.cookie).is_some_and(|(life, message)| life.delta(message).is_none()));
            rates.push(lives.get(5).map(|(life, _)| paces.rates(id, life).map(|rates| rates[1].to_string())));
        }
        assert_eq!(rates, [None, Some(Some("1000000".to_owned())), Some(None)]);
    }

    #[test]
    fn without_a_filter_everything_fits() {
        let [one, other] = [7, 8].map(|cookie| Id { place: 0, cookie });
        let mut paces = Paces::default();
        assert!(paces.fits(one) && paces.fits(other));
        paces.fitting = Some(HashSet::from([one]));
        assert!(paces.fits(one) && !paces.fits(other));
    }
}
