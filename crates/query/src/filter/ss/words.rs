//! The filter that takes the sockets which `ss` lists.

use super::options::{self, Family, Usual, Which};

/// Families whose sockets are in one state, so that no word for it is needed.
const WITHOUT_STATES: [&str; 2] = ["packet", "xdp"];
/// Families that have connections to be set up and taken down.
const WITH_BUCKET: [&str; 5] = ["any", "inet", "tcp", "mptcp", "sctp"];

/// What of a listing the options of `ss` decide.
#[derive(Default)]
pub(super) struct Words<'a> {
    families: Vec<&'static Family>,
    /// `-A` was given: the usual states of the families no longer count.
    queried: bool,
    /// `-4` or `-6`; of both the last one counts.
    pub(super) version: Option<u8>,
    pub(super) which: Option<Which>,
    /// Behind `state`.
    states: Vec<&'a str>,
    /// Behind `exclude`.
    excluded: Vec<&'a str>,
    rest: Vec<&'a str>,
}

impl<'a> Words<'a> {
    /// Adds a family.
    pub(super) fn add(&mut self, family: &'static Family) {
        if !self.families.contains(&family) {
            self.families.push(family);
        }
    }

    /// Takes the value of `-A`. The first one takes the place of the protocols before it.
    pub(super) fn query(&mut self, names: &'a str, not: &mut Option<&'static str>) -> Option<()> {
        if !self.queried {
            self.families.retain(|family| !family.is_inet);
            self.queried = true;
        }
        for name in names.split(',') {
            match options::named(name) {
                Some(family) => self.add(family),
                None if name == "dccp" => not_dccp(not),
                None => return None,
            }
        }
        Some(())
    }

    /// Takes what stands behind the options: states, then an expression.
    pub(super) fn filter(&mut self, rest: &[&'a str]) {
        let mut rest = rest;
        while let [word, state, others @ ..] = rest {
            match *word {
                "state" => self.states.push(state),
                "exclude" | "excl" => self.excluded.push(state),
                _ => break,
            }
            rest = others;
        }
        self.rest = rest.to_vec();
    }

    /// The words, each as a shell takes it.
    pub(super) fn text(&self, all: bool) -> Vec<String> {
        let mut families = self.families.clone();
        if self.version.is_some() && !families.iter().any(|family| family.is_inet) {
            families.extend(options::named("inet"));
        }
        if families.is_empty() {
            families.extend(options::named("all"));
        }
        let mut text = self.family_words(&families);
        text.extend(self.state_words(&families, all));
        text.extend(filter_words(&self.rest));
        text
    }

    /// The families side by side; with an `or` where something else has to hold of one of several.
    fn family_words(&self, families: &[&Family]) -> Vec<String> {
        // `src 0.0.0.0/0` alone would also take sockets of IPv6 that have a mapped address.
        let version = match self.version {
            Some(4) => Some("src 0.0.0.0/0 not src ::ffff:0:0/96"),
            Some(_) => Some("src ::/0"),
            None => None,
        };
        let condition = |family: &Family| if family.is_inet { version } else { family.only };
        let same = families.iter().map(|family| condition(family)).collect::<Vec<_>>();
        if same.windows(2).all(|pair| pair[0] == pair[1]) {
            let mut words: Vec<_> = families.iter().map(|family| family.word.to_owned()).collect();
            words.dedup();
            words.extend(same[0].map(str::to_owned));
            return words;
        }
        let with = |family: &&Family| match condition(family) {
            Some(condition) => format!("{} {condition}", family.word),
            None => family.word.to_owned(),
        };
        vec![format!("'({})'", families.iter().map(with).collect::<Vec<_>>().join(" or "))]
    }

    fn state_words(&self, families: &[&Family], all: bool) -> Vec<String> {
        let is_every = |words: &[&str]| families.iter().all(|family| words.contains(&family.word));
        let (states, closed) = self.states(families, all);
        if closed && is_every(&[&WITHOUT_STATES[..], &["netlink"]].concat()) {
            return Vec::new();
        }
        // To ss a netlink socket is closed, whether it is connected to another one or not.
        let has_netlink = families.iter().any(|family| matches!(family.word, "any" | "netlink"));
        match (has_netlink, closed) {
            (true, true) if states != "all" => vec![format!("'({states} or netlink)'")],
            (true, false) => vec![states, "not netlink".to_owned()],
            _ => vec![states],
        }
    }

    /// Words for the states, and whether closed sockets are among them.
    fn states(&self, families: &[&Family], all: bool) -> (String, bool) {
        const CLOSED: [&str; 5] = ["unconnected", "closed", "close", "all", "big"];
        if !self.states.is_empty() {
            return (self.states.join(" "), self.states.iter().any(|state| CLOSED.contains(state)));
        }
        if !self.excluded.is_empty() {
            let closed = !self.excluded.iter().any(|state| CLOSED.contains(state));
            return (
                format!(
                    "all {}",
                    self.excluded.iter().map(|state| format!("not {state}")).collect::<Vec<_>>().join(" ")
                ),
                closed,
            );
        }
        let is_tcp = families.iter().all(|family| family.word == "tcp");
        match self.which {
            None if all => ("all".to_owned(), true),
            Some(Which::All) => ("all".to_owned(), true),
            // A TCP socket that is neither connected nor listening is in no table that ss asks for here.
            Some(Which::Listening) if is_tcp => ("listening".to_owned(), true),
            Some(Which::Listening) => ("listening unconnected".to_owned(), true),
            Some(Which::Bound) => ("bound-inactive".to_owned(), false),
            None => self.usual(families),
        }
    }

    fn usual(&self, families: &[&Family]) -> (String, bool) {
        let has = |usual| families.iter().any(|family| family.usual == usual);
        let closed = has(Usual::Closed) && !self.queried;
        // A family of IP by its version adds the states of a connection, as any query does.
        let connected = has(Usual::Connected) || has(Usual::Established) || self.version.is_some() || self.queried;
        let with_bucket = families.iter().any(|family| WITH_BUCKET.contains(&family.word));
        let words = [
            connected.then_some("connected"),
            closed.then_some("unconnected"),
            (connected && with_bucket).then_some("not bucket"),
        ];
        (words.into_iter().flatten().collect::<Vec<_>>().join(" "), closed)
    }
}

fn not_dccp(not: &mut Option<&'static str>) {
    if let Some(options::Means::Not(sentence, _)) = options::by_name("dccp") {
        not.get_or_insert(sentence);
    }
}

/// The filter behind the options, in brackets where an `or` would otherwise take the words before it along.
fn filter_words(rest: &[&str]) -> Vec<String> {
    let has_or = rest
        .iter()
        .any(|word| matches!(word.to_ascii_lowercase().as_str(), "or" | "|" | "||") || word.contains(" or "));
    if has_or {
        return vec![format!("'({})'", rest.join(" ").replace('\'', "\""))];
    }
    rest.iter().map(|word| quoted(word)).collect()
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
