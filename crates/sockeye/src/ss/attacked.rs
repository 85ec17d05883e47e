//! Damaged rows of every table, printed with everything that can be shown of them, and damaged command lines.

use sockeye_fuzz::texts;
use sockeye_query::sockets::Table;

use super::grid::{Batch, Grid};
use super::names::Names;
use super::options::{self, Asked, Options};
use super::rates::Rates;
use super::row::Printer;
use super::storages::StorageMaps;
use super::users::Users;
use crate::hostile::{assert_plain, attack, rows, target};
use crate::sockets::system::{Interfaces, Place, System};

/// Inputs of each command line.
const INPUTS: u64 = 30_000;

/// Everything there is to show: with names, in lines of its own and with owners; and as numbers, in one line.
const WORDS: [&str; 2] = [
    "-aeiomb --tos --cgroup --inet-sockopt --tipcinfo --bpf-maps -p",
    "-naeiomb --tos --cgroup --inet-sockopt --tipcinfo --bpf-maps -O",
];

fn options(words: &str) -> Options {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    match options::read(&words) {
        Ok(Asked::Sockets(options)) => *options,
        other => panic!("{other:?}"),
    }
}

#[test]
fn damaged_rows_of_every_table_are_printed() {
    let target = target("sockets");
    let system = System::of_capture(b"7.0.0").with_keys(true);
    let place = Place { system: &system, label: None, interfaces: Interfaces::unknown().into(), ends: None, index: 0 };
    let storage_maps = StorageMaps::hidden();
    let mut rates = Rates::default();
    for words in WORDS {
        let options = options(words);
        let names = Names::new(options.numeric, false);
        let users = options.processes.then(|| Users::new(&options));
        if let Some(users) = &users {
            users.scan();
        }
        // The second time the same sockets have rates.
        rates.look();
        let mut counts = Table::ALL.map(|table| (table, 0));
        attack(INPUTS, |random| {
            // One name of some kilobytes would widen the columns of all that follow.
            let grid = Grid::new(|_| true, random.one_in(2).then_some(100));
            let printer = Printer {
                options: &options,
                names: &names,
                users: users.as_ref(),
                place: &place,
                grid: &grid,
                rates: Some(&rates),
                storage_maps: &storage_maps,
            };
            let (mut batch, mut lines) = (Batch::default(), 0);
            rows(&target.input(random), &place, |row| {
                printer.row(&mut batch, row);
                counts[row.table as usize].1 += 1;
                lines += 1;
            });
            grid.lay_out(&mut batch, &mut Vec::new(), |text| {
                assert_plain(text, &['\n', '\t']);
                lines -= (text.split(|&byte| byte == b'\n').count() - 1).min(lines);
                text.clear();
                true
            });
            assert_eq!(lines, 0, "each row has a line at least");
        });
        for (table, rows) in counts {
            assert!(rows > 1500, "{words}: {rows} rows of {}", table.name());
        }
    }
}

/// Command lines that together have every option, by its letter where it has one.
const LINES: [&str; 5] = [
    "-tuaeiomb --tos --cgroup --inet-sockopt --tipcinfo --bpf-maps -p state established dport = :443",
    "-A tcp,udp,inet -f inet6 -N blue -O -Q -H --json --watch 1s ( sport = :22 or src 10.0.0.0/8 ) and not dst [::1]:7",
    "-K -4 -E --query=all --family=link --net=red --bpf-map-id 7 --bpf-map-id=0x9 -D file --context -Z exclude time-wait",
    "-s -F filter -n -r -l -a -B -T -z -v -V -h --summary --listening --bound-inactive --threads --events state connected",
    "-0 -6 -d -w -x -M -S --vsock --tipc --xdp --diag=file --filter=file dev eth0 fwmark = 0x7/0xf cgroup /system.slice",
];

#[test]
fn damaged_command_lines_are_taken_or_refused_in_a_sentence() {
    let (mut taken, mut refused) = (0, 0);
    attack(INPUTS, |random| {
        let line = texts::mutated(&LINES, random);
        let line = String::from_utf8_lossy(&line);
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match options::read(&words) {
            Ok(_) => taken += 1,
            Err(mistake) => {
                assert!(!mistake.sentence.is_empty(), "{words:?}");
                refused += 1;
            }
        }
    });
    assert!(taken > INPUTS / 20 && refused > INPUTS / 20, "{taken} taken, {refused} refused");
}
