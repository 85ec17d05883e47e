//! `--on FILTER --run COMMAND`: commands that start when something happens.
//!
//! What fits is due at once, after a quiet time (`--debounce`), or of tables when its condition has held for some time
//! (`--hold`). What is due goes into a bounded queue; what finds it full is counted and said, never kept.

mod changes;
mod hold;
mod job;
mod runner;
mod worker;

pub(super) use changes::{Happened, Hooks};
pub(super) use job::{Job, happening, variable};
pub(super) use runner::Runner;
