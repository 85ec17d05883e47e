//! The world that is looked at: scripts of `ip`, `bridge` and `tc`, a command a line.
//!
//! `[KEY] COMMAND` may be refused by a kernel that lacks the thing; the key stands in `tests/allowed-skips.txt` or, where
//! it is not the kernel that refuses it, `tests/privilege-skips.txt`, and
//! once it was refused, further lines with the key are passed over. Any other command must succeed, or be forbidden.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::thread;

use sockeye_conn::{Buffer, Protocol, Socket};
use sockeye_state::{Dump, Step};
use sockeye_wire::Request;
use sockeye_zoo::{SerialCan, Skip, pin_program, skip};

/// Links of every kind.
pub(crate) const LINKS: &str = include_str!("world/links.txt");
/// Links that no program of iproute2 makes. Only captured: they come from where the machine began.
pub(crate) const EACH_LINK: &str = include_str!("world/each-link.txt");
/// Addresses on them.
pub(crate) const ADDRESSES: &str = include_str!("world/addresses.txt");
/// Routes over them.
pub(crate) const ROUTES: &str = include_str!("world/routes.txt");
/// Rules.
pub(crate) const RULES: &str = include_str!("world/rules.txt");
/// Neighbours.
pub(crate) const NEIGHBOURS: &str = include_str!("world/neighbours.txt");
/// Nexthops.
pub(crate) const NEXTHOPS: &str = include_str!("world/nexthops.txt");
/// Labels of IPv6 addresses.
pub(crate) const LABELS: &str = include_str!("world/labels.txt");
/// Queueing disciplines and what hangs on them.
pub(crate) const TRAFFIC: &str = include_str!("world/traffic.txt");
/// Every queueing discipline that few kernels have, each on a link of its own. Not beside `tc`, whose JSON is none for some
/// of them.
pub(crate) const EACH_QDISC: &str = include_str!("world/each-qdisc.txt");
/// Filters and actions that few kernels have. Not beside `tc`, whose JSON is none for some of them.
pub(crate) const EACH_FILTER: &str = include_str!("world/each-filter.txt");
/// Routes that few kernels have. Only captured: nothing makes a kernel load what they need, or they need a file system of BPF.
pub(crate) const EACH_ROUTE: &str = include_str!("world/each-route.txt");
/// Entries of bridges and tunnels.
pub(crate) const BRIDGES: &str = include_str!("world/bridges.txt");
/// VLANs of bridges, where the kernel has them.
pub(crate) const VLANS: &str = include_str!("world/vlans.txt");
/// Settings of links and of neighbour tables.
pub(crate) const SETTINGS: &str = include_str!("world/settings.txt");
/// Settings of one link, each another than usual.
pub(crate) const EVERY_SETTING: &str = include_str!("world/every-setting.txt");
/// What kernels have and iproute2 has no word for. Not beside it, as it shows it wrong or not at all.
pub(crate) const WORDLESS: &str = include_str!("world/wordless.txt");
/// Packets, so that counters count.
pub(crate) const SENT: &str = include_str!("world/sent.txt");

/// What a command says that needs more than the root of a user namespace may do.
const FORBIDDEN: [&str; 2] = ["Permission denied", "Operation not permitted"];

/// What has to be there as long as it is looked at.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Processes that keep a namespace.
    kept: Vec<Child>,
    /// CAN devices.
    serial: Vec<SerialCan>,
    /// Names of programs of BPF.
    pinned: Vec<String>,
    /// What could not be made, by the keys of the scripts.
    pub(crate) refused: BTreeSet<String>,
}

impl World {
    /// A world of these scripts.
    pub(crate) fn of(test: &str, scripts: &[&str]) -> Result<Self, Skip> {
        let mut world = Self::default();
        scripts.iter().try_for_each(|script| world.make(test, script))?;
        Ok(world)
    }

    /// Runs a script.
    pub(crate) fn make(&mut self, test: &str, script: &str) -> Result<(), Skip> {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (key, command) = match line.strip_prefix('[').and_then(|line| line.split_once("] ")) {
                Some((key, command)) => (Some(key), command),
                None => (None, line),
            };
            if key.is_some_and(|key| self.refused.contains(key)) {
                continue;
            }
            let Err(error) = self.run(command)? else { continue };
            if key.is_none() && FORBIDDEN.iter().any(|text| error.contains(text)) {
                return Err(Skip::new("beside_ip:root", format!("{command}: {error}")));
            }
            let key = key.unwrap_or_else(|| panic!("{command}: {error}"));
            skip::skip(&format!("{test} in part"), &Skip::new(key, format!("{command}: {error}")));
            self.refused.insert(key.to_owned());
        }
        Ok(())
    }

    /// Runs one command: a program, or `write FILE TEXT`, `send TIMES BYTES ADDRESS:PORT`, `elsewhere LINK PEER`, which
    /// makes a veth whose peer is in a namespace of its own, `pin TYPE FILE`, which makes a program of BPF, `serial-can LINK`, `netlink TYPE BODY`, which is a
    /// request in hexadecimal digits, with `@LINK` for the index of a link.
    fn run(&mut self, command: &str) -> Result<Result<(), String>, Skip> {
        let words = shlex::split(command).unwrap_or_else(|| panic!("a quote without its end: {command}"));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["write", file, text @ ..] = &words[..] {
            return Ok(fs::write(file, text.join(" ")).map_err(|error| error.to_string()));
        }
        if let ["pin", program_type, file] = words[..] {
            let program_type = program_type.parse().expect("a number of a type");
            let made = pin_program(program_type, file).map_err(|error| error.to_string());
            self.pinned.extend(made.is_ok().then(|| file.to_owned()));
            return Ok(made);
        }
        if let ["serial-can", link] = words[..] {
            let made = SerialCan::new(link).map(|made| self.serial.push(made));
            return Ok(made.map_err(|error| error.to_string()));
        }
        if let ["netlink", kind, body @ ..] = &words[..] {
            return Ok(request(kind, body));
        }
        if let ["elsewhere", link, peer] = words[..] {
            let process = self.keep_namespace()?;
            return self.run(&format!("ip link add {link} type veth peer name {peer} netns {process}"));
        }
        if let ["send", times, bytes, to] = words[..] {
            return Ok(send(times, bytes, to).map_err(|error| error.to_string()));
        }
        let output = Command::new(words[0]).args(&words[1..]).output();
        let output = output.map_err(|error| Skip::new(format!("program:{}", words[0]), error.to_string()))?;
        Ok(if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "))
        })
    }

    /// Starts a process in a namespace of its own, and says its number.
    fn keep_namespace(&mut self) -> Result<u32, Skip> {
        let child = Command::new("unshare").args(["--net", "cat"]).stdin(Stdio::piped()).spawn();
        let child = child.map_err(|error| Skip::new("program:unshare", error.to_string()))?;
        let process = child.id();
        self.kept.push(child);
        let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
        while namespace(&process.to_string()) == namespace("self") {
            thread::yield_now();
        }
        Ok(process)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for child in &mut self.kept {
            // It ends anyway when its standard input does.
            let _ = child.kill();
            let _ = child.wait();
        }
        for file in &self.pinned {
            // The next world makes it anew; whoever has removed it meanwhile did no harm.
            let _ = fs::remove_file(file);
        }
    }
}

/// Sends a request that makes something new.
fn request(kind: &str, body: &[&str]) -> Result<(), String> {
    /// `NLM_F_REQUEST`, `NLM_F_ACK`, `NLM_F_EXCL`, `NLM_F_CREATE`.
    const FLAGS: u16 = 0x605;
    let octets: Vec<u8> = body.iter().flat_map(|word| octets(word)).collect();
    let mut socket = Socket::open(Protocol::Route).map_err(|error| error.to_string())?;
    let request = Request::new(kind.parse().expect("a type"), FLAGS).body(&octets);
    let mut answer = Dump::new(socket.send(request).map_err(|error| error.to_string())?);
    let mut buffer = Buffer::new();
    while answer.handle(socket.receive(&mut buffer).map_err(|error| error.to_string())?, |_| {}) != Step::Ended {}
    answer.into_conclusion().refusal.map_or(Ok(()), |refusal| Err(format!("{refusal:?}")))
}

/// The bytes of a word of a request.
fn octets(word: &str) -> Vec<u8> {
    if let Some(link) = word.strip_prefix('@') {
        // Not from /sys, which may be of another namespace. The kernel refuses 0.
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("the loopback device is up");
        let index = rustix::net::netdevice::name_to_index(&socket, link).unwrap_or(0);
        return index.to_ne_bytes().to_vec();
    }
    let digits = |at: usize| u8::from_str_radix(&word[at..at + 2], 16).expect("two digits");
    (0..word.len()).step_by(2).map(digits).collect()
}

fn send(times: &str, bytes: &str, to: &str) -> Result<(), Box<dyn Error>> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let packet = vec![0; bytes.parse()?];
    for _ in 0..times.parse::<u32>()? {
        socket.send_to(&packet, to)?;
    }
    Ok(())
}
