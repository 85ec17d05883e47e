//! Connections that live between two looks: they count, and with the kernel's own events also for those who held them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::CapabilitySet;
use sockeye_zoo::skip::{may_load_programs, needs};
use sockeye_zoo::{Skip, in_namespace, patience};

use crate::once::text;

/// Short connections, one after the other.
#[derive(Default)]
struct Load {
    made: AtomicU64,
    /// As fast as it can, and not a few hundred a second, of which a reader that has to wait for a processor loses none.
    is_flood: AtomicBool,
    is_over: AtomicBool,
    /// Another process holds the listener too, and takes none.
    is_shared: bool,
}

impl Load {
    /// Makes them until it is over: 20 000 bytes there, 1 000 back.
    fn run(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let sharer = self.is_shared.then(|| {
            let shared = OwnedFd::from(listener.try_clone().expect("descriptors are left"));
            Command::new("sleep").arg("300").stdin(shared).spawn().expect("sleep is there")
        });
        while !self.is_over.load(Ordering::Acquire) {
            let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("taken");
            let (mut server, _) = listener.accept().expect("one waits");
            client.write_all(&vec![7; 20_000]).expect("sent");
            client.shutdown(Shutdown::Write).expect("connected");
            server.read_to_end(&mut Vec::new()).expect("the end");
            server.write_all(&[9; 1_000]).expect("sent");
            drop(server);
            client.read_to_end(&mut Vec::new()).expect("the end");
            self.made.fetch_add(1, Ordering::Release);
            if !self.is_flood.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        if let Some(mut sharer) = sharer {
            sharer.kill().expect("a child of ours");
            sharer.wait().expect("a child of ours");
        }
    }

    /// How many there were.
    fn made(&self) -> u64 {
        self.made.load(Ordering::Acquire)
    }
}

/// The screen of a pane while that goes on.
fn screen(pane: &str, command: Command) -> Result<String, Skip> {
    screen_of(&Load::default(), pane, command)
}

/// The same of this load.
fn screen_of(load: &Load, pane: &str, command: Command) -> Result<String, Skip> {
    screen_over("500ms", load, pane, command)
}

/// The same over so long.
fn screen_over(interval: &str, load: &Load, pane: &str, mut command: Command) -> Result<String, Skip> {
    std::thread::scope(|scope| {
        let running = scope.spawn(|| load.run());
        let output = command.args(["top", "--once", "--interval", interval, "--pane", pane]).output();
        load.is_over.store(true, Ordering::Release);
        running.join().expect("no panic");
        assert!(load.made() > 10);
        let output = output.map_err(|error| Skip::new("program:setpriv", error.to_string()))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("setpriv:") {
            return Err(Skip::new("unprivileged", errors.trim().to_owned()));
        }
        Ok(text(&output))
    })
}

/// Waits until something is so.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + patience(Duration::from_secs(30));
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process has a thread of this name.
fn has_thread(pid: Pid, name: &str) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid())).into_iter().flatten().flatten();
    let mut names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
    names.any(|found| found.trim_end() == name)
}

fn plain() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sockeye"))
}

/// The same without what BPF needs, which is taken with CAP_SETPCAP.
fn without_bpf() -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-bpf,-perfmon,-sys_admin", "--inh-caps", "-all", env!("CARGO_BIN_EXE_sockeye")]);
    command
}

/// The cells of the row of a process, or of nobody: behind its name.
fn row<'s>(screen: &'s str, whose: &str) -> Option<Vec<&'s str>> {
    let found = screen.lines().find(|line| line.split_whitespace().any(|cell| cell == whose))?;
    Some(found.split_whitespace().skip_while(|cell| *cell != whose).skip(1).collect())
}

/// A rate as it is shown: `1.55M`.
fn rate(cell: &str) -> f64 {
    if cell == "-" {
        return 0.0;
    }
    let digits: String = cell.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    let unit = match &cell[digits.len()..] {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        other => panic!("{other} of {cell}"),
    };
    digits.parse::<f64>().expect("a number") * unit
}

#[test]
fn what_short_connections_move_is_counted_for_the_process_that_opened_and_took_them() {
    in_namespace(|_| {
        may_load_programs()?;
        // Of so many connections that those at its two ends are few.
        let screen = screen_over("2s", &Load::default(), "processes", plain())?;
        assert!(screen.contains(" of tcp and udp from bpf and dumps"), "{screen}");
        // Pid, then connections, listeners, bytes in and out.
        let pid = std::process::id().to_string();
        let cells = row(&screen, &pid).unwrap_or_else(|| panic!("{pid} is not in {screen}"));
        let (bytes_in, bytes_out) = (rate(cells[2]), rate(cells[3]));
        assert!(bytes_in > 21_000.0 && bytes_out > 21_000.0, "{screen}");
        // Both ends are this process's: what one sends the other receives.
        assert!((bytes_in / bytes_out - 1.0).abs() < 0.2, "{screen}");
        // Of a connection that was there before the program, and ended before it was seen, nobody is known.
        let nobodys = row(&screen, "known)").map_or(0.0, |cells| cells[3..5].iter().map(|cell| rate(cell)).sum());
        assert!(nobodys < (bytes_in + bytes_out) / 20.0, "{screen}");
        Ok(())
    });
}

#[test]
fn what_one_of_those_that_share_a_listener_takes_is_its_own() {
    in_namespace(|_| {
        may_load_programs()?;
        let screen = screen_of(&Load { is_shared: true, ..Load::default() }, "processes", plain())?;
        let pid = std::process::id().to_string();
        let ours = row(&screen, &pid).unwrap_or_else(|| panic!("{pid} is not in {screen}"));
        assert!(rate(ours[2]) > 21_000.0 && rate(ours[3]) > 21_000.0, "{screen}");
        // Pid, connections, listeners, then bytes in and out.
        let theirs = row(&screen, "sleep").unwrap_or_else(|| panic!("who listens too is not in {screen}"));
        assert_eq!(theirs[2], "1", "{screen}");
        assert!(rate(theirs[3]) + rate(theirs[4]) < 2_000.0, "{screen}");
        Ok(())
    });
}

#[test]
fn without_bpf_what_comes_to_a_listener_of_several_is_nobodys() {
    in_namespace(|_| {
        needs(CapabilitySet::SYS_PTRACE | CapabilitySet::SETPCAP)?;
        let screen = screen_of(&Load { is_shared: true, ..Load::default() }, "processes", without_bpf())?;
        // Neither of them is counted for what only one took: at most one that lived when it was looked.
        let pid = std::process::id().to_string();
        let ours = row(&screen, &pid).unwrap_or_else(|| panic!("{pid} is not in {screen}"));
        let theirs = row(&screen, "sleep").unwrap_or_else(|| panic!("who listens too is not in {screen}"));
        assert_eq!((ours[1], theirs[2]), ("1", "1"), "{screen}");
        assert!(rate(theirs[3]) + rate(theirs[4]) < 2_000.0, "{screen}");
        let nobody = row(&screen, "known)").unwrap_or_else(|| panic!("nobody is not in {screen}"));
        assert!(rate(nobody[3]) > 20_000.0 && rate(nobody[4]) > 20_000.0, "{screen}");
        Ok(())
    });
}

#[test]
fn without_bpf_they_count_and_who_opened_them_is_not_known() {
    in_namespace(|_| {
        // This process has capabilities that the other lacks, which may look at it all the same with this one.
        needs(CapabilitySet::SYS_PTRACE | CapabilitySet::SETPCAP)?;
        let screen = screen("processes", without_bpf())?;
        assert!(screen.contains(" from destroy-groups and dumps (bpf needs CAP_BPF"), "{screen}");
        let pid = std::process::id().to_string();
        let listens = row(&screen, &pid).unwrap_or_else(|| panic!("{pid} is not in {screen}"));
        // What came to the listener is known to be its holder's.
        assert!(rate(listens[2]) > 2.0 * rate(listens[3]), "{screen}");
        let nobody = row(&screen, "known)").unwrap_or_else(|| panic!("nobody is not in {screen}"));
        assert!(rate(nobody[4]) > 20_000.0, "{screen}");
        Ok(())
    });
}

#[test]
fn peers_have_what_short_connections_moved() {
    in_namespace(|_| {
        may_load_programs()?;
        let screen = screen("peers", plain())?;
        let cells = row(&screen, "127.0.0.1").unwrap_or_else(|| panic!("no peer in {screen}"));
        assert!(rate(cells[1]) > 21_000.0 && rate(cells[2]) > 21_000.0, "{screen}");
        Ok(())
    });
}

#[test]
fn after_a_loss_one_screen_waits_for_rates_that_lack_nothing() {
    in_namespace(|_| {
        may_load_programs()?;
        let load = Load::default();
        let output = std::thread::scope(|scope| {
            let running = scope.spawn(|| load.run());
            let mut command = plain();
            command.args(["top", "--once", "--interval", "2s", "--pane", "peers"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let program = command.spawn().expect("the program starts");
            let pid = Pid::from_child(&program);
            wait_until("it hears", || has_thread(pid, "events"));
            kill_process(pid, Signal::STOP).expect("it is ours");
            // Each is nine changes or more, of which 11 400 may wait.
            let before = load.made();
            load.is_flood.store(true, Ordering::Release);
            wait_until("more happened than waits for it", || load.made() > before + 3_000);
            load.is_flood.store(false, Ordering::Release);
            kill_process(pid, Signal::CONT).expect("it is ours");
            let output = program.wait_with_output().expect("it ends");
            load.is_over.store(true, Ordering::Release);
            running.join().expect("no panic");
            output
        });
        let screen = text(&output);
        assert!(screen.contains(" births and ends lost since "), "{screen}");
        assert!(!screen.contains("not in sync"), "{screen}");
        let cells = row(&screen, "127.0.0.1").unwrap_or_else(|| panic!("no peer in {screen}"));
        assert!(rate(cells[1]) > 21_000.0 && rate(cells[2]) > 21_000.0, "{screen}");
        Ok(())
    });
}
