//! Instructions of BPF and their assembly, with labels for jumps.

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::error::{Cause, Error, Operation};

/// A register. r0 is the result of calls, r1 to r5 are arguments and lost in calls, r6 to r9 stay, r10 is the end of the
/// stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register(u8);

pub(crate) const R0: Register = Register(0);
pub(crate) const R1: Register = Register(1);
pub(crate) const R2: Register = Register(2);
pub(crate) const R3: Register = Register(3);
pub(crate) const R4: Register = Register(4);
pub(crate) const R6: Register = Register(6);
pub(crate) const R7: Register = Register(7);
pub(crate) const R8: Register = Register(8);
pub(crate) const R9: Register = Register(9);
/// The end of the stack, which is 512 bytes below it.
pub(crate) const STACK: Register = Register(10);

/// Bytes that one access moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    One,
    Two,
    Four,
    Eight,
}

impl Width {
    /// The width of so many bytes.
    pub(crate) fn of(bytes: u32) -> Option<Self> {
        Some(match bytes {
            1 => Self::One,
            2 => Self::Two,
            4 => Self::Four,
            8 => Self::Eight,
            _ => return None,
        })
    }

    /// The size bits of an instruction (include/uapi/linux/bpf_common.h).
    fn bits(self) -> u8 {
        match self {
            Self::One => 0x10,
            Self::Two => 0x08,
            Self::Four => 0x00,
            Self::Eight => 0x18,
        }
    }
}

/// A comparison of a register with a number or another register, unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    Equal = 0x10,
    Above = 0x20,
    NotEqual = 0x50,
}

/// Functions of the kernel that programs may call (include/uapi/linux/bpf.h, ___BPF_FUNC_MAPPER).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    KtimeGetNs = 5,
    GetSmpProcessorId = 8,
    GetCurrentPidTgid = 14,
    GetSocketCookie = 46,
    GetCurrentComm = 16,
    ProbeReadKernel = 113,
    SeqWrite = 127,
    RingbufReserve = 131,
    RingbufSubmit = 132,
    RingbufQuery = 134,
    SkcToTcpSock = 137,
    GetNsCurrentPidTgid = 120,
    GetCurrentTaskBtf = 158,
    SockFromFile = 162,
}

/// A place to jump to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(usize);

/// A program in the making. An instruction is a word: code, registers, offset, number (include/uapi/linux/bpf.h, struct
/// bpf_insn).
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    instructions: Vec<u64>,
    /// Where each label stands, once it does.
    labels: Vec<Option<usize>>,
    /// Jumps whose offset is still to be filled in.
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    /// A label that stands nowhere yet.
    pub(crate) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Lets a label stand here.
    pub(crate) fn place(&mut self, label: Label) {
        self.labels[label.0] = Some(self.instructions.len());
    }

    /// `to = from`
    pub(crate) fn copy(&mut self, to: Register, from: Register) {
        self.put(0xbf, to, from, 0, 0);
    }

    /// `to = number`
    pub(crate) fn set(&mut self, to: Register, number: i32) {
        self.put(0xb7, to, R0, 0, number);
    }

    /// `to = number`, of 64 bits
    pub(crate) fn set_wide(&mut self, to: Register, number: u64) {
        let half = |half: u64| u32::try_from(half & 0xffff_ffff).unwrap_or(0).cast_signed();
        let (low, high) = (half(number), half(number >> 32));
        self.put(0x18, to, R0, 0, low);
        self.put(0, R0, R0, 0, high);
    }

    /// `to += number`
    pub(crate) fn add(&mut self, to: Register, number: i32) {
        self.put(0x07, to, R0, 0, number);
    }

    /// `to += from`
    pub(crate) fn add_register(&mut self, to: Register, from: Register) {
        self.put(0x0f, to, from, 0, 0);
    }

    /// `to *= number`
    pub(crate) fn multiply(&mut self, to: Register, number: i32) {
        self.put(0x27, to, R0, 0, number);
    }

    /// `to &= from`
    pub(crate) fn and_register(&mut self, to: Register, from: Register) {
        self.put(0x5f, to, from, 0, 0);
    }

    /// `to <<= bits`
    pub(crate) fn shift_left_by(&mut self, to: Register, bits: Register) {
        self.put(0x6f, to, bits, 0, 0);
    }

    /// `to >>= bits`
    pub(crate) fn shift_right(&mut self, to: Register, bits: u8) {
        self.put(0x77, to, R0, 0, bits.into());
    }

    /// `to = *(base + offset)`
    pub(crate) fn load(&mut self, to: Register, base: Register, offset: i16, width: Width) {
        self.put(0x61 | width.bits(), to, base, offset, 0);
    }

    /// `*(base + offset) = from`
    pub(crate) fn store(&mut self, base: Register, offset: i16, from: Register, width: Width) {
        self.put(0x63 | width.bits(), base, from, offset, 0);
    }

    /// `*(base + offset) = number`
    pub(crate) fn store_number(&mut self, base: Register, offset: i16, number: i32, width: Width) {
        self.put(0x62 | width.bits(), base, R0, offset, number);
    }

    /// `*(u64 *)(base + offset) += from`, all at once.
    pub(crate) fn add_atomically(&mut self, base: Register, offset: i16, from: Register) {
        self.put(0xdb, base, from, offset, 0);
    }

    /// `to` becomes the map.
    pub(crate) fn map(&mut self, to: Register, map: BorrowedFd<'_>) {
        // The source register says that the number is a descriptor (BPF_PSEUDO_MAP_FD).
        self.put(0x18, to, R1, 0, map.as_raw_fd());
        self.put(0, R0, R0, 0, 0);
    }

    /// `to` becomes the address of a byte in the only value of an array map.
    pub(crate) fn map_value(&mut self, to: Register, map: BorrowedFd<'_>, offset: i32) {
        // BPF_PSEUDO_MAP_VALUE.
        self.put(0x18, to, R2, 0, map.as_raw_fd());
        self.put(0, R0, R0, 0, offset);
    }

    /// Calls a function; r0 is its result.
    pub(crate) fn call(&mut self, helper: Helper) {
        self.put(0x85, R0, R0, 0, helper as i32);
    }

    /// Jumps if the register compares so with a number.
    pub(crate) fn jump_if(&mut self, register: Register, is: Is, number: i32, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x05 | is as u8, register, R0, 0, number);
    }

    /// Jumps if the register compares so with another one.
    pub(crate) fn jump_if_register(&mut self, register: Register, is: Is, other: Register, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x0d | is as u8, register, other, 0, 0);
    }

    /// Jumps.
    pub(crate) fn jump(&mut self, label: Label) {
        self.jumps.push((self.instructions.len(), label));
        self.put(0x05, R0, R0, 0, 0);
    }

    /// Ends the program; its result is r0.
    pub(crate) fn exit(&mut self) {
        self.put(0x95, R0, R0, 0, 0);
    }

    /// The program, with its jumps filled in.
    pub(crate) fn finish(mut self, name: &'static str) -> Result<Vec<u64>, Error> {
        for (at, label) in self.jumps {
            let target = self.labels[label.0].and_then(|target| {
                let distance = target.cast_signed() - at.cast_signed() - 1;
                i16::try_from(distance).ok()
            });
            let Some(distance) = target else {
                return Err(Error { operation: Operation::Assemble(name), cause: Cause::TooLarge });
            };
            let mut bytes = self.instructions[at].to_ne_bytes();
            bytes[2..4].copy_from_slice(&distance.to_ne_bytes());
            self.instructions[at] = u64::from_ne_bytes(bytes);
        }
        Ok(self.instructions)
    }

    fn put(&mut self, code: u8, to: Register, from: Register, offset: i16, number: i32) {
        // The order of the two registers within their byte is that of the machine's bytes.
        let registers = if cfg!(target_endian = "little") { to.0 | from.0 << 4 } else { to.0 << 4 | from.0 };
        let mut bytes = [code, registers, 0, 0, 0, 0, 0, 0];
        bytes[2..4].copy_from_slice(&offset.to_ne_bytes());
        bytes[4..].copy_from_slice(&number.to_ne_bytes());
        self.instructions.push(u64::from_ne_bytes(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn instructions_are_those_that_the_kernel_documents() {
        let mut code = Assembler::default();
        code.load(R7, R6, 24, Width::Eight);
        code.load(R1, R8, -4, Width::Four);
        code.store(STACK, -40, R1, Width::Two);
        code.call(Helper::SeqWrite);
        code.exit();
        let bytes: Vec<[u8; 8]> = code.finish("test").expect("no jump").into_iter().map(u64::to_ne_bytes).collect();
        assert_eq!(
            bytes,
            [
                [0x79, 0x67, 24, 0, 0, 0, 0, 0],
                [0x61, 0x81, 0xfc, 0xff, 0, 0, 0, 0],
                [0x6b, 0x1a, 0xd8, 0xff, 0, 0, 0, 0],
                [0x85, 0x00, 0, 0, 127, 0, 0, 0],
                [0x95, 0x00, 0, 0, 0, 0, 0, 0],
            ]
        );
    }

    #[test]
    fn a_jump_leads_behind_what_it_skips_and_a_label_that_stands_nowhere_is_an_error() {
        let mut code = Assembler::default();
        let out = code.label();
        code.jump_if(R1, Is::Equal, 0, out);
        code.set(R2, 7);
        code.set(R3, 8);
        code.place(out);
        code.exit();
        let first = code.finish("test").expect("a short jump")[0].to_ne_bytes();
        assert_eq!((first[0], i16::from_ne_bytes([first[2], first[3]])), (0x15, 2));
        let mut lost = Assembler::default();
        let nowhere = lost.label();
        lost.jump(nowhere);
        assert!(matches!(lost.finish("test"), Err(Error { cause: Cause::TooLarge, .. })));
    }
}
