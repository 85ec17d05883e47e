//! Every TCP socket of this network namespace, and whether the kernel said that this was all.

use sockeye_conn::{Buffer, Error, Protocol, Socket};
use sockeye_state::{Dump, Step};
use sockeye_wire::sock_diag::inet::{IPPROTO_TCP, InetMessage, InetQuestion};

fn main() -> Result<(), Error> {
    let (states, bytecode) = (u32::MAX, &[][..]);
    // Family 0 is IPv4 and IPv6 in one walk.
    let question =
        InetQuestion { family: 0, protocol: IPPROTO_TCP, extensions: 0, states, bytecode, bpf_storages: false };
    let mut socket = Socket::open(Protocol::SockDiag)?;
    let mut dump = Dump::new(socket.send(question.dump())?);
    let mut buffer = Buffer::new();
    let show = |row: InetMessage<'_>| {
        if let (Some(state), Some(address), Some(port)) = (row.state(), row.source(), row.sport()) {
            println!("{} {address} port {port}", state.name());
        }
    };
    while dump.handle(socket.receive(&mut buffer)?, |message| show(InetMessage(message.payload()))) == Step::Continue {}
    println!("whole: {}", dump.into_conclusion().is_whole());
    Ok(())
}
