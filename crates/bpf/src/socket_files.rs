//! Which process holds which socket: an iteration over all open files (`bpf_iter_task_file`, kernel/bpf/task_iter.c).
//!
//! The iteration visits every file of every process in the reader's pid namespace, whatever network namespace its sockets
//! are in. The program looks at the kernel's own structures and writes one record for each socket; whoever reads the
//! records needs no right over the processes.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;

use crate::{
    assembler::*,
    btf::{Btf, Member},
    error::{Error, Operation},
    pid_namespace, program, sys,
};

/// The names of types that the program needs.
pub(crate) const NAMES: &[&str] = &[
    "bpf_iter_task_file",
    "bpf_iter__task_file",
    "bpf_iter_meta",
    "task_struct",
    "cred",
    "file",
    "inode",
    "pid",
    "upid",
    "signal_struct",
];

/// What the program is called.
const NAME: &str = "socket_files";

/// `PIDTYPE_TGID` (include/linux/pid_types.h).
const PIDTYPE_TGID: u32 = 1;

/// Bytes of a record: inode, descriptor, process, user, time of start, name.
const RECORD_BYTES: usize = 40;

// Places of its parts, from the end of the stack.
const RECORD: i16 = -40;
const INODE: i16 = RECORD;
const DESCRIPTOR: i16 = RECORD + 4;
const PROCESS: i16 = RECORD + 8;
const USER: i16 = RECORD + 12;
const START: i16 = RECORD + 16;
const COMM: i16 = RECORD + 24;

/// Bytes that the kernel gives in one read, at most (BPF_SEQ_FILE: PAGE_SIZE << 3).
const READ_BYTES: usize = 32 * 1024;

/// An open file that is a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketFile {
    /// The socket's inode.
    pub inode: u32,
    /// The descriptor's number in the process.
    pub fd: u32,
    /// The process, in the pid namespace of the reader.
    pub pid: u32,
    /// Its effective user, in the first user namespace.
    pub uid: u32,
    /// When it started, in nanoseconds since boot, suspend included.
    pub start_boottime_ns: u64,
    comm: [u8; 16],
}

impl SocketFile {
    /// The name of the process: any bytes but NUL.
    pub fn comm(&self) -> &[u8] {
        self.comm.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn of(record: &[u8; RECORD_BYTES]) -> Self {
        let word = |at: usize| u32::from_ne_bytes(std::array::from_fn(|index| record[at + index]));
        Self {
            inode: word(0),
            fd: word(4),
            pid: word(8),
            uid: word(12),
            start_boottime_ns: u64::from_ne_bytes(std::array::from_fn(|index| record[16 + index])),
            comm: std::array::from_fn(|index| record[24 + index]),
        }
    }
}

/// The loaded program. It can be read again and again; each time it looks at the files anew.
///
/// Of each process the files of its first thread are seen. A thread that has left the common table of descriptors
/// (`unshare(CLONE_FILES)`) is not, as in `/proc/PID/fd`.
#[derive(Debug)]
pub struct SocketFiles {
    program: OwnedFd,
}

impl SocketFiles {
    /// Assembles and loads the program, for a reader in the pid namespace of the calling process.
    ///
    /// It needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and Linux 5.11, from which on a program may ask for the socket of
    /// a file (`bpf_sock_from_file`).
    pub fn load(btf: &Btf) -> Result<Self, Error> {
        Self::load_for(btf, pid_namespace::own().is_some())
    }

    /// With the numbers of processes translated into the reader's pid namespace, or as the first one has them: that needs
    /// no reading of arbitrary memory, which a locked-down kernel refuses.
    fn load_for(btf: &Btf, translated: bool) -> Result<Self, Error> {
        let function = btf.function("bpf_iter_task_file");
        let function = function.ok_or_else(|| Error::missing(Operation::ReadTypes, "iteration over open files"))?;
        let program = program::load_iterator(NAME, function, &assemble(btf, translated)?)?;
        Ok(Self { program })
    }

    /// Gives every socket that is open now, of all processes or of one; process by process, each with its descriptors in
    /// ascending order. A process that is not there has none. One alone can be asked for since Linux 6.1; before, that
    /// is an error.
    pub fn read(&self, pid: Option<u32>, taker: &mut dyn FnMut(&SocketFile)) -> Result<(), Error> {
        let attach = |error| Error::system(Operation::Attach(NAME), error);
        let link = sys::link_task_iterator(self.program.as_fd(), program::TRACE_ITER, pid).map_err(attach)?;
        let iterator = sys::create_iterator(link.as_fd()).map_err(attach)?;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            match rustix::io::read(&iterator, &mut buffer[..]) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    // Records are written whole or not at all (bpf_seq_write, seq_has_overflowed).
                    let (records, _) = buffer[..length].as_chunks::<RECORD_BYTES>();
                    for record in records {
                        taker(&SocketFile::of(record));
                    }
                }
                // EAGAIN: many files in a row were no sockets, and the kernel lets others run (kernel/bpf/bpf_iter.c,
                // MAX_ITER_OBJECTS).
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(Error::system(Operation::Read(NAME), error)),
            }
        }
    }
}

/// The program: r6 is its argument, r7 the file, r8 the task.
fn assemble(btf: &Btf, translated: bool) -> Result<Vec<u64>, Error> {
    let argument = |path| btf.need("bpf_iter__task_file", path);
    let task = |path| btf.need("task_struct", path);
    let mut code = Assembler::default();
    let out = code.label();
    code.copy(R6, R1);
    // The last call of an iteration has neither.
    get(&mut code, R7, R6, argument("file")?)?;
    code.jump_if(R7, Is::Equal, 0, out);
    get(&mut code, R8, R6, argument("task")?)?;
    code.jump_if(R8, Is::Equal, 0, out);
    get(&mut code, R1, R8, task("pid")?)?;
    get(&mut code, R2, R8, task("tgid")?)?;
    code.jump_if_register(R1, Is::NotEqual, R2, out);
    // By the file's operations: a file of another kind can have the inode of a socket's name.
    code.copy(R1, R7);
    code.call(Helper::SockFromFile);
    code.jump_if(R0, Is::Equal, 0, out);
    get(&mut code, R1, R7, btf.need("file", "f_inode")?)?;
    get(&mut code, R1, R1, btf.need("inode", "i_ino")?)?;
    code.store(STACK, INODE, R1, Width::Four);
    get(&mut code, R1, R6, argument("fd")?)?;
    code.store(STACK, DESCRIPTOR, R1, Width::Four);
    get(&mut code, R1, R8, task("cred")?)?;
    get(&mut code, R1, R1, btf.need("cred", "euid.val")?)?;
    code.store(STACK, USER, R1, Width::Four);
    get(&mut code, R1, R8, task("start_boottime")?)?;
    code.store(STACK, START, R1, Width::Eight);
    let comm = task("comm")?;
    if comm.bytes != 16 {
        return Err(Error::missing(Operation::Assemble(NAME), "name of 16 bytes in task_struct.comm"));
    }
    for half in [0, 8] {
        let part = Member { offset: comm.offset + half, bytes: 8, ..comm };
        get(&mut code, R1, R8, part)?;
        code.store(STACK, if half == 0 { COMM } else { COMM + 8 }, R1, Width::Eight);
    }
    if translated {
        pid_as_the_reader_sees_it(&mut code, btf)?;
    } else {
        get(&mut code, R1, R8, task("tgid")?)?;
        code.store(STACK, PROCESS, R1, Width::Four);
    }
    get(&mut code, R1, R6, argument("meta")?)?;
    get(&mut code, R1, R1, btf.need("bpf_iter_meta", "seq")?)?;
    code.copy(R2, STACK);
    code.add(R2, RECORD.into());
    code.set(R3, 40);
    code.call(Helper::SeqWrite);
    code.place(out);
    code.set(R0, 0);
    code.exit();
    code.finish(NAME)
}

/// Stores the number that a process has in the reader's pid namespace. A process has one for each namespace above it, by
/// their depth (include/linux/pid.h, struct pid); only processes below the reader's are visited.
fn pid_as_the_reader_sees_it(code: &mut Assembler, btf: &Btf) -> Result<(), Error> {
    code.store_number(STACK, PROCESS, 0, Width::Four);
    code.call(Helper::GetCurrentTaskBtf);
    get(code, R1, R0, btf.need("task_struct", "thread_pid")?)?;
    get(code, R9, R1, btf.need("pid", "level")?)?;
    get(code, R1, R8, btf.need("task_struct", "signal")?)?;
    let pids = btf.need("signal_struct", "pids")?;
    let of_process = Member { offset: pids.offset + 8 * PIDTYPE_TGID, bytes: 8, ..pids };
    get(code, R3, R1, of_process)?;
    let upid = btf.size_of("upid").ok_or_else(|| Error::missing(Operation::ReadTypes, "upid"))?;
    let (numbers, number) = (btf.need("pid", "numbers")?, btf.need("upid", "nr")?);
    code.multiply(R9, signed(upid)?);
    code.add(R9, signed(numbers.offset + number.offset)?);
    code.add_register(R3, R9);
    code.copy(R1, STACK);
    code.add(R1, PROCESS.into());
    code.set(R2, 4);
    code.call(Helper::ProbeReadKernel);
    Ok(())
}

/// `to = base->member`
fn get(code: &mut Assembler, to: Register, base: Register, member: Member) -> Result<(), Error> {
    let fits = Width::of(member.bytes).zip(i16::try_from(member.offset).ok());
    let (width, offset) = fits.ok_or_else(too_large)?;
    code.load(to, base, offset, width);
    Ok(())
}

fn signed(number: u32) -> Result<i32, Error> {
    i32::try_from(number).map_err(|_| too_large())
}

fn too_large() -> Error {
    Error::missing(Operation::Assemble(NAME), "member of the size or at the place that the program expects")
}

#[cfg(test)]
mod tests;
