//! Namespaces without a name, one after the other: the kernel gives the second the number that the first one had.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use sockeye_zoo::skip::may_load_programs;
use sockeye_zoo::{Skip, in_namespace};

use super::*;

/// Namespaces that are made until one has the number that is wanted.
const TRIES: usize = 100;
/// Times that it is watched at most.
pub(super) const RUNS: usize = 3;

/// A program in a namespace of its own, and the number of that. It waits for a word, connects to itself some times, does that then,
/// and ends.
pub(super) fn elsewhere(port: u16, then: &str) -> Result<(Child, String), Skip> {
    let program = format!(
        "use Socket; my $there = sockaddr_in({port}, inet_aton('127.0.0.1')); my ($l, $c, $s);
        socket($l, PF_INET, SOCK_STREAM, 0); bind($l, $there); listen($l, 5);
        for (1 .. 5) {{ socket($c, PF_INET, SOCK_STREAM, 0); connect($c, $there); accept($s, $l); close($c); close($s) }}
        {then}"
    );
    let program = program.replace('$', "\\$");
    let line = format!("readlink /proc/self/ns/net; read go; ip link set lo up; exec perl -e \"{program}\"");
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-c", &line]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Skip::new("program:unshare", error.to_string()))?;
    let mut number = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut number).expect("text");
    Ok((child, number))
}

/// Hears that it listens at this port and connects to that: the namespace in which it does. `None`: something had no room in the ring,
/// and what is missing behind that does not come.
pub(super) fn listened_and_connected(watching: &mut Watching, port: u16) -> Option<Value> {
    let is_loss = |object: &Value| object["reason"] == "ring-full";
    let listening = watching.object("a listener", |object| is(object, "listening", port) || is_loss(object));
    let netns = listening["netns"].clone();
    let mut told = (0..5).flat_map(|_| ["opened", "accepted", "closed", "closed"]).map(|change| {
        let is_it = |object: &Value| object["change"] == change && object["netns"] == netns;
        watching.object(change, |object| is_it(object) || is_loss(object))
    });
    let is_told = |told: Value| {
        let is_loss = is_loss(&told);
        assert!(is_loss || told["life"]["known"] == "birth", "{told}");
        !is_loss
    };
    let is_whole = !is_loss(&listening) && told.all(is_told);
    is_whole.then_some(netns)
}

/// Lets it begin.
pub(super) fn go(child: &mut Child) {
    child.stdin.take().expect("a pipe").write_all(b"go\n").expect("it reads");
}

#[test]
fn a_namespace_with_the_number_of_one_that_was_not_found_is_told_of_from_its_first_event_on() {
    in_namespace(|_| {
        may_load_programs()?;
        // The ring has the events of the whole machine, where other tests may make more than it holds: that is a gap, and no answer.
        for _ in 0..RUNS {
            if is_told_of_from_its_first_event_on()? {
                return Ok(());
            }
        }
        panic!("something was lost each time");
    });
}

/// `false`: something was lost.
fn is_told_of_from_its_first_event_on() -> Result<bool, Skip> {
    let filter = "sport = 7011 or dport = 7011";
    let mut watching = start(&["sockets", "--source", "bpf", "--events", "state", "-N", "all", "-j"], &[filter]);
    // Gone before anybody looks: nothing but its number is left, and that is the next one's.
    let (mut first, wanted) = elsewhere(7012, "")?;
    go(&mut first);
    first.wait().expect("a child of ours");
    // (Or it was found while it waited, as somebody else on this machine made one at the same time.)
    let over = |object: &Value| object["reason"] == "namespace-unfound" || object["reason"] == "namespace-gone";
    watching.object("that it was not found", over);
    let mut others = Vec::new();
    for _ in 0..TRIES {
        let (child, number) = elsewhere(7011, "sleep 60")?;
        others.push(child);
        if number == wanted {
            break;
        }
    }
    go(others.last_mut().expect("one at least"));
    let netns = listened_and_connected(&mut watching, 7011);
    watching.interrupt();
    for mut child in others {
        child.kill().expect("a child of ours");
        child.wait().expect("a child of ours");
    }
    Ok(netns.is_some())
}
