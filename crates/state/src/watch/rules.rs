//! The rules that make the mirror exact, each by name, so that a test can break one and see that it is needed.

/// Every rule is kept, unless a test says otherwise.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that a test breaks alone")]
pub struct Rules {
    /// After a loss the event socket is read until it is empty before a dump begins: until then the kernel drops all.
    pub drain_before_dump: bool,
    /// The same before a dump is concluded: what it is older than is still unread.
    pub drain_before_concluding: bool,
    /// A deletion is remembered until the dump is over: its rows may be older.
    pub tombstones: bool,
    /// A record that an event told of is not overwritten by a row.
    pub events_win: bool,
    /// The mark of an interrupted dump is looked for on every message.
    pub interruptions_on_any_message: bool,
    /// A record that a dump does not show, though deletions may have hidden it, is not removed for that alone.
    pub confirm_absences: bool,
    /// A datagram that did not fit is a loss.
    pub truncations: bool,
    /// While a table is dumped of which some interfaces are followed, the deletions of all are heard.
    pub deletions_of_others: bool,
    /// Another interface that has a name which is followed is looked at anew.
    pub newcomers: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            drain_before_dump: true,
            drain_before_concluding: true,
            tombstones: true,
            events_win: true,
            interruptions_on_any_message: true,
            confirm_absences: true,
            truncations: true,
            deletions_of_others: true,
            newcomers: true,
        }
    }
}
