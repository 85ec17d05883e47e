//! Texts of a kernel with damage: words in the wrong place, numbers beyond their types, lines that are cut, doubled and strange.

use crate::damage::damage;
use crate::random::Random;

/// What stands in texts of a kernel, and can stand in the wrong place.
const PIECES: &[&str] = &[
    "\n",
    "\t",
    " ",
    ":",
    "/",
    "(",
    ")",
    "[",
    "]",
    "-",
    ",",
    "\0",
    "\\040",
    "\\777",
    "\\",
    "..",
    " - ",
    "boottime",
    "hidepid=",
    "Tgid:",
    "NSpid:",
    "socket:[",
    ".slice",
    ".scope",
    ".service",
    "user@0.service",
    "kubepods-pod",
    "-pod",
    " 0 ",
    "65536",
    "4294967296",
    " 9223372036854775808 ",
    " 18446744073709551615 ",
    "18446744073709551616",
    "-9223372036854775809",
    "170141183460469231731687303715884105727",
    "-170141183460469231731687303715884105728",
    "\u{202e}",
];
/// Changes of a text at most.
const CHANGES: usize = 4;
/// One in so many texts is long.
const RARELY: usize = 200;

/// One of these texts, changed in some places. A part of another may stand behind it.
pub fn mutated(seeds: &[&str], random: &mut Random) -> Vec<u8> {
    let text = |random: &mut Random| random.pick(seeds).map_or(&[][..], |text| text.as_bytes()).to_vec();
    let mut bytes = text(random);
    for _ in 0..random.below(CHANGES) {
        let at = random.below(bytes.len() + 1);
        let piece = random.pick(PIECES).map_or(&[][..], |piece| piece.as_bytes());
        match random.below(4) {
            0 => bytes.splice(at..at, piece.iter().copied()).for_each(drop),
            1 => bytes.splice(at..(at + piece.len()).min(bytes.len()), piece.iter().copied()).for_each(drop),
            2 => bytes.extend(text(random)),
            _ => bytes.drain(at..(at + random.below(12)).min(bytes.len())).for_each(drop),
        }
    }
    if random.one_in(RARELY) {
        bytes = bytes.repeat(1 + random.below(300));
    }
    if random.one_in(4) { damage(&bytes, random) } else { bytes }
}
