//! What makes a record one record: the bytes by which a notification and a row of a dump are known as the same thing.
//!
//! A record is the payload of one message: the family's fixed structure and the attributes behind it. Its key is written
//! into a buffer of the caller, so that nothing is allocated on the way of an event.

use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, Table};
use sockeye_wire::{Attribute, Attributes};

#[allow(clippy::wildcard_imports, reason = "numbers of the kernel, each used once")]
use super::number::*;
use super::route;

/// A piece of a key.
#[derive(Clone, Copy)]
enum Part {
    /// Bytes of the fixed structure: where, how many.
    Head(usize, usize),
    /// The payload of an attribute, or its absence.
    Attr(u16),
    /// The payload of the first of two attributes that is there.
    Either(u16, u16),
}

use Part::{Attr, Either, Head};

/// Writes the key of a record and returns the length of its group: records whose keys begin alike that far can stand
/// for each other (a route that another replaces), and are found together. For most tables that is the whole key.
pub fn write(table: Table, record: &[u8], key: &mut Vec<u8>) -> usize {
    key.clear();
    let attributes = || Attributes::new(record.get(table.header_len()..).unwrap_or_default());
    let parts: &[Part] = match table {
        // net/core/dev.c `dev_index_reserve`: one interface an index. Family, type and flags change.
        Table::Links | Table::Statistics => &[Head(4, 4)],
        Table::Addresses => match record.first() {
            // net/ipv4/devinet.c `__inet_insert_ifa`: local address, mask and the subnet of the peer's address.
            Some(&AF_INET) => &[Head(0, 2), Head(4, 4), Attr(IFA_LOCAL), Attr(IFA_ADDRESS)],
            // net/ipv6/addrconf.c `ipv6_add_addr`: the address alone; `inet6_addr_modify` changes the peer.
            Some(&AF_INET6) => &[Head(0, 1), Head(4, 4), Either(IFA_LOCAL, IFA_ADDRESS)],
            _ => &[Head(0, 2), Head(4, 4), Either(IFA_LOCAL, IFA_ADDRESS)],
        },
        Table::Routes => return route::write(record, key),
        Table::Rules => {
            rule(record, key);
            return key.len();
        }
        // net/core/neighbour.c `neigh_lookup`, `pneigh_lookup`: two tables, told apart by NTF_PROXY.
        Table::Neighbours => {
            key.push(record.get(10).copied().unwrap_or(0) & NTF_PROXY);
            &[Head(0, 1), Head(4, 4), Attr(NDA_DST)]
        }
        Table::Fdb => return fdb(record, key),
        // net/ipv4/nexthop.c `nexthop_find_by_id`: an id.
        Table::Nexthops => &[Attr(NHA_ID)],
        // net/sched/sch_api.c `qdisc_lookup`: a handle; the default ones that have none are told apart by their place.
        Table::Qdiscs => match record.get(8..12) {
            Some([0, 0, 0, 0]) => &[Head(4, 4), Head(8, 8)],
            _ => &[Head(4, 4), Head(8, 4)],
        },
        // net/sched/sch_api.c `tc_fill_tclass`: a class id, whose upper half is the qdisc.
        Table::TcClasses => &[Head(4, 4), Head(8, 4)],
        // net/sched/cls_api.c `tcf_fill_node`: interface (or block), parent, chain, priority and protocol (tcm_info),
        // handle; the kind tells classifiers apart whose handles are all 0.
        Table::TcFilters => &[Head(4, 16), Attr(TCA_CHAIN), Attr(TCA_KIND)],
        Table::TcActions => {
            action(attributes(), key);
            return key.len();
        }
        Table::Mdb => {
            mdb(record, attributes(), key);
            return key.len();
        }
        Table::Vlans => {
            vlan(record, attributes(), key);
            return key.len();
        }
        // net/ipv4/devinet.c, net/ipv6/addrconf.c: one set of settings a family and interface (-1 all, -2 default).
        Table::Netconf => &[Head(0, 1), Attr(NETCONFA_IFINDEX)],
        // net/ipv4/igmp.c, net/ipv6/mcast.c: one entry an interface and group, with a count of users.
        Table::MulticastAddresses => &[Head(0, 1), Head(4, 4), Attr(IFA_MULTICAST)],
        // net/ipv6/anycast.c: the same.
        Table::AnycastAddresses => &[Head(0, 1), Head(4, 4), Attr(IFA_ANYCAST)],
        Table::MulticastRoutes => {
            mroute(record, &attributes(), key);
            return key.len();
        }
        // There is no table of prefixes: a message is an event.
        Table::Prefixes => &[Head(0, 12), Attr(1)],
        // net/ipv6/addrlabel.c `__ip6addrlbl_add`: prefix, its length, interface.
        Table::Labels => &[Head(0, 1), Head(2, 1), Head(4, 4), Attr(IFAL_ADDRESS)],
        // net/core/neighbour.c `neightbl_dump_info`: a row for the table, and one an interface that has its own.
        Table::NeighbourTables => {
            let parms = attributes().last(NDTA_PARMS).unwrap_or_default();
            payload(Attributes::new(parms).last(NDTPA_IFINDEX), key);
            &[Head(0, 1), Attr(NDTA_NAME)]
        }
        // net/core/net_namespace.c: an id.
        Table::Namespaces => &[Attr(NETNSA_NSID)],
        // A table that this version does not know: every byte counts.
        _ => &[Head(0, usize::MAX)],
    };
    for &part in parts {
        match part {
            Head(at, length) => key.extend(record.iter().skip(at).take(length)),
            Attr(number) => payload(attributes().last(number), key),
            Either(first, second) => payload(attributes().last(first).or_else(|| attributes().last(second)), key),
        }
    }
    key.len()
}

/// The four bytes of a number. In a key it is always as long, so that a key says by itself how much of it is the group.
pub(super) fn number(payload: &[u8]) -> Option<[u8; 4]> {
    payload.first_chunk().copied()
}

/// A payload with its length before it, so that two of them cannot run into each other; absent is not empty.
pub(super) fn payload(payload: Option<&[u8]>, key: &mut Vec<u8>) {
    const ABSENT: u8 = 0xff;
    /// No payload of a key is longer: names end at 16 bytes, addresses at 32.
    const LEN_MAX: usize = 0xfe;
    match payload {
        None => key.push(ABSENT),
        Some(payload) => {
            let payload = &payload[..payload.len().min(LEN_MAX)];
            key.push(u8::try_from(payload.len()).unwrap_or(ABSENT));
            key.extend_from_slice(payload);
        }
    }
}

/// net/core/fib_rules.c: rules have no id. `rule_exists` is asked only with NLM_F_EXCL, so two can be the same in
/// everything: the mirror counts them. The flags that say whether the interface is there are no part of it.
fn rule(record: &[u8], key: &mut Vec<u8>) {
    const FLAGS: usize = 8;
    key.extend_from_slice(record);
    if let Some(flags) = key.get_mut(FLAGS..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        let dropped = FIB_RULE_UNRESOLVED | FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED;
        *flags = (u32::from_ne_bytes(*flags) & !dropped).to_ne_bytes();
    }
}

/// net/bridge/br_fdb.c: a bridge has one entry an address and VLAN, and moves it from port to port without a deletion.
/// drivers/net/vxlan: one entry an address and source VNI, with several remotes, each its own message.
fn fdb(record: &[u8], key: &mut Vec<u8>) -> usize {
    let attributes = || Attributes::new(record.get(Table::Fdb.header_len()..).unwrap_or_default());
    let own = record.get(10).copied().unwrap_or(0) & NTF_SELF;
    let master = attributes().last(NDA_MASTER).filter(|_| own == 0).and_then(number);
    key.push(own);
    key.extend(master.or_else(|| number(record.get(4..)?)).unwrap_or_default());
    payload(attributes().last(NDA_LLADDR), key);
    payload(attributes().last(NDA_VLAN), key);
    payload(attributes().last(NDA_SRC_VNI), key);
    let group = key.len();
    if own != 0 {
        for number in [NDA_DST, NDA_PORT, NDA_VNI, NDA_IFINDEX, NDA_NH_ID] {
            payload(attributes().last(number), key);
        }
    }
    group
}

/// net/sched/act_api.c `tcf_idr_search`: a kind and an index, which stands in the parameters of the kind.
fn action(attributes: Attributes<'_>, key: &mut Vec<u8>) {
    let element = attributes.last(TCA_ACT_TAB).map(Attributes::new).and_then(|mut elements| elements.next());
    let Some(Ok(element)) = element else { return };
    let kind = element.nested().last(TCA_ACT_KIND);
    payload(kind, key);
    payload(action_index(&element, kind.unwrap_or_default()), key);
}

/// The index of an action: its own attribute, or the first field of its parameters (`tc_gen`, tc_act/*.h).
pub(super) fn action_index<'a>(element: &Attribute<'a>, kind: &[u8]) -> Option<&'a [u8]> {
    if let Some(index) = element.nested().last(TCA_ACT_INDEX) {
        return Some(index);
    }
    let options = Attributes::new(element.nested().last(TCA_ACT_OPTIONS)?);
    options.last(action_parameters(kind).0)?.get(..4)
}

/// Where a kind of action keeps its parameters and its times.
pub(super) fn action_parameters(kind: &[u8]) -> (u16, u16) {
    match kind.strip_suffix(&[0]).unwrap_or(kind) {
        b"csum" | b"nat" | b"connmark" | b"ct" | b"ife" => (1, 2),
        b"police" => (1, 6),
        b"ctinfo" => (3, 2),
        // TCA_GATE_TM 1, TCA_GATE_PARMS 2, as most.
        _ => (2, 1),
    }
}

/// net/bridge/br_mdb.c: an entry is a group (address, VLAN, source) on a port; drivers/net/vxlan adds the remote.
fn mdb(record: &[u8], attributes: Attributes<'_>, key: &mut Vec<u8>) {
    key.extend(record.iter().skip(4).take(4));
    for attribute in attributes.map_while(Result::ok) {
        let Some(Ok(element)) = attribute.nested().next() else { continue };
        match attribute.number {
            MDBA_MDB => {
                let Some(info) = element.nested().last(MDBA_MDB_ENTRY_INFO) else { continue };
                // struct br_mdb_entry: ifindex, state, flags, vid, address (16), protocol (2), 2 of padding.
                key.extend(info.iter().take(4));
                key.extend(info.iter().skip(6).take(20));
                let details = || Attributes::new(info.get(28..).unwrap_or_default());
                for number in [
                    MDBA_MDB_EATTR_SOURCE,
                    MDBA_MDB_EATTR_DST,
                    MDBA_MDB_EATTR_DST_PORT,
                    MDBA_MDB_EATTR_VNI,
                    MDBA_MDB_EATTR_IFINDEX,
                    MDBA_MDB_EATTR_SRC_VNI,
                ] {
                    payload(details().last(number), key);
                }
            }
            MDBA_ROUTER => {
                key.push(1);
                key.extend(element.payload.iter().take(4));
            }
            _ => {}
        }
    }
}

/// net/bridge/br_vlan.c: a VLAN id on a port or bridge; the options of a VLAN of a whole bridge are a row of their own.
fn vlan(record: &[u8], attributes: Attributes<'_>, key: &mut Vec<u8>) {
    key.extend(record.iter().skip(4).take(4));
    for attribute in attributes.map_while(Result::ok) {
        let id = match attribute.number {
            BRIDGE_VLANDB_ENTRY => attribute.nested().last(BRIDGE_VLANDB_ENTRY_INFO).and_then(|info| info.get(2..4)),
            BRIDGE_VLANDB_GLOBAL_OPTIONS => attribute.nested().last(BRIDGE_VLANDB_GOPTS_ID),
            _ => continue,
        };
        key.push(u8::try_from(attribute.number).unwrap_or(0));
        payload(id, key);
    }
}

/// net/ipv4/ipmr_base.c `mr_mfc_find_parent`: table, source and group; entries for any source and group also by the
/// interface that they come in by.
fn mroute(record: &[u8], attributes: &Attributes<'_>, key: &mut Vec<u8>) {
    let last = |number| attributes.clone().last(number);
    key.extend(record.iter().take(1));
    let (table, source, group) = (last(RTA_TABLE), last(RTA_SRC), last(RTA_DST));
    let any = |address: Option<&[u8]>| address.is_none_or(|address| address.iter().all(|&byte| byte == 0));
    payload(table, key);
    payload(source, key);
    payload(group, key);
    if any(source) && any(group) {
        payload(last(RTA_IIF), key);
    }
}
