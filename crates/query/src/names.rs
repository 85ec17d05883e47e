//! Names that only the running system can resolve.

use core::net::IpAddr;

use crate::FieldKind;

/// Resolves names in a filter. The tool asks the system, tests answer from a table.
///
/// `Err` is a sentence for the user: what was asked, and why there is no answer.
pub trait Names {
    /// Every address of a host name.
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String>;
    /// The port of a service name (`https`).
    fn port(&self, service: &str) -> Result<u16, String>;
    /// The user id of a user name.
    fn user(&self, name: &str) -> Result<u32, String>;
    /// The name of a user id, where it has one.
    fn user_name(&self, uid: u32) -> Option<String>;
    /// The index of an interface name. A filter may name one that does not exist yet: `Ok(None)`.
    fn interface(&self, name: &str) -> Result<Option<u32>, String>;
    /// The id of a group of cgroup2, and its path from the root of the groups. It is given by that path, by the path of its
    /// directory, or by a path from the working directory.
    fn cgroup(&self, path: &str) -> Result<(u64, Vec<u8>), String>;
    /// The names that a field of this kind could be compared with, for somebody who misspelled one: users, services,
    /// interfaces, control groups. None where they are not known.
    fn known(&self, _kind: FieldKind) -> Vec<String> {
        Vec::new()
    }
}

/// Knows no name.
#[cfg(test)]
pub(crate) struct Nobody;

#[cfg(test)]
impl Names for Nobody {
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        Err(host.to_owned())
    }
    fn port(&self, service: &str) -> Result<u16, String> {
        Err(service.to_owned())
    }
    fn user(&self, name: &str) -> Result<u32, String> {
        Err(name.to_owned())
    }
    fn user_name(&self, _: u32) -> Option<String> {
        None
    }
    fn interface(&self, _: &str) -> Result<Option<u32>, String> {
        Ok(None)
    }
    fn cgroup(&self, path: &str) -> Result<(u64, Vec<u8>), String> {
        Err(path.to_owned())
    }
}
