//! `--json`: the same sockets as `sockeye sockets` gives them.

use anyhow::Result;

use super::options::Options;
use super::selection::Chosen;
use crate::output::escape;
use crate::output::json::Json;
use crate::sockets::view::{self, Choice};
use crate::sockets::{self, Format};

/// Rows of the text as objects.
pub(super) fn rows(options: &Options) -> Json {
    let view = options.shows_details().then_some("everything");
    let choice = Choice { view, columns: None, owners: false, namespaces: false };
    // The views are ours, and known.
    Json::new(&view::columns(&choice).unwrap_or_default())
}

/// What stands around the sockets that were closed.
pub(super) const CLOSED_BEGIN: &str = "{\"schema\":1,\"sockets\":[";

/// The end of that document: what the kernel would not close, and why.
pub(super) fn closed_end(refusals: &[String]) -> String {
    let mut end = b"],\"refused\":[".to_vec();
    for (at, sentence) in refusals.iter().enumerate() {
        if at > 0 {
            end.push(b',');
        }
        escape::json_string(&mut end, sentence.as_bytes());
    }
    end.extend_from_slice(b"]}\n");
    String::from_utf8_lossy(&end).into_owned()
}

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
