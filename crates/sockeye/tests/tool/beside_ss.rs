//! The command that is named for options of `ss` lists the sockets that `ss` lists with these options.

use std::process::Command;

use serde_json::Value;
use sockeye_zoo::{Skip, Specimen, Zoo, in_namespace};

use crate::ran::{run, shell_words, sockeye, words};

/// What tells the sockets of a listing apart, in order. Unix and Netlink sockets have no cookie in `ss`: inode
/// and port id stand for it. Netlink sockets of sock_diag are the tools' own.
type Sockets = Vec<String>;

fn of_ss(arguments: &str) -> Result<Sockets, Skip> {
    let mut command = Command::new("ss");
    command.args(["-HneO"]).args(arguments.split(' ').filter(|word| !word.is_empty()));
    let ran = match command.output() {
        Ok(output) => output,
        Err(error) => return Err(Skip::new("program:ss", error.to_string())),
    };
    let text = String::from_utf8_lossy(&ran.stdout);
    let mut found: Sockets = text.lines().filter_map(of_line).collect();
    found.sort_unstable();
    // The kernel gives a netlink socket that joined a group twice, and several can have one port id.
    found.dedup();
    Ok(found)
}

fn of_line(line: &str) -> Option<String> {
    let words: Vec<_> = line.split_whitespace().collect();
    if words.first().is_some_and(|netid| *netid == "tipc") {
        return None;
    }
    if let Some(cookie) = words.iter().find_map(|word| word.strip_prefix("sk:")) {
        return Some(format!("0x{cookie}"));
    }
    // A unix socket: name, inode, `*`, inode of the peer.
    let is_number = |word: &str| word.parse::<u32>().is_ok();
    let inode = |near: &[&str]| match near {
        [inode, "*", peer] if is_number(inode) && is_number(peer) => Some(format!("unix {inode}")),
        _ => None,
    };
    // Before them stand the two queues.
    if let Some(inode) = words.windows(3).rev().find_map(inode) {
        return Some(inode);
    }
    let mut ends = words.iter().filter_map(|word| word.split_once(':'));
    // ss prints the port id as a signed number.
    let numbers = |(protocol, port): (&str, &str)| Some((protocol.parse::<u8>().ok()?, port.parse::<i32>().ok()?));
    let (protocol, port) = ends.find_map(numbers)?;
    (protocol != 4).then(|| format!("netlink {}", port.cast_unsigned()))
}

/// The sockets that the command lists which sockeye names for these options.
fn as_named(arguments: &str) -> (String, Sockets) {
    let said = words(arguments).ended(2).errors().trim_end().to_owned();
    let (_, command) = said.rsplit_once("in sockeye: sockeye ").expect("a command is named");
    let mut named = shell_words(command).expect("no more than words");
    named.extend(["--columns=proto,cookie,inode,local", "-o", "ndjson"].map(str::to_owned));
    let ran = sockeye(&named.iter().map(String::as_str).collect::<Vec<_>>());
    let mut rows = ran.json_lines();
    let verdict = rows.pop().unwrap_or_else(|| panic!("sockeye {command}: {}", ran.errors()))["verdict"].take();
    let failed = verdict["answer"] == "failed";
    let mut found: Sockets = if failed { Vec::new() } else { rows.iter().filter_map(of_row).collect() };
    found.sort_unstable();
    // The kernel gives a netlink socket that joined a group twice, and several can have one port id.
    found.dedup();
    (command.to_owned(), found)
}

fn of_row(row: &Value) -> Option<String> {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    match text("protocol") {
        "netlink" if text("local_address") == "sock-diag" => None,
        // The original shows no cookie of the one, and the kernel's own of the other only where it is asked for TIPC alone.
        "vsock" | "tipc" => None,
        "unix" => Some(format!("unix {}", row["inode"])),
        "netlink" => Some(format!("netlink {}", row["local_port"])),
        _ => Some(text("cookie").to_owned()),
    }
}

/// Rounds in which both are asked, at most. One of these sockets, that in TIME-WAIT, ends by itself: a minute after it
/// came, which an emulated kernel can need for all of the test.
const ROUNDS_MAX: usize = 4;

/// What `ss` lists, the command that sockeye names, and what that lists, when nothing has changed meanwhile: `ss` lists
/// the same before and after.
fn both(arguments: &str) -> Result<(Sockets, String, Sockets), Skip> {
    for _ in 0..ROUNDS_MAX {
        let before = of_ss(arguments)?;
        let (command, ours) = as_named(arguments);
        if of_ss(arguments)? == before {
            return Ok((before, command, ours));
        }
    }
    panic!("ss {arguments} lists other sockets each time, {ROUNDS_MAX} times")
}

/// One of every kind that is told apart by some option. No raw socket: the kernel lists them whatever states are asked for
/// (net/ipv4/raw_diag.c, `raw_diag_dump`), and the original shows all that it gets.
fn made(zoo: &Zoo) -> Vec<Specimen> {
    let made = [
        zoo.tcp_listening_overflowed(),
        zoo.tcp_listening_dual_stack(),
        zoo.tcp_established_v4(),
        zoo.tcp_established_v6(),
        zoo.tcp_established_mapped(),
        zoo.tcp_syn_recv(),
        zoo.tcp_fin_wait2(),
        zoo.tcp_time_wait(),
        zoo.mptcp_established(),
        zoo.udp_unconnected_v4(),
        zoo.udp_unconnected_v6(),
        zoo.udp_connected(),
        zoo.unix_listening(),
        zoo.unix_stream_pair(),
        zoo.unix_dgram(),
        zoo.unix_seqpacket(),
        zoo.packet_raw(),
        zoo.packet_dgram(),
        zoo.netlink_groups(),
        zoo.netlink_connected(),
        zoo.vsock(),
    ];
    made.into_iter().flatten().collect()
}

#[test]
fn the_named_command_lists_the_same_sockets() {
    in_namespace(|zoo| {
        let _kept = made(zoo);
        // A unix socket that waits for datagrams, and is connected to nobody.
        let _waits = std::os::unix::net::UnixDatagram::unbound().expect("descriptors are left");
        let mut compared = 0;
        for arguments in [
            "-t",
            "-tn",
            "-ta",
            "-tl",
            "-u",
            "-ua",
            "-ul",
            "-tu",
            "-tua",
            "-x",
            "-xa",
            "-xl",
            "-0",
            "-0a",
            "-M",
            "-Ml",
            "-n",
            "-p",
            "-a",
            "-anp",
            "-l",
            "-4",
            "-6",
            "-t4",
            "-ta4",
            "-tl6",
            "-ta6",
            "-t -4 -6",
            "-4x",
            "-t0",
            "-0x",
            "-f inet -t",
            "-f inet6",
            "-f unix",
            "-f link",
            "-f netlink",
            "-A tcp,udp",
            "-A inet",
            "-A unix",
            "-A unix_dgram -a",
            "-A unix_stream,tcp",
            "-A u_dgr,u_str -a",
            "-x -A tcp",
            "-A all -a",
            "--tcp --listening",
            "--unix --all",
            "-tan state established",
            "-lt state established",
            "-t state connected",
            "-t state time-wait state syn-recv",
            "-ta exclude established",
            "-t state bucket",
            "-x state listening",
            "-n state established",
            "-t state big",
            "-t state synchronized",
            "-tn sport != 1",
            "-ta dst 127.0.0.0/8",
            "-ta src inet:*",
            "-ta src inet6:*",
            "-ta src inet:127.0.0.0/8",
            "-ta dst inet:127.0.0.0/8",
            "-tua src inet:",
            "-tua sport = :*",
        ] {
            let (ss, command, ours) = both(arguments)?;
            assert_eq!(ours, ss, "ss {arguments}: sockeye {command}");
            compared += usize::from(!ss.is_empty());
        }
        assert!(compared > 45, "{compared} listings had sockets");
        Ok(())
    });
}

#[test]
fn a_summary_counts_every_family_in_every_state() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_time_wait()?, zoo.unix_listening()?, zoo.packet_raw()?);
        let said = words("-s").ended(2).errors().to_owned();
        let (_, command) = said.trim_end().rsplit_once("in sockeye: sockeye ").expect("a command is named");
        let mut line = Command::new(env!("CARGO_BIN_EXE_sockeye"));
        let table = run(line.args(command.split(' '))).text().to_owned();
        for counted in ["time-wait", "unix", "packet"] {
            assert!(table.contains(counted), "{counted} in {table}");
        }
        Ok(())
    });
}
