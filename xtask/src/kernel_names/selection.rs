//! Which structures, enumerations and macros make up sock_diag, by the header that declares them.

/// What the list takes from one header.
pub(super) struct Header {
    /// Path below include/uapi (or include) of the kernel.
    pub(super) path: &'static str,
    /// Structures, all of their fields.
    pub(super) structures: &'static [&'static str],
    /// Enumerations, each by the name of one of its members.
    pub(super) enumerations: &'static [&'static str],
    /// Single members of enumerations that mostly are about something else.
    pub(super) enumerators: &'static [&'static str],
    /// Macros with a number; a trailing `*` takes all that begin so.
    pub(super) macros: &'static [&'static str],
}

/// What a header leaves out of its own row.
const NONE: Header = Header { path: "", structures: &[], enumerations: &[], enumerators: &[], macros: &[] };

/// All of sock_diag, and the netlink words around it.
pub(super) const HEADERS: &[Header] = &[
    Header {
        path: "linux/netlink.h",
        structures: &["nlmsghdr", "nlmsgerr", "nlattr"],
        enumerations: &["NLMSGERR_ATTR_MSG"],
        macros: &[
            "NETLINK_SOCK_DIAG",
            "NLM_F_*",
            "NLMSG_NOOP",
            "NLMSG_ERROR",
            "NLMSG_DONE",
            "NLMSG_OVERRUN",
            "NLMSG_MIN_TYPE",
            "NLA_F_*",
        ],
        ..NONE
    },
    Header {
        path: "linux/sock_diag.h",
        structures: &["sock_diag_req"],
        enumerations: &[
            "SK_MEMINFO_DROPS",
            "SKNLGRP_INET_TCP_DESTROY",
            "SK_DIAG_BPF_STORAGE_REQ_MAP_FD",
            "SK_DIAG_BPF_STORAGE",
            "SK_DIAG_BPF_STORAGE_MAP_ID",
        ],
        macros: &["SOCK_DIAG_BY_FAMILY", "SOCK_DESTROY"],
        ..NONE
    },
    Header {
        path: "linux/inet_diag.h",
        structures: &[
            "inet_diag_sockid",
            "inet_diag_req",
            "inet_diag_req_v2",
            "inet_diag_req_raw",
            "inet_diag_bc_op",
            "inet_diag_hostcond",
            "inet_diag_markcond",
            "inet_diag_msg",
            "inet_diag_meminfo",
            "inet_diag_sockopt",
            "tcpvegas_info",
            "tcp_dctcp_info",
            "tcp_bbr_info",
        ],
        enumerations: &[
            "INET_DIAG_REQ_BYTECODE",
            "INET_DIAG_BC_NOP",
            "INET_DIAG_MEMINFO",
            "INET_ULP_INFO_NAME",
            "IDIAG_TIMER_OFF",
        ],
        macros: &["TCPDIAG_GETSOCK", "DCCPDIAG_GETSOCK", "INET_DIAG_NOCOOKIE"],
        ..NONE
    },
    // Not a uapi header: the numbers reach user space all the same, as states and as bits of a request.
    Header { path: "net/tcp_states.h", enumerations: &["TCP_ESTABLISHED"], ..NONE },
    Header {
        path: "linux/tcp.h",
        structures: &["tcp_info", "tcp_diag_md5sig"],
        enumerations: &["TCP_CA_Open", "TFO_STATUS_UNSPEC"],
        macros: &["TCPI_OPT_*", "TCPI_ECN_MODE_*", "TCP_ACCECN_*", "TCP_MD5SIG_MAXKEYLEN"],
        ..NONE
    },
    Header {
        path: "linux/mptcp.h",
        structures: &["mptcp_info"],
        enumerations: &["MPTCP_SUBFLOW_ATTR_FLAGS"],
        macros: &["MPTCP_SUBFLOW_FLAG_*", "MPTCP_INFO_FLAG_*", "mptcpi_*"],
        ..NONE
    },
    Header {
        path: "linux/tls.h",
        enumerations: &["TLS_INFO_VERSION"],
        macros: &["TLS_CIPHER_*", "TLS_CONF_*", "TLS_1_2_VERSION", "TLS_1_3_VERSION"],
        ..NONE
    },
    Header { path: "linux/sctp.h", structures: &["sctp_info"], enumerations: &["SCTP_ACTIVE"], ..NONE },
    Header {
        path: "linux/unix_diag.h",
        structures: &["unix_diag_req", "unix_diag_msg", "unix_diag_vfs", "unix_diag_rqlen"],
        enumerations: &["UNIX_DIAG_NAME"],
        macros: &["UDIAG_SHOW_*"],
        ..NONE
    },
    Header {
        path: "linux/packet_diag.h",
        structures: &[
            "packet_diag_req",
            "packet_diag_msg",
            "packet_diag_info",
            "packet_diag_mclist",
            "packet_diag_ring",
        ],
        enumerations: &["PACKET_DIAG_INFO"],
        macros: &["PACKET_SHOW_*", "PDI_*"],
        ..NONE
    },
    Header {
        path: "linux/if_packet.h",
        enumerations: &["TPACKET_V1"],
        macros: &["PACKET_FANOUT_*", "PACKET_MR_*"],
        ..NONE
    },
    Header { path: "linux/filter.h", structures: &["sock_filter"], ..NONE },
    Header {
        path: "linux/netlink_diag.h",
        structures: &["netlink_diag_req", "netlink_diag_msg", "netlink_diag_ring"],
        enumerations: &["NETLINK_DIAG_MEMINFO"],
        macros: &["NDIAG_SHOW_*", "NDIAG_FLAG_*", "NDIAG_PROTO_ALL"],
        ..NONE
    },
    Header { path: "linux/vm_sockets_diag.h", structures: &["vsock_diag_req", "vsock_diag_msg"], ..NONE },
    Header {
        path: "linux/xdp_diag.h",
        structures: &[
            "xdp_diag_req",
            "xdp_diag_msg",
            "xdp_diag_info",
            "xdp_diag_ring",
            "xdp_diag_umem",
            "xdp_diag_stats",
        ],
        enumerations: &["XDP_DIAG_INFO"],
        macros: &["XDP_SHOW_*", "XDP_DU_F_*"],
        ..NONE
    },
    Header { path: "linux/tipc_sockets_diag.h", structures: &["tipc_sock_diag_req"], ..NONE },
    Header {
        path: "linux/tipc_netlink.h",
        enumerators: &["TIPC_NLA_SOCK"],
        enumerations: &["TIPC_NLA_SOCK_ADDR", "TIPC_NLA_SOCK_GROUP_ID", "TIPC_NLA_CON_FLAG", "TIPC_NLA_SOCK_STAT_RCVQ"],
        ..NONE
    },
    Header {
        path: "linux/smc_diag.h",
        structures: &[
            "smc_diag_req",
            "smc_diag_msg",
            "smc_diag_cursor",
            "smc_diag_conninfo",
            "smc_diag_linkinfo",
            "smc_diag_lgrinfo",
            "smc_diag_fallback",
            "smcd_diag_dmbinfo",
        ],
        enumerations: &["SMC_DIAG_MODE_SMCR", "SMC_DIAG_CONNINFO"],
        ..NONE
    },
];

impl Header {
    /// The first of its patterns that takes this macro, as an index; `None` where the list leaves it out.
    pub(super) fn macro_family(&self, name: &str) -> Option<usize> {
        let takes = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *pattern,
        };
        self.macros.iter().position(takes).filter(|_| !is_bound(name))
    }
}

/// Counts and upper bounds of an enumeration: they move with every kernel and name nothing.
pub(super) fn is_bound(name: &str) -> bool {
    name.starts_with("__")
        || name.ends_with("_MAX")
        || name.ends_with("_SIZE")
        || matches!(name, "TCP_MAX_STATES" | "SK_MEMINFO_VARS")
}

/// Filler between fields: nothing a reader could be told about.
pub(super) fn is_padding(field: &str) -> bool {
    let bare = field.trim_start_matches('_').trim_end_matches(|last: char| last.is_ascii_digit());
    matches!(bare, "pad" | "unused" | "reserved")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_are_taken_by_name_or_by_prefix() {
        let header = Header { macros: &["TLS_CIPHER_*", "SOCK_DESTROY"], ..NONE };
        assert_eq!(header.macro_family("TLS_CIPHER_AES_GCM_128"), Some(0));
        assert_eq!(header.macro_family("TLS_CIPHER_AES_GCM_128_KEY_SIZE"), None);
        assert_eq!(header.macro_family("SOCK_DESTROY"), Some(1));
        assert_eq!(header.macro_family("SOCK_DESTROY_BACKLOG"), None);
    }

    #[test]
    fn padding_is_told_from_fields() {
        assert!(["pad", "__pad", "unused", "__reserved2", "reserved"].into_iter().all(is_padding));
        assert!(!["idiag_cookie", "padding_bytes", "queue_id"].into_iter().any(is_padding));
    }
}
