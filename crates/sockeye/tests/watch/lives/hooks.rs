//! `--on … --run …`: commands that events of sockets start.

use std::net::TcpListener;

use serde_json::json;
use sockeye_zoo::in_namespace;
use sockeye_zoo::skip::may_load_programs;

use super::*;
use crate::hooks::{output, outputs};

/// Says what it was told, as one line on stderr of the watch.
const TELL: &str = "echo $(cat | tr -d ' ') $SOCKEYE_JOINED $(env | grep ^SOCKEYE_ | sort)";

#[test]
fn an_end_starts_a_command_that_is_told_what_is_known_of_it() {
    in_namespace(|_| {
        let listeners = ["127.0.0.1:7001", "127.0.0.1:7002"].map(|at| TcpListener::bind(at).expect("free"));
        let on = "sockets closed and dport = 7001 and bytes_sent > 4000";
        let mut watching = start(&ENDS, &["-j", "--shell", "--on", on, "--run", TELL, "end = refused"]);
        for (listener, bytes) in [(&listeners[0], 20), (&listeners[1], 4321), (&listeners[0], 4321)] {
            let (mut client, mut server) = connect(listener);
            send(&mut client, &mut server, bytes);
            send(&mut server, &mut client, 77);
            let here = port(&client);
            drop(client);
            if bytes == 20 || listener.local_addr().expect("bound").port() == 7002 {
                continue;
            }
            let said = watching.complaint("hook 1 [");
            let said = output(&said);
            let (object, environment) = said.split_once("} ").expect("an object, then variables");
            let object: Value = serde_json::from_str(&format!("{object}}}")).expect("JSON");
            assert!(is(&object, "closed", here), "{object}");
            assert_eq!((&object["table"], &object["life"]["bytes_sent"]), (&json!("sockets"), &json!(4321)));
            let here = format!("SOCKEYE_LOCAL_PORT={here}");
            for variable in [
                "SOCKEYE_CHANGE=closed",
                "SOCKEYE_TABLE=sockets",
                "SOCKEYE_RESYNC=0",
                "SOCKEYE_PROTOCOL=tcp",
                "SOCKEYE_LOCAL_ADDRESS=127.0.0.1",
                here.as_str(),
                "SOCKEYE_PEER_PORT=7001",
                "SOCKEYE_KNOWN=end",
                "SOCKEYE_BYTES_SENT=4321",
                "SOCKEYE_BYTES_RECEIVED=77",
                "SOCKEYE_TCP_INFO_BYTES_ACKED=4323",
            ] {
                assert!(environment.split(' ').any(|other| other == variable), "no {variable} in {environment}");
            }
            assert!(environment.contains("SOCKEYE_NETNS=pid:"), "{environment}");
            // Fields that stand for others have no name there, and what has ended is in no state.
            for absent in [" SOCKEYE_=", " SOCKEYE_STATE=", " SOCKEYE_OLD_OLD"] {
                assert!(!environment.contains(absent), "{absent} in {environment}");
            }
        }
        watching.complaint("exit status: 0 after");
        let ended = watching.interrupt().with(0);
        // One run, and nothing of it in the stream, which has a filter of its own.
        assert_eq!(outputs(&ended.stderr, 1).len(), 2, "{}", ended.stderr);
        assert!(ended.objects().iter().all(|object| object["change"] != "closed"), "{}", ended.stdout);
        Ok(())
    });
}

#[test]
fn many_ends_are_one_run_after_they_are_over() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let on = ["--on", "closed dport = 7001", "--run", "printenv SOCKEYE_JOINED", "--debounce", "300ms"];
        let mut watching = start(&ENDS, &[&on[..], &["--limit", "10"]].concat());
        (0..5).for_each(|_| drop(connect(&listener)));
        let said = watching.complaint("hook 1 [");
        assert_eq!(output(&said), "5", "{said}");
        Ok(())
    });
}

#[test]
fn with_bpf_it_is_told_who_does_it_while_it_happens() {
    in_namespace(|_| {
        may_load_programs()?;
        let run = "printenv SOCKEYE_CHANGE SOCKEYE_PID SOCKEYE_PEER_PORT";
        let mut watching = start(&["sockets"], &["-j", "--on", "opened dport = 7001", "--run", run]);
        watching.object("that it is in sync", |object| object["change"] == "synced");
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let _open = connect(&listener);
        for wanted in ["opened".to_owned(), std::process::id().to_string(), "7001".to_owned()] {
            assert_eq!(output(&watching.complaint("hook 1 [")), wanted);
        }
        watching.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn a_hook_that_nothing_can_start_is_a_mistake_or_an_error() {
    in_namespace(|_| {
        let dumps = ["sockets", "--source", "dumps"];
        for (words, status, said) in [
            (&["--on", "links dev = lo", "--run", "true"][..], 2, "a watch of sockets is not told of tables"),
            (&["--on", "closed", "--run", "true", "--hold", "1s"], 2, "--hold is about records of tables"),
            (&["--on", "closed"], 2, "each --on needs its --run: there are 1 of the one and 0 of the other"),
            (&["--on", "closed and bytes_recieved > 3", "--run", "true"], 2, "bytes_received"),
            (&["--on", "unix", "--run", "true"], 2, "no such socket can fit"),
            (&["--on", "present", "--run", "true"], 2, "what was there at first starts nothing"),
            (&["--on", "closed", "--run", "'"], 2, "has a quote that is not closed"),
            (
                &["--on", "drop or retransmit", "--run", "true"],
                1,
                "hook 1 waits for retransmit, drop, which are not heard; not told: retransmit, reset, drop, error (--source dumps)",
            ),
        ] {
            let output = program(&[&dumps[..], words].concat()).output().expect("it runs");
            let text = String::from_utf8(output.stderr).expect("text");
            assert_eq!(output.status.code(), Some(status), "{words:?}: {text}");
            assert!(text.contains(said) && output.stdout.is_empty(), "{words:?}: {text}");
        }
        let output = program(&["--on", "sockets closed", "--run", "true"]).output().expect("it runs");
        let text = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("sockeye watch sockets --on FILTER --run COMMAND"), "{text}");
        Ok(())
    });
}
