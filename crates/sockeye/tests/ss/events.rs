//! `-E` follows sockets that are destroyed, and when the kernel drops what it tells of them, says how many and goes on.

use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use sockeye_zoo::{Zoo, in_namespace, patience};

use crate::oracle::Sides;

/// Time after which something that has not happened does not happen any more.
static PATIENCE: LazyLock<Duration> = LazyLock::new(|| patience(Duration::from_secs(30)));

/// Sockets that are closed while nobody reads: more than the receive buffer of the command and its pipe hold.
const BURST: usize = 60_000;

/// Bursts after which no buffer has room for more.
const BURSTS_MAX: usize = 8;

/// What the kernel dropped for Netlink sockets of this namespace, of which the command's is the only one that follows.
fn drops() -> u64 {
    let text = std::fs::read_to_string("/proc/net/netlink").expect("every kernel has it");
    // sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode
    text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(8)?.parse::<u64>().ok()).sum()
}

/// How many a line on stderr says that were lost.
fn lost_of(line: &str) -> usize {
    let number = line.strip_prefix("ss: gap: ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {line:?}"))
}

/// Waits some seconds for what may happen.
fn wait_until(happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !happened() && began.elapsed() < Duration::from_secs(3) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The command, which ends with the test.
struct Follower(Child);

impl Follower {
    fn of(zoo: &Zoo, line: &str) -> Self {
        let mut command = Sides::ours(zoo).command(&format!("exec {line}"));
        Self(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("there is a shell"))
    }

    fn pipes(&mut self) -> (ChildStdout, ChildStderr) {
        (self.0.stdout.take().expect("it is a pipe"), self.0.stderr.take().expect("it is a pipe"))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lines of a pipe as they come, read by a thread of their own.
fn lines(pipe: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Closes sockets until one of them is told of, and returns the line with its port.
fn close_until_told(told: &Receiver<String>) -> (u16, String) {
    let began = Instant::now();
    let mut closed = Vec::new();
    while began.elapsed() < *PATIENCE {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback is there");
        closed.push(socket.local_addr().expect("it is bound").port());
        drop(socket);
        while let Ok(line) = told.recv_timeout(Duration::from_millis(20)) {
            if let Some(&port) = closed.iter().find(|port| line.contains(&format!("127.0.0.1:{port} "))) {
                return (port, line);
            }
        }
    }
    panic!("no socket of {} that were closed is told of", closed.len());
}

pub(crate) fn closed_sockets_are_told_of_as_rows() {
    in_namespace(|zoo| {
        let mut follower = Follower::of(zoo, "ss -uanE src 127.0.0.1");
        let (told, _) = follower.pipes();
        let (port, line) = close_until_told(&lines(told));
        let words: Vec<&str> = line.split_whitespace().collect();
        // The kernel has taken the socket apart already: its send queue is less than nothing, as `ss` shows it too.
        assert_eq!(words[..3], ["UNCONN", "0", "-1"], "{line}");
        assert_eq!(words[3], format!("127.0.0.1:{port}"), "{line}");
        Ok(())
    });
}

pub(crate) fn as_json_they_are_objects() {
    in_namespace(|zoo| {
        let mut follower = Follower::of(zoo, "ss -uE --json");
        let (told, _) = follower.pipes();
        let told = lines(told);
        let began = Instant::now();
        let line = loop {
            drop(UdpSocket::bind("127.0.0.1:0").expect("loopback is there"));
            match told.recv_timeout(Duration::from_millis(20)) {
                Ok(line) => break line,
                Err(_) => assert!(began.elapsed() < *PATIENCE, "nothing is told"),
            }
        };
        let socket: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&socket["protocol"], &socket["local_address"]), (&"udp".into(), &"127.0.0.1".into()), "{socket}");
        Ok(())
    });
}

pub(crate) fn a_filter_takes_some_of_them() {
    in_namespace(|zoo| {
        let kept = UdpSocket::bind("127.0.0.1:0").expect("loopback is there");
        let port = kept.local_addr().expect("loopback is there").port();
        let mut follower = Follower::of(zoo, &format!("ss -unEH sport != :{port}"));
        let (told, _) = follower.pipes();
        let told = lines(told);
        close_until_told(&told);
        drop(kept);
        let (_, line) = close_until_told(&told);
        assert!(!line.contains(&format!(":{port} ")), "{line}");
        let rest: Vec<String> = told.try_iter().collect();
        assert!(rest.iter().all(|line| !line.contains(&format!(":{port} "))), "{rest:?}");
        Ok(())
    });
}

pub(crate) fn what_is_lost_of_them_is_counted_and_it_goes_on() {
    in_namespace(|zoo| {
        let mut follower = Follower::of(zoo, "ss -unEH");
        let (told, complaints) = follower.pipes();
        let mut told = BufReader::new(told);
        let complaints = lines(complaints);
        // One event shows that it follows; from then on nobody reads.
        let began = Instant::now();
        let (first, seen) = channel();
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            let _ = told.read_line(&mut line);
            let _ = first.send(());
            told
        });
        while seen.try_recv().is_err() && began.elapsed() < *PATIENCE {
            drop(UdpSocket::bind("127.0.0.1:0").expect("loopback is there"));
            std::thread::sleep(Duration::from_millis(5));
        }
        let told = reader.join().expect("a line was read");
        // The kernel tells of them from a queue of its work, some time later: nobody reads before it had to drop one.
        let mut closed = 0;
        while drops() == 0 {
            assert!(closed < BURST * BURSTS_MAX, "{closed} sockets were closed, and the kernel has room for all of it");
            for _ in 0..BURST {
                drop(UdpSocket::bind("127.0.0.1:0").expect("loopback is there"));
            }
            closed += BURST;
            wait_until(|| drops() > 0);
        }
        // From now on it drops, and says so once, until all that waits is read.
        let told = lines(told);
        // On a busy machine there is a pause now and then; only what never comes is missing.
        let began = Instant::now();
        let (mut rows, mut lost) = (0, 0);
        while rows + lost < closed && began.elapsed() < *PATIENCE {
            rows += usize::from(told.recv_timeout(Duration::from_millis(100)).is_ok());
            lost += complaints.try_iter().map(|line| lost_of(&line)).sum::<usize>();
        }
        assert!(lost > 0 && rows + lost >= closed, "{rows} rows and {lost} lost of {closed}");
        assert!(rows + lost < closed + 10_000, "{rows} rows and {lost} lost of {closed}");
        close_until_told(&told);
        Ok(())
    });
}
