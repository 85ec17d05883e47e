//! Nothing unaccounted: what was not received was counted as lost, and what was lost is found.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sockeye_conn::Watcher;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options, Origin, Output, Verb};
use sockeye_wire::rtnetlink::{AF_INET, Table};
use sockeye_zoo::{in_namespace, slowness};

use crate::asked::*;
use crate::driver::Witness;
use crate::watching::PATIENCE;

/// Set to 500000 to do the same at the size of a full Internet table; it takes some ten seconds.
const COUNT_VARIABLE: &str = "SOCKEYE_TEST_ROUTES";
const ROUTES: u32 = 50_000;

/// How often the reader rests, and how long.
const REST_EVERY: u32 = 100;
const REST: Duration = Duration::from_millis(30);

/// What is known of each route: how often it came and went, by events and by differences.
#[derive(Default)]
struct Book {
    entries: HashMap<[u8; 4], Entry>,
    gaps: u64,
    lost: u64,
    events: u64,
    differences: u64,
    wrong: u64,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    came: u8,
    is_there: bool,
    history: Vec<String>,
}

impl Book {
    fn take(&mut self, output: &Output<'_>) {
        match output {
            Output::Gap(gap) => {
                self.gaps += 1;
                self.lost += gap.lost.unwrap_or(0);
            }
            Output::Change(change) => {
                let record = change.new.or(change.old).expect("one of them");
                if record[..2] != [AF_INET, 32] || record[7] != 1 {
                    return;
                }
                match change.origin {
                    Origin::Event => self.events += 1,
                    _ => self.differences += 1,
                }
                // RTA_DST is what the kernel writes first after the table.
                let destination = sockeye_wire::Attributes::new(&record[12..]).last(1).expect("a destination");
                let entry = self.entries.entry(destination.try_into().expect("four octets")).or_default();
                let comes = change.verb == Verb::Added;
                self.wrong += u64::from(entry.is_there == comes);
                entry.is_there = comes;
                entry.came += u8::from(comes);
                entry.history.push(format!("{:?} by {:?} at gap {}", change.verb, change.origin, self.gaps));
            }
            _ => {}
        }
    }

    fn there(&self) -> usize {
        self.entries.values().filter(|entry| entry.is_there).count()
    }
}

#[test]
fn every_route_that_came_or_went_is_an_event_or_a_difference() {
    in_namespace(|_| {
        let count = std::env::var(COUNT_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(ROUTES);
        let mut asker = Asker::new();
        asker.plain(77, "d0");
        let options = Options::new([Table::Routes].into_iter().collect());
        let mut watcher = Watcher::with_receive_buffer(None, options, 100_000).expect("a watcher");
        let mut book = Book::default();
        settle(&mut watcher, &mut book);
        let witness = Witness::new(&watcher.engine().groups());
        let before = watcher.engine().counters().datagrams;

        let route = |number| Route::to(Ipv4Addr::from(0x1400_0000 + number).into(), 32, Via::Link(77));
        let all: Vec<_> = (0..count).map(route).collect();
        let mut ask = |requests: Vec<sockeye_wire::Request>| {
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                let done = &done;
                scope.spawn(move || {
                    assert_eq!(Asker::new().all(&requests), 0);
                    done.store(true, Ordering::Relaxed);
                });
                for look in 1_u32.. {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    watcher.advance(&mut |output| book.take(&output)).expect("read");
                    // Meanwhile more happens than there is room for.
                    if look.is_multiple_of(REST_EVERY) {
                        thread::sleep(REST * slowness());
                    }
                }
            });
            settle(&mut watcher, &mut book);
            book.there()
        };
        assert_eq!(ask(all.iter().map(|route| route.add(CREATE)).collect()), count as usize);
        assert_eq!(ask(all.iter().map(|route| route.delete()).collect()), 0);

        assert_eq!(book.wrong, 0, "nothing comes twice or goes twice");
        assert_eq!(book.entries.len(), count as usize, "every one of them was seen, however it was found");
        let odd: Vec<_> = book.entries.iter().filter(|(_, entry)| entry.came != 1).collect();
        assert!(odd.is_empty(), "{} came more than once: {:#?}", odd.len(), &odd[..odd.len().min(5)]);
        assert_eq!(book.events + book.differences, 2 * u64::from(count));
        let counters = watcher.engine().counters();
        let drops = drops(&watcher);
        assert_eq!((book.lost, counters.lost), (drops, drops), "in {} gaps", book.gaps);
        let received = counters.datagrams - before;
        println!(
            "{count} routes: {received} received, {} lost in {} gaps, {} events, {} differences",
            counters.lost, book.gaps, book.events, book.differences
        );
        assert!(counters.lost > 0, "nothing was lost, so nothing was shown");
        assert_eq!(received + counters.lost, witness.end(), "received and lost is all that was sent");
        Ok(())
    });
}

/// Datagrams that the kernel dropped, by the socket's line in `/proc/net/netlink`.
fn drops(watcher: &Watcher) -> u64 {
    let inode = rustix::fs::fstat(watcher).expect("it is open").st_ino.to_string();
    let text = std::fs::read_to_string("/proc/net/netlink").expect("every kernel has it");
    let fields =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|it| it.last() == Some(&&*inode));
    fields.expect("our socket")[8].parse().expect("a number")
}

fn settle(watcher: &mut Watcher, book: &mut Book) {
    let until = Instant::now() + *PATIENCE;
    let mut quiet = 0;
    while quiet < 3 {
        assert!(Instant::now() < until, "never in sync");
        let busy = watcher.wait(Some(*PATIENCE / 300), &mut |output| book.take(&output)).expect("read");
        let synced = watcher.engine().synced() == [Table::Routes].into_iter().collect::<Tables>();
        quiet = if busy || !synced { 0 } else { quiet + 1 };
    }
}
