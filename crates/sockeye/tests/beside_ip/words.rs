//! What people type and read: words, names of devices, columns.

use sockeye_zoo::in_namespace;

use crate::support::sockeye;
use crate::world::World;

/// The rows of a table for people, and what they hold, column by column.
fn table(words: &[&str]) -> Vec<Vec<String>> {
    let output = sockeye(words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn rules_that_differ_look_different() {
    in_namespace(|_| {
        let _world = World::of(
            "words",
            &["ip rule add prio 100 fwmark 0x1/0xff table 77\n\
               ip rule add prio 101 fwmark 0x1 table 77\n\
               ip -6 rule add prio 102 fwmark 0x0/0x10 table 77\n\
               ip -6 rule add prio 103 fwmark 0x1/0xff table 77"],
        )?;
        let mut rows = table(&["rules", "table", "=", "77", "--sort", "priority", "-H"]);
        for row in &mut rows {
            row.retain(|value| value != "-");
        }
        let expected = [
            ["100", "inet", "0x1/0xff"],
            ["101", "inet", "0x1"],
            ["102", "inet6", "0x0/0x10"],
            ["103", "inet6", "0x1/0xff"],
        ];
        assert_eq!(rows.iter().map(|row| &row[..3]).collect::<Vec<_>>(), expected);
        Ok(())
    });
}
