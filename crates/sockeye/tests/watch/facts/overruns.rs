//! What is lost when a queue or a buffer is too small.

use sockeye_conn::Buffer;
use sockeye_state::Received;
use sockeye_state::watch::{Origin, Reason, Verb};
use sockeye_wire::Kind;
use sockeye_wire::rtnetlink::*;
use sockeye_zoo::in_namespace;

use super::*;
use crate::asked::*;
use crate::driver::{Driver, Said, Witness};
use crate::ending::routes;

#[test]
fn an_overrun_is_said_once_and_before_older_messages_and_what_comes_before_the_queue_is_empty_is_lost_in_silence() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut driver = Driver::new(&[Table::Routes], 20_000);
        driver.calm();
        let witness = Witness::new(&driver.engine.groups());
        let before = driver.engine.counters().datagrams;
        let mut events = route_socket();
        events.set_receive_buffer(20_000).expect("a small one");
        events.join(RTNLGRP_IPV4_ROUTE).expect("everybody may");
        let mut buffer = Buffer::new();

        let all: Vec<_> = routes(700).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all[..500]), 0);
        let lost = events.drops().expect("a kernel of this decade");
        assert!(lost > 400, "{lost}");
        // First the loss, then what is older than it.
        assert!(matches!(events.try_receive(&mut buffer), Ok(Received::Overrun)));
        for _ in 0..5 {
            assert!(matches!(events.try_receive(&mut buffer), Ok(Received::Datagram(_))));
        }
        // There is room, and still everything is dropped, and nobody is told.
        assert_eq!(asker.all(&all[500..600]), 0);
        assert_eq!(events.drops(), Some(lost + 100));
        let mut read = 5;
        loop {
            match events.try_receive(&mut buffer).expect("received") {
                Received::Datagram(_) => read += 1,
                Received::Empty => break,
                other => panic!("{other:?} again"),
            }
        }
        assert_eq!(read + lost + 100, 600);
        // Now it was empty, and can lose again.
        assert_eq!(asker.all(&all[600..]), 0);
        assert!(events.drops() > Some(lost + 100));
        assert!(matches!(events.try_receive(&mut buffer), Ok(Received::Overrun)));

        driver.calm();
        let gaps = driver.gaps();
        assert!(matches!(driver.said.last(), Some(Said::Synced)), "{:?}", driver.said.last());
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!(gaps[0].reason, Reason::Overrun);
        let counters = driver.engine.counters();
        assert_eq!(gaps[0].lost, Some(counters.lost));
        assert_eq!(
            counters.datagrams - before + counters.lost,
            witness.end(),
            "what was read and what was lost is all there was"
        );
        let is_ours = |said: &&Said| matches!(said, Said::Change { new: Some(new), .. } if new[..2] == [AF_INET, 32]);
        assert_eq!(driver.said.iter().filter(is_ours).count(), 700, "each of them once, however it was found");
        Ok(())
    });
}

/// Between the loss and the empty queue the driver of a mirror must not dump.
#[test]
fn what_is_lost_while_the_loss_is_being_read_is_found_all_the_same() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let mut driver = Driver::new(&[Table::Routes], 20_000);
        driver.calm();
        let all: Vec<_> = routes(600).map(|route| route.add(CREATE)).collect();
        assert_eq!(asker.all(&all[..500]), 0);
        let mut more = Some(&all[500..]);
        // The first datagram of the dump that repairs it comes after everything older was read.
        driver.settle(&mut |_, _| {
            if let Some(more) = more.take() {
                assert_eq!(asker.all(more), 0);
            }
        });
        assert!(more.is_none());
        assert_eq!(driver.records(Table::Routes).iter().filter(|route| route[1] == 32 && route[7] == 1).count(), 600);
        Ok(())
    });
}

#[test]
fn a_buffer_that_shrinks_cuts_a_dump_and_what_was_cut_is_not_gone() {
    in_namespace(|_| {
        let mut asker = Asker::new();
        fill(&mut asker);
        let socket = route_socket();
        let mut dump = Asked::of(&socket, &get(Table::Links, AF_UNSPEC), 65_536);
        let (mut rows, _) = dump.next();
        dump.buffer.truncate(8192);
        let mut cut = 0;
        while rows.last().is_none_or(|row| row.kind != Kind::Done) {
            let (more, was_cut) = dump.next();
            rows.extend(more);
            cut += u32::from(was_cut);
        }
        assert!(cut > 0 && rows.len() < 2 * LINKS as usize, "{cut} of the datagrams, {} rows", rows.len());

        let mut shrink = Driver::new(&[Table::Links, Table::Rules], 20_000);
        shrink.calm();
        // A loss makes it dump again.
        let mtus: Vec<_> = (0..40).map(|number| set_mtu(100, 1300 + number)).collect();
        assert_eq!(asker.all(&mtus), 0);
        shrink.answer_len = 8192;
        shrink.steps(60);
        assert!(shrink.reopened > 0, "a dump that was cut is given up");
        shrink.answer_len = 65_536;
        shrink.calm();
        assert_eq!(shrink.count(Table::Links, Verb::Removed, Origin::Resync), 0, "what was cut off is not gone");
        assert_eq!(shrink.records(Table::Links).len(), 2 * LINKS as usize + 1);
        Ok(())
    });
}
