//! `-K` closes what the same filter lists, and prints it.

use std::net::SocketAddr;

use sockeye_zoo::{Skip, Specimen, Zoo, in_namespace};

use crate::oracle::{Said, Side, Sides};

/// A connection, and the address of its server.
fn victim(zoo: &Zoo) -> Result<(Specimen, SocketAddr), Skip> {
    let specimen = zoo.tcp_established_v4()?;
    let server = specimen.expected("client").peer.expect("it is connected");
    Ok((specimen, server))
}

/// The end of the server: the other one goes with it.
fn listed(side: &Side, server: SocketAddr) -> Said {
    side.ask(&format!("ss -tnH state established sport = {}", server.port()))
}

fn killed(side: &Side, server: SocketAddr) -> Said {
    side.ask(&format!("ss -KtnH state established sport = {}", server.port()))
}

/// The words of rows without ports, which are others for each connection.
fn words(said: &Said) -> Vec<Vec<String>> {
    let without_port = |word: &str| word.rsplit_once(':').map_or(word, |(address, _)| address).to_owned();
    let mut rows: Vec<Vec<String>> =
        said.text.lines().map(|line| line.split_whitespace().map(without_port).collect()).collect();
    rows.sort();
    rows
}

pub(crate) fn what_is_closed_is_what_was_listed() {
    in_namespace(|zoo| {
        let sides = Sides::find(zoo)?;
        let (_first, to_them) = victim(zoo)?;
        let (_second, to_us) = victim(zoo)?;
        let (_third, left_alone) = victim(zoo)?;
        let before = listed(&sides.theirs, to_us);
        let theirs = killed(&sides.theirs, to_them);
        if listed(&sides.theirs, to_them).text.lines().count() > 0 {
            return Err(Skip::new("destroy", "this kernel closes no sockets (CONFIG_INET_DIAG_DESTROY)"));
        }
        let ours = killed(&sides.ours, to_us);
        assert_eq!(before.text.lines().count(), 1, "{}", before.text);
        assert_eq!(ours.text, before.text, "what was listed is not what was closed: {ours:?}");
        assert_eq!(words(&ours), words(&theirs));
        assert_eq!(ours.status, theirs.status);
        assert_eq!(listed(&sides.theirs, to_us).text, "");
        assert_eq!(listed(&sides.theirs, left_alone).text.lines().count(), 1);
        Ok(())
    });
}

/// Words of states within the expression are a part of it, whatever they would mean to the original.
pub(crate) fn states_in_the_expression_keep_the_others() {
    in_namespace(|zoo| {
        let ours = Sides::ours(zoo);
        let (_kept, server) = victim(zoo)?;
        let before = listed(&ours, server).text;
        assert!(!before.is_empty());
        for filter in ["'state time-wait'", "'sport gt 0 state close-wait'", "'time-wait or state last-ack'"] {
            let said = ours.ask(&format!("ss -tKnH {filter}"));
            assert_eq!(said.text, "", "{filter}");
            assert_eq!(listed(&ours, server).text, before, "{filter} has closed an established connection");
            let said = ours.ask(&format!("ss -tanH {filter}"));
            assert!(!said.text.contains("ESTAB") && !said.text.contains("LISTEN"), "{filter}: {}", said.text);
        }
        Ok(())
    });
}

pub(crate) fn what_is_closed_is_a_document_too() {
    in_namespace(|zoo| {
        let ours = Sides::ours(zoo);
        let (_closed, server) = victim(zoo)?;
        let before = listed(&ours, server).text.lines().count();
        let said = ours.ask(&format!("ss -Kt --json state established sport = {}", server.port()));
        let document: serde_json::Value = serde_json::from_str(&said.text).expect("JSON");
        let sockets = document["sockets"].as_array().expect("a list");
        if sockets.is_empty() {
            return Err(Skip::new("destroy", "this kernel closes no sockets (CONFIG_INET_DIAG_DESTROY)"));
        }
        assert_eq!(sockets.len(), before, "{document}");
        assert!(sockets.iter().all(|socket| socket["local_port"] == server.port()), "{document}");
        assert_eq!(document["refused"], serde_json::json!([]));
        assert_eq!(listed(&ours, server).text, "");
        Ok(())
    });
}
