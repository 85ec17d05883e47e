//! Damaged rows of every table of sockets, in every format with all columns, as keys of groups and orders.

use sockeye_query::FieldId;
use sockeye_query::sockets::{Table as SocketTable, catalog};

use super::system::{Interfaces, Place, System};
use super::view::{self, Choice, Column};
use crate::hostile::{assert_plain, attack, rows, target};
use crate::output::csv::Csv;
use crate::output::grid::Cells;
use crate::output::json::{GroupKey, Json};
use crate::output::run::Line;
use crate::output::table::{self, Table};
use crate::rows::Row;
use crate::rows::takers::Key;

/// Inputs of each kernel.
const INPUTS: u64 = 3000;

/// Every column there is.
fn columns() -> Vec<Column> {
    let choice = Choice { view: Some("everything"), columns: Some("+bpf_storages"), owners: true, namespaces: true };
    view::columns(&choice).expect("a view that there is")
}

/// All formats of a listing.
struct Formats {
    json: Json,
    csv: Csv,
    table: Table,
    fields: Vec<FieldId>,
    keys: Vec<GroupKey>,
}

impl Formats {
    fn new() -> Self {
        let columns = columns();
        let fields: Vec<_> = catalog().fields().map(|(field, _)| field).collect();
        Self {
            json: Json::new(&columns),
            csv: Csv::new(&columns),
            // On a terminal, where most columns fall away: what is in them is made all the same.
            table: Table::new(columns, Some(120), false, None),
            keys: GroupKey::of(catalog(), &fields),
            fields,
        }
    }

    fn write(&self, row: Row<'_, '_>) {
        let mut out = Vec::new();
        self.json.row(&mut out, &mut Line::default(), row);
        let object: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert!(object.is_object());
        out.clear();
        self.csv.row(&mut out, row);
        assert_plain(&out, &['\r', '\n']);
        let mut cells = Cells::default();
        self.table.row(&mut cells, row);
        out.clear();
        self.table.grid.lay_out(&mut out, &mut cells);
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
fn damaged_rows_of_every_table_are_written_in_every_format() {
    let target = target("sockets");
    // The one has numbers at the end of `tcp_info`, the other bits; and the one who looks sees everything, the other not.
    for (release, net_admin) in [("6.18.0", false), ("7.0.0", true)] {
        let system = System::of_capture(release.as_bytes()).with_keys(net_admin).seen_by(net_admin);
        let label = Some(b"blue\x1b[31m".to_vec());
        let place = Place { system: &system, label, interfaces: Interfaces::unknown().into(), ends: None, index: 0 };
        let formats = Formats::new();
        let mut written = SocketTable::ALL.map(|table| (table, 0));
        attack(INPUTS, |random| {
            rows(&target.input(random), &place, |row| {
                formats.write(Row::Socket(row));
                written[row.table as usize].1 += 1;
            });
        });
        for (table, rows) in written {
            assert!(rows > 150, "{release}: {rows} rows of {}", table.name());
        }
    }
}
