//! What moves in a network namespace: lines for `ip`, `tc` and `bridge`, each about one of a few things.
//!
//! There are few things of each kind, so that they come, change and go for ever while their number stays about the same:
//! only then is memory that grows a leak.

use super::optional::{Kind, Lacking};
use super::random::Random;

/// Cables that come and go: `v0`–`p0` and so on.
const CABLES: u32 = 6;
/// Links on top of another.
const MACVLANS: u32 = 3;
/// Hosts of the fixed network that have a neighbour entry, or an address of ours.
const HOSTS: u32 = 20;
/// Destinations of routes, and priorities of each.
const DESTINATIONS: u32 = 12;
const PRIORITIES: u32 = 5;
/// Priorities of rules.
const RULES: u32 = 20;
/// Numbers of nexthops; those of groups come after them.
const NEXTHOPS: u32 = 12;
const GROUPS: u32 = 4;
/// Group members are not more than that.
const MEMBERS_MAX: u32 = 3;
/// Groups of multicast at bridges, VLANs at their ports, and prefixes with a label.
const MULTICAST_GROUPS: u32 = 9;
const VLANS: u32 = 9;
const LABELS: u32 = 9;

/// A program of iproute2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tool {
    Ip,
    Tc,
    Bridge,
}

impl Tool {
    /// All of them, in the order of their numbers.
    pub(super) const ALL: [Self; 3] = [Self::Ip, Self::Tc, Self::Bridge];

    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        ["ip", "tc", "bridge"][self as usize]
    }
}

/// What is there from beginning to end, and of which `listings` looks for some in each table: a cable, a bridge, addresses, routes, a
/// rule, a nexthop, a neighbour.
pub(super) const FIXED: &[&str] = &[
    "link set lo up",
    "link add fix0 type veth peer name fix1",
    "link add port0 type veth peer name port1",
    "link add br0 type bridge",
    "link set fix0 up",
    "link set fix1 up",
    "link set br0 up",
    "link set port0 master br0",
    "link set port0 up",
    "link set port1 up",
    "address add 10.77.0.1/24 dev fix0",
    "address add fd77::1/64 dev fix0 nodad",
    "route add 10.78.0.0/16 via 10.77.0.9",
    "route add fd78::/32 via fd77::9",
    "rule add priority 4242 to 10.78.0.0/16 lookup 78",
    "nexthop add id 9999 via 10.77.0.9 dev fix0",
    "neighbour add 10.77.0.9 lladdr 02:00:00:00:00:09 nud permanent dev fix0",
];

/// The next thing that happens, where the kernel lacks these.
pub(super) fn next(random: &mut Random, lacking: &Lacking) -> (Tool, String) {
    loop {
        let (needed, tool, line) = any(random);
        if needed.is_none_or(|kind| lacking.has(kind)) {
            return (tool, line);
        }
    }
}

/// Anything, and what the kernel has to have for it.
fn any(random: &mut Random) -> (Option<Kind>, Tool, String) {
    let (tool, line) = match random.below(38) {
        0..=6 => (Tool::Ip, link(random)),
        7..=15 => (Tool::Ip, route(random)),
        16..=18 => (Tool::Ip, address(random)),
        19..=21 => (Tool::Ip, neighbour(random)),
        22..=23 => (Tool::Ip, rule(random)),
        24..=26 => (Tool::Ip, nexthop(random)),
        27..=29 => (Tool::Tc, discipline(random)),
        30..=31 => (Tool::Bridge, forwarding(random)),
        32..=33 => return (Some(Kind::Mdb), Tool::Bridge, group(random)),
        34..=35 => return (Some(Kind::Vlans), Tool::Bridge, vlan(random)),
        _ => return (Some(Kind::Labels), Tool::Ip, label(random)),
    };
    (None, tool, line)
}

fn link(random: &mut Random) -> String {
    let cable = random.below(CABLES);
    let macvlan = random.below(MACVLANS);
    match random.below(16) {
        0..=3 => format!("link add v{cable} type veth peer name p{cable}"),
        4..=6 => format!("link set v{cable} up"),
        7 => format!("link set p{cable} up"),
        8 => format!("link set v{cable} down"),
        9 => format!("link delete v{cable}"),
        10 => format!("link set v{cable} mtu {}", 1400 + random.below(100)),
        // One end of each cable alone: a bridge with both is a loop.
        11 => format!("link set v{cable} master br0"),
        12 => format!("link set v{cable} nomaster"),
        // Away and back: what else is about it finds it more often than not.
        13 => format!("link set p{cable} name q{cable}\nlink set q{cable} name p{cable}"),
        14 => format!("link add m{macvlan} link fix1 type macvlan mode bridge"),
        _ => format!("link delete m{macvlan}"),
    }
}

/// A link that may be there.
fn device(random: &mut Random) -> String {
    match random.below(4) {
        0 => format!("v{}", random.below(CABLES)),
        1 => "br0".to_owned(),
        2 => "fix1".to_owned(),
        _ => "fix0".to_owned(),
    }
}

fn route(random: &mut Random) -> String {
    let verb = random.of(&["add", "add", "replace", "append", "delete", "delete"]);
    let (destination, metric) = (random.below(DESTINATIONS), 10 + random.below(PRIORITIES));
    let table = random.of(&["main", "100", "1000"]);
    let device = device(random);
    let (destination, way) = if random.below(3) == 0 {
        let way = match random.below(3) {
            0 => format!("via fd77::{:x} dev fix0", 9 + random.below(2)),
            1 => "nexthop via fd77::9 dev fix0 nexthop via fd77::a dev fix0".to_owned(),
            _ => format!("dev {device}"),
        };
        (format!("fd20:{destination:x}::/32"), way)
    } else {
        let way = match random.below(6) {
            0 => format!("nhid {}", 1 + random.below(NEXTHOPS)),
            1 => "nexthop via 10.77.0.9 dev fix0 weight 2 nexthop via 10.77.0.10 dev fix0".to_owned(),
            2 => format!("dev {device}"),
            _ => format!("via 10.77.0.{} dev fix0", 9 + random.below(2)),
        };
        (format!("20.{destination}.0.0/16"), way)
    };
    format!("route {verb} {destination} metric {metric} table {table} {way}")
}

fn address(random: &mut Random) -> String {
    let (verb, host, device) = (random.of(&["add", "delete"]), 100 + random.below(HOSTS), device(random));
    match random.below(4) {
        0 => format!("address {verb} fd79::{host:x}/64 dev {device}"),
        1 => format!("address replace 10.79.0.{host}/24 dev {device} valid_lft {0} preferred_lft {0}", 600 + host),
        _ => format!("address {verb} 10.79.0.{host}/24 dev {device}"),
    }
}

fn neighbour(random: &mut Random) -> String {
    let host = 100 + random.below(HOSTS);
    let network = if random.coin() { "10.77.0." } else { "fd77::" };
    if random.below(3) == 0 {
        return format!("neighbour delete {network}{host} dev fix0");
    }
    let (state, byte) = (random.of(&["permanent", "reachable", "stale"]), random.below(256));
    format!("neighbour replace {network}{host} lladdr 02:00:00:00:07:{byte:02x} nud {state} dev fix0")
}

fn rule(random: &mut Random) -> String {
    // The address decides the family.
    let (verb, from) = (random.of(&["add", "add", "delete"]), random.of(&["0.0.0.0/0", "::/0"]));
    let (priority, mark) = (1000 + random.below(RULES), 1 + random.below(2));
    let interface = if random.below(3) == 0 { format!(" iif v{}", random.below(CABLES)) } else { String::new() };
    format!("rule {verb} from {from} priority {priority} fwmark {mark} lookup 100{interface}")
}

fn nexthop(random: &mut Random) -> String {
    let id = 1 + random.below(NEXTHOPS);
    match random.below(5) {
        0..=2 => format!("nexthop replace id {id} via 10.77.0.{} dev fix0", 9 + random.below(3)),
        3 => format!("nexthop delete id {id}"),
        _ => {
            let members: Vec<_> =
                (0..=random.below(MEMBERS_MAX)).map(|_| (1 + random.below(NEXTHOPS)).to_string()).collect();
            format!("nexthop replace id {} group {}", 100 + random.below(GROUPS), members.join("/"))
        }
    }
}

fn discipline(random: &mut Random) -> String {
    let class = 1 + random.below(4);
    let priority = 1 + random.below(6);
    match random.below(12) {
        0 => "qdisc delete dev fix1 root".to_owned(),
        1 | 2 => "qdisc replace dev fix1 root handle 1: htb default 1".to_owned(),
        3..=5 => format!("class replace dev fix1 parent 1: classid 1:{class} htb rate {class}mbit"),
        6 => format!("class delete dev fix1 classid 1:{class}"),
        7 => "qdisc replace dev fix0 clsact".to_owned(),
        8 | 9 => {
            let way = if random.coin() { "flowid 1:1" } else { "action mirred egress redirect dev fix1" };
            let network = random.below(9);
            format!(
                "filter add dev fix0 ingress prio {priority} protocol ip u32 match ip dst 10.1.{network}.0/24 {way}"
            )
        }
        10 => format!("filter delete dev fix0 ingress prio {priority}"),
        _ => {
            let (kind, limit) = (random.of(&["pfifo", "bfifo"]), 1000 + random.below(90));
            format!("qdisc replace dev v{} root handle {}: {kind} limit {limit}", random.below(2), 2 + random.below(3))
        }
    }
}

fn forwarding(random: &mut Random) -> String {
    let verb = random.of(&["replace", "replace", "delete"]);
    let (cable, byte) = (random.below(CABLES), random.below(40));
    let side = random.of(&["master", "self"]);
    format!("fdb {verb} 02:00:00:00:08:{byte:02x} dev v{cable} {side}")
}

/// A port of the bridge, if it is one now: one that stays, and others that come and go with what they know.
fn port(random: &mut Random) -> String {
    if random.coin() { "port0".to_owned() } else { format!("v{}", random.below(CABLES)) }
}

fn group(random: &mut Random) -> String {
    let (verb, port) = (random.of(&["add", "add", "delete"]), port(random));
    let (network, number) = (random.of(&["239.77.1.", "ff05::77:"]), 1 + random.below(MULTICAST_GROUPS));
    // What is not permanent ends by itself after some minutes.
    let state = random.of(&["permanent", "temp"]);
    format!("mdb {verb} dev br0 port {port} grp {network}{number} {state}")
}

fn vlan(random: &mut Random) -> String {
    let (verb, port, first) = (random.of(&["add", "add", "delete"]), port(random), 10 + random.below(VLANS));
    let last = first + random.below(3);
    let flags = if verb == "add" { random.of(&["", " untagged", " pvid untagged"]) } else { "" };
    // A range has no port id.
    let flags = if last > first { "" } else { flags };
    format!("vlan {verb} dev {port} vid {first}-{last}{flags}")
}

fn label(random: &mut Random) -> String {
    let (verb, number) = (random.of(&["add", "add", "delete"]), 1 + random.below(LABELS));
    let device = random.of(&["", "", " dev fix0"]);
    // Which one it is, a deletion has to say too, and the kernel does not look at it.
    let label = 70 + random.below(9);
    // Of each length one alone: of two with the same length the kernel takes either a second time (net/ipv6/addrlabel.c,
    // __ip6addrlbl_add stops at the first that is as long), and a watch has equal ones as one.
    format!("addrlabel {verb} prefix fd20:{number:x}::/{}{device} label {label}", 32 + number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(random: &mut Random) -> (Tool, String) {
        super::next(random, &Lacking::default())
    }

    #[test]
    fn what_the_kernel_lacks_is_left_alone_and_the_rest_is_not() {
        let mut lacking = Lacking::default();
        lacking.add(Kind::Vlans, "for a reason".to_owned());
        let mut random = Random::new(9, 1);
        let lines: Vec<_> = (0..2000).map(|_| super::next(&mut random, &lacking).1).collect();
        let of = |word: &str| lines.iter().filter(|line| line.split(' ').next() == Some(word)).count();
        assert_eq!(of("vlan"), 0);
        assert!(of("mdb") > 50 && of("addrlabel") > 50 && of("fdb") > 50, "{}", of("mdb"));
    }

    #[test]
    fn every_program_has_something_to_do() {
        let mut random = Random::new(5, 1);
        let mut seen: Vec<_> = (0..1000).map(|_| next(&mut random).0).collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen, Tool::ALL);
    }

    #[test]
    fn what_is_fixed_is_left_alone() {
        let mut random = Random::new(6, 1);
        for _ in 0..20_000 {
            let (_, line) = next(&mut random);
            let words: Vec<_> = line.split(' ').collect();
            for fixed in ["10.77.0.1/24", "10.78.0.0/16", "4242", "9999", "10.77.0.9/32"] {
                assert!(!words.contains(&fixed), "{line}");
            }
            let is_of_link = words[0] == "link";
            assert!(!is_of_link || !words[2].starts_with("fix") && words[2] != "br0", "{line}");
        }
    }
}
