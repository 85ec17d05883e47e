//! IPv6 routes that are there twice.
//!
//! net/ipv6/ip6_fib.c `fib6_add_rt2node`: a replacement without a gateway takes the place of the first route without one that
//! has the same destination and metric; if another is the same as the new one, there are two of it. The mirror has them as
//! one record, and an event that one of them went does not mean that it goes.

use std::collections::HashSet;

/// Twins that are remembered. With more, every route is taken for one: a deletion then costs a dump.
const TWINS_MAX: usize = 1 << 12;

/// The keys of records that the last dump showed twice.
#[derive(Debug, Default)]
pub(super) struct Twins {
    keys: HashSet<Box<[u8]>>,
    /// There were more than are remembered.
    overflowed: bool,
}

impl Twins {
    /// A dump showed the record with this key again.
    pub(super) fn note(&mut self, key: &[u8]) {
        if self.keys.len() < TWINS_MAX {
            self.keys.insert(key.into());
        } else {
            self.overflowed = true;
        }
    }

    /// Whether there may be two records with this key.
    pub(super) fn may_have(&self, key: &[u8]) -> bool {
        self.overflowed || self.keys.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_too_many_of_them_every_record_may_be_one() {
        let mut twins = Twins::default();
        twins.note(b"one");
        assert!(twins.may_have(b"one") && !twins.may_have(b"other"));
        (0..TWINS_MAX).for_each(|number| twins.note(&number.to_ne_bytes()));
        assert!(twins.may_have(b"other"));
    }
}
