//! From what a person types to a namespace.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::mountinfo::{Mounts, name_at};
use super::processes::Holder;
use super::{Known, Namespace, display, spelled};
use crate::error::{Error, Operation};

/// Where `ip netns` keeps names. The second is the first on most systems.
pub(super) const NAME_DIRECTORIES: [&str; 2] = ["/run/netns", "/var/run/netns"];

pub(super) fn open(spec: &OsStr) -> Result<Namespace, Error> {
    if spec.as_bytes().contains(&b'/') {
        let path = PathBuf::from(spec);
        return Namespace::open_path(&path.clone(), Known { paths: vec![path], ..Known::default() });
    }
    let mut looked = Vec::new();
    if let Some(found) = by_name(spec, &mut looked) {
        return found;
    }
    if let Some(pid) = spec.to_str().and_then(|word| word.parse().ok()) {
        let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
        looked.push(display(&path));
        match by_process(pid, &path) {
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
    }
    let asked = spelled(spec.as_bytes());
    Err(Error::new(Operation::FindNamespace { asked, looked }, io::ErrorKind::NotFound))
}

fn by_name(name: &OsStr, looked: &mut Vec<String>) -> Option<Result<Namespace, Error>> {
    // `/run/netns/` and `/run/netns/..` are directories, not names.
    if matches!(name.as_bytes(), b"" | b"." | b"..") {
        return None;
    }
    for directory in NAME_DIRECTORIES {
        let path = Path::new(directory).join(name);
        looked.push(display(&path));
        match open_named(name, &path) {
            Err(error) if error.source.kind() == io::ErrorKind::NotFound => {}
            found => return Some(found),
        }
    }
    looked.push(format!("a mount at …/netns/{}", spelled(name.as_bytes())));
    let mounts = Mounts::read().unwrap_or_default().namespaces.into_iter();
    let places: BTreeMap<_, _> = mounts.filter(|(_, path)| name_at(path) == Some(name)).collect();
    let path = places.values().next()?;
    if places.len() == 1 {
        return Some(open_named(name, path));
    }
    let paths: Vec<_> = places.values().map(|path| display(path)).collect();
    let sentence = format!("several have this name, give one of the paths {}", paths.join(", "));
    let operation = Operation::OpenNamespace(spelled(name.as_bytes()));
    Some(Err(Error::new(operation, io::Error::new(io::ErrorKind::InvalidInput, sentence))))
}

fn open_named(name: &OsStr, path: &Path) -> Result<Namespace, Error> {
    let known = Known { names: vec![name.to_owned()], paths: vec![path.to_owned()], ..Known::default() };
    Namespace::open_path(path, known)
}

fn by_process(pid: u32, path: &Path) -> Result<Namespace, Error> {
    let command = Holder { process: pid, thread: pid }.command();
    Namespace::open_path(path, Known { pids: vec![pid], command, ..Known::default() })
}
