//! Paths as they are met on real machines, and near-misses. `ID` stands for a container id.

use super::*;

const ID: &str = "3f4c5b6a79880716253443526170f9e8d7c6b5a4938271605f4e3d2c1b0a9f8e";
const INNER: &str = "00c5b6a79880716253443526170f9e8d7c6b5a4938271605f4e3d2c1b0a9f8e0";
const UID: &str = "0b5e1c9a-7d31-4f0e-9a52-c1d2e3f4a5b6";
const HASH: &str = "6c1e0fd4a1b2c3d4e5f60718293a4b5c";

/// The parts of an identity as one line: `unit user_unit runtime:id pod`, `-` for what is not there.
fn line(path: &str) -> String {
    let path = path
        .replace("ID_", &UID.replace('-', "_"))
        .replace("UID", UID)
        .replace("INNER", INNER)
        .replace("HASH", HASH)
        .replace("ID", ID);
    let found = CgroupIdentity::of(path.as_bytes());
    let text = |part: &Option<Box<[u8]>>| part.as_ref().map_or("-".into(), |part| part.escape_ascii().to_string());
    let container = found.container.as_ref().map_or("-".into(), |container| {
        let id = container.id.escape_ascii().to_string().replace(INNER, "INNER").replace(ID, "ID");
        format!("{}:{id}", container.runtime)
    });
    let pod = found.pod_uid.as_deref().unwrap_or("-").replace(UID, "UID").replace(HASH, "HASH");
    format!("{} {} {container} {pod}", text(&found.unit), text(&found.user_unit))
}

#[test]
fn units_of_systemd() {
    let cases = [
        ("/", "- - - -"),
        ("", "- - - -"),
        ("/init.scope", "init.scope - - -"),
        ("/system.slice/nginx.service", "nginx.service - - -"),
        ("/system.slice/nginx.service (deleted)", "nginx.service - - -"),
        ("/../../system.slice/cron.service", "cron.service - - -"),
        ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service - - -"),
        ("/system.slice/system-foo\\x2dbar.slice/foo\\x2dbar@a.service", "foo\\\\x2dbar@a.service - - -"),
        ("/system.slice/_cgroup.service", "cgroup.service - - -"),
        ("/system.slice/outer.service/inner.service/part", "inner.service - - -"),
        ("/system.slice/outer.service/inner.scope", "outer.service - - -"),
        ("/system.slice/sshd.socket", "sshd.socket - - -"),
        ("/system.slice/mnt-data.mount", "mnt-data.mount - - -"),
        ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope - - -"),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-7.scope",
            "user@1000.service app-gnome-firefox-7.scope - -",
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/session.slice/dbus.service",
            "user@1000.service dbus.service - -",
        ),
        ("/user.slice/user-0.slice/user@0.service/init.scope", "user@0.service init.scope - -"),
        ("/user.slice/user-0.slice/user@0.service", "user@0.service - - -"),
        // Not units.
        ("/system.slice", "- - - -"),
        ("/system.slice/.service", "- - - -"),
        ("/system.slice/@x.service", "- - - -"),
        ("/system.slice/nginx.servicex", "- - - -"),
        ("/system.slice/nginx.service.d", "- - - -"),
        ("/system.slice/ngi nx.service", "- - - -"),
        ("/user@name.service/x.service", "x.service - - -"),
    ];
    for (path, expected) in cases {
        assert_eq!(line(path), expected, "{path}");
    }
}

#[test]
fn containers_of_every_engine() {
    let cases = [
        ("/docker/ID", "- - docker:ID -"),
        ("/docker/ID/docker/INNER", "- - docker:INNER -"),
        ("/system.slice/docker-ID.scope", "docker-ID.scope - docker:ID -"),
        ("/system.slice/docker-ID.scope/system.slice/nginx.service", "nginx.service - docker:ID -"),
        ("/system.slice:docker:ID", "- - docker:ID -"),
        ("/system.slice/nerdctl-ID.scope", "nerdctl-ID.scope - containerd:ID -"),
        ("/default/ID", "- - containerd:ID -"),
        ("/machine.slice/libpod-ID.scope", "libpod-ID.scope - podman:ID -"),
        ("/machine.slice/libpod-ID.scope/container", "libpod-ID.scope - podman:ID -"),
        ("/machine.slice/machine-libpod_pod_INNER.slice/libpod-ID.scope/container", "libpod-ID.scope - podman:ID -"),
        ("/libpod_parent/libpod-ID", "- - podman:ID -"),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container",
            "user@1000.service libpod-ID.scope podman:ID -",
        ),
        ("/ecs/HASH/ID", "- - unknown:ID -"),
        ("/my-engine-ID.scope", "my-engine-ID.scope - unknown:ID -"),
        ("/lxc.payload.web1", "- - lxc:web1 -"),
        ("/lxc.payload/web1", "- - lxc:web1 -"),
        ("/lxc.payload.web1/system.slice/nginx.service", "nginx.service - lxc:web1 -"),
        ("/lxc/web1", "- - lxc:web1 -"),
        ("/machine.slice/machine-arch\\x2dbox.scope/payload", "machine-arch\\\\x2dbox.scope - nspawn:arch-box -"),
        ("/machine.slice/systemd-nspawn@deb.service/payload/system.slice/ssh.service", "ssh.service - nspawn:deb -"),
        ("/machine.slice/machine-lxc\\x2d12\\x2dweb.scope", "machine-lxc\\\\x2d12\\\\x2dweb.scope - lxc:lxc-12-web -"),
        // Beside a container, or not one.
        ("/machine.slice/libpod-conmon-ID.scope", "libpod-conmon-ID.scope - - -"),
        ("/crio-conmon-ID.scope", "crio-conmon-ID.scope - - -"),
        ("/lxc.monitor.web1", "- - - -"),
        ("/lxc.payload.", "- - - -"),
        ("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/emulator", "machine-qemu\\\\x2d1\\\\x2dvm.scope - - -"),
        ("/docker", "- - - -"),
        ("/docker/buildkit/q1w2e3r4t5y6u7i8o9p0asdfg", "- - - -"),
        ("/docker/0ID", "- - - -"),
        ("/docker/0123456789ab", "- - - -"),
        ("/system.slice/docker.service", "docker.service - - -"),
    ];
    for (path, expected) in cases {
        assert_eq!(line(path), expected.replace("-ID", &format!("-{ID}")), "{path}");
    }
    assert_eq!(line(&format!("/docker/{}", ID.to_uppercase())), "- - - -");
}

#[test]
fn pods_of_kubernetes() {
    let cases = [
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podID_.slice/cri-containerd-ID.scope",
            "cri-containerd-ID.scope - containerd:ID UID",
        ),
        ("/kubepods.slice/kubepods-podID_.slice/crio-ID.scope", "crio-ID.scope - cri-o:ID UID"),
        ("/kubepods.slice/kubepods-podID_.slice/crio-conmon-ID.scope", "crio-conmon-ID.scope - - UID"),
        ("/kubepods.slice/kubepods-podID_.slice/crio-ID.scope/container", "crio-ID.scope - cri-o:ID UID"),
        (
            "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podID_.slice/docker-ID.scope",
            "docker-ID.scope - docker:ID UID",
        ),
        ("/kubepods-besteffort-podID_.slice:cri-containerd:ID", "- - containerd:ID UID"),
        (
            "/system.slice/containerd.service/kubepods-burstable-podID_.slice:cri-containerd:ID",
            "containerd.service - containerd:ID UID",
        ),
        ("/kubepods/burstable/podUID/ID", "- - unknown:ID UID"),
        ("/kubepods/podUID", "- - - UID"),
        ("/kubepods/burstable/podUID/crio-ID", "- - cri-o:ID UID"),
        ("/kubepods/burstable/podHASH/ID", "- - unknown:ID HASH"),
        ("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podHASH.slice", "- - - HASH"),
        (
            "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podID_.slice/cri-containerd-ID.scope",
            "cri-containerd-ID.scope - containerd:ID UID",
        ),
        ("/docker/ID/kubelet/kubepods/besteffort/podUID/INNER", "- - unknown:INNER UID"),
        // Not pods.
        ("/podUID/x", "- - - -"),
        ("/kubepods/burstable/pod123", "- - - -"),
        ("/kubepods/burstable", "- - - -"),
        ("/system.slice/app-podID_.slice", "- - - -"),
        ("/kubepods.slice/kubepods-podID_x.slice", "- - - -"),
    ];
    for (path, expected) in cases {
        let id = format!("-{ID}.scope");
        assert_eq!(line(path), expected.replace("-ID.scope", &id), "{path}");
    }
}

#[test]
fn the_slice_is_the_innermost() {
    let slice = |path: &str| CgroupIdentity::of(path.as_bytes()).slice.map(|slice| slice.escape_ascii().to_string());
    assert_eq!(slice("/system.slice/system-getty.slice/getty@tty1.service").as_deref(), Some("system-getty.slice"));
    assert_eq!(slice("/docker/x"), None);
}

#[test]
fn the_file_of_a_process_gives_one_path() {
    let cases: [(&[u8], Option<&[u8]>); 10] = [
        (b"0::/system.slice/a.service\n", Some(b"/system.slice/a.service")),
        (b"0::/\n", Some(b"/")),
        (b"12:pids:/p\n1:name=systemd:/s\n0::/u\n", Some(b"/u")),
        (b"12:pids:/p\n1:name=systemd:/s\n0::/\n", Some(b"/s")),
        (b"12:pids:/p\n1:name=systemd:/\n", Some(b"/p")),
        (b"12:cpu,cpuacct:/\n4:memory:/docker/x\n", Some(b"/docker/x")),
        (b"1:name=systemd:/\n", Some(b"/")),
        (b"0::/a:b:c\n", Some(b"/a:b:c")),
        (b"1:name=systemd:/s\n0::/cut", Some(b"/s")),
        (b"", None),
    ];
    for (file, path) in cases {
        assert_eq!(path_in_proc_file(file), path, "{}", file.escape_ascii());
    }
}

#[test]
fn no_cut_of_a_path_panics() {
    let path =
        format!("/kubepods.slice/kubepods-pod{}.slice/cri-containerd-{ID}.scope/\u{fc}\\x2", UID.replace('-', "_"));
    for end in 0..path.len() {
        for start in 0..end {
            let _ = CgroupIdentity::of(&path.as_bytes()[start..end]);
        }
    }
}
