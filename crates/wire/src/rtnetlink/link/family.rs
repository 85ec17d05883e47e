//! What address families know of a link: `IFLA_AF_SPEC`, and `IFLA_PROTINFO` of IPv6 (net/ipv4/devinet.c,
//! net/ipv6/addrconf.c, net/mctp/device.c).

crate::space! {
    /// What each address family knows of a link.
    pub static AF_SPEC = "af_spec"; {
        /// What IPv4 knows of it.
        AF_INET = 2 => "inet": Nest(&LINK_INET), (3, 0);
        /// What IPv6 knows of it.
        AF_INET6 = 10 => "inet6": Nest(&LINK_INET6), (3, 0);
        /// What MCTP knows of it.
        AF_MCTP = 45 => "mctp": Nest(&LINK_MCTP), (5, 15);
    }
}

crate::space! {
    /// What IPv4 knows of a link.
    pub static LINK_INET = "link_inet"; {
        /// Settings of IPv4 on the link.
        IFLA_INET_CONF = 1 => "conf": Structure(&InetSettings::LAYOUT), (2, 38);
    }
}

crate::space! {
    /// What MCTP knows of a link.
    pub static LINK_MCTP = "link_mctp"; {
        /// Network of MCTP that the link is part of.
        IFLA_MCTP_NET = 1 => "net": Number(U32, Identifier), (5, 15);
        /// How MCTP is carried here (DSP0239).
        IFLA_MCTP_PHYS_BINDING = 2 => "phys_binding": Number(U8, OneOf(crate::names![(0, "unspec"), (1, "smbus"),
            (2, "pcie-vdm"), (3, "usb"), (4, "kcs"), (5, "serial"), (6, "i3c"), (7, "mmbi"), (8, "pcc"), (9, "ucie")])),
            (6, 13);
    }
}

crate::space! {
    /// What IPv6 knows of a link.
    pub static LINK_INET6 = "link_inet6"; {
        /// How far the link is in being set up.
        IFLA_INET6_FLAGS = 1 => "flags": Number(U32, SetOf(crate::names![(0x10, "rs-sent"), (0x20, "ra-rcvd"),
            (0x40, "ra-managed"), (0x80, "ra-otherconf"), (0x80000000, "ready")])), (2, 12);
        /// Settings of IPv6 on the link.
        IFLA_INET6_CONF = 2 => "conf": Structure(&Inet6Settings::LAYOUT), (2, 12);
        /// Counters of IPv6 on the link.
        IFLA_INET6_STATS = 3 => "stats": Structure(&Inet6Statistics::LAYOUT), (2, 12);
        /// Times of neighbour discovery on the link.
        IFLA_INET6_CACHEINFO = 5 => "cacheinfo": Structure(&Inet6Times::LAYOUT), (2, 12);
        /// Counters of ICMPv6 on the link.
        IFLA_INET6_ICMP6STATS = 6 => "icmp6stats": Structure(&Icmp6Statistics::LAYOUT), (2, 23);
        /// Interface identifier that addresses are made with; `::` where there is none.
        IFLA_INET6_TOKEN = 7 => "token": Address, (3, 10);
        /// How interface identifiers are made.
        IFLA_INET6_ADDR_GEN_MODE = 8 => "addr_gen_mode": Number(U8, OneOf(crate::names![(0, "eui64"), (1, "none"),
            (2, "stable-privacy"), (3, "random")])), (3, 17);
        /// MTU of the last router advertisement; 0 where none said it.
        IFLA_INET6_RA_MTU = 9 => "ra_mtu": Number(U32, Bytes), (5, 15);
    }
}

crate::layout! {
    /// Times of neighbour discovery on a link.
    pub struct Inet6Times = ifla_cacheinfo {
        /// Largest packet that is put together from fragments.
        max_reasm_len => max_reasm_len: u32 @ 0, Bytes, (2, 12);
        /// Time after boot at which the settings last changed.
        tstamp => tstamp: u32 @ 4, Centiseconds, (2, 12);
        /// Time for which a neighbour is believed reachable, as it was drawn at random.
        reachable_time => reachable_time: u32 @ 8, Milliseconds, (2, 12);
        /// Time between two questions for a neighbour.
        retrans_time => retrans_time: u32 @ 12, Milliseconds, (2, 12);
    }
}

crate::layout! {
    /// Settings of IPv4 on a link, an array in the order of `IPV4_DEVCONF_*`.
    pub struct InetSettings = ipv4_devconf {
        /// Whether packets are forwarded.
        forwarding => forwarding: i32 @ 0, Truth, (2, 36);
        /// Whether multicast is forwarded.
        mc_forwarding => mc_forwarding: i32 @ 4, Truth, (2, 36);
        /// Whether ARP is answered for others.
        proxy_arp => proxy_arp: i32 @ 8, Truth, (2, 36);
        /// Whether redirects are followed.
        accept_redirects => accept_redirects: i32 @ 12, Truth, (2, 36);
        /// Whether only redirects to known gateways are followed.
        secure_redirects => secure_redirects: i32 @ 16, Truth, (2, 36);
        /// Whether redirects are sent.
        send_redirects => send_redirects: i32 @ 20, Truth, (2, 36);
        /// Whether several subnets share the medium.
        shared_media => shared_media: i32 @ 24, Truth, (2, 36);
        /// How a packet's source address is checked.
        rp_filter => rp_filter: i32 @ 28, OneOf(crate::names![(0, "off"), (1, "strict"), (2, "loose")]), (2, 36);
        /// Whether source-routed packets are taken.
        accept_source_route => accept_source_route: i32 @ 32, Truth, (2, 36);
        /// Whether packets from 0.0.0.0/8 are taken for a relay.
        bootp_relay => bootp_relay: i32 @ 36, Truth, (2, 36);
        /// Whether packets with impossible addresses are logged.
        log_martians => log_martians: i32 @ 40, Truth, (2, 36);
        /// A number that user space may set.
        tag => tag: i32 @ 44, Identifier, (2, 36);
        /// Whether ARP is answered only where a route leads back.
        arpfilter => arpfilter: i32 @ 48, Truth, (2, 36);
        /// Medium of the link; 0 for its own, -1 for not known.
        medium_id => medium_id: i32 @ 52, Identifier, (2, 36);
        /// Whether IPsec is passed over.
        noxfrm => noxfrm: i32 @ 56, Truth, (2, 36);
        /// Whether policies of IPsec are passed over.
        nopolicy => nopolicy: i32 @ 60, Truth, (2, 36);
        /// Version of IGMP that is spoken; 0 for any.
        force_igmp_version => force_igmp_version: i32 @ 64, Identifier, (2, 36);
        /// How the source address of ARP questions is chosen.
        arp_announce => arp_announce: i32 @ 68, Identifier, (2, 36);
        /// Which ARP questions are not answered.
        arp_ignore => arp_ignore: i32 @ 72, Identifier, (2, 36);
        /// Whether a secondary address takes the place of its primary.
        promote_secondaries => promote_secondaries: i32 @ 76, Truth, (2, 36);
        /// Which unasked ARP makes a new entry.
        arp_accept => arp_accept: i32 @ 80, Identifier, (2, 36);
        /// Whether a change is announced by ARP.
        arp_notify => arp_notify: i32 @ 84, Truth, (2, 36);
        /// Whether packets from own addresses are taken.
        accept_local => accept_local: i32 @ 88, Truth, (2, 36);
        /// Whether the mark counts in the check of a source address.
        src_vmark => src_vmark: i32 @ 92, Truth, (2, 36);
        /// Whether ARP is answered out of the link it came from.
        proxy_arp_pvlan => proxy_arp_pvlan: i32 @ 96, Truth, (2, 36);
        /// Whether 127.0.0.0/8 may be routed.
        route_localnet => route_localnet: i32 @ 100, Truth, (2, 36);
        /// Time between unasked reports of IGMPv2.
        igmpv2_unsolicited_report_interval => igmpv2_unsolicited_report_interval: i32 @ 104, Milliseconds, (3, 12);
        /// Time between unasked reports of IGMPv3.
        igmpv3_unsolicited_report_interval => igmpv3_unsolicited_report_interval: i32 @ 108, Milliseconds, (3, 12);
        /// Whether routes over a link without carrier are passed over.
        ignore_routes_with_linkdown => ignore_routes_with_linkdown: i32 @ 112, Truth, (4, 2);
        /// Whether unicast in link-layer multicast is dropped.
        drop_unicast_in_l2_multicast => drop_unicast_in_l2_multicast: i32 @ 116, Truth, (4, 6);
        /// Whether unasked ARP is dropped.
        drop_gratuitous_arp => drop_gratuitous_arp: i32 @ 120, Truth, (4, 6);
        /// Whether directed broadcasts are forwarded.
        bc_forwarding => bc_forwarding: i32 @ 124, Truth, (4, 20);
        /// Whether neighbours are forgotten when the carrier goes.
        arp_evict_nocarrier => arp_evict_nocarrier: i32 @ 128, Truth, (5, 16);
    }
}

crate::layout! {
    /// Settings of IPv6 on a link, an array in the order of `DEVCONF_*`.
    pub struct Inet6Settings = ipv6_devconf {
        /// Whether packets are forwarded.
        forwarding => forwarding: i32 @ 0, Truth, (2, 12);
        /// Hop limit of packets that are sent.
        hoplimit => hoplimit: i32 @ 4, Count, (2, 12);
        /// MTU of IPv6.
        mtu6 => mtu6: i32 @ 8, Bytes, (2, 12);
        /// Whether router advertisements are taken; 2 even by a router.
        accept_ra => accept_ra: i32 @ 12, Identifier, (2, 12);
        /// Whether redirects are followed.
        accept_redirects => accept_redirects: i32 @ 16, Truth, (2, 12);
        /// Whether addresses are made from prefixes that routers announce.
        autoconf => autoconf: i32 @ 20, Truth, (2, 12);
        /// Probes that look for another holder of an address.
        dad_transmits => dad_transmits: i32 @ 24, Count, (2, 12);
        /// Questions for a router before giving up; -1 for no end.
        rtr_solicits => rtr_solicits: i32 @ 28, Count, (2, 12);
        /// Time between questions for a router.
        rtr_solicit_interval => rtr_solicit_interval: i32 @ 32, Milliseconds, (2, 12);
        /// Time before the first question for a router.
        rtr_solicit_delay => rtr_solicit_delay: i32 @ 36, Milliseconds, (2, 12);
        /// Whether temporary addresses are made, and with 2 preferred.
        use_tempaddr => use_tempaddr: i32 @ 40, Identifier, (2, 12);
        /// Time for which a temporary address is valid.
        temp_valid_lft => temp_valid_lft: i32 @ 44, Seconds, (2, 12);
        /// Time for which a temporary address is preferred.
        temp_prefered_lft => temp_prefered_lft: i32 @ 48, Seconds, (2, 12);
        /// Attempts to make a temporary address.
        regen_max_retry => regen_max_retry: i32 @ 52, Count, (2, 12);
        /// Largest random time that a temporary address lives shorter.
        max_desync_factor => max_desync_factor: i32 @ 56, Seconds, (2, 12);
        /// Addresses that may be made by autoconfiguration.
        max_addresses => max_addresses: i32 @ 60, Count, (2, 12);
        /// Version of MLD that is spoken; 0 for any.
        force_mld_version => force_mld_version: i32 @ 64, Identifier, (2, 12);
        /// Whether default routers are learned.
        accept_ra_defrtr => accept_ra_defrtr: i32 @ 68, Truth, (2, 12);
        /// Whether prefixes are learned.
        accept_ra_pinfo => accept_ra_pinfo: i32 @ 72, Truth, (2, 12);
        /// Whether the preference of a router counts.
        accept_ra_rtr_pref => accept_ra_rtr_pref: i32 @ 76, Truth, (2, 12);
        /// Time between probes of a router that does not answer.
        rtr_probe_interval => rtr_probe_interval: i32 @ 80, Milliseconds, (2, 12);
        /// Longest prefix of a route that a router may announce.
        accept_ra_rt_info_max_plen => accept_ra_rt_info_max_plen: i32 @ 84, Count, (2, 12);
        /// Whether neighbour discovery is answered for others.
        proxy_ndp => proxy_ndp: i32 @ 88, Truth, (2, 12);
        /// Whether an address may be used while it is being checked.
        optimistic_dad => optimistic_dad: i32 @ 92, Truth, (2, 12);
        /// Whether routing headers are taken.
        accept_source_route => accept_source_route: i32 @ 96, Identifier, (2, 12);
        /// Whether multicast is forwarded.
        mc_forwarding => mc_forwarding: i32 @ 100, Truth, (2, 12);
        /// Whether IPv6 is off.
        disable_ipv6 => disable_ipv6: i32 @ 104, Truth, (2, 12);
        /// Whether addresses are checked; 2 turns IPv6 off if the link-local one is taken.
        accept_dad => accept_dad: i32 @ 108, Identifier, (2, 12);
        /// Whether every advertisement carries the link-layer address.
        force_tllao => force_tllao: i32 @ 112, Truth, (2, 12);
        /// Whether a change is announced.
        ndisc_notify => ndisc_notify: i32 @ 116, Truth, (3, 8);
        /// Time between unasked reports of MLDv1.
        mldv1_unsolicited_report_interval => mldv1_unsolicited_report_interval: i32 @ 120, Milliseconds, (3, 12);
        /// Time between unasked reports of MLDv2.
        mldv2_unsolicited_report_interval => mldv2_unsolicited_report_interval: i32 @ 124, Milliseconds, (3, 12);
        /// Whether fragmented neighbour discovery is dropped.
        suppress_frag_ndisc => suppress_frag_ndisc: i32 @ 128, Truth, (3, 12);
        /// Whether router advertisements of this host itself are taken.
        accept_ra_from_local => accept_ra_from_local: i32 @ 132, Truth, (3, 17);
        /// Whether an address that is being checked may be chosen as source.
        use_optimistic => use_optimistic: i32 @ 136, Truth, (3, 18);
        /// Whether the MTU of a router is taken.
        accept_ra_mtu => accept_ra_mtu: i32 @ 140, Truth, (4, 0);
        /// Place of the secret of stable addresses, which is not told.
        stable_secret => stable_secret: i32 @ 144, Identifier, (4, 1);
        /// Whether source addresses are only those of the outgoing link.
        use_oif_addrs_only => use_oif_addrs_only: i32 @ 148, Truth, (4, 3);
        /// Smallest hop limit that a router may set.
        accept_ra_min_hop_limit => accept_ra_min_hop_limit: i32 @ 152, Count, (4, 3);
        /// Whether routes over a link without carrier are passed over.
        ignore_routes_with_linkdown => ignore_routes_with_linkdown: i32 @ 156, Truth, (4, 3);
        /// Whether unicast in link-layer multicast is dropped.
        drop_unicast_in_l2_multicast => drop_unicast_in_l2_multicast: i32 @ 160, Truth, (4, 6);
        /// Whether unasked advertisements of neighbours are dropped.
        drop_unsolicited_na => drop_unsolicited_na: i32 @ 164, Truth, (4, 6);
        /// Whether addresses stay when the link goes down.
        keep_addr_on_down => keep_addr_on_down: i32 @ 168, Identifier, (4, 6);
        /// Longest time between questions for a router.
        rtr_solicit_max_interval => rtr_solicit_max_interval: i32 @ 172, Milliseconds, (4, 9);
        /// Whether segment routing is taken.
        seg6_enabled => seg6_enabled: i32 @ 176, Truth, (4, 10);
        /// Whether segment routing has to be signed.
        seg6_require_hmac => seg6_require_hmac: i32 @ 180, Identifier, (4, 10);
        /// Whether probes for an address carry a nonce.
        enhanced_dad => enhanced_dad: i32 @ 184, Truth, (4, 10);
        /// How interface identifiers are made.
        addr_gen_mode => addr_gen_mode: i32 @ 188, OneOf(crate::names![(0, "eui64"), (1, "none"), (2, "stable-privacy"),
            (3, "random")]), (4, 11);
        /// Whether policies of IPsec are passed over.
        disable_policy => disable_policy: i32 @ 192, Truth, (4, 11);
        /// Shortest prefix of a route that a router may announce.
        accept_ra_rt_info_min_plen => accept_ra_rt_info_min_plen: i32 @ 196, Count, (4, 12);
        /// Traffic class of neighbour discovery.
        ndisc_tclass => ndisc_tclass: i32 @ 200, Identifier, (4, 18);
        /// Whether RPL source routes are taken.
        rpl_seg_enabled => rpl_seg_enabled: i32 @ 204, Truth, (5, 7);
        /// Metric of default routes that are learned.
        ra_defrtr_metric => ra_defrtr_metric: i32 @ 208, Count, (5, 12);
        /// Whether IOAM is filled in.
        ioam6_enabled => ioam6_enabled: i32 @ 212, Truth, (5, 15);
        /// Number of the link in IOAM.
        ioam6_id => ioam6_id: i32 @ 216, Identifier, (5, 15);
        /// Wide number of the link in IOAM.
        ioam6_id_wide => ioam6_id_wide: u32 @ 220, Identifier, (5, 15);
        /// Whether neighbours are forgotten when the carrier goes.
        ndisc_evict_nocarrier => ndisc_evict_nocarrier: i32 @ 224, Truth, (5, 16);
        /// Which unasked advertisements make a new neighbour.
        accept_untracked_na => accept_untracked_na: i32 @ 228, Identifier, (5, 18);
        /// Shortest lifetime that a router may announce.
        accept_ra_min_lft => accept_ra_min_lft: i32 @ 232, Seconds, (6, 7);
        /// Whether packets are forwarded even where the whole host does not.
        force_forwarding => force_forwarding: i32 @ 236, Truth, (6, 17);
    }
}

crate::layout! {
    /// Counters of IPv6 on a link: only those whose place no kernel moved.
    pub struct Inet6Statistics = ipstats_mib {
        /// Numbers in the kernel's array; those behind `indelivers` change places from kernel to kernel.
        num => num: u64 @ 0, Count, (3, 0);
        /// Packets received.
        inpkts => inpkts: u64 @ 8, Count, (3, 0);
        /// Bytes received.
        inoctets => inoctets: u64 @ 16, Bytes, (3, 0);
        /// Packets handed to a protocol above.
        indelivers => indelivers: u64 @ 24, Count, (3, 0);
    }
}

crate::layout! {
    /// Counters of ICMPv6 on a link, an array in the order of `ICMP6_MIB_*`.
    pub struct Icmp6Statistics = icmp6_mib {
        /// Numbers in this array.
        num => num: u64 @ 0, Count, (2, 12);
        /// Messages received.
        inmsgs => inmsgs: u64 @ 8, Count, (2, 12);
        /// Messages received with an error.
        inerrors => inerrors: u64 @ 16, Count, (2, 12);
        /// Messages sent.
        outmsgs => outmsgs: u64 @ 24, Count, (2, 12);
        /// Messages that could not be sent.
        outerrors => outerrors: u64 @ 32, Count, (2, 12);
        /// Messages with a wrong checksum.
        csumerrors => csumerrors: u64 @ 40, Count, (3, 10);
        /// Messages that the limit of the host held back.
        ratelimithost => ratelimithost: u64 @ 48, Count, (6, 4);
    }
}
