//! Who holds which socket: a program that the kernel runs for each descriptor of each process.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;

use crate::assembler::{Assembler, Helper, Width};
use crate::btf::{Btf, Kind};
use crate::error::Error;
use crate::program::{self, Attach};

const DOING: &str = "ask the kernel who holds its sockets (BPF iterator)";

/// Inode of the first pid namespace (include/uapi/linux/nsfs.h, `PROC_PID_INIT_INO`).
const FIRST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;
/// Bytes of a record: inode, process, descriptor.
const RECORD_LEN: usize = 16;
/// The kernel gives no more than eight pages at once, however much is asked for.
const BUFFER_LEN: usize = 32 * 1024;
/// Pid namespaces nest 32 deep (`MAX_PID_NS_LEVEL`), counted from 0.
const LEVEL_MASK: i32 = 31;
/// Times that a run is gone on with after `EAGAIN`: the kernel says so after a million descriptors without a socket.
const AGAIN_MAX: u32 = 10_000;

/// One descriptor that is a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Inode of the socket.
    pub inode: u64,
    /// The process, as it is called in the pid namespace of the reader.
    pub pid: u32,
    /// The descriptor.
    pub fd: u32,
}

/// The iterator; each run gives a picture of now.
#[derive(Debug)]
pub struct TaskFiles {
    iterator: OwnedFd,
}

impl TaskFiles {
    /// Assembles and loads the program.
    pub fn open(btf: &Btf) -> Result<Self, Error> {
        let is_first = std::fs::metadata("/proc/self/ns/pid").is_ok_and(|file| file.ino() == FIRST_PID_NAMESPACE);
        let code = assemble(btf, !is_first).ok_or(Error::lacks(DOING, "the types that this needs"))?;
        let id = btf.id(Kind::Function, "bpf_iter_task_file");
        let id = id.ok_or(Error::lacks(DOING, "iterators over the descriptors of processes (5.8)"))?;
        let program = program::load(DOING, code, Attach::Iterator, id)?;
        Ok(Self { iterator: program::iterator(DOING, &program)? })
    }

    /// Every socket that a process holds, process by process and descriptor by descriptor. Processes of which the reader's
    /// pid namespace knows nothing are left out.
    pub fn run(&self, each: &mut dyn FnMut(Held)) -> Result<(), Error> {
        let mut run = File::from(program::begin(DOING, &self.iterator)?);
        let mut buffer = vec![0; BUFFER_LEN];
        let mut again = 0;
        loop {
            let length = match run.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock && again < AGAIN_MAX => {
                    again += 1;
                    continue;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::refused(DOING, error)),
            };
            for record in buffer[..length].as_chunks::<RECORD_LEN>().0 {
                let inode = record.first_chunk().copied().map_or(0, u64::from_ne_bytes);
                let [pid, fd] = [8, 12].map(|at| record[at..].first_chunk().copied().map_or(0, u32::from_ne_bytes));
                if pid != 0 {
                    each(Held { inode, pid, fd });
                }
            }
        }
    }
}

/// `translates`: the process is called by its name in the pid namespace of whoever reads, not in the first one.
fn assemble(btf: &Btf, translates: bool) -> Option<Assembler> {
    let context = |member| btf.offset("bpf_iter__task_file", member);
    let mut code = Assembler::default();
    let end = code.label();
    code.copy(6, 1);
    code.load(Width::Double, 7, 6, context("file")?).jump_if(7, 0, end);
    code.load(Width::Double, 8, 6, context("task")?).jump_if(8, 0, end);
    code.copy(1, 7).call(Helper::SockFromFile).jump_if(0, 0, end);
    code.load(Width::Double, 1, 7, btf.offset("file", "f_inode")?);
    code.load(Width::Double, 1, 1, btf.offset("inode", "i_ino")?).store(Width::Double, 10, -16, 1);
    code.load(Width::Word, 1, 6, context("fd")?).store(Width::Word, 10, -4, 1);
    if translates {
        // task->signal->pids[PIDTYPE_TGID]->numbers[level].nr, with the level of whoever runs this.
        let upid = i32::try_from(btf.size("upid")?).ok()?;
        let numbers = i32::from(btf.offset("pid", "numbers")?) + i32::from(btf.offset("upid", "nr")?);
        code.call(Helper::GetCurrentTaskBtf);
        code.load(Width::Double, 1, 0, btf.offset("task_struct", "thread_pid")?);
        code.load(Width::Word, 9, 1, btf.offset("pid", "level")?).and(9, LEVEL_MASK);
        code.load(Width::Double, 1, 8, btf.offset("task_struct", "signal")?);
        code.load(Width::Double, 3, 1, btf.offset("signal_struct", "pids")?.checked_add(8)?).jump_if(3, 0, end);
        // A process that is outside of the namespace has fewer levels than that.
        code.load(Width::Word, 4, 3, btf.offset("pid", "level")?);
        code.multiply(9, upid).add_register(3, 9).add(3, numbers);
        code.store_constant(10, -24, 0).copy(1, 10).add(1, -24).set(2, 4).call(Helper::ProbeReadKernel);
        code.load(Width::Word, 1, 10, -24).store(Width::Word, 10, -8, 1);
    } else {
        code.load(Width::Word, 1, 8, btf.offset("task_struct", "tgid")?).store(Width::Word, 10, -8, 1);
    }
    code.load(Width::Double, 1, 6, context("meta")?);
    code.load(Width::Double, 1, 1, btf.offset("bpf_iter_meta", "seq")?);
    code.copy(2, 10).add(2, -16).set(3, i32::try_from(RECORD_LEN).ok()?).call(Helper::SeqWrite);
    code.place(end).exit();
    Some(code)
}
