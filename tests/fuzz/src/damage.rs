//! Damage to bytes of which nothing is known.

use crate::random::Random;

/// Damages a datagram in one to four places.
pub fn damage(datagram: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = datagram.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        // Lengths and numbers stand at multiples of four.
        let aligned = at & !3;
        match random.below(9) {
            0 | 1 => bytes[at] = random.byte(),
            2 => bytes[at] ^= 1 << random.below(8),
            3 | 4 => {
                let value = u16::try_from(random.below(96)).unwrap_or(0).to_ne_bytes();
                bytes[aligned..].iter_mut().zip(value).for_each(|(to, from)| *to = from);
            }
            5 => bytes[aligned..].iter_mut().take(4).for_each(|byte| *byte = random.byte()),
            6 => bytes.truncate(at),
            7 => drop(bytes.splice(at..at, (0..=random.below(8)).map(|_| 0xa5).collect::<Vec<_>>())),
            _ => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
    bytes
}
