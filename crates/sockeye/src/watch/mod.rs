//! `sockeye watch`: live tables, every change as a line or an object, every loss as a gap.

#[cfg(test)]
mod attacked;
pub(crate) mod change;
mod diff;
mod hooks;
mod key;
pub(crate) mod line;
mod lookout;
mod object;
mod options;
mod out;
pub(crate) mod place;
mod process;
mod refuse;
pub(crate) mod report;
mod run;
mod sockets;
mod stop;
mod stream;
mod subject;
mod watched;
mod words;

pub(crate) use options::{Options, duration};
pub(crate) use run::run;

use std::io::Write as _;

/// Says that not all network namespaces can be seen, if that is so. `false`: with another privilege they could be.
fn sees_all(missing: Option<&(String, bool)>) -> bool {
    missing.is_none_or(|(reason, restricted)| {
        complain(reason);
        !restricted
    })
}

/// That less may wait in the receive buffer than was asked for, as the end of a sentence; nothing where it is not less.
fn less_may_wait(asked_bytes: usize, given_bytes: usize) -> String {
    // The kernel gives twice what is asked for, as it counts its own structures as well (net/core/sock.c,
    // `__sock_set_rcvbuf`).
    let bytes = given_bytes / 2;
    if bytes >= asked_bytes {
        return String::new();
    }
    format!("; at most {bytes} bytes of events may wait (more needs CAP_NET_ADMIN, or a higher net.core.rmem_max)")
}

/// Says a sentence on stderr.
fn complain(sentence: &str) {
    let mut line = Vec::new();
    crate::output::escape::sentence(&mut line, &format!("sockeye: {sentence}"));
    line.push(b'\n');
    // Nobody is left to be told where stderr cannot be written.
    let _ = std::io::stderr().write_all(&line);
}
