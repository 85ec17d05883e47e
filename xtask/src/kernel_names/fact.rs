//! One line of the list: a name the kernel uses, and its number or place.

use std::fmt;

use anyhow::{Context, Result, bail};

use super::{
    btf::Btf,
    layout::Field,
    selection::{Header, is_bound, is_padding},
};

/// What one line states.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    /// A field of a structure and its place.
    Field { structure: String, offset: u32, bits: Option<(u32, u32)>, size: u32, name: String },
    /// A second name of a field, given by a macro.
    Alias { name: String, of: String },
    /// An enumerator.
    Enumerator { name: String, value: i64 },
    /// A macro with a number.
    Macro { name: String, value: i64 },
}

impl Fact {
    /// What the line is about, without what it says of it: kind, structure and name.
    pub(super) fn subject(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Field { structure, name, .. } => ("struct", structure, name),
            Self::Alias { name, .. } => ("alias", "", name),
            Self::Enumerator { name, .. } => ("enum", "", name),
            Self::Macro { name, .. } => ("macro", "", name),
        }
    }

    /// Reads a line as [`fmt::Display`] writes it.
    pub(super) fn parse(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        Ok(match words[..] {
            ["struct", structure, name, offset, size, ref rest @ ..] => {
                let bits = match *rest {
                    [] => None,
                    [bits] => {
                        let (low, width) = valued(bits, "bits")?.split_once(':').context("bits want LOW:WIDTH")?;
                        Some((low.parse()?, width.parse()?))
                    }
                    _ => bail!("too many words"),
                };
                let (offset, size) = (valued(offset, "offset")?.parse()?, valued(size, "size")?.parse()?);
                Self::Field { structure: structure.to_owned(), offset, bits, size, name: name.to_owned() }
            }
            ["alias", name, of] => Self::Alias { name: name.to_owned(), of: of.to_owned() },
            ["enum", name, value] => Self::Enumerator { name: name.to_owned(), value: value.parse()? },
            ["macro", name, value] => Self::Macro { name: name.to_owned(), value: value.parse()? },
            _ => bail!("neither struct, alias, enum nor macro"),
        })
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { structure, offset, bits, size, name } => {
                write!(f, "struct {structure} {name} offset={offset} size={size}")?;
                bits.map_or(Ok(()), |(low, width)| write!(f, " bits={low}:{width}"))
            }
            Self::Alias { name, of } => write!(f, "alias {name} {of}"),
            Self::Enumerator { name, value } => write!(f, "enum {name} {value}"),
            Self::Macro { name, value } => write!(f, "macro {name} {value}"),
        }
    }
}

/// The fields of one structure; empty where the blob does not know it.
pub(super) fn structure(btf: &Btf, name: &str) -> Result<Vec<Fact>> {
    let fields = btf.fields(name)?.unwrap_or_default();
    Ok(fields.into_iter().filter(|field| !is_padding(&field.name)).map(|field| placed(name, field)).collect())
}

/// The enumerators around one member; empty where the blob does not know it.
pub(super) fn enumeration(btf: &Btf, member: &str) -> Vec<Fact> {
    let values = btf.enumeration_with(member).unwrap_or_default();
    values
        .into_iter()
        .filter(|(name, _)| !is_bound(name))
        .map(|(name, value)| Fact::Enumerator { name, value })
        .collect()
}

/// What one header declares, as groups: a structure, an enumeration. Macros are not in BTF.
pub(super) fn groups(btf: &Btf, header: &Header) -> Result<Vec<Vec<Fact>>> {
    let structures = header.structures.iter().map(|name| structure(btf, name));
    let mut groups = structures.collect::<Result<Vec<_>>>()?;
    groups.extend(header.enumerations.iter().map(|member| enumeration(btf, member)));
    groups.extend(header.enumerators.iter().map(|wanted| {
        let mut around = enumeration(btf, wanted);
        around.retain(|fact| fact.subject().2 == *wanted);
        around
    }));
    Ok(groups)
}

fn placed(structure: &str, field: Field) -> Fact {
    let Field { name, offset, size, bits } = field;
    Fact::Field { structure: structure.to_owned(), offset, bits, size, name }
}

fn valued<'a>(word: &'a str, key: &str) -> Result<&'a str> {
    word.strip_prefix(key)
        .and_then(|rest| rest.strip_prefix('='))
        .with_context(|| format!("expected {key}=NUMBER, found {word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_reads_back_as_written() {
        for line in [
            "struct tcp_info tcpi_rtt offset=68 size=4",
            "struct tcp_info tcpi_rcv_wscale offset=6 size=1 bits=4:4",
            "alias mptcpi_extra_subflows mptcpi_subflows",
            "enum INET_DIAG_INFO 2",
            "macro UDIAG_SHOW_UID 64",
        ] {
            assert_eq!(Fact::parse(line).expect(line).to_string(), line);
        }
    }

    #[test]
    fn a_line_that_states_nothing_is_an_error() {
        for line in ["", "struct tcp_info", "enum INET_DIAG_INFO two", "struct s f offset=1 width=2", "macro A 1 2"] {
            assert!(Fact::parse(line).is_err(), "{line}");
        }
    }
}
