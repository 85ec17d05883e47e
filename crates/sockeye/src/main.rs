//! `sockeye`: everything the Linux kernel tells about the network.
#![forbid(unsafe_code)]

mod cli;
mod exit;
mod fields;
mod manual;
mod output;
mod sockets;
mod version;

use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::{Cli, Command};
use crate::exit::Status;
use crate::sockets::Mistaken;

fn main() -> Status {
    match Cli::try_parse() {
        Ok(cli) => run(cli).unwrap_or_else(|error| explain(&error)),
        Err(error) => usage(&error),
    }
}

fn run(cli: Cli) -> anyhow::Result<Status> {
    match cli.command {
        None => sockets::run(&cli.sockets),
        Some(Command::Sockets(options)) => sockets::run(&options),
        Some(Command::Fields(options)) => fields::run(&options),
        Some(Command::Completion { shell }) => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sockeye", &mut text);
            output::print(&text)?;
            Ok(Status::Whole)
        }
        Some(Command::Man) => {
            output::print(&manual::page()?)?;
            Ok(Status::Whole)
        }
    }
}

/// One sentence on stderr, and the status that goes with it.
fn explain(error: &anyhow::Error) -> Status {
    let mut line = b"sockeye: ".to_vec();
    // A mistake shows its place on lines of its own; everything in it is escaped already.
    let mistaken = error.downcast_ref::<Mistaken>().is_some();
    if mistaken {
        line.extend_from_slice(error.to_string().as_bytes());
    } else {
        output::escape::text(&mut line, format!("{error:#}").as_bytes());
    }
    line.push(b'\n');
    // Nobody is left to be told where stderr cannot be written.
    let _ = io::stderr().write_all(&line);
    if mistaken { Status::Usage } else { Status::Failed }
}

/// What clap has to say: help and version are answers, everything else is a mistake.
fn usage(error: &clap::Error) -> Status {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Status::Whole;
    }
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let mut escaped = Vec::new();
    if let Some(hint) = ss_hint(error, &words) {
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
    Status::Usage
}

/// The command that was meant by options of `ss`. Only a letter that we do not know can be one of them.
fn ss_hint(error: &clap::Error, words: &[std::ffi::OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    // What comes before may be a command of ours, or the name of theirs.
    let own = words.iter().take_while(|word| matches!(&***word, "sockets" | "socket" | "ss")).count();
    sockeye_query::filter::ss_hint(&words[own..])
}

fn is_plain(word: &[u8]) -> bool {
    let mut escaped = Vec::with_capacity(word.len());
    output::escape::text(&mut escaped, word);
    escaped == word
}
