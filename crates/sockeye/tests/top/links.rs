//! The pane of links, beside what was done to each.

use std::collections::HashMap;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sockeye_zoo::{Skip, WireEnd, in_namespace};

use crate::once::{text, top};

fn run(program: &str, words: &str) -> Result<(), Skip> {
    let output = Command::new(program).args(words.split_whitespace()).output();
    let output = output.map_err(|error| Skip::new(format!("program:{program}"), error.to_string()))?;
    assert!(output.status.success(), "{program} {words}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// A socket that sends over `device`, which has the network 10.`net`.0.0/24, to somebody whose hardware address is known.
fn sender(device: &str, net: u8) -> Result<UdpSocket, Skip> {
    run("ip", &format!("address add 10.{net}.0.1/24 dev {device}"))?;
    run("ip", &format!("link set {device} up"))?;
    run("ip", &format!("neighbour replace 10.{net}.0.9 dev {device} lladdr 02:00:00:00:00:17 nud permanent"))?;
    let socket = UdpSocket::bind((format!("10.{net}.0.1"), 0)).expect("free");
    socket.connect((format!("10.{net}.0.9"), 9)).expect("there is a way");
    Ok(socket)
}

/// The numbers in the row of one link, by the heads of their columns.
fn link(screen: &str, name: &str) -> HashMap<String, f64> {
    // What loses something has a mark in front.
    let words = |line: &str| line.trim_start_matches('!').split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut lines = screen.lines().skip_while(|line| !line.trim_start().starts_with("LINK "));
    let heads = words(&lines.next().expect("heads of columns").replace("vOUT/s", " OUT/s"));
    let row = lines.map(words).find(|row| row.first().is_some_and(|first| first == name));
    let row = row.unwrap_or_else(|| panic!("no {name}: {screen}"));
    let number = |cell: &str| {
        let (digits, times) = match cell.strip_suffix('k') {
            Some(digits) => (digits, 1000.0),
            None => (cell, 1.0),
        };
        digits.parse::<f64>().ok().map(|number| number * times)
    };
    heads.into_iter().zip(row).filter_map(|(head, cell)| Some((head, number(&cell)?))).collect()
}

#[test]
fn what_each_link_moves_and_loses_is_in_its_own_column() {
    in_namespace(|_| {
        for of in ["all", "default"] {
            let path = format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6");
            std::fs::write(&path, "1").expect("root of the namespace");
        }
        for (one, other) in [("v0", "v1"), ("v2", "v3"), ("v4", "v5")] {
            run("ip", &format!("link add {one} type veth peer name {other}"))?;
            run("ip", &format!("link set {other} up"))?;
        }
        run("ip", "link add vx0 type vxlan id 17 remote 203.0.113.9 dstport 4789")?;
        let _unread = WireEnd::new(c"t0").map_err(|error| Skip::new("long-wire", error.to_string()))?;
        run("ip", "address add 10.5.0.1/24 dev t0")?;
        run("ip", "link set t0 up")?;
        let moves = sender("v0", 1)?;
        let full = sender("v2", 2)?;
        let held = sender("v4", 3)?;
        let lost = sender("vx0", 4)?;
        let unread = UdpSocket::bind("10.5.0.1:0").expect("free");
        unread.connect("10.5.0.9:9").expect("there is a way");
        run("tc", "qdisc add dev v2 root pfifo limit 0")?;
        // The first goes by the burst, the next one some minutes later.
        run("tc", "qdisc add dev v4 root tbf rate 8bit burst 1600 limit 100000")?;

        let send = |socket: &UdpSocket, count: usize| {
            for _ in 0..count {
                // What a full queue refuses is what is counted.
                let _ = socket.send(&[0x5a; 1000]);
            }
        };
        send(&held, 6);
        // The queue of the device, from where nobody fetches them.
        send(&unread, 600);
        let ended = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    send(&moves, 11);
                    send(&lost, 7);
                    send(&full, 5);
                    send(&unread, 3);
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            let output = top(&["--once", "--interval", "1s", "--pane", "links"]);
            ended.store(true, Ordering::Relaxed);
            output
        });
        let screen = text(&output);

        let [v0, v1, v2, v4, vx0, t0] = ["v0", "v1", "v2", "v4", "vx0", "t0"].map(|name| link(&screen, name));
        let rounds = v0["PKTO/s"] / 11.0;
        assert!(rounds > 2.0, "{screen}");
        // Not everything is counted at the same moment: a round may be missing.
        let near = |number: f64, one: f64| (number - rounds * one).abs() < one.max(rounds * one / 5.0);
        // Headers of UDP, IP and Ethernet are 42 bytes.
        for (number, expected) in [
            (v0["OUT/s"], 11.0 * 1042.0),
            (v1["IN/s"], 11.0 * 1042.0),
            (v1["PKTI/s"], 11.0),
            (vx0["ERR/s"], 7.0),
            (v2["QDROP/s"], 5.0),
            (t0["DROP/s"], 3.0),
        ] {
            assert!(near(number, expected), "{number} for {expected} in each of {rounds} rounds: {screen}");
        }
        for (link, quiet) in [
            (&v0, &["IN/s", "PKTI/s", "ERR/s", "DROP/s", "QDROP/s", "BACKLOG"][..]),
            (&v1, &["OUT/s", "PKTO/s", "ERR/s", "QDROP/s"]),
            (&v2, &["OUT/s", "PKTO/s", "ERR/s", "DROP/s", "BACKLOG"]),
            (&vx0, &["OUT/s", "PKTO/s", "DROP/s"]),
            (&t0, &["OUT/s", "PKTO/s", "ERR/s"]),
        ] {
            assert!(quiet.iter().all(|head| link[*head] == 0.0), "{quiet:?}: {screen}");
        }
        assert!((v4["BACKLOG"] - 5.0 * 1042.0).abs() < 1000.0, "{screen}");
        Ok(())
    });
}

#[test]
fn links_have_their_counters_and_disciplines() {
    in_namespace(|_| {
        let links = text(&top(&["--once", "--interval", "100ms", "--pane", "links"]));
        let lo = links.lines().find(|line| line.split_whitespace().next() == Some("lo"));
        assert!(lo.is_some_and(|lo| lo.contains("noqueue")), "{links}");
        Ok(())
    });
}
