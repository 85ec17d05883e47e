//! How a benchmark ends: its table on the terminal and in a document, and whether a target was missed.

use std::fs;

use anyhow::{Context, Result, bail};

use super::common::Common;
use super::machine;
use super::report::{self, Row};
use super::target::Verdict;

/// The page that a benchmark writes, and what its command line says of the end.
pub(super) struct Page<'p> {
    /// Where it is written.
    pub(super) document: &'p str,
    /// Its text, with names in braces for what a run says.
    pub(super) template: &'p str,
    /// What stands for these names; `{machine}` and `{table}` are known here.
    pub(super) values: &'p [(&'p str, &'p str)],
    /// Whether so little was measured that no time is judged and nothing is written, and whether a target that is missed is
    /// a failure.
    pub(super) common: &'p Common,
}

impl Page<'_> {
    /// Prints the rows, writes the page, and fails where that is asked for.
    pub(super) fn conclude(&self, mut rows: Vec<Row>) -> Result<()> {
        if self.common.small {
            for row in &mut rows {
                row.verdict = Verdict::Reported;
            }
        }
        let table = report::table(&rows);
        print!("{table}");
        if !self.common.small {
            self.write(&table)?;
        }
        let missed = rows.iter().filter(|row| matches!(row.verdict, Verdict::Missed | Verdict::Undecided)).count();
        if self.common.check && missed > 0 {
            bail!("{missed} targets missed");
        }
        Ok(())
    }

    fn write(&self, table: &str) -> Result<()> {
        let machine = machine::description()?;
        let known = [("{machine}", machine.as_str()), ("{table}", table.trim_end())];
        let values = known.iter().chain(self.values);
        let text = values.fold(self.template.to_owned(), |text, (key, value)| text.replace(key, value));
        fs::write(self.document, text).with_context(|| format!("cannot write {}", self.document))
    }
}
