//! A socket filter that keeps unwanted events out of the queue: rejected ones cost no buffer and count as no drop.
//!
//! Groups carry more than one table: who follows neighbours hears of every forwarding entry of every bridge too
//! (`RTNLGRP_NEIGH`). The program looks at the type of a message and at its address family. What it cannot judge it lets
//! in: the worst that a filter can do is to hide what a mirror needs, in silence. So it is for a socket that hears events,
//! never for one that dumps.

use sockeye_state::watch::{Hearing, Watch};
use sockeye_wire::rtnetlink::{AF_INET, AF_INET6, RTM_NEWADDR, RTM_NEWNEIGH, RTM_NEWROUTE, Table};

use crate::sys::Instruction;

/// Types of rtnetlink: below are Netlink's own, from here on none is known.
const TYPES: core::ops::Range<u16> = 16..128;
/// Families of one type that are told apart; with more of them all are let in.
const FAMILIES_MAX: usize = 100;
/// Interfaces that are told apart; with more of them all are let in.
const INTERFACES_MAX: usize = 100;

/// Bytes of a netlink header, and of the smallest message of rtnetlink.
const HEADER_LEN: u32 = 16;
const MESSAGE_LEN: u32 = 20;
/// Where the halves of type and flags stand.
const TYPE_LOW: u32 = if cfg!(target_endian = "little") { 4 } else { 5 };
const TYPE_HIGH: u32 = if cfg!(target_endian = "little") { 5 } else { 4 };
const FLAGS_HIGH: u32 = TYPE_HIGH + 2;
/// `NLM_F_REPLACE` in that half: a message about one route that is also about another.
const REPLACE: u32 = 1;

const ACCEPT: Instruction = step(code::RETURN, u32::MAX);
const REJECT: Instruction = step(code::RETURN, 0);

/// Codes of classic BPF (include/uapi/linux/bpf_common.h, filter.h), put together.
mod code {
    pub(super) const LOAD_BYTE: u16 = 0x30;
    pub(super) const LOAD_WORD: u16 = 0x20;
    pub(super) const LOAD_WORD_AT_X: u16 = 0x40;
    pub(super) const LOAD_LENGTH: u16 = 0x80;
    pub(super) const LOAD_CONSTANT: u16 = 0x00;
    pub(super) const LOAD_X_CONSTANT: u16 = 0x01;
    pub(super) const A_TO_X: u16 = 0x07;
    pub(super) const ADD: u16 = 0x04;
    pub(super) const AND: u16 = 0x54;
    pub(super) const OR_X: u16 = 0x4c;
    pub(super) const SHIFT_LEFT: u16 = 0x64;
    pub(super) const IF_EQUAL: u16 = 0x15;
    pub(super) const IF_GREATER_X: u16 = 0x2d;
    pub(super) const IF_AT_LEAST: u16 = 0x35;
    pub(super) const IF_SET: u16 = 0x45;
    pub(super) const RETURN: u16 = 0x06;
}

/// `SKF_AD_OFF + SKF_AD_NLATTR`: the offset of the attribute with number X, from offset A on; 0 where there is none.
const FIND_ATTRIBUTE: u32 = (-0x1000i32 + 12).cast_unsigned();

const fn step(code: u16, constant: u32) -> Instruction {
    Instruction { code, jump_true: 0, jump_false: 0, constant }
}

const fn jump(code: u16, constant: u32, jump_true: u8, jump_false: u8) -> Instruction {
    Instruction { code, jump_true, jump_false, constant }
}

/// What is let into the queue of a socket that hears events.
#[derive(Clone, Debug)]
pub struct EventFilter {
    /// For each type that is heard of at all: what each family is.
    types: Vec<(u16, [Hearing; 256])>,
    interfaces: Option<Vec<u32>>,
    deletions: bool,
}

impl EventFilter {
    /// Lets in what `hears` says of a message type and an address family.
    pub fn new(hears: impl Fn(u16, u8) -> Hearing) -> Self {
        let families = |number: u16| {
            core::array::from_fn(|family| u8::try_from(family).map_or(Hearing::Consequences, |it| hears(number, it)))
        };
        let is_heard = |(_, families): &(u16, [Hearing; 256])| families.iter().any(|&it| it != Hearing::Nothing);
        Self {
            types: TYPES.map(|number| (number, families(number))).filter(is_heard).collect(),
            interfaces: None,
            deletions: false,
        }
    }

    /// Lets in what an engine needs. `None` where the groups that it joins carry nothing else.
    pub fn of(engine: &Watch) -> Option<Self> {
        let groups = engine.groups();
        let mut carried =
            Table::ALL.into_iter().filter(|table| table.groups().iter().any(|group| groups.contains(group)));
        let family = |table| match table {
            Table::Fdb => sockeye_wire::rtnetlink::AF_BRIDGE,
            Table::MulticastRoutes => sockeye_wire::rtnetlink::RTNL_FAMILY_IPMR,
            _ => AF_INET,
        };
        let is_unheard = |table: Table| {
            let new = table.new_type();
            [new, new + 1].iter().any(|&number| engine.hears(number, family(table)) == Hearing::Nothing)
        };
        let heard = || Self::new(|number, family| engine.hears(number, family));
        match engine.selection() {
            Some(selection) if selection.deletions => {
                Some(heard().only_interfaces(&selection.interfaces).with_deletions())
            }
            Some(selection) => Some(heard().only_interfaces(&selection.interfaces)),
            None => carried.any(is_unheard).then(heard),
        }
    }

    /// Of neighbours, addresses and routes lets in only those of these interfaces, routes without one, and what has
    /// consequences or replaces another. A route of IPv6 that goes is let in: it may be one next hop of several.
    ///
    /// Not for a socket that hears of several network namespaces: an index means another interface in each, and
    /// which namespace a message is from is not in its bytes. Nor for a mirror of whole tables, which would never
    /// learn what became of the rest.
    #[must_use]
    pub fn only_interfaces(mut self, interfaces: &[u32]) -> Self {
        self.interfaces = (interfaces.len() <= INTERFACES_MAX).then(|| interfaces.to_vec());
        self
    }

    /// Lets in whatever is deleted, of any interface: while a table is dumped, it can hide from the dump what stays.
    #[must_use]
    pub fn with_deletions(mut self) -> Self {
        self.deletions = true;
        self
    }

    /// The program for [`Socket::attach_filter`](crate::Socket::attach_filter).
    pub fn program(&self) -> Vec<Instruction> {
        let mut program = Vec::new();
        prologue(&mut program);
        for (number, families) in &self.types {
            let block = self.block(*number, families);
            // Too long to be jumped over: let in, which is always right.
            let block = if u8::try_from(block.len()).is_ok() { block } else { vec![ACCEPT] };
            let length = u8::try_from(block.len()).unwrap_or_default();
            program.push(jump(code::IF_EQUAL, (*number).into(), 0, length));
            program.extend(block);
        }
        program.push(REJECT);
        program
    }

    /// What becomes of the messages of one type.
    fn block(&self, number: u16, families: &[Hearing; 256]) -> Vec<Instruction> {
        let of = |wanted: fn(Hearing) -> bool| -> Vec<u32> {
            (0..=255u8).filter(|&it| wanted(families[usize::from(it)])).map(u32::from).collect()
        };
        let (heard, unheard) = (of(|it| it != Hearing::Nothing), of(|it| it == Hearing::Nothing));
        let by_interface = self.by_interface(number, families);
        if unheard.is_empty() && by_interface.is_empty() {
            return vec![ACCEPT];
        }
        if heard.len().min(unheard.len()) > FAMILIES_MAX {
            return vec![ACCEPT];
        }
        let mut block = vec![step(code::LOAD_BYTE, HEADER_LEN)];
        if heard.len() < unheard.len() {
            only(&heard, &mut block);
        } else {
            all_but(&unheard, &mut block);
        }
        if by_interface.is_empty() {
            block.push(ACCEPT);
        }
        block.extend(by_interface);
        block
    }

    /// The end of a block: what is decided by interface. Empty: nothing.
    fn by_interface(&self, number: u16, families: &[Hearing; 256]) -> Vec<Instruction> {
        let has_consequences = families.contains(&Hearing::Consequences);
        // Of a table there are RTM_NEW, RTM_DEL and RTM_GET, in this order, from a multiple of 4 on.
        let is_deletion = number & 3 == 1;
        let Some(interfaces) = &self.interfaces else { return Vec::new() };
        if has_consequences || is_deletion && self.deletions {
            return Vec::new();
        }
        let mut block = Vec::new();
        match number & !3 {
            // Entries of a bridge move from port to port without a word of the first. The others have their interface
            // where addresses have it.
            RTM_NEWNEIGH | RTM_NEWADDR => {
                // The family is loaded: struct ndmsg and ifaddrmsg begin with it.
                block.push(jump(code::IF_EQUAL, AF_INET.into(), 2, 0));
                block.push(jump(code::IF_EQUAL, AF_INET6.into(), 1, 0));
                block.push(ACCEPT);
                block.push(step(code::LOAD_WORD, HEADER_LEN + 4));
            }
            RTM_NEWROUTE => {
                const RTA_OIF: u32 = 4;
                const ROUTE_LEN: u32 = 12;
                // Labels have no part in this.
                if is_deletion {
                    block.push(jump(code::IF_EQUAL, AF_INET.into(), 1, 0));
                } else {
                    block.push(jump(code::IF_EQUAL, AF_INET.into(), 2, 0));
                    block.push(jump(code::IF_EQUAL, AF_INET6.into(), 1, 0));
                }
                block.push(ACCEPT);
                block.push(step(code::LOAD_BYTE, FLAGS_HIGH));
                block.push(jump(code::IF_SET, REPLACE, 0, 1));
                block.push(ACCEPT);
                block.push(step(code::LOAD_X_CONSTANT, RTA_OIF));
                block.push(step(code::LOAD_CONSTANT, HEADER_LEN + ROUTE_LEN));
                block.push(step(code::LOAD_WORD, FIND_ATTRIBUTE));
                block.push(jump(code::IF_EQUAL, 0, 0, 1));
                block.push(ACCEPT);
                block.push(step(code::A_TO_X, 0));
                block.push(step(code::LOAD_WORD_AT_X, 4));
            }
            _ => return Vec::new(),
        }
        // Words are loaded as if they were big-endian.
        let indices: Vec<_> = interfaces.iter().map(|index| index.to_be()).collect();
        only(&indices, &mut block);
        block.push(ACCEPT);
        block
    }
}

/// Rejects where A is none of these numbers, and goes on behind it where it is one.
fn only(numbers: &[u32], block: &mut Vec<Instruction>) {
    for (at, &number) in numbers.iter().enumerate() {
        let behind = u8::try_from(numbers.len() - at).unwrap_or(u8::MAX);
        block.push(jump(code::IF_EQUAL, number, behind, 0));
    }
    block.push(REJECT);
}

/// Rejects where A is one of these numbers, and goes on behind it where it is none.
fn all_but(numbers: &[u32], block: &mut Vec<Instruction>) {
    for &number in numbers {
        block.push(jump(code::IF_EQUAL, number, 0, 1));
        block.push(REJECT);
    }
}

/// What is let in whatever it says: datagrams of several messages, short ones, Netlink's own messages, unknown types.
/// Leaves the type in A.
fn prologue(program: &mut Vec<Instruction>) {
    // The length of the first message, which BPF has no instruction to load in this byte order, rounded up: X.
    let at = |place: u32| if cfg!(target_endian = "little") { place } else { 3 - place };
    program.extend([
        step(code::LOAD_LENGTH, 0),
        jump(code::IF_AT_LEAST, MESSAGE_LEN, 1, 0),
        ACCEPT,
        step(code::LOAD_BYTE, at(2)),
        step(code::SHIFT_LEFT, 8),
        step(code::A_TO_X, 0),
        step(code::LOAD_BYTE, at(1)),
        step(code::OR_X, 0),
        step(code::SHIFT_LEFT, 8),
        step(code::A_TO_X, 0),
        step(code::LOAD_BYTE, at(0)),
        step(code::OR_X, 0),
        step(code::ADD, 3),
        step(code::AND, !3),
        step(code::A_TO_X, 0),
        step(code::LOAD_LENGTH, 0),
        jump(code::IF_GREATER_X, 0, 0, 1),
        ACCEPT,
        step(code::LOAD_BYTE, TYPE_HIGH),
        jump(code::IF_EQUAL, 0, 1, 0),
        ACCEPT,
        step(code::LOAD_BYTE, TYPE_LOW),
        jump(code::IF_AT_LEAST, TYPES.start.into(), 1, 0),
        ACCEPT,
        jump(code::IF_AT_LEAST, TYPES.end.into(), 0, 1),
        ACCEPT,
    ]);
}
