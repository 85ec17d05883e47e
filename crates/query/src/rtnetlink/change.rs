//! A change of a record, as filters speak of it: `old.operstate = up and new.operstate = down`.
//!
//! Every field of the table is there three times: bare it means the record as it is now, or was last where it is gone.

use std::sync::LazyLock;

use sockeye_wire::rtnetlink::Table;
use sockeye_wire::{Meaning, Name, Privilege, Version, names};

use super::registry::{catalog, fields_len};
use super::row::Row;
use crate::filter::Record;
use crate::{Catalog, FieldId, FieldInfo, FieldKind, Value, Word};

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It came.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

impl ChangeKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

const KINDS: &[Name] = names![(0, "added"), (1, "removed"), (2, "changed")];

/// Fields that only a change has.
const OWN: [&str; 2] = ["change", "resync"];

/// A change of a record.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// What happened.
    pub kind: ChangeKind,
    /// Found by asking the kernel again, after it dropped messages.
    pub resync: bool,
    /// The record before, where there was one.
    pub old: Option<Row<'a>>,
    /// The record now, where there is one.
    pub new: Option<Row<'a>>,
}

impl<'a> Change<'a> {
    /// The record as it is now, or was last.
    pub fn row(&self) -> Option<Row<'a>> {
        self.new.or(self.old)
    }
}

/// The fields of changes of a table.
pub fn change_catalog(table: Table) -> &'static Catalog {
    static CATALOGS: LazyLock<Vec<Catalog>> = LazyLock::new(|| Table::ALL.into_iter().map(make).collect());
    &CATALOGS[table as usize]
}

fn make(table: Table) -> Catalog {
    let base = catalog(table);
    let mut made = Catalog::default();
    for (_, info) in base.fields() {
        // `change` is what happened, and not the `ifi_change` of links: that is there as `old.change` and `new.change`.
        let is_own = OWN.contains(&info.path.as_str());
        let path = if is_own { format!("record.{}", info.path) } else { info.path.clone() };
        made.add(FieldInfo { path, ..info.clone() });
    }
    for prefix in ["old", "new"] {
        for (_, info) in base.fields() {
            let path = format!("{prefix}.{}", info.path);
            made.add(FieldInfo { path, aliases: Vec::new(), ..info.clone() });
        }
    }
    let own = |path: &str, doc, kind| FieldInfo {
        path: path.to_owned(),
        aliases: Vec::new(),
        json: path.to_owned(),
        kernel: String::new(),
        doc,
        kind,
        scalar: None,
        several: false,
        none_is_said: false,
        since: Version(2, 12),
        privilege: Privilege::None,
    };
    let [change, resync] = OWN;
    let change = made.add(own(change, "What happened to the record.", FieldKind::Number(Meaning::OneOf(KINDS))));
    made.add(own(
        resync,
        "Found by asking the kernel again, after it dropped messages.",
        FieldKind::Number(Meaning::Truth),
    ));
    base.words().iter().for_each(|word| made.add_word(*word));
    for name in KINDS {
        made.add_word(Word { word: name.name, field: change, values: core::slice::from_ref(&name.name) });
    }
    // Short names with a prefix: `old.state` as well as `old.operstate`.
    for (offset, prefix) in [(1, "old"), (2, "new")] {
        for (field, info) in base.fields() {
            for alias in &info.aliases {
                let id = usize::from(field.0) + offset * fields_len(table);
                made.alias(&format!("{prefix}.{alias}"), FieldId(u16::try_from(id).unwrap_or(u16::MAX)));
            }
        }
    }
    made
}

impl Record for Change<'_> {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        let row = self.row()?;
        let len = fields_len(row.table);
        let index = usize::from(field.0);
        let within = |index: usize| FieldId(u16::try_from(index).unwrap_or(u16::MAX));
        match index / len.max(1) {
            0 => row.value(field),
            1 => self.old?.value(within(index - len)),
            2 => self.new?.value(within(index - 2 * len)),
            _ if index == 3 * len => Some(Value::Word(self.kind.word())),
            _ => Some(Value::Truth(self.resync)),
        }
    }
}
