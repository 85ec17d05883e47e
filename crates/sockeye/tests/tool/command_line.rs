//! Options, formats, views, help.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use serde_json::Value;
use sockeye_zoo::{Specimen, in_namespace};

use crate::ran::{Ran, WHOEVER_MAY_BE_SEEN, csv, run, sockeye, with_cookie, words};
use crate::support::listing;

fn cookie(specimen: &Specimen, role: &str) -> u64 {
    specimen.expected(role).cookie.expect("every socket has a cookie")
}

/// Columns that tell a listing's rows apart in every format.
const IDENTITY: &str = "--columns=cookie,state";

#[test]
fn every_format_has_the_same_sockets() {
    in_namespace(|zoo| {
        let connection = zoo.tcp_established_v4()?;
        let cookies: Vec<_> = ["listener", "client", "server"].map(|role| cookie(&connection, role)).to_vec();
        let expected = |text: &str| cookies.iter().filter(|cookie| text.contains(&format!("{cookie:#x}"))).count();

        let table = sockeye(&["tcp", IDENTITY]).ended(0);
        assert_eq!((table.lines().len(), expected(table.text())), (4, 3), "{}", table.text());

        for short in [["-j", "tcp"].as_slice(), &["--json", "tcp"], &["-o", "json", "tcp"], &["--output=json", "tcp"]] {
            let json = sockeye(&[short, &[IDENTITY]].concat()).ended(0).json();
            assert_eq!(json["schema"], 1);
            assert_eq!(json["sockets"].as_array().map(Vec::len), Some(3));
            assert_eq!(json["verdict"]["answer"], "whole");
            assert_eq!(json.as_object().map(serde_json::Map::len), Some(3), "{json}");
        }

        let lines = sockeye(&["-o", "ndjson", "tcp", IDENTITY]).ended(0).json_lines();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3]["verdict"]["answer"], "whole");
        assert!(cookies.iter().all(|&cookie| with_cookie(&lines, cookie).len() == 1));

        let records = csv(sockeye(&["-o", "csv", "tcp", IDENTITY]).ended(0).text());
        assert_eq!(records[0], ["cookie", "state"]);
        assert_eq!(records.len(), 4);
        Ok(())
    });
}

#[test]
fn a_listing_of_nothing_is_well_formed_in_every_format() {
    in_namespace(|_| {
        assert_eq!(words("tcp").ended(0).lines().len(), 1, "the kernel said that there are none: a heading alone");
        assert_eq!(words("tcp -j").ended(0).json()["sockets"], serde_json::json!([]));
        assert_eq!(words("tcp -o ndjson").ended(0).json_lines().len(), 1);
        assert_eq!(csv(words("tcp -o csv").ended(0).text()).len(), 1);
        assert_eq!(words("tcp --group-by state -j").ended(0).json()["groups"], serde_json::json!([]));
        assert_eq!(words("tcp --count").ended(0).text(), "0\n");
        Ok(())
    });
}

#[test]
fn nothing_after_the_name_lists_tcp_and_udp_without_time_wait() {
    in_namespace(|zoo| {
        let connection = zoo.tcp_established_v4()?;
        let waiting = zoo.tcp_time_wait()?;
        let datagrams = zoo.udp_unconnected_v4()?;
        let remains = waiting.expected("remains");
        let unix = zoo.unix_listening()?;
        let bare = sockeye(&[]).ended(0);
        let sorted = |ran: &Ran| {
            let mut lines: Vec<_> = ran.lines().into_iter().map(str::to_owned).collect();
            lines[1..].sort_unstable();
            lines
        };
        assert_eq!(sorted(&bare), sorted(&words("sockets").ended(0)), "both commands are one");
        assert_eq!(
            bare.lines()[0].split_whitespace().collect::<Vec<_>>(),
            ["PROTO", "STATE", "RECV-Q", "SEND-Q", "LOCAL", "PEER", "RTT", "RETRANS", "DROPS", "PROCESS", "PID"]
        );
        let (rows, _) = listing(&["--columns", "+cookie"]);
        for role in ["listener", "client", "server"] {
            assert_eq!(with_cookie(&rows, cookie(&connection, role)).len(), 1, "{role}");
        }
        for expected in datagrams.all() {
            assert_eq!(with_cookie(&rows, expected.cookie.unwrap_or(0)).len(), 1);
        }
        // Another connection may have the same port at one of its ends.
        let ends = [remains.local, remains.peer].map(|end| end.map(|address| address.port()));
        assert!(
            rows.iter().all(|row| [&row["local_port"], &row["peer_port"]].map(Value::as_u64)
                != ends.map(|port| port.map(u64::from)))
        );
        for expected in unix.all() {
            assert!(expected.cookie.is_none_or(|cookie| with_cookie(&rows, cookie).is_empty()), "{expected:?}");
        }
        assert!(rows.iter().all(|row| row["state"] != "time-wait"));
        Ok(())
    });
}

#[test]
fn a_listening_socket_shows_its_accept_queue_and_not_bytes() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_listening()?;
        let table = words("tcp listening").ended(0);
        assert!(table.lines()[1].contains(" 3/7 "), "{}", table.text());
        let (rows, _) = listing(&["tcp", "listening", "--columns", "recv-q,send-q,cookie"]);
        let row = with_cookie(&rows, cookie(&specimen, "listener"))[0];
        assert_eq!((&row["accept_queue"], &row["accept_queue_limit"]), (&3.into(), &7.into()));
        assert!(row.get("recv_queue_bytes").is_none() && row.get("send_queue_bytes").is_none(), "{row}");
        let records = csv(words("tcp listening -o csv --columns recv-q,send-q").ended(0).text());
        assert_eq!(records[0], ["recv_queue_bytes", "accept_queue", "send_queue_bytes", "accept_queue_limit"]);
        assert_eq!(records[1], ["", "3", "", "7"]);
        Ok(())
    });
}

#[test]
fn connections_that_wait_for_a_unix_socket_are_no_bytes() {
    in_namespace(|zoo| {
        let specimen = zoo.unix_listening()?;
        let (rows, _) = listing(&["unix", "--view", "everything", "--no-owners"]);
        let row = with_cookie(&rows, cookie(&specimen, "listener"))[0];
        assert_eq!((&row["accept_queue"], &row["accept_queue_limit"]), (&3.into(), &7.into()));
        assert!(row.get("rqlen").is_none(), "{row}");
        let client = with_cookie(&rows, cookie(&specimen, "client"))[0];
        assert!(client["rqlen"]["rqueue_bytes"].is_u64(), "{client}");
        assert_eq!(words("unix rqlen.rqueue = 3 --count").ended(0).text(), "0\n");
        Ok(())
    });
}

#[test]
fn a_port_by_its_number_is_of_the_socket_that_was_bound_to_it() {
    in_namespace(|_| {
        // Nobody else is in this namespace.
        let named = TcpListener::bind("127.0.0.1:4321").expect("listens");
        let chosen = TcpListener::bind("127.0.0.1:0").expect("listens");
        let _client = TcpStream::connect("127.0.0.1:4321").expect("connects");
        let _server = named.accept().expect("accepts");
        let count = |filter: &str| words(&format!("tcp {filter} --count")).ended(0).text().trim_end().to_owned();
        assert_eq!(count("listening autobound"), "1");
        assert_eq!(
            count(&format!("listening autobound sport = {}", chosen.local_addr().expect("it has one").port())),
            "1"
        );
        assert_eq!(count("not autobound"), "1");
        assert_eq!(count("not autobound listening sport = 4321"), "1");
        assert_eq!(count("established autobound"), "2", "the accepted connection too, which has the port 4321");
        Ok(())
    });
}

#[test]
fn the_column_of_either_port_has_both_in_every_format() {
    in_namespace(|zoo| {
        let connection = zoo.tcp_established_v4()?;
        let client = connection.expected("client");
        let ports = [client.local, client.peer].map(|end| end.map_or(0, |end| end.port()));
        let (rows, _) = listing(&["tcp", "--columns", "port,cookie"]);
        let row = with_cookie(&rows, cookie(&connection, "client"))[0];
        assert_eq!(
            ["local_port", "peer_port"].map(|key| row[key].as_u64()),
            ports.map(|port| Some(port.into())),
            "{row}"
        );
        let ran = words("tcp established -o csv --columns port").ended(0);
        let records = csv(ran.text());
        assert_eq!(records[0], ["local_port", "peer_port"]);
        assert!(records.contains(&ports.map(|port| port.to_string()).to_vec()), "{records:?}");
        let table = words("tcp established -H --columns port").ended(0);
        assert!(table.lines().contains(&&*format!("{},{}", ports[0], ports[1])), "{}", table.text());
        Ok(())
    });
}

#[test]
fn time_wait_is_counted_as_the_filter_says() {
    in_namespace(|zoo| {
        let _waiting = zoo.tcp_time_wait()?;
        let port = |side: &str| {
            let (rows, _) = listing(&["time-wait", "--columns", side]);
            assert_eq!(rows.len(), 1, "{rows:?}");
            rows[0][if side == "lport" { "local_port" } else { "peer_port" }].as_u64().expect("a port")
        };
        let (local, peer) = (port("lport"), port("pport"));
        let counted = |filter: &str| {
            let verdict = words(&format!("{filter} --count -j")).ended(0).json()["verdict"].clone();
            verdict["not_listed"]["time-wait"].as_u64()
        };
        assert_eq!(counted("tcp"), Some(1));
        assert_eq!(counted(&format!("tcp sport = {local} dport = {peer}")), Some(1));
        assert_eq!(counted(&format!("tcp sport = {local} dport != {peer}")), Some(0));
        assert_eq!(counted("tcp uid >= 0"), None, "what is left of a connection belongs to nobody");
        assert_eq!(counted("tcp established"), None);
        assert_eq!(counted("udp"), None);
        Ok(())
    });
}

#[test]
fn who_else_holds_a_socket_is_shown_beside_the_one_that_was_asked_for() {
    in_namespace(|zoo| {
        let shared = zoo.tcp_shared()?;
        let expected = shared.expected("listener");
        let all = |filter: &str| {
            let (rows, _) = listing(&["tcp", "listening", filter, "--columns", "pid,cookie"]);
            let row = with_cookie(&rows, expected.cookie.unwrap_or(0))[0].clone();
            let owners = row["owners"].as_array().expect("a list").clone();
            let mut pids: Vec<_> = owners.iter().map(|owner| owner["pid"].as_u64().expect("a number")).collect();
            pids.sort_unstable();
            pids
        };
        let everybody = all("has pid");
        assert_eq!(everybody.len(), 1 + expected.other_owners.len(), "{everybody:?}");
        for pid in &everybody {
            assert_eq!(all(&format!("pid = {pid}")), everybody);
        }
        assert_eq!(
            words("tcp pid = 4194304 --columns pid,lport --no-header").ended_in(&WHOEVER_MAY_BE_SEEN).text(),
            ""
        );
        Ok(())
    });
}

#[test]
fn absent_is_never_zero() {
    in_namespace(|zoo| {
        let specimen = zoo.tcp_listening()?;
        let _waiting = zoo.tcp_time_wait()?;
        let (rows, _) = listing(&["tcp", "all", "--view", "everything", "--no-owners"]);
        let row = with_cookie(&rows, cookie(&specimen, "listener"))[0];
        for key in ["rtt_us", "rttvar_us", "min_rtt_us", "rcv_rtt_us"] {
            assert!(row["tcp_info"].get(key).is_none(), "{key} of a listening socket: {row}");
        }
        let row = rows.iter().find(|row| row["state"] == "time-wait").expect("one was made");
        for key in ["tcp_info", "skmem", "congestion", "inode", "owners"] {
            assert!(row.get(key).is_none(), "{key} of a socket in TIME-WAIT: {row}");
        }
        let neither = |condition: &str| words(&format!("tcp listening ( {condition} or sport = 1 ) --count"));
        assert_eq!(neither("rtt >= 0").ended(0).text(), "0\n", "no value is not 0");
        assert_eq!(neither("not rtt > 0").ended(0).text(), "0\n", "nor the opposite");
        assert_eq!(words("tcp listening not has rtt --count").ended(0).text(), "2\n", "which can be asked for");
        Ok(())
    });
}

#[test]
fn columns_replace_add_and_take_away() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        let heading = |columns: &str| {
            let table = sockeye(&["tcp", "--columns", columns]).ended(0);
            table.lines()[0].split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ")
        };
        let rest = "PROTO STATE RECV-Q SEND-Q LOCAL PEER";
        assert_eq!(heading("state,local"), "STATE LOCAL");
        assert_eq!(heading("+cwnd"), format!("{rest} RTT RETRANS DROPS PROCESS PID CWND"));
        assert_eq!(heading("-drops,-pid"), format!("{rest} RTT RETRANS PROCESS"));
        assert_eq!(heading("+cwnd,-rtt,-retrans,-drops,-process,-pid"), format!("{rest} CWND"));
        assert_eq!(heading("-rtt,state"), "STATE", "a plain name starts from nothing");
        assert_eq!(heading("src,dst,sport,dport").split(' ').count(), 4, "names of ss");
        Ok(())
    });
}

#[test]
fn every_view_is_a_set_of_columns_that_exist() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        for view in ["default", "tcp", "memory", "timers", "congestion", "everything"] {
            let (rows, _) = listing(&["tcp", "--view", view]);
            assert_eq!(rows.len(), 3, "{view}");
        }
        let (rows, _) = listing(&["tcp", "established", "--view", "memory", "--columns", "+cc"]);
        assert!(rows[0]["skmem"]["rcvbuf_bytes"].is_u64() && rows[0]["congestion"]["algorithm"].is_string());
        Ok(())
    });
}

#[test]
fn rows_are_sorted_with_the_absent_ones_last() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_listening()?, zoo.tcp_established_v4()?, zoo.tcp_retransmitting()?);
        let values = |arguments: &[&str]| {
            let (rows, _) = listing(arguments);
            rows.iter().map(|row| row["tcp_info"]["rtt_us"].as_u64()).collect::<Vec<_>>()
        };
        let falling = values(&["tcp", "--sort", "-rtt"]);
        let present: Vec<_> = falling.iter().flatten().copied().collect();
        assert!(falling.len() > present.len() && falling[..present.len()].iter().all(Option::is_some), "{falling:?}");
        assert!(present.is_sorted_by(|a, b| a >= b), "{falling:?}");
        let rising = values(&["tcp", "--sort", "rtt"]);
        assert!(rising.iter().flatten().is_sorted() && rising.last() == Some(&None), "{rising:?}");
        assert_eq!(values(&["tcp", "--sort", "-rtt", "--limit", "2"]), falling[..2]);
        Ok(())
    });
}

#[test]
fn limit_count_and_no_header_do_what_they_say() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        assert_eq!(words("tcp --limit 2 --no-header").ended(0).lines().len(), 2);
        assert_eq!(words("tcp --limit 2 -j").ended(0).json()["sockets"].as_array().map(Vec::len), Some(2));
        assert_eq!(words("tcp --limit 0 -o ndjson").ended(0).json_lines().len(), 1);
        assert_eq!(words("tcp -H").ended(0).lines().len(), 3);
        assert_eq!(csv(words("tcp -H -o csv").ended(0).text()).len(), 3);
        assert_eq!(words("tcp --count").ended(0).text(), "3\n");
        assert_eq!(words("tcp --count -o csv").ended(0).text(), "3\n");
        let json = words("tcp --count -j").ended(0).json();
        assert_eq!((&json["schema"], &json["count"]), (&1.into(), &3.into()));
        let lines = words("tcp --count -o ndjson").ended(0).json_lines();
        assert_eq!((lines.len(), &lines[0]["count"]), (2, &3.into()));
        assert_eq!(lines[1]["verdict"]["answer"], "whole");
        Ok(())
    });
}

#[test]
fn groups_are_counted_in_every_format_by_the_same_keys() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v4()?, zoo.udp_connected()?);
        let groups = serde_json::json!([
            {"protocol": "tcp", "state": "established", "count": 2},
            {"protocol": "udp", "state": "established", "count": 2},
            {"protocol": "tcp", "state": "listening", "count": 1},
        ]);
        let json = words("--group-by proto,state -j").ended(0).json();
        assert_eq!((&json["schema"], &json["groups"]), (&1.into(), &groups));
        let lines = words("--group-by proto,state -o ndjson").ended(0).json_lines();
        assert_eq!(lines[..3], groups.as_array().expect("above")[..]);
        assert_eq!(lines[3]["verdict"]["answer"], "whole");
        let records = csv(words("--group-by proto,state -o csv").ended(0).text());
        assert_eq!(records[0], ["protocol", "state", "count"]);
        assert_eq!(records[3], ["tcp", "listening", "1"]);
        let table = words("--group-by proto,state").ended(0);
        assert_eq!(table.lines()[0].split_whitespace().collect::<Vec<_>>(), ["PROTO", "STATE", "COUNT"]);
        assert_eq!(table.lines().len(), 4);
        assert_eq!(words("--group-by proto,state -H --limit 1").ended(0).lines().len(), 1);
        // A socket has a list of owners, which may be one.
        let json = words("udp --group-by pid -j").json();
        assert_eq!(json["groups"][0], serde_json::json!({"owners": [{"pid": std::process::id()}], "count": 2}));
        Ok(())
    });
}

#[test]
fn groups_have_the_objects_that_rows_have() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_bbr()?, zoo.tcp_listening()?);
        let listed = "--group-by mss,cc,state,congestion.bbr.pacing_gain,lport,cwnd";
        let json = words(&format!("tcp {listed} -j")).ended(0).json();
        let groups = json["groups"].as_array().expect("a list");
        let bbr = groups.iter().find(|group| group["congestion"]["bbr"].is_object()).expect("one was made");
        let keys = |object: &serde_json::Value| {
            object.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ")
        };
        // `serde_json` sorts keys.
        assert_eq!(keys(bbr), "congestion count local_port state tcp_info");
        assert_eq!(keys(&bbr["tcp_info"]), "snd_cwnd snd_mss_bytes", "one object, though others stand between");
        assert_eq!(
            (keys(&bbr["congestion"]), &bbr["congestion"]["algorithm"]),
            ("algorithm bbr".to_owned(), &"bbr".into())
        );
        let listener = groups.iter().find(|group| group["state"] == "listening").expect("one was made");
        assert!(listener["congestion"].get("bbr").is_none(), "an object of nothing is not there: {listener}");
        let mut lines = words(&format!("tcp {listed} -o ndjson")).ended(0).json_lines();
        lines.pop();
        assert_eq!(lines.len(), groups.len());
        assert!(lines.iter().any(|line| line["congestion"]["bbr"]["pacing_gain"].is_u64()), "{lines:?}");
        let heading = &csv(words(&format!("tcp {listed} -o csv")).ended(0).text())[0];
        let expected =
            ["tcp_info.snd_mss_bytes", "congestion.algorithm", "state", "congestion.bbr.pacing_gain", "local_port"];
        assert_eq!(heading[..5], expected);
        Ok(())
    });
}

#[test]
fn groups_are_sorted_by_their_size_or_their_values() {
    in_namespace(|zoo| {
        let _kept = (zoo.tcp_established_v4()?, zoo.udp_connected()?, zoo.udp_unconnected_v4()?);
        let groups = |sort: &str| {
            let ran = words(&format!("--group-by proto,state,recv-q --no-header {sort}")).ended(0);
            let cells = |line: &&str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            ran.lines().iter().map(cells).collect::<Vec<_>>()
        };
        let by = |sort: &str, column: usize| {
            let column = |line: &Vec<String>| line[column].clone();
            groups(sort).iter().map(column).collect::<Vec<_>>()
        };
        let counts =
            |sort: &str| by(sort, 3).iter().map(|count| count.parse().expect("a number")).collect::<Vec<u64>>();
        assert!(groups("").len() > 3 && counts("").is_sorted_by(|a, b| a >= b), "{:?}", groups(""));
        assert_eq!(groups(""), groups("--sort -count"));
        assert!(counts("--sort count").is_sorted() && counts("--sort count").first() < counts("--sort count").last());
        assert!(by("--sort proto", 0).is_sorted());
        assert!(by("--sort -netid", 0).is_sorted_by(|a, b| a >= b));
        // Of those that are alike in the order, the largest group is the first.
        let sorted = groups("--sort -proto,-count");
        assert_eq!(sorted, groups("--sort -proto"));
        assert_eq!(groups("--sort -proto --limit 2"), sorted[..2]);
        assert_eq!(groups("--sort -proto --confirm"), sorted);
        // A listening socket has no such queue, and stands behind those that have one.
        let queues = by("--sort recv-q", 2);
        assert_eq!(queues.last().map(String::as_str), Some("-"), "{queues:?}");
        let numbers: Vec<u64> = queues.iter().filter_map(|text| text.parse().ok()).collect();
        assert!(numbers.len() > 1 && numbers.is_sorted(), "{queues:?}");
        Ok(())
    });
}

#[test]
fn groups_of_a_table_keep_their_units_and_are_exact() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        let by = |format: &str| words(&format!("tcp established --group-by rtt,rto,ato -o {format}")).ended(0);
        let rows = by("ndjson").json_lines();
        let table = by("table").text().to_owned();
        let records = csv(by("csv").text());
        assert!(rows.iter().any(|row| row["tcp_info"]["rtt_us"].is_u64()), "{rows:?}");
        for group in rows.iter().filter(|row| row["tcp_info"]["rtt_us"].is_u64()) {
            let rtt = &group["tcp_info"]["rtt_us"];
            let begins = |line: &str| line.trim_start().starts_with(&format!("{rtt}us "));
            assert!(table.lines().any(begins), "{rtt} in {table}");
            assert!(
                records.iter().any(|record| record[0].parse() == Ok(rtt.as_u64().unwrap_or_default())),
                "{rtt} in {records:?}"
            );
        }
        assert_eq!(table.lines().count(), rows.len(), "a heading, and no verdict\n{table}");
        Ok(())
    });
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        for line in [
            "",
            "-j",
            "-o ndjson",
            "-o csv",
            "--count",
            "--group-by state",
            "--sort rtt",
            "--plan",
            "--confirm",
            "fields",
            "fields --markdown",
            "man",
            "completion bash",
            "--help",
            "--version",
        ] {
            let (reader, writer) = std::io::pipe().expect("descriptors are left");
            drop(reader);
            let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
            command.args(line.split(' ').filter(|word| !word.is_empty())).stdout(writer).stderr(Stdio::piped());
            let ran = run(&mut command);
            // Whoever may not look at all processes is told so.
            let others = ran.errors().lines().filter(|line| !line.starts_with("note: "));
            assert_eq!((ran.status, others.collect::<Vec<_>>()), (0, Vec::new()), "sockeye {line}");
        }
        Ok(())
    });
}

#[test]
fn a_disk_that_is_full_is_a_failure() {
    in_namespace(|zoo| {
        let _kept = zoo.tcp_established_v4()?;
        for line in [
            "",
            "-j",
            "--count",
            "--group-by state",
            "fields",
            "man",
            "completion bash",
            "--plan",
            "--version",
            "--help",
            "sockets --help",
        ] {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("every Linux has it");
            let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
            command.args(line.split(' ').filter(|word| !word.is_empty())).stdout(full).stderr(Stdio::piped());
            let ran = run(&mut command);
            assert_eq!(ran.status, 1, "sockeye {line}");
            assert!(ran.errors().contains("No space left on device"), "sockeye {line}: {}", ran.errors());
        }
        Ok(())
    });
}

#[test]
fn the_plan_says_what_runs_where() {
    let plan = sockeye(&["--plan", "tcp", "dport = 443 and rtt > 1ms and process = nginx", "--columns=local"]).ended(0);
    for part in [
        "filter: ",
        "dump tcp",
        "states: ",
        "INET_DIAG_INFO",
        "the kernel decides: dport = 443",
        "decided here, on each row: ",
        // Whence depends on who asks, and on how many files are open.
        "owners: from ",
    ] {
        assert!(plan.text().contains(part), "{part:?} is not in\n{}", plan.text());
    }
    let here = plan.lines().into_iter().find(|line| line.starts_with("decided here")).expect("as above");
    assert!(here.contains("rtt") && here.contains("nginx") && !here.contains("443"), "{here}");
    let bare = sockeye(&["--plan", "udp", "--columns=local"]).ended(0);
    assert!(bare.text().contains("owners: not looked for") && bare.text().contains("decided here: nothing"));
    let mark = sockeye(&["--plan", "tcp", "mark = 5", "--columns=local"]).ended(0);
    assert!(mark.text().contains("mark needs CAP_NET_ADMIN"), "{}", mark.text());
    assert!(!bare.text().contains("namespace") && bare.text().contains("cut in two"), "{}", bare.text());
    let confirmed = words("--plan --confirm tcp").ended(0);
    let lines = confirmed.lines();
    let at = lines.iter().position(|line| line.starts_with("confirm: all dumps are repeated, 8 times at most"));
    assert_eq!(at.map(|at| lines[at + 1..].to_vec()), Some(vec!["threads: 1"]), "{}", confirmed.text());
}

#[test]
fn help_begins_with_examples_and_they_work() {
    for line in ["--help", "-h", "sockets --help", "sockets -h"] {
        let help = words(line).ended(0);
        assert!(help.text().starts_with("Examples:\n  sockeye "), "{line}: {}", help.text());
        assert!(help.text().contains("--columns"));
    }
}

#[test]
fn the_version_names_the_commit() {
    let version = words("--version").ended(0);
    let rest = version.text().trim_end().strip_prefix(concat!("sockeye ", env!("CARGO_PKG_VERSION"))).expect("named");
    // A source tree without git has no commit.
    let commit = rest.trim().trim_start_matches('(').trim_end_matches(')');
    assert!(commit.is_empty() || commit.chars().all(|letter| letter.is_ascii_hexdigit()), "{rest:?}");
    assert_eq!(words("-V").ended(0).text(), version.text());
}

#[test]
fn the_manual_and_the_completions_are_made_from_the_options() {
    let page = words("man").ended(0);
    for part in [".TH sockeye 1", ".SH EXAMPLES", ".SH OPTIONS", ".SH \"EXIT STATUS\"", "group\\-by"] {
        assert!(page.text().contains(part), "{part:?} is not in\n{}", page.text());
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = words(&format!("completion {shell}")).ended(0);
        assert!(script.text().contains("group-by") && script.text().contains("sockeye"), "{shell}");
    }
    let views = "default tcp memory timers congestion everything";
    let script = words("completion bash").ended(0);
    assert!(script.text().contains(&format!("-W \"{views}\"")), "views have their names");
    for view in views.split(' ') {
        words(&format!("--plan --view {view}")).ended(0);
    }
}
