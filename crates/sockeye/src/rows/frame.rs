//! What stands around the rows of a listing: headings, brackets, counts, groups, the verdict.

use std::sync::atomic::Ordering;

use sockeye_query::{Catalog, FieldId};
use sockeye_state::{Answer, Verdict};

use super::groups::Written;
use super::takers::{Layout, Shared};
use crate::output::grid::{Cells, Grid};
use crate::output::verdict as verdict_text;
use crate::sockets::Format;

/// What is around the rows.
pub(crate) struct Frame<'f> {
    /// The key of the rows in a JSON document.
    pub(crate) key: &'static str,
    /// The fields of the table.
    pub(crate) catalog: &'static Catalog,
    /// The format.
    pub(crate) format: Format,
    /// Rows are only counted.
    pub(crate) count: bool,
    /// Rows are grouped by these.
    pub(crate) groups: &'f [FieldId],
    /// Rows or groups that are wanted.
    pub(crate) limit: Option<usize>,
}

impl Frame<'_> {
    /// What stands before the first row.
    pub(crate) fn begin(&self, shared: &Shared<'_>) {
        let mut out = Vec::new();
        match (self.format, shared.layout) {
            _ if self.count || !self.groups.is_empty() => {}
            (Format::Json, _) => {
                out.extend_from_slice(b"{\"schema\":1,\"");
                out.extend_from_slice(self.key.as_bytes());
                out.extend_from_slice(b"\":[");
            }
            (_, Layout::Csv(csv)) if shared.heading => csv.heading(&mut out),
            _ => {}
        }
        shared.sink.write(&mut out);
        shared.sink.skip(match (self.format, shared.layout) {
            _ if self.count || !self.groups.is_empty() => 0,
            // The first row has no row before it.
            (_, Layout::Json(_, separator)) => separator.len(),
            _ => 0,
        });
    }

    /// What stands behind the last row.
    pub(crate) fn end(&self, shared: &Shared<'_>, verdict: &Verdict) {
        let mut out = Vec::new();
        let format = self.format;
        // An empty table says that there are no such sockets; nobody has said so where the answer failed.
        let answered = verdict.answer != Answer::Failed;
        shared.finish(answered && !self.count && self.groups.is_empty());
        if self.count {
            let rows = shared.rows.load(Ordering::Relaxed);
            match format {
                // Nobody has counted.
                Format::Json if !answered => out.extend_from_slice(b"{\"schema\":1"),
                _ if !answered => {}
                Format::Json => out.extend_from_slice(format!("{{\"schema\":1,\"count\":{rows}").as_bytes()),
                Format::Ndjson => out.extend_from_slice(format!("{{\"count\":{rows}}}\n").as_bytes()),
                Format::Table | Format::Csv => out.extend_from_slice(format!("{rows}\n").as_bytes()),
            }
        } else if format == Format::Json && self.groups.is_empty() {
            out.extend_from_slice(b"]");
        } else if format == Format::Ndjson && self.groups.is_empty() && shared.rows.load(Ordering::Relaxed) > 0 {
            out.push(b'\n');
        }
        match format {
            Format::Json => {
                out.extend_from_slice(b",\"verdict\":");
                verdict_text::json(&mut out, verdict);
                out.extend_from_slice(b"}\n");
            }
            Format::Ndjson => {
                out.extend_from_slice(b"{\"verdict\":");
                verdict_text::json(&mut out, verdict);
                out.extend_from_slice(b"}\n");
            }
            Format::Table | Format::Csv => {}
        }
        // `skip` is over: whatever rows there were are written.
        shared.sink.skip(0);
        shared.sink.write(&mut out);
    }

    /// Writes the groups, in their order.
    pub(crate) fn write_groups(&self, mut groups: Vec<Written>, shared: &Shared<'_>) {
        let rows: u64 = groups.iter().map(|(_, count)| count).sum();
        shared.rows.store(usize::try_from(rows).unwrap_or(usize::MAX), Ordering::Relaxed);
        groups.truncate(self.limit.unwrap_or(usize::MAX));
        let format = self.format;
        let mut out = Vec::new();
        match (format, shared.layout) {
            (Format::Table, Layout::Table(table)) => {
                let mut cells = Cells::default();
                for (texts, count) in groups {
                    let texts: Vec<_> = texts.into_iter().chain([count.to_string().into_bytes()]).collect();
                    Grid::texts(&mut cells, &texts);
                }
                if !cells.is_empty() {
                    shared.write_cells(table, &mut cells, &mut out);
                }
            }
            (_, Layout::Csv(_)) => {
                crate::output::csv::groups(&mut out, self.catalog, self.groups, &groups, shared.heading);
            }
            _ => crate::output::json::groups(&mut out, self.catalog, self.groups, &groups, format == Format::Json),
        }
        shared.sink.write(&mut out);
    }
}
