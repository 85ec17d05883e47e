//! Sockets of two network namespaces with a wire between them, on which what was sent does not always arrive.

use std::ffi::CStr;
use std::io;
use std::net::Ipv6Addr;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use crate::sys::{self, Identity};
use crate::wire::{Decision, LongWire, WireEnd};
use crate::zoo::await_address;

/// The device at either end.
pub(crate) const DEVICE: &CStr = c"wire";

/// Addresses of the near end; all but the first are for further ways.
pub(crate) const NEAR: [Ipv6Addr; 2] = [address(0xa), address(0xaa)];

/// The address of the far end.
pub(crate) const FAR: Ipv6Addr = address(0xb);

const fn address(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd00, 0x5eed, 0x1, 0, 0, 0, 0, last)
}

/// How a wire is.
pub(crate) struct Way {
    pub(crate) delay: Duration,
    /// Bytes a second.
    pub(crate) rate: Option<u32>,
    pub(crate) decide: Decision,
}

impl Way {
    /// One that is as short as can be.
    pub(crate) fn deciding(decide: Decision) -> Self {
        Self { delay: Duration::ZERO, rate: None, decide }
    }
}

/// Makes the wire, and what `there` makes in the namespace at its far end; that one lasts as long as what lives in it.
pub(crate) fn between<T: Send>(way: Way, there: impl FnOnce() -> io::Result<T> + Send) -> io::Result<(LongWire, T)> {
    let near = end(&NEAR)?;
    let (far, made) = elsewhere(|| {
        let far = end(&[FAR])?;
        Ok((far, there()?))
    })?;
    let wire = LongWire::deciding(near, far, way.delay, way.rate, way.decide)?;
    Ok((wire, made))
}

/// Does something in a network namespace of its own.
pub(crate) fn elsewhere<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let identity = Identity::current();
    let done = thread::scope(|scope| {
        let there = scope.spawn(move || {
            identity.isolate()?;
            work()
        });
        there.join()
    });
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// One end of the wire, up and with its addresses.
fn end(addresses: &[Ipv6Addr]) -> io::Result<WireEnd> {
    let control = sys::socket(libc::AF_INET6, libc::SOCK_DGRAM, 0)?;
    let (file, index) = sys::tunnel(DEVICE)?;
    sys::interface_up(&control, DEVICE)?;
    for &address in addresses {
        sys::add_address(&control, address.octets(), 64, index)?;
        await_address(address)?;
    }
    Ok(WireEnd::of(file))
}

/// A socket bound to any port of an address.
pub(crate) fn bound(kind: i32, protocol: i32, to: Ipv6Addr) -> io::Result<OwnedFd> {
    let socket = sys::socket(libc::AF_INET6, kind, protocol)?;
    sys::bind(&socket, &crate::address::encode((to, 0).into()))?;
    Ok(socket)
}
