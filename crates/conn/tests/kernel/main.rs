//! The connection against the real kernel, in network namespaces that the tests make.

mod capture;
mod inventory;
mod namespace;
mod support;
