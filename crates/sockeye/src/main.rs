//! `sockeye`: everything the Linux kernel tells about the network.
#![forbid(unsafe_code)]

mod cli;
mod exit;
mod fields;
#[cfg(test)]
mod hostile;
mod live;
mod manual;
mod output;
mod privilege;
mod rows;
mod sockets;
mod ss;
mod tables;
mod top;
mod usage;
mod version;
mod watch;
mod why;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{ExitCode, Termination as _};

use clap::{CommandFactory as _, Parser as _};

use crate::cli::{Cli, Command};
use crate::exit::Status;
use crate::sockets::Mistaken;

fn main() -> ExitCode {
    if let Some((words, called)) = meant_for_ss() {
        return ExitCode::from(ss::run(words, called));
    }
    answer().unwrap_or_else(|error| explain(&error)).report()
}

/// The words behind `ss`, where that is the name of this program's link, or the first word.
fn meant_for_ss() -> Option<(Vec<OsString>, ss::Called)> {
    let mut words = std::env::args_os();
    let name = words.next()?;
    if Path::new(&name).file_name().is_some_and(|name| name == "ss") {
        return Some((words.collect(), ss::Called::by_link()));
    }
    (words.next()? == "ss").then(|| (words.collect(), ss::Called::Strict))
}

fn answer() -> anyhow::Result<Status> {
    let words = usage::command_first(std::env::args_os().collect()).map_err(Mistaken::sentence)?;
    match Cli::try_parse_from(&words) {
        Ok(cli) => run(cli),
        Err(error) => match usage::command_meant(&error, &words) {
            Some(mistake) => Err(Mistaken::of(&mistake)),
            None => Ok(usage::explain(&error, &words)?),
        },
    }
}

fn run(cli: Cli) -> anyhow::Result<Status> {
    match cli.command {
        None => sockets::run(&sockets::Options { without_command: true, ..cli.sockets }),
        Some(Command::Sockets(options)) => sockets::run(&options),
        Some(Command::Table(command)) => {
            let (table, options) = command.parts();
            tables::run(table, options)
        }
        // What begins with `ss` was taken before; this is for whoever finds another way to it.
        Some(Command::Ss { words }) => Ok(Status::of_number(ss::run(words, ss::Called::Strict))),
        Some(Command::Watch(options)) => watch::run(&options),
        Some(Command::Why(options)) => why::run(&options),
        Some(Command::Top(options)) => top::run(&options),
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
        output::escape::sentence(&mut line, &format!("{error:#}"));
    }
    line.push(b'\n');
    // Nobody is left to be told where stderr cannot be written.
    let _ = io::stderr().write_all(&line);
    if mistaken { Status::Usage } else { Status::Failed }
}
