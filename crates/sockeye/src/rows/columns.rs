//! Columns of any listing: which fields are shown, and which of them fall away first where there is no room.

use sockeye_query::sockets::live::is_only_of_followed;
use sockeye_query::{Catalog, FieldId, FieldKind};
use sockeye_wire::Meaning;

use crate::sockets::view::Kind;

use super::groups::GroupOrder;
use super::takers::Order;

/// One column of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The field.
    pub(crate) field: FieldId,
    /// Its heading.
    pub(crate) title: String,
    /// What it shows.
    pub(crate) kind: Kind,
    /// Columns with a higher number fall away first.
    pub(crate) sacrifice: u8,
    /// The value stands at the right edge.
    pub(crate) right: bool,
    /// Nobody asked for it by name: it may be unknown without more ado.
    pub(crate) default: bool,
}

/// The fields that columns can be made of.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    /// The fields of the table.
    pub(crate) catalog: &'static Catalog,
    /// What a column of a field shows.
    pub(crate) kind: fn(FieldId) -> Kind,
    /// The command that explains them.
    pub(crate) help: &'static str,
}

impl Fields {
    /// A column of this field.
    pub(crate) fn column(&self, field: FieldId, sacrifice: u8, default: bool) -> Column {
        let info = self.catalog.info(field);
        let kind = (self.kind)(field);
        let right = matches!(info.kind, FieldKind::Number(meaning) if is_amount(meaning)) && !kind.is_owner();
        Column { field, title: info.name().to_uppercase(), kind, sacrifice, right, default }
    }

    /// A column of the field with this name.
    pub(crate) fn find(&self, name: &str, sacrifice: u8, default: bool) -> Result<Column, String> {
        let field = self.catalog.find(name).ok_or_else(|| self.no_field(name))?;
        Ok(self.column(field, sacrifice, default))
    }

    /// What is wrong with a name that no field has, and which one it may have been.
    pub(crate) fn no_field(&self, name: &str) -> String {
        let help = self.help;
        if is_only_of_followed(name, self.catalog) {
            return format!(
                "{name:?} is a field of sockets that are followed, not of a listing: `sockeye watch sockets`, `top`, `why`"
            );
        }
        match self.catalog.nearest(name) {
            Some(near) => format!("there is no field {name:?}; did you mean {near:?}? `{help}` lists them"),
            None => format!("there is no field {name:?}; `{help}` lists them"),
        }
    }

    /// `a,b` replaces the columns; `+c` adds one, `-d` takes one away.
    pub(crate) fn apply(&self, columns: &mut Vec<Column>, list: &str) -> Result<(), String> {
        let names: Vec<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.iter().any(|name| !name.starts_with(['+', '-'])) || names.is_empty() {
            columns.clear();
        }
        for name in names {
            if let Some(name) = name.strip_prefix('-') {
                let unwanted = self.find(name, 0, false)?.field;
                columns.retain(|column| column.field != unwanted);
                continue;
            }
            let name = name.strip_prefix('+').unwrap_or(name);
            if self.catalog.find(name).is_none() {
                // A whole structure by the name of its object.
                columns.extend(self.object(name)?);
                continue;
            }
            let column = self.find(name, 0, false)?;
            columns.retain(|known| known.field != column.field);
            columns.push(column);
        }
        if columns.is_empty() {
            return Err("no columns are left; name at least one".to_owned());
        }
        Ok(())
    }

    fn object(&self, name: &str) -> Result<Vec<Column>, String> {
        let prefix = format!("{name}.");
        let within = |info: &sockeye_query::FieldInfo| info.path.starts_with(&prefix);
        let fields: Vec<_> = self.catalog.fields().filter(|(_, info)| within(info)).map(|(field, _)| field).collect();
        if fields.is_empty() {
            return Err(self.no_field(name));
        }
        Ok(fields.into_iter().map(|field| self.column(field, 0, false)).collect())
    }

    /// The columns of a grouping: its fields, and how many rows agree in them.
    pub(crate) fn grouped(&self, fields: &[FieldId]) -> Vec<Column> {
        let mut columns: Vec<_> = fields.iter().map(|&field| self.column(field, 0, false)).collect();
        columns.extend(fields.first().map(|&field| Column {
            field,
            title: "COUNT".to_owned(),
            kind: Kind::Kernel,
            sacrifice: 0,
            right: true,
            default: false,
        }));
        columns
    }

    /// The fields with these names, apart by commas.
    pub(crate) fn list(&self, list: &str) -> Result<Vec<FieldId>, String> {
        names(list)?.map(|name| self.field(name)).collect()
    }

    /// `-rtt,pid` as fields with directions.
    pub(crate) fn orders(&self, list: &str) -> Result<Vec<Order>, String> {
        names(list)?
            .map(|name| {
                let (name, descending) = direction(name);
                Ok(Order { field: self.field(name)?, descending })
            })
            .collect()
    }

    /// `-count,state` as what groups have that they can be sorted by.
    pub(crate) fn group_orders(&self, list: &str, groups: &[FieldId]) -> Result<Vec<GroupOrder>, String> {
        let position = |name: &str| {
            let field = self.field(name)?;
            groups.iter().position(|&group| group == field).ok_or_else(|| {
                let names: Vec<_> = groups.iter().map(|&group| self.catalog.info(group).name()).collect();
                format!(
                    "groups are sorted by count or by what they are grouped by ({}), and {name} is neither; leave it out of \
                     --sort, or add it to --group-by",
                    names.join(", ")
                )
            })
        };
        names(list)?
            .map(|name| {
                let (name, descending) = direction(name);
                let field = if name.eq_ignore_ascii_case("count") { None } else { Some(position(name)?) };
                Ok(GroupOrder { field, descending })
            })
            .collect()
    }

    fn field(&self, name: &str) -> Result<FieldId, String> {
        self.catalog.find(name).ok_or_else(|| self.no_field(name))
    }
}

/// A key of an order without its sign, and whether that says that the largest comes first.
fn direction(key: &str) -> (&str, bool) {
    (key.trim_start_matches(['-', '+']), key.starts_with('-'))
}

fn names(list: &str) -> Result<impl Iterator<Item = &str>, String> {
    let mut names = list.split(',').map(str::trim).filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        return Err("a list of fields is empty; name at least one".to_owned());
    }
    Ok(names)
}

fn is_amount(meaning: Meaning) -> bool {
    use Meaning::{Bytes, BytesPerSecond, Centiseconds, Count, Microseconds, Milliseconds, Nanoseconds, Seconds};
    matches!(
        meaning,
        Bytes | BytesPerSecond | Count | Nanoseconds | Microseconds | Milliseconds | Centiseconds | Seconds
    )
}
