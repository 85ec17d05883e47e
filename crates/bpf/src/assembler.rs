//! Instructions of eBPF (Documentation/bpf/standardization/instruction-set.rst), with jumps to labels.

/// One instruction as the kernel takes it (`struct bpf_insn`).
pub(crate) type Instruction = [u8; 8];

/// A register; 10 is the frame, 1 to 5 are arguments, 0 is what a call returns, 6 to 9 outlive calls.
pub(crate) type Register = u8;

/// A place to jump to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(usize);

/// Widths of loads and stores.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Width {
    /// 16 bits.
    Half = 0x08,
    /// 32 bits.
    Word = 0x00,
    /// 64 bits.
    Double = 0x18,
}

/// Helpers of the kernel (include/uapi/linux/bpf.h, `__BPF_FUNC_MAPPER`).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Helper {
    MapLookup = 1,
    KtimeGetNs = 5,
    GetCurrentPidTgid = 14,
    GetCurrentComm = 16,
    GetSocketCookie = 46,
    ProbeReadKernel = 113,
    SeqWrite = 127,
    RingReserve = 131,
    RingSubmit = 132,
    SkcToTcpSock = 137,
    GetCurrentTaskBtf = 158,
    SockFromFile = 162,
}

/// A program that is being written.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    code: Vec<Instruction>,
    places: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    fn put(&mut self, code: u8, to: Register, from: Register, offset: i16, constant: i32) -> &mut Self {
        let [low, high] = offset.to_ne_bytes();
        let [a, b, c, d] = constant.to_ne_bytes();
        let registers = if cfg!(target_endian = "little") { from << 4 | to } else { to << 4 | from };
        self.code.push([code, registers, low, high, a, b, c, d]);
        self
    }

    /// A label that is not placed yet.
    pub(crate) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// Places a label before the next instruction.
    pub(crate) fn place(&mut self, label: Label) -> &mut Self {
        self.places[label.0] = Some(self.code.len());
        self
    }

    /// `to = from`
    pub(crate) fn copy(&mut self, to: Register, from: Register) -> &mut Self {
        self.put(0xbf, to, from, 0, 0)
    }

    /// `to = constant`
    pub(crate) fn set(&mut self, to: Register, constant: i32) -> &mut Self {
        self.put(0xb7, to, 0, 0, constant)
    }

    /// `to += constant`
    pub(crate) fn add(&mut self, to: Register, constant: i32) -> &mut Self {
        self.put(0x07, to, 0, 0, constant)
    }

    /// `to += from`
    pub(crate) fn add_register(&mut self, to: Register, from: Register) -> &mut Self {
        self.put(0x0f, to, from, 0, 0)
    }

    /// `to &= constant`
    pub(crate) fn and(&mut self, to: Register, constant: i32) -> &mut Self {
        self.put(0x57, to, 0, 0, constant)
    }

    /// `to *= constant`
    pub(crate) fn multiply(&mut self, to: Register, constant: i32) -> &mut Self {
        self.put(0x27, to, 0, 0, constant)
    }

    /// `to >>= from`
    pub(crate) fn shift_right(&mut self, to: Register, from: Register) -> &mut Self {
        self.put(0x7f, to, from, 0, 0)
    }

    /// `to = *(from + offset)`
    pub(crate) fn load(&mut self, width: Width, to: Register, from: Register, offset: i16) -> &mut Self {
        self.put(0x61 | width as u8, to, from, offset, 0)
    }

    /// `*(to + offset) = from`
    pub(crate) fn store(&mut self, width: Width, to: Register, offset: i16, from: Register) -> &mut Self {
        self.put(0x63 | width as u8, to, from, offset, 0)
    }

    /// `*(to + offset) = constant`, of 64 bits.
    pub(crate) fn store_constant(&mut self, to: Register, offset: i16, constant: i32) -> &mut Self {
        self.put(0x7a, to, 0, offset, constant)
    }

    /// `*(to + offset) += from`, of 64 bits and at once.
    pub(crate) fn add_atomically(&mut self, to: Register, offset: i16, from: Register) -> &mut Self {
        self.put(0xdb, to, from, offset, 0)
    }

    /// `to =` the map behind this descriptor.
    pub(crate) fn map(&mut self, to: Register, map: i32) -> &mut Self {
        // BPF_PSEUDO_MAP_FD; the constant has 64 bits in two instructions.
        self.put(0x18, to, 1, 0, map).put(0, 0, 0, 0, 0)
    }

    /// Calls a helper.
    pub(crate) fn call(&mut self, helper: Helper) -> &mut Self {
        self.put(0x85, 0, 0, 0, helper as i32)
    }

    /// Jumps where a register is this constant.
    pub(crate) fn jump_if(&mut self, register: Register, constant: i32, label: Label) -> &mut Self {
        self.jumps.push((self.code.len(), label));
        self.put(0x15, register, 0, 0, constant)
    }

    /// Jumps where a register is not this constant.
    pub(crate) fn jump_unless(&mut self, register: Register, constant: i32, label: Label) -> &mut Self {
        self.jumps.push((self.code.len(), label));
        self.put(0x55, register, 0, 0, constant)
    }

    /// Jumps.
    pub(crate) fn jump(&mut self, label: Label) -> &mut Self {
        self.jumps.push((self.code.len(), label));
        self.put(0x05, 0, 0, 0, 0)
    }

    /// Ends with 0.
    pub(crate) fn exit(&mut self) -> &mut Self {
        self.set(0, 0).put(0x95, 0, 0, 0, 0)
    }

    /// The program. `None`: it jumps to a label that was never placed, or too far.
    pub(crate) fn finish(mut self) -> Option<Vec<Instruction>> {
        for (at, label) in self.jumps {
            let place = self.places[label.0]?;
            let distance = i16::try_from(place.checked_sub(at + 1)?).ok()?;
            self.code[at][2..4].copy_from_slice(&distance.to_ne_bytes());
        }
        Some(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_those_of_the_instruction_set() {
        let mut code = Assembler::default();
        let end = code.label();
        code.load(Width::Double, 7, 6, 0x118).jump_if(7, 0, end).store(Width::Half, 9, -2, 1).map(1, 5);
        code.call(Helper::RingReserve).place(end).exit();
        let code = code.finish().unwrap();
        let expected: [Instruction; 8] = [
            [0x79, 0x67, 0x18, 0x01, 0, 0, 0, 0],
            [0x15, 0x07, 4, 0, 0, 0, 0, 0],
            [0x6b, 0x19, 0xfe, 0xff, 0, 0, 0, 0],
            [0x18, 0x11, 0, 0, 5, 0, 0, 0],
            [0; 8],
            [0x85, 0, 0, 0, 131, 0, 0, 0],
            [0xb7, 0, 0, 0, 0, 0, 0, 0],
            [0x95, 0, 0, 0, 0, 0, 0, 0],
        ];
        if cfg!(target_endian = "little") {
            assert_eq!(code, expected);
        }
    }

    #[test]
    fn a_label_without_a_place_makes_no_program() {
        let mut code = Assembler::default();
        let nowhere = code.label();
        code.jump(nowhere).exit();
        assert_eq!(code.finish(), None);
    }
}
