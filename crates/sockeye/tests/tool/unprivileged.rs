//! What a user without any privilege sees, beside what root sees: the same, and what is kept back has a name.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sockeye_zoo::{KINDS, Skip, Specimen, Zoo, in_namespace, skip};

use crate::ran::{Ran, csv, missing, run, with_cookie};
use crate::support::listing;

/// The user that owns nothing.
const NOBODY: &str = "65534";

/// What is told to the privileged only, by key: by the kernel to `CAP_NET_ADMIN`, by `/proc` to `CAP_SYS_PTRACE`.
const KEPT_BACK: [&str; 5] = ["mark", "md5_signatures", "filter", "owners", "owners_unknown"];

/// Makes a network namespace, binds it to the file with its name, and runs a program.
const MADE: &str = r#"touch "$0" && unshare --net="$0" true && exec "$@""#;

/// The program where everybody may run it, gone with this value.
struct Copy(PathBuf);

impl Copy {
    fn new(zoo: &Zoo) -> io::Result<Self> {
        let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
        open(zoo.directory())?;
        let path = zoo.directory().join("sockeye");
        std::fs::copy(env!("CARGO_BIN_EXE_sockeye"), &path)?;
        open(&path)?;
        Ok(Self(path))
    }

    /// Runs it as a user without privilege.
    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs"]);
        run(command.args(["--inh-caps", "-all", "--bounding-set", "-all", "--"]).arg(&self.0).args(arguments))
    }

    fn listing(&self, arguments: &[&str]) -> (Vec<Value>, Value, i32) {
        let ran = self.run(&[arguments, &["-o", "ndjson"]].concat());
        let mut rows = ran.json_lines();
        let verdict = rows.pop().unwrap_or_else(|| panic!("no verdict: {}", ran.errors()))["verdict"].take();
        (rows, verdict, ran.status)
    }
}

/// The program as nobody, or why there is none.
fn nobody(zoo: &Zoo) -> Result<Copy, Skip> {
    let copy = Copy::new(zoo).expect("a directory of our own");
    let found = Command::new("setpriv").args(["--reuid", NOBODY, "--clear-groups", "true"]).output();
    match found {
        Ok(output) if output.status.success() => Ok(copy),
        Ok(output) => Err(Skip::new("unprivileged", String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        Err(error) => Err(Skip::new("program:setpriv", error.to_string())),
    }
}

fn every_kind(zoo: &Zoo) -> Vec<Specimen> {
    KINDS.iter().filter_map(|(_, construct)| construct(zoo).ok()).collect()
}

/// Holds a row that everybody sees against what root saw before and after, and notes where it differs from both.
fn compare(path: &str, before: &Value, seen: Option<&Value>, after: &Value, differences: &mut BTreeSet<String>) {
    let Some(seen) = seen else {
        differences.insert(format!("{path} is {before} for root and absent for everybody"));
        return;
    };
    let (Value::Object(was), Value::Object(is)) = (before, after) else {
        if before == after && seen != before {
            differences.insert(format!("{path} differs for everybody"));
        }
        return;
    };
    for (key, before) in was {
        // What an upper layer says of itself is for the privileged; its name is for everybody.
        let kept_back = KEPT_BACK.contains(&key.as_str()) || (path.rsplit('.').next() == Some("ulp") && key != "name");
        let Some(after) = is.get(key).filter(|_| !kept_back) else { continue };
        compare(&format!("{path}.{key}"), before, seen.get(key), after, differences);
    }
}

/// Looks as root, as nobody and as root again, and compares what did not change in between.
fn look(nobody: &Copy) -> (usize, BTreeSet<String>) {
    let (mut compared, mut differences) = (0, BTreeSet::new());
    for family in ["tcp", "udp", "mptcp", "unix", "packet", "netlink", "udplite"] {
        let arguments = ["sockets", family, "all", "--view", "everything"];
        let (before, _) = listing(&arguments[1..]);
        let (seen, _, _) = nobody.listing(&arguments);
        let (after, _) = listing(&arguments[1..]);
        for was in &before {
            let Some(cookie) = was["cookie"].as_str() else { continue };
            let same = |rows: &[Value]| rows.iter().find(|row| row["cookie"] == *cookie).cloned();
            // Each look has a netlink socket of its own, and a timer may end a socket.
            let Some(is) = same(&after) else { continue };
            compare(&format!("{family} {cookie}"), was, same(&seen).as_ref(), &is, &mut differences);
            compared += 1;
        }
    }
    (compared, differences)
}

#[test]
fn everything_that_the_kernel_gives_to_everybody_is_there() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let _kept = every_kind(zoo);
        let (compared, mut differences) = look(&nobody);
        assert!(compared > 80, "{compared}");
        // A timer that runs and rests can be at rest for root both times and run in between. What is kept back from
        // everybody is kept back every time.
        for _ in 0..5 {
            if differences.is_empty() {
                break;
            }
            let (_, again) = look(&nobody);
            differences.retain(|difference| again.contains(difference));
        }
        if !skip::kernel_is_since(6, 15) {
            // Until then the kernel tells it to CAP_NET_ADMIN alone, which the verdict says.
            differences.retain(|difference| !difference.contains(".ulp is "));
        }
        assert!(differences.is_empty(), "{differences:#?}");
        Ok(())
    });
}

#[test]
fn what_needs_a_privilege_names_the_capability() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let telling = zoo.tcp_telling_v4()?;
        let cookie = telling.expected("client").cookie.expect("every socket has a cookie");
        let (rows, verdict, status) = nobody.listing(&["tcp", "--columns", "cookie,mark"]);
        assert!(with_cookie(&rows, cookie)[0].get("mark").is_none(), "not 0, which would be a lie");
        let capability = missing(&verdict, "capability");
        assert_eq!(capability[0]["capability"], "CAP_NET_ADMIN");
        assert!(capability[0]["reason"].as_str().is_some_and(|reason| reason.contains("mark")), "{verdict}");
        assert_eq!(status, 3, "it was asked for by name");
        let (_, verdict, status) = nobody.listing(&["tcp", "--view", "everything"]);
        assert_eq!(missing(&verdict, "capability")[0]["asked_for"], false, "{verdict}");
        assert_eq!(status, 0, "it was not asked for by name");
        Ok(())
    });
}

#[test]
fn signatures_and_packet_filters_are_absent_and_named() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        for (specimen, family, key) in
            [(zoo.tcp_md5()?, "tcp", "md5_signatures"), (zoo.packet_filter()?, "packet", "filter")]
        {
            let cookie = specimen.all()[0].cookie.expect("every socket has a cookie");
            let columns = format!("--columns=cookie,{key}");
            let (root, _) = listing(&[family, &columns]);
            assert!(with_cookie(&root, cookie)[0][key].as_array().is_some_and(|list| !list.is_empty()), "{root:?}");
            let (rows, verdict, status) = nobody.listing(&[family, &columns]);
            assert!(with_cookie(&rows, cookie)[0].get(key).is_none(), "{rows:?}");
            assert_eq!(missing(&verdict, "capability")[0]["capability"], "CAP_NET_ADMIN", "{verdict}");
            assert_eq!(status, 3, "{key}");
        }
        Ok(())
    });
}

#[test]
fn a_filter_on_what_is_kept_back_counts_the_rows_it_could_not_decide() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let _kept = zoo.tcp_established_v4()?;
        // Whether there is one is kept back too.
        for filter in ["mark = 5", "mark != 5", "not mark = 0x5/0xff", "has mark", "not has mark", "has md5_signatures"]
        {
            let (rows, verdict, status) = nobody.listing(&["tcp", filter]);
            let undecided = missing(&verdict, "undecided");
            assert_eq!((rows.len(), undecided.len(), status), (0, 1, 3), "{filter}: {verdict}");
            assert_eq!(undecided[0]["rows"], 3, "{filter}: {verdict}");
            assert!(undecided[0]["reason"].as_str().is_some_and(|reason| reason.contains("CAP_NET_ADMIN")));
        }
        let table = nobody.run(&["tcp", "mark = 5"]).ended(3);
        assert!(table.errors().contains("3 rows could not be decided: mark"), "{}", table.errors());
        // What does not depend on it is decided. The kernel itself may listen: TIPC does in every namespace.
        let (rows, verdict, _) = nobody.listing(&["tcp", "mark = 5 or listening"]);
        let rows = rows.iter().filter(|row| row["protocol"] == "tcp");
        assert_eq!((rows.count(), &missing(&verdict, "undecided")[0]["rows"]), (1, &2.into()), "{verdict}");
        Ok(())
    });
}

#[test]
fn root_of_a_user_namespace_is_nobody_in_the_network_namespace_of_another() {
    in_namespace(|zoo| {
        let able = Command::new("unshare").args(["--user", "--map-root-user", "true"]).output();
        match able {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let refused = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Err(Skip::new("user-namespaces", refused));
            }
            Err(error) => return Err(Skip::new("program:unshare", error.to_string())),
        }
        let rooted = |own_network: bool, arguments: &[&str]| {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user"]).args(own_network.then_some("--net"));
            run(command.arg(env!("CARGO_BIN_EXE_sockeye")).args(arguments))
        };
        let made = zoo.directory().join("made");
        let _kept = zoo.tcp_established_v4()?;
        let is_no_matter = |words: &[&str], ran: Ran| {
            // What `why` says may be incomplete for another reason, where a machine is busy.
            let ran = if words[0] == "why" { ran.ended_in(&[0, 3]) } else { ran.ended(0) };
            let texts = [ran.text(), ran.errors()].concat();
            assert!(ran.status == 0 || !texts.contains("CAP_NET_ADMIN"), "{texts}");
        };
        for words in [&["tcp", "mark = 5"][..], &["why", "--for", "300ms", "mark = 5"]] {
            let said = rooted(false, words).ended(3);
            let texts = [said.text(), said.errors()].concat();
            assert!(texts.contains("CAP_NET_ADMIN"), "{words:?}: {texts}");
            is_no_matter(words, rooted(true, words));
            // One that it made itself and names is its own, whatever the one is that it is in.
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "--mount", "sh", "-c", MADE]).arg(&made);
            let its_own = run(command.arg(env!("CARGO_BIN_EXE_sockeye")).args(words).arg("-N").arg(&made));
            is_no_matter(words, its_own);
        }
        Ok(())
    });
}

#[test]
fn owners_of_others_are_not_permitted_instead_of_none() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let _kept = zoo.tcp_established_v4()?;
        let table = nobody.run(&["tcp", "listening"]).ended(0);
        assert!(table.lines()[1].contains("not permitted"), "{}", table.text());
        assert!(
            table.errors().starts_with("note: ") && table.errors().contains("CAP_SYS_PTRACE"),
            "{}",
            table.errors()
        );

        let (rows, verdict, status) = nobody.listing(&["tcp"]);
        assert!(!rows.is_empty() && status == 0, "a default column is a note: {verdict}");
        for row in &rows {
            assert!(row.get("owners").is_none(), "{row}");
            assert!(row["owners_unknown"].as_str().is_some_and(|why| why.starts_with("not permitted")), "{row}");
        }
        let capability = missing(&verdict, "capability");
        assert_eq!(
            (&capability[0]["capability"], &capability[0]["asked_for"]),
            (&"CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH".into(), &false.into())
        );

        let (_, _, status) = nobody.listing(&["tcp", "--columns", "+unit"]);
        assert_eq!(status, 3, "asked for by name");
        let groups = nobody.run(&["tcp", "--group-by", "process"]).ended(3);
        assert!(groups.lines()[1].starts_with("not permitted"), "{}", groups.text());
        let (groups, _, _) = nobody.listing(&["tcp", "--group-by", "process"]);
        assert!(groups[0]["owners_unknown"].is_string(), "{groups:?}");
        Ok(())
    });
}

#[test]
fn not_permitted_is_said_of_every_part_and_in_every_format() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let _kept = zoo.tcp_listening()?;
        for part in ["process", "pid", "fd", "user", "cmdline", "unit", "container", "pod"] {
            let columns = format!("lport,{part}");
            for arguments in [["-H", "--columns", &columns], ["-H", "--group-by", &columns]] {
                let table = nobody.run(&[&["tcp", "listening"], &arguments[..]].concat()).ended(3);
                assert!(table.text().contains("  not permitted"), "{arguments:?}: {}", table.text());
                let records = nobody.run(&[&["tcp", "listening", "-o", "csv"], &arguments[..]].concat()).ended(3);
                let records = csv(records.text());
                assert!(
                    !records.is_empty() && records.iter().all(|record| record[1] == "not permitted"),
                    "{records:?}"
                );
            }
        }
        // Words take room: one column of each kind has them.
        let table = nobody.run(&["tcp", "listening", "-H", "--columns", "pid,user"]).ended(3);
        assert!(table.lines()[0].ends_with("not permitted  ?"), "{}", table.text());
        let records = csv(nobody.run(&["tcp", "listening", "-o", "csv", "-H", "--columns", "pid,user"]).text());
        assert_eq!(records[0], ["not permitted"; 2]);
        Ok(())
    });
}

#[test]
fn owners_of_other_ends_are_not_permitted_where_there_is_another_end() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let _pair = std::os::unix::net::UnixStream::pair().expect("descriptors are left");
        let _alone = std::os::unix::net::UnixDatagram::unbound().expect("descriptors are left");
        let columns = ["unix", "--columns", "inode,peer-inode,peer-process,peer-pid"];
        let (rows, _, status) = nobody.listing(&columns);
        assert_eq!((rows.len(), status), (3, 3), "{rows:?}");
        for row in &rows {
            assert_eq!(row.get("peer_owners_unknown").is_some(), row.get("peer_inode").is_some(), "{row}");
            assert!(row.get("peer_owners").is_none(), "{row}");
        }
        let alone = |said: &str| said.starts_with('-');
        let table = nobody.run(&columns).ended(3);
        let said: Vec<_> = table.lines()[1..]
            .iter()
            .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(said.iter().filter(|said| alone(said)).collect::<Vec<_>>(), ["- - -"]);
        assert_eq!(said.iter().filter(|said| said.ends_with(" not permitted ?")).count(), 2, "{said:?}");
        let records = csv(nobody.run(&[&columns[..], &["-o", "csv", "-H"]].concat()).text());
        for record in &records {
            let expected = if record[1].is_empty() { "" } else { "not permitted" };
            assert_eq!(record[2..], [expected; 2], "{record:?}");
        }
        let (groups, _, _) = nobody.listing(&["unix", "--group-by", "peer-process"]);
        let count = |unknown: bool| {
            let group = groups.iter().find(|group| group.as_object().is_some_and(|group| (group.len() > 1) == unknown));
            group.map(|group| group["count"].clone())
        };
        assert_eq!((count(true), count(false)), (Some(2.into()), Some(1.into())), "{groups:?}");
        let groups = nobody.run(&["unix", "--group-by", "peer-pid", "-H"]).ended(3);
        assert_eq!(
            groups.lines().iter().filter(|line| line.starts_with("not permitted")).count(),
            1,
            "{}",
            groups.text()
        );
        Ok(())
    });
}

#[test]
fn a_filter_on_owners_counts_the_rows_it_could_not_decide() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let _kept = zoo.tcp_established_v4()?;
        // Names and numbers of all processes are known to everybody: what they hold is not.
        let name = std::fs::read_to_string("/proc/self/comm").expect("we are here");
        let filters = [
            format!("pid = {}", std::process::id()),
            format!("process = '{}'", name.trim_end()),
            format!("process ~ '{}*'", &name[..2]),
            "fd = 3".to_owned(),
        ];
        for filter in &filters {
            let (rows, verdict, status) = nobody.listing(&["tcp", filter]);
            assert_eq!((rows.len(), status), (0, 3), "{filter}: {verdict}");
            assert_eq!(missing(&verdict, "undecided")[0]["rows"], 3, "{filter}: {verdict}");
        }
        Ok(())
    });
}

#[test]
fn what_nobody_can_hold_is_decided_without_looking() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        // Three connections wait to be accepted: their server ends have no inode, and what is left of one in TIME-WAIT
        // has none.
        let _kept = (zoo.tcp_listening()?, zoo.tcp_time_wait()?);
        let counted = |condition: &str| {
            let filter = format!("tcp ( established or time-wait ) and not has inode and {condition}");
            let (rows, verdict, _) = nobody.listing(&[&filter, "--columns", "state"]);
            (rows.len(), missing(&verdict, "undecided").len())
        };
        assert_eq!(counted("sport ge 0"), (4, 0));
        for condition in ["not has pid", "pid != 1", "process != sshd", "not cmdline ~ '*x*'"] {
            assert_eq!(counted(condition), (4, 0), "{condition}");
        }
        for condition in ["has pid", "pid = 1", "process = sshd", "( user = 0 or sport = 1 )"] {
            assert_eq!(counted(condition), (0, 0), "{condition}");
        }
        Ok(())
    });
}

#[test]
fn a_filter_that_stays_undecided_for_another_reason_does_not_make_owners_unknown() {
    in_namespace(|zoo| {
        // A connection that is not made yet has no round-trip time. Where this process may see every other, the verdict
        // has nothing to say in any case.
        let _kept = (zoo.tcp_established_v4()?, zoo.tcp_syn_sent()?);
        let (rows, verdict) = listing(&["rtt gt 0us", "inode gt 0", "--columns", "rtt,pid"]);
        assert!(!rows.is_empty() && rows.iter().all(|row| row["owners"][0]["pid"] == std::process::id()), "{rows:?}");
        assert!(missing(&verdict, "other").is_empty(), "{verdict}");
        Ok(())
    });
}

#[test]
fn sockets_of_ones_own_have_their_owner() {
    in_namespace(|zoo| {
        let nobody = nobody(zoo)?;
        let program = nobody.0.to_str().expect("a name of ours");
        // The shell holds one end of a pair that the program inherits: nobody owns both.
        let (near, far) = std::os::unix::net::UnixStream::pair().expect("descriptors are left");
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs", "--inh-caps", "-all"]);
        command.args(["--bounding-set", "-all", "--", program, "unix", "--columns", "inode,pid,fd", "-o", "ndjson"]);
        let ran = run(command.stdin(std::os::fd::OwnedFd::from(near)));
        let rows = ran.json_lines();
        let owned: Vec<_> = rows.iter().filter(|row| row.get("owners").is_some()).collect();
        assert_eq!(owned.len(), 1, "{rows:?}");
        assert_eq!(owned[0]["owners"][0]["fd"], 0);
        drop(far);
        Ok(())
    });
}
