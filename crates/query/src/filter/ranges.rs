//! Numeric comparisons as ranges of whole numbers in the field's own unit, with their edges right.

use core::ops::Range;

use crate::filter::ast::Condition;
use crate::filter::limits::Limits;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::number::{self, Exact};
use crate::filter::operator::Relation;
use crate::filter::scanner::Literal;

/// Ranges of whole numbers, both ends included.
pub(super) type Ranges = Vec<(i128, i128)>;

/// The ranges that a relation to these texts leaves of a field, sorted and merged.
pub(super) fn ranges_of<'t>(
    values: impl Iterator<Item = Literal<'t>>,
    relation: Relation,
    name: &str,
    limits: Limits,
    read: impl Fn(&str, &Range<usize>) -> Result<Exact, Mistake>,
) -> Result<Ranges, Mistake> {
    let read = |text: &str, at: &Range<usize>| {
        let exact = read(text, at)?;
        if exact.floor() < limits.min || exact.ceil() > limits.max {
            return Err(Mistake::new(at.clone(), format!("{} is out of the range of {}", quoted(text), quoted(name)))
                .expected(format!("a number from {} to {}", limits.min, limits.max)));
        }
        Ok(exact)
    };
    let mut ranges = Ranges::new();
    for value in values {
        let (text, at) = (value.raw, &value.at);
        make_room(&mut ranges);
        if relation.orders() {
            if range_ends(text).is_some() {
                return Err(Mistake::new(at.clone(), "a range has no order")
                    .expected("one number")
                    .help("ranges stand behind = and in"));
            }
            let range = ordered(relation, read(text, at)?, limits);
            if range.0 > range.1 {
                let extreme = if relation == Relation::Less { "less" } else { "greater" };
                return Err(Mistake::new(
                    at.clone(),
                    format!("this can match nothing: no {} is {extreme}", quoted(name)),
                ));
            }
            ranges.push(range);
            continue;
        }
        let (from, to) = match range_ends(text) {
            Some((from, to)) => (read(&with_unit_of(from, to), at)?, read(to, at)?),
            None => (read(text, at)?, read(text, at)?),
        };
        let (first, last) = (from.ceil(), to.floor());
        if first > last {
            return Err(if from.floor() > to.ceil() {
                Mistake::new(at.clone(), "this can match nothing: the range runs backwards")
                    .expected("the smaller number first")
            } else {
                Mistake::new(at.clone(), format!("this can match nothing: {} holds whole numbers only", quoted(name)))
            });
        }
        ranges.push((first, last));
    }
    merge(&mut ranges);
    Ok(ranges)
}

const fn ordered(relation: Relation, exact: Exact, limits: Limits) -> (i128, i128) {
    match relation {
        Relation::Greater => (exact.floor() + 1, limits.max),
        Relation::GreaterOrEqual => (exact.ceil(), limits.max),
        Relation::Less => (limits.min, exact.ceil() - 1),
        _ => (limits.min, exact.floor()),
    }
}

/// The ends of `80-90`; `None` for one number, negative or not, and for names with a dash.
fn range_ends(text: &str) -> Option<(&str, &str)> {
    let dash = text.get(1..)?.find('-')? + 1;
    let (from, to) = (&text[..dash], &text[dash + 1..]);
    let begins_with_digit =
        |text: &str| text.trim_start_matches('-').starts_with(|letter: char| letter.is_ascii_digit());
    (begins_with_digit(from) && begins_with_digit(to)).then_some((from, to))
}

/// `10-20ms` means `10ms-20ms`.
fn with_unit_of(from: &str, to: &str) -> String {
    let plain = number::unit_of(from).is_empty() && !to.starts_with("0x");
    if plain { format!("{from}{}", number::unit_of(to)) } else { from.to_owned() }
}

/// Makes room for one more: where values lie side by side, by merging what is there.
fn make_room(ranges: &mut Ranges) {
    if ranges.len() == ranges.capacity() {
        merge(ranges);
        // Half as much again: while it grows a list is there twice.
        if ranges.len() > ranges.capacity() / 4 * 3 {
            ranges.reserve_exact(ranges.len() / 2 + 8);
        }
    }
}

/// Sorts them, and makes one of those that overlap or touch.
fn merge(ranges: &mut Ranges) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1 + 1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
}

/// The condition for ranges that lie within the limits of a field.
pub(super) fn numeric(mut ranges: Ranges, limits: Limits) -> Condition {
    merge(&mut ranges);
    if limits.min < 0 {
        let signed = |number: i128| i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX });
        return Condition::Signed(exact(ranges.into_iter().map(|(from, to)| (signed(from), signed(to)))));
    }
    let unsigned = |number: i128| u64::try_from(number).unwrap_or(if number < 0 { 0 } else { u64::MAX });
    Condition::Numbers(exact(ranges.into_iter().map(|(from, to)| (unsigned(from), unsigned(to)))))
}

/// A list with room for its items alone.
fn exact<T>(items: impl ExactSizeIterator<Item = T>) -> Vec<T> {
    let mut list = Vec::with_capacity(items.len());
    list.extend(items);
    list
}
