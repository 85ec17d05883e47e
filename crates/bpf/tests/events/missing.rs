//! Kernels that lack something: the types of this one, in which a name is another.

use std::net::TcpListener;

use sockeye_bpf::{
    Btf, Cause,
    events::{Event, EventKind, EventOptions, SocketEvents},
};
use sockeye_zoo::in_namespace;

use crate::support::{beside_others, nothing, until};

/// The kernel's types without these names.
fn types_without(names: &[&str]) -> Btf {
    let mut bytes = std::fs::read("/sys/kernel/btf/vmlinux").expect("readable by everybody");
    for name in names {
        let whole = [b"\0", name.as_bytes(), b"\0"].concat();
        let places: Vec<_> = (0..bytes.len() - whole.len()).filter(|&at| bytes[at..].starts_with(&whole)).collect();
        assert_eq!(places.len(), 1, "{name} stands once among the strings");
        bytes[places[0] + 1] = b'?';
    }
    Btf::from_bytes(bytes).expect("types as before")
}

fn everything() -> EventOptions {
    EventOptions { new_states: u32::MAX, retransmits: true, resets: true, drops: true, errors: true, ..nothing() }
}

/// What is missing: kind, tracepoint, what the kernel has not.
fn missing(events: &SocketEvents) -> Vec<(EventKind, &'static str, String)> {
    let lacks = |cause: &Cause| match cause {
        Cause::Missing(what) => what.clone(),
        other => panic!("{other:?}"),
    };
    events.missing().iter().map(|one| (one.kind, one.tracepoint, lacks(&one.error.cause))).collect()
}

#[test]
fn what_the_kernel_has_is_told_and_what_it_lacks_is_named() {
    in_namespace(|_| {
        beside_others()?;
        let whole = SocketEvents::open(&types_without(&[]), &everything()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(missing(&whole), []);
        // One tracepoint is not there, one gives no reason with what it drops.
        let types = types_without(&["btf_trace_tcp_send_reset", "skb_drop_reason"]);
        let mut events = SocketEvents::open(&types, &everything()).unwrap_or_else(|error| panic!("{error}"));
        let expected = [
            (EventKind::Reset, "tcp_send_reset", "tracepoint tcp_send_reset".to_owned()),
            (EventKind::Drop, "kfree_skb", "argument skb_drop_reason".to_owned()),
        ];
        assert_eq!(missing(&events), expected);
        let told = EventKind::ALL.map(|kind| events.tells(kind));
        assert_eq!(told, [true, true, true, false, true], "a reset that is received is told of");
        let address = TcpListener::bind("127.0.0.1:0").expect("loopback").local_addr().expect("bound");
        std::net::TcpStream::connect(address).expect_err("nobody listens");
        let (mut listened, mut refused, mut received) = (false, false, false);
        until(&mut events, |event| {
            match event {
                Some(Event::State(change)) => listened |= change.new_state == 10,
                Some(Event::Error(error)) => refused |= error.error == 111,
                Some(Event::Reset(reset)) => {
                    assert_eq!(reset.direction, sockeye_bpf::events::Direction::Received);
                    received = true;
                }
                Some(other) => panic!("{other:?}"),
                None => {}
            }
            listened && refused && received
        });
        Ok(())
    });
}

#[test]
fn where_nothing_of_what_is_wanted_is_there_the_first_reason_is_the_error() {
    in_namespace(|_| {
        beside_others()?;
        let options = EventOptions { new_states: 1 << 7, drops: true, ..nothing() };
        let types = types_without(&["btf_trace_inet_sock_set_state", "btf_trace_kfree_skb"]);
        let error = SocketEvents::open(&types, &options).expect_err("there is nothing to attach to");
        assert!(error.to_string().ends_with("this kernel has no tracepoint inet_sock_set_state"), "{error}");
        assert_eq!(error.capability(), None);
        Ok(())
    });
}
