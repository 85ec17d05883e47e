//! A process that serves a measurement: it says when it is ready, and ends when its input does.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};

/// A running part. It ends with this value, or with the whole process: either closes its input.
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Running {
    /// Starts this program as a part.
    pub(crate) fn start(arguments: &[String]) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start this program again")?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("a part without output")?);
        Ok(Self { child, input, output })
    }

    /// The next number that it says.
    pub(crate) fn number(&mut self) -> Result<u64> {
        let mut line = String::new();
        self.output.read_line(&mut line).context("cannot hear a part")?;
        if line.is_empty() {
            bail!("a part of the benchmark ended early");
        }
        line.trim().parse().with_context(|| format!("a part says {line:?}"))
    }

    /// Tells it that something is over, whatever it knows by that.
    pub(crate) fn tell(&mut self) -> Result<()> {
        let input = self.input.as_mut().context("a part that was told to end")?;
        input.write_all(b"\n").and_then(|()| input.flush()).context("a part does not listen")
    }

    /// Tells it to end.
    pub(crate) fn end(&mut self) {
        self.input = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        // There is nothing to be done about a child that cannot be waited for.
        let _ = self.child.wait();
    }
}

/// Says a number to the benchmark.
pub(crate) fn say(number: u64) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{number}").and_then(|()| output.flush()).context("the benchmark does not listen")
}

/// Returns when the benchmark wants this part to end, or has ended itself.
pub(crate) fn wait_for_end() -> Result<()> {
    io::stdin().lock().read_to_end(&mut Vec::new()).context("cannot read from the benchmark").map(drop)
}
