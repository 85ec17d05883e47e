//! Every text of the kernel that is read here, by one name: what takes them apart is an affair of this crate, and what they
//! may hold is not.

use crate::{
    cgroup::{CgroupIdentity, path_in_proc_file},
    descriptors::socket_inode,
    kernel::offset_in,
    mounts::mounts,
    selinux::{is_mounted_in, trimmed},
    source::numbers_in_status,
    users::Users,
    view::{name_in_stat, start_time_in_stat, tgid_in_status},
    visibility::{hide_pid_in, namespace_in},
};

/// Reads a text as each of the files of `/proc` that are read, and says how many took something from it.
pub fn understood(text: &[u8]) -> usize {
    let offset = || offset_in(std::str::from_utf8(text).ok()?);
    let path = || path_in_proc_file(text).filter(|path| CgroupIdentity::of(path) != CgroupIdentity::default());
    let mut hidden = mounts(text).map(|mount| hide_pid_in(mount.options, &[]));
    [
        offset().is_some(),
        path().is_some(),
        hidden.any(|hides| hides.is_some()),
        mounts(text).any(|mount| mount.point.starts_with(&mount.root)),
        is_mounted_in(text),
        namespace_in(text).is_some(),
        name_in_stat(text).is_some(),
        start_time_in_stat(text).is_some(),
        tgid_in_status(text).is_some(),
        numbers_in_status(text).is_some(),
        socket_inode(text).is_some(),
        Users::parse(text).names().next().is_some(),
        trimmed(text).is_some_and(|context| context.contains(&b':')),
    ]
    .into_iter()
    .filter(|is_understood| *is_understood)
    .count()
}

#[cfg(test)]
mod tests {
    use super::understood;

    #[test]
    fn each_text_is_understood_as_what_it_is() {
        for (text, times) in [
            ("boottime 12 345\n", 1),
            ("0::/system.slice/nginx.service\n", 2),
            ("23 1 0:22 / /proc rw - proc proc rw,hidepid=invisible\n", 3),
            ("selinuxfs /sys/fs/selinux selinuxfs rw 0 0\n", 1),
            ("pid:[4026531836]", 2),
            ("77 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 424242 20\n", 2),
            ("Tgid:\t7\nNSpid:\t7\n", 3),
            ("socket:[4711]", 3),
            ("web:x:33:33::/:\n", 2),
            ("", 0),
        ] {
            assert_eq!(understood(text.as_bytes()), times, "{text}");
        }
    }
}
