//! Two network namespaces and what lies between them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sockeye_conn::{Buffer, Namespace, Protocol, Socket};
use sockeye_state::lives::Counters;
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::inet::{IPPROTO_TCP, InetMessage, InetQuestion};
use sockeye_zoo::{LongWire, Skip, WireEnd};

/// `INET_DIAG_INFO` and `INET_DIAG_SKMEMINFO`, bit `n - 1` for extension `n`.
const EXTENSIONS: u8 = 1 << 1 | 1 << 6;

/// How long a packet travels on the long wire.
const LENGTH: Duration = Duration::from_millis(20);

/// What the slow wire carries, in bytes a second.
const SLOW: u32 = 500_000;

/// A way from here to the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The loopback device: both ends are here.
    Loopback,
    /// A pair of virtual Ethernet devices, as fast as the processors.
    Plain,
    /// The same behind a token bucket of 8 Mbit/s.
    Shaped,
    /// The same behind one of 2 Mbit/s.
    Narrow,
    /// The same behind one of 40 Mbit/s.
    Wide,
    /// The same without one, and every twentieth packet to the other end is dropped by its firewall.
    Lossy,
    /// A wire of 4 Mbit/s, with a long queue in front of it, and every 66th packet is dropped.
    SlowAndLossy,
    /// The same as the plain one, and every packet to the other end is dropped once the firewall is told to.
    Cut,
    /// A wire on which a round trip takes 40 ms, as fast as the processors.
    Long,
}

impl Way {
    const ALL: [Self; 9] = [
        Self::Loopback,
        Self::Plain,
        Self::Shaped,
        Self::Narrow,
        Self::Wide,
        Self::Lossy,
        Self::SlowAndLossy,
        Self::Cut,
        Self::Long,
    ];

    const fn device(self) -> &'static str {
        match self {
            Self::Loopback => "lo",
            Self::Plain => "plain",
            Self::Shaped => "shaped",
            Self::Narrow => "narrow",
            Self::Wide => "wide",
            Self::Lossy => "lossy",
            Self::SlowAndLossy => "slow",
            Self::Cut => "cut",
            Self::Long => "long",
        }
    }

    /// The address at its other end.
    pub(crate) fn far_address(self) -> IpAddr {
        match self {
            Self::Loopback => Ipv4Addr::LOCALHOST.into(),
            way => Ipv4Addr::new(10, 91, way as u8, 2).into(),
        }
    }
}

/// Here and the other end.
pub(crate) struct Place {
    /// What the connections use.
    pub(crate) congestion_control: &'static str,
    far: Namespace,
    process: Child,
    /// One socket in each of the two.
    diag: RefCell<[Socket; 2]>,
    _wires: [LongWire; 2],
}

impl Place {
    /// Makes the other end and every way to it.
    pub(crate) fn new(congestion_control: &'static str) -> Result<Self, Skip> {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", "echo there; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| Skip::new("program:unshare", error.to_string()))?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a pipe can be read");
        let far = Namespace::open(process.id().to_string().as_ref()).expect("its process lives");

        let wire = |name: &'static CStr, delay, rate| {
            let end = || WireEnd::new(name).map_err(|error| Skip::new("long-wire", error.to_string()));
            let far_end = far.run_in(end).expect("root of both")?;
            Ok::<_, Skip>(LongWire::between(end()?, far_end, delay, rate).expect("a pipe"))
        };
        let wires = [wire(c"long", LENGTH, None)?, wire(c"slow", Duration::from_millis(1), Some(SLOW))?];
        let open = || Socket::open(Protocol::SockDiag).expect("everybody may ask");
        let diag = RefCell::new([open(), far.run_in(open).expect("root of both")]);
        let place = Self { congestion_control, far, process, diag, _wires: wires };
        place.lay_ways()?;

        Ok(place)
    }

    /// Does something at the other end.
    pub(crate) fn there<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.far.run_in(work).expect("root of both")
    }

    /// Does something where the other end of `way` is.
    pub(crate) fn at_the_end_of<T: Send>(&self, way: Way, work: impl FnOnce() -> T + Send) -> T {
        if way == Way::Loopback { work() } else { self.there(work) }
    }

    /// From now on nothing arrives on [`Way::Cut`].
    pub(crate) fn cut(&self) -> Result<(), Skip> {
        self.there(|| given("nft", &["-f", "-"], "add rule ip causes input iifname cut drop\n"))
    }

    /// Every TCP socket of both ends, by its cookie.
    pub(crate) fn look(&self) -> HashMap<u64, Counters> {
        let question = InetQuestion {
            family: 0,
            protocol: IPPROTO_TCP,
            extensions: EXTENSIONS,
            states: u32::MAX,
            bytecode: &[],
            bpf_storages: false,
        };
        let (mut seen, mut buffer) = (HashMap::new(), Buffer::new());
        for socket in self.diag.borrow_mut().iter_mut() {
            let mut dump = Dump::new(socket.send(question.dump()).expect("sent"));
            while dump.handle(socket.receive(&mut buffer).expect("received"), |row| {
                let cookie = InetMessage(row.payload()).cookie();
                seen.extend(cookie.zip(Counters::read(row.payload())));
            }) == Step::Continue
            {}
            assert!(dump.into_conclusion().is_whole(), "the dump is whole");
        }
        seen
    }

    fn lay_ways(&self) -> Result<(), Skip> {
        let (mut here, mut there) = (Vec::new(), vec!["link set lo up".to_owned()]);
        for way in Way::ALL.into_iter().filter(|&way| way != Way::Loopback) {
            let (device, net) = (way.device(), way as u8);
            if !matches!(way, Way::Long | Way::SlowAndLossy) {
                here.push(format!("link add {device} type veth peer name {device} netns {}", self.process.id()));
            }
            if way == Way::Lossy {
                // A packet is a segment, so that what is dropped is what was said.
                here.push(format!("link set {device} gso_max_segs 1"));
            }
            for (orders, end) in [(&mut here, 1), (&mut there, 2)] {
                orders.push(format!("address add 10.91.{net}.{end}/24 dev {device}"));
                orders.push(format!("link set {device} up"));
            }
        }
        given("ip", &["-batch", "-"], &here.join("\n"))?;
        self.there(|| given("ip", &["-batch", "-"], &there.join("\n")))?;
        let buckets = "qdisc add dev shaped root tbf rate 8mbit burst 16kb limit 300kb\n\
             qdisc add dev narrow root tbf rate 2mbit burst 16kb limit 300kb\n\
             qdisc add dev wide root tbf rate 40mbit burst 16kb limit 300kb\n";
        given("tc", &["-batch", "-"], buckets)?;
        // The first packet of all opens the connection, and is not one of those that are dropped.
        let rules = "add table ip causes\n\
             add chain ip causes input { type filter hook input priority 0; }\n\
             add rule ip causes input iifname lossy numgen inc mod 20 7 drop\n\
             add rule ip causes input iifname slow numgen inc mod 66 7 drop\n";
        self.there(|| given("nft", &["-f", "-"], rules))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a program that reads its orders.
///
/// # Panics
///
/// If it refuses.
fn given(program: &str, arguments: &[&str], orders: &str) -> Result<(), Skip> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| Skip::new(format!("program:{program}"), error.to_string()));
    let mut child = child?;
    child.stdin.take().expect("piped").write_all(orders.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("a child of ours");
    assert!(output.status.success(), "{program}: {}\n{orders}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
