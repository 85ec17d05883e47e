//! The name of a type in C, as it stands in a cast: without qualifiers, and of what has no name only `struct`.

use super::super::{CONST, ENUM, ENUM64, FLOAT, FUNC_PROTO, FWD, RESTRICT, TYPE_TAG, TYPEDEF, VOLATILE};
use super::{ARRAY, Btf, INT, PTR, STEPS_MAX, STRUCT, TYPE_BYTES, UNION, word};

/// Bytes of a name; functions that take functions could make it grow without end.
const NAME_BYTES_MAX: usize = 4096;
/// Types that one name is made of. A function that takes functions that take functions has as many as it likes, however
/// deep: each argument is one more.
const PARTS_MAX: u32 = 256;

/// The name of the type with this number; `None` where it has none that ends.
pub(super) fn name(types: &Btf, number: u32) -> Option<String> {
    let mut left = PARTS_MAX;
    declare(types, number, String::new(), 0, &mut left)
}

/// A declaration of `inner`, from the outside in, as C has it.
///
/// What it grows to is written into `inner` itself: a name of many levels holds its text once, and not once a level.
fn declare(types: &Btf, number: u32, mut inner: String, depth: u32, left: &mut u32) -> Option<String> {
    *left = left.checked_sub(1)?;
    if depth > STEPS_MAX || inner.len() > NAME_BYTES_MAX {
        return None;
    }
    let mut next = |number, inner| declare(types, number, inner, depth + 1, left);
    if number == 0 {
        return Some(with("void", &inner));
    }
    let found = types.find(number)?;
    let all = types.bytes.all();
    let text = || types.printable(found.name);
    let named = |what: &str| text().map_or_else(|| what.to_owned(), |name| format!("{what} {name}"));
    match found.kind {
        VOLATILE | CONST | RESTRICT | TYPE_TAG => next(found.referred, inner),
        PTR => {
            let behind = types.resolve(found.referred).map(|found| found.kind);
            inner.insert(0, '*');
            if matches!(behind, Some(ARRAY | FUNC_PROTO)) {
                inner.insert(0, '(');
                inner.push(')');
            }
            next(found.referred, inner)
        }
        ARRAY => {
            let (element, many) = (word(all, found.at + TYPE_BYTES)?, word(all, found.at + TYPE_BYTES + 8)?);
            inner.push('[');
            inner.push_str(&many.to_string());
            inner.push(']');
            next(element, inner)
        }
        FUNC_PROTO => {
            let mut argument = |index: usize| {
                let at = found.at + TYPE_BYTES + index * 8;
                let (name, number) = (types.printable(word(all, at)?), word(all, at + 4)?);
                let is_last = index + 1 == found.length;
                if number == 0 && is_last && index > 0 {
                    return Some("...".to_owned());
                }
                next(number, name.unwrap_or_default())
            };
            inner.push('(');
            let begin = inner.len();
            for index in 0..found.length {
                inner.push_str(if index > 0 { ", " } else { "" });
                inner.push_str(&argument(index)?);
                if inner.len() > NAME_BYTES_MAX {
                    return None;
                }
            }
            inner.push_str(if inner.len() == begin { "void)" } else { ")" });
            next(found.referred, inner)
        }
        STRUCT => Some(with(&named("struct"), &inner)),
        UNION => Some(with(&named("union"), &inner)),
        FWD => Some(with(&named(if found.flag { "union" } else { "struct" }), &inner)),
        // The blank stands there without a name too.
        ENUM | ENUM64 => Some(with(&format!("enum {}", text().unwrap_or_default()), &inner)),
        INT | FLOAT | TYPEDEF => Some(with(&text().unwrap_or_default(), &inner)),
        _ => None,
    }
}

/// A type and what is declared: a blank between them, but for lengths of arrays, and pointers to arrays without a name.
fn with(base: &str, inner: &str) -> String {
    let is_apart = !(inner.is_empty() || inner.starts_with('[') || inner.starts_with("(*)["));
    format!("{base}{}{inner}", if is_apart { " " } else { "" })
}
