//! Loading of programs, and what the verifier says of those that it refuses.

use std::os::fd::{AsFd, OwnedFd};

use crate::{
    error::{Cause, Error, Operation},
    sys::{self, Loading},
};

/// `BPF_PROG_TYPE_TRACING`: programs that are attached to what BTF names.
const TRACING: u32 = 26;

/// `BPF_TRACE_RAW_TP`.
const TRACE_RAW_TP: u32 = 23;

/// `BPF_TRACE_ITER`.
pub(crate) const TRACE_ITER: u32 = 28;

/// Bytes for what the verifier writes about a program that it refuses.
const LOG_BYTES: usize = 64 * 1024;

/// Bytes of it that an error carries: the last lines say what was refused.
const LOG_BYTES_SHOWN: usize = 600;

/// Loads a program that runs for each object of an iteration; `function` is the number of the iteration's function.
pub(crate) fn load_iterator(name: &'static str, function: u32, instructions: &[u64]) -> Result<OwnedFd, Error> {
    load(name, TRACE_ITER, function, instructions)
}

/// A program for a tracepoint.
#[derive(Debug)]
pub(crate) struct TracepointProgram {
    program: OwnedFd,
    name: &'static str,
    /// It is run as long as this is open.
    link: Option<OwnedFd>,
}

impl TracepointProgram {
    /// Whether it is run.
    pub(crate) fn is_attached(&self) -> bool {
        self.link.is_some()
    }

    /// Lets it be run, after all those that are run by now.
    pub(crate) fn attach(&mut self) -> Result<(), Error> {
        let link = sys::open_tracepoint(self.program.as_fd());
        self.link = Some(link.map_err(|error| Error::system(Operation::Attach(self.name), error))?);
        Ok(())
    }

    /// Lets it be run no more.
    pub(crate) fn detach(&mut self) {
        self.link = None;
    }

    /// How often the tracepoint was reached while the program was running on the same processor: the kernel runs it then not once
    /// more (kernel/trace/bpf_trace.c, `__bpf_trace_run`, since Linux 6.2).
    pub(crate) fn misses(&self) -> u64 {
        sys::program_misses(self.program.as_fd()).unwrap_or(0)
    }
}

/// Loads a program for a tracepoint, which is not attached yet; `typedef` is the number of the tracepoint's type.
pub(crate) fn load_for_tracepoint(
    name: &'static str,
    typedef: u32,
    instructions: &[u64],
) -> Result<TracepointProgram, Error> {
    Ok(TracepointProgram { program: load(name, TRACE_RAW_TP, typedef, instructions)?, name, link: None })
}

fn load(name: &'static str, attach_type: u32, attach_btf_id: u32, instructions: &[u64]) -> Result<OwnedFd, Error> {
    let mut text = [0; 16];
    for (place, byte) in text[..15].iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    let loading = Loading { kind: TRACING, attach_type, attach_btf_id, name: text, instructions };
    let refusal = match sys::load_program(&loading, None) {
        Ok(program) => return Ok(program),
        Err(refusal) => refusal,
    };
    let operation = Operation::Load(name);
    if matches!(refusal.raw_os_error(), Some(libc::EPERM)) {
        // Refused before anybody looked at the program.
        return Err(Error::system(operation, refusal));
    }
    // Once more, for the reasons; by now it may even be accepted.
    let mut log = vec![0; LOG_BYTES];
    match sys::load_program(&loading, Some(&mut log)) {
        Ok(program) => Ok(program),
        Err(_) => Err(Error { operation, cause: Cause::Verifier(refusal, end_of(&log)) }),
    }
}

/// The last lines of a text ended by NUL, in one line.
fn end_of(log: &[u8]) -> String {
    let text = log.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = text.get(text.len().saturating_sub(LOG_BYTES_SHOWN)..).unwrap_or_default();
    String::from_utf8_lossy(text).trim().replace('\n', "; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{assembler::*, btf::Btf};

    #[test]
    fn of_a_long_log_the_last_lines_are_kept() {
        let mut log = vec![b'x'; 5000];
        log.extend_from_slice(b"\ninvalid access\nprocessed 7 insns\n\0\0\0");
        let end = end_of(&log);
        assert!(end.ends_with("invalid access; processed 7 insns") && end.len() <= LOG_BYTES_SHOWN + 20, "{end}");
        assert_eq!(end_of(&[0; 9]), "");
    }

    #[test]
    fn a_program_that_the_verifier_refuses_comes_back_with_its_reason() {
        if let Err(reason) = sockeye_zoo::skip::may_load_programs() {
            let test = "a_program_that_the_verifier_refuses_comes_back_with_its_reason";
            return sockeye_zoo::skip::skip(test, &reason);
        }
        let btf = Btf::open().expect("the kernel's types");
        let function = btf.function("bpf_iter_task_file").expect("the iteration");
        let mut code = Assembler::default();
        // Register 9 was never set.
        code.copy(R0, R9);
        code.exit();
        let error = load_iterator("refused", function, &code.finish("refused").expect("no jump"))
            .expect_err("an unset register is refused");
        assert!(error.to_string().contains("R9 !read_ok"), "{error}");
        assert_eq!(error.capability(), None);
    }
}
