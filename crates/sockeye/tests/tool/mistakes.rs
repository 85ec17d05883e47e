//! Mistakes of the command line: exit status 2, nothing on standard output, and a sentence that helps.

use crate::ran::{Ran, shell_words, sockeye, words};

#[track_caller]
fn mistake(ran: Ran) -> String {
    let ran = ran.ended(2);
    assert_eq!(ran.text(), "");
    ran.errors().to_owned()
}

#[test]
fn a_caret_stands_under_the_place() {
    let check = |filter: &str, expected: &str| assert_eq!(mistake(sockeye(&["sockets", filter])), expected);
    check(
        "tcp listning",
        "sockeye: unknown word `listning`\n  tcp listning\n      ^^^^^^^^\n\
         expected a word (`tcp`, `listening`), an address, or FIELD OPERATOR VALUE\ndid you mean `listening`?\n",
    );
    check(
        "procss = x",
        "sockeye: unknown field `procss`\n  procss = x\n  ^^^^^^\n\
         expected the name of a field, as `sockeye fields` lists them\ndid you mean `process`?\n",
    );
    check(
        "sport = 65537",
        "sockeye: `65537` is out of the range of `sport`\n  sport = 65537\n          ^^^^^\n\
         expected a number from 0 to 65535\n",
    );
    check(
        "rtt gt 100xs",
        "sockeye: `xs` is no unit of `rtt`\n  rtt gt 100xs\n         ^^^^^\n\
         expected a number in µs, or with a unit: ns, us, ms, s, min, h or d\n",
    );
    check(
        "rtt > 5ms and rtt < 1ms",
        "sockeye: this filter can match nothing: `rtt > 5ms` and `rtt < 1ms` exclude each other\n  \
         rtt > 5ms and rtt < 1ms\n                ^^^^^^^^^\n",
    );
}

#[test]
fn names_of_the_system_have_neighbours_too() {
    for (filter, near) in [("dev l0", "lo"), ("user = rot", "root"), ("uid = rot", "root"), ("dport = htps", "https")] {
        let said = mistake(sockeye(&["sockets", filter]));
        if filter.starts_with("dport")
            && !std::fs::read_to_string("/etc/services").is_ok_and(|file| file.contains("https"))
        {
            continue;
        }
        assert!(
            said.contains("\nexpected ") && said.ends_with(&format!("did you mean `{near}`?\n")),
            "{filter}: {said}"
        );
    }
}

#[test]
fn what_the_shell_took_is_guessed_and_shown_in_quotes() {
    // `rtt > 100ms` unquoted: the shell opens a file, and two words are left of it.
    let said = mistake(words("sockets rtt"));
    assert!(said.contains("'rtt > 100ms' in quotes, or rtt gt 100ms"), "{said}");
    let said = mistake(words("sport and tcp"));
    assert!(said.contains("'sport > 1024' in quotes, or sport gt 1024"), "{said}");
    let said = mistake(words("rtt 100ms"));
    assert!(said.contains("the shell took it for a redirection") && said.contains("in quotes"), "{said}");
}

#[test]
fn a_filter_that_can_match_nothing_says_why() {
    for filter in [
        "listening and established",
        "tcp and udp",
        "sport < 0",
        "rtt > 5ms and rtt < 1ms",
        "udp listening",
        "uid = 1 and uid = 2",
    ] {
        let said = mistake(sockeye(&[filter]));
        assert!(said.contains("nothing") || said.contains("out of the range"), "{filter}: {said}");
    }
}

#[test]
fn options_of_ss_name_the_command_that_was_meant() {
    let check = |line: &str, command: &str| {
        let said = mistake(words(line));
        let meant = said.lines().last().and_then(|line| line.split_once("in sockeye: ")).map(|(_, meant)| meant);
        assert_eq!(meant, Some(command), "sockeye {line}: {said}");
    };
    check("-tlnp", "sockeye sockets tcp listening");
    check("sockets -tlnp", "sockeye sockets tcp listening");
    check("-tulpn", "sockeye sockets tcp udp listening unconnected");
    check("-tan", "sockeye sockets tcp all");
    check("-tan state established", "sockeye sockets tcp established");
    check("-0", "sockeye sockets packet");
    check("-anp", "sockeye sockets any all");
    check("-s", "sockeye sockets --group-by proto,state any all");
    check("-ti dst 10.0.0.1", "sockeye sockets --view tcp tcp connected not bucket dst 10.0.0.1");
    check("-A tcp,udp -a", "sockeye sockets tcp udp all");
    check("--unix --all", "sockeye sockets unix all");
    // Here `-o` is the format, and there the timers.
    check("-o state established -t", "sockeye sockets --view timers tcp established");
    check("-o state listening", "sockeye sockets --view timers any listening not netlink");
    check("-on -t", "sockeye sockets --view timers tcp connected not bucket");
}

#[test]
fn what_only_ss_does_is_said_in_one_sentence() {
    for (line, part) in [
        ("-K", "closes no sockets"),
        ("-tK dst 10.0.0.1", "closes no sockets"),
        ("--kill", "closes no sockets"),
        ("-E", "does not wait"),
        ("-d", "DCCP"),
        ("-D file", "--capture"),
        ("-F file", "$(cat FILE)"),
        ("-tT", "not their threads"),
    ] {
        let said = mistake(words(line));
        assert!(said.contains("of ss; ") && said.contains(part) && said.lines().count() == 1, "sockeye {line}: {said}");
    }
}

#[test]
fn a_command_that_is_named_works() {
    for line in [
        "-tlnp",
        "-tulpn",
        "-xa",
        "-s",
        "-tim",
        "-ta4",
        "-w",
        "-4x",
        "-te",
        "-toep",
        "-xma",
        "-0b",
        "-tTo",
        "-A tcp,unix_dgram,packet_raw",
        "--tos -t",
        "--cgroup -t",
        "--inet-sockopt -t",
        "--tipcinfo -a",
        "--tipc",
        "--vsock --xdp",
        "-ta ( sport = 1 )",
    ] {
        let said = mistake(words(line));
        let (_, command) = said.trim_end().rsplit_once("in sockeye: sockeye ").expect("a command is named");
        let command = shell_words(command).expect("no more than words");
        let arguments: Vec<_> = command.iter().map(String::as_str).chain(["--plan"]).collect();
        let ran = sockeye(&arguments);
        assert_ne!(ran.status, 2, "sockeye {command:?}: {}", ran.errors());
    }
}

#[test]
fn a_wrong_value_of_an_option_is_no_option_of_ss() {
    for line in ["-o xml", "--limit x", "--threads 0", "-j -o csv", "--count --limit 3"] {
        let said = mistake(words(line));
        assert!(said.starts_with("error: ") && !said.contains("of ss"), "sockeye {line}: {said}");
    }
}

#[test]
fn a_command_with_a_slip_is_named() {
    for (line, command) in [
        ("tpo", "top"),
        ("whyy", "why"),
        ("wacth links", "watch"),
        ("tpo dport = 443", "top"),
        ("sokets tcp", "sockets"),
        // Options that no listing has are of the command that was meant.
        ("tpo --pane links", "top"),
        ("whyy --for 3s 10.0.0.1", "why"),
    ] {
        let said = mistake(words(line));
        let meant = format!("\ndid you mean the command `{command}`?\n");
        assert!(said.starts_with("sockeye: unknown word") && said.ends_with(&meant), "sockeye {line}: {said}");
    }
    let said = mistake(words("help"));
    assert!(said.ends_with("\n`sockeye --help` says what there is, `sockeye man` more\n"), "{said}");
    for line in ["tcp --pane links", "top --pain links", "example.com --pane links", "443 --pane links"] {
        let said = mistake(words(line));
        assert!(said.starts_with("error: unexpected argument '--pa"), "sockeye {line}: {said}");
    }
    // Words of the filter are as near, or no command can stand there.
    for line in ["tcpp", "sockets tpo", "tcp and tpo", "tcp tpo", "tpo = 3", "procss = x"] {
        let said = mistake(words(line));
        assert!(!said.contains("command"), "sockeye {line}: {said}");
    }
}

#[test]
fn what_would_be_passed_over_is_refused() {
    for (line, part) in [
        ("watch --source bpf links", "--source is about sockets: `sockeye watch sockets --source bpf`"),
        ("watch --source auto", "--source is about sockets: `sockeye watch sockets --source auto`"),
        ("watch --interval 5s links", "--interval is about sockets"),
        ("watch links --interval 1s", "--interval is about sockets"),
        ("watch sockets --audit 5s", "--audit is about tables"),
    ] {
        let said = mistake(words(line));
        assert!(said.starts_with(&format!("sockeye: {part}")) && said.lines().count() == 1, "sockeye {line}: {said}");
    }
}

#[test]
fn nothing_at_all_is_no_number_and_no_filter() {
    for line in [
        &["watch", "--limit", "0"][..],
        &["watch", "sockets", "--limit", "0"],
        &["watch", "sockets", "--interval", "0s"],
        &["watch", "--audit", "0s"],
        &["watch", "--on", "links", "--run", "true", "--run-jobs", "0"],
        &["watch", "--on", "", "--run", "true"],
        &["watch", "sockets", "--on", " ", "--run", "true"],
        &["top", "--interval", "0s"],
        &["why", "--limit", "0"],
    ] {
        let said = mistake(sockeye(line));
        assert!(said.starts_with("error: invalid value"), "sockeye {line:?}: {said}");
    }
}

#[test]
fn unknown_names_are_named() {
    let check = |line: &str, part: &str| {
        let said = mistake(words(line));
        assert!(said.starts_with("sockeye: ") && said.contains(part), "sockeye {line}: {said}");
    };
    check("--columns nonsense", "there is no field \"nonsense\"");
    for line in ["sockets -c +why", "sockets --sort -end", "sockets --group-by why"] {
        check(line, "is a field of sockets that are followed, not of a listing: `sockeye watch sockets`");
    }
    check("--sort -nonsense", "there is no field \"nonsense\"");
    check("--group-by state,nonsense", "there is no field \"nonsense\"");
    check("--view nonsense", "there is no view \"nonsense\"; there are default, tcp,");
    check("--view tpc", "there is no view \"tpc\"; did you mean \"tcp\"? there are default, tcp,");
    check("--columns -state,-nonsense", "there is no field \"nonsense\"");
    check("fields nonsense", "no field speaks of nonsense");
    check("fields rttt", "no field speaks of rttt; did you mean \"rtt\"?");
    check("fields smoothed totalretrans", "no field speaks of smoothed totalretrans; did you mean \"total-retrans\"?");
}

#[test]
fn an_option_that_lists_nothing_is_a_mistake() {
    for option in ["--columns=", "--sort=", "--group-by=", "--columns=,"] {
        let said = mistake(sockeye(&["tcp", option]));
        assert!(said.contains("name at least one"), "{option}: {said}");
    }
}

#[test]
fn owners_that_nobody_looks_for_are_not_asked_for() {
    for (line, field, place) in [
        ("tcp process = sshd --no-owners", "process", "the filter"),
        ("tcp not ( sport = 1 or has pid ) --no-owners", "pid", "the filter"),
        ("unix peer-pid gt 1 --no-owners", "peer-pid", "the filter"),
        ("tcp --columns +cmdline --no-owners", "cmdline", "--columns"),
        ("unix --columns state,peer-process --no-owners", "peer-process", "--columns"),
        ("tcp --sort rtt,-fd --no-owners", "fd", "--sort"),
        ("--group-by state,user --no-owners", "user", "--group-by"),
        ("--group-by unit --no-owners -j", "unit", "--group-by"),
        ("tcp container = x --count --no-owners", "container", "the filter"),
        ("tcp has pod --plan --no-owners", "pod", "the filter"),
    ] {
        let said = mistake(words(line));
        let beginning = format!("sockeye: {field} in {place} needs the owners of the sockets");
        assert!(said.starts_with(&beginning) && said.contains("leave out --no-owners, or"), "sockeye {line}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    for line in
        ["tcp --columns=-process --no-owners", "unix --columns peer-inode,uid --no-owners", "--no-owners --view memory"]
    {
        words(line).ended(0);
    }
}

#[test]
fn a_plan_has_no_format() {
    for (line, option) in [
        ("tcp --plan -j", "--json"),
        ("--plan -o json", "--output"),
        ("-o ndjson --plan", "--output"),
        ("--plan -o csv", "--output"),
    ] {
        let expected = format!("sockeye: --plan is a text and has no other format; leave out {option}\n");
        assert_eq!(mistake(words(line)), expected, "sockeye {line}");
    }
}

#[test]
fn what_only_a_filter_can_ask_for_is_no_column_and_no_key() {
    for (line, place) in [
        ("tcp --columns state,autobound", "--columns"),
        ("tcp autobound --sort -autobound -j", "--sort"),
        ("--group-by autobound", "--group-by"),
    ] {
        let said = mistake(words(line));
        let expected = format!(
            "sockeye: autobound in {place} would be empty, because only filters can ask the kernel for it (sockeye sockets \
             autobound); leave it out of {place}\n"
        );
        assert_eq!(said, expected, "sockeye {line}");
    }
    words("tcp autobound --columns=-autobound,state").ended(0);
}

#[test]
fn groups_are_sorted_by_nothing_that_they_do_not_have() {
    let said = mistake(words("--group-by state,netid --sort -count,pid"));
    let expected = "sockeye: groups are sorted by count or by what they are grouped by (state, proto), and pid is neither; \
                    leave it out of --sort, or add it to --group-by\n";
    assert_eq!(said, expected);
    assert!(mistake(words("--group-by state --sort nonsense")).contains("there is no field \"nonsense\""));
}

#[test]
fn options_may_stand_before_the_command_of_a_listing() {
    for line in
        ["--plan sockets tcp", "-o table --plan sockets", "-c state --plan socket udp", "--limit 3 -H --plan sockets"]
    {
        assert!(words(line).ended(0).text().starts_with("filter: "), "sockeye {line}");
    }
    for line in ["--json fields", "--limit 3 fields rtt", "-j fields --markdown", "-H man", "-o json completion bash"] {
        let said = mistake(words(line));
        assert!(said.contains("the command comes first") && said.lines().count() == 1, "sockeye {line}: {said}");
    }
    // What only looks like a command is a value.
    assert_eq!(words("--plan --view sockets").status, 2);
    assert!(mistake(words("-c fields tcp")).contains("there is no field"));
}
