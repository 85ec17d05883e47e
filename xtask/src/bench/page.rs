//! How a benchmark ends: its table on the terminal and in a document, and whether a target was missed.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use super::common::Common;
use super::machine;
use super::report::{self, Row};
use super::target::Verdict;

/// The page that a benchmark writes, and what its command line says of the end.
pub(super) struct Page<'p> {
    /// Where it is written, where all of it was measured.
    pub(super) document: Option<&'p str>,
    /// Its text, with names in braces for what a run says.
    pub(super) template: &'p str,
    /// What stands for these names; `{machine}` and `{table}` are known here.
    pub(super) values: &'p [(&'p str, &'p str)],
    /// Whether so little was measured that no time is judged and nothing is written, and whether a target that is missed is
    /// a failure.
    pub(super) common: &'p Common,
}

impl Page<'_> {
    /// Prints the rows, writes the page, and fails where a count is wrong, or a target is missed and that is asked for.
    pub(super) fn conclude(&self, mut rows: Vec<Row>) -> Result<()> {
        if self.common.small {
            for row in rows.iter_mut().filter(|row| row.verdict != Verdict::Wrong) {
                row.verdict = Verdict::Reported;
            }
        }
        let table = report::table(&rows);
        print!("{table}");
        if let (false, Some(document)) = (self.common.small, self.document) {
            self.write(document, &table)?;
        }
        let missed = rows.iter().filter(|row| matches!(row.verdict, Verdict::Missed | Verdict::Undecided)).count();
        let wrong = rows.iter().filter(|row| row.verdict == Verdict::Wrong).count();
        ensure!(wrong == 0, "{wrong} counts are wrong");
        if self.common.check && missed > 0 {
            bail!("{missed} targets missed");
        }
        Ok(())
    }

    fn write(&self, document: &str, table: &str) -> Result<()> {
        let machine = machine::description()?;
        let known = [("{machine}", machine.as_str()), ("{table}", table.trim_end())];
        let values = known.iter().chain(self.values);
        let text = values.fold(self.template.to_owned(), |text, (key, value)| text.replace(key, value));
        fs::write(document, text).with_context(|| format!("cannot write {document}"))
    }
}
