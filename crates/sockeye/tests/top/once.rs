//! `--once`, and where there is no terminal.

use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sockeye_zoo::in_namespace;

pub(crate) fn top(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.arg("top").args(words).stdin(Stdio::null()).output().expect("it can be run")
}

pub(crate) fn text(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("what is printed is UTF-8")
}

#[test]
fn one_screen_as_text_has_the_sockets_of_the_namespace() {
    in_namespace(|zoo| {
        let kept = (zoo.tcp_listening()?, zoo.tcp_established_v4()?);
        let connections = text(&top(&["--once", "--interval", "100ms"]));
        assert!(connections.starts_with("sockeye top ") && connections.contains(", 2 listeners"), "{connections}");
        let expected = kept.1.expected("client");
        let ports = [expected.local, expected.peer].map(|end| end.expect("an address").port());
        let row = connections.lines().find(|line| ports.iter().all(|port| line.contains(&format!(":{port}"))));
        assert!(row.is_some_and(|row| row.contains("established")), "{ports:?} in {connections}");
        let listeners = text(&top(&["--once", "--interval", "100ms", "--pane", "listeners"]));
        // A backlog that nobody has by default.
        assert!(listeners.lines().any(|line| line.contains("0/7")), "{listeners}");
        let filtered = text(&top(&["--once", "--interval", "100ms", &format!("sport = {}", ports[0])]));
        assert!(filtered.contains("1 conn, 0 listeners"), "{filtered}");
        assert!(!filtered.contains('\x1b'), "a report has no colours");
        Ok(())
    });
}

#[test]
fn what_a_filter_speaks_of_is_known_command_lines_and_interfaces_too() {
    in_namespace(|zoo| {
        let _bound = zoo.tcp_bound_to_device()?;
        let free = TcpListener::bind("127.0.0.9:0").expect("free");
        let listeners = |filter: &str| text(&top(&["--once", "--interval", "100ms", "--pane", "listeners", filter]));
        let on_loopback = listeners("dev = lo");
        assert!(on_loopback.contains(" 1 listener") && on_loopback.contains("%lo:"), "{on_loopback}");
        let elsewhere = listeners("not has dev");
        let port = free.local_addr().expect("bound").port();
        assert!(elsewhere.contains(" 1 listener") && elsewhere.contains(&format!("127.0.0.9:{port}")), "{elsewhere}");
        let program = std::env::args().next().expect("the name of this program");
        let own = listeners(&format!("cmdline ~ '{program}*'"));
        assert!(own.contains(" 2 listeners"), "{own}");
        let others = listeners(&format!("not cmdline ~ '{program}*'"));
        assert!(others.contains(" 0 listeners"), "{others}");
        Ok(())
    });
}

#[test]
fn sums_are_by_process_unit_container_or_pod() {
    in_namespace(|zoo| {
        let ids = ["5d", "e1"].map(|digits| digits.repeat(32));
        let pod = "kubepods.slice/kubepods-pod3b9e62d1_04aa_4f7b_8c11_6d2f90ab47ce.slice";
        let residents = [
            zoo.resident(&format!("{pod}/cri-containerd-{}.scope", ids[0]))?,
            zoo.resident(&format!("{pod}/cri-containerd-{}.scope", ids[1]))?,
            zoo.residents("system.slice/tables.service", 2)?,
        ];
        let own =
            residents.iter().map(|resident| format!("sport = {}", resident.port)).collect::<Vec<_>>().join(" or ");
        // Processes, connections, listeners.
        for (group, expected) in [
            ("unit", &[("tables.service", "2 0 1")][..]),
            ("container", &[(&ids[0][..12], "1 0 1"), (&ids[1][..12], "1 0 1"), ("(none known)", "- 0 1")]),
            ("pod", &[("3b9e62d1-04aa-4f7b-8c11-6d2f90ab47ce", "2 0 2"), ("(none known)", "- 0 1")]),
        ] {
            let screen = text(&top(&["--once", "--interval", "100ms", &own, "--group", group]));
            for (name, counts) in expected {
                let row = screen.lines().map(str::trim_start).find(|line| line.starts_with(name));
                // What an id has more than fits stands before the first blank.
                let cells = row.and_then(|row| row[name.len()..].split_once(' '));
                let cells = cells.map(|(_, cells)| cells.split_whitespace().take(3).collect::<Vec<_>>().join(" "));
                assert_eq!(cells.as_deref(), Some(*counts), "{name} by {group}: {screen}");
            }
        }
        Ok(())
    });
}

#[test]
fn who_has_no_terminal_is_told_what_to_do() {
    let output = top(&[]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("sockeye top --once") && told.lines().count() == 1, "{told}");
}

/// A connection whose receiver reads nothing, filled until no more goes in.
fn stuck() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    let (receiver, _) = listener.accept()?;
    sender.set_nonblocking(true)?;
    let block = vec![0x5a; 65_536];
    // The last of it may still move into the other end's buffer: once nothing more was taken for a while, it is full.
    let mut full = 0;
    while full < 20 {
        match sender.write(&block) {
            Ok(_) => full = 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                full += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((sender, receiver))
}

#[test]
fn what_holds_a_connection_up_stands_beside_it_and_can_be_filtered() {
    in_namespace(|_| {
        let (sender, receiver) = stuck().expect("loopback is up");
        let port = |socket: &TcpStream| socket.local_addr().expect("connected").port();
        let screen = text(&top(&["--once", "--interval", "200ms"]));
        let row = |port: u16| {
            // Behind the mark and the state.
            let local = format!(":{port}");
            let mut rows = screen.lines().filter(|line| {
                line.get(2..).and_then(|line| line.split_whitespace().nth(1)).is_some_and(|end| end.ends_with(&local))
            });
            rows.next().unwrap_or_else(|| panic!("{port} is not in {screen}"))
        };
        assert!(row(port(&sender)).contains("receiver-window"), "{screen}");
        assert!(row(port(&receiver)).contains("receiver-does-"), "{screen}");
        assert!(row(port(&receiver)).starts_with("* "), "{screen}");
        for (filter, count) in [("why = receiver-does-not-read", 1), ("established", 2), ("why = loss", 0)] {
            let screen = text(&top(&["--once", "--interval", "200ms", filter]));
            assert!(screen.contains(&format!(" {count} conn")), "{filter}: {screen}");
        }
        Ok(())
    });
}

#[test]
fn what_changed_before_the_screen_was_opened_stands_in_the_changes_if_the_kernel_remembers_it() {
    in_namespace(|_| {
        for step in ["link add v0 type veth peer name v1", "link set v0 up", "address add 10.99.7.4/24 dev lo"] {
            // One after the other in ticks of the kernel.
            std::thread::sleep(Duration::from_millis(30));
            let done = Command::new("ip").args(step.split(' ')).status().expect("ip runs");
            assert!(done.success(), "{step}");
        }
        let output = top(&["--once", "--pane", "changes", "--interval", "200ms"]);
        let screen = text(&output);
        let at = |what: &str| screen.lines().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{screen}"));
        assert!(at(" addresses = lo 10.99.7.4/24") < at(" links = v0"), "the latest comes first: {screen}");
        Ok(())
    });
}
