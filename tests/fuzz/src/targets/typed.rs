//! Sockets as programs read them: by the type of their family, and not by the catalog.

use core::hint::black_box;

use sockeye_query::sockets::Table;
use sockeye_wire::sock_diag::inet::{InetAttributes, InetQuestion, InetSocket, SocketId};
use sockeye_wire::sock_diag::md5::Md5Signatures;
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::netlink::NetlinkSocket;
use sockeye_wire::sock_diag::packet::PacketSocket;
use sockeye_wire::sock_diag::smc::SmcSocket;
use sockeye_wire::sock_diag::socket_address::SocketAddresses;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;
use sockeye_wire::sock_diag::tipc::TipcSocket;
use sockeye_wire::sock_diag::unix::UnixSocket;
use sockeye_wire::sock_diag::vsock::VsockSocket;
use sockeye_wire::sock_diag::xdp::XdpSocket;
use sockeye_wire::{Version, WireError};

/// Reads all that the type of a socket's family tells. Whether it is one.
pub(super) fn read(table: Table, payload: &[u8]) -> bool {
    let read = match table {
        Table::Unix => unix(payload),
        Table::Packet => packet(payload),
        Table::Netlink => netlink(payload),
        Table::Vsock => vsock(payload),
        Table::Xdp => xdp(payload),
        Table::Tipc => tipc(payload),
        Table::Smc => smc(payload),
        _ => inet(payload),
    };
    if let Err(error) = &read {
        assert!(matches!(error, WireError::Truncated { .. } | WireError::BadLength { .. }), "{error:?}");
    }
    read.is_ok()
}

fn inet(payload: &[u8]) -> Result<(), WireError> {
    let socket = InetSocket::read(payload)?;
    let InetSocket { message, attributes } = socket;
    black_box((message.state(), message.source(), message.destination()));
    memory(socket.memory());
    if let Some(info) = socket.tcp_info() {
        connection(info);
    }
    lists(&attributes);
    if let Some(id) = SocketId::of(&message) {
        // As one that is named alone, and as one that is to be closed.
        for protocol in [6, 17] {
            let family = message.family().and_then(|family| u8::try_from(family).ok()).unwrap_or(0);
            let question = InetQuestion {
                family,
                protocol,
                extensions: 0xff,
                states: u32::MAX,
                bytecode: &[],
                bpf_storages: false,
            };
            black_box((question.exact(id), question.destroy(id, 58)));
        }
    }
    Ok(())
}

/// The end of the structure is another one since Linux 7.0.
fn connection(info: TcpInfo<'_>) {
    for field in TcpInfo::LAYOUT.fields {
        black_box((info.says(field), field.number(info.0)));
    }
    for release in [Version(6, 18), Version(7, 0)] {
        let end = info.accecn(release);
        black_box((end.ecn_mode(), end.opt_seen(), end.fail_mode()));
        for field in TcpInfo::accecn_layout(release).fields {
            black_box(field.number(info.0));
        }
    }
}

fn lists(attributes: &InetAttributes<'_>) {
    for signature in Md5Signatures::new(attributes.md5_signatures().unwrap_or_default()) {
        black_box((signature.address(), signature.prefix_len(), signature.key_len(), signature.key()));
    }
    for addresses in [attributes.local_addresses(), attributes.peer_addresses()] {
        for address in SocketAddresses::new(addresses.unwrap_or_default()) {
            black_box(address);
        }
    }
}

fn unix(payload: &[u8]) -> Result<(), WireError> {
    let socket = UnixSocket::read(payload)?;
    black_box((socket.message.state(), socket.name(), socket.peer_inode()));
    if let Some(file) = socket.file() {
        black_box((file.ino(), file.device()));
    }
    if let Some(queues) = socket.queues() {
        black_box((queues.rqueue(), queues.wqueue()));
    }
    black_box(socket.waiting_inodes().fold(0, u32::wrapping_add));
    memory(socket.memory());
    Ok(())
}

fn packet(payload: &[u8]) -> Result<(), WireError> {
    let socket = PacketSocket::read(payload)?;
    if let Some(info) = socket.info() {
        black_box((info.index(), info.version(), info.flags()));
    }
    for membership in socket.memberships() {
        black_box((membership.index(), membership.count(), membership.kind(), membership.address()));
    }
    if let Some(fanout) = socket.fanout() {
        black_box((fanout.id(), fanout.kind()));
    }
    memory(socket.memory());
    Ok(())
}

fn netlink(payload: &[u8]) -> Result<(), WireError> {
    let socket = NetlinkSocket::read(payload)?;
    black_box((socket.message.state(), socket.message.cookie(), socket.flags()));
    memory(socket.memory());
    Ok(())
}

fn vsock(payload: &[u8]) -> Result<(), WireError> {
    let VsockSocket { message, attributes } = VsockSocket::read(payload)?;
    black_box((message.state(), message.src_cid(), message.dst_port(), message.cookie(), attributes.0.defect()));
    Ok(())
}

fn xdp(payload: &[u8]) -> Result<(), WireError> {
    let socket = XdpSocket::read(payload)?;
    if let Some(info) = socket.info() {
        black_box((info.ifindex(), info.queue_id()));
    }
    if let Some(statistics) = socket.statistics() {
        black_box((statistics.n_rx_dropped(), statistics.n_tx_ring_empty()));
    }
    memory(socket.memory());
    Ok(())
}

fn tipc(payload: &[u8]) -> Result<(), WireError> {
    let socket = TipcSocket::read(payload)?;
    black_box((socket.state(), socket.inode(), socket.cookie()));
    if let Some(connection) = socket.connection() {
        black_box((connection.node(), connection.service_type(), connection.instance()));
    }
    if let Some(statistics) = socket.statistics() {
        black_box((statistics.rcvq(), statistics.drop()));
    }
    if let Some(group) = socket.group() {
        black_box((group.id(), group.bc_send_next()));
    }
    Ok(())
}

fn smc(payload: &[u8]) -> Result<(), WireError> {
    let socket = SmcSocket::read(payload)?;
    black_box((socket.message.source(), socket.message.destination()));
    if let Some(connection) = socket.connection() {
        black_box((connection.token(), connection.tx_fin_count()));
    }
    if let Some(group) = socket.link_group() {
        black_box((group.ibname(), group.gid(), group.peer_gid(), group.role()));
    }
    if let Some(fallback) = socket.fallback() {
        black_box((fallback.reason(), fallback.peer_diagnosis()));
    }
    Ok(())
}

fn memory(memory: Option<SocketMemory<'_>>) {
    if let Some(memory) = memory {
        black_box((memory.rmem_alloc(), memory.sndbuf(), memory.backlog(), memory.drops()));
    }
}
