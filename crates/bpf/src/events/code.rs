//! What every program has in common: which sockets it looks at, room in the ring, and what there is to do without room.
//!
//! r6 is the program's argument, r7 the socket, r8 a packet or the socket as TCP has it, r9 the record.

use super::{EventKind, nested::Turn, record::*};
use crate::{
    assembler::*,
    btf::{Btf, Member},
    error::{Error, Operation},
    ring::Ring,
};

/// `BPF_RB_NO_WAKEUP`.
const NO_WAKEUP: i32 = 1;

/// `BPF_RB_AVAIL_DATA`: the bytes that wait in a ring.
const WAITING: i32 = 0;

/// What is no change of state has room only as long as no more than one part in so many of the ring waits: a flood of dropped
/// packets, which anybody can send, takes no room from the changes, of which a lost one makes the view wrong.
const SHARE: u32 = 2;

/// `PF_KTHREAD` (include/linux/sched.h).
const OF_THE_KERNEL: i32 = 0x0020_0000;

/// The argument of the program.
pub(super) const ARGUMENT: Register = R6;
/// The socket.
pub(super) const SOCKET: Register = R7;
/// A packet, or the socket as TCP has it.
pub(super) const OTHER: Register = R8;
/// The record.
pub(super) const RECORD: Register = R9;

/// The function behind [`Helper::GetCurrentTaskBtf`].
pub(crate) const HANDS_OUT_THE_THREAD: &str = "bpf_get_current_task_btf";

/// What is read of the thread that runs.
struct Task {
    flags: Member,
    /// The first thread of its process.
    leader: Member,
    name: Member,
}

impl Btf {
    /// `None` where the kernel hands out no thread (before Linux 5.11).
    fn task(&self) -> Option<Task> {
        let is_there = self.function(HANDS_OUT_THE_THREAD).is_some();
        let member = |name| self.member("task_struct", name).filter(|_| is_there);
        Some(Task {
            flags: member("flags").filter(|flags| flags.bytes == 4)?,
            leader: member("group_leader").filter(|leader| leader.is_pointer)?,
            name: member("comm").filter(|name| name.bytes == 16)?,
        })
    }
}

/// A program in the making.
pub(super) struct Code<'c> {
    pub(super) btf: &'c Btf,
    pub(super) steps: Assembler,
    ring: &'c Ring,
    name: &'static str,
    pub(super) kind: EventKind,
    turn: Turn,
    pub(super) netns: Option<u32>,
    /// Where a program goes that has nothing to tell.
    pub(super) out: Label,
    full: Label,
}

impl<'c> Code<'c> {
    pub(super) fn new(
        btf: &'c Btf,
        ring: &'c Ring,
        (kind, name): (EventKind, &'static str),
        turn: Turn,
        netns: Option<u32>,
    ) -> Self {
        let mut steps = Assembler::default();
        let (out, full) = (steps.label(), steps.label());
        steps.copy(ARGUMENT, R1);
        Self { btf, steps, ring, name, kind, turn, netns, out, full }
    }

    /// `to` becomes an argument of the tracepoint; each takes a double word.
    pub(super) fn argument(&mut self, to: Register, index: usize) {
        self.steps.load(to, ARGUMENT, i16::try_from(index * 8).unwrap_or(0), Width::Eight);
    }

    /// `to = base->member`
    pub(super) fn get(&mut self, to: Register, base: Register, member: Member) -> Result<(), Error> {
        let fits = Width::of(member.bytes).zip(i16::try_from(member.offset).ok());
        let Some((width, offset)) = fits.filter(|_| member.bits.is_none()) else {
            let what = "member of the size or at the place that the program expects";
            return Err(Error::missing(Operation::Assemble(self.name), what));
        };
        self.steps.load(to, base, offset, width);
        Ok(())
    }

    /// `record->at = base->member`
    pub(super) fn record(&mut self, at: i16, base: Register, member: Member) -> Result<(), Error> {
        self.get(R1, base, member)?;
        let width = Width::of(member.bytes).unwrap_or(Width::One);
        self.steps.store(RECORD, at, R1, width);
        Ok(())
    }

    /// The same, where the kernel has the member.
    pub(super) fn record_if(&mut self, at: i16, base: Register, member: Option<Member>) -> Result<(), Error> {
        member.map_or(Ok(()), |member| self.record(at, base, member))
    }

    /// Leaves if `net`, a pointer in r1, is not the namespace that is wanted. Where there is none, nobody knows.
    pub(super) fn only_wanted(&mut self) -> Result<(), Error> {
        let Some(netns) = self.netns else { return Ok(()) };
        let inum = self.btf.need("net", "ns.inum")?;
        self.get(R1, R1, inum)?;
        // As a constant of 64 bits: one of 32 is signed, and would be widened so.
        self.steps.set_wide(R2, netns.into());
        self.steps.jump_if_register(R1, Is::NotEqual, R2, self.out);
        Ok(())
    }

    /// Takes room for a record of this kind and fills in what all have.
    pub(super) fn begin(&mut self, kind: u8) {
        self.room(kind);
        self.time();
    }

    /// The time is now.
    pub(super) fn time(&mut self) {
        self.steps.call(Helper::KtimeGetNs);
        self.steps.store(RECORD, TIME, R0, Width::Eight);
    }

    /// Takes room for a record of this kind, which has no time yet.
    pub(super) fn room(&mut self, kind: u8) {
        let steps = &mut self.steps;
        if self.kind != EventKind::State {
            steps.map(R1, self.ring.map());
            steps.set(R2, WAITING);
            steps.call(Helper::RingbufQuery);
            let most = i32::try_from(self.ring.bytes() / SHARE).unwrap_or(i32::MAX);
            steps.jump_if(R0, Is::Above, most, self.full);
        }
        steps.map(R1, self.ring.map());
        steps.set(R2, BYTES.into());
        steps.set(R3, 0);
        steps.call(Helper::RingbufReserve);
        steps.jump_if(R0, Is::Equal, 0, self.full);
        steps.copy(RECORD, R0);
        // The ring holds what stood there before.
        for at in (0..BYTES).step_by(8) {
            steps.store_number(RECORD, at, 0, Width::Eight);
        }
        steps.store_number(RECORD, KIND, kind.into(), Width::One);
        if self.turn == Turn::Second {
            steps.store_number(RECORD, IS_SECOND, 1, Width::One);
        }
    }

    /// Fills in the process that runs, as the reader numbers it, and its name, which is that of its first thread; goes to `not` where
    /// it is one of the kernel's own, which holds no socket of anybody. [`OTHER`] is used up.
    pub(super) fn process(&mut self, not: Label) -> Result<(), Error> {
        let Some(task) = self.btf.task() else {
            self.pid();
            let steps = &mut self.steps;
            steps.copy(R1, RECORD);
            steps.add(R1, COMM.into());
            steps.set(R2, 16);
            steps.call(Helper::GetCurrentComm);
            return Ok(());
        };
        self.steps.call(Helper::GetCurrentTaskBtf);
        self.steps.copy(OTHER, R0);
        self.get(R1, OTHER, task.flags)?;
        self.steps.set(R2, OF_THE_KERNEL);
        self.steps.and_register(R1, R2);
        self.steps.jump_if(R1, Is::NotEqual, 0, not);
        self.pid();
        self.get(R2, OTHER, task.leader)?;
        for (at, further) in [(COMM, 0), (COMM + 8, 8)] {
            self.record(at, R2, Member { offset: task.name.offset + further, bytes: 8, ..task.name })?;
        }
        Ok(())
    }

    /// Fills in the number of the process that runs.
    fn pid(&mut self) {
        let steps = &mut self.steps;
        match crate::pid_namespace::own() {
            None => {
                steps.call(Helper::GetCurrentPidTgid);
                steps.shift_right(R0, 32);
                steps.store(RECORD, PID, R0, Width::Four);
            }
            Some(namespace) => {
                // Thread and process; both zero if the one that runs is in another namespace.
                steps.store_number(STACK, -8, 0, Width::Eight);
                steps.set_wide(R1, namespace.device);
                steps.set_wide(R2, namespace.inode);
                steps.copy(R3, STACK);
                steps.add(R3, -8);
                steps.set(R4, 8);
                steps.call(Helper::GetNsCurrentPidTgid);
                steps.load(R1, STACK, -4, Width::Four);
                steps.store(RECORD, PID, R1, Width::Four);
            }
        }
    }

    /// Fills in the inode of the socket's file, by which those who hold it are found; goes to `not` where it has none.
    pub(super) fn inode(&mut self, not: Label) -> Result<(), Error> {
        let path = [("sock", "sk_socket"), ("socket", "file"), ("file", "f_inode")];
        let steps: Option<Vec<_>> = path.iter().map(|(structure, name)| self.btf.member(structure, name)).collect();
        let number = self.btf.member("inode", "i_ino").filter(|number| number.bytes == 8);
        let (Some(steps), Some(number)) = (steps, number) else { return Ok(()) };
        self.steps.copy(R2, SOCKET);
        for pointer in steps {
            self.get(R2, R2, pointer)?;
            self.steps.jump_if(R2, Is::Equal, 0, not);
        }
        self.record(INODE, R2, number)
    }

    /// Adds one to a counter.
    pub(super) fn count(&mut self, counter: usize) {
        let steps = &mut self.steps;
        steps.map_value(R1, self.ring.counters(), i32::try_from(counter * 8).unwrap_or(0));
        steps.set(R2, 1);
        steps.add_atomically(R1, 0, R2);
    }

    /// Hands the record over and ends the program; also what is done without room.
    pub(super) fn finish(mut self) -> Result<Vec<u64>, Error> {
        let steps = &mut self.steps;
        steps.copy(R1, RECORD);
        steps.set(R2, NO_WAKEUP);
        steps.call(Helper::RingbufSubmit);
        steps.jump(self.out);
        steps.place(self.full);
        self.count(Ring::without_room(self.kind as usize));
        let steps = &mut self.steps;
        steps.place(self.out);
        steps.set(R0, 0);
        steps.exit();
        self.steps.finish(self.name)
    }
}
