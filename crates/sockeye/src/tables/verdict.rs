//! What the listing of a table is worth.

use std::sync::atomic::Ordering;

use sockeye_conn::Error;
use sockeye_query::filter::Expression;
use sockeye_query::rtnetlink::catalog;
use sockeye_state::{Answer, Missing, Verdict};
use sockeye_wire::Privilege;
use sockeye_wire::rtnetlink::{AF_INET, Selection, Table, Wanted};

use super::ask::{Counts, Ended};

/// Errno by which the kernel says that it has no such table: ENOENT, EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT.
const NOT_HERE: [i32; 4] = [2, 95, 97, 93];

/// Whether the kernel refused because there is no such routing table or interface: then no record is of it.
///
/// net/ipv4/fib_frontend.c `inet_dump_fib` and its kin; net/ipv6/addrconf.c `inet6_dump_addr`, net/core/rtnetlink.c
/// `rtnl_fdb_dump`.
fn is_void(wanted: &Wanted, errno: i32) -> bool {
    const ENOENT: i32 = 2;
    const ENODEV: i32 = 19;
    match errno {
        ENOENT => wanted.table.is_some(),
        ENODEV => wanted.ifindex.or(wanted.master).is_some(),
        _ => false,
    }
}

/// The verdict on the dumps of all namespaces.
pub(crate) fn verdict(
    (table, wanted): (Table, &Wanted),
    ended: &[Result<Vec<Ended>, Error>],
    counts: &Counts,
    filter: &Expression,
    namespaces: Option<&(String, bool)>,
) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.consistency.marked = table.marks_interruption();
    verdict.consistency.doubled = counts.doubled.load(Ordering::Relaxed);
    let stopped = counts.stopped.load(Ordering::Relaxed);
    let mut answered = false;
    for one in ended {
        match one {
            Err(error) => {
                let missing = match error.capability() {
                    Some(capability) => {
                        let what = format!("{}: {}", error.operation, error.source);
                        Missing::Capability { capability, what, named: true }
                    }
                    None => Missing::Other { sentence: error.to_string(), named: true },
                };
                if !verdict.missing.contains(&missing) {
                    verdict.missing.push(missing);
                }
            }
            // A table without anything to ask for is empty: no interface has a queueing discipline.
            Ok(dumps) if dumps.is_empty() => answered = true,
            Ok(dumps) => answered |= of_dumps((table, wanted), dumps, stopped, &mut verdict),
        }
    }
    if !answered {
        verdict.answer = Answer::Failed;
    } else if ended.iter().any(Result::is_err) {
        verdict.answer = Answer::Cut;
    }
    let defects = counts.defects.load(Ordering::Relaxed);
    if defects > 0 {
        let sentence = format!("{defects} rows were malformed and are shown as far as they could be read");
        verdict.missing.push(Missing::Other { sentence, named: false });
    }
    if let Some((sentence, named)) = namespaces {
        verdict.missing.push(Missing::Other { sentence: sentence.clone(), named: *named });
    }
    let undecided = counts.undecided.load(Ordering::Relaxed);
    let kept_back: Vec<_> = filter
        .fields()
        .into_iter()
        .map(|field| catalog(table).info(field))
        .filter(|info| info.privilege != Privilege::None)
        .collect();
    if let Some(info) = kept_back.first().filter(|_| undecided > 0) {
        verdict.missing.push(Missing::Undecided {
            rows: undecided,
            fields: kept_back.iter().map(|info| info.name().to_owned()).collect(),
            reason: format!("is only told to {}", info.privilege.capability()),
        });
    }
    verdict
}

/// The dumps of one namespace. `true`: the kernel answered for the table.
fn of_dumps((table, wanted): (Table, &Wanted), dumps: &[Ended], stopped: bool, verdict: &mut Verdict) -> bool {
    let mut answered = false;
    let mut absent = None;
    for ended in dumps {
        let conclusion = match &ended.result {
            Ok(conclusion) => conclusion,
            Err(error) => {
                verdict.answer = Answer::Cut;
                verdict.missing.push(Missing::Other { sentence: error.to_string(), named: true });
                continue;
            }
        };
        if ended.absent {
            continue;
        }
        if ended.dump.selection == Selection::Confirmed && !ended.filtered && conclusion.messages > 0 {
            let sentence =
                "the kernel did not narrow its answer, so every row came over and was decided here".to_owned();
            let missing = Missing::Other { sentence, named: false };
            if !verdict.missing.contains(&missing) {
                verdict.missing.push(missing);
            }
        }
        verdict.consistency.interrupted |= conclusion.interrupted;
        if conclusion.is_whole() || stopped && conclusion.refusal.is_none() {
            answered = true;
            continue;
        }
        match &conclusion.refusal {
            Some(refusal) if conclusion.messages == 0 && is_void(wanted, refusal.errno) => answered = true,
            // A family, or a kind of action, that this kernel does not have is no hole in the table.
            Some(refusal) if conclusion.messages == 0 && NOT_HERE.contains(&refusal.errno) => {
                absent = Some(refusal.clone());
                // Groups of IPv4 there are all the same (net/ipv4/igmp.c, `inet_fill_ifmcaddr`).
                if table == Table::MulticastAddresses && ended.dump.family == Some(AF_INET) {
                    let sentence = "this kernel does not list groups of IPv4 (since Linux 6.15 it does)".to_owned();
                    let missing = Missing::Other { sentence, named: false };
                    if !verdict.missing.contains(&missing) {
                        verdict.missing.push(missing);
                    }
                }
            }
            Some(refusal) if conclusion.messages == 0 => {
                let missing = Missing::Table { table: table.name().to_owned(), refusal: refusal.clone(), named: true };
                if !verdict.missing.contains(&missing) {
                    verdict.missing.push(missing);
                }
            }
            _ => {
                answered = true;
                verdict.answer = Answer::Cut;
                let table = table.name().to_owned();
                verdict.missing.push(Missing::Dump { table, conclusion: conclusion.clone() });
            }
        }
    }
    if !answered && absent.is_none() && verdict.missing.is_empty() {
        let sentence = format!("this kernel cannot list {}: it does not have the family", table.name());
        verdict.missing.push(Missing::Other { sentence, named: true });
    }
    if let Some(refusal) = absent.filter(|_| !answered) {
        let missing = Missing::Table { table: table.name().to_owned(), refusal, named: true };
        if !verdict.missing.contains(&missing) {
            verdict.missing.push(missing);
        }
    }
    answered
}
