//! The interface of a name, which may be one of its alternative names.

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_state::Received;
use sockeye_wire::rtnetlink::{RTM_GETLINK, Table};
use sockeye_wire::{Kind, Messages, Request, Scalar};

use super::ask::open;

/// `IFLA_ALT_IFNAME`, `IFLA_EXT_MASK`, `RTEXT_FILTER_SKIP_STATS` (include/uapi/linux/if_link.h, rtnetlink.h).
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_EXT_MASK: u16 = 29;
const RTEXT_FILTER_SKIP_STATS: u32 = 8;
/// Bytes of an alternative name, with the NUL that ends it (`ALTIFNAMSIZ`).
const ALTIFNAMSIZ: usize = 128;

/// The index of the interface with this name or alternative name; `None` where there is none.
///
/// net/core/rtnetlink.c `rtnl_dev_get` looks for either. Other than the ioctl it knows long names, and loads no module for one
/// that it does not know.
pub(crate) fn index_of(namespace: Option<&Namespace>, name: &[u8]) -> Result<Option<u32>, Error> {
    const ENODEV: i32 = 19;
    if name.is_empty() || name.len() >= ALTIFNAMSIZ || name.contains(&0) {
        return Ok(None);
    }
    let mut socket = open(namespace)?;
    let request = Request::new(RTM_GETLINK, 0)
        .body(&vec![0; Table::Links.header_len()])
        .attribute(IFLA_EXT_MASK, &RTEXT_FILTER_SKIP_STATS.to_ne_bytes())
        .attribute(IFLA_ALT_IFNAME, &[name, &[0]].concat());
    let sequence = socket.send(request)?;
    let mut buffer = Buffer::new();
    loop {
        let Received::Datagram(datagram) = socket.receive(&mut buffer)? else {
            // The answer was lost.
            return Ok(socket.interface_index(name));
        };
        for message in Messages::new(datagram.bytes).map_while(Result::ok) {
            if datagram.sender != 0 || message.sequence() != sequence {
                continue;
            }
            return Ok(match message.kind() {
                Kind::Error => match Scalar::I32.read(message.payload(), 0).map(u64::cast_signed) {
                    Some(errno) if errno == -i64::from(ENODEV) => None,
                    // A kernel from before alternative names (5.5).
                    _ => socket.interface_index(name),
                },
                _ => Scalar::U32.read(message.payload(), 4).and_then(|index| u32::try_from(index).ok()),
            });
        }
    }
}
