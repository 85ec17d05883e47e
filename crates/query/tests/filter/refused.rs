//! A filter that is refused because it can match nothing fits no record of a small world, all of which are tried.

use core::net::IpAddr;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::sample::parse;

/// A record of the world. What is `None` the kernel did not give.
#[derive(Clone, Debug)]
struct Plain {
    state: &'static str,
    lport: u64,
    pport: u64,
    mark: Option<u64>,
    local: IpAddr,
    peer: IpAddr,
    /// A text with one value.
    netns: Option<&'static str>,
    processes: Vec<&'static str>,
    /// Zero: bound to none.
    ifindex: u64,
}

const STATES: [&str; 2] = ["established", "listening"];
const ADDRESSES: [&str; 8] =
    ["10.0.0.0", "10.0.0.3", "::ffff:10.0.0.1", "::ffff:10.0.0.2", "::", "::1", "2001:db8::1", "0.0.0.0"];
const TEXTS: [&str; 3] = ["aa", "ab", "b"];
const HOLDERS: [&[&str]; 5] = [&[], &["aa"], &["b"], &["aa", "ab"], &["ab", "b"]];

/// The fields that a filter speaks of, so that no more than those have to be varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    State,
    Ports,
    Mark,
    Addresses,
    Netns,
    Process,
    Ifindex,
}

const FIELDS: [Field; 7] =
    [Field::State, Field::Ports, Field::Mark, Field::Addresses, Field::Netns, Field::Process, Field::Ifindex];

impl Plain {
    fn first() -> Self {
        let address = |text: &str| text.parse().expect("an address");
        Self {
            state: "established",
            lport: 1,
            pport: 2,
            mark: Some(1),
            local: address("10.0.0.1"),
            peer: address("10.0.0.2"),
            netns: Some("aa"),
            processes: vec!["b"],
            ifindex: 1,
        }
    }

    /// Every value of a field in the place of this one.
    fn varied(&self, field: Field) -> Vec<Self> {
        let mut all = Vec::new();
        let mut add = |change: &dyn Fn(&mut Self)| {
            let mut one = self.clone();
            change(&mut one);
            all.push(one);
        };
        match field {
            Field::State => STATES.iter().for_each(|state| add(&|one| one.state = state)),
            Field::Ports => (0..16).for_each(|ports| add(&|one| (one.lport, one.pport) = (ports / 4, ports % 4))),
            Field::Mark => (0..6).for_each(|mark| add(&|one| one.mark = (mark < 5).then_some(mark))),
            Field::Addresses => {
                for pair in 0..ADDRESSES.len() * ADDRESSES.len() {
                    let address = |index: usize| ADDRESSES[index].parse().expect("an address");
                    add(&|one| {
                        (one.local, one.peer) = (address(pair / ADDRESSES.len()), address(pair % ADDRESSES.len()));
                    });
                }
            }
            Field::Netns => (0..4).for_each(|text| add(&|one| one.netns = TEXTS.get(text).copied())),
            Field::Process => HOLDERS.iter().for_each(|list| add(&|one| one.processes = list.to_vec())),
            Field::Ifindex => (0..4).for_each(|index| add(&|one| one.ifindex = index)),
        }
        all
    }

    /// Whether the kernel makes such sockets. One has addresses of one family, and an IPv4 address, mapped or not, leads
    /// to a peer of IPv6 only where there is no connection: what a failed one left.
    fn is_possible(&self) -> bool {
        let v4 = |address: IpAddr| match address {
            IpAddr::V4(_) => true,
            IpAddr::V6(address) => address.to_ipv4_mapped().is_some(),
        };
        let v6 = |address: IpAddr| !v4(address) && !address.is_unspecified();
        let connected = self.state == "established" || self.pport != 0;
        let one_family = self.local.is_ipv4() == self.peer.is_ipv4();
        one_family && !(connected && v4(self.local) && v6(self.peer))
    }
}

/// One comparison.
#[derive(Clone, Debug)]
enum Leaf {
    State(&'static str, bool),
    Port(&'static str, u64, u64),
    BarePort(u64),
    Mark(u64, u64),
    Masked(u64, u64),
    HasMark,
    Network(&'static str, &'static str, u8),
    Bare(&'static str),
    Text(Vec<&'static str>),
    Glob(&'static str),
    Process(&'static str),
    ProcessGlob(&'static str),
    Ifindex(u64, u64),
    Dev(u64),
    HasDev,
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(Leaf),
    Not(Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
}

const NETWORKS: [(&str, u8); 12] = [
    ("10.0.0.0", 30),
    ("10.0.0.0", 31),
    ("10.0.0.2", 31),
    ("10.0.0.3", 32),
    ("0.0.0.0", 0),
    ("0.0.0.0", 1),
    ("128.0.0.0", 1),
    ("::", 0),
    ("::ffff:10.0.0.0", 127),
    ("::ffff:10.0.0.2", 127),
    ("::", 127),
    ("2000::", 3),
];

fn leaf(field: Field) -> BoxedStrategy<Leaf> {
    let from_to = |most: u64| (0..=most, 0..=most).prop_map(|(a, b)| (a.min(b), a.max(b)));
    match field {
        Field::State => (prop::sample::select(vec!["established", "listening", "all"]), any::<bool>())
            .prop_map(|(word, exclude)| Leaf::State(word, exclude))
            .boxed(),
        Field::Ports => prop_oneof![
            3 => (prop::sample::select(vec!["lport", "pport", "port"]), from_to(3)).prop_map(|(name, (from, to))| Leaf::Port(name, from, to)),
            1 => (0..4u64).prop_map(Leaf::BarePort),
        ]
        .boxed(),
        Field::Mark => prop_oneof![
            3 => from_to(5).prop_map(|(from, to)| Leaf::Mark(from, to)),
            3 => (0..8u64, 1..8u64).prop_map(|(value, mask)| Leaf::Masked(value & mask, mask)),
            1 => Just(Leaf::HasMark),
        ]
        .boxed(),
        Field::Addresses => prop_oneof![
            4 => (prop::sample::select(vec!["src", "dst"]), prop::sample::select(NETWORKS.to_vec()))
                .prop_map(|(side, (address, bits))| Leaf::Network(side, address, bits)),
            1 => prop::sample::select(vec!["10.0.0.3", "10.0.0.1", "10.0.0.2", "::1"]).prop_map(Leaf::Bare),
        ]
        .boxed(),
        Field::Netns => prop_oneof![
            prop::sample::subsequence(TEXTS.to_vec(), 1..=2).prop_map(Leaf::Text),
            prop::sample::select(vec!["a", "b"]).prop_map(Leaf::Glob),
        ]
        .boxed(),
        Field::Process => prop_oneof![
            prop::sample::select(TEXTS.to_vec()).prop_map(Leaf::Process),
            prop::sample::select(vec!["a", "b"]).prop_map(Leaf::ProcessGlob),
        ]
        .boxed(),
        Field::Ifindex => prop_oneof![
            2 => from_to(3).prop_map(|(from, to)| Leaf::Ifindex(from, to)),
            1 => (1..4u64).prop_map(Leaf::Dev),
            1 => Just(Leaf::HasDev),
        ]
        .boxed(),
    }
}

/// Conjunctions of disjunctions, mostly: of such filters many can match nothing.
fn tree(fields: &[Field]) -> impl Strategy<Value = Tree> + use<> {
    let leaves = fields.iter().map(|&field| leaf(field)).collect::<Vec<_>>();
    let leaf = proptest::strategy::Union::new(leaves);
    let signed = (leaf, prop::bool::weighted(0.35))
        .prop_map(|(leaf, negated)| if negated { Tree::Not(Box::new(Tree::Leaf(leaf))) } else { Tree::Leaf(leaf) });
    let inner = prop::collection::vec(signed.clone(), 1..3).prop_map(Tree::All);
    let either = prop::collection::vec(prop_oneof![3 => signed.clone(), 1 => inner], 1..4).prop_map(Tree::Any);
    let part = prop_oneof![2 => signed, 3 => either.clone(), 1 => either.prop_map(|tree| Tree::Not(Box::new(tree)))];
    prop::collection::vec(part, 2..6).prop_map(Tree::All)
}

impl Leaf {
    fn text(&self) -> String {
        match self {
            Self::State(word, true) => format!("exclude {word}"),
            Self::State(word, false) => (*word).to_owned(),
            Self::Port(name, from, to) => format!("{name} = {from}-{to}"),
            Self::BarePort(port) => format!(":{port}"),
            Self::Mark(from, to) => format!("mark = {from}-{to}"),
            Self::Masked(value, mask) => format!("mark = {value:#x}/{mask:#x}"),
            Self::HasMark => "has mark".to_owned(),
            Self::Network(side, address, bits) => format!("{side} {address}/{bits}"),
            Self::Bare(address) => (*address).to_owned(),
            Self::Text(texts) => format!("netns in ({})", texts.join(", ")),
            Self::Glob(start) => format!("netns ~ '{start}*'"),
            Self::Process(name) => format!("process = {name}"),
            Self::ProcessGlob(start) => format!("process ~ '{start}*'"),
            Self::Ifindex(from, to) => format!("ifindex = {from}-{to}"),
            Self::Dev(index) => format!("dev = {index}"),
            Self::HasDev => "has dev".to_owned(),
        }
    }

    fn holds(&self, plain: &Plain) -> Option<bool> {
        let is_in = |address: IpAddr, network: &str, bits: u8| {
            let as_bits = |address: IpAddr| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
                IpAddr::V6(address) => address.to_bits(),
            };
            let network: IpAddr = network.parse().expect("an address");
            let bits = if network.is_ipv4() { u32::from(bits) + 96 } else { u32::from(bits) };
            // An IPv6 network takes no IPv4 address.
            let families = network.is_ipv4() || address.is_ipv6();
            families && (as_bits(address) ^ as_bits(network)).leading_zeros() >= bits
        };
        Some(match self {
            Self::State("all", exclude) => !exclude,
            Self::State(word, exclude) => (plain.state == *word) != *exclude,
            Self::Port(name, from, to) => {
                let fits = |port: u64| (*from..=*to).contains(&port);
                match *name {
                    "lport" => fits(plain.lport),
                    "pport" => fits(plain.pport),
                    _ => fits(plain.lport) || fits(plain.pport),
                }
            }
            Self::BarePort(port) => plain.lport == *port || plain.pport == *port,
            Self::Mark(from, to) => (*from..=*to).contains(&plain.mark?),
            Self::Masked(value, mask) => plain.mark? & mask == *value,
            Self::HasMark => plain.mark.is_some(),
            Self::Network(side, network, bits) => {
                is_in(if *side == "src" { plain.local } else { plain.peer }, network, *bits)
            }
            Self::Bare(address) => {
                let bits = if address.contains(':') { 128 } else { 32 };
                is_in(plain.local, address, bits) || is_in(plain.peer, address, bits)
            }
            Self::Text(texts) => texts.contains(&plain.netns?),
            Self::Glob(start) => plain.netns?.starts_with(start),
            Self::Process(name) => plain.processes.contains(name),
            Self::ProcessGlob(start) => plain.processes.iter().any(|name| name.starts_with(start)),
            Self::Ifindex(..) if plain.ifindex == 0 => return None,
            Self::Ifindex(from, to) => (*from..=*to).contains(&plain.ifindex),
            Self::Dev(index) => plain.ifindex == *index,
            Self::HasDev => plain.ifindex != 0,
        })
    }
}

impl Tree {
    fn text(&self) -> String {
        let join = |trees: &[Self], between: &str| {
            let texts: Vec<String> = trees.iter().map(|tree| format!("({})", tree.text())).collect();
            texts.join(between)
        };
        match self {
            Self::Leaf(leaf) => leaf.text(),
            Self::Not(inner) => format!("not ({})", inner.text()),
            Self::All(trees) => join(trees, " and "),
            Self::Any(trees) => join(trees, " or "),
        }
    }

    fn holds(&self, plain: &Plain) -> Option<bool> {
        let decided = |trees: &[Self], end: bool| {
            let mut said = Some(!end);
            for tree in trees {
                match tree.holds(plain) {
                    Some(holds) if holds == end => return Some(end),
                    None => said = None,
                    Some(_) => {}
                }
            }
            said
        };
        match self {
            Self::Leaf(leaf) => leaf.holds(plain),
            Self::Not(inner) => inner.holds(plain).map(|holds| !holds),
            Self::All(trees) => decided(trees, false),
            Self::Any(trees) => decided(trees, true),
        }
    }
}

#[test]
fn what_is_refused_fits_no_record_of_a_small_world() {
    let mut runner = TestRunner::new(Config { cases: 6_000, failure_persistence: None, ..Config::default() });
    let cases =
        prop::sample::subsequence(FIELDS.to_vec(), 1..=3).prop_flat_map(|fields| (Just(fields.clone()), tree(&fields)));
    let (refused, missed) = (core::cell::Cell::new(0), core::cell::Cell::new(0));
    let outcome = runner.run(&cases, |(fields, tree)| {
        let mut records = vec![Plain::first()];
        for &field in &fields {
            records = records.iter().flat_map(|record| record.varied(field)).collect();
        }
        let fitting = records.iter().find(|record| record.is_possible() && tree.holds(record) == Some(true));
        let text = tree.text();
        match (parse(&text), fitting) {
            (Err(mistake), Some(record)) => prop_assert!(false, "{} takes {:?}, and {}", text, record, mistake),
            (Err(mistake), None) => {
                let nothing = mistake.message.starts_with("this filter can match nothing");
                prop_assert!(nothing, "{}", mistake);
                refused.set(refused.get() + 1);
            }
            (Ok(_), None) => missed.set(missed.get() + 1),
            (Ok(_), Some(_)) => {}
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // In a greater world much of what was run would fit something: the mark 5, an interface 4.
    let (refused, missed) = (refused.get(), missed.get());
    assert!(refused > 2 * missed && refused > 1_000, "{refused} were refused, {missed} fit nothing here and were run");
}
