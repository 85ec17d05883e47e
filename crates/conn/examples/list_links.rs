//! Every network interface of this namespace, and whether the kernel said that this was all.

use sockeye_conn::{Buffer, Error, Protocol, Socket};
use sockeye_state::{Dump, Step};
use sockeye_wire::rtnetlink::record::Link;
use sockeye_wire::rtnetlink::{Table, Wanted};

fn main() -> Result<(), Error> {
    let mut socket = Socket::open(Protocol::Route)?;
    let mut buffer = Buffer::new();
    for dump in Table::Links.dumps(&Wanted::default()) {
        let mut rows = Dump::new(socket.send(dump.request)?);
        while rows.handle(socket.receive(&mut buffer)?, |message| show(message.payload())) == Step::Continue {}
        println!("whole: {}", rows.into_conclusion().is_whole());
    }
    Ok(())
}

fn show(record: &[u8]) {
    let Some(link) = Link::read(record) else { return };
    let name = link.name().unwrap_or_default().escape_ascii();
    let state = if link.is_lower_up() { "up" } else { "down" };
    println!("{} {name} {state}, mtu {}", link.index(), link.mtu().unwrap_or_default());
}
