//! `sockeye why ADDRESS:PORT` of this host where nobody has the port: connections may be led elsewhere all the same.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use sockeye_zoo::{Skip, in_namespace};

use crate::deferring::Deferring;
use crate::reach::{causes, ip, step, wait_until, why};
use crate::support::sockeye;

/// From now on what this host sends is led elsewhere where these rules say so.
fn lead(rules: &str) -> Result<(), Skip> {
    let lacks = |error: std::io::Error| Skip::new("program:nft", error.to_string());
    let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().map_err(lacks)?;
    let chain = format!("table inet leads {{\nchain c {{ type nat hook output priority -100;\n{rules}\n}}\n}}\n");
    nft.stdin.take().expect("piped").write_all(chain.as_bytes()).expect("it reads");
    assert!(nft.wait().expect("a child of ours").success(), "{rules}");
    Ok(())
}

/// Addresses of this host.
fn addresses() {
    ip("link set lo up");
    ip("address add 10.9.0.1/32 dev lo");
    ip("address add fd09::1/128 dev lo nodad");
}

/// A byte each way: an idle connection says nothing of whoever has its other end.
fn talk(here: &TcpStream, there: &TcpStream) {
    for (mut from, mut to) in [(here, there), (there, here)] {
        from.write_all(&[7]).expect("it is open");
        to.read_exact(&mut [0]).expect("it was sent");
    }
}

#[test]
fn where_nat_leads_connections_elsewhere_nobody_has_to_listen() {
    in_namespace(|_| {
        addresses();
        lead(
            "ip daddr 10.9.0.1 tcp dport 80 dnat ip to 10.9.0.1:8080\nip6 daddr fd09::1 tcp dport 443 redirect to :8443",
        )?;
        let cases = [
            ("10.9.0.1:80", "10.9.0.1:80", "10.9.0.1:8080"),
            ("10.9.0.1:80", "[::ffff:10.9.0.1]:80", "10.9.0.1:8080"),
            ("[fd09::1]:443", "[fd09::1]:443", "[::]:8443"),
        ];
        for (target, dialled, listens) in cases {
            let listener = TcpListener::bind(listens).expect("free");
            // As long as there is no connection, nat is a possibility.
            let answer = why(target, 4);
            let port = target.rsplit(':').next().expect("a port");
            assert_eq!(causes(&answer), [("no-listener", format!("port {port}").as_str())]);
            let advice = answer["findings"][0]["advice"].as_str().expect("text");
            assert!(advice.contains("unless nat (nft, iptables), IPVS or BPF leads it elsewhere"), "{advice}");
            let here = TcpStream::connect(dialled).expect("it is led to the listener");
            let (there, _) = listener.accept().expect("one waits");
            talk(&here, &there);
            assert_ne!(there.local_addr().expect("open").port().to_string(), port);
            let answer = why(target, 0);
            assert_eq!(causes(&answer), [], "{dialled}");
            assert!(step(&answer, "sockets").starts_with("1 connection towards it"), "{answer:#}");
            assert!(step(&answer, "listener").starts_with("none, and connections are open"), "{answer:#}");
        }
        Ok(())
    });
}

#[test]
fn a_listener_that_has_stopped_is_missed_though_its_connections_are_open() {
    in_namespace(|_| {
        addresses();
        for target in ["10.9.0.1:7101", "[fd09::1]:7102"] {
            let listener = TcpListener::bind(target).expect("free");
            let here = TcpStream::connect(target).expect("it listens");
            let (there, _) = listener.accept().expect("one waits");
            talk(&here, &there);
            assert_eq!(causes(&why(target, 0)), []);
            drop(listener);
            let answer = why(target, 4);
            let port = target.rsplit(':').next().expect("a port");
            assert_eq!(causes(&answer), [("no-listener", format!("port {port}").as_str())]);
            assert!(step(&answer, "sockets").starts_with("1 connection towards it"), "{answer:#}");
        }
        Ok(())
    });
}

#[test]
fn a_listener_that_has_stopped_is_missed_though_whoever_it_never_took_believes_to_be_connected() {
    in_namespace(|_| {
        let listener = Deferring::listen(7103)?;
        let _here = TcpStream::connect("127.0.0.1:7103").expect("the kernel answers");
        let are_there = |count| {
            let output = sockeye(&["sockets", "-H", "tcp", "all", "sport = 7103"]);
            String::from_utf8_lossy(&output.stdout).lines().count() == count
        };
        // The listener, and the connection that waits for data.
        wait_until(|| are_there(2));
        drop(listener);
        // The kernel looks after it when it would send its answer again.
        wait_until(|| are_there(0));
        let answer = why("127.0.0.1:7103", 4);
        assert_eq!(causes(&answer), [("no-listener", "port 7103")], "{answer:#}");
        assert_eq!(step(&answer, "sockets"), "1 connection towards it");
        Ok(())
    });
}
