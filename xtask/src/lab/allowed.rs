//! Which skips are normal on which kernel: tests/lab-skips.txt.

use anyhow::Result;

use crate::suite::allowed::{self, Allowed};

/// One line for each: a line of kernels or `*`, a key, the reason, divided by tabs.
const LIST: &str = include_str!("../../../tests/lab-skips.txt");

/// Reads the committed list.
pub(super) fn list() -> Result<Vec<Allowed>> {
    allowed::read(LIST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_can_be_read_and_says_nothing_twice() {
        allowed::says_nothing_twice(&list().expect("three parts a line"));
    }
}
