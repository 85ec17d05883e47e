//! What the built program promises to whoever types its name: what it prints, where, how it ends.
//!
//! Not here: whether each value of each kind of socket is right. The tests `kinds` and `differential` know that.

#![forbid(unsafe_code)]

mod answers;
mod beside_ss;
mod command_line;
mod control_groups;
mod docs;
mod gone_interface;
mod hostile_names;
mod missing_families;
mod mistakes;
mod namespaces;
mod odd_peers;
mod other_ends;
mod owner_source;
mod owners;
mod ran;
mod replay;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod unprivileged;
