//! Comparisons of fields that are numbers: ranges, masks, and what is said of a text that is no number.

use core::ops::Range;

use sockeye_wire::Meaning;

use crate::filter::ast::{Condition, Expression};
use crate::filter::compare::{Subject, unknown_value};
use crate::filter::limits::Limits;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::number::{self, NumberError};
use crate::filter::operator::Relation;
use crate::filter::ranges::{numeric, ranges_of};
use crate::filter::scanner::{Literal, Values};

/// A comparison of a field that is a plain number.
pub(super) fn numbers(
    subject: Subject<'_>,
    meaning: Meaning,
    relation: Relation,
    values: &Values<'_>,
) -> Result<Expression, Mistake> {
    let limits = Limits::of(subject.info);
    let maskable = matches!(meaning, Meaning::Identifier | Meaning::Hexadecimal) && !relation.orders();
    let is_masked = |value: &Literal<'_>| maskable && value.raw.contains('/');
    let mut parts = Vec::new();
    let plain = values.iter().filter(|value| !is_masked(value));
    if plain.clone().next().is_some() {
        let read = |text: &str, at: &Range<usize>| {
            number::read(text, meaning).map_err(|error| not_a_number(subject, meaning, text, at, error))
        };
        parts.push(subject.test(numeric(ranges_of(plain, relation, subject.name, limits, read)?, limits)));
    }
    for value in values.iter().filter(is_masked) {
        parts.push(subject.test(masked_value(subject, limits, &value)?));
    }
    Ok(Expression::any(parts))
}

fn masked_value(subject: Subject<'_>, limits: Limits, literal: &Literal<'_>) -> Result<Condition, Mistake> {
    let (value, mask) = literal.raw.split_once('/').unwrap_or((literal.raw, ""));
    let read = |text| {
        let number = number::read(text, Meaning::Identifier).ok().filter(|number| number.is_whole())?;
        u64::try_from(number.floor()).ok().filter(|&number| i128::from(number) <= limits.max)
    };
    let (Some(value), Some(mask)) = (read(value), read(mask)) else {
        return Err(unknown_value(subject, literal).expected("VALUE/MASK, as in 0x10/0xff"));
    };
    if value & !mask != 0 {
        return Err(Mistake::new(
            literal.at.clone(),
            "this can match nothing: the value has bits that the mask leaves out",
        )
        .help(format!("with that mask the value would be {:#x}", value & mask)));
    }
    Ok(Condition::Masked { value, mask })
}

fn not_a_number(
    subject: Subject<'_>,
    meaning: Meaning,
    text: &str,
    at: &Range<usize>,
    error: NumberError<'_>,
) -> Mistake {
    let name = quoted(subject.name);
    let mistake = match error {
        NumberError::NotANumber => {
            Mistake::new(at.clone(), format!("{} is no number, and {name} is one", quoted(text)))
        }
        NumberError::TooLarge => Mistake::new(at.clone(), format!("{} is out of the range of {name}", quoted(text))),
        NumberError::UnknownUnit(unit) => Mistake::new(at.clone(), format!("{} is no unit of {name}", quoted(unit))),
        NumberError::HexadecimalWithoutPrefix => {
            return Mistake::new(at.clone(), format!("{} is no decimal number", quoted(text)))
                .help(format!("hexadecimal numbers begin with 0x: 0x{text}"));
        }
    };
    mistake.expected(match (number::units(meaning), meaning) {
        (Some(units), Meaning::Count) => format!("a number, or with a unit: {units}"),
        (Some(units), _) => format!("a number in {}, or with a unit: {units}", meaning.unit()),
        (None, _) => "a number".to_owned(),
    })
}

/// A literal that is a number without unit, where names are usual.
pub(super) fn plain_number(literal: &Literal<'_>, subject: Subject<'_>) -> Result<Option<u64>, Mistake> {
    let begins_with_digit = literal.raw.starts_with(|letter: char| letter.is_ascii_digit());
    if literal.quoted || !begins_with_digit {
        return Ok(None);
    }
    let Ok(number) = number::read(literal.raw, Meaning::Identifier) else { return Ok(None) };
    let limits = Limits::of(subject.info);
    match u64::try_from(number.floor()) {
        Ok(whole) if number.is_whole() && i128::from(whole) <= limits.max => Ok(Some(whole)),
        _ => Err(Mistake::new(
            literal.at.clone(),
            format!("{} is out of the range of {}", quoted(literal.raw), quoted(subject.name)),
        )
        .expected(format!("a whole number from 0 to {}", limits.max))),
    }
}
