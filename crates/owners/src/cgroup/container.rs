//! The container in the path of a control group.

use std::fmt;

/// Hexadecimal digits of a container id, as every OCI engine makes them.
const ID_DIGITS: usize = 64;

/// A container, as far as its control group names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Container {
    /// 64 hexadecimal digits; for lxc and nspawn the container's name.
    pub id: Box<[u8]>,
    /// Who runs it.
    pub runtime: Runtime,
}

/// Who runs a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Runtime {
    /// Docker, also below Kubernetes (cri-dockerd).
    Docker,
    /// containerd, by its Kubernetes interface or by nerdctl.
    Containerd,
    /// CRI-O.
    CriO,
    /// Podman.
    Podman,
    /// LXC, Incus, LXD, or the LXC driver of libvirt.
    Lxc,
    /// systemd-nspawn, or another that registers with systemd-machined.
    Nspawn,
    /// The path has an id but does not say whose.
    Unknown,
}

impl Runtime {
    /// The name in lower case, as the projects write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Containerd => "containerd",
            Self::CriO => "cri-o",
            Self::Podman => "podman",
            Self::Lxc => "lxc",
            Self::Nspawn => "nspawn",
            Self::Unknown => "unknown",
        }
    }

    /// The engine that puts this before the id.
    fn of_prefix(prefix: &[u8]) -> Option<Self> {
        match prefix {
            b"docker" => Some(Self::Docker),
            b"cri-containerd" | b"containerd" | b"nerdctl" => Some(Self::Containerd),
            b"crio" => Some(Self::CriO),
            b"libpod" => Some(Self::Podman),
            // Monitors beside the container: crio-conmon-ID, libpod-conmon-ID.
            _ if prefix.ends_with(b"conmon") => None,
            _ => Some(Self::Unknown),
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The innermost container of a path.
pub(super) fn innermost(names: &[&[u8]]) -> Option<Container> {
    (0..names.len()).rev().find_map(|at| {
        let parent = at.checked_sub(1).and_then(|parent| names.get(parent)).copied();
        container(names[at], parent)
    })
}

fn container(name: &[u8], parent: Option<&[u8]>) -> Option<Container> {
    oci(name, parent).or_else(|| lxc(name, parent)).or_else(|| machine(name))
}

/// `ENGINE-ID.scope` and `SLICE:ENGINE:ID` by the systemd driver, `ENGINE-ID` and `ID` by the cgroupfs driver.
fn oci(name: &[u8], parent: Option<&[u8]>) -> Option<Container> {
    let stem = name.strip_suffix(b".scope").unwrap_or(name);
    let (before, id) = stem.split_at(stem.len().checked_sub(ID_DIGITS)?);
    if !id.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let runtime = match before.split_last() {
        Some((b'-', engine)) => Runtime::of_prefix(engine)?,
        Some((b':', rest)) => Runtime::of_prefix(rest.rsplit(|byte| *byte == b':').next().unwrap_or(rest))?,
        Some(_) => return None,
        // A pod's directory, or one named by the administrator, does not say who made the id in it.
        None => match parent {
            Some(b"docker") => Runtime::Docker,
            Some(b"libpod_parent") => Runtime::Podman,
            // Namespaces of containerd: those of nerdctl and ctr, of Kubernetes.
            Some(b"default" | b"k8s.io") => Runtime::Containerd,
            _ => Runtime::Unknown,
        },
    };
    Some(Container { id: id.into(), runtime })
}

/// `lxc.payload.NAME`, `lxc.payload/NAME`, or `lxc/NAME` as before LXC 4. `lxc.monitor.NAME` is beside the container.
fn lxc(name: &[u8], parent: Option<&[u8]>) -> Option<Container> {
    let id = match parent {
        Some(b"lxc" | b"lxc.payload") => name,
        _ => name.strip_prefix(b"lxc.payload.")?,
    };
    (!id.is_empty()).then(|| Container { id: id.into(), runtime: Runtime::Lxc })
}

/// `machine-NAME.scope` of systemd-machined, or `systemd-nspawn@NAME.service`, the name being escaped.
fn machine(name: &[u8]) -> Option<Container> {
    let scope = || name.strip_prefix(b"machine-")?.strip_suffix(b".scope");
    let service = || name.strip_prefix(b"systemd-nspawn@")?.strip_suffix(b".service");
    let id = unescape(scope().or_else(service)?);
    // libvirt registers as DRIVER-NUMBER-NAME; a virtual machine is no container.
    let runtime = match &*id {
        [] | [b'q', b'e', b'm', b'u', b'-', ..] => return None,
        [b'l', b'x', b'c', b'-', ..] => Runtime::Lxc,
        _ => Runtime::Nspawn,
    };
    Some(Container { id: id.into(), runtime })
}

/// Undoes the escapes in the name of a unit (systemd.unit(5)): `\xHH` is a byte. The unescaped `-` would stand for `/`,
/// which no name of a machine has, and stays.
fn unescape(name: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'\\', b'x', high, low, ..] => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        plain.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &rest[4..] } else { tail };
    }
    plain
}
