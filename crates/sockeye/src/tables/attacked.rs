//! Damaged records of every table, in every format with all columns, as keys of groups and orders.

use std::collections::HashMap;

use sockeye_query::FieldId;
use sockeye_query::rtnetlink::{Row as Record, catalog};
use sockeye_wire::rtnetlink::Table;

use super::{Place, view};
use crate::hostile::{assert_plain, attack, records, target};
use crate::output::csv::Csv;
use crate::output::grid::Cells;
use crate::output::json::{GroupKey, Json};
use crate::output::record::Records;
use crate::output::run::Line;
use crate::output::table::{self, Table as Lines};
use crate::rows::Row;
use crate::rows::takers::Key;
use crate::sockets::system::Interfaces;

const INPUTS: u64 = 4000;

/// All formats of the listing of a table.
struct Formats {
    objects: [Json; 2],
    csv: Csv,
    lines: Lines,
    fields: Vec<FieldId>,
    keys: Vec<GroupKey>,
}

impl Formats {
    fn of(table: Table) -> Self {
        let (fields, catalog) = (view::fields(table), catalog(table));
        let columns: Vec<_> = catalog.fields().map(|(field, _)| fields.column(field, 1, true)).collect();
        let fields: Vec<_> = columns.iter().map(|column| column.field).collect();
        Self {
            objects: [Json::Records(Records::Everything), Json::Records(Records::fields(catalog, &columns))],
            csv: Csv::of_records(catalog, &columns),
            lines: Lines::of_records(&columns, Some(120), false),
            keys: GroupKey::of(catalog, &fields),
            fields,
        }
    }

    fn write(&self, row: Row<'_, '_>) {
        let mut out = Vec::new();
        for json in &self.objects {
            out.clear();
            json.row(&mut out, &mut Line::default(), row);
            let object: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
            assert!(object.is_object());
        }
        out.clear();
        self.csv.row(&mut out, row);
        assert_plain(&out, &['\r', '\n']);
        let mut cells = Cells::default();
        self.lines.row(&mut cells, row);
        out.clear();
        self.lines.grid.lay_out(&mut out, &mut cells);
        assert_plain(&out, &['\n']);
        out.clear();
        for (key, &field) in self.keys.iter().zip(&self.fields) {
            key.write(&mut out, field, row);
            let mut cell = Vec::new();
            table::group_cell(&mut cell, field, row, true);
            assert_plain(&cell, &[]);
            row.value(field).and_then(|value| Key::of(&value));
        }
        let members = [b"{".as_slice(), &out, b"\"count\":1}"].concat();
        serde_json::from_slice::<serde_json::Value>(&members).expect("JSON");
    }
}

#[test]
fn damaged_records_of_every_table_are_written_in_every_format() {
    let target = target("rtnetlink");
    let place = Place { label: Some(b"blue\x1b[31m".to_vec()), interfaces: Interfaces::unknown(), index: 0 };
    let formats: HashMap<_, _> = Table::ALL.into_iter().map(|table| (table, Formats::of(table))).collect();
    let mut written: HashMap<Table, usize> = HashMap::new();
    attack(INPUTS, |random| {
        records(&target.input(random), |table, record| {
            let Ok(row) = Record::read(table, record, &place) else { return };
            formats[&table].write(Row::Record(&row));
            *written.entry(table).or_default() += 1;
        });
    });
    for table in Table::ALL {
        let rows = written.get(&table).copied().unwrap_or(0);
        assert!(rows > 50, "{rows} rows of {}", table.name());
    }
}
