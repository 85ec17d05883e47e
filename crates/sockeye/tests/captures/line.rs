//! Where captures lie, and which of them the kernel that runs can make.

use std::path::PathBuf;

use sockeye_wire::rtnetlink::Table;

/// Lines of kernels that have captures of sockets of their own, in a folder of that name.
pub(crate) const LINES: [&str; 2] = ["6.1", "6.12"];

/// Lines whose tables of rtnetlink are captured: those, and one without most kinds, which tells what came after them.
pub(crate) const TABLE_LINES: [&str; 3] = [LINES[0], LINES[1], "6.18"];

/// The tables of rtnetlink that kernels of a line can list; the newest of [`TABLE_LINES`] was built without VLANs.
pub(crate) fn tables(line: &str) -> impl Iterator<Item = Table> + use<> {
    let has_vlans = LINES.contains(&line);
    Table::ALL.into_iter().filter(move |table| table.get_type().is_some() && (has_vlans || *table != Table::Vlans))
}

/// Names the folder into which captures are written instead of their own.
const DESTINATION_VARIABLE: &str = "SOCKEYE_CAPTURES";

/// Where captures lie.
pub(crate) fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

/// Whether this is to be made again: `captures`, or `golden` for what is derived from them.
pub(crate) fn blesses(what: &str) -> bool {
    std::env::var_os("SOCKEYE_BLESS").is_some_and(|asked| asked == what)
}

/// What `uname -r` says.
pub(crate) fn release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("readable").trim().to_owned()
}

/// The line of kernels that runs, if it is one of these.
pub(crate) fn line_here(lines: &[&'static str]) -> Option<&'static str> {
    let release = release();
    lines.iter().copied().find(|line| release.strip_prefix(line).is_some_and(|rest| rest.starts_with('.')))
}

/// Where captures of the kernel that runs are written: beside the others, or where somebody collects them. These lines have
/// folders of their own.
pub(crate) fn destination(lines: &[&'static str]) -> PathBuf {
    let base = std::env::var_os(DESTINATION_VARIABLE).map_or_else(directory, PathBuf::from);
    let folder = line_here(lines).map_or_else(|| base.clone(), |line| base.join(line));
    std::fs::create_dir_all(&folder).expect("writable");
    folder
}
