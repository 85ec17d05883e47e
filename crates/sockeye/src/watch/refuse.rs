//! Options of the one watch that say nothing to the other. What is passed over without a word is taken for heard.

use anyhow::Result;
use clap::ValueEnum as _;

use super::options::Options;
use crate::sockets::Mistaken;

/// Refuses, for a watch of tables, what is about sockets.
pub(super) fn of_sockets(options: &Options) -> Result<()> {
    if options.events.is_some() {
        return Err(Mistaken::sentence("--events is about sockets: `sockeye watch sockets --events drop`"));
    }
    if let Some(name) = options.source.and_then(|source| source.to_possible_value()) {
        let name = name.get_name();
        return Err(Mistaken::sentence(format!("--source is about sockets: `sockeye watch sockets --source {name}`")));
    }
    if options.interval.is_some() {
        return Err(Mistaken::sentence(
            "--interval is about sockets, which are dumped again and again: `sockeye watch sockets --interval 5s`; tables are \
             compared with the kernel's once an --audit",
        ));
    }
    Ok(())
}

/// Refuses, for a watch of sockets, what is about tables.
pub(super) fn of_tables(options: &Options) -> Result<()> {
    if options.audit.is_some() {
        return Err(Mistaken::sentence(
            "--audit is about tables: `sockeye watch links --audit 5min`; sockets are dumped once an --interval",
        ));
    }
    Ok(())
}
