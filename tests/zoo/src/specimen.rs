//! Open sockets and what the kernel must say of them.

use std::fmt::Debug;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::expected::Expected;

/// One kind of socket, alive until dropped.
#[derive(Debug, Default)]
pub struct Specimen {
    expected: Vec<Expected>,
    sockets: Vec<(&'static str, OwnedFd)>,
    kept: Vec<Box<dyn Debug>>,
}

impl Specimen {
    /// Adds a socket that the kernel must show.
    pub(crate) fn with(mut self, socket: OwnedFd, expected: Expected) -> Self {
        self.sockets.push((expected.role, socket));
        self.expected.push(expected);
        self
    }

    /// Adds something the kernel must show though no descriptor stands for it.
    pub(crate) fn with_unowned(mut self, expected: Expected) -> Self {
        self.expected.push(expected);
        self
    }

    /// Keeps a socket open of which nothing is promised.
    pub(crate) fn holding(mut self, role: &'static str, socket: OwnedFd) -> Self {
        self.sockets.push((role, socket));
        self
    }

    /// Keeps something that the sockets need, for instance a process, until the end.
    pub(crate) fn keeping(mut self, thing: impl Debug + 'static) -> Self {
        self.kept.push(Box::new(thing));
        self
    }

    /// Every socket the kernel must show.
    pub fn all(&self) -> &[Expected] {
        &self.expected
    }

    /// What the kernel must say of the socket in this role; the first, where several have it.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn expected(&self, role: &str) -> &Expected {
        let found = self.expected.iter().find(|expected| expected.role == role);
        found.unwrap_or_else(|| panic!("no {role} among {:?}", self.roles()))
    }

    /// The open socket in this role; the first, where several have it.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn socket(&self, role: &str) -> BorrowedFd<'_> {
        let found = self.sockets.iter().find(|(name, _)| *name == role);
        found.unwrap_or_else(|| panic!("no {role} among {:?}", self.roles())).1.as_fd()
    }

    fn roles(&self) -> Vec<&'static str> {
        self.sockets.iter().map(|(role, _)| *role).collect()
    }
}
