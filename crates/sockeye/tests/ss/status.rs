//! The exit status: by the name `ss` that of the original, as `sockeye ss` and with `SOCKEYE_SS_STRICT=1` the truth.

use std::process::Command;

use sockeye_zoo::in_namespace;

use crate::oracle::Sides;

/// What is asked, the status by the name `ss`, the status that is the truth, and what stderr says.
const LINES: [(&str, i32, i32, &str); 8] = [
    ("-tan", 0, 0, ""),
    ("-dan", 0, 3, "cannot list dccp sockets"),
    ("--no-such-option", 255, 2, "unrecognized option '--no-such-option'"),
    ("-t state nonsense", 255, 2, "wrong state name: nonsense"),
    ("-tan sport = nosuchservice", 1, 2, "nosuchservice"),
    ("-N no-such-namespace -tan", 1, 1, "no-such-namespace"),
    ("-K", 255, 2, "without a filter"),
    ("-A tcp,!tcp", 0, 2, "no socket tables"),
];

pub(crate) fn a_link_ends_as_the_original_and_the_command_with_the_truth() {
    in_namespace(|zoo| {
        let ours = Sides::ours(zoo);
        for (words, as_original, truth, says) in LINES {
            let by_link = ours.ask(&format!("ss {words}"));
            assert_eq!(by_link.status, Some(as_original), "ss {words}: {}", by_link.errors);
            let strict = ours.ask(&format!("SOCKEYE_SS_STRICT=1 ss {words}"));
            assert_eq!(strict.status, Some(truth), "strict ss {words}: {}", strict.errors);
            let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
            let by_name = command.arg("ss").args(words.split(' ')).output().expect("it is built");
            assert_eq!(by_name.status.code(), Some(truth), "sockeye ss {words}");
            for errors in [&by_link.errors, &strict.errors, &String::from_utf8_lossy(&by_name.stderr).into_owned()] {
                assert!(errors.contains(says), "{words}: {errors:?}");
                assert_eq!(errors.is_empty(), says.is_empty(), "{words}: {errors:?}");
            }
        }
        Ok(())
    });
}
