//! The pid namespace of the reader, by which programs number processes.

/// Inode of the first pid namespace (include/uapi/linux/nsfs.h, PID_NS_INIT_INO).
const FIRST: u64 = 0xEFFF_FFFC;

/// A pid namespace, as the kernel compares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PidNamespace {
    /// Number of the device that its file is on, as the kernel has it.
    pub(crate) device: u64,
    /// Inode of its file.
    pub(crate) inode: u64,
}

/// The one of this process, unless it is the first one. What cannot be told is another one: no process is in that.
pub(crate) fn own() -> Option<PidNamespace> {
    match rustix::fs::stat(c"/proc/self/ns/pid") {
        Ok(file) if file.st_ino == FIRST => None,
        // The file system has no device; its number is that of an anonymous one, which has no major number.
        Ok(file) => Some(PidNamespace { device: rustix::fs::minor(file.st_dev).into(), inode: file.st_ino }),
        Err(_) => Some(PidNamespace { device: 0, inode: 0 }),
    }
}
