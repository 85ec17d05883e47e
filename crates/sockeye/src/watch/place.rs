//! A namespace that is watched, and the names of its interfaces as they were at the time of a change.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sockeye_query::{Context, InterfaceName};
use sockeye_state::rtnetlink::Tables;

use crate::sockets::system::Interfaces;

/// Names that are remembered; where there are more interfaces it begins anew.
const NAMES_MAX: usize = 65_536;
/// Those of them whose interfaces are gone: what follows from the end of one comes right behind it.
const GONE_MAX: usize = 1_024;

/// What the records of one namespace do not say themselves.
pub(crate) struct Place {
    pub(crate) label: Vec<u8>,
    /// Which of all that were ever watched.
    pub(crate) number: u64,
    names: Mutex<Names>,
    interfaces: Interfaces<'static>,
    /// Tables that were in sync before.
    synced: Mutex<Tables>,
}

/// Names as events told them. A name outlives its interface, for the changes that follow from its end.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<u32, Name>,
    /// Interfaces that are gone, in the order in which they went.
    gone: VecDeque<u32>,
}

#[derive(Debug)]
struct Name {
    name: Vec<u8>,
    is_gone: bool,
}

impl Names {
    fn learn(&mut self, ifindex: u32, name: &[u8], is_gone: bool) {
        if self.known.len() >= NAMES_MAX {
            *self = Self::default();
        }
        self.known.insert(ifindex, Name { name: name.to_vec(), is_gone });
        if is_gone {
            self.gone.push_back(ifindex);
        }
        if self.gone.len() > GONE_MAX
            && let Some(first) = self.gone.pop_front()
            // Another one may have its number by now.
            && self.known.get(&first).is_some_and(|name| name.is_gone)
        {
            self.known.remove(&first);
        }
    }
}

impl Place {
    /// A namespace of that name.
    pub(crate) fn new(label: Vec<u8>, interfaces: Interfaces<'static>) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self { label, number, names: Mutex::default(), interfaces, synced: Mutex::new(Tables::NONE) }
    }

    /// Whether these tables are in sync for the first time: nothing was wrong before.
    pub(crate) fn first_synced(&self, tables: Tables) -> bool {
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *synced;
        *synced = before.union(tables);
        before.intersection(tables).is_empty()
    }

    /// The interface has this name from now on, or had it until its end.
    pub(crate) fn learn(&self, ifindex: u32, name: &[u8], is_gone: bool) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).learn(ifindex, name, is_gone);
    }
}

impl Context for Place {
    fn interface(&self, ifindex: u32) -> Option<InterfaceName> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.known.get(&ifindex).map(|known| InterfaceName::new(&known.name));
        drop(names);
        known.or_else(|| self.interfaces.name(ifindex))
    }

    fn namespace(&self) -> Option<&[u8]> {
        Some(&self.label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_interfaces_that_come_and_go_the_names_of_the_last_are_known() {
        let mut names = Names::default();
        names.learn(1, b"lo", false);
        for ifindex in 2..5_000 {
            names.learn(ifindex, b"veth", false);
            names.learn(ifindex, b"veth", true);
        }
        assert!(names.known.contains_key(&1) && names.known.contains_key(&4_999) && !names.known.contains_key(&2));
        assert_eq!((names.known.len(), names.gone.len()), (GONE_MAX + 1, GONE_MAX));
        // One that has come again is there.
        names.learn(4_999, b"again", false);
        for ifindex in 5_000..9_000 {
            names.learn(ifindex, b"veth", true);
        }
        assert_eq!(names.known.get(&4_999).map(|known| known.name.as_slice()), Some(&b"again"[..]));
    }
}
