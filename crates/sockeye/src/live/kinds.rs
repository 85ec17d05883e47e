//! Which kinds of the kernel's own events: a set of them, and its words.

use sockeye_bpf::events::EventKind;
use sockeye_state::lives::Trouble;

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    /// None.
    pub(crate) const NONE: Self = Self(0);
    /// Every kind.
    pub(crate) const ALL: Self = Self((1 << EventKind::ALL.len()) - 1);
    /// Changes of state alone, which dumps tell of too.
    pub(crate) const STATE: Self = Self::of(EventKind::State);

    /// One kind.
    pub(crate) const fn of(kind: EventKind) -> Self {
        Self(1 << kind as u8)
    }

    pub(crate) const fn contains(self, kind: EventKind) -> bool {
        self.0 & Self::of(kind).0 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub(crate) const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    #[must_use]
    pub(crate) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Those in both.
    #[must_use]
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Its kinds, in their order.
    pub(crate) fn iter(self) -> impl Iterator<Item = EventKind> {
        EventKind::ALL.into_iter().filter(move |&kind| self.contains(kind))
    }

    /// Its kinds by their words: `retransmit, reset`.
    pub(crate) fn words(self) -> String {
        self.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<EventKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, |all, kind| all.with(Self::of(kind)))
    }
}

/// The word of a kind, as it is typed and told.
pub(crate) const fn word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::State => "state",
        EventKind::Retransmit => "retransmit",
        EventKind::Reset => "reset",
        EventKind::Drop => "drop",
        EventKind::Error => "error",
    }
}

/// The kind of the events that tell of it.
pub(crate) fn of_trouble(trouble: Trouble) -> Option<EventKind> {
    EventKind::ALL.into_iter().find(|&kind| word(kind) == trouble.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_goes_wrong_has_a_kind_of_its_own() {
        let all = [Trouble::Retransmit, Trouble::Reset, Trouble::Drop, Trouble::Error].map(of_trouble);
        assert_eq!(all.map(|kind| kind.map(word)), [Some("retransmit"), Some("reset"), Some("drop"), Some("error")]);
    }

    #[test]
    fn a_set_is_told_in_the_order_of_the_kinds() {
        let set: Kinds = [EventKind::Error, EventKind::Retransmit, EventKind::Error].into_iter().collect();
        assert_eq!(set.words(), "retransmit, error");
        assert_eq!(Kinds::ALL.without(set).words(), "state, reset, drop");
        assert_eq!(Kinds::ALL.and(set), set);
        assert!(Kinds::STATE.contains(EventKind::State) && !set.contains(EventKind::Drop) && Kinds::NONE.is_empty());
    }
}
