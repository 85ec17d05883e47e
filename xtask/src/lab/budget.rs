//! How long each lane of CI takes.

/// Measured on two cores with a warm cache; the last figure is what `.ci/run` may take in all.
pub(super) const TABLE: &str = "\
Lanes of CI, and what each takes on two cores:";
