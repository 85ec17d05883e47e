//! Packets: those that are dropped, and those that are answered with a reset.

use super::{code::*, record::*};
use crate::{assembler::*, error::Error};

/// `ETH_P_IP` and `ETH_P_IPV6`.
const PROTOCOLS: [u16; 2] = [0x0800, 0x86dd];

/// A packet that is dropped: the packet, the reason, and the socket that it was for where the kernel says so.
pub(super) fn packet(code: &mut Code<'_>, packet: usize, reason: usize, socket: Option<usize>) -> Result<(), Error> {
    code.argument(OTHER, packet);
    code.only_ip()?;
    // Numbers up to this one are not drops: the packet came to its end.
    if let Some((consumed, _)) = consumed(code) {
        code.argument(R1, reason);
        let dropped = code.steps.label();
        code.steps.jump_if(R1, Is::Above, i32::try_from(consumed).unwrap_or(0), dropped);
        code.steps.jump(code.out);
        code.steps.place(dropped);
    }
    let (without, filled) = (code.steps.label(), code.steps.label());
    if let Some(socket) = socket {
        code.argument(SOCKET, socket);
        code.steps.jump_if(SOCKET, Is::Equal, 0, without);
        code.begin_for_socket(DROPPED)?;
        code.common()?;
        code.whole()?;
        code.steps.jump(filled);
    }
    code.steps.place(without);
    code.begin_for_packet(DROPPED)?;
    code.steps.place(filled);
    code.argument(R1, reason);
    code.steps.store(RECORD, NUMBER, R1, Width::Four);
    code.headers()
}

/// A reset that is sent: for a socket, or in answer to a packet that is for none.
pub(super) fn reset(code: &mut Code<'_>, socket: usize, packet: usize, reason: Option<usize>) -> Result<(), Error> {
    let (without, filled) = (code.steps.label(), code.steps.label());
    code.argument(SOCKET, socket);
    code.argument(OTHER, packet);
    code.steps.jump_if(SOCKET, Is::Equal, 0, without);
    code.begin_for_socket(RESET_SENT)?;
    code.common()?;
    code.whole()?;
    code.steps.jump(filled);
    code.steps.place(without);
    code.steps.jump_if(OTHER, Is::Equal, 0, code.out);
    code.begin_for_packet(RESET_SENT)?;
    code.headers()?;
    code.steps.place(filled);
    if let Some(reason) = reason {
        code.argument(R1, reason);
        code.steps.store(RECORD, NUMBER, R1, Width::Four);
    }
    Ok(())
}

/// The number that says that a packet was consumed.
fn consumed(code: &Code<'_>) -> Option<(u32, Box<str>)> {
    let values = code.btf.values("skb_drop_reason")?;
    values.into_iter().find(|(_, name)| matches!(&**name, "SKB_CONSUMED"))
}

impl Code<'_> {
    /// Leaves if the packet is not one of IP.
    fn only_ip(&mut self) -> Result<(), Error> {
        let is_ip = self.steps.label();
        let protocol = self.btf.need("sk_buff", "protocol")?;
        self.get(R1, OTHER, protocol)?;
        for wanted in PROTOCOLS {
            self.steps.jump_if(R1, Is::Equal, u16::from_ne_bytes(wanted.to_be_bytes()).into(), is_ip);
        }
        self.steps.jump(self.out);
        self.steps.place(is_ip);
        Ok(())
    }

    /// Begins a record for a packet without a socket: its namespace is that of its device, or of the socket that sent it.
    fn begin_for_packet(&mut self, kind: u8) -> Result<(), Error> {
        let btf = self.btf;
        let (by_socket, known) = (self.steps.label(), self.steps.label());
        self.get(R2, OTHER, btf.need("sk_buff", "dev")?)?;
        self.steps.jump_if(R2, Is::Equal, 0, by_socket);
        self.get(R1, R2, btf.need("net_device", "nd_net.net")?)?;
        self.steps.jump(known);
        self.steps.place(by_socket);
        self.get(R2, OTHER, btf.need("sk_buff", "sk")?)?;
        self.steps.jump_if(R2, Is::Equal, 0, self.out);
        self.namespace(R1, R2)?;
        self.steps.place(known);
        // The namespace survives the calls in the register of the socket, which there is none of.
        self.steps.copy(SOCKET, R1);
        self.only_wanted()?;
        self.begin(kind);
        self.named_namespace(SOCKET)
    }

    /// Copies the beginning of the packet's headers.
    fn headers(&mut self) -> Result<(), Error> {
        let btf = self.btf;
        self.get(R3, OTHER, btf.need("sk_buff", "head")?)?;
        self.get(R1, OTHER, btf.need("sk_buff", "network_header")?)?;
        self.steps.add_register(R3, R1);
        self.steps.copy(R1, RECORD);
        self.steps.add(R1, HEADERS.into());
        self.steps.set(R2, HEADERS_BYTES.into());
        self.steps.call(Helper::ProbeReadKernel);
        Ok(())
    }
}
