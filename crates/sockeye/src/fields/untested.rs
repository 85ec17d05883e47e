//! Which fields the tests never saw with a telling value.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sockeye_query::FieldInfo;

/// Every field that a capture shows, or a test of another kind, with how; made and held up to date by the captures' tests.
const SHOWN: &str = include_str!("../../tests/captures/shown.txt");

/// Whether no capture shows a telling value of this field.
pub(crate) fn is_untested(field: &FieldInfo) -> bool {
    static SHOWN_PATHS: LazyLock<BTreeSet<&str>> =
        LazyLock::new(|| SHOWN.lines().filter_map(|line| line.split('\t').next()).collect());
    !SHOWN_PATHS.contains(field.path.as_str())
}
