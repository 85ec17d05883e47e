//! A socket with BPF storage.

use libc::IPPROTO_TCP;

use crate::expected::Expected;
use crate::specimen::Specimen;
use crate::sys::{self, SocketStorage};
use crate::tcp::{SERVER_V4, bound, listener};
use crate::zoo::{Unavailable, Zoo, make};

/// Six words.
const VALUE_BYTES: u32 = 24;

/// Type numbers in [`btf`].
const WORD: u32 = 1;
const SIX_WORDS: u32 = 2;

/// The smallest type information (Documentation/bpf/btf.rst) that names the types of key and value.
fn btf() -> Vec<u8> {
    const HEADER_BYTES: u32 = 24;
    const KIND_INT: u32 = 1 << 24;
    const KIND_ARRAY: u32 = 3 << 24;
    let strings = b"\0int\0";
    let types: Vec<u8> = [
        // Name, kind, size in bytes; width in bits.
        [1, KIND_INT, 4, 32].as_slice(),
        // No name, kind, nothing; type of an element, type of the index, how many.
        &[0, KIND_ARRAY, 0, WORD, WORD, 6],
    ]
    .concat()
    .iter()
    .flat_map(|word| word.to_ne_bytes())
    .collect();
    let types_len = u32::try_from(types.len()).expect("forty bytes");
    let mut blob = 0xeb9f_u16.to_ne_bytes().to_vec();
    blob.extend([1, 0]); // version, flags
    // Length of the header; start and length of the types; start and length of the strings.
    blob.extend([HEADER_BYTES, 0, types_len, types_len, 5].iter().flat_map(|word| word.to_ne_bytes()));
    blob.extend(types);
    blob.extend(strings);
    blob
}

impl Zoo {
    /// `listener` with 24 bytes in a BPF map for socket storage.
    pub fn tcp_bpf_storage(&self) -> Result<Specimen, Unavailable> {
        make("tcp_bpf_storage", || {
            let types = sys::btf_load(&btf())?;
            let storage = SocketStorage::<{ VALUE_BYTES as usize }>::create(&types, WORD, SIX_WORDS)?;
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 7)?;
            storage.store(&socket, b"sockeye zoo, 24 bytes  .")?;
            let id = storage.id()?;
            let expected = Expected { bpf_storage: Some((id, VALUE_BYTES)), ..listener(&socket, 7)? };
            Ok(Specimen::default().with(socket, expected).keeping(storage))
        })
    }
}
