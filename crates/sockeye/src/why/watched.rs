//! `sockeye why [FILTER]`: some seconds of watching, and what was wrong in them.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use sockeye_conn::Namespace;
use sockeye_query::Value;
use sockeye_query::filter::Filter;
use sockeye_query::sockets::live::{alive_catalog, owner_parts};
use sockeye_query::sockets::{Surroundings as _, Table};
use sockeye_state::lives::{Happening, Kept, Told};

use super::changes::{self, Changes};
use super::finding::Finding;
use super::judged::Judged;
use super::machine::Look;
use super::options::Options;
use super::{connections, machine};
use crate::live::feed::{self, Feed, Tcp};
use crate::live::filter;
use crate::live::named::NamedNamespace;
use crate::live::owners::Owners;
use crate::output::several::several;
use crate::output::value;
use crate::privilege::is_net_admin;
use crate::sockets::Mistaken;
use crate::sockets::system::{SystemNames, Whence};

/// Time to watch, where none was given.
const WATCH_DEFAULT: Duration = Duration::from_secs(5);
/// Intervals that are judged one by one: what holds in most of them holds.
const INTERVALS: u32 = 5;
/// The shortest of them: the kernel's clocks of what limits a connection tick in milliseconds.
const INTERVAL_MIN: Duration = Duration::from_millis(200);
/// Time between two reads of what waits: much less, and nothing is lost of it.
const SLICE: Duration = Duration::from_millis(100);
/// Times that the watch may take longer than was asked for until two rounds are whole.
const PATIENCE: u32 = 3;

/// Connections that ended meanwhile and are remembered at most; of more the first are.
const ENDED_MAX: usize = 10_000;

/// What was found.
pub(super) struct Watched {
    elapsed: Duration,
    pub(super) findings: Vec<Finding>,
    /// Sockets that were looked at.
    sockets: usize,
    /// Connections that are held up, those that are not named too.
    held_up: usize,
    named: usize,
    /// Connections and listeners that the filter takes, those that ended meanwhile too.
    fitting: usize,
    changes: changes::Told,
    /// The machine was judged as a whole.
    is_of_machine: bool,
    /// What the filter speaks of and the kernel does not tell.
    kept_back: Option<String>,
    /// Connections and listeners that the filter cannot decide, because who holds them is not known.
    undecided: usize,
    /// Why owners are not known that there are.
    owners_unknown: Option<String>,
    /// That the namespace is gone that was named.
    gone: Option<String>,
    /// Something was lost meanwhile.
    lost: bool,
    pub(super) whole: bool,
}

/// Watches.
pub(super) fn watch(options: &Options, namespace: Option<&Namespace>) -> Result<Watched> {
    let names = SystemNames { rows: Whence::of(namespace) };
    let filter = Filter::parse(&options.words, alive_catalog(), &names).map_err(|mistake| Mistaken::of(&mistake))?;
    let needs =
        filter::check_shown(&filter.expression, &[Table::Tcp], &["present", "closed"]).map_err(Mistaken::sentence)?;
    let watch_for = options.watch_for.unwrap_or(WATCH_DEFAULT);
    let follow = feed::Options {
        interval: (watch_for / INTERVALS).max(INTERVAL_MIN),
        receive_buffer: sockeye_conn::RECEIVE_BUFFER,
        tcp: Tcp::Asked,
        told_states: 0,
        incidents: false,
        udp: false,
        extensions: needs.extensions,
    };
    let mut changes = Changes::open(namespace)?;
    let asked_for = NamedNamespace::of(options.netns.as_deref(), namespace);
    let mut feed = Feed::open(namespace, follow)?;
    let before = Look::at(namespace)?;
    let began = Instant::now();
    let mut gaps = 0;
    let mut ended: Vec<Kept> = Vec::new();
    let mut take = |told: Told<'_>| match told {
        Told::Gap(_) => gaps += 1,
        // What held it up until its end is worth as much as what holds up those that live.
        Told::Event(event)
            if event.happening == Happening::Closed && event.life.is_judged() && ended.len() < ENDED_MAX =>
        {
            ended.push(event.keep());
        }
        _ => {}
    };
    let mut judged = Judged::default();
    while !has_looked(watch_for, follow.interval, feed.rounds, began.elapsed())
        || feed.rounds < 2
        || !feed.lives.is_synced()
    {
        feed.advance(&mut take)?;
        judged.take(feed.rounds, &feed.lives);
        if began.elapsed() > watch_for.saturating_mul(PATIENCE).saturating_add(Duration::from_secs(1)) {
            break;
        }
        changes.follow(SLICE.min(follow.interval))?;
    }
    let gone = asked_for.and_then(|namespace| namespace.gone());
    let now = Look::at(namespace)?;
    let elapsed = began.elapsed();
    let net_admin = is_net_admin(namespace);
    let mut owners = Owners::new(true, net_admin);
    owners.read_too(owner_parts(&filter.expression));
    owners.look(std::iter::empty);
    let who = |inode| owners.holder(inode);
    let place = owners.place(namespace, None);
    let ended = ended.iter().map(Kept::event).map(|event| (event.life, event.message));
    let sockets = feed.lives.iter().chain(ended);
    let mut others = HashSet::new();
    let connections::Found { mut findings, named, held_up, fitting, undecided } =
        connections::findings(sockets, &judged, &filter.expression, &place, options.limit, &who, &mut others);
    // Whoever asks about some sockets is not told of the machine.
    let is_of_machine = options.words.is_empty();
    findings.extend(if is_of_machine {
        machine::findings(&before, &now, elapsed, &who)
    } else {
        machine::of_those(&before, &now, &|cookie| others.contains(&cookie), &who)
    });
    let changes = changes.into_told();
    let kept_back = filter::kept_back(&filter.expression, place.kernel(), net_admin);
    let seen = before.whole && now.whole && changes.whole && feed.lives.is_synced() && gaps == 0;
    Ok(Watched {
        elapsed,
        findings,
        sockets: feed.lives.len(),
        held_up,
        named,
        fitting,
        changes,
        is_of_machine,
        owners_unknown: place.owners_unknown().map(str::to_owned),
        undecided,
        whole: seen && gone.is_none() && kept_back.is_none() && undecided == 0,
        lost: !seen,
        kept_back,
        gone,
    })
}

/// Whether the time is over, and the last interval too: it ends with the round that begins when the time does. Rounds that take so long
/// that they are late are not waited for.
fn has_looked(watch_for: Duration, interval: Duration, rounds: u64, elapsed: Duration) -> bool {
    let wanted = 1 + watch_for.as_millis() / interval.as_millis().max(1);
    elapsed >= watch_for && (u128::from(rounds) >= wanted || elapsed >= watch_for.saturating_add(interval))
}

impl Watched {
    pub(super) fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let time = humantime::format_duration(Duration::from_millis(
            u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
        ));
        out.extend_from_slice(format!("watched {} for {time}\n", several(self.sockets, "TCP socket")).as_bytes());
        for finding in &self.findings {
            finding.text(&mut out);
        }
        if self.held_up > self.named {
            let more = self.held_up - self.named;
            out.extend_from_slice(format!("and {more} more connections that are held up (--limit)\n").as_bytes());
        }
        let fits_nothing = self.fitting == 0 && !self.is_of_machine;
        if self.findings.is_empty() && self.gone.is_none() {
            let says = if fits_nothing {
                "no connection and no listener fits the filter\n"
            } else {
                "nothing found that is wrong\n"
            };
            out.extend_from_slice(says.as_bytes());
        }
        if !self.is_of_machine {
            out.extend_from_slice(
                b"only what fits the filter was judged, and not the machine: that does `sockeye why` alone\n",
            );
        }
        self.changes.text(&mut out);
        if let Some(why) = &self.kept_back {
            out.extend_from_slice(format!("{why}: what depends on it is left out\n").as_bytes());
        }
        if self.undecided > 0 {
            let sockets = several(self.undecided, "socket");
            out.extend_from_slice(format!("{sockets} left out: the filter depends on who holds them\n").as_bytes());
        }
        if let Some(why) =
            self.owners_unknown.as_ref().filter(|_| !self.findings.is_empty() || fits_nothing || self.undecided > 0)
        {
            let why = why.strip_prefix("not permitted: ").unwrap_or(why);
            out.extend_from_slice(format!("owners are not all known: {why}\n").as_bytes());
        }
        if let Some(gone) = &self.gone {
            out.extend_from_slice(format!("{gone}: what was in it could only be seen until then\n").as_bytes());
        } else if self.lost {
            out.extend_from_slice(
                b"not everything could be seen: something was lost meanwhile, or a table was not whole\n",
            );
        }
        out
    }

    pub(super) fn json(&self) -> Vec<u8> {
        let mut out = b"{\"schema\":1,".to_vec();
        let elapsed = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX);
        for (name, number) in [
            ("elapsed_ms", elapsed),
            ("sockets", self.sockets as u64),
            ("fitting", self.fitting as u64),
            ("held_up", self.held_up as u64),
            ("undecided", self.undecided as u64),
        ] {
            value::json_entry(&mut out, name, &Value::Unsigned(number));
            out.push(b',');
        }
        out.extend_from_slice(b"\"findings\":[");
        for (at, finding) in self.findings.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            finding.json(&mut out);
        }
        out.extend_from_slice(b"],");
        self.changes.json(&mut out);
        out.extend_from_slice(format!(",\"machine\":{}", self.is_of_machine).as_bytes());
        if let Some(why) = &self.owners_unknown {
            out.push(b',');
            value::json_entry(&mut out, "owners_unknown", &Value::Text(why.as_bytes()));
        }
        if let Some(why) = &self.kept_back {
            out.push(b',');
            value::json_entry(&mut out, "kept_back", &Value::Text(why.as_bytes()));
        }
        if let Some(gone) = &self.gone {
            out.push(b',');
            value::json_entry(&mut out, "gone", &Value::Text(gone.as_bytes()));
        }
        out.extend_from_slice(format!(",\"whole\":{}}}\n", self.whole).as_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_interval_is_looked_at_too() {
        let at = |rounds, elapsed_ms| {
            has_looked(Duration::from_secs(5), Duration::from_secs(1), rounds, Duration::from_millis(elapsed_ms))
        };
        assert!(!at(6, 4_999) && !at(5, 5_001) && at(6, 5_001));
        assert!(!at(3, 5_999) && at(3, 6_000), "rounds of a million sockets are late");
        let short = |rounds| has_looked(Duration::from_millis(300), INTERVAL_MIN, rounds, Duration::from_millis(301));
        assert!(!short(1) && short(2), "less than an interval more is none");
    }
}
