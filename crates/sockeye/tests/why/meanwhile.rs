//! What ends and what changes while `sockeye why` watches.

use std::net::{SocketAddrV6, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use rustix::net::sockopt::{set_ipv6_multicast_hops, set_socket_linger};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with};
use rustix::thread::CapabilitySet;
use serde_json::Value;
use sockeye_zoo::skip::needs;
use sockeye_zoo::{fill, in_namespace};

use crate::reach::{causes, ip, wait_until};

/// Long enough for three intervals to be over when the connection ends, on a busy machine too.
const WATCHED: &str = "4s";
const ENDS_AFTER: Duration = Duration::from_millis(2700);

fn watching() -> Child {
    asking(&["why", "-j", "--for", WATCHED, "why = receiver-window"])
}

fn asking(words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sockeye")).args(words).stdout(Stdio::piped()).spawn().expect("it starts")
}

fn answer(watching: Child) -> Value {
    let output = watching.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_connection_that_ends_meanwhile_is_judged_until_its_end() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7091").expect("free");
        let held = TcpStream::connect("127.0.0.1:7091").expect("it listens");
        let _silent = listener.accept().expect("one waits");
        fill(&held);
        let here = held.local_addr().expect("bound");
        let watching = watching();
        // What is judged is an interval: the time is what is tested.
        std::thread::sleep(ENDS_AFTER);
        set_socket_linger(&held, Some(Duration::ZERO)).expect("set");
        drop(held);
        let answer = answer(watching);
        let subject = format!("{here} to 127.0.0.1:7091");
        assert_eq!(causes(&answer), [("receiver-window", subject.as_str())], "{answer:#}");
        assert_eq!(answer["held_up"], 1);
        Ok(())
    });
}

#[test]
fn a_namespace_that_goes_away_is_no_answer_that_nothing_is_wrong() {
    in_namespace(|_| {
        let start = |words: &[&str]| {
            let holder =
                Command::new("unshare").args(["--net", "sleep", "600"]).spawn().expect("root of this namespace");
            let pid = holder.id().to_string();
            let own = std::fs::read_link("/proc/self/ns/net").expect("a link");
            while std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|other| other == own) {}
            let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
            let asking = command.args(words).args(["-N", &pid]).stdout(Stdio::piped()).spawn().expect("it starts");
            (holder, asking)
        };
        let asked = [start(&["why", "--for", WATCHED]), start(&["top", "--once", "--interval", WATCHED])];
        std::thread::sleep(ENDS_AFTER);
        let ended = asked.map(|(mut holder, asking)| {
            holder.kill().expect("a child of ours");
            holder.wait().expect("a child of ours");
            asking
        });
        for asking in ended {
            let output = asking.wait_with_output().expect("it ends");
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(3), "{text}");
            assert!(text.contains(" is gone") && !text.contains("nothing found"), "{text}");
        }
        Ok(())
    });
}

/// The moment as answers write it.
fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_micros(time).to_string()
}

/// The texts and times of changes.
fn changes<'a>(answer: &'a Value, name: &str) -> Vec<(&'a str, &'a str)> {
    let list = answer[name].as_array().expect("a list");
    list.iter().map(|one| (one["text"].as_str().expect("text"), one["time"].as_str().expect("text"))).collect()
}

#[test]
fn what_changed_on_the_machine_is_told_with_its_time() {
    in_namespace(|_| {
        for words in [
            &["why", "-j", "--for", WATCHED, "why = receiver-window"][..],
            &["why", "192.0.2.1", "-j", "--for", WATCHED],
        ] {
            let watching = asking(words);
            std::thread::sleep(ENDS_AFTER);
            let before = written(SystemTime::now());
            ip("route add 203.0.113.0/24 dev lo");
            let answer = answer(watching);
            ip("route delete 203.0.113.0/24 dev lo");
            assert_eq!((&answer["changes_count"], &answer["changes_gaps"]), (&1.into(), &0.into()), "{answer:#}");
            let (text, time) = changes(&answer, "changes")[0];
            assert!(text.starts_with("routes + 203.0.113.0/24"), "{text}");
            assert!(time > before.as_str() && time.len() == before.len(), "{time} after {before}");
        }
        Ok(())
    });
}

#[test]
fn new_addresses_are_told_with_the_time_that_the_kernel_remembers() {
    in_namespace(|_| {
        // For the clock of a time namespace.
        needs(CapabilitySet::SYS_TIME)?;
        // After those that the namespace came with, and one after the other, in ticks of the kernel.
        let ticks = Duration::from_millis(30);
        std::thread::sleep(ticks);
        ip("address add 198.51.100.7/24 dev lo");
        std::thread::sleep(ticks);
        let second = Duration::from_secs(1);
        let before = written(SystemTime::now() - 2 * second);
        ip("address add 198.51.100.5/24 dev lo");
        let after = written(SystemTime::now() + second);
        for words in [&["why", "-j", "--for", "300ms", "closed"][..], &["why", "192.0.2.1", "-j", "--for", "50ms"]] {
            for ahead in [None, Some("100000")] {
                let answer = match ahead {
                    None => answer(asking(words)),
                    // In a time namespace the process has another clock than what the kernel remembers.
                    Some(seconds) => {
                        let mut command = Command::new("unshare");
                        command.args(["--time", "--fork", "--monotonic", seconds, env!("CARGO_BIN_EXE_sockeye")]);
                        answer(command.args(words).stdout(Stdio::piped()).spawn().expect("it starts"))
                    }
                };
                assert_eq!(answer["changes_count"], 0, "{answer:#}");
                let told = changes(&answer, "changes_before");
                let [.., (first, _), (second, time)] = told[..] else { panic!("{told:?}") };
                assert!(first.starts_with("addresses = lo 198.51.100.7/24 "), "{first}");
                assert!(second.starts_with("addresses = lo 198.51.100.5/24 "), "{second}");
                assert!(time > before.as_str() && time < after.as_str(), "{ahead:?}: {before} {time} {after}");
            }
        }
        let output = Command::new(env!("CARGO_BIN_EXE_sockeye")).args(["why", "192.0.2.1", "--for", "50ms"]).output();
        let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
        assert!(text.contains("\nshortly before, ") && text.contains(" addresses = lo 198.51.100.5/24 "), "{text}");
        Ok(())
    });
}

/// Whether a link is in this state, as `ip` calls it.
fn is_in_state(link: &str, state: &str) -> bool {
    let shown = Command::new("ip").args(["-o", "link", "show", "dev", link]).output().expect("ip is installed");
    String::from_utf8_lossy(&shown.stdout).contains(&format!(" state {state} "))
}

/// What is put in order by ticks of the kernel.
#[test]
fn a_link_that_went_down_or_came_up_just_before_is_told_with_the_time_that_the_kernel_remembers() {
    in_namespace(|_| {
        ip("link add v0 type veth peer name v1");
        for step in [
            "link set v1 up",
            "link set v0 up",
            "address add 198.51.100.1/32 dev lo",
            "link set v0 down",
            "address add 198.51.100.2/32 dev lo",
            "link set v0 up",
            "address add 198.51.100.3/32 dev lo",
            "link set v0 down",
            "address add 198.51.100.4/32 dev lo",
        ] {
            std::thread::sleep(Duration::from_millis(30));
            ip(step);
            // The kernel tells of a carrier when it finds time (net/core/link_watch.c).
            match step {
                "link set v0 up" => wait_until(|| is_in_state("v0", "UP")),
                "link set v0 down" => wait_until(|| is_in_state("v0", "DOWN")),
                _ => {}
            }
            let Some(one) = step.strip_prefix("address add ") else { continue };
            let answer = answer(asking(&["why", "192.0.2.1", "-j", "--for", "50ms"]));
            let mut told = changes(&answer, "changes_before");
            // The other end is told too, and the addresses that IPv6 makes.
            told.retain(|(text, _)| text.starts_with("links = v0") || text.starts_with("addresses = lo "));
            let [.., (link, _), (address, _)] = told[..] else { panic!("{told:?}") };
            let is_up = one.starts_with("198.51.100.1/") || one.starts_with("198.51.100.3/");
            let state = if is_up { " operstate up " } else { " operstate down " };
            assert!(link.starts_with("links = v0") && link.contains(state), "{step}: {told:?}");
            assert!(
                address.starts_with(&format!("addresses = lo {} ", one.split('/').next().unwrap_or(one))),
                "{step}: {told:?}"
            );
        }
        Ok(())
    });
}

/// A router advertises itself, for no time, with another time between two questions for a neighbour (RFC 4861, 4.2).
fn advertise(link: &str) {
    let raw = socket_with(AddressFamily::INET6, SocketType::RAW, SocketFlags::CLOEXEC, Some(ipproto::ICMPV6));
    let raw = raw.expect("root may");
    set_ipv6_multicast_hops(&raw, 255).expect("it may be set");
    let index = rustix::net::netdevice::name_to_index(&raw, link).expect("it is there");
    let everybody = SocketAddrV6::new("ff02::1".parse().expect("an address"), 0, 0, index);
    let advertisement = [134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x03, 0xf1];
    sendto(&raw, &advertisement, SendFlags::empty(), &everybody).expect("it is sent");
}

#[test]
fn a_link_on_which_a_router_advertises_itself_has_not_changed() {
    in_namespace(|_| {
        needs(CapabilitySet::NET_RAW)?;
        ip("link add v0 type veth peer name v1");
        ip("link set v1 up");
        ip("link set v0 up");
        let is_told = || {
            let answer = answer(asking(&["why", "192.0.2.1", "-j", "--for", "50ms"]));
            changes(&answer, "changes_before").iter().any(|(text, _)| text.starts_with("links = v0"))
        };
        assert!(is_told(), "it came up");
        // Its own address has to be there before it can say anything.
        wait_until(|| {
            let shown = Command::new("ip").args(["-6", "address", "show", "dev", "v1", "-tentative"]).output();
            String::from_utf8_lossy(&shown.expect("ip is installed").stdout).contains("fe80::")
        });
        // One counts once the other end has asked for routers, which it does when its own address is there (net/ipv6/ndisc.c,
        // ndisc_router_discovery).
        wait_until(|| {
            advertise("v1");
            !is_told()
        });
        Ok(())
    });
}
