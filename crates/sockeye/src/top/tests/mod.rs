//! The screen without a terminal and without a kernel: what is drawn of a model, and what keys do to a state.

mod keys;
mod models;
mod restored;
mod screens;
