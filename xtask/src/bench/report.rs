//! The table, for the terminal and for docs/performance.md.

use std::fmt::Write as _;

use super::target::Verdict;

const HEADING: [&str; 8] = ["what", "load", "sockeye", "reference", "ratio", "best ratio", "target", ""];

/// A line of the table.
pub(super) struct Row {
    /// What was measured.
    pub(super) what: String,
    /// On which load.
    pub(super) load: String,
    /// Sockeye's median.
    pub(super) ours: String,
    /// The reference's name and median.
    pub(super) reference: String,
    /// Median of the ratios of pairs.
    pub(super) ratio: String,
    /// Best of one to best of the other.
    pub(super) best: String,
    /// What must be reached.
    pub(super) target: String,
    /// Whether it was.
    pub(super) verdict: Verdict,
}

impl Default for Row {
    fn default() -> Self {
        let none = || "–".to_owned();
        Self {
            what: none(),
            load: none(),
            ours: none(),
            reference: none(),
            ratio: none(),
            best: none(),
            target: none(),
            verdict: Verdict::Reported,
        }
    }
}

/// The rows as a Markdown table whose columns stand under each other.
pub(super) fn table(rows: &[Row]) -> String {
    let cells = rows.iter().map(Row::cells);
    let heading = HEADING.map(str::to_owned);
    aligned(&std::iter::once(heading).chain(cells).collect::<Vec<_>>())
}

/// Lines of cells as a Markdown table; the first is the heading.
pub(crate) fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(widths) {
            // Writing to a String cannot fail.
            let _ = write!(text, "| {cell:width$} ");
        }
        text.push_str("|\n");
        if index == 0 {
            for width in widths {
                text.extend(["|", &"-".repeat(width + 2)]);
            }
            text.push_str("|\n");
        }
    }
    text
}

impl Row {
    fn cells(&self) -> [String; 8] {
        let verdict = match self.verdict {
            Verdict::Reached => "ok",
            Verdict::Missed => "**missed**",
            Verdict::Wrong => "**wrong**",
            Verdict::Undecided => "**undecided**",
            Verdict::Reported => "",
        };
        [&self.what, &self.load, &self.ours, &self.reference, &self.ratio, &self.best, &self.target, verdict]
            .map(str::to_owned)
    }
}

/// A ratio; from ten times on as what it is easier to think of.
pub(super) fn ratio(ratio: f64) -> String {
    if ratio < 0.1 { format!("1 / {:.0}", 1.0 / ratio) } else { format!("{ratio:.2}") }
}

/// A time for people.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.3} s") }
}

/// An amount of memory for people.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let lines = [["a".to_owned(), "ratio".to_owned()], ["long ≤".to_owned(), "1".to_owned()]];
        assert_eq!(aligned(&lines), "| a      | ratio |\n|--------|-------|\n| long ≤ | 1     |\n");
    }

    #[test]
    fn units_are_for_people() {
        assert_eq!(seconds(0.0123), "12.3 ms");
        assert_eq!(seconds(1.5), "1.500 s");
        assert_eq!(mebibytes(16 << 20), "16.0 MiB");
        assert_eq!(ratio(0.005), "1 / 200");
        assert_eq!(ratio(0.853), "0.85");
    }
}
