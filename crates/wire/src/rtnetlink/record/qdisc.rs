//! A queueing discipline.

use super::Fields;

/// A queueing discipline (`struct tcmsg` and `TCA_*`, include/uapi/linux/rtnetlink.h).
#[derive(Clone, Copy, Debug)]
pub struct Qdisc<'a>(pub(super) Fields<'a>);

const TCA_KIND: u16 = 1;

impl<'a> Qdisc<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Qdiscs, bytes).map(Self)
    }

    /// The interface.
    pub fn ifindex(&self) -> u32 {
        self.0.header_u32(4)
    }

    /// Its handle, `major << 16`.
    pub fn handle(&self) -> u32 {
        self.0.header_u32(8)
    }

    /// The class it is in; `u32::MAX` at the root, `0xffff_fff1` on ingress.
    pub fn parent(&self) -> u32 {
        self.0.header_u32(12)
    }

    /// What it is: `fq_codel`, `htb`.
    pub fn kind(&self) -> Option<&'a [u8]> {
        self.0.text(TCA_KIND)
    }
}
