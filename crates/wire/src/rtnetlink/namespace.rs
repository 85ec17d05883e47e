//! Ids by which a network namespace knows others: `struct rtgenmsg` and the attributes behind it
//! (include/uapi/linux/net_namespace.h, net/core/net_namespace.c).

use crate::rtnetlink::link::FAMILIES;

crate::layout! {
    /// One namespace (`struct rtgenmsg`).
    pub struct NamespaceMessage = rtgenmsg {
        /// Address family: unspec.
        rtgen_family => family: u8 @ 0, OneOf(FAMILIES), (2, 12);
    }
}

crate::space! {
    /// Attributes of a namespace.
    pub static NAMESPACE = "namespace", header &NamespaceMessage::LAYOUT, 4; {
        /// Id by which the namespace is known; -1 where it has none.
        NETNSA_NSID = 1 => "nsid": Number(I32, Identifier), (4, 0);
        /// Id by which the one who asks knows it, where the question was for another's ids.
        NETNSA_CURRENT_NSID = 5 => "current_nsid": Number(I32, Identifier), (5, 0);
    }
}
