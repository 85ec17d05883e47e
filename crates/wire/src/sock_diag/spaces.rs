//! Every top-level space of sock_diag, for whoever walks the tables: columns, documentation, tests.

use super::inet::InetAttributes;
use super::netlink::NetlinkAttributes;
use super::packet::PacketAttributes;
use super::smc::SmcAttributes;
use super::tipc::TipcMessage;
use super::unix::UnixAttributes;
use super::vsock::VsockAttributes;
use super::xdp::XdpAttributes;
use crate::Space;

/// One space a family; nests are reached through their rows.
pub const SPACES: &[&Space] = &[
    &InetAttributes::SPACE,
    &UnixAttributes::SPACE,
    &PacketAttributes::SPACE,
    &NetlinkAttributes::SPACE,
    &VsockAttributes::SPACE,
    &XdpAttributes::SPACE,
    &TipcMessage::SPACE,
    &SmcAttributes::SPACE,
];
