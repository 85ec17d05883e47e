//! What could have been meant by a word that is not understood.

use core::ops::Range;

use sockeye_wire::Meaning;

use crate::filter::grammar::CONDITION;
use crate::filter::limits::{example, example_of_order, has_order, values};
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::nearest::nearest;
use crate::filter::operator::{self, Operator, Relation};
use crate::filter::scanner::Piece;
use crate::filter::{number, ss};
use crate::sockets::live::is_only_of_followed;
use crate::{Catalog, FieldKind};

/// What stands before an operator, for messages.
const FIELD: &str = "the name of a field, as `sockeye fields` lists them";

/// Of a field that a listing cannot have.
const FOLLOWED: &str = "only sockets that are followed have it: `sockeye watch sockets`, `top`, `why`";

/// A name before an operator or behind `has` that is no field.
pub(super) fn unknown_field(name: &Piece<'_>, catalog: &Catalog) -> Mistake {
    let known = catalog.fields().flat_map(|(_, info)| info.aliases.iter().copied().chain([info.path.as_str()]));
    let mistake = Mistake::new(name.at.clone(), format!("unknown field {}", quoted(name.text))).expected(FIELD);
    if is_only_of_followed(name.text, catalog) {
        return mistake.help(FOLLOWED);
    }
    match catalog.word(name.text) {
        Some(word) => mistake.help(format!(
            "`{}` is a word of {} and stands alone",
            word.word,
            quoted(catalog.info(word.field).name())
        )),
        None => mistake.nearest(nearest(name.text, known)),
    }
}

/// A name that is compared and no field: unknown, or with the mask that belongs behind the value.
pub(super) fn unknown_compared(name: &Piece<'_>, operator: &Operator<'_>, value: &str, catalog: &Catalog) -> Mistake {
    let mistake = unknown_field(name, catalog);
    let masked = name.text.split_once('/').filter(|(field, mask)| {
        let kind = catalog.find(field).map(|field| catalog.info(field).kind);
        matches!(kind, Some(FieldKind::Number(Meaning::Identifier | Meaning::Hexadecimal)))
            && number::read(mask, Meaning::Identifier).is_ok()
    });
    let Some((field, mask)) = masked else { return mistake };
    let sign = if operator.relation == Relation::Equal { operator.piece.text } else { "=" };
    let value = if value.is_empty() { "VALUE" } else { value };
    mistake.help(format!("a mask stands behind the value: {field} {sign} {value}/{mask}"))
}

/// A word that is nothing at all.
pub(super) fn unknown_word(word: &Piece<'_>, catalog: &Catalog) -> Mistake {
    let names = catalog.fields().flat_map(|(_, info)| info.aliases.iter().copied().chain([info.path.as_str()]));
    let known = catalog.words().iter().map(|word| word.word).chain(names);
    let mistake = Mistake::new(word.at.clone(), format!("unknown word {}", quoted(word.text))).of_word();
    if let Some(hint) = ss::hint(&[word.text]) {
        return mistake.help(hint);
    }
    let mistake = mistake.expected(CONDITION);
    if word.text.bytes().all(|letter| letter.is_ascii_digit()) {
        return mistake.help(format!("for a port write :{0}, for an address give it whole", word.text));
    }
    if number::is_unit(word.text) {
        return mistake.help("a unit stands right behind its number, as in 100ms");
    }
    let host = word.text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b".-:_".contains(&letter));
    match nearest(word.text, known) {
        Some(near) => mistake.nearest(Some(near)),
        None if host && catalog.find("peer").is_some() => {
            mistake.help(format!("a host name needs its side: dst {0} or src {0}", word.text))
        }
        None => mistake,
    }
}

/// Something else where a condition should begin.
pub(super) fn no_condition(at: Range<usize>, next: Option<char>, word: &Piece<'_>) -> Mistake {
    let message = match next {
        None => "the filter ends where a condition should be",
        Some('\'' | '"') => "a text in quotes needs a field and an operator before it",
        Some(')') => "this bracket stands where a condition should be",
        Some(',') => "a comma stands only inside of `in (…)`",
        Some('=' | '!' | '<' | '>' | '~') => "an operator needs a field before it",
        Some(_) if operator::is_one(word.text) => "an operator needs a field before it",
        Some(_) => "there is no condition before this",
    };
    Mistake::new(at, message).expected(CONDITION)
}

/// `sport > 1024` without quotes, of a field that stands without `=` too: the shell has taken all but the field.
pub(super) fn value_missing(name: &Piece<'_>, kind: FieldKind, at: Range<usize>) -> Mistake {
    let mistake = Mistake::new(at, format!("{} needs a value", quoted(name.text))).expected(values(kind));
    // Nobody asks which address is greater.
    if has_order(kind) || kind == FieldKind::UserName {
        return mistake.help(taken_by_the_shell(name.text, kind, ""));
    }
    mistake
}

/// `rtt > 100ms` without quotes: the shell has taken `> 100ms` for a redirection, or `>` out of `>= 100ms`.
pub(super) fn operator_missing(name: &Piece<'_>, kind: FieldKind, value: &str) -> Mistake {
    let field = name.text;
    if kind == FieldKind::Structure {
        return Mistake::new(
            name.at.clone(),
            format!("{} has an inner structure and stands only behind `has`", quoted(field)),
        )
        .help(format!("write has {field}"));
    }
    let behind = Mistake::new(name.at.clone(), format!("{} needs an operator and a value", quoted(field)))
        .expected(operator::expected(kind));
    if has_order(kind) {
        return behind.help(taken_by_the_shell(field, kind, value));
    }
    let value = if is_value(value, kind) { value } else { example(kind) };
    behind.help(format!("write {field} = {value}"))
}

/// What to write instead of an operator that the shell takes for itself.
fn taken_by_the_shell(field: &str, kind: FieldKind, value: &str) -> String {
    let guess = "if there was a > or <, the shell took it for a redirection";
    if !has_order(kind) {
        return format!("{guess}; {} has no order: write {field} = {}", quoted(field), example(kind));
    }
    // `>= 5` leaves the value on the command line (the shell makes a file named `=`), `> 5` does not.
    let (sign, relation, value) = if is_value(value, kind) {
        (">=", Relation::GreaterOrEqual, value)
    } else {
        (">", Relation::Greater, example_of_order(kind))
    };
    format!("{guess}: write '{field} {sign} {value}' in quotes, or {field} {} {value}", relation.word())
}

/// Whether what stands behind a field can be a value of it, and not only the next condition.
fn is_value(text: &str, kind: FieldKind) -> bool {
    match kind {
        FieldKind::Number(Meaning::OneOf(names) | Meaning::SetOf(names)) => {
            names.iter().any(|name| name.name.eq_ignore_ascii_case(text))
        }
        FieldKind::Number(meaning) => number::read(text, meaning).is_ok(),
        _ => !text.is_empty(),
    }
}
