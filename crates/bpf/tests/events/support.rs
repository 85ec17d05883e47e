//! Events of the namespace of the test, and waiting for them.

use std::{
    os::linux::fs::MetadataExt,
    sync::LazyLock,
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

/// The events, or a skip where this machine does not allow them. Where it does, a program that does not load is a failure.
pub(crate) fn open(options: &EventOptions) -> Result<SocketEvents, Skip> {
    may_load_programs()?;
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
