//! Where owners come from: said in the verdict and in the plan, to be chosen, and the same from both.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sockeye_zoo::skip::may_load_programs;
use sockeye_zoo::{Skip, Zoo, in_namespace};

use crate::ran::{run, sockeye};
use crate::support::listing;

/// The program as a user with these capabilities.
fn somebody(zoo: &Zoo, capabilities: &str) -> Result<Command, Skip> {
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
    let program = zoo.directory().join("sockeye");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_sockeye"), &program).expect("a directory of our own");
    }
    open(zoo.directory()).and_then(|()| open(&program)).expect("our own");
    let setpriv = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", capabilities]);
        command.args(["--ambient-caps", capabilities]);
        command
    };
    let able = setpriv().arg("true").output().map_err(|error| Skip::new("program:setpriv", error.to_string()))?;
    if !able.status.success() {
        return Err(Skip::new("unprivileged", String::from_utf8_lossy(&able.stderr).trim().to_owned()));
    }
    let mut command = setpriv();
    command.arg(program);
    Ok(command)
}

/// Columns with every part of an owner, in one order of rows.
const EVERYTHING: &str = "inode,process,pid,fd,user,cmdline,unit,container,pod";

#[test]
fn both_sources_list_the_same_and_the_verdict_names_the_one_that_was_used() {
    in_namespace(|zoo| {
        may_load_programs()?;
        let _kinds = [zoo.tcp_shared()?, zoo.tcp_established_v4()?, zoo.udp_connected()?, zoo.unix_abstract()?];
        let ask = |source: &str, filter: &[&str]| {
            let shown = ["--columns", EVERYTHING, "--sort", "inode", "--owner-source", source];
            let (rows, verdict) = listing(&[filter, &shown].concat());
            assert_eq!((&verdict["owner_source"], &verdict["answer"]), (&source.into(), &"whole".into()), "{verdict}");
            rows
        };
        let own = format!("pid = {}", std::process::id());
        for (filter, least) in [(&["tcp", "udp", "unix"][..], 6), (&["tcp", &own], 3)] {
            let [bpf, proc] = ["bpf", "proc"].map(|source| ask(source, filter));
            let [bpf, proc] =
                [bpf, proc].map(|rows| rows.into_iter().map(|row| row["owners"].clone()).collect::<Vec<Value>>());
            let held: Vec<_> =
                bpf.iter().filter(|owners| owners.as_array().is_some_and(|all| !all.is_empty())).collect();
            assert!(held.len() >= least, "{filter:?}: {bpf:?}");
            assert!(held.iter().any(|owners| owners.as_array().is_some_and(|all| all.len() == 3)), "shared by three");
            assert_eq!(bpf, proc, "{filter:?}");
        }
        for (source, part) in [("bpf", "from a BPF program"), ("proc", "from /proc, each process once")] {
            let plan = sockeye(&["--plan", "tcp", "--columns", "pid", "--owner-source", source]).ended(0);
            let expected = format!("owners: {part}");
            let told = plan.lines().into_iter().find(|line| line.starts_with("owners: ")).expect("a line of the plan");
            assert!(told.starts_with(&expected) && told.ends_with("because it was asked for"), "{told}");
            assert!(told.contains(&format!("(owner_source: {source})")), "{told}");
        }
        Ok(())
    });
}

#[test]
fn a_source_that_was_asked_for_and_may_not_be_had_is_an_error_that_names_the_capability() {
    in_namespace(|zoo| {
        may_load_programs()?;
        let shown = ["tcp", "--columns", "local,pid", "-j"];
        let _listener = zoo.tcp_listening()?;
        for capabilities in ["-all", "+bpf", "+perfmon"] {
            let forced = run(somebody(zoo, capabilities)?.args(shown).args(["--owner-source", "bpf"])).ended(1);
            assert!(
                forced.errors().contains("(needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN)"),
                "{}",
                forced.errors()
            );
            assert_eq!(forced.text(), "", "not a row");
            // Left to itself it does without; who holds the listener is not known then, and was asked for.
            let automatic = run(somebody(zoo, capabilities)?.args(shown)).ended(3).json();
            assert_eq!(automatic["verdict"]["owner_source"], "proc");
            let plan = run(somebody(zoo, capabilities)?.args(["--plan", "tcp"])).ended(0);
            assert!(plan.text().contains("because BPF needs CAP_BPF and CAP_PERFMON"), "{}", plan.text());
        }
        let both = run(somebody(zoo, "+bpf,+perfmon")?.args(shown).args(["--owner-source", "bpf"])).ended(0).json();
        assert_eq!(both["sockets"][0]["owners"][0]["pid"], std::process::id(), "{both}");
        Ok(())
    });
}
