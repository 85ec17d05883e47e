//! The maps in which BPF programs keep values with sockets, as far as rows have named them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sockeye_bpf::SocketStorage;
use sockeye_wire::Privilege;

use super::complain;
use super::options::MAPS_MAX;

/// Maps by their numbers; looked at when the first row names them.
#[derive(Default)]
pub(super) struct StorageMaps {
    /// Those that may not be looked at are known too, so that it is said once.
    known: Mutex<BTreeMap<u32, Option<Arc<SocketStorage>>>>,
    /// It was said that the kernel names none.
    is_refusal_said: AtomicBool,
}

impl StorageMaps {
    /// Maps that were asked for by their numbers. The first that cannot be had says why.
    pub(super) fn asked(ids: &[u32]) -> Result<Self, sockeye_bpf::Error> {
        let known = ids.iter().map(|&id| Ok((id, Some(Arc::new(SocketStorage::open(id)?)))));
        Ok(Self { known: Mutex::new(known.collect::<Result<_, sockeye_bpf::Error>>()?), ..Self::default() })
    }

    /// As many maps as are looked at, none of which may be: the bytes of all are shown.
    #[cfg(test)]
    pub(super) fn hidden() -> Self {
        Self { known: Mutex::new((0..).take(MAPS_MAX).map(|id| (id, None)).collect()), ..Self::default() }
    }

    /// The kernel refused to tell of any, as it does without `CAP_BPF`: says so once, however often it is listed.
    pub(super) fn are_refused(&self) {
        if !self.is_refusal_said.swap(true, Ordering::Relaxed) {
            complain(&format!("the kernel does not tell bpf_storages (needs {})", Privilege::Bpf.capability()));
        }
    }

    /// The map with this number; none where it cannot be looked at, which is said on stderr.
    pub(super) fn get(&self, id: u32) -> Option<Arc<SocketStorage>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = known.get(&id) {
            return map.clone();
        }
        // A program that makes map after map shall not fill our memory; the bytes are shown of what is beyond.
        if known.len() >= MAPS_MAX {
            return None;
        }
        let map = SocketStorage::open(id).inspect_err(|error| complain(&error.to_string())).ok().map(Arc::new);
        known.insert(id, map.clone());
        map
    }
}
