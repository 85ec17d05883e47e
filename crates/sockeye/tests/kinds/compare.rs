//! Each field of [`Expected`] beside its place in a row.
//!
//! The function takes `Expected` apart by name, all of it: a field that the zoo learns to promise does not compile
//! until it is compared here.

use std::net::SocketAddr;

use rustix::fs::{major, minor};
use serde_json::{Value, json};
use sockeye_zoo::{Expected, Md5Key, Says, Unread, state};

use crate::families;
use crate::names;
use crate::observed::Observed;
use crate::owners;

/// Everything in the row that is not as expected.
#[expect(clippy::too_many_lines, reason = "a line for each field, all in one place")]
pub(crate) fn compare(expected: &Expected, row: &Value) -> Vec<String> {
    let Expected {
        role: _,
        family,
        protocol,
        socket_type,
        state,
        local,
        peer,
        unix_name,
        inode,
        cookie,
        uid,
        unread,
        send_queue_bytes,
        unsent_bytes,
        accept_queue,
        accept_queue_limit,
        drops,
        drops_min,
        mark,
        tos,
        tclass,
        class_id,
        receive_buffer_bytes,
        send_buffer_bytes,
        congestion,
        ifindex,
        interface,
        v6only,
        shutdown,
        timer,
        total_retrans_min,
        tcp_options,
        snd_mss_max,
        md5,
        sockopts_set,
        sockopts_clear,
        ulp,
        mptcp_subflows,
        cgroup_id,
        bpf_storage,
        peer_inode,
        pending_inodes,
        file,
        other_owners,
        packet,
        netlink,
        is_association: _,
        says,
    } = expected;
    let mut row = Observed::new(row);

    names::family(&mut row, *family, *protocol, *socket_type);
    row.equal("/protocol", names::protocol(expected));
    row.equal("/state", names::state(expected));
    endpoint(&mut row, "local", *local);
    endpoint(&mut row, "peer", *peer);
    identity(&mut row, *inode, *cookie);
    owner(&mut row, expected, *uid);
    owners::compare(&mut row, *inode, other_owners);

    match unread {
        Some(Unread::Bytes(bytes)) => row.equal("/recv_queue_bytes", *bytes),
        Some(Unread::AtLeastBytes(bytes)) => row.at_least("/recv_queue_bytes", (*bytes).into()),
        None => {}
    }
    equal(&mut row, "/send_queue_bytes", *send_queue_bytes);
    equal(&mut row, "/tcp_info/notsent_bytes", *unsent_bytes);
    equal(&mut row, "/accept_queue", *accept_queue);
    equal(&mut row, "/accept_queue_limit", *accept_queue_limit);
    if *state == state::LISTEN {
        row.absent("/recv_queue_bytes");
        row.absent("/send_queue_bytes");
    }
    equal(&mut row, "/skmem/drops", *drops);
    drops_min.inspect(|drops| row.at_least("/skmem/drops", (*drops).into()));
    equal(&mut row, "/skmem/rcvbuf_bytes", *receive_buffer_bytes);
    equal(&mut row, "/skmem/sndbuf_bytes", *send_buffer_bytes);

    for (place, number) in
        [("/mark", *mark), ("/tos", tos.map(u32::from)), ("/tclass", tclass.map(u32::from)), ("/class_id", *class_id)]
    {
        equal(&mut row, place, number);
    }
    equal(&mut row, "/congestion/algorithm", *congestion);
    equal(&mut row, "/ifindex", *ifindex);
    interface.as_ref().inspect(|name| row.bytes("/interface", name));
    equal(&mut row, "/v6only", *v6only);
    shutdown.inspect(|bits| row.bits("/shutdown", u32::from(*bits), &names::SHUTDOWN));
    timer.inspect(|timer| row.equal("/timer", names::TIMERS[usize::from(*timer)]));
    total_retrans_min.inspect(|count| row.at_least("/tcp_info/total_retrans", (*count).into()));
    tcp_options.inspect(|bits| row.bits_among("/tcp_info/options", u32::from(*bits), &names::TCP_OPTIONS));
    // The segment size that was asked for less at most 40 bytes of TCP options.
    snd_mss_max.inspect(|mss| row.within("/tcp_info/snd_mss_bytes", u64::from(*mss - 40)..=(*mss).into()));
    md5_keys(&mut row, md5);
    for (words, set) in [(sockopts_set, true), (sockopts_clear, false)] {
        words.iter().for_each(|word| row.equal(&format!("/sockopt/{word}"), set));
    }
    equal(&mut row, "/ulp/name", *ulp);
    equal(&mut row, "/mptcp_info/subflows", *mptcp_subflows);
    cgroup_id.inspect(|id| control_group(&mut row, *id));
    bpf_storage.inspect(|(map, bytes)| row.equal("/bpf_storages", json!([{"map_id": map, "map_value": bytes}])));

    unix_name.as_ref().inspect(|name| families::unix_name(&mut row, name));
    equal(&mut row, "/peer_inode", *peer_inode);
    if !pending_inodes.is_empty() {
        row.same_set("/icons", pending_inodes.iter().map(|inode| json!(inode)).collect());
    }
    if let Some((device, inode)) = file {
        // The kernel's own form of a device number, not that of stat.
        row.equal("/vfs/dev", u64::from(major(*device)) << 20 | u64::from(minor(*device)));
        row.equal("/vfs/ino", *inode);
    }
    packet.as_ref().inspect(|packet| families::packet(&mut row, packet));
    netlink.as_ref().inspect(|netlink| families::netlink(&mut row, netlink));
    for (place, value) in *says {
        match *value {
            Says::Number(number) => row.equal(place, number),
            Says::AtLeast(number) => row.at_least(place, number),
            Says::Word(word) => row.equal(place, word),
            Says::Yes => row.equal(place, true),
        }
    }
    row.mistakes()
}

/// Compares what is promised.
fn equal(row: &mut Observed<'_>, place: &str, expected: Option<impl Into<Value>>) {
    if let Some(expected) = expected {
        row.equal(place, expected);
    }
}

fn endpoint(row: &mut Observed<'_>, side: &str, expected: Option<SocketAddr>) {
    if let Some(expected) = expected {
        row.equal(&format!("/{side}_address"), expected.ip().to_string());
        row.equal(&format!("/{side}_port"), expected.port());
    }
}

fn identity(row: &mut Observed<'_>, inode: Option<u64>, cookie: Option<u64>) {
    equal(row, "/inode", inode);
    cookie.inspect(|cookie| row.hexadecimal("/cookie", *cookie));
}

/// TIME-WAIT has no owner any more, SYN-RECV none yet, and netlink_diag and vsock_diag do not say: then nobody is named,
/// not root.
fn owner(row: &mut Observed<'_>, expected: &Expected, uid: u32) {
    match expected.state {
        state::TIME_WAIT | state::SYN_RECV => {
            for place in ["/uid", "/inode", "/owners", "/owners_unknown"] {
                row.absent(place);
            }
        }
        _ if matches!(expected.family, names::AF_NETLINK | names::AF_VSOCK) => row.absent("/uid"),
        _ => row.equal("/uid", uid),
    }
}

/// Without being asked for by name, a key is never shown: only how long it is.
fn md5_keys(row: &mut Observed<'_>, expected: &[Md5Key]) {
    if expected.is_empty() {
        return;
    }
    let entry = |Md5Key { address, prefix_len, key }: &Md5Key| json!({"address": address.to_string(), "prefix_len": prefix_len, "key_bytes": key.len()});
    row.same_set("/md5_signatures", expected.iter().map(entry).collect());
}

/// The id of a control group is the inode of its directory, and that is where the path leads.
fn control_group(row: &mut Observed<'_>, id: u64) {
    row.equal("/cgroup_id", id);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"));
    let mount = mount.and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let path = row.value("/cgroup").and_then(Value::as_str).unwrap_or_default();
    let found = rustix::fs::stat(format!("{mount}{path}")).map(|file| file.st_ino);
    if found != Ok(id) {
        row.mistake("/cgroup", &format!("the path of {id}"));
    }
}
