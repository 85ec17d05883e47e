//! Without BPF, with a kernel that lacks a tracepoint, and words that ask for what cannot be.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use serde_json::json;
use sockeye_zoo::{Zoo, in_namespace};

use super::*;
use crate::unprivileged::as_nobody;
use crate::watching::program;

#[test]
fn what_only_the_kernel_s_own_events_tell_is_an_error_where_it_was_asked_for_and_may_not_be_had() {
    in_namespace(|zoo| {
        let output =
            as_nobody(zoo)?.args(["watch", "sockets", "--events", "state,drop,reset"]).output().expect("it runs");
        let sentence = String::from_utf8(output.stderr).expect("text");
        assert_eq!((output.status.code(), sentence.lines().count()), (Some(1), 1), "{sentence}");
        assert!(sentence.contains("cannot tell of reset, drop: ") && sentence.contains("CAP_BPF"), "{sentence}");
        // What nobody asked for by name is missing, and the rest goes on.
        let mut nobody = as_nobody(zoo)?;
        let mut watching = Watching::of(nobody.args(["watch", "sockets", "-j"]));
        let _listener = TcpListener::bind("127.0.0.1:7081").expect("free");
        watching.object("a listener", |object| object["change"] == "listening");
        let first = &watching.complaints()[0];
        assert!(
            first.contains("; not told: retransmit, reset, drop, error (needs CAP_BPF and CAP_PERFMON)"),
            "{first}"
        );
        let owners = "processes not permitted (needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH)";
        assert!(first.contains("; owners in part: ") && first.contains(owners), "{first}");
        let ended = watching.interrupt().with(0);
        let sources: Vec<_> = ended.objects().into_iter().filter(|object| object["change"] == "sources").collect();
        for sources in &sources {
            assert_eq!(sources["events"], json!(["state"]));
            assert_eq!(sources["not_told"][0]["events"], json!(["retransmit", "reset", "drop", "error"]), "{sources}");
        }
        let [_, sources] = &sources[..] else { panic!("at first, and when it is in sync: {sources:?}") };
        assert_eq!(sources["owner_source"], "proc");
        assert!(sources["owners_unknown"].as_str().is_some_and(|why| why.contains(owners)), "{sources}");
        Ok(())
    });
}

#[test]
fn words_that_ask_for_what_cannot_be_are_one_sentence() {
    in_namespace(|_| {
        for (words, said) in [
            (
                &["sockets", "--source", "dumps", "--events", "state,error"][..],
                "tell of error: leave out --source dumps",
            ),
            (&["sockets", "--events", "drop,reset", "closed"], "nothing of what --events names can fit"),
            (&["links", "--events", "drop"], "--events is about sockets"),
            (&["sockets", "--events", "drip"], "possible values: state, retransmit, reset, drop, error"),
            (&["sockets", "drop and reson = NO_SOCKET"], "did you mean `reason`?"),
        ] {
            let output = program(words).output().expect("it runs");
            let text = String::from_utf8(output.stderr).expect("text");
            assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
            assert!(text.contains(said) && output.stdout.is_empty(), "{words:?}: {text}");
        }
        let watching = Watching::start(&["sockets", "--source", "dumps", "--events", "state"]);
        let first = watching.complaints()[0].clone();
        assert!(!first.contains("not told"), "all that was asked for is told: {first}");
        watching.interrupt().with(0);
        let watching = Watching::start(&["sockets", "--source", "dumps"]);
        let first = watching.complaints()[0].clone();
        assert!(first.ends_with("; not told: retransmit, reset, drop, error (--source dumps)"), "{first}");
        watching.interrupt().with(0);
        Ok(())
    });
}

/// The kernel's types without these names, in a file.
fn types_without(zoo: &Zoo, names: &[&str]) -> PathBuf {
    let mut bytes = std::fs::read("/sys/kernel/btf/vmlinux").expect("readable by everybody");
    for name in names {
        let whole = [b"\0", name.as_bytes(), b"\0"].concat();
        let at = bytes.windows(whole.len()).position(|window| window == whole);
        bytes[at.unwrap_or_else(|| panic!("{name} is not there")) + 1] = b'?';
    }
    let path = zoo.directory().join("types");
    std::fs::write(&path, bytes).expect("a directory of ours");
    path
}

/// The watch where these types stand for the kernel's.
fn with_types(types: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$0\" /sys/kernel/btf/vmlinux && exec \"$@\"";
    command.args(["--mount", "sh", "-c", script]).arg(types).arg(env!("CARGO_BIN_EXE_sockeye")).arg("watch");
    command.args(arguments);
    command
}

#[test]
fn a_kernel_without_a_tracepoint_tells_the_rest_and_what_is_missing_is_named() {
    in_namespace(|zoo| {
        may_load_programs()?;
        let types = types_without(zoo, &["btf_trace_tcp_send_reset", "btf_trace_kfree_skb"]);
        let mut watching = Watching::of(&mut with_types(&types, &["sockets", "-j", "--interval", "1h"]));
        let first = watching.complaints()[0].clone();
        assert!(first.contains("from bpf and destroy-groups and dumps"), "{first}");
        for (kind, tracepoint) in [("reset", "tcp_send_reset"), ("drop", "kfree_skb")] {
            assert!(first.contains(&format!("{kind} (cannot attach the BPF program {tracepoint}: ")), "{first}");
        }
        TcpStream::connect("127.0.0.1:7081").expect_err("nobody listens");
        let closed = watching.object("its end", |object| object["change"] == "closed");
        assert_eq!((&closed["life"]["end"], &closed["life"]["known"]), (&json!("refused"), &json!("birth")));
        let objects = watching.interrupt().with(0).objects();
        let resets: Vec<_> = objects.iter().filter(|object| object["change"] == "reset").collect();
        assert!(resets.iter().all(|reset| reset["incident"]["direction"] == "received"), "{resets:?}");
        assert_eq!((resets.len(), objects.iter().filter(|object| object["change"] == "drop").count()), (1, 0));
        // Half of what was asked for by name is status 3, nothing of it an error.
        let half = Watching::of(&mut with_types(&types, &["sockets", "--events", "reset"]));
        half.interrupt().with(3);
        let output = with_types(&types, &["sockets", "--events", "drop"]).output().expect("it runs");
        let sentence = String::from_utf8(output.stderr).expect("text");
        assert_eq!((output.status.code(), sentence.lines().count()), (Some(1), 1), "{sentence}");
        assert!(
            sentence.contains("cannot tell of drop: ") && sentence.contains("no tracepoint kfree_skb"),
            "{sentence}"
        );
        Ok(())
    });
}

#[test]
fn a_kernel_without_changes_of_state_is_asked_by_dumps_and_tells_the_others() {
    in_namespace(|zoo| {
        may_load_programs()?;
        let types = types_without(zoo, &["btf_trace_inet_sock_set_state"]);
        let mut watching = Watching::of(&mut with_types(&types, &["sockets", "-j", "--interval", "50ms"]));
        let listener = TcpListener::bind("127.0.0.1:7081").expect("free");
        let listening = watching.object("a listener", |object| object["change"] == "listening");
        assert_eq!(listening["life"]["known"], "found", "it was found by a dump");
        drop(listener);
        TcpStream::connect("127.0.0.1:7081").expect_err("nobody listens");
        watching.object("an error", |object| object["incident"]["error"] == "ECONNREFUSED");
        watching.interrupt().with(0);
        let output = with_types(&types, &["sockets", "--source", "bpf"]).output().expect("it runs");
        let sentence = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{sentence}");
        assert!(sentence.contains("no tracepoint inet_sock_set_state"), "{sentence}");
        Ok(())
    });
}
