//! What may begin a condition, in the words of the table that is asked.

use crate::filter::compare::Resolver;
use crate::filter::grammar::CONDITION;
use crate::filter::limits::example;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::scanner::Piece;
use crate::filter::suggest;
use crate::{Catalog, FieldKind};

/// Words that say that there is nothing to say.
const EMPTY_WORDS: [&str; 2] = ["unspec", "unknown"];

/// Fields that every table has.
const COMMON: [&str; 2] = ["netns", "family"];

/// The same mistake, with what this catalog has in place of what sockets have.
pub(super) fn in_terms_of(catalog: &Catalog, mistake: Mistake) -> Mistake {
    // The general text speaks of sockets.
    if mistake.expected.as_deref() != Some(CONDITION) || catalog.word("tcp").is_some() {
        return mistake;
    }
    let of = |field: &str| {
        let field = catalog.find(field);
        catalog.words().iter().filter(move |word| Some(word.field) == field && !EMPTY_WORDS.contains(&word.word))
    };
    // The family that most have, and the state or scope that is the usual one.
    let usual = || of("state").next_back().or_else(|| of("scope").next_back());
    let words: Vec<_> = of("family").next().into_iter().chain(usual()).map(|word| quoted(word.word)).collect();
    let mut parts = Vec::new();
    if !words.is_empty() {
        parts.push(format!("a word ({})", words.join(", ")));
    }
    if !catalog.sides().is_empty() {
        parts.push("an address".to_owned());
    }
    let own = || catalog.fields().find(|(_, info)| !COMMON.contains(&info.path.as_str())).map(|(field, _)| field);
    let field = catalog.find("dev").or_else(own).map(|field| catalog.info(field));
    let shown = field.map_or(String::new(), |field| format!(", as in {} = {}", field.name(), example(field.kind)));
    parts.push(format!("FIELD OPERATOR VALUE{shown}"));
    let last = parts.pop().unwrap_or_default();
    mistake.expected(if parts.is_empty() { last } else { format!("{}, or {last}", parts.join(", ")) })
}

/// A word that is nothing at all, but perhaps the name of an interface.
pub(super) fn unknown_word(word: &Piece<'_>, resolver: &Resolver<'_>) -> Mistake {
    let mistake = suggest::unknown_word(word, resolver.catalog);
    let has_device = resolver
        .catalog
        .find("dev")
        .is_some_and(|device| matches!(resolver.catalog.info(device).kind, FieldKind::Interface));
    if has_device && matches!(resolver.names.interface(word.text), Ok(Some(_))) {
        return mistake.nearest(None).help(format!("{0} is an interface: write dev = {0}", word.text));
    }
    mistake
}
