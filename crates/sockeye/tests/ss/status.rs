//! The exit status: by the name `ss` that of the original, as `sockeye ss` and with `SOCKEYE_SS_STRICT=1` the truth.

use std::process::Command;

use sockeye_zoo::in_namespace;

use crate::oracle::Sides;

/// What is asked, the status by the name `ss`, the status that is the truth, and what stderr says.
const LINES: [(&str, i32, i32, &str); 22] = [
    ("-tan", 0, 0, ""),
    ("-dan", 0, 3, "cannot list dccp sockets"),
    ("--no-such-option", 255, 2, "unrecognized option '--no-such-option'"),
    ("-t state nonsense", 255, 2, "wrong state name: nonsense"),
    ("-tan sport = nosuchservice", 1, 2, "nosuchservice"),
    ("-N no-such-namespace -tan", 1, 1, "no-such-namespace"),
    ("-K", 255, 2, "without a filter"),
    ("-A tcp,!tcp", 0, 2, "no socket tables"),
    ("-K sport = '*'", 255, 2, "without a filter"),
    ("-K state all", 255, 2, "without a filter"),
    ("-tK sport ge 0", 255, 2, "without a filter"),
    ("-tK dst 0.0.0.0/0", 255, 2, "without a filter"),
    ("-K exclude closed", 255, 2, "without a filter"),
    // What the kernel lacks was not asked for by its name.
    ("-4an", 0, 0, ""),
    ("-A inet -an", 0, 0, ""),
    ("-s state established", 0, 0, ""),
    ("--bpf-map-id=x -tan", 1, 2, "invalid BPF map ID x"),
    ("-tan dst 127.0.0.0/255.0.255.0", 1, 2, "no prefix length"),
    ("-tan extra", 1, 2, "extra"),
    ("-D /nonexistent/file -t", 255, 1, "/nonexistent/file"),
    ("-s >/dev/full", 0, 1, "No space left"),
    ("-tan >/dev/full", 0, 1, "No space left"),
];

pub(crate) fn a_link_ends_as_the_original_and_the_command_with_the_truth() {
    in_namespace(|zoo| {
        let ours = Sides::ours(zoo);
        for (words, as_original, truth, says) in LINES {
            let by_link = ours.ask(&format!("ss {words}"));
            assert_eq!(by_link.status, Some(as_original), "ss {words}: {}", by_link.errors);
            let strict = ours.ask(&format!("SOCKEYE_SS_STRICT=1 ss {words}"));
            assert_eq!(strict.status, Some(truth), "strict ss {words}: {}", strict.errors);
            let by_name = Command::new("sh")
                .args(["-c", &format!("exec \"$0\" ss {words}"), env!("CARGO_BIN_EXE_sockeye")])
                .output()
                .expect("it is built");
            assert_eq!(by_name.status.code(), Some(truth), "sockeye ss {words}");
            for errors in [&by_link.errors, &strict.errors, &String::from_utf8_lossy(&by_name.stderr).into_owned()] {
                assert!(errors.contains(says), "{words}: {errors:?}");
                assert_eq!(errors.is_empty(), says.is_empty(), "{words}: {errors:?}");
            }
        }
        // The original ends by the signal when nobody reads on; sockeye itself takes it for an order.
        let piped = |program: &str| {
            // Nobody reads any more when it begins.
            let writes = format!(
                "until test -e $FOLDER/gone; do sleep 0.01; done; rm $FOLDER/gone; sleep 0.1; exec {program} -an"
            );
            let script = format!("({writes}) | (exec <&-; : > $FOLDER/gone)");
            let line = format!("bash -o pipefail -c '{script}'");
            ours.ask(&line).status
        };
        assert_eq!(piped("ss"), Some(128 + 13));
        assert_eq!(piped(&format!("{} ss", env!("CARGO_BIN_EXE_sockeye"))), Some(0));
        let summary = ours.ask("ss -s state established");
        assert!(summary.text.contains("Transport") && summary.text.contains("Netid"), "{}", summary.text);
        Ok(())
    });
}
