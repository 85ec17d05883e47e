//! The corpus beside the `ss` of this machine, in a namespace with all kinds of sockets.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use sockeye_zoo::{KINDS, Skip, Specimen, Zoo, in_namespace, skip, slowness};

use crate::compare::difference_that_stays;
use crate::differences::{Asked, Excuses, LATER_STATES};
use crate::oracle::{Release, Said, Sides, is_another_compared};
use crate::{corpus, proof};

/// Kinds with names that tear the lines of the original: see [`crate::hostile`].
pub(crate) const TEARING: [&str; 4] = ["tcp_hostile_device", "unix_hostile_path", "unix_abstract", "tcp_shared"];

/// A process that holds a socket of ours as well.
#[derive(Debug)]
struct Heir(Child);

impl Heir {
    fn of(specimen: &Specimen) -> Self {
        let socket = specimen.socket("listener").try_clone_to_owned().expect("descriptors are left");
        let mut command = Command::new("sleep");
        // Not our output: whoever waits for its end would wait for this process too, if the test cannot end it.
        command.arg("600").stdin(Stdio::from(socket)).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("sleep can be run"))
    }
}

impl Drop for Heir {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A release to which nothing is excused that an older one does.
const NEWEST: Release = Release(u32::MAX, 0);

/// Command lines of which at least so many show a socket: a comparison of empty texts says nothing.
const SHOWING_MIN: usize = 250;

/// Every kind that this kernel has, and this release asks for.
fn populate(zoo: &Zoo, release: Release) -> Vec<Specimen> {
    let mut specimens = Vec::new();
    let is_asked_for = |kind: &str| kind != "tcp_bound" || release >= LATER_STATES;
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
        let shared = zoo.tcp_listening()?;
        let _heirs = [Heir::of(&shared), Heir::of(&shared)];
        let kept_ports = kept_ports();
        let mut excuses = Excuses::default();
        let (mut complaints, mut showing, mut lines) = (Vec::new(), 0, 0);
        // A thousand lines and more take a slow machine longer than anybody waits.
        let step = slowness() as usize;
        for group in corpus::groups() {
            let mut failed = 0;
            let tried: Vec<_> = group.lines.iter().step_by(step).collect();
            for &line in &tried {
                let asked = Asked { line, release: sides.release, kept_ports: &kept_ports };
                let their_line = if is_another_compared() { line } else { excuses.line_instead(line) };
                let ask = || (sides.theirs.ask(their_line), sides.ours.ask(line));
                let (theirs, ours, found) = difference_that_stays(&asked, &mut excuses, ask);
                showing += usize::from(shows_sockets(&theirs));
                if found.is_none() {
                    proof::spoiling_is_found(&asked, &theirs, &ours);
                }
                failed += usize::from(found.is_some());
                complaints.extend(found);
            }
            lines += tried.len();
            eprintln!("{}: {} of {} lines tried, {failed} differ", group.name, tried.len(), group.lines.len());
        }
        eprintln!("excused: {:#?}", excuses.used());
        assert!(complaints.is_empty(), "{} of {lines} lines differ:\n{}", complaints.len(), complaints.join("\n"));
        assert!(showing >= SHOWING_MIN / step, "only {showing} of {lines} lines showed sockets");
        Ok(())
    });
}

/// `sockeye ss` beside the link: lines that show nothing which moves.
pub(crate) fn the_command_and_the_link_say_the_same() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_listening()?, zoo.tcp_established_v6()?, zoo.udp_connected()?, zoo.unix_listening()?);
        let ours = Sides::ours(zoo);
        let mut texts: BTreeMap<String, &str> = BTreeMap::new();
        for line in ["-ltn", "-tanp", "-uane", "-xa", "-tuanH state established", "-lx"] {
            let command = format!("{} ss {line}", env!("CARGO_BIN_EXE_sockeye"));
            let asked = Asked { line: &command, release: NEWEST, kept_ports: &[] };
            let ask = || (ours.ask(&format!("ss {line}")), ours.ask(&command));
            let (link, _, found) = difference_that_stays(&asked, &mut Excuses::default(), ask);
            assert_eq!(found, None);
            assert!(link.text.lines().count() > 1, "ss {line} shows nothing:\n{}", link.text);
            if let Some(other) = texts.insert(link.text, line) {
                panic!("ss {line} and ss {other} say the same");
            }
        }
        Ok::<(), Skip>(())
    });
}
