//! What a listing is worth: the conclusions of its dumps, the owners that could not be seen, the rows that stayed undecided.

use std::io;
use std::sync::atomic::Ordering;

use sockeye_owners::{Capability, Scan, ScanError, Source};
use sockeye_query::FieldId;
use sockeye_query::filter::Expression;
use sockeye_query::sockets::{Flat, Plan, Table, catalog, source_flat};
use sockeye_state::{Answer, Confirmed, Consistency, Missing, Verdict, WINDOW};
use sockeye_wire::{Privilege, Version};

use super::listing::{Counts, Ended};

/// Everything that the verdict is made of.
pub(crate) struct Circumstances<'c> {
    pub(crate) plan: &'c Plan,
    pub(crate) ended: &'c [Ended],
    pub(crate) counts: &'c Counts,
    pub(crate) confirmed: Option<Confirmed>,
    pub(crate) scan: Option<&'c Result<Scan, ScanError>>,
    pub(crate) net_admin: bool,
    /// The kernel that was asked.
    pub(crate) kernel: Version,
    /// Fields that were asked for by name.
    pub(crate) named: Vec<FieldId>,
    /// An owner that was to be shown is unknown, or one that a filter asks for.
    pub(crate) owners_unknown: bool,
    /// Owners were asked for by name.
    pub(crate) owners_named: bool,
    /// What could not be seen of the namespaces, and whether more could have been had.
    pub(crate) namespaces: Option<(&'c str, bool)>,
    /// Why paths of control groups are not there.
    pub(crate) cgroups: Option<&'c str>,
    pub(crate) filter: &'c Expression,
}

/// The verdict.
pub(crate) fn verdict(found: &Circumstances<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    dumps(found, &mut verdict);
    verdict.consistency = Consistency::default();
    verdict.consistency.interrupted =
        found.ended.iter().any(|ended| ended.result.as_ref().is_ok_and(|it| it.interrupted));
    verdict.consistency.doubled = found.counts.doubled.load(Ordering::Relaxed);
    verdict.consistency.window = found.confirmed.is_none().then_some(WINDOW as u64);
    verdict.consistency.confirmed = found.confirmed;
    verdict.missing.extend(found.confirmed.and_then(unsure));
    privileges(found, &mut verdict);
    owners(found, &mut verdict);
    if found.ended.iter().any(|ended| ended.storages_refused) {
        let what = "the kernel does not tell bpf_storages".to_owned();
        verdict.missing.push(Missing::Capability { capability: Privilege::Bpf.capability(), what, named: true });
    }
    if found.ended.iter().any(|ended| ended.program_refused) {
        let sentence = "the kernel refused the filter program, so every row came over and was decided here".to_owned();
        verdict.missing.push(Missing::Other { sentence, named: false });
    }
    if let Some((sentence, named)) = found.namespaces {
        verdict.missing.push(Missing::Other { sentence: sentence.to_owned(), named });
    }
    if let Some(why) = found.cgroups {
        let named = found.named.iter().any(|&field| source_flat(field) == Some(Flat::Cgroup));
        let sentence = format!("paths of control groups are unknown: {why}");
        verdict.missing.push(Missing::Other { sentence, named });
    }
    verdict
}

/// The dumps: a table that is not there, or one that broke off.
fn dumps(found: &Circumstances<'_>, verdict: &mut Verdict) {
    let stopped = found.counts.stopped.load(Ordering::Relaxed);
    let mut answered = false;
    let mut said: Vec<Table> = Vec::new();
    for ended in found.ended {
        let conclusion = match &ended.result {
            Ok(conclusion) => conclusion,
            Err(error) => {
                let one = failure(error);
                // Each table of a namespace fails alike.
                if !verdict.missing.contains(&one) {
                    verdict.missing.push(one);
                }
                continue;
            }
        };
        // A listing that wanted no more rows left the dump on purpose.
        let enough = stopped && conclusion.refusal.is_none() && !conclusion.done;
        if conclusion.is_whole() || enough {
            answered = true;
            continue;
        }
        if said.contains(&ended.table) {
            continue;
        }
        said.push(ended.table);
        let table = ended.table.name().to_owned();
        match &conclusion.refusal {
            Some(refusal) if conclusion.messages == 0 => {
                // Both address families refuse alike, and only one may be without a handler.
                let other = found
                    .ended
                    .iter()
                    .any(|other| other.table == ended.table && other.result.as_ref().is_ok_and(|it| it.done));
                if !other {
                    let named = found.plan.tables_named.has(ended.table);
                    verdict.missing.push(Missing::Table { table, refusal: refusal.clone(), named });
                }
            }
            _ => {
                answered |= conclusion.messages > 0;
                verdict.answer = Answer::Cut;
                verdict.missing.push(Missing::Dump { table, conclusion: conclusion.clone() });
            }
        }
    }
    if !answered {
        verdict.answer = Answer::Failed;
    } else if found.ended.iter().any(|ended| ended.result.is_err()) {
        verdict.answer = Answer::Cut;
    }
    if found.counts.defects.load(Ordering::Relaxed) > 0 {
        let sentence = format!(
            "{} rows were malformed and are shown as far as they could be read",
            found.counts.defects.load(Ordering::Relaxed)
        );
        verdict.missing.push(Missing::Other { sentence, named: false });
    }
}

/// What was asked for with `--confirm` and could not be had.
fn unsure(confirmed: Confirmed) -> Option<Missing> {
    let Confirmed { dumps, found, gone, sure, .. } = confirmed;
    let sentence = format!(
        "after {dumps} dumps it is not sure that no socket is missing: each still brought news ({found} sockets were found \
         by another look, {gone} had gone meanwhile)"
    );
    (!sure).then_some(Missing::Other { sentence, named: true })
}

/// A dump that could not be made.
fn failure(error: &sockeye_conn::Error) -> Missing {
    match error.capability() {
        Some(capability) => {
            let what = format!("{}: {}", error.operation, error.source);
            Missing::Capability { capability, what, named: true }
        }
        None => Missing::Other { sentence: error.to_string(), named: true },
    }
}

/// Fields that the kernel keeps back, and rows that the filter could not decide without them.
fn privileges(found: &Circumstances<'_>, verdict: &mut Verdict) {
    let kept_back: Vec<_> = found
        .plan
        .privileges
        .iter()
        .filter(|(_, privilege)| privilege.of(found.kernel) == Privilege::NetAdmin && !found.net_admin)
        .collect();
    let in_filter = found.filter.fields();
    let undecided = found.counts.undecided.load(Ordering::Relaxed);
    let decisive: Vec<_> = kept_back.iter().filter(|(field, _)| in_filter.contains(field)).collect();
    if undecided > 0 && !decisive.is_empty() {
        verdict.missing.push(Missing::Undecided {
            rows: undecided,
            fields: decisive.iter().map(|(field, _)| catalog().info(*field).name().to_owned()).collect(),
            reason: "is only told to CAP_NET_ADMIN".to_owned(),
        });
    } else if let Some((_, privilege)) = kept_back.first() {
        let kept: Vec<_> = kept_back.iter().map(|(field, _)| catalog().info(*field).name()).collect();
        let what = format!("the kernel does not tell {}", kept.join(", "));
        let named = kept_back.iter().any(|(field, _)| found.named.contains(field));
        verdict.missing.push(Missing::Capability { capability: privilege.capability(), what, named });
    }
}

/// Owners that could not be seen.
fn owners(found: &Circumstances<'_>, verdict: &mut Verdict) {
    let Some(scan) = found.scan else { return };
    verdict.owner_source = Some(scan.as_ref().map_or(Source::Proc, |scan| scan.source).name());
    let named = found.owners_named;
    match scan {
        Err(error) => {
            verdict.missing.push(Missing::Other { sentence: error.to_string(), named });
            undecided_owners(found, "could not be looked for", verdict);
        }
        Ok(scan) => {
            let seen = &scan.visibility;
            let restricted = seen.processes_not_permitted > 0 && !seen.missing_capabilities.is_empty();
            if restricted {
                let capability = match seen.missing_capabilities.first() {
                    // Either alone lets nobody look into the processes of other users.
                    Some(Capability::SysPtrace) if seen.missing_capabilities.len() > 1 => {
                        "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
                    }
                    Some(one) => one.name(),
                    None => "CAP_SYS_PTRACE",
                };
                let processes = match seen.processes_not_permitted {
                    1 => "1 process".to_owned(),
                    number => format!("{number} processes"),
                };
                let what = format!("owners are unknown where {processes} may not be looked at");
                verdict.missing.push(Missing::Capability { capability, what, named });
                undecided_owners(found, &format!("cannot be seen without {capability}"), verdict);
                // That capability would not help with these.
                if seen.processes_failed > 0 && found.owners_unknown {
                    let why = seen
                        .failure_errno
                        .map_or("?".to_owned(), |errno| io::Error::from_raw_os_error(errno).to_string());
                    let sentence =
                        format!("owners may be missing: {} processes not readable: {why}", seen.processes_failed);
                    verdict.missing.push(Missing::Other { sentence, named });
                }
            } else if !seen.is_whole() && found.owners_unknown {
                verdict.missing.push(Missing::Other { sentence: format!("owners may be missing: {seen}"), named });
                undecided_owners(found, "may be that of a process which cannot be seen", verdict);
            }
        }
    }
}

/// Rows that the filter could not decide without their owners.
fn undecided_owners(found: &Circumstances<'_>, why: &str, verdict: &mut Verdict) {
    let rows = found.counts.undecided_by_owners.load(Ordering::Relaxed);
    let fields: Vec<_> = found
        .filter
        .fields()
        .into_iter()
        .filter(|&field| matches!(source_flat(field), Some(Flat::Owner(_) | Flat::PeerOwner(_))))
        .map(|field| catalog().info(field).name().to_owned())
        .collect();
    let said = verdict.missing.iter().any(|missing| matches!(missing, Missing::Undecided { .. }));
    if rows > 0 && !said {
        verdict.missing.push(Missing::Undecided { rows, fields, reason: why.to_owned() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Status;

    #[test]
    fn a_second_look_that_was_not_sure_says_so() {
        let mut verdict = Verdict::default();
        verdict.missing.extend(unsure(Confirmed::new(3, 2, 7, true)));
        assert_eq!(Status::of(&verdict), Status::Whole);
        verdict.missing.extend(unsure(Confirmed::new(8, 23, 45, false)));
        assert_eq!(Status::of(&verdict), Status::Incomplete, "it was asked for by name");
        let [Missing::Other { sentence, .. }] = verdict.missing.as_slice() else { panic!("{verdict:?}") };
        assert!(sentence.starts_with("after 8 dumps it is not sure") && sentence.contains("23 sockets"), "{sentence}");
    }
}
