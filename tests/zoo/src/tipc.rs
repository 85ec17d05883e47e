//! Sockets of TIPC: in groups, of another user, with more to read than they can hold, and of two nodes.
//!
//! A second node is another network namespace; the nodes hear each other over UDP.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use libc::{MSG_DONTWAIT, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_RDM, SOCK_SEQPACKET, SOCK_STREAM};

use crate::distance::{self, FAR, NEAR, Way};
use crate::expected::{Expected, Says, state};
use crate::generic_netlink::{Family, attribute, nest, text};
use crate::rare::AF_TIPC;
use crate::specimen::Specimen;
use crate::tcp::BACKLOG;
use crate::tcp_options::give_away;
use crate::wire::Fate;
use crate::zoo::{Unavailable, Zoo, make, settle};
use crate::{address, sys};

// Numbers from include/uapi/linux/tipc.h.
const SOL_TIPC: i32 = 271;
const GROUP_JOIN: i32 = 135;
const CLUSTER: u8 = 2;
const NODE: u8 = 3;

/// A group, and the members of it by instance and scope.
const GROUP: u32 = 0x5eed_0009;
const MEMBERS: [(u32, u8); 3] = [(21, CLUSTER), (22, CLUSTER), (33, NODE)];

/// Services, no two the same: a name can be bound twice.
const FLOODED: u32 = 0x5eed_0010;
const STALLED: u32 = 0x5eed_0011;
const FAR_SERVICE: u32 = 0x5eed_0012;
const INSTANCE: u32 = 17;

/// Messages to a socket that has room for fewer.
const FLOOD: usize = 40_000;

/// A range of one instance, by which a socket is found (`struct sockaddr_tipc`, `TIPC_SERVICE_RANGE`).
fn range(service: u32, scope: u8) -> Vec<u8> {
    let words = [service, INSTANCE, INSTANCE].map(u32::to_ne_bytes).concat();
    [&AF_TIPC.to_ne_bytes()[..], &[1, scope], &words].concat()
}

/// The same for whoever looks for it (`TIPC_SERVICE_ADDR`).
fn name(service: u32) -> Vec<u8> {
    let words = [service, INSTANCE, 0].map(u32::to_ne_bytes).concat();
    [&AF_TIPC.to_ne_bytes()[..], &[2, CLUSTER], &words].concat()
}

fn socket(kind: i32) -> io::Result<OwnedFd> {
    sys::socket(AF_TIPC.into(), kind, 0)
}

fn listening(kind: i32, service: u32, scope: u8) -> io::Result<OwnedFd> {
    let listener = socket(kind)?;
    sys::bind(&listener, &range(service, scope))?;
    sys::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// A client of a service; it waits until somebody has accepted, which is this thread.
fn connected(kind: i32, service: u32, listener: &OwnedFd) -> io::Result<(OwnedFd, OwnedFd)> {
    let client = socket(kind | SOCK_NONBLOCK)?;
    match sys::connect(&client, &name(service)) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
        _ => {}
    }
    let server = sys::accept(listener)?;
    settle(&client, || Ok(sys::peer_name(&client).is_ok()))?;
    Ok((client, server))
}

fn of(role: &'static str, socket: impl AsFd, state: u8, says: &'static [(&'static str, Says)]) -> io::Result<Expected> {
    Ok(Expected { says, ..Expected::of(role, socket, state)? })
}

impl Zoo {
    /// Two members of a group of the cluster and one of a group of this node; the first has sent three messages to all.
    pub fn tipc_group(&self) -> Result<Specimen, Unavailable> {
        const SAYS: [&[(&str, Says)]; 3] = [
            &[
                ("/tipc/group/id", Says::Number(GROUP as u64)),
                ("/tipc/group/instance", Says::Number(21)),
                ("/tipc/group/cluster_scope", Says::Yes),
                ("/tipc/group/open", Says::Yes),
                ("/tipc/group/bc_send_next", Says::AtLeast(3)),
            ],
            &[("/tipc/group/instance", Says::Number(22)), ("/tipc/group/cluster_scope", Says::Yes)],
            &[("/tipc/group/instance", Says::Number(33)), ("/tipc/group/node_scope", Says::Yes)],
        ];
        make("tipc_group", || {
            let mut members = Vec::new();
            for (instance, scope) in MEMBERS {
                let member = socket(SOCK_RDM)?;
                // struct tipc_group_req: type, instance, scope, flags.
                let group = GROUP + u32::from(scope == NODE);
                let request = [group, instance, scope.into(), 0].map(u32::to_ne_bytes).concat();
                sys::set_bytes(&member, SOL_TIPC, GROUP_JOIN, &request)?;
                members.push(member);
            }
            for message in [&b"one"[..], b"two", b"three"] {
                sys::send_to(&members[0], message, 0, &[])?;
            }
            let made = members.into_iter().zip(SAYS).try_fold(Specimen::default(), |specimen, (member, says)| {
                let expected = of("member", &member, state::CLOSE, says)?;
                Ok::<_, io::Error>(specimen.with(member, expected))
            })?;
            Ok(made)
        })
    }

    /// `open` that belongs to another user.
    pub fn tipc_uid(&self) -> Result<Specimen, Unavailable> {
        make("tipc_uid", || {
            let socket = socket(SOCK_DGRAM)?;
            give_away(&socket)?;
            let expected = of("open", &socket, state::CLOSE, &[])?;
            Ok(Specimen::default().with(socket, expected))
        })
    }

    /// `receiver` that reads nothing, has no room left, and has dropped what came then.
    pub fn tipc_flooded(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[("/tipc/stat/rcvq", Says::AtLeast(2)), ("/tipc/stat/drop", Says::AtLeast(1))];
        make("tipc_flooded", || {
            let receiver = socket(SOCK_RDM)?;
            sys::bind(&receiver, &range(FLOODED, NODE))?;
            let sender = socket(SOCK_RDM)?;
            for _ in 0..FLOOD {
                // What the receiver has no room for comes back, and is not read either.
                let _ = sys::send_to(&sender, &[b't'; 1_000], MSG_DONTWAIT, &name(FLOODED));
                if dropped(&receiver)? {
                    break;
                }
            }
            let expected = of("receiver", &receiver, state::CLOSE, SAYS)?;
            Ok(Specimen::default().with(receiver, expected).holding("sender", sender))
        })
    }

    /// `client` whose `server` does not keep up.
    pub fn tipc_stalled(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[("/tipc/stat/conn_cong", Says::Yes)];
        const SERVER_SAYS: &[(&str, Says)] = &[("/tipc/stat/rcvq", Says::AtLeast(2))];
        make("tipc_stalled", || {
            let listener = listening(SOCK_SEQPACKET, STALLED, NODE)?;
            let (client, server) = connected(SOCK_SEQPACKET, STALLED, &listener)?;
            while sys::send_to(&client, &[b's'; 1_000], MSG_DONTWAIT, &[]).is_ok() {}
            let two = of("client", &client, state::ESTABLISHED, SAYS)?;
            let three = of("server", &server, state::ESTABLISHED, SERVER_SAYS)?;
            let specimen = Specimen::default().with(client, two).with(server, three);
            Ok(specimen.holding("listener", listener))
        })
    }

    /// `client` that is connected to another node.
    pub fn tipc_network(&self) -> Result<Specimen, Unavailable> {
        const SAYS: &[(&str, Says)] = &[
            ("/tipc/addr", Says::AtLeast(1)),
            ("/tipc/con/node", Says::AtLeast(1)),
            ("/tipc/con/type", Says::Number(FAR_SERVICE as u64)),
            ("/tipc/con/inst", Says::Number(INSTANCE as u64)),
        ];
        make("tipc_network", || {
            // Where there is no TIPC nothing more is made.
            drop(socket(SOCK_STREAM)?);
            let way = Way::deciding(Box::new(|_, _| Fate::Arrives));
            let (wire, listener) = distance::between(way, || {
                enable(FAR, NEAR[0])?;
                listening(SOCK_STREAM, FAR_SERVICE, CLUSTER)
            })?;
            enable(NEAR[0], FAR)?;
            // Until the nodes have found each other nobody here knows the service.
            let probe = socket(SOCK_RDM)?;
            settle(&probe, || match sys::send_to(&probe, b"are you there", MSG_DONTWAIT, &name(FAR_SERVICE)) {
                Err(error) if error.raw_os_error() == Some(libc::EHOSTUNREACH) => Ok(false),
                other => other.map(|_| true),
            })?;
            let (client, server) = connected(SOCK_STREAM, FAR_SERVICE, &listener)?;
            let expected = of("client", &client, state::ESTABLISHED, SAYS)?;
            let specimen = Specimen::default().with(client, expected).holding("server", server);
            Ok(specimen.holding("listener", listener).keeping(wire))
        })
    }
}

/// Whether a socket dropped something (`SK_MEMINFO_DROPS`).
fn dropped(socket: &OwnedFd) -> io::Result<bool> {
    Ok(crate::tcp::drops(socket)? > 0)
}

/// Makes this namespace a node that hears another one; its number comes from its address.
fn enable(local: std::net::Ipv6Addr, remote: std::net::Ipv6Addr) -> io::Result<()> {
    const ENABLE: u8 = 3;
    const BEARER: u16 = 1;
    const NAME: u16 = 1;
    const UDP: u16 = 4;
    const PORT: u16 = 6_118;
    let storage = |ip: std::net::Ipv6Addr| {
        let mut bytes = address::encode((ip, PORT).into());
        bytes.resize(128, 0);
        bytes
    };
    let ends = [attribute(1, &storage(local)), attribute(2, &storage(remote))].concat();
    let bearer = [attribute(NAME, &text("udp:wire")), nest(UDP, &ends)];
    Family::named("TIPCv2")?.ask(ENABLE, 1, &nest(BEARER, &bearer.concat())).map(drop)
}
