//! Fills a fresh network namespace with every kind of socket that leaves the others alone, or those named, and keeps it.
//!
//! ```text
//! zoo [KIND…]                 until standard input ends
//! zoo run [KIND…] -- COMMAND  while the command runs inside; its exit status is ours
//! ```
//!
//! One line of JSON is printed for each socket, then `ready`; with `run` on standard error, which leaves standard
//! output to the command. TIME-WAIT passes after a minute, unanswered connections give up after two.

#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode};

use sockeye_zoo::{Expected, KINDS, PROVOKED, Specimen, Zoo};

const USAGE: &str = "usage: zoo [KIND…] | zoo run [KIND…] -- COMMAND [ARGUMENT…]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match start(&arguments) {
        Ok(code) => code,
        Err(message) => {
            eprintln!("zoo: {message}");
            ExitCode::from(2)
        }
    }
}

fn start(arguments: &[String]) -> Result<ExitCode, String> {
    let (kinds, command) = match arguments {
        [first, rest @ ..] if first == "run" => {
            let (kinds, command) =
                rest.iter().position(|word| word == "--").map(|at| rest.split_at(at)).ok_or(USAGE)?;
            (kinds, &command[1..])
        }
        all => (all, &[][..]),
    };
    if let Some(unknown) = kinds.iter().find(|word| !KINDS.iter().chain(PROVOKED).any(|(name, _)| name == word)) {
        return Err(format!("no kind {unknown}\n{USAGE}"));
    }
    if command.is_empty() && kinds.len() < arguments.len() {
        return Err(USAGE.to_owned());
    }
    let zoo = sockeye_zoo::enter().map_err(|skip| skip.reason)?;
    let mut report = String::new();
    let specimens = populate(&zoo, kinds, &mut report);
    report.push_str("ready\n");
    let code = match command {
        [] => {
            io::stdout().write_all(report.as_bytes()).map_err(|error| error.to_string())?;
            io::copy(&mut io::stdin(), &mut io::sink()).map_err(|error| error.to_string())?;
            ExitCode::SUCCESS
        }
        [program, rest @ ..] => {
            let _ = io::stderr().write_all(report.as_bytes());
            let status = Command::new(program).args(rest).status().map_err(|error| format!("{program}: {error}"))?;
            let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
            ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
        }
    };
    drop(specimens);
    Ok(code)
}

/// Makes all kinds that leave the others alone, or those named, and writes a line about each socket.
fn populate(zoo: &Zoo, wanted: &[String], report: &mut String) -> Vec<Specimen> {
    let mut specimens = Vec::new();
    let kinds = KINDS.iter().filter(|(kind, _)| wanted.is_empty() || wanted.iter().any(|word| word == kind));
    let provoked = PROVOKED.iter().filter(|(kind, _)| wanted.iter().any(|word| word == kind));
    for (kind, construct) in kinds.chain(provoked) {
        match construct(zoo) {
            Ok(specimen) => {
                specimen.all().iter().for_each(|expected| describe(kind, expected, report));
                specimens.push(specimen);
            }
            Err(missing) => {
                let _ = writeln!(report, r#"{{"kind":"{kind}","unavailable":"{missing}"}}"#);
            }
        }
    }
    specimens
}

fn describe(kind: &str, expected: &Expected, report: &mut String) {
    let Expected { role, family, protocol, state, .. } = expected;
    let _ =
        write!(report, r#"{{"kind":"{kind}","role":"{role}","family":{family},"protocol":{protocol},"state":{state}"#);
    for (key, address) in [("local", expected.local), ("peer", expected.peer)] {
        if let Some(address) = address {
            let _ = write!(report, r#","{key}":"{address}""#);
        }
    }
    if let Some(inode) = expected.inode {
        let _ = write!(report, r#","inode":{inode}"#);
    }
    if let Some(cookie) = expected.cookie {
        let _ = write!(report, r#","cookie":"{cookie:x}""#);
    }
    report.push_str("}\n");
}
