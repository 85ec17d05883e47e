//! Sockets with several owners.

use std::ffi::CStr;

use libc::IPPROTO_TCP;

use crate::expected::Owner;
use crate::specimen::Specimen;
use crate::sys::{self, Holder};
use crate::tcp::{SERVER_V4, bound, listener};
use crate::zoo::{Unavailable, Zoo, make};

/// Names of the processes that inherit a socket. The second would end a field of `/proc/PID/stat`, colour a terminal
/// and forge a line.
const HEIRS: [&CStr; 2] = [c"zoo keeper", c"a) b\x1b[1m\n\xff"];

impl Zoo {
    /// `listener` that two forked processes hold as well.
    pub fn tcp_shared(&self) -> Result<Specimen, Unavailable> {
        make("tcp_shared", || {
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 7)?;
            let mut expected = listener(&socket, 7)?;
            let mut specimen = Specimen::default();
            for name in HEIRS {
                let heir = Holder::fork(&socket, name)?;
                expected.other_owners.push(Owner { pid: heir.pid.cast_unsigned(), name: name.to_bytes().to_vec() });
                specimen = specimen.keeping(heir);
            }
            Ok(specimen.with(socket, expected))
        })
    }
}
