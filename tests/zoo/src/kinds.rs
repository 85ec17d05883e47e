//! The list of all kinds.

use crate::specimen::Specimen;
use crate::zoo::{Unavailable, Zoo};

/// Makes one kind of specimen.
pub type Constructor = fn(&Zoo) -> Result<Specimen, Unavailable>;

macro_rules! kinds {
    ($(#[$about:meta])* $list:ident: $($name:ident)*) => {
        $(#[$about])*
        pub const $list: &[(&str, Constructor)] = &[$((stringify!($name), Zoo::$name)),*];
    };
}

kinds! {
    /// Every constructor that needs no argument and leaves the others alone, with its name.
    KINDS:
    tcp_listening tcp_listening_overflowed tcp_listening_v6only tcp_listening_dual_stack tcp_reuseport_group
    tcp_established_v4 tcp_established_v6 tcp_established_mapped
    tcp_syn_sent tcp_syn_recv tcp_fin_wait1 tcp_fin_wait2 tcp_closing tcp_last_ack tcp_time_wait tcp_bound
    tcp_telling_v4 tcp_telling_v6 tcp_reno tcp_cubic tcp_bbr tcp_dctcp tcp_vegas tcp_md5 tcp_bound_to_device tcp_hostile_device
    tcp_retransmitting tcp_keepalive tcp_ecn tcp_accurate_ecn tcp_unsent tcp_fastopen tcp_tls tcp_tls12 tcp_tls13 tcp_uid
    tcp_bpf_storage tcp_in_cgroup tcp_shared
    mptcp_listening mptcp_established mptcp_subflows
    udp_unconnected_v4 udp_unconnected_v6 udp_connected udp_unread udp_dropped udp_telling udp_telling_v6 udplite
    ping ping_v6 raw raw_v6
    unix_listening unix_stream_pair unix_stream_named unix_dgram unix_seqpacket unix_abstract unix_shutdown
    unix_hostile_path unix_uid
    packet_raw packet_dgram packet_memberships packet_ring_v1 packet_ring_v2 packet_ring_v3 packet_fanout
    packet_flags packet_filter
    netlink_groups netlink_protocols netlink_connected netlink_flags netlink_overrun
    vsock vsock_stream vsock_seqpacket xdp xdp_bound tipc tipc_connected smc smc_connected
    sctp sctp_associated sctp_associated_v6 dccp
}

kinds! {
    /// Constructors that change what the other sockets of their namespace do, or that wait for something to go wrong. Each
    /// wants a namespace of its own.
    PROVOKED:
    smc_rdma sctp_settings sctp_unordered sctp_lossy sctp_unheard sctp_gap
    tipc_group tipc_uid tipc_flooded tipc_stalled tipc_network
    tcp_marked tcp_dctcp_marked tcp_vegas_timed tcp_shaped mptcp_announced mptcp_broken_way mptcp_unfinished udp_unresolved xdp_flooded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_listed_twice() {
        let mut names: Vec<&str> = KINDS.iter().chain(PROVOKED).map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len() + PROVOKED.len());
    }
}
