//! What the line about completeness says, and what is answered before all is counted.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use sockeye_state::lives::{Gap, Lives, Reason};
use sockeye_state::watch;
use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::state::State;

use super::super::beside::Beside;
use super::super::changes::Changes;
use super::super::groups::DEPARTED_MAX;
use super::super::links::Links;
use super::super::pace::Growth;
use super::*;
use crate::sockets::system::{SystemNames, Whence};
use crate::top::model::{Cell, Grouping, Pane, Sort};

/// The other end of all that end here.
const PEER: [u8; 4] = [203, 0, 113, 9];

/// A desk that shows peers, and where its models are.
fn desk() -> (Desk, Slot) {
    let (desk, slot, _) = asked_desk();
    (desk, slot)
}

/// The same, with the end at which it is asked.
fn asked_desk() -> (Desk, Slot, Sender<Command>) {
    let (keys, commands) = mpsc::channel();
    let slot = Slot::default();
    let outlet = Outlet { slot: Arc::clone(&slot), say: Box::new(|_| ()) };
    let request = Request {
        number: 7,
        pane: Pane::Peers,
        grouping: Grouping::Process,
        sort: Sort { column: 0, descending: false },
        held: None,
        cursor: 0,
        top: 0,
        height: 5,
        detail: None,
        paused: false,
    };
    let filter = (Expression::always(), String::new(), 0);
    let desk = Desk::new(commands, outlet, request, filter, Lookers::new(false), Vec::new(), Duration::from_secs(2));
    (desk, slot, keys)
}

/// What is asked, heard while a round runs.
fn ask(desk: &mut Desk, keys: &Sender<Command>, request: Request) {
    keys.send(Command::Show(request)).expect("the desk is there");
    assert!(desk.hear());
}

/// Something was lost.
fn lose(desk: &mut Desk) {
    let gap = Gap { reason: Reason::Ring, since: now(), lost: Some(63) };
    desk.told(0, &Told::Gap(gap), false);
}

/// The model that is there to be taken.
fn taken(slot: &Slot) -> Option<Model> {
    slot.lock().unwrap().take()
}

/// Sockets that end now, each with a segment received.
fn end(desk: &mut Desk, count: usize) {
    let departed =
        Departed { holder: Holder::default(), peer: Some(IpAddr::from(PEER)), growth: Growth([0, 0, 1, 0, 0]) };
    (0..count).for_each(|_| desk.departures.add(departed));
}

/// What is shown when a round is over.
fn shown(desk: &mut Desk, slot: &Slot) -> Model {
    let view = View(Vec::new());
    desk.count(&view);
    desk.answer(&view);
    taken(slot).expect("an answer")
}

#[test]
fn ends_that_only_the_sums_of_all_have_are_told_of_their_interval() {
    let (mut desk, slot) = desk();
    let left_out = |model: &Model| model.completeness.iter().find(|said| said.contains("sums of all")).cloned();
    assert_eq!(left_out(&shown(&mut desk, &slot)), None);
    end(&mut desk, DEPARTED_MAX + 5_003);
    let model = shown(&mut desk, &slot);
    assert_eq!(left_out(&model).as_deref(), Some("5003 ends are only in the sums of all"));
    let all = desk.departures.sum[2];
    let of_peer =
        model.rows[0].cells.iter().find_map(|cell| if let Cell::Rate(rate) = cell { Some(*rate) } else { None });
    let share = of_peer.expect("its packets") / all;
    assert!((share - 20_000.0 / 25_003.0).abs() < 1e-6, "{share}: {:?}", model.rows);
    // Of the next interval it is no longer true.
    end(&mut desk, DEPARTED_MAX);
    assert_eq!(left_out(&shown(&mut desk, &slot)), None);
    end(&mut desk, DEPARTED_MAX + 1);
    assert_eq!(left_out(&shown(&mut desk, &slot)).as_deref(), Some("1 end is only in the sums of all"));
}

#[test]
fn a_socket_is_answered_once_it_was_looked_at() {
    let (mut desk, slot, keys) = asked_desk();
    let lives = Lives::new(false);
    let view = View(vec![&lives]);
    for (number, cookie) in [(8, 0x1234), (9, 0x4321)] {
        let id = Id { place: 0, cookie };
        let request = Request { number, detail: Some(id), paused: true, ..desk.request.clone() };
        ask(&mut desk, &keys, request);
        desk.answer_early(&view);
        assert_eq!(taken(&slot), None, "nothing was looked at, or another one");
        desk.look_closely(&view, None).expect("of one that is gone nobody is asked");
        desk.answer_early(&view);
        let model = taken(&slot).expect("an answer");
        assert_eq!((model.answers, model.detail.map(|detail| detail.id)), (number, Some(id)));
        desk.answer_early(&view);
        assert_eq!(taken(&slot), None, "it has its answer");
    }
}

#[test]
fn links_are_answered_once_they_were_looked_at() {
    let (mut desk, slot, keys) = asked_desk();
    let view = View(Vec::new());
    let request = Request { number: 8, pane: Pane::Links, paused: true, ..desk.request.clone() };
    ask(&mut desk, &keys, request.clone());
    desk.answer_early(&view);
    assert_eq!(taken(&slot), None, "there are none");
    desk.links = vec![Link::default(); 3];
    desk.answer_early(&view);
    let model = taken(&slot).expect("an answer");
    assert_eq!((model.answers, model.pane, model.total), (8, Pane::Links, 3));
    // Those at hand do for the next question.
    ask(&mut desk, &keys, Request { number: 9, ..request });
    desk.answer_early(&view);
    assert_eq!(taken(&slot).map(|model| (model.answers, model.total)), Some((9, 3)));
}

#[test]
fn what_needs_nothing_else_is_answered_at_once() {
    let (mut desk, slot, keys) = asked_desk();
    let view = View(Vec::new());
    desk.answer_early(&view);
    assert_eq!(taken(&slot), None, "nothing was asked");
    let request = Request { number: 8, pane: Pane::Listeners, ..desk.request.clone() };
    ask(&mut desk, &keys, request);
    desk.answer_early(&view);
    assert_eq!(taken(&slot).map(|model| (model.answers, model.pane)), Some((8, Pane::Listeners)));
}

#[test]
fn a_filter_holds_of_the_same_sockets_in_however_many_parts() {
    let mut lives = Lives::new(false);
    lives.begin_round(&[Protocol::Tcp], Time::from_secs(1));
    for cookie in 1..=23 {
        let end = |port| std::net::SocketAddr::from((PEER, port));
        let local = 7_000 + u16::try_from(cookie).expect("small");
        let row = bare::message(State::Established, end(local), end(443), cookie);
        lives.row(Protocol::Tcp, &row, Time::from_secs(1), &mut |_| {});
    }
    lives.end_round(true, Time::from_secs(1), &mut |_| {});
    let (mut desk, _) = desk();
    let view = View(vec![&lives]);
    let names = SystemNames { rows: Whence::Elsewhere };
    desk.filter_by("sport ge 7005 and sport le 7019".to_owned(), &names, &view);
    for parts in [1, 2, 3, 30] {
        desk.fit_in(parts, &view);
        let mut fitting: Vec<_> = desk.paces.fitting.iter().flatten().map(|id| id.cookie).collect();
        fitting.sort_unstable();
        assert_eq!(fitting, (5..=19).collect::<Vec<_>>(), "{parts}");
    }
}

#[test]
fn after_a_loss_the_interval_behind_the_one_in_which_it_was_made_good_is_whole() {
    let (mut desk, _) = desk();
    let view = View(Vec::new());
    let worth = |desk: &mut Desk| {
        desk.count(&view);
        desk.worth(&view)
    };
    desk.in_sync.sockets = true;
    assert_eq!(worth(&mut desk), Worth::Early, "one round is no interval, and nobody has looked for owners");
    desk.lookers = Lookers::looked();
    assert_eq!(worth(&mut desk), Worth::Whole);
    lose(&mut desk);
    desk.in_sync.sockets = false;
    assert_eq!(worth(&mut desk), Worth::Lossy);
    desk.in_sync.sockets = true;
    assert_eq!(worth(&mut desk), Worth::Lossy, "it is made good by now, and its interval lacks what was lost");
    assert_eq!(worth(&mut desk), Worth::Whole);
}

#[test]
fn a_filter_and_what_is_to_be_closed_do_not_wait_for_the_round() {
    let (mut desk, slot, keys) = asked_desk();
    let (say, said) = mpsc::channel();
    desk.outlet.say = Box::new(move |one| say.send(one).expect("it is heard"));
    let changes = Changes::open(None, b"").expect("a socket");
    let mut links = Links::new(0);
    let mut beside = Beside { before: &mut [], changes: &changes, links: &mut links, after: &mut [] };
    let gone = Id { place: 0, cookie: 0x1234 };
    for command in [Command::Filter("listening".into()), Command::Filter("=".into()), Command::Close(gone)] {
        keys.send(command).expect("the desk is there");
    }
    beside.answer(&Lives::new(false), &mut desk);
    let told: Vec<_> = said.try_iter().filter(|one| *one != Said::Model).collect();
    let [Said::FilterTaken(taken_text), Said::FilterRefused(mistake), Said::Closed(closed)] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((taken_text.as_str(), desk.filter.text.as_str()), ("listening", "listening"), "{mistake}");
    assert_eq!(closed, "the socket was gone already");
    assert_eq!(taken(&slot).map(|model| model.filter), Some("listening".to_owned()), "what fits is shown at once");
}

#[test]
fn what_a_filter_speaks_of_is_answered_once_it_was_asked_for() {
    let (mut desk, slot, keys) = asked_desk();
    let view = View(Vec::new());
    let names = SystemNames { rows: Whence::Elsewhere };
    // `INET_DIAG_TOS`, which is not always asked for.
    desk.filter_by("tos = 0x17".to_owned(), &names, &view);
    let always = crate::live::feed::EXTENSIONS;
    assert_eq!((desk.extensions.change(), desk.extensions.change()), (Some(always | 1 << 4), None));
    let request = Request { number: 8, paused: true, ..desk.request.clone() };
    ask(&mut desk, &keys, request);
    for _ in 0..2 {
        desk.answer_early(&view);
        desk.answer_counted(&view);
        assert_eq!(taken(&slot), None, "no row has it");
        desk.count(&view);
    }
    // Links are not filtered.
    desk.links = vec![Link::default(); 3];
    let request = Request { number: 9, pane: Pane::Links, ..desk.request.clone() };
    ask(&mut desk, &keys, request);
    desk.answer_early(&view);
    assert_eq!(taken(&slot).map(|model| model.answers), Some(9));
    // Another filter that speaks of it does not have it either, and one that does not waits for nothing.
    let request = Request { number: 10, pane: Pane::Connections, ..desk.request.clone() };
    ask(&mut desk, &keys, request);
    for (text, answered) in [("tos = 0x18", None), ("listening", Some(10))] {
        desk.filter_by(text.to_owned(), &names, &view);
        assert_eq!(desk.extensions.change(), None, "asked for already");
        desk.answer_early(&view);
        assert_eq!(taken(&slot).map(|model| model.answers), answered, "{text}");
    }
    // What is always asked for is in every row.
    desk.filter_by("rtt > 1ms".to_owned(), &names, &view);
    assert!(desk.extensions.change().is_none() && !desk.extensions.lack());
    desk.extensions.are_told();
    desk.filter_by("tos = 0x19".to_owned(), &names, &view);
    desk.answer_early(&view);
    assert_eq!(taken(&slot).map(|model| model.answers), Some(10));
    // Who is not paused sees what there is, that it is not all, and the next model too.
    desk.filter_by("class_id = 7".to_owned(), &names, &view);
    assert_eq!(desk.extensions.change(), Some(always | 1 << 4 | 1 << 5));
    desk.request.paused = false;
    desk.answer_early(&view);
    let model = taken(&slot).expect("no key waits for a round");
    assert!(model.completeness.iter().any(|said| said.contains("is being asked for")), "{model:?}");
}

#[test]
fn a_loss_of_changes_is_made_good_once_they_are_known_again() {
    let (mut desk, _) = desk();
    let view = View(Vec::new());
    (desk.in_sync.sockets, desk.in_sync.changes) = (true, false);
    desk.losses.add(losses::Kind::Changes(watch::Reason::Overrun), Some(63), SystemTime::now());
    let is_healed = |desk: &Desk| desk.losses.are_healed_before(Some(Duration::MAX));
    desk.count(&view);
    assert!(!is_healed(&desk), "a table is not read again");
    desk.in_sync.changes = true;
    desk.count(&view);
    assert!(is_healed(&desk));
}
