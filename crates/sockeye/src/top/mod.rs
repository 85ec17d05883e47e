//! `sockeye top`: the sockets of a machine on a screen, with their rates, again and again.
//!
//! What it is: two threads and the keys. The source ([`source`]) asks the kernel and keeps what it needs to know of each
//! socket; it is told what is to be seen ([`model::Request`]) and hands over rows that are ready to be drawn
//! ([`model::Model`]), no more than fit the screen and a page on either side. The screen ([`mod@run`]) has the keys
//! ([`keys`]), which change a [`state::State`] and nothing else, and draws state and model ([`draw`]). It never waits for
//! the source.
//!
//! What it is not: a judge. Which sockets fit a filter, who owns them, what holds a connection up and what changed on the
//! machine is decided where the listings and `watch` decide it.

mod columns;
mod draw;
mod history;
mod input;
mod job;
mod keys;
mod model;
mod once;
mod options;
mod prompt;
mod run;
mod screen;
mod sixteen;
mod source;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use options::Options;
pub(crate) use run::run;
