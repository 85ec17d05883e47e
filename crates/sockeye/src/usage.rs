//! A command line that is not understood, or that asks for help: what there is to say about it.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::iter;
use std::os::unix::ffi::OsStrExt as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, CommandFactory as _};
use sockeye_query::filter::{self, Mistake, nearest};

use crate::cli::Cli;
use crate::exit::Status;
use crate::output;
use crate::sockets::system::{SystemNames, Whence};

/// Names of the command that is meant where none is named.
const LISTING: [&str; 2] = ["sockets", "socket"];

/// The command line with `sockets` in front, where it stood behind options. An error is one sentence: any other command has
/// to stand in front, since the options before it are none of its own.
pub(crate) fn command_first(mut words: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let Some(place) = first_word(&words).filter(|&place| place > 1) else { return Ok(words) };
    let Some(word) = words[place].to_str() else { return Ok(words) };
    if LISTING.contains(&word) || crate::tables::find(word).is_some_and(|table| table.name() == word) {
        let command = words.remove(place);
        words.insert(1, command);
        return Ok(words);
    }
    let is_command = Cli::command().get_subcommands().any(|command| command.get_name() == word);
    let asks_for_help =
        words[1..place].iter().any(|word| matches!(word.to_str(), Some("-h" | "--help" | "-V" | "--version")));
    if !is_command || asks_for_help {
        return Ok(words);
    }
    Err(format!(
        "the command comes first, then its own options: sockeye {word}; what stands before it are options of a listing"
    ))
}

/// The place of the first word that is neither an option nor the value of one.
fn first_word(words: &[OsString]) -> Option<usize> {
    let listing = Cli::command();
    let has_value = |is_it: &dyn Fn(&clap::Arg) -> bool| {
        listing.get_arguments().any(|argument| is_it(argument) && matches!(argument.get_action(), ArgAction::Set))
    };
    let mut place = 1;
    while let Some(word) = words.get(place) {
        let Some(option) = word.to_str()?.strip_prefix('-').filter(|option| !option.is_empty()) else {
            return Some(place);
        };
        // The value is the next word where it does not stand in this one.
        let takes_next = match option.strip_prefix('-') {
            Some("") => return None,
            Some(long) => has_value(&|argument| argument.get_long() == Some(long)),
            None => {
                let valued = |letter: char| has_value(&|argument| argument.get_short() == Some(letter));
                option.find(valued).is_some_and(|at| at + 1 == option.len())
            }
        };
        place += if takes_next { 2 } else { 1 };
    }
    None
}

/// The mistake of a filter before which no command stands, with the command that its first word may have been meant for.
pub(crate) fn with_command(mut mistake: Mistake) -> Mistake {
    if mistake.about_word && mistake.source.trim() == "help" {
        mistake.help = Some("`sockeye --help` says what there is, `sockeye man` more".into());
        mistake.nearest = None;
        return mistake;
    }
    if let Some(near) = command_near(&mistake) {
        mistake.help = Some(format!("did you mean the command `{near}`?").into());
        mistake.nearest = None;
    }
    mistake
}

/// The command that is near the first word of a filter, where that is no word of filters. A word of the filter that is as near is the
/// better guess: that is what stands there.
fn command_near(mistake: &Mistake) -> Option<String> {
    let word = mistake.source.get(mistake.at.clone()).filter(|_| mistake.about_word && mistake.at.start == 0)?;
    let line = Cli::command();
    let commands =
        line.get_subcommands().flat_map(|command| iter::once(command.get_name()).chain(command.get_all_aliases()));
    let own = mistake.nearest.as_deref();
    nearest(word, own.into_iter().chain(commands)).filter(|near| Some(*near) != own).map(str::to_owned)
}

/// The mistake of a first word that is near a command, where clap met an option that no listing has: it is of that command.
pub(crate) fn command_meant(error: &clap::Error, words: &[OsString]) -> Option<Mistake> {
    let word = words.get(1)?.to_str().filter(|word| !word.starts_with('-'))?;
    if error.kind() != ErrorKind::UnknownArgument || Cli::command().find_subcommand(word).is_some() {
        return None;
    }
    let names = SystemNames { rows: Whence::Elsewhere };
    let mistake = filter::parse(word, sockeye_query::sockets::catalog(), &names).err()?;
    command_near(&mistake)?;
    Some(with_command(mistake))
}

/// What clap has to say: help and version are answers, everything else is a mistake.
pub(crate) fn explain(error: &clap::Error, words: &[OsString]) -> io::Result<Status> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let written = error.print().and_then(|()| io::stdout().flush());
        return match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(Status::Whole),
        };
    }
    let words = words.get(1..).unwrap_or_default();
    let mut escaped = Vec::new();
    if let Some(hint) = ss_hint(error, words) {
        // What was meant is known: how clap would have quoted the letter is of no use then.
        output::escape::text(&mut escaped, format!("sockeye: {hint}").as_bytes());
        escaped.push(b'\n');
    } else if words.iter().all(|word| is_plain(word.as_bytes())) {
        let _ = error.print();
    } else {
        // Clap repeats the words as they are, which may be what a script was given by somebody else.
        for line in error.render().to_string().lines() {
            output::escape::text(&mut escaped, line.as_bytes());
            escaped.push(b'\n');
        }
    }
    // Nobody is left to be told where stderr cannot be written.
    let _ = io::stderr().write_all(&escaped);
    Ok(Status::Usage)
}

/// The command that was meant by options of `ss`. Only what we do not know can be one of them.
fn ss_hint(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let is_of_ss = match error.kind() {
        ErrorKind::UnknownArgument => true,
        ErrorKind::InvalidValue => is_timers(error, &words),
        _ => false,
    };
    // What comes before may be a command of ours, or the name of theirs.
    let own = words.iter().take_while(|word| LISTING.contains(&&***word)).count();
    sockeye_query::filter::ss_hint(&words[own..]).filter(|_| is_of_ss)
}

/// Whether `-o`, which is the format here, was meant as that of `ss`: what stands behind it are more options, or a filter.
fn is_timers<W: AsRef<str>>(error: &clap::Error, words: &[W]) -> bool {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    if !text(ContextKind::InvalidArg).starts_with("--output") {
        return false;
    }
    let mut before = words.iter().map(AsRef::as_ref).skip_while(|word| !word.starts_with("-o"));
    match (before.next(), text(ContextKind::InvalidValue)) {
        (Some("-o"), "") => before.next().is_some(),
        (Some("-o"), value) => {
            let catalog = sockeye_query::sockets::catalog();
            value == "exclude"
                || value.starts_with('(')
                || catalog.word(value).is_some()
                || catalog.find(value).is_some()
        }
        // `-on`: no format begins with a letter of a cluster that is all options.
        (other, _) => other.is_some(),
    }
}

fn is_plain(word: &[u8]) -> bool {
    let mut escaped = Vec::with_capacity(word.len());
    output::escape::text(&mut escaped, word);
    escaped == word
}
