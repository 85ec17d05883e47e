//! The fields in which two versions of a record differ.

use sockeye_query::Value;
use sockeye_query::rtnetlink::Row;
use sockeye_state::rtnetlink::lifetimes_differ;
use sockeye_wire::rtnetlink::Table;

/// One field that changed.
pub(crate) struct Difference<'a> {
    /// Its key, with the objects around it, apart by dots.
    pub(crate) path: String,
    /// The same without units.
    pub(crate) name: String,
    /// Its value before; `None`: it had none.
    pub(crate) old: Option<Value<'a>>,
    /// Its value now; `None`: it has none.
    pub(crate) new: Option<Value<'a>>,
}

/// Objects that count and age by themselves: that they differ is no change of the record. Lifetimes do, unless they were
/// set anew.
fn is_volatile(table: Table, key: &str, lifetimes: bool) -> bool {
    match table {
        Table::Addresses | Table::Routes if lifetimes && key == "cacheinfo" => false,
        Table::Routes if key.starts_with("cacheinfo.") => key != "cacheinfo.expires",
        Table::Links => matches!(
            key,
            "stats"
                | "stats64"
                | "xstats"
                // What just changed, in a notification alone.
                | "change"
                | "event"
                | "carrier_changes"
                | "carrier_up_count"
                | "carrier_down_count"
                | "bridge.hello_timer"
                | "bridge.tcn_timer"
                | "bridge.topology_change_timer"
                | "bridge.gc_timer"
                | "bridge_port.message_age_timer"
                | "bridge_port.forward_delay_timer"
                | "bridge_port.hold_timer"
                // Written without a word of the link, and told as changes of `netconf`.
                | "af_spec.inet.conf"
                | "af_spec.inet6.conf"
                | "af_spec.inet6.flags"
                | "af_spec.inet6.stats"
                | "af_spec.inet6.icmp6stats"
                | "af_spec.inet6.cacheinfo"
        ),
        Table::Addresses => key == "cacheinfo",
        // net/ipv6/addrconf.c `inet6_fill_ifmcaddr`: a notification says `universe` whatever the address, only a dump knows.
        Table::MulticastAddresses | Table::AnycastAddresses => matches!(key, "cacheinfo" | "scope"),
        Table::Routes | Table::Neighbours | Table::Fdb => matches!(key, "cacheinfo" | "probes"),
        Table::MulticastRoutes => matches!(key, "mfc_stats" | "expires"),
        Table::Labels => key == "seq",
        // net/bridge/br_mdb.c: a notification names the family that a dump leaves out.
        Table::Mdb => matches!(key, "family" | "timer" | "src_list.timer"),
        Table::Qdiscs | Table::TcClasses | Table::TcFilters | Table::TcActions => {
            matches!(key, "stats" | "stats2" | "xstats")
        }
        _ => false,
    }
}

/// Every field that changed, in the order of the record as it is now; what is gone comes last.
pub(crate) fn between<'a>(old: &Row<'a>, new: &Row<'a>) -> Vec<Difference<'a>> {
    let lifetimes = lifetimes_differ(new.table, old.payload(), new.payload());
    let mut before = flat(old, lifetimes);
    let mut differences = Vec::new();
    for Flat { path, name, value } in flat(new, lifetimes) {
        let known = before.iter().position(|other| other.path == path);
        let old = known.map(|at| before.remove(at).value);
        if old.as_ref() != Some(&value) {
            differences.push(Difference { path, name, old, new: Some(value) });
        }
    }
    let gone = |Flat { path, name, value }| Difference { path, name, old: Some(value), new: None };
    differences.extend(before.into_iter().map(gone));
    differences
}

/// One value with its place in the record.
struct Flat<'a> {
    path: String,
    name: String,
    value: Value<'a>,
}

/// Every value with its path, without what changes by itself.
fn flat<'a>(row: &Row<'a>, lifetimes: bool) -> Vec<Flat<'a>> {
    let mut values = Vec::new();
    let is_volatile = |key: &str| is_volatile(row.table, key, lifetimes);
    row.entries(&mut |entry| {
        add(&is_volatile, &mut values, entry.key.into_owned(), entry.name.into_owned(), entry.value);
    });
    values
}

fn add<'a>(
    is_volatile: &dyn Fn(&str) -> bool,
    values: &mut Vec<Flat<'a>>,
    path: String,
    name: String,
    value: Value<'a>,
) {
    if is_volatile(&name) {
        return;
    }
    match value {
        Value::Tree(tree) => {
            for entry in tree.to_entries() {
                let inner = [format!("{path}.{}", entry.key), format!("{name}.{}", entry.name)];
                let [path, name] = inner;
                add(is_volatile, values, path, name, entry.value);
            }
        }
        value => values.push(Flat { path, name, value }),
    }
}
