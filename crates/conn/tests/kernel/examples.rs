//! The examples do what they say, in a namespace of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use sockeye_zoo::{Skip, in_namespace};

/// The built example of that name, beside this test.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this program has a path");
    let built = test.parent().and_then(|deps| deps.parent()).expect("tests are built in deps").join("examples");
    built.join(name)
}

fn ip(arguments: &str) -> Result<(), Skip> {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    let status = status.map_err(|error| Skip::new("ip", format!("ip (iproute2) cannot be run: {error}")))?;
    assert!(status.success(), "ip {arguments}: {status}");
    Ok(())
}

#[test]
fn list_links_shows_every_link_and_says_that_it_is_all() {
    in_namespace(|_| {
        ip("link add sockeye7 mtu 1377 type veth peer name sockeye8")?;
        let output = Command::new(example("list_links")).output().expect("the example runs");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.contains(" lo up, mtu 65536\n"), "{text}");
        assert!(text.contains(" sockeye7 down, mtu 1377\n"), "{text}");
        assert!(text.ends_with("whole: true\n"), "{text}");
        Ok(())
    });
}

#[test]
fn follow_routes_tells_of_each_route_that_comes_and_goes() {
    in_namespace(|_| {
        let mut child =
            Command::new(example("follow_routes")).arg("2").stdout(Stdio::piped()).spawn().expect("the example runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        assert_eq!(next(), "synced: routes");
        // Without `ip` there is nothing to be seen, and the end of this process ends the example.
        let changes = ["route add blackhole 10.77.0.0/16 table 1077", "route del blackhole 10.77.0.0/16 table 1077"];
        if let Err(skip) = changes.into_iter().try_for_each(ip) {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(skip);
        }
        assert_eq!(next(), "Added 10.77.0.0/16 in table 1077");
        assert_eq!(next(), "Removed 10.77.0.0/16 in table 1077");
        assert!(child.wait().expect("it ends").success());
        Ok(())
    });
}

#[test]
fn resynchronise_loses_messages_says_so_and_is_right_again() {
    in_namespace(|_| {
        let mut child = Command::new(example("resynchronise"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example runs");
        let mut input = child.stdin.take().expect("a pipe");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut next = || lines.next().expect("a line").expect("text");
        let first = next();
        let before: u64 = rules(&first);
        let mut rules_to_add = (1000..1200).map(|priority| format!("rule add priority {priority} table 77"));
        if let Err(skip) = rules_to_add.try_for_each(|rule| ip(&rule)) {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(skip);
        }
        writeln!(input).expect("it reads");
        let gap = next();
        assert!(gap.starts_with("gap: overrun, datagrams lost: Some("), "{gap}");
        let repaired = next();
        assert_eq!(rules(&repaired), before + 200, "{repaired}");
        let found = repaired.split(" announced, ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        assert!(found.is_some_and(|found| found > 0), "{repaired}");
        drop(input);
        assert!(child.wait().expect("it ends").success());
        Ok(())
    });
}

/// How many rules there are, by the end of a line: `…; 205 rules, in sync`.
fn rules(line: &str) -> u64 {
    let number = line.split("; ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no number of rules in {line:?}"))
}
