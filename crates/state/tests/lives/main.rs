//! The lives of sockets: stories of the engine with made messages, and a property over random runs of a model of the kernel.

mod dead;
mod incidents;
mod made;
mod model;
mod stories;
mod traced;
mod turns;
mod waiting;
