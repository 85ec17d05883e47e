//! The corpus beside the `ss` of this machine, in a namespace with all kinds of sockets.

use std::collections::BTreeMap;

use sockeye_zoo::{KINDS, Skip, Specimen, Zoo, in_namespace, skip};

use crate::compare::difference_that_stays;
use crate::differences::{Asked, BOUND_INACTIVE, Excuses};
use crate::oracle::{Release, Said, Sides};
use crate::{corpus, proof};

/// Kinds with names that tear the lines of the original: see [`crate::hostile`].
pub(crate) const TEARING: [&str; 3] = ["tcp_hostile_device", "unix_hostile_path", "unix_abstract"];

/// Command lines of which at least so many show a socket: a comparison of empty texts says nothing.
const SHOWING_MIN: usize = 250;

/// Every kind that this kernel has, and this release asks for.
fn populate(zoo: &Zoo, release: Release) -> Vec<Specimen> {
    let mut specimens = Vec::new();
    let is_asked_for = |kind: &str| kind != "tcp_bound" || release >= BOUND_INACTIVE;
    for (kind, construct) in KINDS.iter().filter(|(kind, _)| !TEARING.contains(kind) && is_asked_for(kind)) {
        match construct(zoo) {
            Ok(specimen) => specimens.push(specimen),
            Err(missing) => skip::skip(&format!("{kind} beside ss"), &missing.into()),
        }
    }
    specimens
}

/// Port ids of Netlink sockets of the protocol sock_diag that stay: those of the kernel and of this process.
pub(crate) fn kept_ports() -> Vec<String> {
    let pid = std::process::id();
    let name = std::fs::read_to_string("/proc/self/comm").unwrap_or_default();
    vec!["kernel".to_owned(), "0".to_owned(), pid.to_string(), format!("{}/{pid}", name.trim_end())]
}

/// Lines of text that are more than a header.
fn shows_sockets(said: &Said) -> bool {
    said.status == Some(0) && said.text.lines().count() > 1
}

pub(crate) fn the_corpus_gives_the_same_text() {
    in_namespace(|zoo| {
        let sides = Sides::find(zoo)?;
        let _specimens = populate(zoo, sides.release);
        let kept_ports = kept_ports();
        let mut excuses = Excuses::default();
        let (mut complaints, mut showing, mut lines) = (Vec::new(), 0, 0);
        for group in corpus::groups() {
            let mut failed = 0;
            for line in &group.lines {
                let asked = Asked { line, release: sides.release, kept_ports: &kept_ports };
                let ask = || (sides.theirs.ask(line), sides.ours.ask(line));
                let (theirs, ours, found) = difference_that_stays(&asked, &mut excuses, ask);
                showing += usize::from(shows_sockets(&theirs));
                if found.is_none() {
                    proof::spoiling_is_found(&asked, &theirs, &ours);
                }
                failed += usize::from(found.is_some());
                complaints.extend(found);
            }
            lines += group.lines.len();
            eprintln!("{}: {} lines, {failed} differ", group.name, group.lines.len());
        }
        eprintln!("excused: {:#?}", excuses.used());
        assert!(complaints.is_empty(), "{} of {lines} lines differ:\n{}", complaints.len(), complaints.join("\n"));
        assert!(showing >= SHOWING_MIN, "only {showing} of {lines} lines showed sockets");
        Ok(())
    });
}

/// `sockeye ss` beside the link: lines that show nothing which moves.
pub(crate) fn the_command_and_the_link_say_the_same() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_listening()?, zoo.tcp_established_v6()?, zoo.udp_connected()?, zoo.unix_stream_pair()?);
        let ours = Sides::ours(zoo);
        let mut texts: BTreeMap<String, &str> = BTreeMap::new();
        for line in ["-ltn", "-tanp", "-uane", "-xa", "-tuanH state established", "-lx"] {
            let link = ours.ask(&format!("ss {line}"));
            let command = ours.ask(&format!("{} ss {line}", env!("CARGO_BIN_EXE_sockeye")));
            assert_eq!((command.text, command.status), (link.text.clone(), Some(0)), "sockeye ss {line}");
            assert!(link.text.lines().count() > 1, "ss {line} shows nothing:\n{}", link.text);
            if let Some(other) = texts.insert(link.text, line) {
                panic!("ss {line} and ss {other} say the same");
            }
        }
        Ok::<(), Skip>(())
    });
}
