//! Golden captures: datagrams that a kernel sent, each with its request, and what they must decode to.
//!
//! `NAME.cap` was made by sockeye itself (the command stands in it) beside sockets of the zoo, or was built from the
//! kernel's structures (`built_…`). `NAME.ndjson` is what `sockeye sockets --replay NAME.cap --view everything` makes of
//! it. `shown.txt` says which fields they show; `cannot_show.txt` which ones no kernel at hand can show, and why.
//!
//! `SOCKEYE_BLESS=captures` makes captures again, and after it `SOCKEYE_BLESS=golden` the rest.
#![forbid(unsafe_code)]

mod build;
mod decode;
mod golden;
mod inside;
mod made;
mod shown;
mod telling;
