//! A socket with BPF storage, and programs for whatever takes them by name.

use std::ffi::CString;
use std::io;

use libc::IPPROTO_TCP;

use crate::expected::Expected;
use crate::specimen::Specimen;
use crate::sys::{self, SocketStorage};
use crate::tcp::{SERVER_V4, bound, listener};
use crate::zoo::{Unavailable, Zoo, make};

const VALUE_BYTES: u32 = 64;

/// The number of the key's type: the kernel wants an integer of four bytes.
const INT: u32 = 1;

/// Type information (Documentation/bpf/btf.rst), put together type by type.
#[derive(Default)]
struct Types {
    words: Vec<u32>,
    strings: Vec<u8>,
    many: u32,
}

impl Types {
    fn text(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        // The first text is the empty one.
        let at = self.strings.len() + 1;
        self.strings.extend(text.bytes().chain([0]));
        u32::try_from(at).expect("few bytes")
    }

    /// A type: name, kind with the number of its members, size or another type, and what follows. Its number.
    fn put(&mut self, name: &str, kind: u32, members: usize, other: u32, more: &[u32]) -> u32 {
        let name = self.text(name);
        self.words.extend([name, kind << 24 | u32::try_from(members).expect("few"), other]);
        self.words.extend(more);
        self.many += 1;
        self.many
    }

    /// A structure or a union with members: name, type, and first bit with the width of a field of bits above it.
    fn members(&mut self, name: &str, kind: u32, bytes: u32, members: &[(&str, u32, u32)]) -> u32 {
        const FIELDS_OF_BITS: u32 = 1 << 7;
        let more: Vec<u32> = members.iter().flat_map(|&(name, of, bits)| [self.text(name), of, bits]).collect();
        self.put(name, kind | FIELDS_OF_BITS, members.len(), bytes, &more)
    }

    fn finish(self) -> Vec<u8> {
        const HEADER_BYTES: u32 = 24;
        let types: Vec<u8> = self.words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let strings = [b"\0", self.strings.as_slice()].concat();
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).expect("few bytes");
        let mut blob = 0xeb9f_u16.to_ne_bytes().to_vec();
        blob.extend([1, 0]); // version, flags
        // Length of the header; start and length of the types; start and length of the strings.
        let header = [HEADER_BYTES, 0, length(&types), length(&types), length(&strings)];
        blob.extend(header.iter().flat_map(|word| word.to_ne_bytes()));
        blob.extend(types);
        blob.extend(strings);
        blob
    }
}

/// The types of key and value: one member of every kind that a value can have.
///
/// ```c
/// struct sample {
///         unsigned int packets;
///         const short level;
///         unsigned char grade;
///         unsigned char low : 3, high : 5;
///         char name[8];
///         enum mood mood, other;
///         struct pair pairs[2];
///         void *where;
///         double ratio;
///         union { unsigned long long all; };
///         int (*handler)(int, void *);
/// };
/// ```
fn types() -> (Vec<u8>, u32) {
    const KIND_INT: u32 = 1;
    const KIND_POINTER: u32 = 2;
    const KIND_ARRAY: u32 = 3;
    const KIND_STRUCT: u32 = 4;
    const KIND_UNION: u32 = 5;
    const KIND_ENUM: u32 = 6;
    const KIND_CONST: u32 = 10;
    const KIND_FUNCTION: u32 = 13;
    const KIND_FLOAT: u32 = 16;
    const SIGNED: u32 = 1 << 24;
    let mut types = Types::default();
    let int = types.put("int", KIND_INT, 0, 4, &[SIGNED | 32]);
    assert_eq!(int, INT);
    let word = types.put("unsigned int", KIND_INT, 0, 4, &[32]);
    let short = types.put("short", KIND_INT, 0, 2, &[SIGNED | 16]);
    let unsigned_short = types.put("unsigned short", KIND_INT, 0, 2, &[16]);
    let byte = types.put("unsigned char", KIND_INT, 0, 1, &[8]);
    let character = types.put("char", KIND_INT, 0, 1, &[SIGNED | 8]);
    let long = types.put("unsigned long long", KIND_INT, 0, 8, &[64]);
    let double = types.put("double", KIND_FLOAT, 0, 8, &[]);
    let constant = types.put("", KIND_CONST, 0, short, &[]);
    let name = types.put("", KIND_ARRAY, 0, 0, &[character, word, 8]);
    let (calm, busy) = (types.text("CALM"), types.text("BUSY"));
    let mood = types.put("mood", KIND_ENUM, 2, 4, &[calm, 0, busy, 2]);
    let pair = types.members("pair", KIND_STRUCT, 4, &[("a", unsigned_short, 0), ("b", unsigned_short, 16)]);
    let pairs = types.put("", KIND_ARRAY, 0, 0, &[pair, word, 2]);
    let pointer = types.put("", KIND_POINTER, 0, 0, &[]);
    let nameless = types.members("", KIND_UNION, 8, &[("all", long, 0)]);
    let function = types.put("", KIND_FUNCTION, 2, int, &[0, int, 0, pointer]);
    let handler = types.put("", KIND_POINTER, 0, function, &[]);
    let bits = |width: u32, first: u32| width << 24 | first;
    let members = [
        ("packets", word, 0),
        ("level", constant, 8 * 4),
        ("grade", byte, 8 * 6),
        ("low", byte, bits(3, 8 * 7)),
        ("high", byte, bits(5, 8 * 7 + 3)),
        ("name", name, 8 * 8),
        ("mood", mood, 8 * 16),
        ("other", mood, 8 * 20),
        ("pairs", pairs, 8 * 24),
        ("where", pointer, 8 * 32),
        ("ratio", double, 8 * 40),
        ("", nameless, 8 * 48),
        ("handler", handler, 8 * 56),
    ];
    let sample = types.members("sample", KIND_STRUCT, VALUE_BYTES, &members);
    (types.finish(), sample)
}

/// A value of `struct sample`.
fn value() -> [u8; VALUE_BYTES as usize] {
    let mut value = [0; VALUE_BYTES as usize];
    let mut put = |at: usize, bytes: &[u8]| value[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &3_000_000_007_u32.to_ne_bytes());
    put(4, &(-321_i16).to_ne_bytes());
    put(6, &[65]);
    // 0b101 in the three bits that stand first, 0b10011 in the others.
    put(7, &[if cfg!(target_endian = "little") { 0b1001_1101 } else { 0b1011_0011 }]);
    put(8, b"tcp\x07k\0??");
    put(16, &2_u32.to_ne_bytes());
    put(20, &7_u32.to_ne_bytes());
    for (index, number) in [11_u16, 22, 33, 44].iter().enumerate() {
        put(24 + index * 2, &number.to_ne_bytes());
    }
    put(32, &0x1234_u64.to_ne_bytes());
    put(40, &(-1.5_f64).to_ne_bytes());
    put(48, &((1_u64 << 40) + 1).to_ne_bytes());
    value
}

/// Loads a program of BPF that does nothing, of a type by its number (`enum bpf_prog_type`), and gives it a name in a file
/// system of BPF.
///
/// # Errors
///
/// If it may not be loaded, or if the name is not in such a file system.
pub fn pin_program(program_type: u32, path: &str) -> io::Result<()> {
    sys::pin_program(program_type, &CString::new(path)?)
}

impl Zoo {
    /// `listener` with a value of 64 bytes in a BPF map for socket storage.
    pub fn tcp_bpf_storage(&self) -> Result<Specimen, Unavailable> {
        make("tcp_bpf_storage", || {
            let (blob, sample) = types();
            let types = sys::btf_load(&blob)?;
            let storage = SocketStorage::<{ VALUE_BYTES as usize }>::create(&types, INT, sample)?;
            let socket = bound(IPPROTO_TCP, (SERVER_V4, 0).into(), |_| Ok(()))?;
            sys::listen(&socket, 7)?;
            storage.store(&socket, &value())?;
            let id = storage.id()?;
            let expected = Expected { bpf_storage: Some((id, VALUE_BYTES)), ..listener(&socket, 7)? };
            Ok(Specimen::default().with(socket, expected).keeping(storage))
        })
    }
}
