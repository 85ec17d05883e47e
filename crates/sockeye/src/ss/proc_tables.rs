//! The tables of `/proc/net`: for kernels without the diag module of a family, and for recorded files.

mod inet;
mod netlink;
mod packet;
mod unix;

use std::path::PathBuf;

use sockeye_conn::Namespace;
use sockeye_query::sockets::{SocketRow, Table};

use super::file_filter::FileFilter;
use super::listing::Output;
use super::names::proc_root;
use super::selection::{Chosen, Family};
use crate::rows::Take as _;
use crate::sockets::system::Place;

/// What rows of these files are decided and written with.
pub(super) struct Source<'s> {
    pub(super) chosen: Chosen,
    pub(super) filter: &'s FileFilter,
    pub(super) place: &'s Place<'s>,
    pub(super) namespace: Option<&'s Namespace>,
}

/// The file of a table, by the variable that can name another one.
const fn file(table: Table, v6: bool) -> Option<(&'static str, &'static str)> {
    Some(match (table, v6) {
        (Table::Tcp, false) => ("PROC_NET_TCP", "tcp"),
        (Table::Tcp, true) => ("PROC_NET_TCP6", "tcp6"),
        (Table::Udp, false) => ("PROC_NET_UDP", "udp"),
        (Table::Udp, true) => ("PROC_NET_UDP6", "udp6"),
        (Table::Raw, false) => ("PROC_NET_RAW", "raw"),
        (Table::Raw, true) => ("PROC_NET_RAW6", "raw6"),
        (Table::Unix, _) => ("PROC_NET_UNIX", "unix"),
        (Table::Packet, _) => ("PROC_NET_PACKET", "packet"),
        (Table::Netlink, _) => ("PROC_NET_NETLINK", "netlink"),
        _ => return None,
    })
}

/// Whether a table is to be read from a recorded file and not from the kernel.
pub(super) fn is_recorded(table: Table) -> bool {
    let variable = match table {
        Table::Mptcp => Some("PROC_NET_MPTCP"),
        Table::Sctp => Some("PROC_NET_SCTP"),
        table => file(table, false).map(|(variable, _)| variable),
    };
    let is_set = |variable: &str| std::env::var_os(variable).is_some();
    variable.is_some_and(is_set) || (variable.is_some() && is_set("PROC_ROOT"))
}

/// Whether `/proc/net` has the table too.
pub(super) fn has(table: Table) -> bool {
    file(table, false).is_some()
}

/// Lists a table from its files. An error is a sentence.
pub(super) fn list(table: Table, source: &Source<'_>, output: &Output<'_>) -> Result<(), String> {
    let mut writer = output.writer();
    let listed = match table {
        Table::Tcp | Table::Udp | Table::Raw => [(Family::Inet, false), (Family::Inet6, true)]
            .into_iter()
            .filter(|(family, _)| source.chosen.has_family(*family))
            .try_for_each(|(_, v6)| {
                let text = source.read(table, v6)?;
                inet::list(table, v6, &text, source, &mut writer);
                Ok(())
            }),
        Table::Unix => source.read(table, false).map(|text| unix::list(&text, source, &mut writer)),
        Table::Packet => source.read(table, false).map(|text| packet::list(&text, source, &mut writer)),
        Table::Netlink => source.read(table, false).map(|text| netlink::list(&text, source, &mut writer)),
        _ => Ok(()),
    };
    writer.end();
    listed
}

impl Source<'_> {
    /// The text of a table's file; one for IPv6 need not be there.
    fn read(&self, table: Table, v6: bool) -> Result<String, String> {
        let Some((variable, name)) = file(table, v6) else { return Ok(String::new()) };
        let read = || {
            let path = match std::env::var_os(variable) {
                Some(path) => PathBuf::from(path),
                None if std::env::var_os("PROC_ROOT").is_some() => proc_root().join("net").join(name),
                // Not /proc/net: that is the main thread's namespace.
                None => PathBuf::from("/proc/thread-self/net").join(name),
            };
            match std::fs::read(&path) {
                Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
                Err(_) if v6 => Ok(String::new()),
                Err(error) => Err(format!("cannot read {}: {error}", path.display())),
            }
        };
        match self.namespace {
            Some(namespace) => namespace.run_in(read).unwrap_or_else(|error| Err(error.to_string())),
            None => read(),
        }
    }

    fn has_state(&self, state: u8) -> bool {
        self.chosen.states & 1_u32.checked_shl(state.into()).unwrap_or(0) != 0
    }

    /// Whether the filter takes a socket, which is described as the kernel's diag message would.
    fn takes(&self, table: Table, message: &[u8]) -> bool {
        self.filter.takes_all() || SocketRow::read(table, message, self.place).is_ok_and(|row| self.filter.takes(&row))
    }
}

/// A word of a line as a number of this base.
fn number(word: Option<&str>, base: u32) -> Option<u64> {
    u64::from_str_radix(word?, base).ok()
}
