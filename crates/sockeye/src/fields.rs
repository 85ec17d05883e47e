//! `sockeye fields`: every field, with type, unit, kernel attribute, first kernel and privilege.

mod untested;

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use sockeye_query::sockets::catalog;
use sockeye_query::sockets::live::live_fields;
use sockeye_query::{FieldInfo, FieldKind, rtnetlink};
use sockeye_wire::rtnetlink::Table;
use sockeye_wire::{Meaning, Privilege};

use crate::exit::Status;
use crate::sockets::Mistaken;
use crate::{output, tables};

/// Options of `sockeye fields`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Options {
    /// Only fields with this in their name or explanation
    words: Vec<String>,

    /// Fields of another table than sockets: `links`, `routes` …, or `all`
    #[arg(long, value_name = "TABLE", conflicts_with = "untested")]
    table: Option<String>,

    /// As a page of Markdown
    #[arg(long)]
    markdown: bool,

    /// Only fields of sockets that no capture of the project shows with a telling value; exit status 1 if there are any
    #[arg(long)]
    untested: bool,
}

/// Prints the fields.
pub(crate) fn run(options: &Options) -> Result<Status> {
    if let Some(word) = &options.table {
        return of_tables(options, word);
    }
    let wanted: Vec<_> = options.words.iter().map(|word| word.to_lowercase()).collect();
    let found: Vec<_> = catalog()
        .fields()
        .map(|(_, info)| info)
        .filter(|info| wanted.iter().all(|word| mentions(info, word)))
        .filter(|info| !options.untested || untested::is_untested(info))
        .collect();
    if found.is_empty() && options.untested {
        return Ok(Status::Whole);
    }
    // No capture shows a life: the tests of `watch sockets` do.
    let live = live_fields().filter(|info| !options.untested && wanted.iter().all(|word| mentions(info, word)));
    let live: Vec<_> = live.collect();
    if found.is_empty() && live.is_empty() {
        let mut sentence = b"no field speaks of ".to_vec();
        output::escape::text(&mut sentence, options.words.join(" ").as_bytes());
        let mut sentence = String::from_utf8_lossy(&sentence).into_owned();
        if let Some(near) = meant(&wanted) {
            let _ = write!(sentence, "; did you mean {near:?}?");
        }
        return Err(Mistaken::sentence(sentence));
    }
    let text =
        if options.markdown { markdown(&found) + &live_markdown(&live) } else { plain(&found) + &live_plain(&live) };
    output::print(text.as_bytes())?;
    Ok(status(options.untested))
}

/// How it ends where there are fields to print: one that is untested is one too many.
fn status(untested: bool) -> Status {
    if untested { Status::Failed } else { Status::Whole }
}

/// Prints the fields of a table of rtnetlink, or of all of them.
fn of_tables(options: &Options, word: &str) -> Result<Status> {
    let tables = match word {
        "all" => Table::ALL.to_vec(),
        word => vec![tables::find(word).ok_or_else(|| {
            let known = Table::ALL.map(Table::name).join(", ");
            Mistaken::sentence(format!("there is no table {word:?}; there are {known}, and all"))
        })?],
    };
    let wanted: Vec<_> = options.words.iter().map(|word| word.to_lowercase()).collect();
    let mut text = if options.markdown { TABLES_HEADING.to_owned() } else { String::new() };
    let mut any = false;
    for &table in &tables {
        let found: Vec<_> = rtnetlink::catalog(table)
            .fields()
            .map(|(_, info)| info)
            .filter(|info| wanted.iter().all(|word| mentions(info, word)))
            .collect();
        any |= !found.is_empty();
        match (options.markdown, tables.len()) {
            (true, _) => table_section(&mut text, table, &found),
            (false, 1) => text.push_str(&plain(&found)),
            (false, _) if found.is_empty() => {}
            (false, _) => {
                let _ = write!(text, "== {}\n{}", table.name(), plain(&found));
            }
        }
    }
    if !any {
        let mut sentence = b"no field speaks of ".to_vec();
        output::escape::text(&mut sentence, options.words.join(" ").as_bytes());
        return Err(Mistaken::sentence(String::from_utf8_lossy(&sentence)));
    }
    output::print(text.as_bytes())?;
    Ok(Status::Whole)
}

const TABLES_HEADING: &str = "# Fields of the tables of rtnetlink\n\n\
     Made by `sockeye fields --table all --markdown`; a test holds this file against it.\n\n\
     The name is what filters, columns and `--sort` take; a shorter one stands in brackets. The JSON key stands in the \
     objects that the name begins with. A field that the kernel did not give is absent, never zero. Names of interfaces \
     stand beside their numbers under the key with `_name`.\n";

fn table_section(text: &mut String, table: Table, fields: &[&FieldInfo]) {
    let _ =
        write!(text, "\n## {}\n\n| name | JSON key | kind | kernel | since |\n|---|---|---|---|---|\n", table.name());
    for info in fields {
        let others = info.aliases.iter().filter(|alias| **alias != info.path);
        let others: Vec<_> = others.map(|alias| format!("`{alias}`")).collect();
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        let kernel = if info.kernel.is_empty() { String::new() } else { format!("`{}`", info.kernel) };
        let _ = writeln!(
            text,
            "| `{}`{others}<br>{} | `{}` | {} | {kernel} | {} |",
            info.path,
            info.doc.replace('|', "\\|"),
            info.json,
            kind(info).replace('|', "\\|"),
            info.since,
        );
    }
}

/// The name that is nearest to a word that no field mentions.
fn meant(words: &[String]) -> Option<&'static str> {
    let all = || catalog().fields().map(|(_, info)| info).chain(live_fields());
    let is_known = |word: &String| all().any(|info| mentions(info, word));
    catalog().nearest(words.iter().find(|word| !is_known(word))?)
}

fn mentions(info: &FieldInfo, word: &str) -> bool {
    let dashed = word.replace('-', "_");
    info.path.contains(word)
        || info.path.contains(&dashed)
        || info.aliases.iter().any(|alias| alias.contains(word))
        || info.kernel.to_lowercase().contains(&dashed)
        || info.doc.to_lowercase().contains(word)
}

fn plain(fields: &[&FieldInfo]) -> String {
    let mut text = String::new();
    for info in fields {
        let names: Vec<_> = std::iter::once(info.path.as_str())
            .chain(info.aliases.iter().copied().filter(|alias| *alias != info.path))
            .collect();
        text.push_str(&names.join(", "));
        text.push('\n');
        let _ = writeln!(text, "    {}", info.doc);
        let _ = writeln!(text, "    {}{}{}", kind(info), source(info), privilege(info));
    }
    text
}

/// What `watch sockets`, `top` and `why` know beside.
const FOLLOWED: &str = "of sockets that are followed (watch sockets, top, why)";

fn live_plain(fields: &[&FieldInfo]) -> String {
    fields.iter().fold(String::new(), |mut text, info| {
        let _ = writeln!(text, "{}\n    {}\n    {}; {FOLLOWED}", info.path, info.doc, kind(info));
        text
    })
}

fn live_markdown(fields: &[&FieldInfo]) -> String {
    let mut text = format!(
        "\n## {FOLLOWED}\n\nA field of the same name above goes by its full one there: `tcp_info.rtt`.\n\n\
         | name | JSON key | kind |\n|---|---|---|\n"
    );
    for info in fields {
        let doc = info.doc.replace('|', "\\|");
        let _ = writeln!(text, "| `{}`<br>{doc} | `{}` | {} |", info.path, info.json, kind(info));
    }
    if fields.is_empty() { String::new() } else { text }
}

fn source(info: &FieldInfo) -> String {
    if info.kernel.is_empty() { String::new() } else { format!("; kernel: {} (since {})", info.kernel, info.since) }
}

fn privilege(info: &FieldInfo) -> String {
    match info.privilege {
        Privilege::None => String::new(),
        Privilege::Ptrace => format!("; needs {} for processes of other users", info.privilege),
        other => format!("; needs {other}"),
    }
}

fn kind(info: &FieldInfo) -> String {
    let names = |names: &[sockeye_wire::Name]| names.iter().map(|name| name.name).collect::<Vec<_>>().join(" ");
    match info.kind {
        FieldKind::Number(Meaning::OneOf(values)) => format!("one of: {}", names(values)),
        FieldKind::Number(Meaning::SetOf(values)) => format!("any of: {}", names(values)),
        FieldKind::Number(Meaning::Truth) => "true or false".to_owned(),
        FieldKind::Number(Meaning::Hexadecimal) => "hexadecimal identifier".to_owned(),
        FieldKind::Number(Meaning::Identifier) => "identifier".to_owned(),
        FieldKind::Number(meaning) => format!("number, {}", meaning.unit()),
        FieldKind::Text => "text".to_owned(),
        FieldKind::Address => "address".to_owned(),
        FieldKind::Network => "network".to_owned(),
        FieldKind::LinkAddress => "link-layer address".to_owned(),
        FieldKind::SocketAddress => "address with port".to_owned(),
        FieldKind::Port => "port".to_owned(),
        FieldKind::User | FieldKind::UserName => "user".to_owned(),
        FieldKind::Interface => "interface".to_owned(),
        FieldKind::Cgroup => "control group".to_owned(),
        _ => "structure".to_owned(),
    }
}

/// The reference, as docs/fields.md holds it.
pub(crate) fn markdown(fields: &[&FieldInfo]) -> String {
    let mut text = String::from(
        "# Fields of `sockeye sockets`\n\n\
         Made by `sockeye fields --markdown`; a test holds this file against it.\n\n\
         The name is what filters, columns and `--sort` take; a shorter one stands in brackets. The JSON key stands in the \
         object that the name begins with. A field that the kernel did not give is absent, never zero.\n",
    );
    let mut section = None;
    for info in fields {
        if section != Some(info.object()) {
            section = Some(info.object());
            let title = if info.object().is_empty() { "of every socket" } else { info.object() };
            let _ = write!(
                text,
                "\n## {title}\n\n| name | JSON key | kind | kernel | since | needs |\n|---|---|---|---|---|---|\n"
            );
        }
        let aliases = info
            .aliases
            .iter()
            .filter(|alias| **alias != info.path)
            .map(|alias| format!("`{alias}`"))
            .collect::<Vec<_>>();
        let aliases = if aliases.is_empty() { String::new() } else { format!(" ({})", aliases.join(", ")) };
        let json = if info.json.is_empty() { String::new() } else { format!("`{}`", info.json) };
        let kernel = if info.kernel.is_empty() { String::new() } else { format!("`{}`", info.kernel) };
        let _ = writeln!(
            text,
            "| `{}`{aliases}<br>{} | {json} | {} | {kernel} | {} | {} |",
            info.path,
            info.doc.replace('|', "\\|"),
            kind(info).replace('|', "\\|"),
            info.since,
            info.privilege,
        );
    }
    text
}
