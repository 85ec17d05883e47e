//! A CAN device without hardware: the kernel makes one of a serial line, and a pseudoterminal is one.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::thread;

use crate::sys;

/// A CAN device in the network namespace of this process, as long as this value is there.
#[derive(Debug)]
pub struct SerialCan {
    /// The end of the line of which the device is made.
    _line: OwnedFd,
}

impl SerialCan {
    /// Makes one of this name. The kernel makes it where the machine began (drivers/net/can/slcan), from where it is fetched.
    ///
    /// # Errors
    ///
    /// If the kernel has no CAN over serial lines, or if this process has not CAP_NET_ADMIN of the machine.
    pub fn new(name: &str) -> io::Result<Self> {
        let ([adapter, line], made) = sys::can_over_serial()?;
        // An adapter that takes every command: a device whose line nobody reads does not come up. It ends with the line.
        thread::spawn(move || {
            let mut adapter = File::from(adapter);
            while adapter.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
        });
        let here = std::process::id().to_string();
        let mut fetch = Command::new("nsenter");
        fetch.args(["--net=/proc/1/ns/net", "ip", "link", "set", &made, "netns", &here, "name", name]);
        let output = fetch.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        Ok(Self { _line: line })
    }
}
