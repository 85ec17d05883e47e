//! Who holds a socket, or held it: by its inode, else by the kernel's event of its birth, else whoever listens where it came in.
//!
//! What came and went between two looks has no inode that anybody could be found by.

use sockeye_owners::Process;
use sockeye_owners::cgroup::CgroupIdentity;
use sockeye_state::lives::{Actor, Life};

use super::sockets::About;
use crate::sockets::system::unit;
use crate::top::model::{Grouping, Key};

/// What is known of whoever holds a socket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holder {
    /// Its own inode, and that of its listener; 0 for none.
    inodes: [u32; 2],
    actor: Option<Actor>,
    cgroup: Option<u64>,
}

impl Holder {
    /// Of a socket with this inode.
    pub(super) fn of(life: &Life, inode: u32) -> Self {
        let listener = life.listener.as_ref();
        let inodes = [inode, listener.and_then(|listener| listener.inode).unwrap_or(0)];
        Self { inodes, actor: actor(life).copied(), cgroup: life.cgroup }
    }

    /// Calls `each` with every group that it belongs to, once; with none that is known, with that of nobody.
    pub(super) fn each(&self, grouping: Grouping, about: &About, mut each: impl FnMut(Key, Option<u32>)) {
        let mut told: Vec<Key> = Vec::new();
        for inode in self.inodes.into_iter().filter(|&inode| inode != 0) {
            for process in about.owners(inode) {
                let Some(key) = group_of(process, grouping) else { continue };
                if !told.contains(&key) {
                    each(key.clone(), Some(process.pid()));
                    told.push(key);
                }
            }
            if !told.is_empty() {
                return;
            }
        }
        match self.by_event(grouping, about) {
            Some((key, pid)) => each(key, Some(pid)),
            None => each(Key::Owner(0, Vec::new()), None),
        }
    }

    fn by_event(&self, grouping: Grouping, about: &About) -> Option<(Key, u32)> {
        let actor = self.actor.as_ref()?;
        let key = match about.process(actor.pid) {
            Some(process) => group_of(process, grouping)?,
            // It is gone, as short ones are.
            None if grouping == Grouping::Process => Key::Owner(actor.pid, actor.name().to_vec()),
            None => Key::Owner(0, name(&CgroupIdentity::of(about.cgroup(self.cgroup?)?), grouping)?),
        };
        Some((key, actor.pid))
    }
}

/// Who opened a socket, or made the listener listen that it came out of.
pub(super) fn actor(life: &Life) -> Option<&Actor> {
    life.actor.as_ref().or_else(|| life.listener.as_ref()?.actor.as_ref())
}

fn group_of(process: &Process, grouping: Grouping) -> Option<Key> {
    if grouping == Grouping::Process {
        return Some(Key::Owner(process.pid(), process.comm().unwrap_or_default().to_vec()));
    }
    Some(Key::Owner(0, name(process.cgroup()?.identity(), grouping)?))
}

/// The name of a group; processes are none.
fn name(identity: &CgroupIdentity, grouping: Grouping) -> Option<Vec<u8>> {
    match grouping {
        Grouping::Process => None,
        Grouping::Unit => unit(identity).map(<[u8]>::to_vec),
        Grouping::Container => identity.container.as_ref().map(|container| container.id.to_vec()),
        Grouping::Pod => identity.pod_uid.clone().map(String::into_bytes),
    }
}
