//! One process's descriptors: which of them are sockets.
//!
//! `/proc/PID/fd/N` is a link whose text is `socket:[INODE]`. Reading the text never touches what the link leads to, so
//! a descriptor on a dead network file system cannot block the scan (following the link could).
//!
//! Listing the directory costs about as much as an eighth of the reads that follow. Where the kernel counts the
//! descriptors (Linux 6.2), numbers are tried instead, 0, 1, 2, …, until so many are found or too many are missing; the
//! listing then only has to confirm that nothing follows. So a descriptor that stays open is never missed, whatever is
//! opened and closed below it meanwhile.

use std::{mem::MaybeUninit, os::fd::BorrowedFd};

use rustix::{
    fs::{RawDir, SeekFrom},
    io::Errno,
    path::DecInt,
};

use crate::{
    procfs::{decimal, numbers},
    store::Collected,
};

/// Descriptors listed at the price of one read; a number tried in vain costs a read too. So trying gains nothing any more
/// when one number is missing for so many expected.
const LISTED_PER_READ: u32 = 8;

/// The first entry of an `fd` directory after `.` and `..`: descriptor N is at offset N + 2 (fs/proc/fd.c,
/// proc_readfd_common).
const OFFSET_OF_FIRST: u64 = 2;

/// Which descriptors to read.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) from: u32,
    /// The end, excluded.
    pub(crate) until: u32,
    /// How many there are, where the kernel says so.
    pub(crate) expected: Option<u32>,
}

/// Adds the sockets among the descriptors in `range` to the run begun in `found`.
pub(crate) fn read(
    directory: BorrowedFd<'_>,
    range: Range,
    buffer: &mut [MaybeUninit<u8>],
    found: &mut Collected,
) -> Result<(), Errno> {
    let next = match range.expected {
        Some(expected) => probe(directory, range, expected, found)?,
        None => range.from,
    };
    if next < range.until {
        list(directory, Range { from: next, ..range }, buffer, found)?;
    }
    Ok(())
}

/// The same for the whole of a copy of such a directory, in a file system that lists entries in an order of its own.
pub(crate) fn read_copy(
    directory: BorrowedFd<'_>,
    buffer: &mut [MaybeUninit<u8>],
    found: &mut Collected,
) -> Result<(), Errno> {
    for fd in numbers(directory, buffer)? {
        match read_one(directory, fd, found) {
            // Not a link.
            Ok(_) | Err(Errno::INVAL) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Tries numbers in order; returns the first one not tried.
fn probe(directory: BorrowedFd<'_>, range: Range, expected: u32, found: &mut Collected) -> Result<u32, Errno> {
    let mut present = 0;
    let mut misses = 0;
    for fd in range.from..range.until {
        if present == expected || misses > expected / LISTED_PER_READ {
            return Ok(fd);
        }
        if read_one(directory, fd, found)? {
            present += 1;
        } else {
            misses += 1;
        }
    }
    Ok(range.until)
}

/// Lists the directory from `range.from` on.
fn list(
    directory: BorrowedFd<'_>,
    range: Range,
    buffer: &mut [MaybeUninit<u8>],
    found: &mut Collected,
) -> Result<(), Errno> {
    let start = if range.from == 0 { 0 } else { u64::from(range.from) + OFFSET_OF_FIRST };
    rustix::fs::seek(directory, SeekFrom::Start(start))?;
    let mut entries = RawDir::new(directory, buffer);
    while let Some(entry) = entries.next() {
        let fd = match entry {
            Ok(entry) => decimal(entry.file_name().to_bytes()),
            // The process ended.
            Err(Errno::NOENT | Errno::SRCH) => return Ok(()),
            Err(errno) => return Err(errno),
        };
        match fd {
            Some(fd) if fd >= range.until => return Ok(()),
            Some(fd) if fd >= range.from => {
                read_one(directory, fd, found)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads one descriptor's link; says whether there is such a descriptor.
fn read_one(directory: BorrowedFd<'_>, fd: u32, found: &mut Collected) -> Result<bool, Errno> {
    // A longer text is a path, and is cut.
    let mut text = [MaybeUninit::uninit(); 32];
    match rustix::fs::readlinkat_raw(directory, DecInt::new(fd), &mut text) {
        Ok((text, _)) => {
            if let Some(inode) = socket_inode(text) {
                found.push(fd, inode);
            }
            Ok(true)
        }
        Err(Errno::NOENT | Errno::SRCH) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// The inode in `socket:[INODE]`. No path looks like that: a path begins with `/` or `(unreachable)`.
///
/// Inodes of sockets are 32 bits wide (fs/inode.c, get_next_ino, an unsigned int; sock_diag has no room for more).
pub(crate) fn socket_inode(text: &[u8]) -> Option<u32> {
    let inode = text.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    decimal(inode).filter(|inode| *inode != 0)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        net::UdpSocket,
        os::fd::{AsFd, AsRawFd, OwnedFd},
    };

    use super::*;
    use crate::procfs;

    #[test]
    fn only_the_text_of_a_socket_is_a_socket() {
        let cases: [(&[u8], Option<u32>); 9] = [
            (b"socket:[1]", Some(1)),
            (b"socket:[4294967295]", Some(u32::MAX)),
            (b"socket:[4294967296]", None),
            (b"socket:[0]", None),
            (b"socket:[]", None),
            (b"socket:[12", None),
            (b"/tmp/socket:[12]", None),
            (b"pipe:[12]", None),
            (b"anon_inode:[eventpoll]", None),
        ];
        for (text, inode) in cases {
            assert_eq!(socket_inode(text), inode, "{}", text.escape_ascii());
        }
    }

    /// The descriptors of this process between 900 and 999 that `range` leads to.
    fn found_in(range: Range) -> Vec<u32> {
        let directory = procfs::open_directory(rustix::fs::CWD, c"/proc/self/fd").expect("own descriptors");
        let mut buffer = vec![MaybeUninit::uninit(); 256];
        let mut found = Collected::default();
        found.begin(0);
        read(directory.as_fd(), range, &mut buffer, &mut found).expect("own descriptors can be read");
        found.descriptors().filter(|fd| (900..1000).contains(fd)).collect()
    }

    #[test]
    fn sparse_tables_ranges_and_wrong_counts_miss_nothing() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let file = File::open("/proc/self/status").expect("a file");
        let held: Vec<OwnedFd> = [910, 911, 950, 999]
            .iter()
            .map(|least| rustix::io::fcntl_dupfd_cloexec(&socket, *least).expect("a copy"))
            .collect();
        let _other = rustix::io::fcntl_dupfd_cloexec(&file, 920).expect("a copy");
        let fds: Vec<u32> = held.iter().map(|fd| u32::try_from(fd.as_raw_fd()).expect("a descriptor")).collect();
        let all = Range { from: 0, until: u32::MAX, expected: None };
        for expected in [None, Some(0), Some(1), Some(10), Some(5000)] {
            assert_eq!(found_in(Range { expected, ..all }), fds, "expected {expected:?}");
            assert_eq!(found_in(Range { from: 911, until: 999, expected }), fds[1..3], "expected {expected:?}");
        }
    }
}
