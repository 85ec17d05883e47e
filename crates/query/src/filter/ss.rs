//! For fingers that know `ss`: what its options are in sockeye.
//!
//! The command that is named lists the same sockets. What `ss` lists by itself is less than it seems: without `-a`, `-l`
//! and `state`, each family adds the states that it usually is in, and all families together are listed in all of them
//! (`filter_merge_defaults` in misc/ss.c of iproute2).

mod options;
mod words;

use options::{Means, Shown, Takes};
use words::Words;

/// Formats of sockeye: behind `-o` they are not what `ss` would be given.
const FORMATS: [&str; 4] = ["table", "json", "ndjson", "csv"];

/// For arguments that hold options of `ss` (`-tlnp`): a sentence with the command that lists the same sockets, or one
/// that says that sockeye does not do that. `None` where there is none, or an option that is not known here.
///
/// ```
/// let hint = sockeye_query::filter::ss_hint(&["-tlnp"]);
/// assert_eq!(hint.unwrap(), "`-tlnp` is an option of ss; as there: sockeye ss -tlnp; in sockeye: sockeye sockets tcp listening");
/// ```
pub fn hint<S: AsRef<str>>(args: &[S]) -> Option<String> {
    let asked = Asked::read(args.iter().map(AsRef::as_ref))?;
    let (first, rest) = asked.found.split_first()?;
    let verb = if rest.is_empty() { "is an option" } else { "are options" };
    let same: Vec<String> = args.iter().map(|arg| words::quoted(arg.as_ref())).collect();
    let them =
        format!("`{}` {verb} of ss; as there: sockeye ss {}", [&[*first], rest].concat().join(" "), same.join(" "));
    if let Some(sentence) = asked.not {
        return Some(format!("{them}; {sentence}"));
    }
    let notes: String = asked.without.iter().flat_map(|note| ["; ", note]).collect();
    Some(format!("{them}{notes}; in sockeye: {}", asked.command()))
}

/// What was asked for.
#[derive(Default)]
struct Asked<'a> {
    words: Words<'a>,
    shown: Vec<Shown>,
    options: Vec<String>,
    /// Arguments that are options of `ss`.
    found: Vec<&'a str>,
    /// What sockeye does not show.
    without: Vec<&'static str>,
    /// What sockeye does not do.
    not: Option<&'static str>,
}

impl<'a> Asked<'a> {
    fn read(args: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut asked = Self::default();
        let mut rest = Vec::new();
        let mut args = args.peekable();
        while let Some(arg) = args.next() {
            let Some(option) = arg.strip_prefix('-').filter(|option| !option.is_empty() && *option != "-") else {
                rest.push(arg);
                continue;
            };
            let mut counts = false;
            if let Some(long) = option.strip_prefix('-') {
                let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                let means = options::by_name(name)?;
                counts = means.is_theirs();
                asked.take(means, || value.or_else(|| args.next()))?;
            } else if option == "o" && args.peek().is_some_and(|next| FORMATS.contains(next)) {
                asked.options.push(format!("-o {}", args.next()?));
            } else {
                let mut letters = option.chars();
                while let Some(letter) = letters.next() {
                    let means = options::by_letter(letter)?;
                    counts |= means.is_theirs();
                    // As for getopt(3): what is left of the cluster is the value, or the next argument.
                    let attached = letters.as_str();
                    let mut is_used = false;
                    asked.take(means, || {
                        is_used = true;
                        if attached.is_empty() { args.next() } else { Some(attached) }
                    })?;
                    if is_used {
                        break;
                    }
                }
            }
            if counts {
                asked.found.push(arg);
            }
        }
        asked.words.filter(&rest);
        Some(asked)
    }

    fn take(&mut self, means: Means, value: impl FnOnce() -> Option<&'a str>) -> Option<()> {
        match means {
            Means::Family(name) => self.words.add(options::named(name)?),
            Means::Version(version) => self.words.version = Some(version),
            // As in `ss`, the last one counts.
            Means::Which(which) => self.words.which = Some(which),
            Means::Shown(shown) => self.shown.push(shown),
            Means::Option(option) | Means::Own(option) => self.options.push(option.to_owned()),
            Means::Needless => {}
            Means::Without(note) => self.without.push(note),
            Means::Not(sentence, has_value) => {
                self.not.get_or_insert(sentence);
                if has_value {
                    value();
                }
            }
            Means::Takes(Takes::Namespace) => self.options.push(format!("-N {}", words::quoted(value()?))),
            Means::Takes(Takes::Family) => match value()? {
                "inet" => self.words.version = Some(4),
                "inet6" => self.words.version = Some(6),
                name => self.words.add(options::named(name)?),
            },
            Means::Takes(Takes::Query) => self.words.query(value()?, &mut self.not)?,
        }
        Some(())
    }

    fn command(&self) -> String {
        let mut command = vec!["sockeye sockets".to_owned()];
        command.extend(self.layout());
        command.extend(self.options.iter().cloned());
        command.extend(self.words.text(self.shows(Shown::Summary)));
        command.join(" ")
    }

    fn shows(&self, wanted: Shown) -> bool {
        self.shown.contains(&wanted)
    }

    /// The view and the columns. A listing has one view; what else is to be shown are columns beside it.
    fn layout(&self) -> Vec<String> {
        if self.shows(Shown::Summary) {
            return vec!["--group-by proto,state".to_owned()];
        }
        let views = [(Shown::Info, "tcp"), (Shown::Memory, "memory"), (Shown::Timers, "timers")];
        let view = views.into_iter().find(|(shown, _)| self.shows(*shown));
        let is_beside = |shown| self.shows(shown) && view.is_none_or(|(own, _)| own != shown);
        let mut columns = Vec::new();
        if is_beside(Shown::Memory) {
            columns.push("+skmem");
        }
        if is_beside(Shown::Timers) {
            columns.push("+timer,+expires,+timer_retrans");
        } else if self.shows(Shown::Extended) && !self.shows(Shown::Timers) {
            columns.push("+timer,+expires");
        }
        if self.shows(Shown::Extended) {
            columns.push("+uid,+inode,+cookie,+cgroup");
        }
        if self.shows(Shown::Owners) && view.is_some_and(|(shown, _)| shown != Shown::Memory) {
            columns.push("+process,+pid");
        }
        for shown in &self.shown {
            if let Shown::Columns(names) = shown
                && !(*names == "+cgroup" && self.shows(Shown::Extended))
                && !columns.contains(names)
            {
                columns.push(names);
            }
        }
        let view = view.map(|(_, name)| format!("--view {name}"));
        view.into_iter().chain((!columns.is_empty()).then(|| format!("--columns {}", columns.join(",")))).collect()
    }
}

#[cfg(test)]
mod tests;
