//! The filter where rows come from a file: no kernel is there to tell which ports it chose.

use std::ops::RangeInclusive;

use sockeye_query::filter::{Decision, Expression};
use sockeye_query::sockets::{Flat, SocketRow, catalog};

use super::names;

/// A filter, for sockets whose port the kernel may have chosen and for others.
pub(super) struct FileFilter {
    whole: Expression,
    /// With `autobound` taken for true, and for false.
    halves: Option<[Expression; 2]>,
    ephemeral: RangeInclusive<u16>,
}

impl FileFilter {
    pub(super) fn of(filter: &Expression) -> Self {
        let speaks = catalog().find("autobound").filter(|field| filter.fields().contains(field));
        let halves = speaks.map(|field| [filter.assuming(field, true), filter.assuming(field, false)]);
        Self { whole: filter.clone(), halves, ephemeral: names::ephemeral_ports() }
    }

    /// Whether every row fits.
    pub(super) fn takes_all(&self) -> bool {
        self.whole == Expression::always()
    }

    /// Whether a row fits. A port within the range from which the kernel chooses counts as chosen.
    pub(super) fn takes(&self, row: &SocketRow<'_>) -> bool {
        let port = || row.flat_number(Flat::LocalPort).and_then(|port| u16::try_from(port).ok());
        let filter = match &self.halves {
            Some([chosen, fixed]) if row.table.ip_protocol().is_some() => {
                if port().is_some_and(|port| self.ephemeral.contains(&port)) { chosen } else { fixed }
            }
            _ => &self.whole,
        };
        filter.decide(row) == Decision::Yes
    }
}
