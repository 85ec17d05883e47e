//! Under what the suite runs.

use std::fmt;

use anyhow::{Result, bail};

use super::capability;

/// The user that owns nothing.
pub(super) const NOBODY: &str = "65534";

/// A privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Privilege {
    /// Root of this machine, with everything.
    Root,
    /// A user without capabilities.
    User,
    /// Root of namespaces of its own, in which there are many users: what a container has.
    Container,
    /// The same with one user, which is what somebody can make who is nobody.
    OneUserContainer,
    /// Root of this machine without one capability.
    Without(&'static str),
    /// Root of this machine with those capabilities alone that make a difference.
    WithoutOthers,
}

/// Capabilities without which `sockeye` is told less (docs/privileges.md), and those that tests take to become another.
const TELLING: [&str; 11] = [
    "net_admin",
    "net_raw",
    "sys_admin",
    "sys_ptrace",
    "dac_override",
    "dac_read_search",
    "bpf",
    "perfmon",
    "setuid",
    "setgid",
    "setpcap",
];

/// Those of them without which most goes another way.
const SMOKE: [&str; 4] = ["net_admin", "net_raw", "sys_admin", "sys_ptrace"];

impl Privilege {
    /// Those that make a difference, and all others together.
    pub(super) fn telling() -> Vec<Self> {
        let whole = [Self::Root, Self::User, Self::Container, Self::OneUserContainer];
        whole.into_iter().chain(TELLING.map(Self::Without)).chain([Self::WithoutOthers]).collect()
    }

    /// Those of them that take least time. Of the two containers it is the one of many users, if that can be had.
    pub(super) fn smoke(is_root: bool) -> Vec<Self> {
        let container = if is_root { Self::Container } else { Self::OneUserContainer };
        [Self::User, container].into_iter().chain(SMOKE.map(Self::Without)).collect()
    }

    /// All that this kernel has.
    pub(super) fn all() -> Result<Vec<Self>> {
        let others = capability::of_this_kernel()?.into_iter().filter(|name| !TELLING.contains(name));
        Ok(Self::telling().into_iter().chain(others.map(Self::Without)).collect())
    }

    /// The capabilities that it lacks, for root of the machine.
    pub(super) fn lacking(self) -> Result<Vec<&'static str>> {
        match self {
            Self::Without(name) => Ok(vec![name]),
            Self::WithoutOthers => {
                Ok(capability::of_this_kernel()?.into_iter().filter(|name| !TELLING.contains(name)).collect())
            }
            _ => Ok(vec![]),
        }
    }

    /// The one of a name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn named(name: &str) -> Result<Self> {
        let whole = [Self::Root, Self::User, Self::Container, Self::OneUserContainer, Self::WithoutOthers];
        let without = || name.strip_prefix('-').and_then(capability::named).map(Self::Without);
        match whole.into_iter().find(|one| one.to_string() == name).or_else(without) {
            Some(found) => Ok(found),
            None => {
                bail!("there is no privilege {name}, but {}, and -CAP_…", whole.map(|one| one.to_string()).join(", "))
            }
        }
    }

    /// Whether only root can give it.
    pub(super) fn needs_root(self) -> bool {
        !matches!(self, Self::User | Self::OneUserContainer)
    }

    /// For people.
    pub(super) fn title(self) -> String {
        match self {
            Self::Root => "root".to_owned(),
            Self::User => "an ordinary user".to_owned(),
            Self::Container => "root of a container".to_owned(),
            Self::OneUserContainer => "root of a container of one user".to_owned(),
            Self::Without(name) => format!("root without CAP_{}", name.to_uppercase()),
            Self::WithoutOthers => "root without all other capabilities together".to_owned(),
        }
    }
}

/// As the list of skips and the command line name it.
impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::User => f.write_str("user"),
            Self::Container => f.write_str("container"),
            Self::OneUserContainer => f.write_str("one-user-container"),
            Self::WithoutOthers => f.write_str("-others"),
            Self::Without(name) => write!(f, "-CAP_{}", name.to_uppercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_privilege_is_found_by_its_name() {
        for privilege in Privilege::all().expect("the kernel has capabilities") {
            assert_eq!(Privilege::named(&privilege.to_string()).expect("its own name"), privilege);
        }
        assert!(Privilege::named("-CAP_NET").is_err() && Privilege::named("nobody").is_err());
    }

    #[test]
    fn what_tells_is_known() {
        assert!(SMOKE.iter().all(|name| TELLING.contains(name)));
        for name in TELLING {
            assert_eq!(capability::named(name), Some(name), "a capability of the kernel");
        }
    }
}
