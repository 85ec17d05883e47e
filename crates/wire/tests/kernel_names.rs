//! Holds the tables against `kernel/sock_diag.txt`, the kernel's own names, numbers and places, in both directions:
//! what a table says must stand in the list, and what stands in the list must be said by a table, by a constant, or
//! be left out for a reason that is written in `kernel/left_out.txt`.

use std::collections::{BTreeMap, BTreeSet};

use sockeye_wire::sock_diag::spaces::SPACES;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::{AccEcnBits, AccEcnNumbers};
use sockeye_wire::sock_diag::{self, netlink, packet, unix, xdp};
use sockeye_wire::{Ask, AttributeRow, Field, Holds, Layout, Meaning, Payload, Scalar, Space, attribute, message};

const LIST: &str = include_str!("../kernel/sock_diag.txt");
const LEFT_OUT: &str = include_str!("../kernel/left_out.txt");

/// Structures of the tables that no header declares: the kernel makes these out of one number or one array.
const MADE_BY_HAND: [&str; 2] = ["packet_diag_fanout", "sk_meminfo"];

/// Structures inside others: outer structure, its field, the inner structure.
const INSIDE: [(&str, &str, &str); 10] = [
    ("inet_diag_msg", "id", "inet_diag_sockid"),
    ("smc_diag_msg", "id", "inet_diag_sockid"),
    ("smc_diag_lgrinfo", "lnk", "smc_diag_linkinfo"),
    ("smc_diag_conninfo", "rx_prod", "smc_diag_cursor"),
    ("smc_diag_conninfo", "rx_cons", "smc_diag_cursor"),
    ("smc_diag_conninfo", "tx_prod", "smc_diag_cursor"),
    ("smc_diag_conninfo", "tx_cons", "smc_diag_cursor"),
    ("smc_diag_conninfo", "tx_prep", "smc_diag_cursor"),
    ("smc_diag_conninfo", "tx_sent", "smc_diag_cursor"),
    ("smc_diag_conninfo", "tx_fin", "smc_diag_cursor"),
];

/// Numbers that are constants of the library and stand in no table.
fn constants() -> BTreeMap<&'static str, u64> {
    let mut constants = BTreeMap::new();
    let mut add = |name, value: u32| assert_eq!(constants.insert(name, u64::from(value)), None, "{name} twice");
    add("SOCK_DIAG_BY_FAMILY", sock_diag::SOCK_DIAG_BY_FAMILY.into());
    add("SOCK_DESTROY", sock_diag::SOCK_DESTROY.into());
    add("TCPDIAG_GETSOCK", sock_diag::TCPDIAG_GETSOCK.into());
    add("NDIAG_PROTO_ALL", netlink::PROTOCOL_ALL.into());
    add("NLM_F_REQUEST", message::NLM_F_REQUEST.into());
    add("NLM_F_MULTI", message::NLM_F_MULTI.into());
    add("NLM_F_ACK", message::NLM_F_ACK.into());
    add("NLM_F_DUMP_INTR", message::NLM_F_DUMP_INTR.into());
    add("NLM_F_DUMP_FILTERED", message::NLM_F_DUMP_FILTERED.into());
    add("NLM_F_DUMP", message::NLM_F_DUMP.into());
    add("NLM_F_CAPPED", message::NLM_F_CAPPED.into());
    add("NLM_F_ACK_TLVS", message::NLM_F_ACK_TLVS.into());
    add("NLA_F_NESTED", attribute::NLA_F_NESTED.into());
    add("NLA_F_NET_BYTEORDER", attribute::NLA_F_NET_BYTEORDER.into());
    for (name, value) in [
        ("UDIAG_SHOW_NAME", unix::SHOW_NAME),
        ("UDIAG_SHOW_VFS", unix::SHOW_VFS),
        ("UDIAG_SHOW_PEER", unix::SHOW_PEER),
        ("UDIAG_SHOW_ICONS", unix::SHOW_ICONS),
        ("UDIAG_SHOW_RQLEN", unix::SHOW_RQLEN),
        ("UDIAG_SHOW_MEMINFO", unix::SHOW_MEMINFO),
        ("UDIAG_SHOW_UID", unix::SHOW_UID),
        ("PACKET_SHOW_INFO", packet::SHOW_INFO),
        ("PACKET_SHOW_MCLIST", packet::SHOW_MCLIST),
        ("PACKET_SHOW_RING_CFG", packet::SHOW_RING_CFG),
        ("PACKET_SHOW_FANOUT", packet::SHOW_FANOUT),
        ("PACKET_SHOW_MEMINFO", packet::SHOW_MEMINFO),
        ("PACKET_SHOW_FILTER", packet::SHOW_FILTER),
        ("NDIAG_SHOW_MEMINFO", netlink::SHOW_MEMINFO),
        ("NDIAG_SHOW_GROUPS", netlink::SHOW_GROUPS),
        ("NDIAG_SHOW_RING_CFG", netlink::SHOW_RING_CFG),
        ("NDIAG_SHOW_FLAGS", netlink::SHOW_FLAGS),
        ("XDP_SHOW_INFO", xdp::SHOW_INFO),
        ("XDP_SHOW_RING_CFG", xdp::SHOW_RING_CFG),
        ("XDP_SHOW_UMEM", xdp::SHOW_UMEM),
        ("XDP_SHOW_MEMINFO", xdp::SHOW_MEMINFO),
        ("XDP_SHOW_STATS", xdp::SHOW_STATS),
    ] {
        add(name, value);
    }
    for (name, state) in [
        ("TCP_ESTABLISHED", State::Established),
        ("TCP_SYN_SENT", State::SynSent),
        ("TCP_SYN_RECV", State::SynReceived),
        ("TCP_FIN_WAIT1", State::FinWait1),
        ("TCP_FIN_WAIT2", State::FinWait2),
        ("TCP_TIME_WAIT", State::TimeWait),
        ("TCP_CLOSE", State::Unconnected),
        ("TCP_CLOSE_WAIT", State::CloseWait),
        ("TCP_LAST_ACK", State::LastAck),
        ("TCP_LISTEN", State::Listening),
        ("TCP_CLOSING", State::Closing),
        ("TCP_BOUND_INACTIVE", State::BoundInactive),
    ] {
        add(name, state.number().into());
    }
    constants
}

/// Where a field lies: in bits from the start of the structure, and how many bits.
type Place = (usize, usize);

/// The committed list.
#[derive(Default)]
struct List {
    /// `structure.field` with every place that a kernel gave it.
    fields: BTreeMap<String, BTreeSet<Place>>,
    /// Enumerators and macros.
    numbers: BTreeMap<String, BTreeSet<u64>>,
}

impl List {
    fn read(text: &str) -> Self {
        let mut list = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<_> = line.split_whitespace().collect();
            match words[..] {
                ["struct", structure, field, ref place @ ..] => {
                    list.fields.entry(format!("{structure}.{field}")).or_default().insert(read_place(place));
                }
                ["enum" | "macro", name, number] => {
                    list.numbers.entry(name.to_owned()).or_default().insert(number.parse().unwrap());
                }
                ["alias", ..] => {}
                _ => panic!("kernel/sock_diag.txt: {line}"),
            }
        }
        list
    }

    /// Whether a structure has something at this place, of one name or (a cookie, a bandwidth) of two that touch.
    fn has(&self, key: &str, place: Place) -> bool {
        self.fields.get(key).is_some_and(|places| places.contains(&place))
    }
}

fn read_place(words: &[&str]) -> Place {
    let value = |prefix: &str| words.iter().find_map(|word| word.strip_prefix(prefix));
    let number = |text: Option<&str>| text.map_or(0, |text| text.parse::<usize>().unwrap());
    let (offset, size) = (number(value("offset=")), number(value("size=")));
    match value("bits=").map(|bits| bits.split_once(':').unwrap()) {
        Some((low, width)) => (offset * 8 + number(Some(low)), number(Some(width))),
        None => (offset * 8, size * 8),
    }
}

fn place(field: &Field) -> Place {
    match scalar(field) {
        Some(Scalar::Bits { low, width }) => (field.offset * 8 + usize::from(low), width.into()),
        _ => (field.offset * 8, field.holds.size() * 8),
    }
}

fn scalar(field: &Field) -> Option<Scalar> {
    if let Holds::Number(number) = field.holds { Some(number.scalar) } else { None }
}

/// Everything that the spaces reach.
#[derive(Default)]
struct Tables {
    layouts: BTreeMap<&'static str, Vec<&'static Layout>>,
    rows: Vec<&'static AttributeRow>,
    meanings: Vec<Meaning>,
}

impl Tables {
    fn collect() -> Self {
        let mut tables = Self::default();
        for space in SPACES {
            tables.add_space(space);
        }
        tables.add_layout(&AccEcnNumbers::LAYOUT);
        tables.add_layout(&AccEcnBits::LAYOUT);
        tables
    }

    fn add_space(&mut self, space: &'static Space) {
        if let Some(header) = space.header {
            self.add_layout(header);
        }
        for row in space.attributes {
            self.rows.push(row);
            match row.payload {
                Payload::Structure(layout) => self.add_layout(layout),
                Payload::Memberships => self.add_layout(&packet::PacketMembership::LAYOUT),
                Payload::Nest(space) | Payload::Nests(_, space) => self.add_space(space),
                Payload::Number(_, meaning) | Payload::Numbers(_, meaning) => self.meanings.push(meaning),
                _ => {}
            }
        }
    }

    fn add_layout(&mut self, layout: &'static Layout) {
        self.layouts.entry(layout.kernel).or_default().push(layout);
        self.meanings.extend(layout.fields.iter().filter_map(|field| match field.holds {
            Holds::Number(number) => Some(number.meaning),
            _ => None,
        }));
    }

    fn fields(&self) -> impl Iterator<Item = (&'static str, &'static Field)> {
        self.layouts.iter().flat_map(|(&kernel, layouts)| {
            layouts.iter().flat_map(move |layout| layout.fields.iter().map(move |field| (kernel, field)))
        })
    }

    /// Whether a table names `number` as the kernel does, without the kernel's prefix: `TCPI_OPT_SACK` is "sack".
    fn names(&self, kernel: &str, number: u64) -> bool {
        let kernel = kernel.to_ascii_lowercase().replace('_', "-");
        self.meanings.iter().any(|meaning| match meaning {
            Meaning::OneOf(names) | Meaning::SetOf(names) => names.iter().any(|name| {
                name.value == number && kernel.strip_suffix(name.name).is_some_and(|prefix| prefix.ends_with('-'))
            }),
            _ => false,
        })
    }
}

/// The names in the list that a field of a table stands for; empty where the list does not know it.
fn stands_for(list: &List, structure: &str, field: &Field) -> Vec<String> {
    let (at, width) = place(field);
    let own = format!("{structure}.{}", field.kernel);
    if list.has(&own, (at, width)) {
        return vec![own];
    }
    if scalar(field) == Some(Scalar::U32Pair) {
        // Two fields of the kernel that make one number.
        let upper = list.fields.iter().find(|(key, places)| {
            key.split_once('.').is_some_and(|(of, _)| of == structure) && places.contains(&(at + 32, 32))
        });
        if let (true, Some((upper, _))) = (list.has(&own, (at, 32)), upper) {
            return vec![own, upper.clone()];
        }
    }
    for (_, outer, inner) in INSIDE.iter().filter(|(of, ..)| *of == structure) {
        let outer_key = format!("{structure}.{outer}");
        let Some(&(start, _)) = list.fields.get(&outer_key).and_then(BTreeSet::first) else { continue };
        // `inet_diag_msg.idiag_sport` is named as in the inner structure, `smc_diag_conninfo.rx_prod_wrap` as in both.
        let name = if field.kernel == *outer {
            field.name.strip_prefix(outer).and_then(|rest| rest.strip_prefix('_'))
        } else {
            Some(field.kernel)
        };
        let Some(name) = name else { continue };
        let inner_key = format!("{inner}.{name}");
        if at >= start && list.has(&inner_key, (at - start, width)) {
            return vec![outer_key, inner_key];
        }
    }
    Vec::new()
}

/// `kernel/left_out.txt`: name and reason.
fn left_out() -> BTreeMap<&'static str, &'static str> {
    let lines = LEFT_OUT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').unwrap_or_else(|| panic!("kernel/left_out.txt has no reason for {line}")))
        .collect()
}

#[test]
fn every_field_of_a_table_is_where_the_kernel_has_it() {
    let (list, tables) = (List::read(LIST), Tables::collect());
    let wrong: Vec<_> = tables
        .fields()
        .filter(|(structure, field)| {
            !MADE_BY_HAND.contains(structure) && stands_for(&list, structure, field).is_empty()
        })
        .map(|(structure, field)| format!("{structure}.{} at {:?}", field.kernel, place(field)))
        .collect();
    assert!(wrong.is_empty(), "no kernel has these fields there: {wrong:#?}");
}

#[test]
fn socket_memory_is_an_array_in_the_order_of_the_kernel() {
    let (list, tables) = (List::read(LIST), Tables::collect());
    for field in tables.layouts["sk_meminfo"].iter().flat_map(|layout| layout.fields) {
        let index = u64::try_from(field.offset / 4).unwrap();
        assert!(list.numbers[field.kernel].contains(&index) && field.holds.size() == 4, "{}", field.kernel);
    }
}

#[test]
fn every_attribute_has_the_kernels_number() {
    let (list, tables) = (List::read(LIST), Tables::collect());
    let right =
        |row: &AttributeRow| list.numbers.get(row.kernel).is_some_and(|numbers| numbers.contains(&row.number.into()));
    let wrong: Vec<_> = tables.rows.iter().filter(|row| !right(row)).map(|row| (row.kernel, row.number)).collect();
    assert!(wrong.is_empty(), "the kernel numbers these otherwise: {wrong:?}");
}

#[test]
fn every_constant_has_the_kernels_number() {
    let list = List::read(LIST);
    for (name, number) in constants() {
        assert!(list.numbers.get(name).is_some_and(|numbers| numbers.contains(&number)), "{name} is not {number}");
    }
}

#[test]
fn nothing_of_the_kernel_is_missing_without_a_reason() {
    let (list, tables, constants, left_out) = (List::read(LIST), Tables::collect(), constants(), left_out());
    let said: BTreeSet<_> =
        tables.fields().flat_map(|(structure, field)| stands_for(&list, structure, field)).collect();
    let rows: BTreeSet<_> = tables.rows.iter().map(|row| row.kernel).collect();
    let fields: BTreeSet<_> = tables.fields().map(|(_, field)| field.kernel).collect();
    let missing_fields = list.fields.keys().filter(|key| !said.contains(*key)).map(String::as_str);
    let missing_numbers = list.numbers.iter().filter(|(name, numbers)| {
        let name = name.as_str();
        let known = rows.contains(name) || fields.contains(name) || constants.contains_key(name);
        !known && !numbers.iter().any(|&number| tables.names(name, number))
    });
    let missing: BTreeSet<_> = missing_fields.chain(missing_numbers.map(|(name, _)| name.as_str())).collect();
    let reasons: BTreeSet<_> = left_out.keys().copied().collect();
    let silent: Vec<_> = missing.difference(&reasons).collect();
    assert!(silent.is_empty(), "said by no table, and no reason in kernel/left_out.txt: {silent:#?}");
    let stale: Vec<_> = reasons.difference(&missing).collect();
    assert!(stale.is_empty(), "kernel/left_out.txt gives reasons for what is not missing: {stale:#?}");
    assert!(left_out.values().all(|reason| !reason.trim().is_empty()));
}

#[test]
fn every_row_can_be_shown() {
    let tables = Tables::collect();
    for (structure, field) in tables.fields() {
        assert!(!field.doc.is_empty() && field.doc.ends_with('.'), "{structure}.{}: {:?}", field.kernel, field.doc);
    }
    for row in &tables.rows {
        assert!(!row.doc.is_empty() && row.doc.ends_with('.'), "{}: {:?}", row.kernel, row.doc);
        assert!(!row.name.is_empty(), "{}", row.kernel);
        if let Ask::Extension(number) = row.ask {
            assert!((1..=8).contains(&number), "{}: idiag_ext has eight bits", row.kernel);
        }
    }
}

#[test]
fn no_two_fields_of_a_structure_share_a_name() {
    let tables = Tables::collect();
    for layout in tables.layouts.values().flatten() {
        let names: BTreeSet<_> = layout.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), layout.fields.len(), "{}", layout.kernel);
    }
}
