//! A set of tables.

use core::fmt;

use sockeye_wire::rtnetlink::Table;

/// A set of tables of rtnetlink.
///
/// ```
/// use sockeye_state::rtnetlink::Tables;
/// use sockeye_wire::rtnetlink::Table;
///
/// let tables: Tables = [Table::Routes, Table::Links].into_iter().collect();
/// assert!(tables.contains(Table::Links));
/// assert_eq!(tables.to_string(), "links, routes");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tables(u32);

impl Tables {
    /// No table.
    pub const NONE: Self = Self(0);

    /// One table.
    pub const fn one(table: Table) -> Self {
        Self(1 << table as u8)
    }

    /// Every table that changes and of which the kernel keeps records: all but statistics and prefixes.
    pub fn watched_by_default() -> Self {
        Table::ALL.into_iter().filter(|table| !matches!(table, Table::Statistics | Table::Prefixes)).collect()
    }

    /// These and this one.
    #[must_use]
    pub const fn with(self, table: Table) -> Self {
        Self(self.0 | 1 << table as u8)
    }

    /// These without this one.
    #[must_use]
    pub const fn without(self, table: Table) -> Self {
        Self(self.0 & !(1 << table as u8))
    }

    /// Those in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the table is one of them.
    pub const fn contains(self, table: Table) -> bool {
        self.0 & 1 << table as u8 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Each of them, in the order of [`Table::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Table> {
        Table::ALL.into_iter().filter(move |&table| self.contains(table))
    }
}

impl FromIterator<Table> for Tables {
    fn from_iter<I: IntoIterator<Item = Table>>(tables: I) -> Self {
        tables.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, table) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            f.write_str(table.name())?;
        }
        Ok(())
    }
}
