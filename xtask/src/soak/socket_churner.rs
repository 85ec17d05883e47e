//! A process that opens and closes sockets in a network namespace, so many a second, writes settings of a link, joins anycast addresses,
//! and routes multicast: what no program of iproute2 does.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::net::sockopt::set_socket_linger;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::anycast::Anycast;
use super::multicast_router::Router;
use super::pace::Pace;
use super::place;
use super::random::Random;
use crate::bench::part;

/// The port of the listener that is there from beginning to end.
pub(super) const PORT: u16 = 7777;
/// Sockets, or pairs of them, that are open at any time.
const OPEN: u32 = 150;
/// Time between two changes.
const PAUSE: Duration = Duration::from_millis(10);
/// Changes of sockets between two of a setting.
const SETTING_EVERY: u64 = 50;
/// Changes of sockets between two of a multicast route.
const ROUTE_EVERY: u64 = 7;
/// Changes of sockets between two of an anycast address.
const ANYCAST_EVERY: u64 = 30;
/// Bytes of a conversation at most.
const SAID_MAX: u32 = 3000;
/// A setting of IPv4 and one of IPv6, of a link that is always there.
const SETTINGS: [&str; 2] = ["ipv4/conf/fix0/forwarding", "ipv6/conf/fix0/accept_redirects"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The network namespace, by name
    #[arg(long)]
    place: String,
    /// What decides the sequence
    #[arg(long)]
    seed: u64,
    /// How many times slower than usual this machine is
    #[arg(long)]
    slowness: u32,
}

impl Args {
    /// These as a command line.
    pub(super) fn line(place: &str, seed: u64, slowness: u32) -> Vec<String> {
        vec![
            "socket-churner".into(),
            format!("--place={place}"),
            format!("--seed={seed}"),
            format!("--slowness={slowness}"),
        ]
    }
}

/// What is held, until something else takes its place.
#[expect(dead_code, reason = "they are open, and that is all")]
enum Open {
    Connection(TcpStream, TcpStream),
    Listener(TcpListener),
    Udp(UdpSocket),
    Stream(UnixStream, UnixStream),
    Datagrams(UnixDatagram, UnixDatagram),
}

/// Whether sockets are to come and go no more.
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// Churns until the input says a line, then says how many sockets it opened and holds what is open until the input ends.
pub(crate) fn run(args: &Args) -> Result<()> {
    let netns = File::open(place::file(&args.place)).context("there is no such namespace")?;
    move_into_link_name_space(netns.as_fd(), Some(LinkNameSpaceType::Network)).context("cannot enter it")?;
    let listeners = [format!("127.0.0.1:{PORT}"), format!("[::1]:{PORT}")];
    let listeners = listeners.map(|address| TcpListener::bind(&address).with_context(|| address));
    let [one, other] = listeners;
    let listeners = [one?, other?];
    // Whoever started this hears why there is no multicast routing.
    let router = Router::new();
    let errno = |error: &std::io::Error| error.raw_os_error().and_then(|errno| u64::try_from(errno).ok()).unwrap_or(1);
    part::say(router.as_ref().err().map_or(0, errno))?;
    thread::spawn(|| {
        // Its end, or a line: either is the end of the churn.
        let _ = std::io::stdin().read(&mut [0]);
        IS_OVER.store(true, Ordering::Relaxed);
    });
    let mut anycast = Anycast::new()?;
    let mut random = Random::new(args.seed, 0);
    let mut open: Vec<Option<Open>> = (0..OPEN).map(|_| None).collect();
    let mut opened = 0;
    let pause = Pace::of(args.slowness).of_time(PAUSE);
    while !IS_OVER.load(Ordering::Relaxed) {
        let slot = random.below(OPEN) as usize;
        // What was there is closed before something else comes, as often as not before the peer knows.
        open[slot] = None;
        open[slot] = another(&mut random, &listeners)?;
        opened += 1;
        if opened % SETTING_EVERY == 0 {
            let value = if random.coin() { "1" } else { "0" };
            // Some kernels lack one of them, and some mounts are not ours to write to: nothing hangs on it.
            let _ = fs::write(format!("/proc/sys/net/{}", random.of(&SETTINGS)), value);
        }
        if opened % ANYCAST_EVERY == 0 {
            anycast.change(&mut random)?;
        }
        if opened % ROUTE_EVERY == 0
            && let Ok(router) = &router
        {
            router.change(&mut random)?;
        }
        thread::sleep(pause);
    }
    part::say(opened)?;
    part::wait_for_end()
}

/// Opens something.
fn another(random: &mut Random, listeners: &[TcpListener; 2]) -> Result<Option<Open>> {
    Ok(Some(match random.below(10) {
        0..=4 => {
            let (client, server) = connection(&listeners[random.below(2) as usize])?;
            converse(random, &client, &server)?;
            if random.below(3) > 0 {
                // Closing it breaks the connection off.
                set_socket_linger(&client, Some(Duration::ZERO)).context("cannot set SO_LINGER")?;
            }
            if random.below(4) == 0 {
                // One side goes on alone.
                drop(server);
                return Ok(None);
            }
            Open::Connection(client, server)
        }
        5 => Open::Listener(TcpListener::bind("127.0.0.1:0").context("cannot listen")?),
        6 => {
            // Nobody listens there.
            let _ = TcpStream::connect("127.0.0.1:1");
            return Ok(None);
        }
        7 => {
            let socket = UdpSocket::bind("127.0.0.1:0").context("cannot bind")?;
            if random.coin() {
                socket.connect(("127.0.0.1", PORT)).context("cannot connect")?;
            }
            Open::Udp(socket)
        }
        8 => {
            let (one, other) = UnixStream::pair().context("no pair of sockets")?;
            Open::Stream(one, other)
        }
        _ => {
            let (one, other) = UnixDatagram::pair().context("no pair of sockets")?;
            Open::Datagrams(one, other)
        }
    }))
}

fn connection(listener: &TcpListener) -> Result<(TcpStream, TcpStream)> {
    let client = TcpStream::connect(listener.local_addr().context("no address")?).context("cannot connect")?;
    let (server, _) = listener.accept().context("cannot accept")?;
    Ok((client, server))
}

/// Sends something, and leaves some of it unread.
fn converse(random: &mut Random, mut client: &TcpStream, mut server: &TcpStream) -> Result<()> {
    let bytes = vec![7; random.below(SAID_MAX) as usize];
    client.write_all(&bytes).context("cannot send")?;
    let unread = random.below(2) as usize * bytes.len() / 2;
    server.read_exact(&mut vec![0; bytes.len() - unread]).context("cannot receive")
}
