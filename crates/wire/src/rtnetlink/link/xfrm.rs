//! Interfaces of IPsec (net/xfrm/xfrm_interface_core.c).

crate::space! {
    /// What an interface of IPsec adds to a link.
    pub static XFRM = "xfrm"; {
        /// Link below.
        IFLA_XFRM_LINK = 1 => "link": Number(U32, LowerInterface), (4, 19);
        /// Number by which policies and states belong to it.
        IFLA_XFRM_IF_ID = 2 => "if_id": Number(U32, Hexadecimal), (4, 19);
        /// Each packet says by which state it goes.
        IFLA_XFRM_COLLECT_METADATA = 3 => "collect_metadata": Flag, (6, 1);
    }
}
