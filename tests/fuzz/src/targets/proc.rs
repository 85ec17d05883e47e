//! Texts of `/proc`: which processes write themselves in part, by their names, arguments and mounts.

use sockeye_owners::texts::understood;

use crate::random::Random;
use crate::target::{Reader, Target};
use crate::texts;

/// What a kernel and a machine say.
const TEXTS: &[&str] = &[
    "monotonic           0         0\nboottime         -86400   999999999\n",
    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-7.scope\n",
    "0::/\n13:name=systemd:/system.slice/nginx.service\n4:cpu,cpuacct:/kubepods/besteffort/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/\
     9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f\n",
    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c_4b5a_6978_8796_a5b4c3d2e1f0.slice/\
     cri-containerd-9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f.scope (deleted)\n",
    "0::/machine.slice/libpod-9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f.scope/container\n0::/lxc.payload.web\n",
    "36 35 0:29 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n\
     37 35 0:5 /a\\040b /mnt/x\\134y rw - proc none rw,gid=27,hidepid=invisible\n",
    "23 28 0:22 / /proc rw,nosuid - proc proc rw,hidepid=ptraceable\n28 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
    "proc /proc proc rw 0 0\nselinuxfs /sys/fs/selinux selinuxfs rw,nosuid,relatime 0 0\n",
    "user:[4026531837]",
    "socket:[4294967295]",
    "4242 (a) b) S 1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 18446744073709551615 1 2 3\n",
    "Name:\tWeb Content\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t4294967295\nNgid:\t0\nPid:\t8\nNStgid:\t8\t3\nNSpid:\t8\t3\t1\n",
    "root:x:0:0:root:/root:/bin/sh\n#old:x:5:5::/:\n+::::::\nweb:x:4294967295:33::/:\n",
    "system_u:system_r:sshd_t:s0-s0:c0.c1023\0",
];

struct Texts;

/// The target. An input is a text.
pub(super) fn make() -> Box<dyn Target> {
    Box::new(Texts)
}

impl Target for Texts {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        texts::mutated(TEXTS, random)
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| understood(input) > 0)
    }
}
