//! The grammar: `not` before `and` before `or`, brackets, words, bare addresses and comparisons.
//!
//! ```text
//! either     := both { ("or" | "|" | "||") both }
//! both       := run { ("and" | "&" | "&&") run }
//! run        := condition { condition }            side by side: and, or for words of one kind
//! condition  := ("not" | "!") condition | "(" either ")" | predicate
//! predicate  := WORD | ADDRESS | "has" FIELD | ["state" | "exclude"] STATE | FIELD OPERATOR VALUES
//! ```

use core::ops::Range;

use sockeye_wire::Meaning;

use crate::filter::ast::{Condition, Expression, Test};
use crate::filter::compare::{Resolver, words_condition};
use crate::filter::limits::{example, needs_no_operator, values};
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::nearest::nearest;
use crate::filter::node::{Node, Shape};
use crate::filter::operator::{self, Operator, Relation};
use crate::filter::scanner::{Literal, Piece, Scanner, Values};
use crate::filter::{Dialect, condition, endpoint, suggest};
use crate::{Catalog, FieldId, FieldKind, Names};

/// Brackets and negations inside each other. Nobody reads deeper, and the parser calls itself for each.
pub const NESTING_MAX: usize = 64;

/// Values in one list. A list of blocked addresses may be long; each value costs a comparison a socket.
pub const LIST_LEN_MAX: usize = 4096;

const AND: [&str; 1] = ["and"];
const OR: [&str; 1] = ["or"];
const NOT: [&str; 1] = ["not"];

/// What may begin a condition, for messages.
pub(super) const CONDITION: &str = "a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE";

/// What may follow a condition, for messages.
const CONTINUATION: &str = "`and`, `or` or another condition";

/// What stands behind `has`, for messages.
const HAS: &str = "a field, as in has mark";

/// Reads a whole filter; `None` where there is none.
pub(super) fn read(
    text: &str,
    catalog: &Catalog,
    names: &dyn Names,
    dialect: Dialect,
) -> Result<Option<Node>, Mistake> {
    let resolver = Resolver::new(catalog, names, text, dialect);
    let mut grammar = Grammar { scanner: Scanner::new(text), resolver, depth: 0 };
    if grammar.scanner.at_end() {
        return Ok(None);
    }
    let node = grammar.either()?;
    if grammar.scanner.at_end() {
        return Ok(Some(node));
    }
    let at = grammar.place_of_next();
    Err(match grammar.scanner.peek() {
        Some(')') => Mistake::new(at, "this bracket closes nothing").expected(CONTINUATION),
        Some(',') => Mistake::new(at, "a comma stands only inside of `in (…)`")
            .expected(CONTINUATION)
            .help("words of one kind side by side mean one or the other: tcp udp"),
        _ => Mistake::new(at, "this does not continue the filter").expected(CONTINUATION),
    })
}

struct Grammar<'t, 'c> {
    scanner: Scanner<'t>,
    resolver: Resolver<'c>,
    depth: usize,
}

/// A condition, and whether it is a word, which joins with others of its kind.
struct Operand {
    node: Node,
    is_word: bool,
}

impl<'t> Grammar<'t, '_> {
    fn either(&mut self) -> Result<Node, Mistake> {
        let first = self.both()?;
        let mut others = Vec::new();
        while self.connective(&["||", "|"], &OR)? {
            others.push(self.both()?);
        }
        Ok(Node::group(first, others, Shape::Any))
    }

    fn both(&mut self) -> Result<Node, Mistake> {
        let first = self.run()?;
        let mut others = Vec::new();
        while self.connective(&["&&", "&"], &AND)? {
            others.push(self.run()?);
        }
        Ok(Node::group(first, others, Shape::All))
    }

    /// Conditions side by side. Words of one kind join, adjacent or not: `tcp listening udp` is (tcp or udp) and listening.
    fn run(&mut self) -> Result<Node, Mistake> {
        let mut first = self.condition()?;
        let mut others: Vec<Operand> = Vec::new();
        while self.another_condition_follows() {
            let next = self.condition()?;
            let joined = next.is_word
                && core::iter::once(&mut first)
                    .chain(&mut others)
                    .any(|before| before.is_word && before.node.join(&next.node));
            if !joined {
                others.push(next);
            }
        }
        Ok(Node::group(first.node, others.into_iter().map(|operand| operand.node).collect(), Shape::All))
    }

    fn condition(&mut self) -> Result<Operand, Mistake> {
        let from = self.scanner.place();
        let negation = self.scanner.peek_signs();
        let negated =
            if negation.text.starts_with('!') && !negation.text.starts_with("!=") && !negation.text.starts_with("!~") {
                self.scanner.take("!")
            } else {
                self.scanner.take_word(&NOT)
            };
        if negated {
            self.must_follow("`not`", from)?;
            let inner = self.nested(from, Self::condition)?.node;
            let at = from..inner.at.end;
            return Ok(Operand { node: Node::new(at, Shape::Not(Box::new(inner))), is_word: false });
        }
        if !self.scanner.take("(") {
            return self.predicate();
        }
        if self.scanner.peek() == Some(')') {
            let to = self.scanner.place() + 1;
            return Err(Mistake::new(from..to, "there is nothing between the brackets").expected(CONDITION).of_value());
        }
        let inner = self.nested(from, Self::either)?;
        if !self.scanner.take(")") {
            if self.scanner.at_end() {
                return Err(Mistake::new(from..from + 1, "this bracket is not closed").expected("`)`"));
            }
            let at = self.place_of_next();
            return Err(
                Mistake::new(at, "this does not continue the filter").expected("`and`, `or`, `)` or another condition")
            );
        }
        let at = from..self.scanner.taken();
        Ok(Operand { node: Node::new(at, inner.shape), is_word: false })
    }

    fn predicate(&mut self) -> Result<Operand, Mistake> {
        let word = self.scanner.peek_word();
        let connective = [AND, OR].iter().flatten().any(|connective| word.text.eq_ignore_ascii_case(connective));
        if word.text.is_empty() || connective || operator::is_one(word.text) {
            return Err(self.no_condition());
        }
        self.scanner.take_piece(&word);
        let catalog = self.resolver.catalog;
        if let Some(operator) = operator::take(&mut self.scanner)? {
            let Some(field) = catalog.find(word.text) else {
                // What is wrong with the value is of no interest yet.
                let value = if self.value_follows() { self.scanner.value().map_or("", |value| value.raw) } else { "" };
                return Err(suggest::unknown_compared(&word, &operator, value, catalog));
            };
            return self.comparison(&word, field, &operator);
        }
        if word.text.eq_ignore_ascii_case("has") {
            return self.presence(&word);
        }
        if let Some(state) = catalog.find("state") {
            let exclude = word.text.eq_ignore_ascii_case("exclude") || word.text.eq_ignore_ascii_case("excl");
            if exclude || word.text.eq_ignore_ascii_case("state") {
                return self.state(&word, state, exclude);
            }
        }
        if let Some(known) = self.resolver.word(word.text) {
            return Ok(word_operand(known.field, known.values.to_vec(), word.at));
        }
        if endpoint::is_meant(word.text) {
            return self.address(&word);
        }
        match catalog.find(word.text) {
            Some(field) => self.field_alone(&word, field),
            None => Err(condition::unknown_word(&word, &self.resolver).of_value()),
        }
    }

    fn comparison(
        &mut self,
        field_name: &Piece<'_>,
        field: FieldId,
        operator: &Operator<'_>,
    ) -> Result<Operand, Mistake> {
        let values = match operator.relation {
            Relation::In => self.list(field)?,
            _ => self.value(field_name.text, field, operator)?,
        };
        let at = field_name.at.start..self.scanner.taken();
        Ok(plain(self.resolver.comparison(field, field_name.text, operator, &values).map_err(Mistake::of_value)?, &at))
    }

    fn value(&mut self, name: &str, field: FieldId, operator: &Operator<'_>) -> Result<Values<'t>, Mistake> {
        let info = self.resolver.catalog.info(field);
        let pattern_follows = operator.relation.is_pattern() && self.scanner.peek() == Some('(');
        if !pattern_follows && !self.value_follows() {
            let mistake = Mistake::new(self.place_of_next(), format!("{} needs a value", quoted(operator.piece.text)));
            let mistake = mistake.expected(values(info.kind));
            let listed = operator.relation == Relation::Equal && self.scanner.peek() == Some('(');
            return Err(if listed {
                mistake.help(format!("a list stands behind in: {name} in (…)"))
            } else {
                mistake
            });
        }
        let literal = if operator.relation.is_pattern() { self.scanner.pattern()? } else { self.scanner.value()? };
        if self.scanner.peek() == Some(',') {
            let from = literal.at.start;
            let rest = self.place_of_next();
            return Err(Mistake::new(rest, "a comma stands only inside of `in (…)`")
                .expected(CONTINUATION)
                .help(format!(
                    "for several values write {name} in ({}, …)",
                    self.scanner.text_between(from, literal.at.end)
                ))
                .of_value());
        }
        Ok(Values::One(literal))
    }

    fn list(&mut self, field: FieldId) -> Result<Values<'t>, Mistake> {
        let info = self.resolver.catalog.info(field);
        if !self.scanner.take("(") {
            let example = format!("({}, …)", example(info.kind));
            return Err(Mistake::new(self.place_of_next(), "`in` needs a list in brackets").expected(example));
        }
        let from = self.scanner.taken() - 1;
        let (first, mut count) = (self.scanner.clone(), 0);
        loop {
            let literal = self.scanner.value()?;
            if literal.at.is_empty() {
                return Err(Mistake::new(self.place_of_next(), "there is a value missing in this list")
                    .expected(values(info.kind)));
            }
            count += 1;
            if count > LIST_LEN_MAX {
                return Err(Mistake::new(
                    from..from + 1,
                    format!("a list may have {LIST_LEN_MAX} values, this one has more"),
                ));
            }
            if self.scanner.take(")") {
                return Ok(Values::List(first, count));
            }
            if self.scanner.at_end() {
                return Err(Mistake::new(from..from + 1, "this bracket is not closed").expected("`)`"));
            }
            if !self.scanner.take(",") {
                return Err(
                    Mistake::new(self.place_of_next(), "this does not continue the list").expected("`,` or `)`")
                );
            }
        }
    }

    fn presence(&mut self, has: &Piece<'_>) -> Result<Operand, Mistake> {
        let name = self.scanner.peek_word();
        if name.text.is_empty() {
            return Err(Mistake::new(self.place_of_next(), "`has` needs the name of a field").expected(HAS));
        }
        self.scanner.take_piece(&name);
        let Some(field) = self.resolver.catalog.find(name.text) else {
            return Err(suggest::unknown_field(&name, self.resolver.catalog).expected(HAS));
        };
        Ok(plain(Expression::test(field, Condition::Present), &(has.at.start..name.at.end)))
    }

    /// `state X` and `exclude X` of `ss`.
    fn state(&mut self, keyword: &Piece<'_>, state: FieldId, exclude: bool) -> Result<Operand, Mistake> {
        let name = self.scanner.peek_word();
        let known = self.resolver.catalog.words().iter().filter(|word| word.field == state).map(|word| word.word);
        let Some(states) = self.resolver.word_values(state, name.text) else {
            let missing = name.text.is_empty();
            let at = if missing { self.place_of_next() } else { name.at.clone() };
            let message = if missing {
                format!("{} needs a state", quoted(keyword.text))
            } else {
                format!("{} is no state", quoted(name.text))
            };
            return Err(Mistake::new(at, message)
                .expected("a state, as in state established")
                .nearest(nearest(name.text, known)));
        };
        self.scanner.take_piece(&name);
        let at = keyword.at.start..name.at.end;
        let operand = word_operand(state, states, at.clone());
        if exclude {
            return Ok(Operand { node: Node::new(at, Shape::Not(Box::new(operand.node))), is_word: false });
        }
        Ok(operand)
    }

    /// A bare address. Its characters are read again as a value: `unix:/run/a,b` is not over at the comma.
    fn address(&mut self, word: &Piece<'_>) -> Result<Operand, Mistake> {
        let literal =
            Literal { at: word.at.clone(), raw: self.scanner.text_between(word.at.start, word.at.end), quoted: false };
        Ok(plain(self.resolver.on_either_side(&literal).map_err(Mistake::of_value)?, &word.at))
    }

    /// A field without an operator.
    fn field_alone(&mut self, name: &Piece<'t>, field: FieldId) -> Result<Operand, Mistake> {
        let info = self.resolver.catalog.info(field);
        if info.kind == FieldKind::Number(Meaning::Truth) {
            return Ok(plain(Expression::test(field, Condition::Truth(true)), &name.at));
        }
        if needs_no_operator(info) {
            let piece = Piece { at: name.at.clone(), text: name.text };
            let equal = Operator { relation: Relation::Equal, negated: false, piece };
            if !self.value_follows() {
                return Err(suggest::value_missing(name, info.kind, self.place_of_next()));
            }
            let next = self.scanner.peek_word();
            if info.kind == FieldKind::Address && self.resolver.is_any_in_ss(next.text) {
                return self.comparison(name, field, &equal);
            }
            return self.comparison(name, field, &equal).map_err(|mistake| match self.resolver.word(next.text) {
                // What stands there is the next condition, and no value of this one.
                Some(_) if mistake.at == next.at => suggest::value_missing(name, info.kind, next.at),
                _ => mistake,
            });
        }
        let value = if self.value_follows() { self.scanner.value()?.raw } else { "" };
        Err(suggest::operator_missing(name, info.kind, value))
    }

    /// Whether the next piece can be a value: not the end, a bracket or a connective.
    fn value_follows(&mut self) -> bool {
        let word = self.scanner.peek_word();
        let connective = [AND, OR, NOT].iter().flatten().any(|connective| word.text.eq_ignore_ascii_case(connective));
        !connective && !matches!(self.scanner.peek(), None | Some('(' | ')' | ',' | '&' | '|'))
    }

    fn another_condition_follows(&mut self) -> bool {
        let word = self.scanner.peek_word();
        let connective = [AND, OR].iter().flatten().any(|connective| word.text.eq_ignore_ascii_case(connective));
        !connective && !matches!(self.scanner.peek(), None | Some(')' | ',' | '&' | '|'))
    }

    /// Takes `and` or `or`, and makes sure that something comes behind it.
    fn connective(&mut self, signs: &[&str], words: &[&str]) -> Result<bool, Mistake> {
        let from = self.scanner.place();
        if !signs.iter().any(|sign| self.scanner.take(sign)) && !self.scanner.take_word(words) {
            return Ok(false);
        }
        let connective = quoted(self.scanner.text_between(from, self.scanner.taken()));
        self.must_follow(&connective, from)?;
        Ok(true)
    }

    fn must_follow(&mut self, connective: &str, from: usize) -> Result<(), Mistake> {
        if self.scanner.at_end() {
            let at = from..self.scanner.taken();
            return Err(Mistake::new(at, format!("{connective} needs a condition behind it")).expected(CONDITION));
        }
        Ok(())
    }

    fn nested<T>(&mut self, from: usize, inner: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth == NESTING_MAX {
            return Err(Mistake::new(
                from..from + 1,
                format!("more than {NESTING_MAX} brackets and negations inside each other"),
            ));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// The place of what comes next, for a caret: a word, a character, or the place behind the end.
    fn place_of_next(&mut self) -> Range<usize> {
        let word = self.scanner.peek_word();
        match self.scanner.peek() {
            Some(letter) if word.text.is_empty() => word.at.start..word.at.start + letter.len_utf8(),
            Some(_) => word.at,
            None => self.scanner.taken()..self.scanner.taken(),
        }
    }

    fn no_condition(&mut self) -> Mistake {
        let (at, word) = (self.place_of_next(), self.scanner.peek_word());
        suggest::no_condition(at, self.scanner.peek(), &word)
    }
}

fn plain(expression: Expression, at: &Range<usize>) -> Operand {
    Operand { node: Node::of(expression, at), is_word: false }
}

fn word_operand(field: FieldId, values: Vec<&'static str>, at: Range<usize>) -> Operand {
    let test = Test { field, condition: words_condition(values) };
    Operand { node: Node::new(at, Shape::Test(test)), is_word: true }
}
