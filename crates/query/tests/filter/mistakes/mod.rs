//! What is said of a filter that is wrong, word by word.

mod addresses;
mod contradictions;
mod grammar;
mod names;
mod numbers;
mod operators;
mod shown;
mod values;

use crate::sample::canonical;

#[track_caller]
fn check(text: &str, shown: &str) {
    assert_eq!(canonical(text), shown, "{text}");
}
