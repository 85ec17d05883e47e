//! What went wrong, and with whom.

use std::sync::Arc;

use sockeye_state::lives::{Direction, End, Incident, KeptMet, Known, Lives, Side, Told, Totals, Trouble};
use sockeye_wire::sock_diag::inet::InetSocket;
use sockeye_wire::sock_diag::state::State;

use crate::made::*;

fn drop_of(cookie: Option<u64>, direction: Direction) -> Incident {
    Incident {
        at: at(5000),
        trouble: Trouble::Drop,
        cookie,
        protocol: Some(6),
        state: None,
        local: local(5),
        peer: "10.9.8.7:443".parse().unwrap(),
        cgroup: None,
        direction: Some(direction),
        reason: Some(Arc::from("NETFILTER_DROP")),
        location: None,
        segments: None,
        totals: Totals::default(),
        error: None,
    }
}

/// What is told of an incident.
fn met(lives: &mut Lives, incident: &Incident) -> KeptMet {
    let mut all = Vec::new();
    lives.incident(incident, &mut |told| {
        let Told::Incident(met) = told else { panic!("{told:?}") };
        assert_eq!(met.incident, incident);
        all.push(met.keep());
    });
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn an_incident_is_told_with_the_life_of_its_socket_while_it_lives_and_after_its_end() {
    let mut lives = Lives::new(true).with_incidents(true);
    let dropped = drop_of(Some(5), Direction::Sent);
    assert!(met(&mut lives, &dropped).met().socket.is_none(), "nobody is known by then");
    let mut opened = transition(5, 1000, State::Unconnected, State::SynSent);
    opened.local_port = 0;
    lives.transition(&opened, &mut |_| {});
    let kept = met(&mut lives, &dropped);
    let (life, message) = kept.met().socket.expect("it is followed");
    assert_eq!((life.known, life.side, life.end), (Known::Birth, Some(Side::Connect), None));
    // A socket that begins to connect has no port yet; the packet has.
    assert_eq!(InetSocket::read(message).unwrap().message.sport(), Some(local(5).port().into()));
    let mut refused = transition(5, 2000, State::SynSent, State::Unconnected);
    refused.error = Some(111);
    lives.transition(&refused, &mut |_| {});
    assert!(lives.is_empty());
    let error = Incident { trouble: Trouble::Error, error: Some(111), ..dropped };
    let kept = met(&mut lives, &error);
    assert_eq!(kept.met().socket.map(|(life, _)| life.end), Some(Some(End::Refused)), "it is remembered");
    // A connection further under the same cookie counts more.
    lives.transition(&transition(5, 3000, State::Unconnected, State::SynSent), &mut |_| {});
    assert_eq!(met(&mut lives, &error).met().socket.map(|(life, _)| life.end), Some(None));
}

#[test]
fn what_comes_to_nobody_is_told_with_who_listens_there() {
    let mut lives = Lives::new(true).with_incidents(true);
    lives.transition(&transition(5, 1000, State::Unconnected, State::Listening), &mut |_| {});
    let listener = |lives: &mut Lives, incident| met(lives, &incident).met().listener.and_then(|one| one.actor);
    let of = |incident| listener(&mut Lives::default(), incident);
    assert_eq!(of(drop_of(None, Direction::Received)), None);
    let actor = listener(&mut lives, drop_of(None, Direction::Received));
    assert_eq!(actor.map(|actor| actor.pid), Some(4711));
    assert_eq!(listener(&mut lives, drop_of(None, Direction::Sent)), None, "it went to somewhere else");
    let datagram = Incident { protocol: Some(17), ..drop_of(None, Direction::Received) };
    assert_eq!(listener(&mut lives, datagram), None, "it is not of TCP");
}

#[test]
fn only_the_last_ended_are_remembered_and_only_where_incidents_are_heard() {
    for hears in [true, false] {
        let mut lives = Lives::new(true).with_incidents(hears);
        for cookie in 1..=3000 {
            lives.transition(&transition(cookie, cookie, State::Unconnected, State::SynSent), &mut |_| {});
            lives.transition(&transition(cookie, cookie, State::SynSent, State::Unconnected), &mut |_| {});
        }
        let known = |cookie| drop_of(Some(cookie), Direction::Sent);
        let remembered = (1..=3000).filter(|&cookie| met(&mut lives, &known(cookie)).met().socket.is_some());
        let remembered: Vec<_> = remembered.collect();
        assert_eq!((remembered.first(), remembered.len()), if hears { (Some(&1977), 1024) } else { (None, 0) });
    }
}

#[test]
fn a_packet_for_a_listener_does_not_become_its_other_end() {
    let mut lives = Lives::new(true).with_incidents(true);
    let mut listening = transition(5, 1000, State::Unconnected, State::Listening);
    (listening.local, listening.peer, listening.peer_port) = ([0; 4].into(), [0; 4].into(), 0);
    lives.transition(&listening, &mut |_| {});
    met(&mut lives, &drop_of(Some(5), Direction::Received));
    let message = InetSocket::read(lives.get(5).unwrap().1).unwrap().message;
    assert_eq!((message.source(), message.dport()), (Some([0, 0, 0, 0].into()), Some(0)));
    // Nor do the ends that a packet has on its way those of who sent it.
    lives.transition(&transition(6, 1000, State::Unconnected, State::SynSent), &mut |_| {});
    let elsewhere = Incident { peer: "10.7.7.7:4".parse().unwrap(), ..drop_of(Some(6), Direction::Sent) };
    met(&mut lives, &elsewhere);
    let message = InetSocket::read(lives.get(6).unwrap().1).unwrap().message;
    assert_eq!((message.sport(), message.dport()), (Some(local(6).port().into()), Some(443)));
}
