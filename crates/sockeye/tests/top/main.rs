//! `top` on the real kernel: the program on a terminal, each time in a network namespace of its own.
//!
//! Not here: what is drawn of which model, and what keys do to a state; that is tested where it is written.

#![forbid(unsafe_code)]

mod giving_back;
mod links;
mod once;
mod real;
mod short;
mod terminal;
#[path = "../support/tmux.rs"]
mod tmux;
