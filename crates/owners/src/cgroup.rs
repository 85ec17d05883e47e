//! What the path of a control group says of systemd unit, container and Kubernetes pod.
//!
//! A path is a convention, not a certificate: each service manager and container runtime names the groups it makes in
//! its own way, and whoever may make groups may imitate it. Nothing is asked of systemd, a runtime or a cluster.
//!
//! Where groups nest, the innermost answer wins, because it is the nearest to the process: the container inside a
//! container, the service of a systemd that runs in a container.

mod container;

pub use container::{Container, Runtime};

/// What kinds of unit a group can belong to, beside `.service` and `.slice`.
const OTHER_UNITS: [&[u8]; 4] = [b".scope", b".socket", b".mount", b".swap"];

/// What a path says. A part that it does not say is `None`.
///
/// ```
/// use sockeye_owners::cgroup::{CgroupIdentity, Runtime};
///
/// let found = CgroupIdentity::of(b"/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-7.scope");
/// assert_eq!(found.unit.as_deref(), Some(&b"user@1000.service"[..]));
/// assert_eq!(found.user_unit.as_deref(), Some(&b"app-firefox-7.scope"[..]));
///
/// let id = "9f".repeat(32);
/// let found = CgroupIdentity::of(format!("/system.slice/docker-{id}.scope").as_bytes());
/// let container = found.container.expect("a container");
/// assert_eq!((&*container.id, container.runtime), (id.as_bytes(), Runtime::Docker));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CgroupIdentity {
    /// The unit of the system's manager, by systemd's own name (escapes such as `\x2d` kept): the innermost service, or
    /// without one the innermost scope, socket, mount or swap.
    pub unit: Option<Box<[u8]>>,
    /// The unit of a user's manager, found likewise below `user@UID.service`.
    pub user_unit: Option<Box<[u8]>>,
    /// The innermost slice.
    pub slice: Option<Box<[u8]>>,
    /// The innermost container.
    pub container: Option<Container>,
    /// The Kubernetes pod's uid, with dashes however the path writes it. That of a static pod may be 32 digits without:
    /// the hash of its file.
    pub pod_uid: Option<String>,
}

impl CgroupIdentity {
    /// Reads a path from the root of the groups.
    pub fn of(path: &[u8]) -> Self {
        // The kernel marks a group that was removed while processes of it live (cgroup_show_path, proc_cgroup_show).
        let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
        let names: Vec<&[u8]> =
            path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b"..").collect();
        let manager = names.iter().position(|name| is_user_manager(name));
        let (system, user) = names.split_at(manager.map_or(names.len(), |at| at + 1));
        Self {
            unit: unit(system),
            user_unit: unit(user),
            slice: names.iter().rev().find_map(|name| unit_name(name, b".slice")).map(Into::into),
            container: container::innermost(&names),
            pod_uid: names.iter().rev().find_map(|name| pod_uid(name, &names)),
        }
    }
}

/// The path in the content of `/proc/PID/cgroup`.
///
/// The line of cgroup2 (`0::PATH`) counts. Where that hierarchy is not used (the process is at its root), the one that
/// systemd keeps in version 1 does, then that of any controller: runtimes make the same path in all of them.
pub(crate) fn path_in_proc_file(file: &[u8]) -> Option<&[u8]> {
    let mut root = None;
    let mut systemd = None;
    let mut controller = None;
    // A line without an end is cut.
    for line in file.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
        let mut fields = line.splitn(3, |byte| *byte == b':');
        let (Some(number), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        match (number, controllers) {
            (b"0", b"") if path != b"/" => return Some(path),
            (b"0", b"") => root = Some(path),
            (_, b"name=systemd") => systemd = Some(path),
            _ if path != b"/" => controller = controller.or(Some(path)),
            _ => {}
        }
    }
    systemd.filter(|path| *path != b"/").or(controller).or(root).or(systemd)
}

/// The innermost service of a manager's groups, or without one the innermost other unit.
fn unit(names: &[&[u8]]) -> Option<Box<[u8]>> {
    let innermost = |suffix: &[u8]| names.iter().rev().find_map(|name| unit_name(name, suffix));
    let other = || names.iter().rev().find_map(|name| OTHER_UNITS.iter().find_map(|suffix| unit_name(name, suffix)));
    innermost(b".service").or_else(other).map(Into::into)
}

/// The name of a unit of one kind. A group has the unit's name, behind an underscore where the kernel would take that for
/// one of its own files (systemd, cg_escape).
fn unit_name<'a>(group: &'a [u8], suffix: &[u8]) -> Option<&'a [u8]> {
    let name = group.strip_prefix(b"_").unwrap_or(group);
    let stem = name.strip_suffix(suffix)?;
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(byte);
    (!stem.is_empty() && stem[0] != b'@' && stem.iter().all(allowed)).then_some(name)
}

/// `user@UID.service`, below which a user's own manager makes the groups.
fn is_user_manager(name: &[u8]) -> bool {
    let uid = name.strip_prefix(b"user@").and_then(|rest| rest.strip_suffix(b".service"));
    uid.is_some_and(|uid| !uid.is_empty() && uid.iter().all(u8::is_ascii_digit))
}

/// The pod in `kubepods-burstable-podUID.slice`, with or without `:RUNTIME:ID` behind it, or in `podUID` below a group
/// of pods.
fn pod_uid(name: &[u8], names: &[&[u8]]) -> Option<String> {
    let name = name.split(|byte| *byte == b':').next().unwrap_or(name);
    if let Some(stem) = name.strip_suffix(b".slice") {
        let at = stem.windows(4).rposition(|window| window == b"-pod")?;
        let (parent, uid) = stem.split_at(at);
        return contains_kubepods(parent).then(|| uid_with_dashes(&uid[4..]))?;
    }
    let uid = uid_with_dashes(name.strip_prefix(b"pod")?)?;
    names.iter().any(|name| contains_kubepods(name)).then_some(uid)
}

fn contains_kubepods(name: &[u8]) -> bool {
    name.windows(8).any(|window| window == b"kubepods")
}

/// A uid in five groups of digits (8-4-4-4-12) joined by dashes or underscores, or 32 digits in one.
fn uid_with_dashes(text: &[u8]) -> Option<String> {
    let grouped = match text.len() {
        36 => true,
        32 => false,
        _ => return None,
    };
    let mut uid = String::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        let joint = grouped && matches!(at, 8 | 13 | 18 | 23);
        match byte {
            b'-' | b'_' if joint => uid.push('-'),
            b'0'..=b'9' | b'a'..=b'f' if !joint => uid.push(char::from(*byte)),
            _ => return None,
        }
    }
    Some(uid)
}

#[cfg(test)]
mod tests;
