//! Packets: those that are dropped, and those that are answered with a reset.

use super::{
    code::*,
    record::*,
    socket::{TIME_WAIT, common},
};
use crate::{
    assembler::*,
    btf::{Btf, Member},
    error::Error,
};

/// `ETH_P_IP` and `ETH_P_IPV6`.
const PROTOCOLS: [u16; 2] = [0x0800, 0x86dd];

/// `AF_INET` and `AF_INET6`.
const FAMILIES: [i32; 2] = [2, 10];

/// By which device a packet came in, 0 for none: set on the way in, also by the loopback device (net/core/dev.c,
/// __netif_receive_skb_core).
fn came_in_by(btf: &Btf) -> Option<Member> {
    btf.member("sk_buff", "skb_iif").filter(|device| device.bytes == 4)
}

/// The places of what the kernel says of a dropped packet.
pub(super) struct Arguments {
    pub(super) packet: usize,
    /// Where in the kernel.
    pub(super) location: Option<usize>,
    pub(super) reason: usize,
    /// The socket that it was for (since Linux 6.11).
    pub(super) socket: Option<usize>,
}

/// A packet that is dropped.
pub(super) fn packet(code: &mut Code<'_>, arguments: &Arguments) -> Result<(), Error> {
    code.argument(OTHER, arguments.packet);
    code.only_ip()?;
    code.argument(R1, arguments.reason);
    for number in NO_DROPS.map(|name| code.drop_reason(name)).into_iter().flatten() {
        code.steps.jump_if(R1, Is::Equal, number, code.out);
    }
    let (without, filled) = (code.steps.label(), code.steps.label());
    if let Some(socket) = arguments.socket {
        code.argument(SOCKET, socket);
        code.leave_without(SOCKET, arguments.reason, without);
        // What comes for a connection that is over is answered for it and ends there, mostly its last FIN: no reason is given
        // where that is all (net/ipv4/tcp_ipv4.c, tcp_v4_rcv, do_time_wait).
        if let Some(number) = code.drop_reason("SKB_DROP_REASON_NOT_SPECIFIED") {
            let goes_on = code.steps.label();
            code.argument(R1, arguments.reason);
            code.steps.jump_if(R1, Is::NotEqual, number, goes_on);
            code.get(R1, SOCKET, common(code.btf, "skc_state")?)?;
            code.steps.jump_if(R1, Is::Equal, TIME_WAIT, code.out);
            code.steps.place(goes_on);
        }
        code.begin_for_socket(DROPPED)?;
        code.common()?;
        code.whole()?;
        code.steps.jump(filled);
    }
    code.steps.place(without);
    code.begin_for_packet(DROPPED)?;
    // What waits for a processor came in, and has no device yet that it came in by (net/core/dev.c, enqueue_to_backlog).
    let waits = code.drop_reason("SKB_DROP_REASON_CPU_BACKLOG");
    let goes_in = |code: &mut Code<'_>, there| {
        if let Some(number) = waits {
            code.argument(R1, arguments.reason);
            code.steps.jump_if(R1, Is::Equal, number, there);
        }
    };
    goes_in(code, filled);
    code.sender()?;
    code.steps.place(filled);
    code.argument(R1, arguments.reason);
    code.steps.store(RECORD, NUMBER, R1, Width::Four);
    if let Some(location) = arguments.location {
        code.argument(R1, location);
        code.steps.store(RECORD, LOCATION, R1, Width::Eight);
    }
    let (came_in, done) = (code.steps.label(), code.steps.label());
    goes_in(code, came_in);
    code.way(came_in, done)?;
    code.steps.place(came_in);
    code.steps.store_number(RECORD, WAY, CAME_IN.into(), Width::One);
    code.steps.place(done);
    code.headers()
}

/// A reset that is sent: for a socket, or in answer to a packet that is for none.
pub(super) fn reset(code: &mut Code<'_>, socket: usize, packet: usize, reason: Option<usize>) -> Result<(), Error> {
    let [without, of_a_connection, filled] = std::array::from_fn(|_| code.steps.label());
    code.argument(SOCKET, socket);
    code.argument(OTHER, packet);
    match reason {
        Some(reason) => code.leave_without(SOCKET, reason, without),
        None => code.steps.jump_if(SOCKET, Is::Equal, 0, without),
    }
    code.begin_for_socket(RESET_SENT)?;
    code.common()?;
    code.whole()?;
    // A listener answers for whoever sent the packet: it knows no peer, so the packet says who that is.
    code.steps.load(R1, RECORD, STATE, Width::One);
    code.steps.jump_if(R1, Is::NotEqual, LISTEN.into(), of_a_connection);
    match reason {
        Some(reason) => code.leave_without(OTHER, reason, of_a_connection),
        None => code.steps.jump_if(OTHER, Is::Equal, 0, of_a_connection),
    }
    code.headers()?;
    code.steps.jump(filled);
    code.steps.place(of_a_connection);
    // A program that closes with something unread has given its port back when the reset goes out (net/ipv4/tcp.c, __tcp_close).
    code.source_port(filled)?;
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

/// The reasons that are none: the packet came to its end, or waited unread in a socket that was closed, or it was the copy for somebody
/// who listens in and does not read (net/packet/af_packet.c, packet_rcv), and the packet itself goes on.
const NO_DROPS: [&str; 4] =
    ["SKB_NOT_DROPPED_YET", "SKB_CONSUMED", "SKB_DROP_REASON_QUEUE_PURGE", "SKB_DROP_REASON_PACKET_SOCK_ERROR"];

impl Code<'_> {
    /// Goes there if there is no `pointer`, which is an argument of the tracepoint. `number` is the place of an argument that is no
    /// pointer.
    ///
    /// The verifiers of Linux 6.10 to 6.12.16 and 6.13 to 6.13.4 take every pointer among the arguments for one that is there,
    /// remove a comparison with the constant zero, and the kernel falls over what follows (CVE-2025-21852). They know less of a
    /// register: this one is what is left of a number of 32 bits behind its 63rd, which is zero.
    fn leave_without(&mut self, pointer: Register, number: usize, there: Label) {
        self.steps.jump_if(pointer, Is::Equal, 0, there);
        self.argument(R1, number);
        self.steps.shift_right(R1, 63);
        self.steps.jump_if_register(pointer, Is::Equal, R1, there);
    }

    /// The number of a reason, where this kernel has it.
    fn drop_reason(&self, wanted: &str) -> Option<i32> {
        let values = self.btf.values("skb_drop_reason")?;
        let (number, _) = values.into_iter().find(|(_, name)| **name == *wanted)?;
        i32::try_from(number).ok()
    }

    /// Leaves if the packet is not one of IP. One that is dropped before it has headers, as there is no route for it, says
    /// nothing yet: there the socket that sends it decides (net/ipv4/ip_output.c, __ip_queue_xmit).
    fn only_ip(&mut self) -> Result<(), Error> {
        let is_ip = self.steps.label();
        let protocol = self.btf.need("sk_buff", "protocol")?;
        self.get(R1, OTHER, protocol)?;
        for wanted in PROTOCOLS {
            self.steps.jump_if(R1, Is::Equal, u16::from_ne_bytes(wanted.to_be_bytes()).into(), is_ip);
        }
        self.steps.jump_if(R1, Is::NotEqual, 0, self.out);
        self.get(R2, OTHER, self.btf.need("sk_buff", "sk")?)?;
        self.steps.jump_if(R2, Is::Equal, 0, self.out);
        self.get(R1, R2, common(self.btf, "skc_family")?)?;
        for wanted in FAMILIES {
            self.steps.jump_if(R1, Is::Equal, wanted, is_ip);
        }
        self.steps.jump(self.out);
        self.steps.place(is_ip);
        Ok(())
    }

    /// Fills in the socket that sent the packet, where it was sent from here: its ends, and the cookie that it has, if it has one
    /// yet. The kernel asks for one, of every socket that changes its state or is listed.
    fn sender(&mut self) -> Result<(), Error> {
        let btf = self.btf;
        let done = self.steps.label();
        if let Some(device) = came_in_by(btf) {
            self.get(R1, OTHER, device)?;
            self.steps.jump_if(R1, Is::NotEqual, 0, done);
        }
        // The register of the socket is free: of a packet without one it held the namespace.
        self.get(SOCKET, OTHER, btf.need("sk_buff", "sk")?)?;
        self.steps.jump_if(SOCKET, Is::Equal, 0, done);
        // Read, not asked for: the helper that makes a cookie takes no pointer of this kind on every kernel.
        let cookie = btf.member("sock_common", "skc_cookie").filter(|cookie| cookie.bytes == 8);
        self.record_if(COOKIE, SOCKET, cookie)?;
        self.ends()?;
        self.whole()?;
        self.steps.place(done);
        Ok(())
    }

    /// Begins a record for a packet without a socket: its namespace is that of its device, or of the socket that sent it. One
    /// without either is in none, and only told where every namespace is wanted.
    fn begin_for_packet(&mut self, kind: u8) -> Result<(), Error> {
        let btf = self.btf;
        let [by_socket, known, nowhere, begun] = std::array::from_fn(|_| self.steps.label());
        self.get(R2, OTHER, btf.need("sk_buff", "dev")?)?;
        self.steps.jump_if(R2, Is::Equal, 0, by_socket);
        self.get(R1, R2, btf.need("net_device", "nd_net.net")?)?;
        self.steps.jump(known);
        self.steps.place(by_socket);
        self.get(R2, OTHER, btf.need("sk_buff", "sk")?)?;
        self.steps.jump_if(R2, Is::Equal, 0, nowhere);
        self.namespace(R1, R2)?;
        self.steps.place(known);
        // The namespace survives the calls in the register of the socket, which there is none of.
        self.steps.copy(SOCKET, R1);
        self.only_wanted()?;
        self.begin(kind);
        self.named_namespace(SOCKET)?;
        self.steps.jump(begun);
        self.steps.place(nowhere);
        if self.netns.is_some() {
            self.steps.jump(self.out);
        } else {
            self.begin(kind);
        }
        self.steps.place(begun);
        Ok(())
    }

    /// Fills in that the packet was made here, where it was, and goes to `done`, or to `came_in` where it came in by a device.
    fn way(&mut self, came_in: Label, done: Label) -> Result<(), Error> {
        if let Some(device) = came_in_by(self.btf) {
            self.get(R1, OTHER, device)?;
            self.steps.jump_if(R1, Is::NotEqual, 0, came_in);
            self.steps.store_number(RECORD, WAY, MADE_HERE.into(), Width::One);
        }
        self.steps.jump(done);
        Ok(())
    }

    /// Copies the beginning of the packet's headers, if it has any.
    fn headers(&mut self) -> Result<(), Error> {
        let btf = self.btf;
        let none = self.steps.label();
        self.get(R1, OTHER, btf.need("sk_buff", "protocol")?)?;
        self.steps.jump_if(R1, Is::Equal, 0, none);
        self.get(R3, OTHER, btf.need("sk_buff", "head")?)?;
        // What waits for a processor may not have been looked at yet: where its headers begin is not known.
        self.get(R1, OTHER, btf.need("sk_buff", "network_header")?)?;
        self.steps.jump_if(R1, Is::Equal, 0, none);
        self.steps.add_register(R3, R1);
        self.steps.copy(R1, RECORD);
        self.steps.add(R1, HEADERS.into());
        self.steps.set(R2, HEADERS_BYTES.into());
        self.steps.call(Helper::ProbeReadKernel);
        self.steps.place(none);
        Ok(())
    }
}
