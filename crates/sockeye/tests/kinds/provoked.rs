//! Kinds that want a namespace of their own, because they change what other sockets do or wait for something to go wrong.

use sockeye_zoo::{PROVOKED, in_namespace};

use crate::check::check;

macro_rules! provoked {
    ($($test:ident: $kind:ident,)*) => {
        const TESTED: &[&str] = &[$(stringify!($kind)),*];

        $(#[test]
        fn $test() {
            in_namespace(|zoo| {
                check(zoo, &[stringify!($kind)]);
                Ok(())
            });
        })*
    };
}

provoked! {
    a_connection_of_smc_over_rdma_shows_its_buffers_and_its_link: smc_rdma,
    an_endpoint_of_sctp_shows_its_settings: sctp_settings,
    an_association_of_sctp_counts_chunks_in_no_order: sctp_unordered,
    an_association_of_sctp_that_loses_chunks_counts_them: sctp_lossy,
    an_association_of_sctp_that_nobody_hears_counts_errors: sctp_unheard,
    an_association_of_sctp_that_lacks_a_chunk_counts_those_behind_it: sctp_gap,
    members_of_a_group_of_tipc_show_it: tipc_group,
    a_socket_of_tipc_shows_its_user: tipc_uid,
    a_socket_of_tipc_without_room_counts_what_it_drops: tipc_flooded,
    a_connection_of_tipc_shows_that_its_peer_does_not_keep_up: tipc_stalled,
    a_connection_of_tipc_between_nodes_shows_them: tipc_network,
    a_connection_counts_marks_and_segments_that_were_overtaken: tcp_marked,
    dctcp_counts_what_was_marked_in_both_directions: tcp_dctcp_marked,
    vegas_shows_what_it_took_the_time_of: tcp_vegas_timed,
    a_connection_counts_the_time_that_its_buffer_was_too_small: tcp_shaped,
    a_connection_of_several_ways_counts_announced_addresses: mptcp_announced,
    a_connection_of_several_ways_counts_what_another_way_carried_again: mptcp_broken_way,
    a_connection_of_several_ways_counts_how_often_it_told_its_end: mptcp_unfinished,
    what_waits_for_a_link_layer_address_is_memory_under_way: udp_unresolved,
    a_socket_of_xdp_counts_the_packets_that_it_had_no_room_for: xdp_flooded,
}

#[test]
fn every_kind_that_wants_a_namespace_has_a_test() {
    assert_eq!(TESTED, PROVOKED.iter().map(|(kind, _)| *kind).collect::<Vec<_>>());
}
