//! The operators of a comparison, as `ss` writes them and as sockeye adds to them.

use sockeye_wire::Meaning;

use crate::FieldKind;
use crate::filter::limits::has_order;
use crate::filter::mistake::{Mistake, quoted};
use crate::filter::scanner::{Piece, Scanner};

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    Glob,
    Regex,
}

impl Relation {
    /// Whether it asks which of two values is greater.
    pub(super) const fn orders(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual)
    }

    /// Whether it takes a pattern.
    pub(super) const fn is_pattern(self) -> bool {
        matches!(self, Self::Glob | Self::Regex)
    }

    /// Its spelling that no shell takes for itself.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::In => "in",
            Self::Glob => "~",
            Self::Regex => "~~",
        }
    }
}

/// An operator where it stands.
#[derive(Clone, Debug)]
pub(super) struct Operator<'t> {
    pub(super) relation: Relation,
    /// Whether the comparison must not hold.
    pub(super) negated: bool,
    pub(super) piece: Piece<'t>,
}

const OPERATORS: [(&str, Relation, bool); 21] = [
    ("=", Relation::Equal, false),
    ("==", Relation::Equal, false),
    ("eq", Relation::Equal, false),
    ("!=", Relation::Equal, true),
    ("ne", Relation::Equal, true),
    ("neq", Relation::Equal, true),
    (">=", Relation::GreaterOrEqual, false),
    ("ge", Relation::GreaterOrEqual, false),
    ("geq", Relation::GreaterOrEqual, false),
    ("<=", Relation::LessOrEqual, false),
    ("le", Relation::LessOrEqual, false),
    ("leq", Relation::LessOrEqual, false),
    (">", Relation::Greater, false),
    ("gt", Relation::Greater, false),
    ("<", Relation::Less, false),
    ("lt", Relation::Less, false),
    ("in", Relation::In, false),
    ("~", Relation::Glob, false),
    ("!~", Relation::Glob, true),
    ("~~", Relation::Regex, false),
    ("!~~", Relation::Regex, true),
];

/// What an operator may be, for messages.
pub(super) const EXPECTED: &str = "=, !=, <, <=, >, >=, `in (…)`, ~ (glob) or ~~ (regular expression)";

/// What an operator of a field may be.
pub(super) const fn expected(kind: FieldKind) -> &'static str {
    match kind {
        _ if has_order(kind) => "=, !=, <, <=, >, >= or `in (…)`",
        FieldKind::Number(Meaning::Truth | Meaning::SetOf(_)) => "=, != or `in (…)`",
        _ => "=, !=, `in (…)`, ~ (glob) or ~~ (regular expression)",
    }
}

fn find(spelling: &str) -> Option<(Relation, bool)> {
    let known = OPERATORS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(spelling));
    known.map(|&(_, relation, negated)| (relation, negated))
}

/// Whether the text ends in an operator that takes one value, so that the next shell word is that value.
pub(super) fn ends(text: &str) -> Option<Relation> {
    let text = text.trim_end();
    let signs = text.trim_end_matches(['=', '!', '<', '>', '~']).len();
    let last = if signs < text.len() { &text[signs..] } else { text.rsplit(char::is_whitespace).next()? };
    find(last).map(|(relation, _)| relation).filter(|&relation| relation != Relation::In)
}

/// Whether a word is an operator.
pub(super) fn is_one(word: &str) -> bool {
    find(word).is_some()
}

/// Takes an operator if one is next.
pub(super) fn take<'t>(scanner: &mut Scanner<'t>) -> Result<Option<Operator<'t>>, Mistake> {
    let signs = scanner.peek_signs();
    // A lone `!` begins the next condition.
    if !signs.text.is_empty() && signs.text != "!" {
        let Some((relation, negated)) = find(signs.text) else {
            return Err(unknown(&signs));
        };
        scanner.take_piece(&signs);
        return Ok(Some(Operator { relation, negated, piece: signs }));
    }
    let word = scanner.peek_word();
    if word.text.eq_ignore_ascii_case("not") {
        let mut ahead = scanner.clone();
        ahead.take_piece(&word);
        let second = ahead.peek_word();
        if second.text.eq_ignore_ascii_case("in") {
            scanner.take_piece(&second);
            let piece = Piece { at: word.at.start..second.at.end, text: second.text };
            return Ok(Some(Operator { relation: Relation::In, negated: true, piece }));
        }
        return Ok(None);
    }
    let Some((relation, negated)) = find(word.text) else { return Ok(None) };
    scanner.take_piece(&word);
    Ok(Some(Operator { relation, negated, piece: word }))
}

fn unknown(signs: &Piece<'_>) -> Mistake {
    let meant = match signs.text {
        "=~" => Some("~~"),
        "=>" => Some(">="),
        "=<" => Some("<="),
        "<>" | "=!" => Some("!="),
        "===" => Some("="),
        _ => None,
    };
    Mistake::new(signs.at.clone(), format!("{} is no operator", quoted(signs.text))).expected(EXPECTED).nearest(meant)
}
