//! The filter language, over a small catalog of its own.

mod decisions;
mod documentation;
mod families;
mod language;
mod mistakes;
mod names;
mod random;
mod refused;
mod sample;
