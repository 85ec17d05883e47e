//! Names of users, from `/etc/passwd` only.
//!
//! The name service (LDAP, sssd, systemd-homed) is not asked: it loads foreign code into the process and may wait for a
//! network that is just being examined. A user known only there keeps a number.

use std::{io, path::Path};

use rustix::fs::CWD;

use crate::procfs::{decimal, read_bounded};

/// Bytes of a passwd file that are read: some 100 000 users.
pub const PASSWD_BYTES_MAX: usize = 8 << 20;

/// The users in a passwd file, read once.
///
/// ```
/// use sockeye_owners::users::Users;
///
/// let users = Users::parse(b"root:x:0:0:root:/root:/bin/sh\n");
/// assert_eq!(users.name(0), Some(&b"root"[..]));
/// assert_eq!(users.uid(b"root"), Some(0));
/// assert_eq!(users.name(1), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// By uid; of those with the same uid the first in the file comes first.
    by_uid: Vec<(u32, Box<[u8]>)>,
    /// Places in `by_uid`, by name.
    by_name: Vec<u32>,
    cut: bool,
}

impl Users {
    /// Reads `/etc/passwd`.
    pub fn load() -> io::Result<Self> {
        Self::load_from(Path::new("/etc/passwd"))
    }

    /// Reads another file of that format.
    pub fn load_from(path: &Path) -> io::Result<Self> {
        let (file, cut) = read_bounded(CWD, path, PASSWD_BYTES_MAX)?;
        Ok(Self { cut, ..Self::parse(&file) })
    }

    /// Reads the content of such a file. Lines of another shape are left out.
    pub fn parse(file: &[u8]) -> Self {
        let mut by_uid: Vec<(u32, Box<[u8]>)> = file.split(|byte| *byte == b'\n').filter_map(user).collect();
        by_uid.sort_by_key(|(uid, _)| *uid);
        let mut by_name: Vec<u32> = (0..).take(by_uid.len()).collect();
        by_name.sort_by(|a, b| by_uid[*a as usize].1.cmp(&by_uid[*b as usize].1));
        Self { by_uid, by_name, cut: false }
    }

    /// The name of a user; where several have the uid, the first in the file.
    pub fn name(&self, uid: u32) -> Option<&[u8]> {
        let first = self.by_uid.partition_point(|(other, _)| *other < uid);
        self.by_uid.get(first).filter(|(other, _)| *other == uid).map(|(_, name)| &**name)
    }

    /// The uid of a user.
    pub fn uid(&self, name: &[u8]) -> Option<u32> {
        let place = self.by_name.binary_search_by(|place| (*self.by_uid[*place as usize].1).cmp(name)).ok()?;
        Some(self.by_uid[self.by_name[place] as usize].0)
    }

    /// Every name, in the order of the uids.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.by_uid.iter().map(|(_, name)| &**name)
    }

    /// Whether the file is longer than [`PASSWD_BYTES_MAX`], so that users at its end are missing.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// Name and uid in a line `NAME:PASSWORD:UID:…`. Comments and the `+` and `-` lines of NIS have no uid to read.
fn user(line: &[u8]) -> Option<(u32, Box<[u8]>)> {
    let mut fields = line.split(|byte| *byte == b':');
    let name = fields.next().filter(|name| !name.is_empty() && !matches!(name[0], b'#' | b'+' | b'-'))?;
    Some((decimal(fields.nth(1)?)?, name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_uids_lead_to_each_other() {
        let users = Users::parse(
            b"root:x:0:0::/:\nweb:x:33:33::/:\ntoor:x:0:0::/:\n#old:x:5:5::/:\n+::::::\nbad:x:y:1::/:\nz\xff:x:4294967294:1::/:",
        );
        assert_eq!((users.name(0), users.name(33)), (Some(&b"root"[..]), Some(&b"web"[..])));
        assert_eq!((users.uid(b"toor"), users.uid(b"root"), users.uid(b"web")), (Some(0), Some(0), Some(33)));
        assert_eq!((users.name(4294967294), users.uid(b"z\xff")), (Some(&b"z\xff"[..]), Some(4294967294)));
        assert_eq!((users.name(5), users.uid(b"bad"), users.uid(b"")), (None, None, None));
    }

    #[test]
    fn a_missing_file_is_an_error_and_an_empty_one_is_not() {
        assert!(Users::load_from(Path::new("/proc/self/no such file")).is_err());
        assert_eq!(Users::load_from(Path::new("/dev/null")).expect("an empty file").name(0), None);
    }
}
