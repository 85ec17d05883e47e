//! Golden captures: datagrams that a kernel sent, each with its request, and what they must decode to.
//!
//! `NAME.cap` was made by sockeye itself (the command stands in it) beside sockets of the zoo, or was built from the
//! kernel's structures (`built_…`). `NAME.ndjson` is what `sockeye sockets --replay NAME.cap --view everything` makes of
//! it. `shown.txt` says which fields they show; `cannot_show.txt` which ones no kernel can show, and why. What a folder
//! with the name of a line of kernels holds was sent by one of that line: sockets of families that others lack, structures
//! as they were then (`grown.txt`), and records of every table of rtnetlink (`TABLE.cap` and `TABLE.txt`, `learned.txt`).
//!
//! `SOCKEYE_BLESS=captures` makes captures of this kernel again, `cargo xtask lab --captures` those of the others, and
//! after them `SOCKEYE_BLESS=golden` the rest.
#![forbid(unsafe_code)]

mod accecn;
mod build;
mod choices;
mod decode;
mod golden;
mod grown;
mod inside;
mod line;
mod made;
mod shown;
mod tables;
mod telling;
