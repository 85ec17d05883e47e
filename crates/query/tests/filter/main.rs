//! The filter language, over a small catalog of its own.

mod decisions;
mod documentation;
mod language;
mod mistakes;
mod random;
mod sample;
