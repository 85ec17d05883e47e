//! The rules that make the engine right, each by name, so that a test can break one and see that it is needed.

/// Sockets that are followed at most.
const SOCKETS_MAX: usize = 4_000_000;

/// Every rule is kept, unless a test says otherwise.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that a test breaks alone")]
pub struct Rules {
    /// Sockets that are followed at most; with more there is a gap.
    pub sockets_max: usize,
    /// Who ended is remembered until the dump is over: its rows may be older.
    pub tombstones: bool,
    /// The same where something was lost meanwhile: rows still come.
    pub tombstones_after_loss: bool,
    /// What the kernel told of a change is not undone by a row.
    pub events_win: bool,
    /// A row of a socket of which nothing is known waits until all that was told meanwhile is heard.
    pub births_come_first: bool,
    /// A socket that a dump does not show is not taken for gone for that alone.
    pub confirm_absences: bool,
    /// Whose birth was told while the round ran is not missed by it.
    pub newborn_are_excused: bool,
    /// A round that began before a loss concludes nothing.
    pub losses_end_rounds: bool,
    /// A round that was not whole concludes nothing.
    pub whole_rounds: bool,
    /// Who is missing where nothing was lost is alive: its end would have been told.
    pub ends_are_announced: bool,
    /// Whose end was told because it was missing does not end again.
    pub ends_once: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            sockets_max: SOCKETS_MAX,
            tombstones: true,
            tombstones_after_loss: true,
            events_win: true,
            births_come_first: true,
            confirm_absences: true,
            newborn_are_excused: true,
            losses_end_rounds: true,
            whole_rounds: true,
            ends_are_announced: true,
            ends_once: true,
        }
    }
}
