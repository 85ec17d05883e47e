//! What the line about completeness says.

use std::net::IpAddr;
use std::sync::{Arc, mpsc};

use super::super::groups::DEPARTED_MAX;
use super::super::pace::Growth;
use super::*;
use crate::top::model::{Cell, Grouping, Pane, Sort};

/// The other end of all that end here.
const PEER: [u8; 4] = [203, 0, 113, 9];

/// A desk that shows peers, and where its models are.
fn desk() -> (Desk, Slot) {
    let (_, commands) = mpsc::channel();
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
    let filter = (Expression::always(), String::new());
    let desk = Desk::new(commands, outlet, request, filter, Lookers::new(false), Vec::new(), Duration::from_secs(2));
    (desk, slot)
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
    slot.lock().unwrap().take().expect("an answer")
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
