//! Whether two versions of a record say the same, but for what counts and ages by itself.
//!
//! Without this, every refresh of a route would be a change, and every audit would find drift in counters.

use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};
use sockeye_wire::{Attribute, Attributes};

use super::key::action_parameters;
use super::lifetime;
#[allow(clippy::wildcard_imports, reason = "numbers of the kernel, each used once")]
use super::number::*;
use super::route;

/// Where the newer version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A notification: the kernel found it worth telling.
    Event,
    /// The same, of a record that took the place of another: whoever asked for it gave it everything anew.
    Replacement,
    /// A dump: it also shows what the kernel changes without a word.
    Dump,
}

/// What becomes of an attribute that two versions share.
enum Treatment {
    Exact,
    Ignored,
    Nest(fn(&[u8], &[u8]) -> bool),
}

use Treatment::{Exact, Ignored, Nest};

/// Whether two versions of a record of this table say the same.
pub fn same(table: Table, old: &[u8], new: &[u8], source: Source) -> bool {
    if old == new {
        return true;
    }
    if lifetime::is_set_anew(table, old, new, source) {
        return false;
    }
    let header = table.header_len().min(old.len()).min(new.len());
    let (old_header, old) = old.split_at(header);
    let (new_header, new) = new.split_at(header);
    same_header(table, old_header, new_header, source) && same_attributes(table, old, new)
}

fn same_header(table: Table, old: &[u8], new: &[u8], source: Source) -> bool {
    let but = |from: usize, to: usize| old.get(..from) == new.get(..from) && old.get(to..) == new.get(to..);
    match table {
        // ifi_change: in a notification what just changed, in a dump nothing.
        Table::Links => but(12, 16),
        // tcm_info of a qdisc: how many refer to it.
        Table::Qdiscs => but(16, 20),
        // net/ipv6/addrconf.c `inet6_fill_ifmcaddr`: a notification says that the scope is the universe, whatever it is.
        Table::MulticastAddresses => but(3, 4),
        // net/ipv6/addrlabel.c: ifal_seq is a number of the whole table, which each change of it raises.
        Table::Labels => but(8, 12),
        // net/bridge/br_mdb.c: a notification has a family, a dump has none.
        Table::Mdb => but(0, 1),
        Table::Neighbours if source == Source::Dump => but(8, 10) && same_state(old, new),
        _ => old == new,
    }
}

/// net/core/neighbour.c `__neigh_event_send`, `neigh_timer_handler`: an entry that is used goes to DELAY unannounced.
fn same_state(old: &[u8], new: &[u8]) -> bool {
    let state = |header: &[u8]| header.get(8..10).map_or(0, |bytes| u16::from_ne_bytes([bytes[0], bytes[1]]));
    let (old, new) = (state(old), state(new));
    old == new || (old | new) & NUD_DELAY != 0 && (old | new) & !(NUD_DELAY | NUD_REACHABLE | NUD_STALE) == 0
}

fn same_attributes(table: Table, old: &[u8], new: &[u8]) -> bool {
    match table {
        Table::Links => pairs(old, new, |number| match number {
            IFLA_STATS
            | IFLA_STATS64
            | IFLA_EVENT
            | IFLA_EXT_MASK
            | IFLA_NEW_NETNSID
            | IFLA_NEW_IFINDEX
            | IFLA_WIRELESS
            | IFLA_CARRIER_CHANGES
            | IFLA_CARRIER_UP_COUNT
            | IFLA_CARRIER_DOWN_COUNT => Ignored,
            IFLA_LINKINFO => Nest(same_link_info),
            IFLA_AF_SPEC => Nest(same_families),
            _ => Exact,
        }),
        Table::Addresses | Table::MulticastAddresses | Table::AnycastAddresses => {
            pairs(old, new, |number| if number == IFA_CACHEINFO { Ignored } else { Exact })
        }
        Table::Routes => pairs(old, new, |number| match number {
            RTA_CACHEINFO => Ignored,
            RTA_MULTIPATH => Nest(same_nexthops),
            _ => Exact,
        }),
        Table::MulticastRoutes => pairs(old, new, |number| match number {
            RTA_MFC_STATS | RTA_EXPIRES => Ignored,
            _ => Exact,
        }),
        Table::Neighbours | Table::Fdb => pairs(old, new, |number| match number {
            NDA_CACHEINFO | NDA_PROBES => Ignored,
            _ => Exact,
        }),
        Table::Nexthops => pairs(old, new, |number| match number {
            NHA_GROUP_STATS => Ignored,
            NHA_RES_GROUP => Nest(|old, new| {
                pairs(old, new, |number| if number == NHA_RES_GROUP_UNBALANCED_TIME { Ignored } else { Exact })
            }),
            _ => Exact,
        }),
        Table::Qdiscs | Table::TcClasses => same_discipline(old, new),
        Table::TcFilters => same_filter(old, new),
        Table::TcActions => pairs(old, new, |number| match number {
            TCA_ACT_TAB => Nest(same_actions),
            _ => Ignored,
        }),
        Table::Mdb => pairs(old, new, |number| match number {
            MDBA_MDB => Nest(|old, new| pairs(old, new, |_| Nest(|old, new| pairs(old, new, |_| Nest(same_mdb))))),
            // A notification holds the interface alone, a dump its timers too.
            MDBA_ROUTER => Nest(|old, new| pairs(old, new, |_| Nest(|old, new| old.get(..4) == new.get(..4)))),
            _ => Exact,
        }),
        Table::Vlans => pairs(old, new, |number| match number {
            BRIDGE_VLANDB_ENTRY => Nest(|old, new| {
                pairs(old, new, |number| match number {
                    BRIDGE_VLANDB_ENTRY_STATS | BRIDGE_VLANDB_ENTRY_MCAST_N_GROUPS => Ignored,
                    _ => Exact,
                })
            }),
            BRIDGE_VLANDB_GLOBAL_OPTIONS => Nest(|old, new| {
                // BRIDGE_VLANDB_GOPTS_MCAST_ROUTER_PORTS, before it, has timers as well.
                let has_timers = |number| number + 1 >= BRIDGE_VLANDB_GOPTS_MCAST_QUERIER_STATE;
                pairs(old, new, |number| {
                    if has_timers(number) && number <= BRIDGE_VLANDB_GOPTS_MCAST_QUERIER_STATE {
                        Ignored
                    } else {
                        Exact
                    }
                })
            }),
            _ => Exact,
        }),
        Table::NeighbourTables => pairs(old, new, |number| match number {
            NDTA_CONFIG | NDTA_STATS => Ignored,
            NDTA_PARMS => Nest(|old, new| {
                pairs(old, new, |number| match number {
                    NDTPA_REFCNT | NDTPA_REACHABLE_TIME => Ignored,
                    _ => Exact,
                })
            }),
            _ => Exact,
        }),
        _ => old == new,
    }
}

/// Compares two rows of attributes, which the kernel writes in one order.
fn pairs(old: &[u8], new: &[u8], treatment: impl Fn(u16) -> Treatment) -> bool {
    if old == new {
        return true;
    }
    let kept = |attribute: &Attribute<'_>| !matches!(treatment(attribute.number), Ignored);
    let mut old = Attributes::new(old).map_while(Result::ok).filter(kept);
    let mut new = Attributes::new(new).map_while(Result::ok).filter(kept);
    loop {
        return match (old.next(), new.next()) {
            (None, None) => true,
            (Some(old), Some(new)) if old.number == new.number => {
                let same = match treatment(old.number) {
                    Nest(inside) => inside(old.payload, new.payload),
                    _ => old.payload == new.payload,
                };
                if same {
                    continue;
                }
                false
            }
            _ => false,
        };
    }
}

fn same_link_info(old: &[u8], new: &[u8]) -> bool {
    let kind = |number| text(Attributes::new(new).last(number));
    let (kind, slave_kind) = (kind(IFLA_INFO_KIND), kind(IFLA_INFO_SLAVE_KIND));
    pairs(old, new, |number| match number {
        IFLA_INFO_XSTATS => Ignored,
        // IFLA_BR_HELLO_TIMER to IFLA_BR_GC_TIMER, IFLA_BR_MCAST_QUERIER_STATE, IFLA_BR_FDB_N_LEARNED.
        IFLA_INFO_DATA if kind == b"bridge" => {
            Nest(|old, new| pairs(old, new, |number| if matches!(number, 16..=19 | 47 | 48) { Ignored } else { Exact }))
        }
        // IFLA_BRPORT_MESSAGE_AGE_TIMER to IFLA_BRPORT_HOLD_TIMER, and how many groups and hosts there are.
        IFLA_INFO_SLAVE_DATA if slave_kind == b"bridge" => {
            Nest(|old, new| pairs(old, new, |number| if matches!(number, 21..=23 | 38 | 41) { Ignored } else { Exact }))
        }
        _ => Exact,
    })
}

fn same_families(old: &[u8], new: &[u8]) -> bool {
    pairs(old, new, |family| {
        // Nothing but settings, which are written without a word of the link; the table of settings is told of them.
        if family == u16::from(AF_INET) {
            return Ignored;
        }
        if family != u16::from(AF_INET6) {
            return Exact;
        }
        Nest(|old, new| {
            pairs(old, new, |number| match number {
                // Settings; IF_RS_SENT and what routers announce: told to RTNLGRP_IPV6_IFINFO, if at all.
                IFLA_INET6_CONF
                | IFLA_INET6_FLAGS
                | IFLA_INET6_STATS
                | IFLA_INET6_CACHEINFO
                | IFLA_INET6_ICMP6STATS => Ignored,
                _ => Exact,
            })
        })
    })
}

/// A notification begins with the nexthop that was added, a dump with the oldest: the order says nothing in IPv6, and in
/// IPv4 it is part of the identity.
fn same_nexthops(old: &[u8], new: &[u8]) -> bool {
    let inside = |all: &[u8], one: &[u8]| route::nexthops(all).any(|other| other == one);
    old.len() == new.len()
        && route::nexthops(old).all(|one| inside(new, one))
        && route::nexthops(new).all(|one| inside(old, one))
}

fn same_discipline(old: &[u8], new: &[u8]) -> bool {
    let htb = text(Attributes::new(new).last(TCA_KIND)) == b"htb";
    pairs(old, new, |number| match number {
        TCA_STATS | TCA_XSTATS | TCA_STATS2 => Ignored,
        // TCA_HTB_INIT, struct tc_htb_glob: the last of five words counts packets.
        TCA_OPTIONS if htb => Nest(|old, new| {
            pairs(old, new, |number| if number == 2 { Nest(|old, new| old.get(..16) == new.get(..16)) } else { Exact })
        }),
        _ => Exact,
    })
}

/// Filters carry their actions, which count.
fn same_filter(old: &[u8], new: &[u8]) -> bool {
    macro_rules! options {
        ($action:literal $(, $counter:literal)*) => {
            Nest(|old, new| pairs(old, new, |number| match number {
                $action => Nest(same_actions),
                $($counter => Ignored,)*
                _ => Exact,
            }))
        };
    }
    let kind = text(Attributes::new(new).last(TCA_KIND));
    pairs(old, new, |number| match number {
        TCA_STATS | TCA_XSTATS | TCA_STATS2 => Ignored,
        // TCA_…_ACT, TCA_…_PCNT (include/uapi/linux/pkt_cls.h).
        TCA_OPTIONS => match kind {
            b"u32" => options!(7, 9),
            b"route" => options!(6),
            b"fw" => options!(4),
            b"flow" => options!(9),
            b"basic" => options!(3, 5),
            b"cgroup" | b"bpf" => options!(1),
            b"flower" => options!(3),
            b"matchall" => options!(2, 4),
            _ => Exact,
        },
        _ => Exact,
    })
}

fn same_actions(old: &[u8], new: &[u8]) -> bool {
    pairs(old, new, |_| Nest(same_action))
}

fn same_action(old: &[u8], new: &[u8]) -> bool {
    let kind = Attributes::new(new).last(TCA_ACT_KIND).unwrap_or_default();
    let mut both = [None; 2];
    let rest = pairs(old, new, |number| match number {
        TCA_ACT_STATS | TCA_ACT_USED_HW_STATS | TCA_ACT_IN_HW_COUNT | TCA_ACT_OPTIONS => Ignored,
        _ => Exact,
    });
    for (place, bytes) in both.iter_mut().zip([old, new]) {
        *place = Attributes::new(bytes).last(TCA_ACT_OPTIONS);
    }
    let [Some(old), Some(new)] = both else { return rest && both[0] == both[1] };
    let (parameters, times) = action_parameters(kind);
    // How many refer to it and are bound to it: in `tc_gen`, and at the end of `tc_police`.
    let (from, to) = if text(Some(kind)) == b"police" { (44, 52) } else { (12, 20) };
    let fields = |bytes: &[u8]| {
        let attributes = Attributes::new(bytes).map_while(Result::ok);
        attributes
            .filter(|attribute| attribute.number != times)
            .map(|attribute| (attribute.number, attribute.payload.to_vec()))
            .map(|(number, mut payload)| {
                if number == parameters
                    && let Some(counts) = payload.get_mut(from..to)
                {
                    counts.fill(0);
                }
                (number, payload)
            })
            .collect::<Vec<_>>()
    };
    rest && fields(old) == fields(new)
}

fn same_mdb(old: &[u8], new: &[u8]) -> bool {
    const ENTRY_LEN: usize = 28;
    let at = ENTRY_LEN.min(old.len()).min(new.len());
    old[..at] == new[..at]
        && pairs(&old[at..], &new[at..], |number| match number {
            MDBA_MDB_EATTR_TIMER => Ignored,
            // Each source has its own timer, MDBA_MDB_SRCATTR_TIMER.
            MDBA_MDB_EATTR_SRC_LIST => Nest(|old, new| {
                pairs(old, new, |_| {
                    Nest(|old, new| pairs(old, new, |number| if number == 2 { Ignored } else { Exact }))
                })
            }),
            _ => Exact,
        })
}

/// A name of the kernel, without its NUL.
fn text(name: Option<&[u8]>) -> &[u8] {
    let name = name.unwrap_or_default();
    name.strip_suffix(&[0]).unwrap_or(name)
}

/// Whether the kernel makes records like this without telling: not finding it before is no sign of a loss.
///
/// net/core/neighbour.c `___neigh_create`, `__neigh_event_send`: an entry is announced once it is resolved or failed; those
/// of groups and loopbacks need no resolution, and never are.
///
/// net/ipv6/addrconf.c `addrconf_dad_begin`: an address is announced once no one else has it.
pub(crate) fn is_silent(table: Table, record: &[u8]) -> bool {
    const IFA_F_TENTATIVE: u8 = 0x40;
    match table {
        Table::Neighbours => record.get(8..10).is_some_and(|state| {
            matches!(u16::from_ne_bytes([state[0], state[1]]), 0 | NUD_INCOMPLETE | NUD_PROBE | NUD_NOARP)
        }),
        Table::Addresses => record.get(2).is_some_and(|flags| flags & IFA_F_TENTATIVE != 0),
        _ => false,
    }
}
