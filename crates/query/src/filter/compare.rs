//! Comparisons: a field, an operator and what was written behind it become a test in the field's own terms.

use core::cell::Cell;

use sockeye_wire::{Meaning, Name};

use crate::filter::ast::{Condition, Expression};
use crate::filter::limits::{self, Limits};
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::nearest::nearest;
use crate::filter::numeric::{numbers, plain_number};
use crate::filter::operator::{self, Operator, Relation};
use crate::filter::pattern::{Pattern, PatternKind};
use crate::filter::ranges::numeric;
use crate::filter::scanner::{Literal, Values};
use crate::filter::states;
use crate::filter::{Dialect, endpoint, families};
use crate::{Catalog, FieldId, FieldInfo, FieldKind, Names, Word};

/// Patterns in one filter. Names that do not fit one list of patterns belong into one regular expression.
pub const PATTERNS_MAX: usize = 64;

/// What literals are resolved with.
pub(super) struct Resolver<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) names: &'c dyn Names,
    /// The greatest port that the filter may speak of.
    pub(super) port_max: u32,
    /// Patterns compiled so far.
    patterns: Cell<usize>,
    pub(super) dialect: Dialect,
}

/// A field that is being compared.
#[derive(Clone, Copy)]
pub(super) struct Subject<'c> {
    pub(super) id: FieldId,
    pub(super) info: &'c FieldInfo,
    /// Its name as the filter spells it.
    pub(super) name: &'c str,
}

impl Subject<'_> {
    pub(super) fn test(self, condition: Condition) -> Expression {
        Expression::test(self.id, condition)
    }
}

impl<'c> Resolver<'c> {
    pub(super) fn new(catalog: &'c Catalog, names: &'c dyn Names, filter: &str, dialect: Dialect) -> Self {
        Self { catalog, names, port_max: families::port_max(filter), patterns: Cell::new(0), dialect }
    }

    /// What `FIELD OPERATOR VALUES` means. Only `in` may have more than one value.
    pub(super) fn comparison(
        &self,
        id: FieldId,
        name: &str,
        operator: &Operator<'_>,
        values: &Values<'_>,
    ) -> Result<Expression, Mistake> {
        let subject = Subject { id, info: self.catalog.info(id), name };
        refuse_operator(subject, operator)?;
        let relation = operator.relation;
        let holds = match subject.info.kind {
            _ if relation.is_pattern() => self.pattern(subject, relation, values)?,
            FieldKind::Number(Meaning::Truth) => truth(subject, values)?,
            FieldKind::Number(Meaning::OneOf(names)) => self.words(subject, names, values)?,
            FieldKind::Number(Meaning::SetOf(names)) => set(subject, names, values)?,
            FieldKind::Number(meaning) => numbers(subject, meaning, relation, values)?,
            FieldKind::Port => self.ports(subject, relation, values)?,
            FieldKind::User => self.users(subject, relation, values)?,
            FieldKind::UserName => self.user_names(subject, values)?,
            FieldKind::Interface => self.interfaces(subject, values)?,
            FieldKind::Cgroup => self.cgroups(subject, values)?,
            FieldKind::Address | FieldKind::SocketAddress => self.addresses(subject, values.iter())?,
            FieldKind::Network => self.networks_of_records(subject, values)?,
            FieldKind::LinkAddress => link_addresses(subject, values)?,
            FieldKind::Text | FieldKind::Structure => self.texts(subject, values)?,
        };
        Ok(if operator.negated { holds.negated() } else { holds })
    }

    /// A bare word, or a state as `ss` spells it.
    pub(super) fn word(&self, text: &str) -> Option<&'c Word> {
        let is_state = |word: &&Word| self.catalog.find("state") == Some(word.field);
        let respelled = || states::respelled(text).and_then(|word| self.catalog.word(word)).filter(is_state);
        self.catalog.word(text).or_else(respelled)
    }

    /// The values that a word stands for where it speaks of this field.
    pub(super) fn word_values(&self, field: FieldId, text: &str) -> Option<Vec<&'static str>> {
        self.word(text).filter(|word| word.field == field).map(|word| word.values.to_vec())
    }

    /// Compiles a pattern. Each may take a megabyte, so their number is bounded too.
    pub(super) fn compile(&self, kind: PatternKind, literal: &Literal<'_>) -> Result<Pattern, Mistake> {
        self.patterns.set(self.patterns.get() + 1);
        if self.patterns.get() > PATTERNS_MAX {
            return Err(Mistake::new(
                literal.at.clone(),
                format!("a filter may have {PATTERNS_MAX} patterns, this one has more"),
            ));
        }
        Pattern::compile(kind, &literal.pattern()).map_err(|why| Mistake::new(literal.at.clone(), why))
    }

    fn pattern(&self, subject: Subject<'_>, relation: Relation, values: &Values<'_>) -> Result<Expression, Mistake> {
        let kind = if relation == Relation::Glob { PatternKind::Glob } else { PatternKind::Regex };
        let mut parts = Vec::new();
        for value in values.iter() {
            let value = &value;
            let pattern = self.compile(kind, value)?;
            let FieldKind::Number(Meaning::OneOf(names)) = subject.info.kind else {
                parts.push(subject.test(Condition::Pattern(pattern)));
                continue;
            };
            // The kernel selects by number: a pattern over known names is the list of those that fit.
            let fitting: Vec<&'static str> =
                names.iter().map(|name| name.name).filter(|name| pattern.matches(name.as_bytes())).collect();
            if fitting.is_empty() {
                return Err(Mistake::new(
                    value.at.clone(),
                    format!("no value of {} fits this pattern", quoted(subject.name)),
                )
                .expected(one_of(names)));
            }
            parts.push(subject.test(words_condition(fitting)));
        }
        Ok(Expression::any(parts))
    }

    fn words(&self, subject: Subject<'_>, names: &'static [Name], values: &Values<'_>) -> Result<Expression, Mistake> {
        let mut words = Vec::new();
        let mut numbers = Vec::new();
        for value in values.iter() {
            let value = &value;
            if let Some(number) = plain_number(value, subject)? {
                match names.iter().find(|name| name.value == number) {
                    Some(name) => words.push(name.name),
                    None => numbers.push((i128::from(number), i128::from(number))),
                }
            } else if let Some(name) = named(names, value.raw) {
                words.push(name.name);
            } else if let Some(values) = self.word_values(subject.id, value.raw) {
                words.extend(values);
            } else {
                let own = self.catalog.words().iter().filter(|word| word.field == subject.id).map(|word| word.word);
                let known = names.iter().map(|name| name.name).chain(own);
                return Err(unknown_value(subject, value).expected(one_of(names)).nearest(nearest(value.raw, known)));
            }
        }
        let words = (!words.is_empty()).then(|| subject.test(words_condition(words)));
        let numbers = (!numbers.is_empty()).then(|| subject.test(numeric(numbers, Limits::of(subject.info))));
        Ok(Expression::any(words.into_iter().chain(numbers)))
    }

    fn addresses<'t>(
        &self,
        subject: Subject<'_>,
        values: impl Iterator<Item = Literal<'t>>,
    ) -> Result<Expression, Mistake> {
        let mut networks = Vec::new();
        let mut others = Vec::new();
        for value in values {
            let value = &value;
            let mut end = self.endpoint(value)?;
            if end.is_networks() {
                networks.append(&mut end.networks);
            } else {
                others.push(self.on_side(&end, subject.id, &value.at)?);
            }
        }
        let networks = (!networks.is_empty()).then(|| subject.test(Condition::Networks(endpoint::merged(networks))));
        Ok(Expression::any(networks.into_iter().chain(others)))
    }

    /// Networks of a record that hold of every network within them, and `default`.
    fn networks_of_records(&self, subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
        let is_label = |value: &Literal<'_>| value.quoted || value.raw.bytes().all(|letter| letter.is_ascii_digit());
        let is_everything = |value: &Literal<'_>| value.raw == "default" && !value.quoted;
        let mut parts = Vec::new();
        for value in values.iter() {
            if is_everything(&value) {
                parts.push(subject.test(Condition::Everything));
            } else if is_label(&value) {
                // The label of an MPLS route.
                parts.push(subject.test(Condition::Texts(vec![value.unescaped()])));
            }
        }
        let others = values.iter().filter(|value| !is_everything(value) && !is_label(value));
        if others.clone().next().is_some() {
            parts.push(self.addresses(subject, others)?);
        }
        Ok(Expression::any(parts))
    }

    fn texts(&self, subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
        let mut words = Vec::new();
        let mut texts = Vec::new();
        for value in values.iter() {
            let value = &value;
            let len_max = limits::text_len_max(subject.info);
            if let Some(max) = len_max.filter(|&max| value.unescaped().len() > max) {
                let message =
                    format!("this can match nothing: the kernel cuts {} to {max} bytes", quoted(subject.name));
                return Err(
                    Mistake::new(value.at.clone(), message).help("what a process was started as is its cmdline")
                );
            }
            match self.word_values(subject.id, value.raw).filter(|_| !value.quoted) {
                Some(values) => words.extend(values),
                None => texts.push(value.unescaped()),
            }
        }
        texts.sort_unstable();
        texts.dedup();
        let words = (!words.is_empty()).then(|| subject.test(words_condition(words)));
        let texts = (!texts.is_empty()).then(|| subject.test(Condition::Texts(texts)));
        Ok(Expression::any(words.into_iter().chain(texts)))
    }
}

fn refuse_operator(subject: Subject<'_>, operator: &Operator<'_>) -> Result<(), Mistake> {
    let kind = subject.info.kind;
    let relation = operator.relation;
    let name = quoted(subject.name);
    let at = operator.piece.at.clone();
    if kind == FieldKind::Structure {
        return Err(Mistake::new(at, format!("{name} has an inner structure and cannot be compared"))
            .help(format!("write `has {}`, or compare one of its fields", subject.name)));
    }
    let number = matches!(kind, FieldKind::Number(_) | FieldKind::Port | FieldKind::User);
    if relation.orders() && !limits::has_order(kind) {
        return Err(Mistake::new(at, format!("{name} has no order, so {} says nothing", quoted(operator.piece.text)))
            .expected(operator::expected(kind)));
    }
    let one_of = matches!(kind, FieldKind::Number(Meaning::OneOf(_)));
    if relation.is_pattern() && number && !one_of {
        return Err(
            Mistake::new(at, format!("{name} is not text, so it fits no pattern")).expected(operator::expected(kind))
        );
    }
    Ok(())
}

/// Octets apart by colons or dashes, in any case, as records show them.
fn link_addresses(subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
    let mut texts = Vec::new();
    for value in values.iter() {
        let value = &value;
        let octets = value.raw.split([':', '-']).map(|octet| {
            let digits = (1..=2).contains(&octet.len()) && octet.bytes().all(|digit| digit.is_ascii_hexdigit());
            u8::from_str_radix(octet, 16).ok().filter(|_| digits)
        });
        let Some(octets) = octets.collect::<Option<Vec<u8>>>() else {
            return Err(unknown_value(subject, value).expected(limits::values(FieldKind::LinkAddress)));
        };
        texts.push(super::decide::link_address(&octets).into_bytes());
    }
    texts.sort_unstable();
    texts.dedup();
    Ok(subject.test(Condition::Texts(texts)))
}

fn truth(subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
    let mut parts = Vec::new();
    for value in values.iter() {
        let value = &value;
        let truth = match value.raw.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            _ => return Err(unknown_value(subject, value).expected("true or false")),
        };
        parts.push(subject.test(Condition::Truth(truth)));
    }
    Ok(Expression::any(parts))
}

fn set(subject: Subject<'_>, names: &'static [Name], values: &Values<'_>) -> Result<Expression, Mistake> {
    let mut parts = Vec::new();
    for value in values.iter() {
        let value = &value;
        let condition = match (plain_number(value, subject)?, named(names, value.raw)) {
            // Every set has all bits of the empty one; what is meant is a set without bits.
            (Some(0), _) => Condition::Masked { value: 0, mask: u64::MAX },
            (Some(bits), _) => Condition::Bits(bits),
            (None, Some(name)) => Condition::Bits(name.value),
            (None, None) => {
                let near = nearest(value.raw, names.iter().map(|name| name.name));
                return Err(unknown_value(subject, value).expected(one_of(names)).nearest(near));
            }
        };
        parts.push(subject.test(condition));
    }
    Ok(Expression::any(parts))
}

pub(super) fn words_condition(mut words: Vec<&'static str>) -> Condition {
    words.sort_unstable();
    words.dedup();
    Condition::Words(words)
}

fn named(names: &'static [Name], text: &str) -> Option<&'static Name> {
    names.iter().find(|name| {
        name.name.len() == text.len()
            && name.name.bytes().zip(text.bytes()).all(|(known, letter)| {
                known.eq_ignore_ascii_case(&letter) || (matches!(known, b'-' | b'_') && matches!(letter, b'-' | b'_'))
            })
    })
}

pub(super) fn unknown_value(subject: Subject<'_>, literal: &Literal<'_>) -> Mistake {
    Mistake::new(literal.at.clone(), format!("{} is no value of {}", quoted(literal.raw), quoted(subject.name)))
}

/// Names of a list that a message shows before it only counts the rest.
const LISTED_NAMES_MAX: usize = 16;

fn one_of(names: &[Name]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED_NAMES_MAX).map(|name| name.name).collect();
    match names.len().saturating_sub(LISTED_NAMES_MAX) {
        0 => format!("one of {}", shown.join(", ")),
        more => format!("one of {} and {more} more", shown.join(", ")),
    }
}
