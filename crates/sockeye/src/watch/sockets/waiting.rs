//! What waits to be told until it is known who holds the sockets that came.
//!
//! A look through the processes after the line would be too late for it, and one for each socket would cost too much. So what
//! happens is kept from a new socket on, and told after one look for all, which comes when the last one is long enough ago.

use std::time::Duration;

use sockeye_state::lives::{Event, Gap, Happening, Kept, KeptMet, Time, Told};

use super::left::Standing;
use crate::live::now;

/// Events that wait; the next one is told with what is known by then.
const WAITING_MAX: usize = 10_000;
/// How long the first of them waits at most, for a look that may not come yet.
const PATIENCE: Duration = Duration::from_secs(2);

/// What waits, in order.
#[derive(Default)]
pub(super) struct Waiting {
    list: Vec<(usize, Late, bool)>,
    /// Until when.
    until: Time,
}

enum Late {
    Event(Box<Kept>),
    Incident(Box<KeptMet>),
    Gap(Gap),
    Synced(Time),
}

impl Waiting {
    /// Keeps what was told of a namespace, by its place. `false`: it is to be told at once. `standing`: of whoever would be
    /// named.
    pub(super) fn take(&mut self, place: usize, told: &Told<'_>, standing: Standing) -> bool {
        let needs_no_look = !is_new(told) && standing != Standing::JustGone;
        if self.list.len() >= WAITING_MAX || self.list.is_empty() && needs_no_look {
            return false;
        }
        let late = match told {
            Told::Event(event) => Late::Event(Box::new(event.keep())),
            Told::Incident(met) => Late::Incident(Box::new(met.keep())),
            Told::Gap(gap) => Late::Gap(*gap),
            Told::Synced(at) => Late::Synced(*at),
            _ => return false,
        };
        if self.list.is_empty() {
            self.until = now() + PATIENCE;
        }
        self.list.push((place, late, standing != Standing::Lives));
        true
    }

    /// Until when there is time for a look, where something waits for one.
    pub(super) fn until(&self) -> Option<Time> {
        (!self.list.is_empty()).then_some(self.until)
    }

    /// Whether what comes now can only be told after all this was.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= WAITING_MAX
    }

    /// Tells all, and whether whoever would be named is gone.
    pub(super) fn tell(&mut self, mut each: impl FnMut(usize, &Told<'_>, bool)) {
        for (place, late, is_left) in self.list.drain(..) {
            match late {
                Late::Event(kept) => each(place, &Told::Event(kept.event()), is_left),
                Late::Incident(kept) => each(place, &Told::Incident(kept.met()), is_left),
                Late::Gap(gap) => each(place, &Told::Gap(gap), false),
                Late::Synced(at) => each(place, &Told::Synced(at), false),
            }
        }
    }
}

/// Whether it is about a socket that was not there before, and may be held by somebody.
fn is_new(told: &Told<'_>) -> bool {
    let comes = |event: &Event<'_>| match event.happening {
        // Whoever was there is looked for before; of what is not described no inode is known to look for.
        Happening::Present | Happening::Closed => false,
        _ => event.life.described && event.life.since == event.at,
    };
    matches!(told, Told::Event(event) if comes(event))
}
