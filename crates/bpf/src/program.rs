//! Loading a program, and what it hangs on.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use crate::assembler::{Assembler, Instruction};
use crate::error::{Error, Reason};
use crate::sys::{self, Attribute, bpf};

/// Commands of bpf(2) (`enum bpf_cmd`).
const MAP_CREATE: u32 = 0;
const MAP_LOOKUP_ELEM: u32 = 1;
const PROG_LOAD: u32 = 5;
const RAW_TRACEPOINT_OPEN: u32 = 17;
const LINK_CREATE: u32 = 28;
const ITER_CREATE: u32 = 33;

/// `BPF_PROG_TYPE_TRACING`.
const TRACING: u32 = 26;
/// Bytes of what the verifier says of a program that it does not take.
const LOG_LEN: usize = 64 * 1024;
/// Helpers here ask for a licence that they can be linked with.
const LICENCE: &std::ffi::CStr = c"Dual MIT/GPL";

/// Where a tracing program hangs (`enum bpf_attach_type`).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attach {
    /// `BPF_TRACE_RAW_TP`, a tracepoint with the kernel's types.
    Tracepoint = 23,
    /// `BPF_TRACE_ITER`.
    Iterator = 28,
}

/// Kinds of maps (`enum bpf_map_type`).
#[derive(Clone, Copy, Debug)]
pub(crate) enum MapKind {
    Array = 2,
    Ring = 27,
}

/// Loads a program that hangs on a type of the kernel.
pub(crate) fn load(doing: &'static str, assembler: Assembler, attach: Attach, type_id: u32) -> Result<OwnedFd, Error> {
    let code = assembler.finish().ok_or(Error::lacks(doing, "a way through the program"))?;
    let attempt = |log: &mut [u8]| attempt(&code, attach, type_id, log);
    attempt(&mut []).or_else(|first| {
        if first.kind() == io::ErrorKind::PermissionDenied {
            return Err(Error::refused(doing, first));
        }
        // Only now it is asked why: the log costs more than the program.
        let mut log = vec![0; LOG_LEN];
        attempt(&mut log).map_err(|source| Error { doing, reason: Reason::Refused(source, last_line(&log)) })
    })
}

fn attempt(code: &[Instruction], attach: Attach, type_id: u32, log: &mut [u8]) -> io::Result<OwnedFd> {
    let count = u32::try_from(code.len()).unwrap_or(u32::MAX);
    let mut attribute = Attribute::new()
        .word(0, TRACING)
        .word(4, count)
        .pointer(8, code.as_ptr())
        .pointer(16, LICENCE.as_ptr())
        .word(68, attach as u32)
        .word(108, type_id);
    if !log.is_empty() {
        attribute = attribute.word(24, 1).word(28, u32::try_from(log.len()).unwrap_or(0)).pointer(32, log.as_mut_ptr());
    }
    // SAFETY: the code, the licence and the log outlive the call, and the lengths are theirs.
    unsafe { bpf(PROG_LOAD, &mut attribute) }.map(sys::owned)
}

/// The last line that is not a count of the verifier's work.
fn last_line(log: &[u8]) -> Option<String> {
    let end = log.iter().position(|&byte| byte == 0).unwrap_or(log.len());
    let text = String::from_utf8_lossy(&log[..end]);
    text.lines().rev().find(|line| !line.is_empty() && !line.starts_with("processed ")).map(str::to_owned)
}

/// Makes a map.
pub(crate) fn map(doing: &'static str, kind: MapKind, key: u32, value: u32, entries: u32) -> Result<OwnedFd, Error> {
    let mut attribute = Attribute::new().word(0, kind as u32).word(4, key).word(8, value).word(12, entries);
    // SAFETY: there is no pointer in it.
    unsafe { bpf(MAP_CREATE, &mut attribute) }.map(sys::owned).map_err(|source| Error::refused(doing, source))
}

/// The number at the first place of a map of one number.
pub(crate) fn number(map: &OwnedFd) -> io::Result<u64> {
    let (key, mut value) = (0_u32, 0_u64);
    let mut attribute = Attribute::new().fd(0, map.as_fd()).pointer(8, &raw const key).pointer(16, &raw mut value);
    // SAFETY: key and value are as long as those of the map, and outlive the call.
    unsafe { bpf(MAP_LOOKUP_ELEM, &mut attribute) }?;
    Ok(value)
}

/// Hangs a program on its tracepoint, for as long as the descriptor is open.
pub(crate) fn trace(doing: &'static str, program: &OwnedFd) -> Result<OwnedFd, Error> {
    let mut attribute = Attribute::new().fd(8, program.as_fd());
    // SAFETY: the only pointer in it is null: the program knows its tracepoint.
    unsafe { bpf(RAW_TRACEPOINT_OPEN, &mut attribute) }.map(sys::owned).map_err(|source| Error::refused(doing, source))
}

/// Makes an iterator of a program, which can be run again and again.
pub(crate) fn iterator(doing: &'static str, program: &OwnedFd) -> Result<OwnedFd, Error> {
    let mut attribute = Attribute::new().fd(0, program.as_fd()).word(8, Attach::Iterator as u32);
    // SAFETY: the only pointer in it is null.
    unsafe { bpf(LINK_CREATE, &mut attribute) }.map(sys::owned).map_err(|source| Error::refused(doing, source))
}

/// Begins a run of an iterator: what the program writes is read from the descriptor.
pub(crate) fn begin(doing: &'static str, iterator: &OwnedFd) -> Result<OwnedFd, Error> {
    let mut attribute = Attribute::new().fd(0, iterator.as_fd());
    // SAFETY: there is no pointer in it.
    unsafe { bpf(ITER_CREATE, &mut attribute) }.map(sys::owned).map_err(|source| Error::refused(doing, source))
}
