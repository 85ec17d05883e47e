//! `--json`: the same sockets as `sockeye sockets` gives them.

use anyhow::Result;

use super::options::Options;
use super::selection::Chosen;
use crate::sockets::{self, Format};

/// Lists the sockets that were chosen, in the schema of `sockeye sockets`.
pub(super) fn run(options: &Options, chosen: Chosen) -> Result<u8> {
    let mut filter = vec![chosen.words()];
    if let Some(text) = super::expression::text(options).map_err(|mistake| anyhow::anyhow!(mistake.sentence))? {
        filter.push(format!("and ( {text} )"));
    }
    let listing = sockets::Options {
        filter,
        output: Some(Format::Json),
        view: options.shows_details().then(|| "everything".to_owned()),
        no_owners: !options.processes,
        netns: options.namespace.clone().map(Into::into),
        lenient: true,
        ..sockets::Options::default()
    };
    Ok(sockets::run(&listing)?.number())
}
