//! The few reads of /proc that everything here is made of, each relative to an open directory.
//!
//! A process's directory is held open while it is read: the open directory stays with its process, so a pid that is
//! given to a new process midway leads to an error and never to the wrong process.

use std::{
    ffi::CStr,
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, RawDir, SeekFrom, Stat},
    io::Errno,
    path::DecInt,
};

use crate::ScanError;

/// Bytes of a buffer for directory entries: some 1300 descriptors a call.
pub(crate) const DIRECTORY_BUFFER_BYTES: usize = 32 * 1024;

/// `f_type` of a proc file system (include/uapi/linux/magic.h).
const PROC_SUPER_MAGIC: u64 = 0x9fa0;

/// The proc file system being scanned.
pub(crate) struct Proc {
    directory: OwnedFd,
    /// Whether it is the kernel's own and not a copy, whose directories list their entries in any order.
    pub(crate) is_mounted: bool,
    /// Whether the size of an `fd` directory is its number of descriptors (Linux 6.2, proc_fd_getattr).
    pub(crate) counts_descriptors: bool,
}

impl Proc {
    pub(crate) fn open(path: &Path) -> Result<Self, ScanError> {
        let unreadable = |errno: Errno| ScanError::Unreadable { path: path.to_owned(), source: errno.into() };
        let directory = open_directory(CWD, path).map_err(unreadable)?;
        let kind = rustix::fs::fstatfs(&directory).map_err(unreadable)?.f_type;
        if u64::try_from(kind).ok() != Some(PROC_SUPER_MAGIC) {
            let copy = Self { directory, is_mounted: false, counts_descriptors: false };
            // An empty place is where none was mounted: no answer, and not the answer "nobody".
            let is_empty = copy.pids().map_err(unreadable)?.is_empty();
            return if is_empty { Err(ScanError::NotMounted { path: path.to_owned() }) } else { Ok(copy) };
        }
        // This process has a descriptor open at least for the directory.
        let counts_descriptors =
            rustix::fs::statat(&directory, c"self/fd", AtFlags::empty()).is_ok_and(|own| count_of(&own) > 0);
        Ok(Self { directory, is_mounted: true, counts_descriptors })
    }

    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// The processes there are, by pid.
    pub(crate) fn pids(&self) -> Result<Vec<u32>, Errno> {
        let mut buffer = vec![MaybeUninit::uninit(); DIRECTORY_BUFFER_BYTES];
        rustix::fs::seek(&self.directory, SeekFrom::Start(0))?;
        numbers(self.directory(), &mut buffer)
    }

    /// Opens a process's directory only to go on from there.
    pub(crate) fn process(&self, pid: u32) -> Result<OwnedFd, Errno> {
        open_path(self.directory(), DecInt::new(pid))
    }

    /// Opens a process's descriptors; `None` if it is known to have none.
    pub(crate) fn descriptors(&self, pid: u32) -> Result<Option<Descriptors>, Errno> {
        // Ten digits, `/fd`, and the rest stays zero.
        let mut path = [0; 16];
        let number = DecInt::new(pid);
        let (digits, rest) = path.split_at_mut(number.as_bytes().len());
        digits.copy_from_slice(number.as_bytes());
        rest[..3].copy_from_slice(b"/fd");
        self.descriptors_in(self.directory(), CStr::from_bytes_until_nul(&path).map_err(|_| Errno::INVAL)?)
    }

    /// Opens the descriptors at `path` below `at`; `None` if there are known to be none.
    pub(crate) fn descriptors_in(&self, at: BorrowedFd<'_>, path: &CStr) -> Result<Option<Descriptors>, Errno> {
        match open_directory(at, path) {
            Ok(directory) if self.counts_descriptors => {
                let count = count_of(&rustix::fs::fstat(&directory)?);
                Ok((count > 0).then_some(Descriptors { directory, count: Some(count) }))
            }
            Ok(directory) => Ok(Some(Descriptors { directory, count: None })),
            // The count needs no permission, so a kernel thread or a zombie, which hold none, is not "not permitted".
            Err(errno @ (Errno::ACCESS | Errno::PERM)) if self.counts_descriptors => {
                if count_of(&rustix::fs::statat(at, path, AtFlags::empty())?) == 0 {
                    return Ok(None);
                }
                // One that ends gives its memory back before its files, and without memory it is root's of the machine.
                if has_memory(at, path)? { Err(errno) } else { Err(Errno::NOENT) }
            }
            Err(errno) => Err(errno),
        }
    }
}

/// The open `fd` directory of a process.
pub(crate) struct Descriptors {
    pub(crate) directory: OwnedFd,
    /// How many there are, where the kernel says so.
    pub(crate) count: Option<u32>,
}

/// Whether a process has memory, which everybody may know; `path` is that of its descriptors.
fn has_memory(at: BorrowedFd<'_>, path: &CStr) -> Result<bool, Errno> {
    let process = path.to_bytes().strip_suffix(b"fd").unwrap_or_default();
    let mut sizes = [0; 128];
    let file = rustix::fs::openat(at, [process, b"statm"].concat(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let length = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut sizes))?;
    // The first of its numbers is all of it, in pages (Documentation/filesystems/proc.rst).
    Ok(!sizes[..length].starts_with(b"0 "))
}

/// The entries of a directory whose names are numbers, in order.
pub(crate) fn numbers(directory: BorrowedFd<'_>, buffer: &mut [MaybeUninit<u8>]) -> Result<Vec<u32>, Errno> {
    let mut numbers = Vec::new();
    let mut entries = RawDir::new(directory, buffer);
    while let Some(entry) = entries.next() {
        numbers.extend(decimal(entry?.file_name().to_bytes()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The number of descriptors, from the metadata of their directory.
fn count_of(directory: &Stat) -> u32 {
    u32::try_from(directory.st_size).unwrap_or(0)
}

/// Opens a directory only to go on from there.
pub(crate) fn open_path<P: rustix::path::Arg>(at: BorrowedFd<'_>, path: P) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(at, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Opens a directory for listing.
pub(crate) fn open_directory<P: rustix::path::Arg>(at: BorrowedFd<'_>, path: P) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty())
}

/// Reads a small file of a process into the buffer, in one call: the kernel makes such a file whole when it is first
/// read (fs/seq_file.c, single_open), and fills a command line from one end to the other.
pub(crate) fn read_start<'b>(at: BorrowedFd<'_>, path: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8], Errno> {
    let file = rustix::fs::openat(at, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let length = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut *buffer))?;
    Ok(buffer.get(..length).unwrap_or_default())
}

/// Reads a file as far as `limit_bytes`; the flag says that there is more.
pub(crate) fn read_bounded(
    at: BorrowedFd<'_>,
    path: impl rustix::path::Arg,
    limit_bytes: usize,
) -> Result<(Vec<u8>, bool), Errno> {
    let file = rustix::fs::openat(at, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut content = vec![0; limit_bytes.min(16 * 1024)];
    let mut length = 0;
    loop {
        if length == content.len() {
            if length == limit_bytes {
                let more = rustix::io::read(&file, &mut [0u8; 1][..])? > 0;
                return Ok((content, more));
            }
            content.resize(limit_bytes.min(length * 2), 0);
        }
        match rustix::io::read(&file, &mut content[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    content.truncate(length);
    Ok((content, false))
}

/// A decimal number that is the whole of `text`.
pub(crate) fn decimal(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u32, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(u32::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_decimal_whole_and_fits() {
        let cases: [(&[u8], Option<u32>); 7] = [
            (b"0", Some(0)),
            (b"4294967295", Some(u32::MAX)),
            (b"4294967296", None),
            (b"", None),
            (b"12x", None),
            (b"-1", None),
            (b" 1", None),
        ];
        for (text, number) in cases {
            assert_eq!(decimal(text), number, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn who_ends_has_no_memory_any_more() {
        let directory = open_path(CWD, c"/proc").expect("it is mounted");
        assert_eq!(has_memory(directory.as_fd(), c"self/fd"), Ok(true));
        let mut child = std::process::Command::new("true").spawn().expect("it is there");
        let path = std::ffi::CString::new(format!("{}/fd", child.id())).expect("no NUL");
        // Nobody has waited for it, so it is there, with nothing.
        while has_memory(directory.as_fd(), &path) == Ok(true) {
            std::thread::yield_now();
        }
        assert_eq!(has_memory(directory.as_fd(), &path), Ok(false));
        child.wait().expect("it has ended");
        assert_eq!(has_memory(directory.as_fd(), &path), Err(Errno::NOENT));
    }

    #[test]
    fn a_bounded_read_says_that_there_is_more() {
        let (whole, more) = read_bounded(CWD, "/proc/self/status", 1 << 20).expect("own status");
        assert!(whole.starts_with(b"Name:") && !more);
        let (part, more) = read_bounded(CWD, "/proc/self/status", 10).expect("own status");
        assert!(part.len() == 10 && more);
    }
}
