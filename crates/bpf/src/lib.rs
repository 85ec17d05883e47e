//! BPF without a compiler: programs that are assembled when they are needed, from the types that the running kernel
//! describes itself (BTF).
//!
//! What it is: [`Btf`], a reader of those types; [`task_file::TaskFiles`], who holds which socket, of all network namespaces
//! in one pass; [`socket_state::SocketStates`], every change of state of every TCP socket while it happens.
//!
//! What it is not: a loader of objects. There is no ELF, no relocation and no compiler; a field that a kernel does not have
//! is left out of the program, and what it would have said is absent.
//!
//! Both need `CAP_BPF` and `CAP_PERFMON`, or root, and a kernel with BTF (5.12 for everything here).

mod assembler;
mod btf;
mod error;
mod program;
mod ring;
pub mod socket_state;

mod sys;
pub mod task_file;

pub use btf::Btf;
pub use error::{Error, Reason};
