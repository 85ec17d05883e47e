//! A network namespace that was asked for by name: whether the name still leads to it.

use std::ffi::{OsStr, OsString};

use sockeye_conn::Namespace;
use sockeye_conn::namespace::Identity;

/// A namespace and its name.
///
/// Whoever follows a namespace keeps it alive, and sees it empty when everybody else has left: that is no answer about what was asked
/// for.
#[derive(Debug)]
pub(crate) struct NamedNamespace {
    name: OsString,
    identity: Identity,
}

impl NamedNamespace {
    /// The namespace that was found for a name; `None` where none was named, or all.
    pub(crate) fn of(name: Option<&OsStr>, found: Option<&Namespace>) -> Option<Self> {
        let name = name.filter(|name| *name != "all")?;
        Some(Self { name: name.to_owned(), identity: found?.identity() })
    }

    /// What is to be said where it is gone.
    pub(crate) fn gone(&self) -> Option<String> {
        let is_there = Namespace::open(&self.name).is_ok_and(|found| found.identity() == self.identity);
        (!is_there).then(|| format!("the network namespace {} is gone", self.name.display()))
    }
}
