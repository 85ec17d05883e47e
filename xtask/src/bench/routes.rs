//! A load of routes: a pair of virtual links, a gateway behind it, and as many destinations as are wanted.

use anyhow::Result;

use super::rtnetlink::{Batch, address, route, up, veth};

/// The link that all routes go out by: not one of the first, so that it is no other by accident.
pub(super) const LINK: u32 = 21;
const PEER: u32 = 22;
const ADDRESS4: [u8; 4] = [10, 9, 0, 1];
const GATEWAY4: [u8; 4] = [10, 9, 0, 2];
/// The first destination of IPv4: from 16.0.0.0/24 on there is room for more than ten million.
const FIRST4: u32 = 16 << 24;

/// Makes links and addresses in the network namespace of this process.
pub(super) fn links() -> Result<()> {
    let mut batch = Batch::new()?;
    for message in [
        veth(LINK, "uplink", PEER, "peer"),
        up(LINK),
        up(PEER),
        address(LINK, &ADDRESS4, 24),
        address(LINK, &address6(1), 64),
    ] {
        batch.push(message)?;
        batch.flush()?;
    }
    Ok(())
}

/// Makes this many routes of IPv4, each another `/24` by the same gateway.
pub(super) fn make4(count: u32) -> Result<()> {
    let mut batch = Batch::new()?;
    for number in 0..count {
        batch.push(route(&(FIRST4 + (number << 8)).to_be_bytes(), 24, &GATEWAY4, LINK))?;
    }
    batch.flush()
}

/// Makes this many routes of IPv6, each another `/64` by the same gateway.
pub(super) fn make6(count: u32) -> Result<()> {
    let mut batch = Batch::new()?;
    for number in 0..count {
        let mut destination = [0; 16];
        destination[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        destination[4..8].copy_from_slice(&number.to_be_bytes());
        batch.push(route(&destination, 64, &address6(2), LINK))?;
    }
    batch.flush()
}

fn address6(host: u8) -> [u8; 16] {
    let mut address = [0; 16];
    (address[0], address[1], address[15]) = (0xfd, 9, host);
    address
}
