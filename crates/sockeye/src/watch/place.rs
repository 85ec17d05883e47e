//! A namespace that is watched, and the names of its interfaces as they were at the time of a change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sockeye_query::{Context, InterfaceName};
use sockeye_state::rtnetlink::Tables;

use crate::sockets::system::Interfaces;

/// Names that are remembered; a machine that makes and deletes more begins anew.
const NAMES_MAX: usize = 65_536;

/// What the records of one namespace do not say themselves.
pub(crate) struct Place {
    pub(crate) label: Vec<u8>,
    /// Which of all that were ever watched.
    pub(crate) number: u64,
    /// Names as events told them. A name outlives its interface, for the changes that follow from its end.
    names: Mutex<HashMap<u32, Vec<u8>>>,
    interfaces: Interfaces<'static>,
    /// Tables that were in sync before.
    synced: Mutex<Tables>,
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

    /// The interface has this name from now on.
    pub(crate) fn learn(&self, ifindex: u32, name: &[u8]) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        names.insert(ifindex, name.to_vec());
    }
}

impl Context for Place {
    fn interface(&self, ifindex: u32) -> Option<InterfaceName> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.get(&ifindex).map(|name| InterfaceName::new(name));
        drop(names);
        known.or_else(|| self.interfaces.name(ifindex))
    }

    fn namespace(&self) -> Option<&[u8]> {
        Some(&self.label)
    }
}
