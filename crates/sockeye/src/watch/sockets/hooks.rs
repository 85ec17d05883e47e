//! The hooks of a watch of sockets: which events each is told of, and how.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use sockeye_query::filter::{Decision, Expression, Filter, Record as _};
use sockeye_query::sockets::live::{EVENTS, LiveRow, live_catalog, live_own, needs};
use sockeye_query::{FieldInfo, Names, Value};
use sockeye_state::lives::Time;

use super::super::hooks::{Job, Runner, happening, variable};
use super::super::options::Options;
use super::super::words;
use super::heard::{self, Heard};
use super::named;
use super::object::Objects;
use crate::live::filter;
use crate::live::kinds::Kinds;
use crate::sockets::Mistaken;

/// What is told of the sockets that were there at first.
const AT_FIRST: &str = "present";

/// All hooks of a watch of sockets.
pub(super) struct Hooks {
    /// What must hold of an event, for each.
    filters: Vec<Expression>,
    pub(super) runner: Runner,
}

impl Hooks {
    /// Reads `--on` and `--run`; none of them is `None`. Once `ends` is set, no command is started any more.
    pub(super) fn read(options: &Options, names: &dyn Names, ends: &Arc<AtomicBool>) -> Result<Option<Self>> {
        let Some(runner) = Runner::read(options, ends)? else { return Ok(None) };
        if options.hold.is_some() {
            return Err(Mistaken::sentence(
                "--hold is about records of tables, which are there or not: an event of a socket is over at once. What has \
                 lasted can be asked for, as in `duration > 5s`",
            ));
        }
        let filters = options.on.iter().map(|on| read(on, names)).collect::<Result<_>>()?;
        Ok(Some(Self { filters, runner }))
    }

    /// What must hold of an event, for each.
    pub(super) fn filters(&self) -> &[Expression] {
        &self.filters
    }

    /// Makes sure that each hook can be started by something that is heard.
    pub(super) fn check(&self, heard: &Heard) -> Result<()> {
        for (number, expression) in (1..).zip(&self.filters) {
            if heard.kinds == Kinds::STATE {
                filter::check(expression, filter::FOLLOWED).map_err(Mistaken::sentence)?;
            }
            let wanted = heard::fitting(needs(expression).map_err(Mistaken::sentence)?);
            if wanted.and(heard.kinds).is_empty() {
                let (words, lacks) = (wanted.words(), heard.lacks());
                let why = if lacks.is_empty() { "; --events names others" } else { &lacks };
                return Err(anyhow::Error::msg(format!("hook {number} waits for {words}, which are not heard{why}")));
            }
        }
        Ok(())
    }

    /// Takes an event. What was there at first starts nothing.
    pub(super) fn take(&mut self, row: &LiveRow<'_>, at: Time, label: &[u8], objects: &mut Objects) {
        if row.facts.event == AT_FIRST {
            return;
        }
        for (hook, filter) in self.filters.iter().enumerate() {
            if filter.decide(row) == Decision::Yes {
                let mut input = Vec::new();
                objects.event(&mut input, row, at, Some(label).filter(|label| !label.is_empty()));
                let command = self.runner.command(hook).to_vec();
                self.runner.take(Job { hook, command, input, environment: environment(row, label) });
            }
        }
    }
}

/// A filter of events; the word `sockets` may stand before it, as on the command line.
fn read(on: &str, names: &dyn Names) -> Result<Expression> {
    let text = on.trim_start();
    let first = text.split(char::is_whitespace).next().unwrap_or_default();
    let text = if named(&[first.to_owned()]).is_some() { &text[first.len()..] } else { text };
    let expression = match Filter::parse(&[text], live_catalog(), names) {
        Ok(filter) => filter.expression,
        Err(_) if words::names_table(&[text.to_owned()]) => {
            return Err(Mistaken::sentence(
                "a watch of sockets is not told of tables: `sockeye watch --on 'TABLES FILTER' --run COMMAND`",
            ));
        }
        Err(mistake) => return Err(Mistaken::of(&mistake)),
    };
    let needs = filter::check(&expression, filter::FOLLOWED_OR_MET).map_err(Mistaken::sentence)?;
    if !EVENTS.iter().any(|event| event.name != AT_FIRST && needs.can_be(event.name)) {
        return Err(Mistaken::sentence(format!(
            "no event can fit --on {text:?}: what was there at first starts nothing"
        )));
    }
    Ok(expression)
}

/// What is known of the socket as variables, each under the name that its key has in JSON: `SOCKEYE_PEER_PORT`,
/// `SOCKEYE_BYTES_SENT`, `SOCKEYE_TCP_INFO_RTT_US`. Of several values each stands behind the one before: `SOCKEYE_PID=812 813`.
fn environment(row: &LiveRow<'_>, label: &[u8]) -> Vec<(String, OsString)> {
    let mut environment = happening(row.facts.event, Some("sockets"), label, row.facts.resync);
    // Of what has ended the state is the one before.
    let is_over = row.facts.event == "closed";
    let is_said = |info: &FieldInfo| match info.path.as_str() {
        "event" | "resync" | "netns" => true,
        "state" | "tcp_info.state" => is_over,
        // It stands for others, and has no key.
        _ => info.json.is_empty(),
    };
    for (field, info) in live_catalog().fields().filter(|(_, info)| !is_said(info)) {
        let key = match info.object() {
            object if object.is_empty() || live_own(field).is_some() => info.json.clone(),
            object => format!("{object}.{}", info.json),
        };
        match row.value(field) {
            Some(Value::List(values) | Value::Incomplete(values)) => {
                let each = values.iter().map(|value| variable("SOCKEYE_", &key, value));
                let Some(each) = each.collect::<Option<Vec<_>>>().filter(|each| !each.is_empty()) else { continue };
                let name = each[0].0.clone();
                let joined = each.into_iter().map(|(_, value)| value).collect::<Vec<_>>().join(" ".as_ref());
                environment.push((name, joined));
            }
            Some(value) => environment.extend(variable("SOCKEYE_", &key, &value)),
            None => {}
        }
    }
    environment
}
