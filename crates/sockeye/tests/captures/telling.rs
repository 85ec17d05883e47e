//! Every field is shown with a telling value, or has a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use sockeye_query::FieldId;
use sockeye_query::sockets::catalog;

use crate::line::{blesses, directory};
use crate::made;
use crate::shown::Shown;

/// How the reason begins of a field that the kernel puts into no message, so that no capture can hold it.
const NOT_IN_A_MESSAGE: [&str; 2] = ["not in a message: ", "not in one message: "];

fn captured() -> Shown {
    let mut shown = Shown::default();
    for name in made::captured_names() {
        shown.add(&made::read(&name));
    }
    shown
}

fn built() -> Shown {
    let mut shown = Shown::default();
    made::built().for_each(|(name, ..)| shown.add(&made::read(&name)));
    shown
}

/// Fields that no kernel that was captured can show, with the reason.
fn reasons() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(directory().join("cannot_show.txt")).expect("committed");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').expect("field, tab, reason"))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect()
}

fn path(field: FieldId) -> &'static str {
    &catalog().info(field).path
}

/// How a field is shown: by a capture, by a built one where no other can be, or, if it is in no message, not by captures at all. A
/// field of a message that none shows is untested, whatever the reason.
fn how(is_captured: bool, is_built: bool, reason: Option<&str>) -> Option<&'static str> {
    let is_in_no_message = |reason: &str| NOT_IN_A_MESSAGE.iter().any(|begin| reason.starts_with(begin));
    match reason {
        _ if is_captured => Some("captured"),
        Some(_) if is_built => Some("built"),
        Some(reason) if is_in_no_message(reason) => Some("elsewhere"),
        _ => None,
    }
}

/// How each field is shown.
fn shown() -> String {
    let (captured, built, reasons) = (captured(), built(), reasons());
    let mut text = String::new();
    for (field, info) in catalog().fields() {
        let reason = reasons.get(&info.path).map(String::as_str);
        if let Some(how) = how(captured.telling.contains(&field), built.telling.contains(&field), reason) {
            let _ = writeln!(text, "{}\t{how}", info.path);
        }
    }
    text
}

#[test]
fn a_reason_stands_for_a_value_of_what_is_in_no_message_alone() {
    let of_a_message = Some("since 7.0; the kernels at hand do not have it");
    assert_eq!(how(false, false, of_a_message), None, "nothing shows it");
    assert_eq!(how(false, true, of_a_message), Some("built"));
    assert_eq!(how(false, true, None), None, "why is it not captured?");
    assert_eq!(how(false, false, Some("not in a message: /proc tells it")), Some("elsewhere"));
    assert_eq!(how(true, false, None), Some("captured"));
    // Whatever is in a structure is in a message.
    for (path, reason) in reasons() {
        let is_elsewhere = how(false, false, Some(&reason)) == Some("elsewhere");
        assert!(!(is_elsewhere && path.contains('.')), "{path}: {reason}");
    }
}

#[test]
fn the_list_of_shown_fields_is_up_to_date() {
    let (path, shown) = (directory().join("shown.txt"), shown());
    if blesses("golden") {
        std::fs::write(&path, &shown).expect("written");
    }
    let committed = std::fs::read_to_string(&path).expect("committed");
    let (shown, committed): (BTreeSet<_>, BTreeSet<_>) = (shown.lines().collect(), committed.lines().collect());
    let changed: Vec<_> = shown.symmetric_difference(&committed).collect();
    assert!(changed.is_empty(), "SOCKEYE_BLESS=golden would change {changed:?}");
}

#[test]
fn no_field_is_untested() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sockeye")).args(["fields", "--untested"]).output().expect("sockeye runs");
    assert!(output.status.success() && output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn reasons_are_for_fields_that_need_one() {
    let captured = captured();
    let needless: Vec<_> = reasons()
        .into_keys()
        .filter(|path| {
            let field = catalog().fields().find(|(_, info)| info.path == *path).map(|(field, _)| field);
            field.is_none_or(|field| captured.telling.contains(&field))
        })
        .collect();
    assert!(needless.is_empty(), "shown by a capture, or no field: {needless:?}");
}

#[test]
fn no_two_numbers_of_a_structure_always_say_the_same() {
    let mut shown = Shown::default();
    for name in made::names() {
        shown.add(&made::read(&name));
    }
    let twins: Vec<_> = shown.twins().into_iter().map(|(one, other)| (path(one), path(other))).collect();
    assert!(twins.is_empty(), "mixed up, nobody would notice: {twins:?}");
}
