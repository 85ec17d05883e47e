//! Runs filter programs as `inet_diag_bc_run` does (net/ipv4/inet_diag.c).

use std::net::IpAddr;

use crate::facts::Facts;

/// Whether the program takes the socket; `None` where that hangs on a fact which is not known.
pub(crate) fn takes(program: &[u8], facts: &Facts) -> Option<bool> {
    let mut at = 0;
    while at < program.len() {
        let operation = &program[at..];
        let holds = test(operation, facts)?;
        at += if holds { usize::from(operation[1]) } else { usize::from(half(&operation[2..])) };
    }
    Some(at == program.len())
}

/// What one operation says of the socket.
fn test(operation: &[u8], facts: &Facts) -> Option<bool> {
    let port = || half(&operation[6..]);
    Some(match operation[0] {
        1 => false,
        2 => facts.local_port >= port(),
        3 => facts.local_port <= port(),
        4 => facts.peer_port >= port(),
        5 => facts.peer_port <= port(),
        6 => facts.automatic_port?,
        7 => host(&operation[4..], facts.local),
        8 => host(&operation[4..], facts.peer),
        9 => word(&operation[4..]) == facts.ifindex,
        10 => facts.mark.unwrap_or(0) & word(&operation[8..]) == word(&operation[4..]),
        11 => facts.local_port == port(),
        12 => facts.peer_port == port(),
        13 => {
            let id = u64::from_ne_bytes(operation[4..12].try_into().expect("eight bytes"));
            facts.cgroup.unwrap_or(0) == id
        }
        unknown => panic!("no operation has the number {unknown}"),
    })
}

/// `struct inet_diag_hostcond` without a port.
fn host(condition: &[u8], address: IpAddr) -> bool {
    let (family, bits) = (condition[0], condition[1]);
    assert_eq!(condition[4..8], [0xff; 4], "any port");
    let wanted = &condition[8..];
    match (family, address) {
        (2, IpAddr::V4(own)) => begins_alike(&own.octets(), &wanted[..4], bits),
        (2, IpAddr::V6(own)) => {
            let own = own.octets();
            own[..12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] && begins_alike(&own[12..], &wanted[..4], bits)
        }
        (10, IpAddr::V6(own)) => begins_alike(&own.octets(), &wanted[..16], bits),
        _ => false,
    }
}

/// Whether the first bits are the same, bit for bit.
pub(crate) fn begins_alike(left: &[u8], right: &[u8], bits: u8) -> bool {
    let bit = |bytes: &[u8], index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
    (0..usize::from(bits)).all(|index| bit(left, index) == bit(right, index))
}

fn half(bytes: &[u8]) -> u16 {
    u16::from_ne_bytes([bytes[0], bytes[1]])
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}
