//! Who holds a socket, or held it: by its inode, else by the kernel's events of its life, else whoever listens where it came in.
//!
//! What came and went between two looks has no inode that anybody could be found by.

use std::collections::HashMap;

use sockeye_owners::Process;
use sockeye_owners::cgroup::CgroupIdentity;
use sockeye_state::lives::{Actor, Life};

use super::sockets::About;
use crate::sockets::system::unit;
use crate::top::model::{Grouping, Key};

/// What is known of whoever holds a socket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holder {
    own: Trace,
    /// What is known of its listener.
    listener: Trace,
    cgroup: Option<u64>,
}

/// What leads to a process.
#[derive(Clone, Copy, Debug, Default)]
struct Trace {
    /// 0 for none.
    inode: u32,
    actor: Option<Actor>,
}

impl Holder {
    /// Of a socket with this inode.
    pub(super) fn of(life: &Life, inode: u32) -> Self {
        let listener = life.listener.as_deref().map_or(Trace::default(), |listener| {
            // One of several is nobody's in particular.
            let inode = if let [one] = *listener.inodes { one } else { 0 };
            Trace { inode, actor: listener.actor }
        });
        Self { own: Trace { inode, actor: life.actor }, listener, cgroup: life.cgroup }
    }
}

/// The groups that sockets belong to, by number: of a process it is found out once, and not with each of its sockets.
pub(super) struct Groups<'a> {
    grouping: Grouping,
    about: &'a About,
    numbers: HashMap<Key, usize>,
    /// Of each process that was met, by its pid.
    met: HashMap<u32, Option<usize>>,
    /// The last of them: sockets of one are often side by side.
    last: Option<(u32, Option<usize>)>,
    /// Those that a socket was counted with already.
    told: Vec<usize>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(grouping: Grouping, about: &'a About) -> Self {
        Self { grouping, about, numbers: HashMap::new(), met: HashMap::new(), last: None, told: Vec::new() }
    }

    /// Calls `each` with every group that the holder belongs to and its processes, the first time of each group with `true`; with none
    /// that is known, with that of nobody. Who listens may be many of whom one has taken it: that one goes before, and until it is known
    /// it is nobody's, unless all of them are of one group.
    pub(super) fn each(&mut self, holder: &Holder, mut each: impl FnMut(usize, Option<u32>, bool)) {
        self.told.clear();
        for (trace, is_own) in [(&holder.own, true), (&holder.listener, false)] {
            if trace.inode != 0 {
                if !is_own && self.are_several(trace.inode) {
                    break;
                }
                for process in self.about.owners(trace.inode) {
                    let Some(number) = self.of_process(process) else { continue };
                    let is_first = !self.told.contains(&number);
                    each(number, Some(process.pid()), is_first);
                    if is_first {
                        self.told.push(number);
                    }
                }
                if !self.told.is_empty() {
                    return;
                }
            }
            if let Some((number, pid)) = trace.actor.as_ref().and_then(|actor| self.by_event(actor, holder.cgroup)) {
                return each(number, Some(pid), true);
            }
        }
        each(self.number(Key::Owner(0, Vec::new())), None, true);
    }

    /// Whether those who hold the socket with this inode are of several groups.
    fn are_several(&mut self, inode: u32) -> bool {
        let about = self.about;
        // Those that are of none, a container among them, are another one.
        let mut groups = about.owners(inode).map(|process| self.of_process(process));
        let first = groups.next();
        groups.any(|group| Some(group) != first)
    }

    /// The groups, each with its number.
    pub(super) fn named(self) -> impl Iterator<Item = (Key, usize)> {
        self.numbers.into_iter()
    }

    fn number(&mut self, key: Key) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(key).or_insert(next)
    }

    /// The group of a process, if it has one.
    pub(super) fn of_process(&mut self, process: &Process) -> Option<usize> {
        let pid = process.pid();
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == pid) {
            return number;
        }
        let number = self.met.get(&pid).copied().unwrap_or_else(|| {
            let number = group_of(process, self.grouping).map(|key| self.number(key));
            self.met.insert(pid, number);
            number
        });
        self.last = Some((pid, number));
        number
    }

    fn by_event(&mut self, actor: &Actor, cgroup: Option<u64>) -> Option<(usize, u32)> {
        let (about, grouping) = (self.about, self.grouping);
        let number = match about.process(actor.pid) {
            Some(process) => self.of_process(process)?,
            // It is gone, as short ones are.
            None if grouping == Grouping::Process => self.number(Key::Owner(actor.pid, actor.name().to_vec())),
            None => {
                let identity = CgroupIdentity::of(about.cgroup(cgroup?)?);
                self.number(Key::Owner(0, name(&identity, grouping)?))
            }
        };
        Some((number, actor.pid))
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
