//! The manual page: the options as clap knows them, and what it does not know.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::cli::{Cli, EXAMPLES};

/// What each exit status says, in the order of [`crate::exit::Status`].
const EXIT_STATUS: [(&str, &str); 5] = [
    ("0", "The kernel's answer is all there. A reader that closed the pipe early is no failure."),
    ("1", "It failed: nothing could be shown, or the output could not be written."),
    ("2", "The command line is wrong, or its filter can match nothing."),
    ("3", "Shown, but something that was asked for by name could not be had, or a dump was cut."),
    ("4", "Something is wrong, and `why --exit-code` was asked to say so."),
];

/// The page, as roff.
pub(crate) fn page() -> io::Result<Vec<u8>> {
    let command = Cli::command();
    let mut out = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    examples().to_writer(&mut out)?;
    man.render_options_section(&mut out)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "sockets") {
        subcommand(sub).to_writer(&mut out)?;
    }
    exit_status().to_writer(&mut out)?;
    man.render_version_section(&mut out)?;
    Ok(out)
}

fn examples() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in EXAMPLES.lines().skip(1) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

fn subcommand(sub: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [format!("SOCKEYE {}", sub.get_name().to_uppercase()).as_str()]);
    if let Some(about) = sub.get_about() {
        roff.text([roman(about.to_string())]);
    }
    for argument in sub.get_arguments() {
        let name = match argument.get_long() {
            Some(long) => format!("--{long}"),
            None => argument.get_id().to_string().to_uppercase(),
        };
        roff.control("TP", []).text([roman(name)]);
        roff.text([roman(argument.get_help().map(ToString::to_string).unwrap_or_default())]);
    }
    roff
}

fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (number, meaning) in EXIT_STATUS {
        roff.control("TP", []).text([roman(number)]).text([roman(meaning)]);
    }
    roff
}
