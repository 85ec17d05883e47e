//! Comparisons with names that the running system knows: services, users, interfaces, control groups.

use core::ops::Range;

use sockeye_wire::Meaning;

use crate::FieldKind;
use crate::filter::ast::{Condition, Expression};
use crate::filter::compare::{Resolver, Subject};
use crate::filter::endpoint;
use crate::filter::limits::{self, Limits};
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::nearest::nearest;
use crate::filter::number::{self, Exact};
use crate::filter::numeric::plain_number;
use crate::filter::operator::Relation;
use crate::filter::ranges::{numeric, ranges_of};
use crate::filter::scanner::{Literal, Values};

impl Resolver<'_> {
    /// A condition on a port, without its field.
    pub(super) fn port(&self, text: &str, at: &Range<usize>) -> Result<Condition, Mistake> {
        let literal = Literal { at: at.clone(), raw: text, quoted: false };
        self.port_ranges(core::iter::once(literal), Relation::Equal, "port")
    }

    pub(super) fn ports(
        &self,
        subject: Subject<'_>,
        relation: Relation,
        values: &Values<'_>,
    ) -> Result<Expression, Mistake> {
        if let (1, Some(value)) = (values.len(), values.iter().next())
            && let Some((family, port)) = endpoint::with_family(&value)
        {
            // `FAMILY:PORT` and `FAMILY::PORT`, as the manual of `ss` has it.
            let port = self.ports(subject, relation, &Values::One(port))?;
            let any = Literal { at: value.at.clone(), raw: "*", quoted: false };
            let end = self.endpoint_of_family(family, &any)?;
            let side = if self.catalog.find("pport") == Some(subject.id) { "peer" } else { "local" };
            let Some(side) = self.catalog.find(side) else { return Ok(port) };
            return Ok(Expression::all([self.on_side(&end, side, &value.at)?, port]));
        }
        if !relation.orders() && values.iter().any(|value| matches!(value.raw, "*" | ":*" | "*:*")) {
            return Ok(subject.test(Condition::Present));
        }
        // `sport = :22` and `sport = *:22` are in every finger that has used `ss`.
        let bare = values.iter().map(|value| {
            let raw = value.raw.trim_start_matches('*').trim_start_matches(':');
            Literal { at: value.at.start + value.raw.len() - raw.len()..value.at.end, raw, quoted: false }
        });
        Ok(subject.test(self.port_ranges(bare, relation, subject.name)?))
    }

    /// Ports in some relation to these. What is greater than a port has no end: some families have wider ones.
    fn port_ranges<'t>(
        &self,
        values: impl Iterator<Item = Literal<'t>>,
        relation: Relation,
        name: &str,
    ) -> Result<Condition, Mistake> {
        let limits = Limits { min: 0, max: self.port_max.into() };
        let mut ranges = ranges_of(values, relation, name, limits, |text, at| self.port_number(text, at))?;
        if let Some((_, to)) = ranges.last_mut().filter(|(_, to)| relation.orders() && *to == limits.max) {
            *to = u32::MAX.into();
        }
        Ok(numeric(ranges, limits))
    }

    fn port_number(&self, text: &str, at: &Range<usize>) -> Result<Exact, Mistake> {
        if let Ok(number) = number::read(text, Meaning::Identifier) {
            return Ok(number);
        }
        if text.is_empty() || text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') {
            return Err(Mistake::new(at.clone(), format!("{} is no port", quoted(text)))
                .expected(limits::values(FieldKind::Port)));
        }
        let port = self.names.port(text);
        port.map(|port| Exact::whole(i128::from(port))).map_err(|why| self.no_such_name(at, why, FieldKind::Port, text))
    }

    /// A name that the system does not know, and the nearest one that it does.
    fn no_such_name(&self, at: &Range<usize>, why: String, kind: FieldKind, name: &str) -> Mistake {
        let known = self.names.known(kind);
        let near = nearest(name, known.iter().map(String::as_str));
        Mistake::new(at.clone(), why).expected(limits::values(kind)).nearest(near)
    }

    pub(super) fn users(
        &self,
        subject: Subject<'_>,
        relation: Relation,
        values: &Values<'_>,
    ) -> Result<Expression, Mistake> {
        let limits = Limits::of(subject.info);
        let ranges = ranges_of(values.iter(), relation, subject.name, limits, |text, at| {
            if let Ok(number) = number::read(text, Meaning::Identifier) {
                return Ok(number);
            }
            let user = self.names.user(text);
            user.map(|user| Exact::whole(i128::from(user)))
                .map_err(|why| self.no_such_name(at, why, FieldKind::User, text))
        })?;
        Ok(subject.test(numeric(ranges, limits)))
    }

    /// Users as rows show them: by name, or by the number of one without a name.
    pub(super) fn user_names(&self, subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
        let mut texts = Vec::new();
        for value in values.iter() {
            let value = &value;
            let uid = match plain_number(value, subject)? {
                Some(number) if !value.quoted => u32::try_from(number).map_err(|_| {
                    Mistake::new(value.at.clone(), format!("{} is no user id", quoted(value.raw)))
                        .expected(format!("a number from 0 to {}", u32::MAX))
                })?,
                _ => {
                    let name = String::from_utf8_lossy(&value.unescaped()).into_owned();
                    let user = self.names.user(&name);
                    user.map_err(|why| self.no_such_name(&value.at, why, FieldKind::User, &name))?
                }
            };
            texts.push(self.names.user_name(uid).unwrap_or_else(|| uid.to_string()).into_bytes());
        }
        texts.sort_unstable();
        texts.dedup();
        Ok(subject.test(Condition::Texts(texts)))
    }

    pub(super) fn interfaces(&self, subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
        let parts: Result<Vec<_>, Mistake> = values.iter().map(|value| self.interface(subject, &value)).collect();
        Ok(Expression::any(parts?))
    }

    /// One interface.
    pub(super) fn interface(&self, subject: Subject<'_>, value: &Literal<'_>) -> Result<Expression, Mistake> {
        let name = value.unescaped();
        let known = match core::str::from_utf8(&name) {
            Ok(name) => {
                let index = self.names.interface(name);
                index.map_err(|why| self.no_such_name(&value.at, why, FieldKind::Interface, name))?
            }
            Err(_) => None,
        };
        // A name first, as everywhere; digits that name nothing are an index.
        let number = if known.is_none() && !value.quoted { plain_number(value, subject)? } else { None };
        let index = known.or_else(|| number.and_then(|number| u32::try_from(number).ok()));
        let condition = Condition::Interface { index, name };
        // Rows show a name where there is one, so an index is looked for where that stands.
        let by_index = number.and_then(|_| self.catalog.find("ifindex")).filter(|_| subject.info.path == "interface");
        Ok(Expression::test(by_index.unwrap_or(subject.id), condition))
    }

    pub(super) fn cgroups(&self, subject: Subject<'_>, values: &Values<'_>) -> Result<Expression, Mistake> {
        let mut parts = Vec::new();
        for value in values.iter() {
            let value = &value;
            let text = String::from_utf8_lossy(&value.unescaped()).into_owned();
            let group = self.names.cgroup(&text);
            let (id, path) = group.map_err(|why| self.no_such_name(&value.at, why, FieldKind::Cgroup, &text))?;
            parts.push(subject.test(Condition::Cgroup { id, path }));
        }
        Ok(Expression::any(parts))
    }
}
