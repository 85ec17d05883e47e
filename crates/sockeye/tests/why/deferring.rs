//! A listener that gets a connection only when data has come (TCP_DEFER_ACCEPT).

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use sockeye_zoo::Skip;

/// How long the kernel waits for data, longer than a test takes: towards the end it answers once more, and takes whoever says nothing.
const SECONDS: u32 = 60;

/// It listens on loopback until it is dropped, and accepts nobody. It is perl, which has the option without unsafe code.
pub(crate) struct Deferring(Child);

impl Deferring {
    pub(crate) fn listen(port: u16) -> Result<Self, Skip> {
        let program = format!(
            "use Socket; $| = 1; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, 6, 9, pack('i', {SECONDS}));
            bind(S, sockaddr_in({port}, inet_aton('127.0.0.1'))); listen(S, 99); print \"1\\n\"; sleep {SECONDS}"
        );
        let starting = Command::new("perl").args(["-e", &program]).stdout(Stdio::piped()).spawn();
        let mut perl = Self(starting.map_err(|error| Skip::new("program:perl", error.to_string()))?);
        let mut line = String::new();
        BufReader::new(perl.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("text");
        assert_eq!(line, "1\n", "it listens on {port}");
        Ok(perl)
    }
}

impl Drop for Deferring {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
