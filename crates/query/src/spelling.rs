//! The one spelling under which a name is found: lower case, with `-`. Names are looked up for every event of a watch, so that
//! costs neither memory nor more than a few nanoseconds.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Names up to this length are spelled without memory of their own; longer ones are rare.
const ROOM: usize = 64;

/// Values by name.
pub(crate) type ByName<T> = HashMap<String, T, BuildHasherDefault<Fnv>>;

/// The spelling of a name, in the room that is given where it fits.
pub(crate) fn spelling<'r>(name: &str, room: &'r mut [u8; ROOM]) -> Cow<'r, str> {
    if let (true, Some(room)) = (name.is_ascii(), room.get_mut(..name.len())) {
        for (to, from) in room.iter_mut().zip(name.bytes()) {
            *to = if from == b'_' { b'-' } else { from.to_ascii_lowercase() };
        }
        return String::from_utf8_lossy(room);
    }
    name.chars().map(|letter| if letter == '_' { '-' } else { letter.to_ascii_lowercase() }).collect::<String>().into()
}

/// Room for [`spelling`].
pub(crate) const fn room() -> [u8; ROOM] {
    [0; ROOM]
}

/// The hash of Fowler, Noll and Vo (1a): a step for each byte, which short names want. The names are ours, so nobody can choose
/// them to collide.
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling_however_long_it_is() {
        let long = "Tcp_Info.".repeat(10);
        for (name, spelled) in [
            ("Local_Port", "local-port"),
            ("tcp_info.rtt", "tcp-info.rtt"),
            ("", ""),
            ("Ä_B", "Ä-b"),
            (&long, &"tcp-info.".repeat(10)),
        ] {
            assert_eq!(spelling(name, &mut room()), spelled);
        }
    }
}
