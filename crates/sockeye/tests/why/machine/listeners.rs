//! Listeners that take no more.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::fd::OwnedFd;

use sockeye_zoo::in_namespace;

use super::{AFTER, WATCH, begin, finding, listener, own_name, provoked, said, set, while_looking, why};
use crate::deferring::Deferring;
use crate::reach::wait_until;
use crate::support::sockeye;
use crate::unanswered::drop_on;

/// How many wait to be accepted, and how many are half-open.
fn wait_for(port: u16, states: &str, count: usize) {
    wait_until(|| {
        let output = sockeye(&["sockets", "-H", &format!("{states} and sport = {port}")]);
        String::from_utf8_lossy(&output.stdout).lines().count() == count
    });
}

#[test]
fn a_queue_is_named_before_it_is_full_and_then_what_it_turned_away() {
    in_namespace(|_| {
        let _listener = listener(7011, 5);
        let mut waiting: Vec<OwnedFd> = (0..4).map(|_| begin(7011)).collect();
        wait_for(7011, "established", 4);
        let answer = why();
        let (subject, evidence) = said(&answer, "accept-queue-near-its-limit");
        assert_eq!(subject, "127.0.0.1:7011");
        let numbers = ["accept_queue", "accept_queue_limit", "drops"].map(|name| evidence[name].as_u64());
        assert_eq!(numbers, [Some(4), Some(5), Some(0)]);
        assert!(evidence["owner"].as_str().is_some_and(|owner| owner.ends_with(&own_name())), "{evidence}");
        assert!(finding(&answer, "listen-drops").is_none(), "{answer:#}");

        // The kernel takes one more than the limit.
        waiting.extend((0..2).map(|_| begin(7011)));
        wait_for(7011, "established", 6);
        // What the machine counts and what the listener does are read one after the other: a look may be between the two.
        let turned_away = [("listen-drops", "grown", 7), ("accept-queue-full", "drops", 7)];
        // Whoever gives up at once asks once.
        let answer = provoked(&turned_away, || drop((0..7).map(|_| begin(7011)).collect::<Vec<_>>()));
        let (subject, evidence) = said(&answer, "accept-queue-full");
        let numbers = ["accept_queue", "accept_queue_limit", "drops"].map(|name| evidence[name].as_u64());
        assert_eq!((subject, numbers), ("127.0.0.1:7011", [Some(6), Some(5), Some(7)]), "{answer:#}");
        let (subject, evidence) = said(&answer, "listen-drops");
        assert_eq!((subject, &evidence["grown"]), ("TcpExt.ListenDrops", &7.into()));
        Ok(())
    });
}

#[test]
fn a_queue_of_those_that_are_half_open_takes_no_more() {
    in_namespace(|_| {
        set("ipv4/tcp_syncookies", "0");
        let _listener = listener(7012, 3);
        // Whoever asks gets no answer: it is lost on the way, where the kernel does not know of it and asks again.
        drop_on("input", "tcp sport 7012")?;
        drop((0..4).map(|_| begin(7012)).collect::<Vec<_>>());
        wait_for(7012, "syn-recv", 4);
        let answer =
            provoked(&[("syn-queue-full", "grown", 9)], || drop((0..9).map(|_| begin(7012)).collect::<Vec<_>>()));
        let (subject, evidence) = said(&answer, "syn-queue-full");
        assert_eq!((subject, &evidence["grown"]), ("TcpExt.TCPReqQFullDrop", &9.into()));
        // The kernel counts those at the listener too, whose accept queue is empty.
        assert!(finding(&answer, "accept-queue-full").is_none(), "{answer:#}");
        Ok(())
    });
}

#[test]
fn who_waits_for_data_before_it_accepts_turns_nobody_away() {
    in_namespace(|_| {
        let _listener = Deferring::listen(7013)?;
        let come = |count| {
            for _ in 0..count {
                TcpStream::connect("127.0.0.1:7013").expect("it listens").write_all(b"data").expect("sent");
            }
        };
        // Each brings a packet without data first, which the listener drops.
        come(3);
        wait_for(7013, "listening and skmem.drops = 3", 1);
        let answer = (1..=5).map(|times| {
            let answer = while_looking(WATCH, AFTER, || come(20));
            wait_for(7013, &format!("listening and skmem.drops = {}", 3 + 20 * times), 1);
            answer
        });
        let whole = answer.into_iter().find(|answer| answer["whole"] == true).expect("a look at everything in five");
        assert!(finding(&whole, "accept-queue-full").is_none(), "{whole:#}");
        Ok(())
    });
}
