//! The programs, one for each tracepoint.

use super::{
    EventKind, EventOptions,
    code::*,
    dropped,
    nested::{Mark, Marks, Pair, TRACEPOINTS, Turn},
    record::*,
    socket::{common, sequence},
};
use crate::{
    assembler::*,
    btf::{Argument, Btf, Member},
    error::{Error, Operation},
    program,
    ring::Ring,
};

/// A tracepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    State,
    Retransmit,
    RetransmitRequest,
    ResetSent,
    ResetReceived,
    Error,
    Dropped,
}

/// What all programs need.
pub(super) struct Around<'a> {
    pub(super) btf: &'a Btf,
    pub(super) ring: &'a Ring,
    pub(super) marks: &'a Marks,
    pub(super) options: &'a EventOptions,
}

const _: () = assert!((Kind::Dropped as u32) < TRACEPOINTS);

/// How many segments a packet of TCP stands for, in the room that a packet has for whoever handles it.
pub(super) fn segments(btf: &Btf) -> Option<Member> {
    let (room, segments) = (btf.member("sk_buff", "cb")?, btf.member("tcp_skb_cb", "tcp_gso_segs")?);
    (segments.bytes == 2 && segments.offset + 2 <= room.bytes)
        .then_some(Member { offset: room.offset + segments.offset, ..segments })
}

impl Kind {
    /// The tracepoints that are needed for what is wanted.
    pub(super) fn wanted(options: &EventOptions) -> impl Iterator<Item = Self> {
        let EventOptions { new_states, retransmits, resets, drops, errors, .. } = *options;
        [
            (Self::State, new_states != 0),
            (Self::Retransmit, retransmits),
            (Self::RetransmitRequest, retransmits),
            (Self::ResetSent, resets),
            (Self::ResetReceived, resets),
            (Self::Error, errors),
            (Self::Dropped, drops),
        ]
        .into_iter()
        .filter_map(|(kind, wanted)| wanted.then_some(kind))
    }

    /// What is told by it.
    pub(super) fn tells(self) -> EventKind {
        match self {
            Self::State => EventKind::State,
            Self::Retransmit | Self::RetransmitRequest => EventKind::Retransmit,
            Self::ResetSent | Self::ResetReceived => EventKind::Reset,
            Self::Error => EventKind::Error,
            Self::Dropped => EventKind::Drop,
        }
    }

    /// Assembles, loads and attaches its programs.
    pub(super) fn attach(self, around: &Around<'_>) -> Result<Pair, Error> {
        let name = self.name();
        let typedef = around.btf.tracepoint(self.typedef());
        let typedef = typedef.ok_or_else(|| Error::missing(Operation::Attach(name), format!("tracepoint {name}")))?;
        let load = |turn| program::load_for_tracepoint(name, typedef, &self.assemble(around, turn)?);
        Pair::attach(self.tells(), load(Turn::First)?, load(Turn::Second)?)
    }

    /// The tracepoint's name.
    pub(super) fn name(self) -> &'static str {
        // All have the same prefix.
        &self.typedef()["btf_trace_".len()..]
    }

    /// The name of the tracepoint's type.
    pub(super) fn typedef(self) -> &'static str {
        match self {
            Self::State => "btf_trace_inet_sock_set_state",
            Self::Retransmit => "btf_trace_tcp_retransmit_skb",
            Self::RetransmitRequest => "btf_trace_tcp_retransmit_synack",
            Self::ResetSent => "btf_trace_tcp_send_reset",
            Self::ResetReceived => "btf_trace_tcp_receive_reset",
            Self::Error => "btf_trace_inet_sk_error_report",
            Self::Dropped => "btf_trace_kfree_skb",
        }
    }

    fn assemble(self, around: &Around<'_>, turn: Turn) -> Result<Vec<u64>, Error> {
        let &Around { btf, ring, marks, options } = around;
        let arguments = btf.arguments(self.typedef()).unwrap_or_default();
        let place = |wanted: &str| {
            let is_wanted = |argument: &Argument| match argument {
                Argument::Pointer(name) | Argument::Enumeration(name) => **name == *wanted,
                Argument::Other => false,
            };
            arguments.iter().position(is_wanted)
        };
        let need = |wanted: &'static str| {
            let missing = || Error::missing(Operation::Assemble(self.name()), format!("argument {wanted}"));
            place(wanted).ok_or_else(missing)
        };
        let mut code = Code::new(btf, ring, (self.tells(), self.name()), turn, options.netns);
        code.take_turn(turn, Mark { marks, tracepoint: self as u32, arguments: arguments.len() });
        match self {
            Self::State => {
                let [Argument::Pointer(_), Argument::Other, Argument::Other, ..] = arguments.as_slice() else {
                    return Err(Error::missing(Operation::Assemble(self.name()), "socket and two states as arguments"));
                };
                state(&mut code, need("sock")?, options.new_states)?;
            }
            Self::Retransmit => {
                let packet = need("sk_buff")?;
                // Since Linux 6.15: what came of it.
                let outcome = arguments.get(packet + 1).filter(|next| **next == Argument::Other).map(|_| packet + 1);
                retransmit(&mut code, need("sock")?, packet, outcome)?;
            }
            Self::RetransmitRequest => {
                code.argument(SOCKET, need("request_sock")?);
                code.begin_for_socket(RETRANSMIT_REQUEST)?;
                code.common()?;
                code.steps.store_number(RECORD, PROTOCOL, 6, Width::Two);
            }
            Self::ResetSent => {
                dropped::reset(&mut code, need("sock")?, need("sk_buff")?, place("sk_rst_reason"))?;
            }
            Self::ResetReceived => {
                code.argument(SOCKET, need("sock")?);
                code.begin_for_socket(RESET_RECEIVED)?;
                code.common()?;
                code.whole()?;
            }
            Self::Error => {
                code.argument(SOCKET, need("sock")?);
                // Whoever waits is also woken to see that there is none any more (net/ipv4/tcp.c, tcp_disconnect).
                let error = btf.need("sock", "sk_err")?;
                code.get(R1, SOCKET, error)?;
                code.steps.jump_if(R1, Is::Equal, 0, code.out);
                code.begin_for_socket(ERROR)?;
                code.common()?;
                code.whole()?;
                code.record(NUMBER, SOCKET, error)?;
                // It is reported when the connection is over, and its port given back.
                let not = code.steps.label();
                code.source_port(not)?;
                code.steps.place(not);
            }
            Self::Dropped => {
                let packet = need("sk_buff")?;
                // A pointer to no type: where the kernel's code gave the packet up.
                let location = arguments.get(packet + 1).filter(|next| **next == Argument::Other).map(|_| packet + 1);
                let drop =
                    dropped::Arguments { packet, location, reason: need("skb_drop_reason")?, socket: place("sock") };
                dropped::packet(&mut code, &drop)?;
            }
        }
        code.finish()
    }
}

impl Code<'_> {
    /// Begins a record for a socket of a namespace that is wanted.
    pub(super) fn begin_for_socket(&mut self, kind: u8) -> Result<(), Error> {
        self.room_for_socket(kind)?;
        self.time();
        Ok(())
    }

    /// The same without the time.
    fn room_for_socket(&mut self, kind: u8) -> Result<(), Error> {
        self.namespace(R1, SOCKET)?;
        self.only_wanted()?;
        self.room(kind);
        Ok(())
    }
}

/// A change of state: the socket, then the states before and after.
fn state(code: &mut Code<'_>, socket: usize, new_states: u32) -> Result<(), Error> {
    if new_states != u32::MAX {
        code.argument(R1, socket + 2);
        code.steps.set(R2, 1);
        code.steps.shift_left_by(R2, R1);
        code.steps.set_wide(R3, new_states.into());
        code.steps.and_register(R2, R3);
        code.steps.jump_if(R2, Is::Equal, 0, code.out);
    }
    code.argument(SOCKET, socket);
    code.room_for_socket(STATE_CHANGE)?;
    code.common()?;
    code.whole()?;
    for (at, index) in [(OLD_STATE, 1), (STATE, 2)] {
        code.argument(R1, socket + index);
        code.steps.store(RECORD, at, R1, Width::One);
    }
    let done = code.steps.label();
    let a_process = code.steps.label();
    code.jump_if_one_of(&BY_A_PROCESS, a_process);
    code.steps.jump(done);
    code.steps.place(a_process);
    code.process(done)?;
    code.inode(done)?;
    code.steps.place(done);
    code.get(R1, SOCKET, common(code.btf, "skc_flags")?)?;
    code.steps.store(RECORD, FLAGS, R1, Width::Four);
    let error = code.btf.need("sock", "sk_err")?;
    code.record(NUMBER, SOCKET, error)?;
    let (not, timed) = (code.steps.label(), code.steps.label());
    code.counters(not)?;
    if let Some([acked, last]) = sequence(code.btf) {
        let open = code.steps.label();
        code.argument(R1, socket + 2);
        code.steps.jump_if(R1, Is::NotEqual, CLOSE.into(), open);
        code.get(R1, OTHER, acked)?;
        code.get(R2, OTHER, last)?;
        code.steps.store_number(RECORD, ALL_ACKED, 0, Width::One);
        code.steps.jump_if_register(R1, Is::NotEqual, R2, open);
        code.steps.store_number(RECORD, ALL_ACKED, 1, Width::One);
        code.steps.place(open);
    }
    if let Some(clock) = code.btf.member("tcp_sock", "tcp_clock_cache").filter(|clock| clock.bytes == 8) {
        let a_packet = code.steps.label();
        code.jump_if_one_of(&BY_A_PACKET, a_packet);
        code.steps.jump(not);
        code.steps.place(a_packet);
        code.get(R0, OTHER, clock)?;
        code.steps.jump_if(R0, Is::NotEqual, 0, timed);
    }
    code.steps.place(not);
    code.steps.call(Helper::KtimeGetNs);
    code.steps.place(timed);
    code.steps.store(RECORD, TIME, R0, Width::Eight);
    Ok(())
}

impl Code<'_> {
    /// Goes there if a change of state, which is in the record, is one of these.
    fn jump_if_one_of(&mut self, changes: &[(u8, u8)], there: Label) {
        // Both are bytes, side by side.
        self.steps.load(R1, RECORD, OLD_STATE, Width::One);
        self.steps.multiply(R1, 256);
        self.steps.load(R2, RECORD, STATE, Width::One);
        self.steps.add_register(R1, R2);
        for &(old, new) in changes {
            self.steps.jump_if(R1, Is::Equal, i32::from(old) * 256 + i32::from(new), there);
        }
    }
}

/// Errors with which a segment is not sent again after all, nor counted so (net/ipv4/tcp_output.c, `__tcp_retransmit_skb`): it
/// still waits here, the peer's window is closed, it is acknowledged, there is no memory, there is no route. Any other comes from further below, where
/// what was sent is counted.
const NOT_SENT: [i32; 5] = [-16, -11, -22, -12, -113];

/// A segment sent again: the socket, then the packet, and where the kernel says it an error.
fn retransmit(code: &mut Code<'_>, socket: usize, packet: usize, outcome: Option<usize>) -> Result<(), Error> {
    if let Some(outcome) = outcome {
        code.argument(R1, outcome);
        // A number of 32 bits, whatever is above it.
        code.steps.set_wide(R2, u32::MAX.into());
        code.steps.and_register(R1, R2);
        for error in NOT_SENT {
            code.steps.set_wide(R2, u64::from(error.cast_unsigned()));
            code.steps.jump_if_register(R1, Is::Equal, R2, code.out);
        }
    }
    code.argument(SOCKET, socket);
    code.begin_for_socket(RETRANSMIT)?;
    code.common()?;
    code.whole()?;
    let not = code.steps.label();
    code.counters(not)?;
    code.steps.place(not);
    code.argument(OTHER, packet);
    if let Some(segments) = segments(code.btf) {
        code.get(R1, OTHER, segments)?;
        code.steps.store(RECORD, NUMBER, R1, Width::Four);
    }
    Ok(())
}
