//! The filter programs of inet_diag: `struct inet_diag_bc_op` (include/uapi/linux/inet_diag.h, `inet_diag_bc_run`).
//!
//! A program is a row of tests. Each says how far to go where it holds ("yes") and where it does not ("no"). A program
//! that ends exactly at its end takes the socket; one that jumps past it refuses. Jumps go forward only. The kernel's
//! audit (`inet_diag_bc_audit`) follows the "yes" distances, so each of them is the length of its own test, and every
//! other way is a jump.

use core::net::IpAddr;

use super::inet::{AF_INET, AF_INET6};

/// Bytes of one `struct inet_diag_bc_op`.
const OPERATION_LEN: usize = 4;
/// The same as the `yes` distance of an operation without operand.
const OPERATION_YES: u8 = 4;
/// Longest program: `no` distances are 16 bits, and so is the length of the attribute around it.
pub const PROGRAM_LEN_MAX: usize = 32 * 1024;

/// A test that the kernel can make of one internet socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Test {
    /// Local port at least this.
    SourcePortAtLeast(u16),
    /// Local port at most this.
    SourcePortAtMost(u16),
    /// Peer port at least this.
    DestinationPortAtLeast(u16),
    /// Peer port at most this.
    DestinationPortAtMost(u16),
    /// Local port is this (4.16).
    SourcePort(u16),
    /// Peer port is this (4.16).
    DestinationPort(u16),
    /// The program did not choose the local port: the kernel did.
    AutomaticPort,
    /// Local address in this network; an IPv4 network also takes mapped IPv6 addresses.
    Source(IpAddr, u8),
    /// Peer address in this network; an IPv4 network also takes mapped IPv6 addresses.
    Destination(IpAddr, u8),
    /// Bound to the interface with this index (4.9).
    Device(u32),
    /// Mark, masked, is this value. Needs `CAP_NET_ADMIN` (4.16).
    Mark {
        /// The value after masking.
        mark: u32,
        /// The mask.
        mask: u32,
    },
    /// Made in this control group itself, not in one below it (5.8).
    Cgroup(u64),
}

impl Test {
    /// The operation's number (`INET_DIAG_BC_*`).
    pub const fn code(&self) -> u8 {
        match self {
            Self::SourcePortAtLeast(_) => 2,
            Self::SourcePortAtMost(_) => 3,
            Self::DestinationPortAtLeast(_) => 4,
            Self::DestinationPortAtMost(_) => 5,
            Self::AutomaticPort => 6,
            Self::Source(..) => 7,
            Self::Destination(..) => 8,
            Self::Device(_) => 9,
            Self::Mark { .. } => 10,
            Self::SourcePort(_) => 11,
            Self::DestinationPort(_) => 12,
            Self::Cgroup(_) => 13,
        }
    }

    /// Appends the operand, as it stands behind the operation.
    fn emit_operand(&self, program: &mut Vec<u8>) {
        match *self {
            Self::SourcePortAtLeast(port)
            | Self::SourcePortAtMost(port)
            | Self::DestinationPortAtLeast(port)
            | Self::DestinationPortAtMost(port)
            | Self::SourcePort(port)
            | Self::DestinationPort(port) => {
                // The port is the `no` field of a second operation.
                program.extend_from_slice(&[0, 0]);
                program.extend_from_slice(&port.to_ne_bytes());
            }
            Self::AutomaticPort => {}
            Self::Source(address, prefix_len) | Self::Destination(address, prefix_len) => {
                emit_host(program, address, prefix_len);
            }
            Self::Device(ifindex) => program.extend_from_slice(&ifindex.to_ne_bytes()),
            Self::Mark { mark, mask } => {
                program.extend_from_slice(&mark.to_ne_bytes());
                program.extend_from_slice(&mask.to_ne_bytes());
            }
            Self::Cgroup(id) => program.extend_from_slice(&id.to_ne_bytes()),
        }
    }
}

/// `struct inet_diag_hostcond`, for any port.
fn emit_host(program: &mut Vec<u8>, address: IpAddr, prefix_len: u8) {
    let family = if address.is_ipv4() { AF_INET } else { AF_INET6 };
    program.extend_from_slice(&[family, prefix_len, 0, 0]);
    program.extend_from_slice(&(-1i32).to_ne_bytes());
    match address {
        IpAddr::V4(address) => program.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => program.extend_from_slice(&address.octets()),
    }
}

/// A condition of tests, to be assembled into a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// This test holds.
    Test(Test),
    /// All of these hold; none: always.
    All(Vec<Condition>),
    /// One of these holds; none: never.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// Every test in it.
    pub fn tests(&self) -> Vec<Test> {
        match self {
            Self::Test(test) => vec![*test],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Not(part) => part.tests(),
        }
    }

    /// The program; `None` where it would be longer than [`PROGRAM_LEN_MAX`]. A condition that always holds is an empty program.
    pub fn assemble(&self) -> Option<Vec<u8>> {
        let mut assembler = Assembler::default();
        let refuse = assembler.label();
        assembler.emit(self, refuse)?;
        assembler.finish(refuse)
    }
}

/// A place in the program that is not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Label(usize);

#[derive(Default)]
struct Assembler {
    program: Vec<u8>,
    /// Where each label turned out to be.
    places: Vec<Option<usize>>,
    /// Operations whose `no` distance leads to a label.
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    fn place(&mut self, label: Label) {
        self.places[label.0] = Some(self.program.len());
    }

    /// Code that falls through where `condition` holds and goes to `otherwise` where it does not.
    fn emit(&mut self, condition: &Condition, otherwise: Label) -> Option<()> {
        if self.program.len() > PROGRAM_LEN_MAX {
            return None;
        }
        match condition {
            Condition::Test(test) => {
                self.operation(test.code(), otherwise);
                let at = self.program.len() - OPERATION_LEN;
                test.emit_operand(&mut self.program);
                self.program[at + 1] = u8::try_from(self.program.len() - at).ok()?;
            }
            Condition::All(parts) => {
                for part in parts {
                    self.emit(part, otherwise)?;
                }
            }
            Condition::Any(parts) => {
                let Some((last, others)) = parts.split_last() else {
                    self.jump(otherwise);
                    return Some(());
                };
                let holds = self.label();
                for part in others {
                    let next = self.label();
                    self.emit(part, next)?;
                    self.jump(holds);
                    self.place(next);
                }
                self.emit(last, otherwise)?;
                self.place(holds);
            }
            Condition::Not(part) => {
                let holds = self.label();
                self.emit(part, holds)?;
                self.jump(otherwise);
                self.place(holds);
            }
        }
        Some(())
    }

    fn operation(&mut self, code: u8, otherwise: Label) {
        self.jumps.push((self.program.len(), otherwise));
        self.program.extend_from_slice(&[code, OPERATION_YES, 0, 0]);
    }

    fn jump(&mut self, to: Label) {
        const INET_DIAG_BC_JMP: u8 = 1;
        self.operation(INET_DIAG_BC_JMP, to);
    }

    fn finish(mut self, refuse: Label) -> Option<Vec<u8>> {
        let end = self.program.len();
        if end > PROGRAM_LEN_MAX {
            return None;
        }
        // One operation past the end is not the end: the kernel refuses the socket.
        self.places[refuse.0] = Some(end + OPERATION_LEN);
        for (at, label) in self.jumps {
            let distance = u16::try_from(self.places[label.0]? - at).ok()?;
            self.program[at + 2..at + 4].copy_from_slice(&distance.to_ne_bytes());
        }
        Some(self.program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(port: u16) -> Condition {
        Condition::Test(Test::SourcePort(port))
    }

    #[test]
    fn a_lone_test_refuses_one_operation_past_the_end() {
        let program = Condition::Test(Test::DestinationPortAtLeast(0x1234)).assemble().unwrap();
        let mut expected = vec![4, 8];
        expected.extend_from_slice(&12u16.to_ne_bytes());
        expected.extend_from_slice(&[0, 0]);
        expected.extend_from_slice(&0x1234u16.to_ne_bytes());
        assert_eq!(program, expected);
    }

    #[test]
    fn a_host_condition_holds_family_prefix_any_port_and_address() {
        let program = Condition::Test(Test::Source("10.1.2.0".parse().unwrap(), 24)).assemble().unwrap();
        assert_eq!(program[..2], [7, 16]);
        assert_eq!(program[4..8], [2, 24, 0, 0]);
        assert_eq!(program[8..12], (-1i32).to_ne_bytes());
        assert_eq!(program[12..], [10, 1, 2, 0]);
    }

    #[test]
    fn an_alternative_jumps_over_the_rest() {
        let program = Condition::Any(vec![test(1), test(2)]).assemble().unwrap();
        // 0: =1 no→12, 8: jump→end(20), 12: =2 no→24.
        assert_eq!(program.len(), 20);
        assert_eq!(u16::from_ne_bytes([program[2], program[3]]), 12);
        assert_eq!((program[8], u16::from_ne_bytes([program[10], program[11]])), (1, 12));
        assert_eq!(u16::from_ne_bytes([program[14], program[15]]), 12);
    }

    #[test]
    fn what_always_holds_is_no_program() {
        assert_eq!(Condition::All(vec![]).assemble(), Some(vec![]));
    }

    #[test]
    fn a_program_that_is_too_long_is_not_made() {
        let many = Condition::Any((0..u16::MAX).map(test).collect());
        assert_eq!(many.assemble(), None);
    }
}
