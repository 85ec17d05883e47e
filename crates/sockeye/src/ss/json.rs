//! `--json`: the same sockets as `sockeye sockets` gives them.

use anyhow::Result;

use super::options::{Options, Storages};
use super::selection::Chosen;
use crate::sockets::{self, Format};

/// Lists the sockets that were chosen, in the schema of `sockeye sockets`.
pub(super) fn run(options: &Options, chosen: Chosen) -> Result<u8> {
    let mut filter = vec![chosen.words()];
    if let Some(text) = super::expression::text(options).map_err(|mistake| anyhow::anyhow!(mistake.sentence))? {
        filter.push(format!("and ( {text} )"));
    }
    let details = options.extended
        || options.timers
        || options.memory
        || options.info
        || options.tos
        || options.cgroup
        || options.inet_sockopt
        || options.bpf
        || options.tipc
        || options.storages != Storages::None;
    let listing = sockets::Options {
        filter,
        output: Some(Format::Json),
        view: details.then(|| "everything".to_owned()),
        no_owners: !options.processes,
        netns: options.namespace.clone(),
        lenient: true,
        ..sockets::Options::default()
    };
    Ok(sockets::run(&listing)?.number())
}
