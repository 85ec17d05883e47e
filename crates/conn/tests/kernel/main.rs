//! The connection against the real kernel, in network namespaces that the tests make.

mod capture;
mod event_filter;
mod examples;
mod inventory;
mod namespace;
mod support;
