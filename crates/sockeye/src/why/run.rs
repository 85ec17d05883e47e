//! `sockeye why` from the command line to the exit status.

use std::time::Duration;

use anyhow::Result;
use sockeye_query::filter::Filter;
use sockeye_query::sockets::live::alive_catalog;
use sockeye_query::{Names as _, Value};

use super::finding::Finding;
use super::options::{Format, Options};
use super::reach::{Reach, Target, host};
use crate::exit::Status;
use crate::output::{self, escape, value};
use crate::sockets::Mistaken;
use crate::sockets::run::namespaces;
use crate::sockets::system::{SystemNames, Whence};

/// Time in which a link must lose something to be named, where none was given.
const REACH_DEFAULT: Duration = Duration::from_secs(1);

const NAMES: SystemNames<'_> = SystemNames { rows: Whence::Here };

/// Answers.
pub(crate) fn run(options: &Options) -> Result<Status> {
    let found = namespaces(options.netns.as_deref())?;
    if found.several {
        return Err(Mistaken::sentence("`why` looks at one network namespace: name it, instead of `all`"));
    }
    let namespace = found.list.first();
    if let [word] = options.words.as_slice()
        && let Some(target) = Target::understand(word, |service| NAMES.port(service)).map_err(Mistaken::sentence)?
    {
        let reach = Reach::look(target, namespace, options.watch_for.unwrap_or(REACH_DEFAULT))?;
        output::print(&match options.format() {
            Format::Text => text(&reach),
            Format::Json => json(&reach),
        })?;
        return Ok(status(options, reach.whole, &reach.findings));
    }
    if let [word] = options.words.as_slice()
        && let Some(name) = host(word)
        && let Err(mistake) = Filter::parse(&[word], alive_catalog(), &NAMES)
        && mistake.at == (0..word.len())
        && mistake.nearest.is_none()
    {
        return Err(Mistaken::sentence(format!(
            "`{name}` is no address; where it is the name of a host, `getent hosts {name}` says which addresses it has: ask about one \
             of them"
        )));
    }
    let watched = super::watched::watch(options, namespace)?;
    output::print(&match options.format() {
        Format::Text => watched.text(),
        Format::Json => watched.json(),
    })?;
    Ok(status(options, watched.whole, &watched.findings))
}

/// Findings are a status of their own where they were asked for as one: what was found is wrong, whatever else was not seen.
fn status(options: &Options, whole: bool, findings: &[Finding]) -> Status {
    match whole {
        _ if options.exit_code && !findings.is_empty() => Status::Found,
        false => Status::Incomplete,
        true => Status::Whole,
    }
}

fn text(reach: &Reach) -> Vec<u8> {
    let mut out = format!("{}\n", reach.target).into_bytes();
    for step in &reach.steps {
        out.extend_from_slice(format!("  {:<10}", step.name).as_bytes());
        escape::text(&mut out, step.text.as_bytes());
        out.push(b'\n');
    }
    for finding in &reach.findings {
        finding.text(&mut out);
    }
    if reach.findings.is_empty() {
        out.extend_from_slice(all_clear(reach).as_bytes());
    }
    reach.changes.text(&mut out);
    out
}

/// That nothing was found, and what could not be seen.
fn all_clear(reach: &Reach) -> String {
    let mut says = "nothing found on this host that keeps packets from it".to_owned();
    if reach.tried == 0 {
        says.push_str(", but nobody was seen to try meanwhile (no TCP connection is there that sent anything to it)");
    }
    if !reach.listened {
        says.push_str("; what is dropped could not be heard");
    }
    if !reach.whole {
        says.push_str("; not everything could be seen: something was lost meanwhile, or a table was not whole");
    }
    says.push('\n');
    says
}

fn json(reach: &Reach) -> Vec<u8> {
    let mut out = b"{\"schema\":1,".to_vec();
    value::json_entry(&mut out, "target", &Value::Text(reach.target.to_string().as_bytes()));
    out.extend_from_slice(b",\"steps\":[");
    for (at, step) in reach.steps.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        value::json_entry(&mut out, "step", &Value::Text(step.name.as_bytes()));
        out.push(b',');
        value::json_entry(&mut out, "text", &Value::Text(step.text.as_bytes()));
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"findings\":[");
    for (at, finding) in reach.findings.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        finding.json(&mut out);
    }
    out.extend_from_slice(b"],");
    reach.changes.json(&mut out);
    out.extend_from_slice(format!(",\"tried\":{}", reach.tried).as_bytes());
    out.extend_from_slice(format!(",\"whole\":{}}}\n", reach.whole).as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn what_was_found_is_wrong_whatever_else_was_not_seen() {
        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            options: Options,
        }
        let of = |words: &[&str], whole, findings: &[Finding]| {
            status(&Line::parse_from([&["why"], words].concat()).options, whole, findings)
        };
        let found = [Finding::new("loss", "a connection", "look at the way")];
        let asks = ["--exit-code"];
        assert_eq!([of(&asks, true, &found), of(&asks, false, &found)], [Status::Found, Status::Found]);
        assert_eq!([of(&asks, true, &[]), of(&asks, false, &[])], [Status::Whole, Status::Incomplete]);
        assert_eq!([of(&[], true, &found), of(&[], false, &found)], [Status::Whole, Status::Incomplete]);
    }
}
