//! Losses: counted, told, made good.

use std::cell::Cell;
use std::net::TcpListener;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use serde_json::{Value, json};
use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::Received;
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::may_load_programs;

use super::*;

/// A queue of a few messages.
const SMALL: [&str; 3] = ["-j", "--receive-buffer", "5000"];
/// Connections that are made while nobody reads, each with two ends.
const MADE: u64 = 300;

/// `SKNLGRP_INET_TCP_DESTROY` (include/uapi/linux/sock_diag.h).
const TCP_DESTROY: u32 = 1;

/// Who hears of ends too. The kernel tells of them in its own time, from a worker (net/core/sock_diag.c,
/// `sock_diag_broadcast_destroy`): what this one has heard, everybody was told, or lost.
pub(crate) struct Witness {
    socket: Socket,
    buffer: Buffer,
    heard: u64,
}

impl Witness {
    pub(crate) fn new() -> Self {
        let mut socket = Socket::open(Protocol::SockDiag).expect("a socket");
        socket.join(TCP_DESTROY).expect("everybody may");
        Self { socket, buffer: Buffer::new(), heard: 0 }
    }

    /// Waits until so many ends were told in all.
    pub(crate) fn hear(&mut self, all: u64) {
        while self.heard < all {
            poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], None).expect("polled");
            match self.socket.try_receive(&mut self.buffer).expect("received") {
                Received::Datagram(_) => self.heard += 1,
                Received::Empty => {}
                lost => panic!("{lost:?}"),
            }
        }
    }
}

/// Makes connections, each of which ends, and waits until the kernel has told so.
fn made(listener: &TcpListener) {
    let mut witness = Witness::new();
    for made in 1..=MADE {
        drop(connect(listener));
        // Its own queue has room for these at least.
        witness.hear((2 * made).saturating_sub(50));
    }
    witness.hear(2 * MADE);
}

/// Ends that were told as they happened, and ends of which it was told that they were lost.
fn ends(object: &Value) -> (u64, u64) {
    // What made the namespace had sockets of UDP, of whose ends the kernel may tell late.
    let is_ours = object["key"]["protocol"] == "tcp";
    let is_end = is_ours && object["change"] == "closed" && object.get("resync").is_none();
    (u64::from(is_end), object["lost"].as_u64().unwrap_or(0))
}

#[test]
fn what_was_lost_and_what_was_told_is_what_happened() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let (mut client, mut server) = connect(&listener);
        let mut watching = start(&ENDS, &SMALL);
        watching.stop();
        made(&listener);
        watching.signal(Signal::CONT);
        let sums = Cell::new((0, 0));
        watching.object("all of them", |object| {
            let ((told, lost), (one, some)) = (sums.get(), ends(object));
            sums.set((told + one, lost + some));
            told + one + lost + some == 2 * MADE
        });
        watching.object("that it is in sync", |object| object["change"] == "synced");
        let (told, lost) = sums.get();
        assert!(told > 0 && lost > 0, "{told} told, {lost} lost");
        // What goes on is told as before.
        send(&mut client, &mut server, 4321);
        let here = port(&client);
        drop(client);
        let closed = watching.object("an end", |object| is(object, "closed", here));
        assert_eq!((&closed["life"]["known"], &closed["life"]["bytes_sent"]), (&json!("found"), &json!(4321)));
        let objects = watching.interrupt().with(0).objects();
        let gaps: Vec<_> = objects.iter().filter(|object| object["change"] == "gap").collect();
        assert_eq!((&gaps[0]["reason"], &gaps[0]["tables"]), (&json!("overrun"), &json!(["sockets"])));
        assert!(gaps[0]["since"].as_str() <= gaps[0]["time"].as_str(), "{}", gaps[0]);
        let (told, lost) = objects.iter().map(ends).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert_eq!(told + lost, 2 * MADE + 1, "{told} told, {lost} lost");
        Ok(())
    });
}

#[test]
fn an_end_that_was_lost_is_found_by_asking_and_marked() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let kept: Vec<_> = (0..20).map(|_| connect(&listener)).collect();
        let mut watching = start(&ENDS, &SMALL);
        watching.stop();
        made(&listener);
        // The queue is full by now: of these ends nobody is told.
        let ports: Vec<u16> = kept.iter().map(|(client, _)| port(client)).collect();
        let mut witness = Witness::new();
        drop(kept);
        witness.hear(40);
        watching.signal(Signal::CONT);
        let mut found = 0;
        for _ in 0..40 {
            let closed = watching.object("an end", |object| object["resync"] == true);
            assert_eq!((&closed["change"], &closed["life"]["known"]), (&json!("closed"), &json!("found")), "{closed}");
            let ends = [&closed["key"]["local_port"], &closed["key"]["peer_port"]];
            assert!(ends.iter().any(|end| ports.iter().any(|port| **end == *port)), "{closed}");
            found += 1;
        }
        assert_eq!(found, 40);
        watching.object("that it is in sync", |object| object["change"] == "synced");
        let objects = watching.interrupt().with(0).objects();
        assert_eq!(objects.iter().filter(|object| object["resync"] == true).count(), 40);
        Ok(())
    });
}

#[test]
fn lines_say_the_same() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut watching = start(&ENDS, &["--receive-buffer", "5000"]);
        watching.stop();
        made(&listener);
        watching.signal(Signal::CONT);
        let gap = watching.line(" gap: ");
        let words: Vec<_> = gap.split(' ').skip(1).collect();
        assert!(matches!(words[..], ["sockets", "gap:", _, "events", "lost", "since", _]), "{gap}");
        let lost: u64 = words[2].parse().expect("a number");
        assert!(lost > 0 && lost < 2 * MADE, "{gap}");
        assert!(watching.line(" synced").ends_with(" sockets synced"));
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_gap_that_is_open_at_the_end_is_status_3() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let watching = start(&ENDS, &SMALL);
        watching.stop();
        made(&listener);
        // One round of dumps is not enough to make it good, and there is no time for another.
        watching.signal(Signal::INT);
        watching.signal(Signal::CONT);
        let objects = watching.ended().with(3).objects();
        let last = objects.iter().rev().find(|object| matches!(object["change"].as_str(), Some("gap" | "synced")));
        assert_eq!(last.expect("a gap")["reason"], "overrun");
        Ok(())
    });
}

#[test]
fn a_ring_that_was_asked_to_be_small_is_and_what_had_no_room_is_counted_and_found_again() {
    in_namespace(|_| {
        may_load_programs()?;
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut watching =
            start(&["sockets", "--source", "bpf", "--events", "state"], &["-j", "--receive-buffer", "8192"]);
        watching.object("that it is in sync", |object| object["change"] == "synced");
        watching.stop();
        let kept: Vec<_> = (0..MADE).map(|_| connect(&listener)).collect();
        watching.signal(Signal::CONT);
        let gap = watching.object("that some had no room", |object| object["change"] == "gap");
        // Of each connection the kernel tells four changes at least, and 44 records of 184 bytes have room.
        assert!(gap["lost"].as_u64() >= Some(4 * MADE - 44), "{gap}");
        assert_eq!(gap["reason"], "ring-full");
        watching.object("that it is in sync again", |object| object["change"] == "synced");
        let last = port(&kept[kept.len() - 1].0);
        let objects = watching.interrupt().with(0).objects();
        let found = objects.iter().find(|object| object["key"]["local_port"] == last);
        assert_eq!(found.map(|object| &object["resync"]), Some(&json!(true)), "a dump found it");
        Ok(())
    });
}
