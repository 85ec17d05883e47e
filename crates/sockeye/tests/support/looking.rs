//! `sockeye why` while something goes wrong between its two looks at the machine.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use sockeye_zoo::slowness;

/// What it says of `watch`, of which something happens `after` a while: that is when its first look is over, on any machine that is
/// not busy with something else. Both are longer on a machine that is slow.
pub(crate) fn while_looking(watch: Duration, after: Duration, happens: impl FnOnce()) -> Value {
    let watch = format!("{}ms", (watch * slowness()).as_millis());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(["why", "--for", &watch, "-o", "json"]).stdout(Stdio::piped());
    let child = command.spawn().expect("the built program");
    thread::sleep(after * slowness());
    happens();
    let output = child.wait_with_output().expect("a child of ours");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // On a machine that is busy not everything may be seen.
    let status = if answer["whole"] == true { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(status), "{answer:#}");
    assert_eq!(answer["machine"], true, "{answer:#}");
    answer
}

/// What it says where nothing happens, once it has seen everything: what it does not find then is not there.
pub(crate) fn whole_look(watch: Duration) -> Value {
    let mut looks = (0..5).map(|_| while_looking(watch, Duration::ZERO, || ()));
    looks.find(|answer| answer["whole"] == true).expect("a look at everything in five")
}

/// The finding of a cause, if it is one.
pub(crate) fn finding<'a>(answer: &'a Value, cause: &str) -> Option<&'a Value> {
    answer["findings"].as_array().expect("a list").iter().find(|one| one["cause"] == cause)
}
