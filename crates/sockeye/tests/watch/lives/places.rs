//! Where it is watched, and who may.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::json;
use sockeye_zoo::in_namespace;
use std::os::fd::AsFd as _;

use super::*;
use crate::namespaces::Elsewhere;
use crate::unprivileged::as_nobody;

/// Listens in a namespace that has a name where that program is.
fn listen(elsewhere: &Elsewhere, name: &str, port: u16) -> TcpListener {
    let root = PathBuf::from(format!("/proc/{}/root", elsewhere.program()));
    let place = File::open(root.join("run/netns").join(name)).expect("it has a name");
    std::thread::scope(|scope| {
        let listens = scope.spawn(|| {
            move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network)).expect("permitted");
            TcpListener::bind(("0.0.0.0", port)).expect("free")
        });
        listens.join().expect("it listens")
    })
}

#[test]
fn sockets_of_all_namespaces_are_told_also_of_those_that_come_and_go() {
    in_namespace(|_| {
        let mut all = Elsewhere::start(&[&ROUNDS[..], &["-N", "all", "-j"]].concat())?;
        let old = listen(&all, "old", 7001);
        let here = TcpListener::bind("127.0.0.1:7001").expect("free");
        // Which of them is seen first is not said.
        let mut found = [(); 2].map(|()| all.watching.object("a listener", |object| is(object, "listening", 7001)));
        found.sort_by_key(|object| object["netns"] != "old");
        let cookies = found.each_ref().map(|object| &object["key"]["cookie"]);
        assert_eq!((&found[0]["netns"], found[1]["netns"] == "old"), (&json!("old"), false), "{found:?}");
        assert_ne!(cookies[0], cookies[1]);
        all.ip("netns add new");
        all.watching.object("the beginning", |object| object["netns"] == "new" && object["change"] == "synced");
        let new = listen(&all, "new", 7003);
        let found = all.watching.object("a listener", |object| is(object, "listening", 7003));
        assert_eq!(found["netns"], "new");
        // Its sockets end with it, and then it does.
        drop(new);
        all.watching.object("its end", |object| is(object, "closed", 7003));
        all.ip("netns del new");
        let gone = all.watching.object("the end", |object| object["change"] == "gap");
        assert_eq!((&gone["netns"], &gone["reason"]), (&json!("new"), &json!("namespace-gone")), "{gone}");
        drop(old);
        let closed = all.watching.object("the old one is still followed", |object| is(object, "closed", 7001));
        assert_eq!((&closed["netns"], &closed["key"]["cookie"]), (&json!("old"), cookies[0]));
        drop(here);
        all.interrupt().with(0);
        Ok(())
    });
}

#[test]
fn the_namespace_that_is_followed_by_name_ends_it_when_it_is_gone() {
    in_namespace(|_| {
        let mut old = Elsewhere::start(&[&ROUNDS[..], &["-N", "old", "-j"]].concat())?;
        drop(listen(&old, "old", 7001));
        let listener = listen(&old, "old", 7002);
        old.watching.object("a listener", |object| is(object, "listening", 7002));
        drop(listener);
        old.watching.object("its end", |object| is(object, "closed", 7002));
        // It ends at once, and everything in its namespace of processes with it.
        old.try_ip("netns del old");
        let objects = old.watching.ended().with(3).objects();
        assert_eq!(objects.last().expect("some")["reason"], "namespace-gone", "{objects:?}");
        Ok(())
    });
}

#[test]
fn nobody_may_watch_the_sockets_of_everybody() {
    in_namespace(|zoo| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut nobody = as_nobody(zoo)?;
        let mut watching = Watching::of(nobody.arg("watch").args(ENDS).arg("-j"));
        let (mut client, mut server) = connect(&listener);
        send(&mut client, &mut server, 4321);
        let here = port(&client);
        drop(client);
        let closed = watching.object("an end", |object| is(object, "closed", here));
        assert_eq!(closed["life"]["bytes_sent"], 4321);
        watching.interrupt().with(0);

        // Without being asked for it, it takes what it may have.
        let mut nobody = as_nobody(zoo)?;
        let mut watching = Watching::of(nobody.args(["watch", "sockets"]));
        assert!(watching.complaints().iter().any(|said| said.contains("from destroy-groups and dumps")));
        let here = port(&connect(&listener).0);
        watching.line(&format!("closed tcp 127.0.0.1:{here} 127.0.0.1:7001 "));
        watching.interrupt().with(0);
        let output = as_nobody(zoo)?.args(["watch", "sockets", "--source", "bpf"]).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("CAP_BPF"), "{}: {said}", output.status);
        Ok(())
    });
}
