//! Labels by which IPv6 source addresses are chosen: `struct ifaddrlblmsg` and the attributes behind it
//! (include/uapi/linux/if_addrlabel.h, net/ipv6/addrlabel.c).

use crate::rtnetlink::link::FAMILIES;

crate::layout! {
    /// One label (`struct ifaddrlblmsg`).
    pub struct LabelMessage = ifaddrlblmsg {
        /// Address family: inet6.
        ifal_family => family: u8 @ 0, OneOf(FAMILIES), (2, 25);
        /// Bits of the prefix.
        ifal_prefixlen => prefixlen: u8 @ 2, Count, (2, 25);
        /// Of no meaning yet.
        ifal_flags => flags: u8 @ 3, Hexadecimal, (2, 25);
        /// Link that the label is for; 0 for all.
        ifal_index => index: u32 @ 4, Interface, (2, 25);
        /// Number that grows with each change.
        ifal_seq => seq: u32 @ 8, Identifier, (2, 25);
    }
}

crate::space! {
    /// Attributes of a label.
    pub static LABEL = "label", header &LabelMessage::LAYOUT, 12; {
        /// Prefix, without its length.
        IFAL_ADDRESS = 1 => "address": Address, (2, 25);
        /// Label that addresses of the prefix have.
        IFAL_LABEL = 2 => "label": Number(U32, Identifier), (2, 25);
    }
}
