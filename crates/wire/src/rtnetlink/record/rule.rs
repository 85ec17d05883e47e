//! A rule that chooses a routing table.

use core::net::IpAddr;

use super::Fields;

/// A rule (`struct fib_rule_hdr` and `FRA_*`, include/uapi/linux/fib_rules.h).
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a>(pub(super) Fields<'a>);

const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;

impl<'a> Rule<'a> {
    /// Reads the payload of a message. `None`: it is too short.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        Fields::read(crate::rtnetlink::Table::Rules, bytes).map(Self)
    }

    /// `AF_INET` or `AF_INET6`.
    pub fn family(&self) -> u8 {
        self.0.byte(0)
    }

    /// Rules of a smaller number are asked first.
    pub fn priority(&self) -> u32 {
        self.0.u32(FRA_PRIORITY).unwrap_or(0)
    }

    /// `FR_ACT_*`: 1 leads to the table, 6 is a black hole.
    pub fn action(&self) -> u8 {
        self.0.byte(7)
    }

    /// The routing table that it leads to; 0 where it leads to none.
    pub fn table(&self) -> u32 {
        self.0.u32(FRA_TABLE).unwrap_or_else(|| self.0.byte(4).into())
    }

    /// The source network that it is for.
    pub fn source(&self) -> Option<(IpAddr, u8)> {
        self.0.address(FRA_SRC).map(|address| (address, self.0.byte(2)))
    }

    /// The destination network that it is for.
    pub fn destination(&self) -> Option<(IpAddr, u8)> {
        self.0.address(FRA_DST).map(|address| (address, self.0.byte(1)))
    }

    /// The mark that packets have to have, and which of its bits count.
    pub fn mark(&self) -> Option<(u32, u32)> {
        self.0.u32(FRA_FWMARK).map(|mark| (mark, self.0.u32(FRA_FWMASK).unwrap_or(u32::MAX)))
    }

    /// The interface that packets come from.
    pub fn iif_name(&self) -> Option<&'a [u8]> {
        self.0.text(FRA_IIFNAME)
    }

    /// The interface that a socket is bound to.
    pub fn oif_name(&self) -> Option<&'a [u8]> {
        self.0.text(FRA_OIFNAME)
    }
}
