//! A fresh network namespace for each test.
//!
//! Each test runs in a child process of its own: the test binary is started again for that one test, in a new network
//! namespace, and where that needs a privilege the caller lacks, in a new user namespace around it. One way for root
//! and for everybody: a process may enter a user namespace only while it has a single thread, which a test harness
//! has not; `/proc/net` shows the namespace of the main thread; and descriptor limits, signals and sockets of other
//! tests cannot interfere. When the child ends, the kernel removes the namespace and everything in it.

use std::any::type_name;
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::patience::patience;
use crate::said::{LINGER, Said};
use crate::skip::{self, SKIP_PREFIX, Skip};
use crate::sys;
use crate::zoo::Zoo;

/// Tells the child which test it runs.
const TEST_VARIABLE: &str = "SOCKEYE_ZOO_TEST";

/// Tells the child the descriptor on which it says that the test ran to its end.
const REPORT_VARIABLE: &str = "SOCKEYE_ZOO_REPORT";

/// Runs the body of one test in a fresh network namespace.
///
/// Called once in a test, as the last thing it does: code after it is not run in the child. A body that ends with a
/// [`Skip`] is skipped loudly, as is the whole test where namespaces are not allowed.
///
/// # Panics
///
/// If the body does, with the child's output; or at a skip that `SOCKEYE_SKIP=fail` does not allow.
pub fn in_namespace<F>(body: F)
where
    F: FnOnce(&Zoo) -> Result<(), Skip>,
{
    let test = test_name::<F>();
    if std::env::var_os(TEST_VARIABLE).is_some_and(|name| name == *test) {
        run_here(&test, body);
    } else if let Err(reason) = run_in_child(&test) {
        skip::skip(&test, &reason);
    }
}

/// The name by which the harness knows the test whose body runs here.
///
/// # Panics
///
/// Outside of [`in_namespace`].
pub fn test_here() -> String {
    std::env::var(TEST_VARIABLE).expect("the parent has named the test")
}

/// Moves the calling thread into a fresh network namespace. Where a user namespace is needed as well, the process
/// must have a single thread. For programs; tests use [`in_namespace`].
pub fn enter() -> Result<Zoo, Skip> {
    sys::Identity::current().isolate().map_err(|error| not_allowed(&error))?;
    Zoo::open().map_err(|error| Skip::new("namespace", format!("cannot set up the loopback device: {error}")))
}

/// In the child: the body itself, then the report, then the end of the process.
fn run_here<F>(test: &str, body: F)
where
    F: FnOnce(&Zoo) -> Result<(), Skip>,
{
    let zoo = Zoo::open().unwrap_or_else(|error| panic!("cannot set up the loopback device: {error}"));
    if let Err(reason) = body(&zoo) {
        skip::skip(test, &reason);
    }
    drop(zoo);
    let number = std::env::var(REPORT_VARIABLE).ok().and_then(|text| text.parse().ok()).expect("set by the parent");
    let report = sys::inherit(number).expect("left open by the parent");
    rustix::io::write(&report, b"!").expect("the parent is waiting");
    std::process::exit(0);
}

/// In the parent: starts the child and passes on what it says.
fn run_in_child(test: &str) -> Result<(), Skip> {
    let program = std::env::current_exe().expect("a test binary has a path");
    let (read, write) = io::pipe().expect("descriptors are left");
    let mut command = Command::new(program);
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(TEST_VARIABLE, test)
        .env(REPORT_VARIABLE, write.as_raw_fd().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    sys::isolate_on_spawn(&mut command, write.as_raw_fd());
    let mut child = command.spawn().map_err(|error| not_allowed(&error))?;
    drop(write);
    let outputs = [Said::of(child.stdout.take().expect("piped")), Said::of(child.stderr.take().expect("piped"))];
    let report = Said::of(read);
    let status = child.wait().expect("a child of ours");
    // A test that fails may leave programs that hold its outputs: it has failed none the less, and not for ever.
    let then = Instant::now() + patience(LINGER);
    let [(output, output_ended), (errors, errors_ended)] = outputs.map(|said| said.until(then));
    let (report, report_ended) = report.until(then);

    let errors = String::from_utf8_lossy(&errors);
    for line in errors.lines().filter(|line| line.starts_with(SKIP_PREFIX)) {
        let _ = writeln!(io::stderr(), "{line}");
    }
    // A child that found no test of this name would end happily without the report.
    assert!(
        status.success() && report == b"!",
        "{test} in its own namespace: {status}\n{}{errors}",
        String::from_utf8_lossy(&output),
    );
    assert!(
        output_ended && errors_ended && report_ended,
        "{test} has left a program behind that holds its output: what it started has to end with it"
    );
    Ok(())
}

/// The skip for a refusal.
///
/// # Panics
///
/// If the error is none: a machine out of descriptors or processes is not one that forbids namespaces.
fn not_allowed(error: &io::Error) -> Skip {
    match error.raw_os_error() {
        // ENOSPC and EUSERS are the limits of /proc/sys/user, EINVAL and ENOSYS a kernel without namespaces.
        Some(libc::EPERM | libc::EACCES | libc::ENOSPC | libc::EUSERS | libc::EINVAL | libc::ENOSYS) => {
            Skip::new("namespace", format!("a network namespace is not allowed here: {error}"))
        }
        _ => panic!("cannot enter a namespace: {error}"),
    }
}

/// The name under which the harness knows the test that calls: the name of its thread, or, where a single thread runs
/// all tests, the path of the closure without the crate.
fn test_name<F>() -> String {
    match thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => path_of_closure(type_name::<F>()),
    }
}

fn path_of_closure(path: &str) -> String {
    let path = path.split_once("::").map_or(path, |(_, rest)| rest);
    path.split("::{{closure}}").next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_knows_the_test_it_is_in() {
        fn path<F>(_: F) -> String {
            path_of_closure(type_name::<F>())
        }
        assert_eq!(path(|| ()), "namespace::tests::a_closure_knows_the_test_it_is_in");
    }
}
