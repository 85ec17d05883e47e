//! `docs/privileges.md`: its tables, read and written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::commands::{ASKED, Asked};

/// What stands around the tables.
const TEMPLATE: &str = include_str!("page.md");
/// Where the tables stand in it.
const PLACES: [&str; 2] = ["{commands}\n", "{without}\n"];

/// The columns beside the command; `WITHOUT` and a capability are others.
pub(crate) const USER: &str = "user";
pub(crate) const NEEDS: &str = "needs";
pub(crate) const NAMESPACE: &str = "namespace";
const COLUMNS: [&str; 3] = [USER, NEEDS, NAMESPACE];
pub(crate) const WITHOUT: &str = "without ";

/// What stands in a cell, by command and column.
pub(crate) type Cells = BTreeMap<(String, String), String>;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/privileges.md")
}

/// Writes the page.
pub(crate) fn write(cells: &Cells) {
    std::fs::write(path(), render(cells)).expect("the repository can be written");
}

/// The page as it would be written.
pub(crate) fn render(cells: &Cells) -> String {
    let mut page = TEMPLATE.to_owned();
    for (place, table) in PLACES.into_iter().zip([commands(cells), without(cells)]) {
        assert!(page.contains(place), "no place for {place}");
        page = page.replace(place, &table);
    }
    page
}

/// The page as it is.
pub(crate) fn held() -> String {
    std::fs::read_to_string(path()).unwrap_or_default()
}

/// The cells of a page.
pub(crate) fn read(page: &str) -> Cells {
    let mut cells = Cells::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("| `sockeye ")) {
        let parts: Vec<_> = line.trim_end_matches(" |").split(" | ").collect();
        let [commands, cell @ ..] = parts.as_slice() else { continue };
        for command in commands.trim_end_matches('`').split("`, `") {
            match cell {
                &[name, says] => {
                    cells.insert((command.to_owned(), format!("{WITHOUT}{name}")), says.to_owned());
                }
                cell => {
                    for (column, says) in COLUMNS.into_iter().zip(cell) {
                        cells.insert((command.to_owned(), column.to_owned()), (*says).to_owned());
                    }
                }
            }
        }
    }
    cells
}

/// Rows one below the other that say the same are one.
fn commands(cells: &Cells) -> String {
    let says = |words: &str| COLUMNS.map(|column| cells.get(&(words.to_owned(), column.to_owned())));
    let mut rows: Vec<(String, [&str; 3])> = Vec::new();
    for words in ASKED.iter().flat_map(Asked::names) {
        let [Some(user), Some(needs), Some(namespace)] = says(words) else { continue };
        let row = [user.as_str(), needs, namespace];
        match rows.last_mut() {
            Some((commands, last)) if *last == row => write!(commands, "`, `{words}").expect("a text"),
            _ => rows.push((words.to_owned(), row)),
        }
    }
    let mut table =
        "| command | an ordinary user | an ordinary user with … has all | root of a container |\n|---|---|---|---|\n"
            .to_owned();
    for (commands, [user, needs, namespace]) in rows {
        writeln!(table, "| `sockeye {commands}` | {user} | {needs} | {namespace} |").expect("a text");
    }
    table
}

fn without(cells: &Cells) -> String {
    let mut table = "| command | without | what root is told |\n|---|---|---|\n".to_owned();
    for name in ASKED.iter().flat_map(Asked::names) {
        let of_it = cells.iter().filter(|((words, _), _)| words == name);
        for ((words, column), says) in of_it {
            if let Some(name) = column.strip_prefix(WITHOUT) {
                writeln!(table, "| `sockeye {words}` | {name} | {says} |").expect("a text");
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut cells = Cells::new();
        let words = [ASKED[0].words, ASKED[1].words, ASKED[2].words];
        for (words, user) in words.into_iter().zip(["all", "all", "in part (3): x (needs CAP_Y)"]) {
            for (column, says) in [(USER, user), (NEEDS, "nothing"), (NAMESPACE, "all")] {
                cells.insert((words.to_owned(), column.to_owned()), says.to_owned());
            }
        }
        cells.insert((words[2].to_owned(), format!("{WITHOUT}CAP_Y")), "refused (1): y".to_owned());
        let page = render(&cells);
        assert!(
            page.contains(&format!("| `sockeye {}`, `{}` | all | nothing | all |\n", words[0], words[1])),
            "{page}"
        );
        assert_eq!(read(&page), cells);
    }
}
