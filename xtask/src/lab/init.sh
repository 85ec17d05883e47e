#!/bin/busybox sh
# The first program of a guest: makes the root of the machine that it runs on its own, so that whatever is written there
# stays in memory, and gives way to the script that runs the tests.
/bin/busybox --install -s /bin
export PATH=/bin

fail() { echo "lab: init failed: $*"; reboot -f; }

mount -t proc proc /proc && mount -t devtmpfs devtmpfs /dev || fail "no proc or dev"
while read -r module; do insmod "/modules/$module" || fail "insmod $module"; done </modules/order

share=trans=virtio,version=9p2000.L,msize=262144
mount -t 9p -o $share,cache=loose,ro host /lower || fail "the root of the host cannot be mounted"
mount -t tmpfs -o size=60% ram /ram && mkdir /ram/upper /ram/work || fail "no memory"
mount -t overlay -o lowerdir=/lower,upperdir=/ram/upper,workdir=/ram/work overlay /host || fail "no overlay"

# What runs on the host, and its sockets, are not the guest's.
mount -t tmpfs -o mode=755 run /host/run
mkdir -p /host/run/lab /host/run/lock
# An overlay gives files another device than their sockets say, so that what is temporary stands elsewhere.
mkdir -m 1777 /host/run/tmp
mount -t 9p -o $share results /host/run/lab || fail "the folder of results cannot be mounted"
mount -o move /proc /host/proc && mount -o move /dev /host/dev && mount -t sysfs sysfs /host/sys || fail "no sys"
mkdir -p /host/dev/pts /host/dev/shm
mount -t devpts -o ptmxmode=666 devpts /host/dev/pts
mount -t tmpfs shm /host/dev/shm
mount -t cgroup2 cgroup2 /host/sys/fs/cgroup
mount -t tracefs tracefs /host/sys/kernel/tracing
mount -t bpf bpf /host/sys/fs/bpf

# Not a chroot: whoever enters a namespace of mounts finds himself at its root, which would be this file system.
exec switch_root /host /bin/sh /run/lab/guest.sh
