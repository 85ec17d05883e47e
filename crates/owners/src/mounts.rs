//! `/proc/self/mountinfo`: where a file system is mounted, and with which options.

/// Bytes of a mountinfo file that are read: some 100 000 mounts.
pub(crate) const MOUNTINFO_BYTES_MAX: usize = 16 << 20;

/// One mount. Paths are unescaped.
#[derive(Debug)]
pub(crate) struct Mount<'a> {
    pub(crate) device: (u32, u32),
    pub(crate) root: Vec<u8>,
    pub(crate) point: Vec<u8>,
    pub(crate) kind: &'a [u8],
    /// Options of the file system, not of this mount of it.
    pub(crate) options: &'a [u8],
}

/// The mounts in a mountinfo file. Lines of another shape are left out.
pub(crate) fn mounts(file: &[u8]) -> impl Iterator<Item = Mount<'_>> {
    file.split(|byte| *byte == b'\n').filter_map(|line| {
        // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - KIND SOURCE SUPEROPTIONS
        let mut words = line.split(|byte| *byte == b' ');
        let device = std::str::from_utf8(words.nth(2)?).ok()?.split_once(':')?;
        let device = (device.0.parse().ok()?, device.1.parse().ok()?);
        let (root, point) = (unescape(words.next()?), unescape(words.next()?));
        words.find(|word| *word == b"-")?;
        let kind = words.next()?;
        let options = words.nth(1)?;
        Some(Mount { device, root, point, kind, options })
    })
}

/// Blank, tab, line end and backslash are written as `\` and three octal digits (fs/proc_namespace.c, mangle).
fn unescape(word: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, tail @ ..] = rest {
        if let [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] = rest {
            plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = tail;
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_device_paths_kind_and_options() {
        let file = b"36 35 0:29 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n\
            37 35 0:5 /a\\040b /mnt/x\\134y rw - proc none rw,gid=27,hidepid=invisible\nshort line\n";
        let found: Vec<_> = mounts(file).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].device, found[0].kind, &*found[0].point),
            ((0, 29), &b"cgroup2"[..], &b"/sys/fs/cgroup"[..])
        );
        assert_eq!((&*found[1].root, &*found[1].point), (&b"/a b"[..], &b"/mnt/x\\y"[..]));
        assert_eq!((found[1].kind, found[1].options), (&b"proc"[..], &b"rw,gid=27,hidepid=invisible"[..]));
    }

    #[test]
    fn this_machine_has_a_root_mount() {
        let file = std::fs::read("/proc/self/mountinfo").expect("own mounts");
        assert!(mounts(&file).any(|mount| mount.point == b"/"));
    }
}
