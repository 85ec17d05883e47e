//! The lives of sockets: each from its birth to its end, as far as the kernel tells.
//!
//! sock_diag can be asked and announces ends; births and changes it does not announce. Tracepoints do, where BPF is
//! allowed. [`Lives`] joins whatever there is by the cookie of the socket, and each [`Life`] says what is known of it.

mod announced;
pub mod cause;
mod counters;
mod delta;
mod dumps;
mod ending;
mod engine;
mod event;
mod incident;
mod judgement;
mod life;
mod listeners;
mod pace;
mod rules;
mod said;
#[cfg(test)]
mod sample;
mod store;
mod transition;
mod withheld;

pub use cause::{Cause, Causes, causes};
pub use counters::Counters;
pub use delta::Delta;
pub use ending::End;
pub use engine::Lives;
pub use event::{Event, Gap, Happening, Kept, Reason, Told};
pub use incident::{Direction, Incident, KeptMet, Met, Trouble};
pub use judgement::Judgement;
pub use life::{Actor, Known, Life, Listener, Protocol, Side, Time, Totals};
pub use pace::Pace;
pub use rules::Rules;
pub use transition::Transition;
