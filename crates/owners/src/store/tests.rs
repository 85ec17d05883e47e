//! The join, on entries made up by the tests.

use std::{collections::BTreeMap, env, fs, process::Command};

use super::*;

/// Part, position of the process, and (descriptor, inode) of each socket.
type TestRun<'a> = (usize, u32, &'a [(u32, u32)]);

/// Builds a store where the process at position N has the pid 100 + N.
fn build(parts: usize, runs: &[TestRun<'_>]) -> Owners {
    let mut collected: Vec<_> = (0..parts).map(|_| Collected::default()).collect();
    let mut processes = BTreeMap::new();
    for (part, position, entries) in runs {
        collected[*part].begin(*position);
        for (fd, inode) in *entries {
            collected[*part].push(*fd, *inode);
        }
        collected[*part].finish();
        processes.insert(*position, Process::bare(100 + *position, 100 + *position));
    }
    Owners::build(collected, processes.into_iter().rev().collect())
}

fn of(owners: &Owners, inode: u32) -> Vec<(u32, u32)> {
    owners.of(inode).map(|owner| (owner.process.pid(), owner.fd)).collect()
}

#[test]
fn an_empty_store_owns_nothing() {
    let owners = build(2, &[(0, 4, &[])]);
    assert!(owners.is_empty() && owners.processes().is_empty());
    assert_eq!(of(&owners, 7), []);
    assert_eq!(of(&owners, 0), []);
}

#[test]
fn all_owners_come_by_pid_and_then_by_descriptor_whoever_found_them() {
    let runs: &[TestRun<'_>] = &[
        (1, 9, &[(3, 70), (4, 71)]),
        (0, 2, &[(5000, 70), (5001, 70)]),
        (1, 2, &[(3, 70), (8, 72)]),
        (0, 1, &[(6, 70)]),
    ];
    let owners = build(2, runs);
    assert_eq!(of(&owners, 70), [(101, 6), (102, 3), (102, 5000), (102, 5001), (109, 3)]);
    assert_eq!(of(&owners, 71), [(109, 4)]);
    assert_eq!(of(&owners, 73), []);
    assert_eq!(of(&owners, 0), []);
    assert_eq!(owners.len(), 7);
}

#[test]
fn threads_come_by_pid_and_then_by_thread_id_whatever_their_numbers() {
    let mut collected = Collected::default();
    // The pids went around: a thread of 500 has a lower number than its process.
    let threads = [(500, 500), (500, 77), (500, 640), (90, 700)];
    let found: Vec<_> = (0..).zip(threads).map(|(at, (pid, tid))| (at, Process::bare(pid, tid))).collect();
    for (position, _) in &found {
        collected.begin(*position);
        collected.push(30 + *position, 8);
        collected.finish();
    }
    let owners = Owners::build(vec![collected], found);
    let order: Vec<_> = owners.of(8).map(|owner| (owner.process.pid(), owner.process.tid(), owner.fd)).collect();
    assert_eq!(order, [(90, 700, 33), (500, 77, 31), (500, 500, 30), (500, 640, 32)]);
}

#[test]
fn an_entry_is_12_bytes_and_a_slot_8() {
    assert_eq!((size_of::<Entry>(), size_of::<Slot>()), (12, 8));
}

#[test]
fn a_run_without_facts_of_its_process_is_left_out() {
    let mut collected = Collected::default();
    for position in [0, 1] {
        collected.begin(position);
        collected.push(3, 50 + position);
        collected.finish();
    }
    let owners = Owners::build(vec![collected], vec![(1, Process::bare(5, 5))]);
    assert_eq!((owners.len(), of(&owners, 50), of(&owners, 51)), (1, vec![], vec![(5, 3)]));
}

#[test]
fn every_inode_is_found_at_every_size_and_block_border() {
    for size in [1, 2, 3, 4095, 4096, 4097, 10_000] {
        let entries: Vec<(u32, u32)> = (0..size).map(|fd| (fd, 0xFFFF_FF00u32.wrapping_add(fd * 3) | 1)).collect();
        let owners = build(1, &[(0, 0, &entries)]);
        let mut expected: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        for (fd, inode) in &entries {
            expected.entry(*inode).or_default().push((100, *fd));
        }
        for (inode, at) in expected {
            assert_eq!(of(&owners, inode), at, "inode {inode} of {size}");
        }
    }
}

#[test]
fn many_owners_of_one_socket_cost_no_more_than_of_many() {
    let entries: Vec<(u32, u32)> = (0..300_000).map(|fd| (fd, 9)).collect();
    let owners = build(1, &[(0, 0, &entries)]);
    assert!(owners.of(9).map(|owner| owner.fd).eq(0..300_000));
}

/// Bytes of the named line of /proc/self/status.
fn memory_bytes(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("own status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a memory line");
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().expect("a number") * 1024
}

/// Runs in a process of its own, where no other test allocates.
#[test]
fn half_a_million_entries_stay_within_24_bytes_each_at_the_peak() {
    const ENTRIES: usize = 500_000;
    const CHILD: &str = "SOCKEYE_OWNERS_MEMORY_TEST";
    if env::var_os(CHILD).is_none() {
        let name = "store::tests::half_a_million_entries_stay_within_24_bytes_each_at_the_peak";
        let child = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", name, "--test-threads=1", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("a child");
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let before = memory_bytes("VmHWM:");
    let mut parts: Vec<_> = (0..2).map(|_| Collected::default()).collect();
    for position in 0..500 {
        let part = &mut parts[position as usize % 2];
        part.begin(position);
        (0..1000).for_each(|fd| part.push(fd, 1_000_000 + position * 1000 + fd));
        part.finish();
    }
    let owners = Owners::build(parts, (0..500).map(|at| (at, Process::bare(at, at))).collect());
    let grown = memory_bytes("VmHWM:").saturating_sub(before);
    println!("{ENTRIES} entries: {} bytes each", grown / ENTRIES);
    assert!(grown <= ENTRIES * 24, "{grown} bytes");
    let clock = std::time::Instant::now();
    let mut hits = 0;
    for step in 0..ENTRIES as u64 {
        let inode = 1_000_000 + u32::try_from(step * 7919 % ENTRIES as u64).expect("small");
        hits += owners.of(inode).count();
    }
    println!("{} ns a lookup", clock.elapsed().as_nanos() / ENTRIES as u128);
    assert_eq!(hits, ENTRIES);
}
