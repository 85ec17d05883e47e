//! Closes one socket, and says what became of it.

use sockeye_conn::{Buffer, Error, Namespace};
use sockeye_query::sockets::Table;
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::inet::{InetMessage, InetQuestion, SocketId};

use super::place::View;
use crate::live::row::table;
use crate::sockets::listing;
use crate::top::model::Id;

/// Closes one of the sockets that are followed; `namespace`: that of its place. What to tell.
pub(super) fn close_one(id: Id, view: &View<'_>, namespace: Option<&Namespace>) -> String {
    match view.lives(id.place).and_then(|lives| lives.get(id.cookie)) {
        Some((life, message)) => close(namespace, table(life), message),
        None => "the socket was gone already".to_owned(),
    }
}

/// Closes the socket that this message is of. What to tell.
fn close(namespace: Option<&Namespace>, table: Table, message: &[u8]) -> String {
    match ask(namespace, table, message) {
        Ok(0) => "the socket was closed".to_owned(),
        // ENOENT
        Ok(2) => "the socket was gone already".to_owned(),
        // EPERM
        Ok(1) => "not closed: not permitted, this needs CAP_NET_ADMIN in the network namespace".to_owned(),
        // EOPNOTSUPP
        Ok(95) => "not closed: the kernel closes no sockets of that kind or state, or was built without \
                   CONFIG_INET_DIAG_DESTROY"
            .to_owned(),
        Ok(errno) => format!("not closed: {}", std::io::Error::from_raw_os_error(errno)),
        Err(error) => format!("not closed: {error}"),
    }
}

/// Asks the kernel, and returns its errno.
fn ask(namespace: Option<&Namespace>, table: Table, message: &[u8]) -> Result<i32, Error> {
    const EOPNOTSUPP: i32 = 95;
    let known = InetMessage(message);
    let family = known.family().and_then(|family| u8::try_from(family).ok());
    let (Some(id), Some(family), Some(protocol)) = (SocketId::of(&known), family, table.ip_protocol()) else {
        return Ok(EOPNOTSUPP);
    };
    let question = InetQuestion { family, protocol, extensions: 0, states: 0, bytecode: &[], bpf_storages: false };
    let mut socket = listing::open(namespace)?;
    let mut buffer = Buffer::new();
    let mut answer = Dump::new(socket.send(question.destroy(id, 0))?);
    while answer.handle(socket.receive(&mut buffer)?, |_| {}) != Step::Ended {}
    Ok(answer.into_conclusion().refusal.map_or(0, |refusal| refusal.errno))
}
