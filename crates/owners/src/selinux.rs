//! Security contexts as SELinux gives them, and whether it is there to give any.

use std::path::Path;

use rustix::{fs::CWD, io::Errno};

use crate::{mounts::MOUNTINFO_BYTES_MAX, procfs::read_bounded};

/// Bytes of a context that are read at first: a page, which is as much as libselinux reads of a process's.
pub(crate) const CONTEXT_BYTES_MAX: usize = 4096;

/// Bytes that the value of an extended attribute can have (include/uapi/linux/limits.h, XATTR_SIZE_MAX).
const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;

/// What has to be there for SELinux to count as enabled, whatever the kernel says (libselinux, has_selinux_config).
const CONFIGURATION: &str = "/etc/selinux/config";

/// The security context of the socket that a thread holds by a descriptor, as `getfilecon` gives it; for the process
/// itself, `tid` is its pid. None if the socket has none, or may not be asked.
///
/// The question goes through the descriptor to what it leads to by now; on anything but a socket it can block.
pub fn socket_context(proc: &Path, pid: u32, tid: u32, fd: u32) -> Option<Vec<u8>> {
    // The path by which the scan found it.
    let descriptor = if tid == pid { format!("{pid}/fd/{fd}") } else { format!("{pid}/task/{tid}/fd/{fd}") };
    trimmed(&attribute(&proc.join(descriptor), "security.selinux")?).map(<[u8]>::to_vec)
}

/// Whether SELinux is enabled, as libselinux decides it (`is_selinux_enabled`): its file system is mounted, not only for
/// reading, and the machine has a configuration of it. Without that library, `ss` says of every machine that it is not.
pub fn selinux_is_enabled(proc: &Path) -> bool {
    let mounts = read_bounded(CWD, proc.join("mounts"), MOUNTINFO_BYTES_MAX);
    mounts.is_ok_and(|(mounts, _)| is_mounted_in(&mounts)) && Path::new(CONFIGURATION).exists()
}

/// The text of a context: up to the NUL that SELinux counts as part of it, without the line end of other modules.
pub(crate) fn trimmed(context: &[u8]) -> Option<&[u8]> {
    let text = context.split(|byte| *byte == 0).next()?;
    Some(text.strip_suffix(b"\n").unwrap_or(text)).filter(|text| !text.is_empty())
}

/// An extended attribute of what the path leads to.
fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let read = |room| {
        let mut value = vec![0; room];
        let length = rustix::fs::getxattr(path, name, &mut value[..])?;
        value.truncate(length);
        Ok(value)
    };
    match read(CONTEXT_BYTES_MAX) {
        Err(Errno::RANGE) => read(ATTRIBUTE_BYTES_MAX),
        other => other,
    }
    .ok()
}

/// Whether a file of mounts, as `/proc/mounts`, has selinuxfs, to be written to. A container is often given it for reading
/// alone, to be told that there is none.
pub(crate) fn is_mounted_in(mounts: &[u8]) -> bool {
    mounts.split(|byte| *byte == b'\n').any(|line| {
        // SOURCE POINT KIND OPTIONS 0 0
        let mut words = line.split(|byte| *byte == b' ').skip(2);
        let is_selinuxfs = words.next() == Some(b"selinuxfs");
        is_selinuxfs
            && words.next().is_some_and(|options| options.split(|byte| *byte == b',').all(|word| word != b"ro"))
    })
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, os::fd::AsRawFd, process};

    use super::*;

    #[test]
    fn a_context_ends_before_its_nul_or_line_end() {
        let cases: [(&[u8], Option<&[u8]>); 6] = [
            (b"system_u:system_r:sshd_t:s0-s0:c0.c1023\0", Some(b"system_u:system_r:sshd_t:s0-s0:c0.c1023")),
            (b"/usr/sbin/cupsd (enforce)\n", Some(b"/usr/sbin/cupsd (enforce)")),
            (b"kernel", Some(b"kernel")),
            (b"", None),
            (b"\0", None),
            (b"\n", None),
        ];
        for (file, context) in cases {
            assert_eq!(trimmed(file), context, "{}", file.escape_ascii());
        }
    }

    #[test]
    fn an_attribute_is_that_of_the_socket_and_not_of_the_link_to_it() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("udp");
        let path = format!("/proc/{}/fd/{}", process::id(), socket.as_raw_fd());
        // Every socket has this one (net/socket.c, sockfs_xattr_get), with its NUL.
        assert_eq!(attribute(path.as_ref(), "system.sockprotoname").as_deref(), Some(&b"UDP\0"[..]));
        assert_eq!(attribute("/proc/self/fd".as_ref(), "system.sockprotoname"), None);
    }

    #[test]
    fn selinux_is_there_where_its_file_system_can_be_written() {
        let cases: [(&[u8], bool); 5] = [
            (b"proc /proc proc rw 0 0\nselinuxfs /sys/fs/selinux selinuxfs rw,nosuid,relatime 0 0\n", true),
            (b"selinuxfs /sys/fs/selinux selinuxfs ro,nosuid,relatime 0 0\n", false),
            (b"selinuxfs /mnt ext4 rw 0 0\nnone /selinuxfs tmpfs rw 0 0\n", false),
            (b"none /sys/fs/selinux selinuxfs", false),
            (b"", false),
        ];
        for (mounts, expected) in cases {
            assert_eq!(is_mounted_in(mounts), expected, "{}", mounts.escape_ascii());
        }
    }
}
