//! Events of the namespace of the test, and waiting for them.

use std::{
    fs::File,
    os::linux::fs::MetadataExt,
    sync::{LazyLock, OnceLock},
    time::{Duration, Instant},
};

use sockeye_bpf::{
    Btf,
    events::{Event, EventOptions, SocketEvents},
};
use sockeye_zoo::{Skip, patience, skip::may_load_programs};

/// How long to wait for an event; only a machine that is busy needs more than some milliseconds.
pub(crate) static PATIENCE: LazyLock<Duration> = LazyLock::new(|| patience(Duration::from_secs(30)));

/// No kind of event, of the namespace that the test is in, with room for all.
pub(crate) fn nothing() -> EventOptions {
    let netns = std::fs::metadata("/proc/thread-self/ns/net").expect("own namespace").st_ino();
    let mut options = EventOptions::default();
    (options.netns, options.new_states) = (Some(u32::try_from(netns).expect("32 bits")), 0);
    options
}

/// Waits until no socket of this namespace is left that may change: TIME-WAIT is none.
pub(crate) fn await_the_end() {
    let sockstat = || std::fs::read_to_string("/proc/thread-self/net/sockstat").expect("/proc is there");
    let began = Instant::now();
    while !sockstat().contains("\nTCP: inuse 0 ") {
        assert!(began.elapsed() < *PATIENCE, "they do not end: {}", sockstat());
        std::thread::yield_now();
    }
}

/// `TcpRetransSegs` of the namespace.
pub(crate) fn retransmitted() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/snmp").expect("counters");
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let names = lines.next().expect("names").split_whitespace();
    let numbers = lines.next().expect("numbers").split_whitespace();
    let (_, number) = names.zip(numbers).find(|(name, _)| *name == "RetransSegs").expect("a counter");
    number.parse().expect("a number")
}

/// The lock on this program that a test holds until its process ends.
static LOCK: OnceLock<File> = OnceLock::new();

fn this_program() -> File {
    File::open("/proc/self/exe").expect("this program")
}

/// Waits until no other test of this program has events open, and keeps them from it. Kernels run programs for all namespaces: so
/// many changes that a program expects no interrupt any more make others miss an event each, which they count.
pub(crate) fn alone() {
    LOCK.get_or_init(|| {
        let program = this_program();
        program.lock().expect("files can be locked");
        program
    });
}

/// Waits until no test is [`alone`]. A skip where this machine allows no events.
pub(crate) fn beside_others() -> Result<(), Skip> {
    may_load_programs()?;
    LOCK.get_or_init(|| {
        let program = this_program();
        program.lock_shared().expect("files can be locked");
        program
    });
    Ok(())
}

/// The events, or a skip where this machine does not allow them. Where it does, a program that does not load is a failure.
pub(crate) fn open(options: &EventOptions) -> Result<SocketEvents, Skip> {
    beside_others()?;
    let types = Btf::open().unwrap_or_else(|error| panic!("{error}"));
    Ok(SocketEvents::open(&types, options).unwrap_or_else(|error| panic!("{error}")))
}

/// Reads events until `done` says that they are enough.
#[track_caller]
pub(crate) fn until(events: &mut SocketEvents, mut done: impl FnMut(Option<&Event<'_>>) -> bool) {
    let began = Instant::now();
    while !done(None) {
        assert!(began.elapsed() < *PATIENCE, "what was expected does not happen");
        events.read(&mut |event| {
            done(Some(event));
        });
        std::thread::yield_now();
    }
    assert_eq!(events.lost_in_all(), 0);
}
