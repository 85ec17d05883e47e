//! A value written as C would initialize it, by its type.

mod cast;
mod scalar;

use super::{ARRAY, Btf, ENUM, ENUM64, FLOAT, INT, PTR, STEPS_MAX, STRUCT, TYPE_BYTES, Type, UNION, header::word};

/// Values within each other. The kernel takes no deeper types (kernel/bpf/btf.c, `MAX_RESOLVE_DEPTH`).
const DEPTH_MAX: usize = 32;

/// Values that one call writes at most: members of unions lie above each other, so bytes are no limit.
const VALUES_MAX: u32 = 1 << 17;

/// Bytes that one call writes at most: with each value come the names of its member and of its type.
const WRITTEN_BYTES_MAX: usize = 1 << 20;

/// Letters of a name. The kernel takes no longer ones (kernel/bpf/btf.c `__btf_name_valid`, `KSYM_NAME_LEN`).
const NAME_LETTERS_MAX: usize = 512;

/// How a value is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All of it in one line.
    Compact,
    /// Each member on a line of its own, behind so many tabs and one more for each level.
    Indented(usize),
}

/// Why a value was not written to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unwritten {
    /// The value ends before its type does.
    Cut,
    /// A type without values, of this kind: a function, a structure that is only declared.
    Unsupported(u32),
    /// The types contradict themselves.
    Malformed,
}

impl Unwritten {
    /// What libbpf returns for it (src/btf_dump.c): a negative error number.
    pub fn errno(self) -> i32 {
        match self {
            Self::Cut => -libc::E2BIG,
            Self::Unsupported(_) => -libc::ENOTSUP,
            Self::Malformed => -libc::EINVAL,
        }
    }
}

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cut => f.write_str("the value is shorter than its type"),
            Self::Unsupported(kind) => write!(f, "a type of kind {kind} has no values"),
            Self::Malformed => f.write_str("the types contradict themselves"),
        }
    }
}

impl std::error::Error for Unwritten {}

impl Btf {
    /// Appends a value of the type with this number, as C would initialize it: `(struct counters){.packets = (unsigned int)7,}`.
    ///
    /// # Errors
    ///
    /// A value that is shorter than its type, or a type that has no values; what could be written was.
    pub fn write_value(&self, out: &mut Vec<u8>, number: u32, value: &[u8], layout: Layout) -> Result<(), Unwritten> {
        let end = out.len().saturating_add(WRITTEN_BYTES_MAX);
        let mut writer =
            Writer { types: self, value, out, end, layout, depth: 0, of_array: false, text: None, values: VALUES_MAX };
        writer.value("", number, Bits { start: 0, width: 0 })
    }

    /// A name for people to read: whoever makes a map may name things as he likes.
    fn printable(&self, at: u32) -> Option<String> {
        let text = self.text(at)?;
        let letters = text.chars().take(NAME_LETTERS_MAX);
        Some(letters.map(|letter| if letter.is_control() { '?' } else { letter }).collect())
    }
}

/// Where a value is.
#[derive(Clone, Copy)]
struct Bits {
    /// Its first bit, from the beginning of the outermost value.
    start: usize,
    /// How many, where it is a field of bits; 0: as many as its type has.
    width: u32,
}

struct Writer<'w> {
    types: &'w Btf,
    value: &'w [u8],
    out: &'w mut Vec<u8>,
    /// Where the text ends at the latest, but for what one value takes.
    end: usize,
    layout: Layout,
    depth: usize,
    /// Within an array types are not repeated for each element.
    of_array: bool,
    /// Within an array of characters: whether its text has ended.
    text: Option<bool>,
    values: u32,
}

impl Writer<'_> {
    fn value(&mut self, name: &str, number: u32, bits: Bits) -> Result<(), Unwritten> {
        self.spend(1)?;
        let found = self.types.resolve(number).ok_or(Unwritten::Malformed)?;
        if matches!(found.kind, INT | FLOAT | PTR | ENUM | ENUM64) {
            let size = self.types.size(number).ok_or(Unwritten::Malformed)?;
            let end = if bits.width == 0 {
                bits.start / 8 + size as usize
            } else {
                (bits.start + bits.width as usize).div_ceil(8)
            };
            if end > self.value.len() {
                return Err(Unwritten::Cut);
            }
        }
        self.indent();
        if !name.is_empty() {
            self.put(&[b".", name.as_bytes(), b" = "]);
        }
        if !self.of_array {
            let cast = cast::name(self.types, number).ok_or(Unwritten::Malformed)?;
            self.put(&[b"(", cast.as_bytes(), b")"]);
        }
        match found.kind {
            INT | FLOAT | PTR | ENUM | ENUM64 => self.scalar(&found, bits),
            ARRAY => self.array(&found, bits.start),
            STRUCT | UNION => self.structure(&found, bits.start),
            kind => {
                self.put(&[format!("<unsupported kind:{kind}>").as_bytes()]);
                Err(Unwritten::Unsupported(kind))
            }
        }
    }

    /// Takes from what may be written still.
    fn spend(&mut self, values: usize) -> Result<(), Unwritten> {
        let left = u32::try_from(values).ok().and_then(|values| self.values.checked_sub(values));
        self.values = left.filter(|_| self.out.len() < self.end).ok_or(Unwritten::Malformed)?;
        Ok(())
    }

    fn structure(&mut self, found: &Type, start: usize) -> Result<(), Unwritten> {
        self.begin(b"{")?;
        let all = self.types.bytes.all();
        for index in 0..found.length {
            let at = found.at + TYPE_BYTES + index * 12;
            let member = (|| Some((word(all, at)?, word(all, at + 4)?, word(all, at + 8)?)))();
            let (name, number, offset) = member.ok_or(Unwritten::Malformed)?;
            let (offset, width) = if found.flag { (offset & 0x00ff_ffff, offset >> 24) } else { (offset, 0) };
            let name = self.types.printable(name).unwrap_or_default();
            self.value(&name, number, Bits { start: start + offset as usize, width })?;
        }
        self.end(b"}");
        Ok(())
    }

    fn array(&mut self, found: &Type, start: usize) -> Result<(), Unwritten> {
        let all = self.types.bytes.all();
        let field = |index: usize| word(all, found.at + TYPE_BYTES + index * 4).ok_or(Unwritten::Malformed);
        let (element, many) = (field(0)?, field(2)?);
        let size = self.types.size(element).filter(|&size| size > 0).ok_or(Unwritten::Malformed)?;
        let of_characters = size == 1 && self.types.resolve(element).is_some_and(|found| found.kind == INT);
        self.begin(b"[")?;
        let outside = (self.of_array, self.text);
        (self.of_array, self.text) = (true, of_characters.then_some(false));
        for index in 0..many as usize {
            self.value("", element, Bits { start: start + index * size as usize * 8, width: 0 })?;
            if self.text == Some(true) {
                break;
            }
        }
        (self.of_array, self.text) = outside;
        self.end(b"]");
        Ok(())
    }

    fn begin(&mut self, bracket: &[u8]) -> Result<(), Unwritten> {
        if self.depth == DEPTH_MAX {
            return Err(Unwritten::Malformed);
        }
        self.depth += 1;
        self.put(&[bracket]);
        self.new_line();
        Ok(())
    }

    fn end(&mut self, bracket: &[u8]) {
        self.depth -= 1;
        self.indent();
        self.finish(bracket);
    }

    /// The last piece of a value, and what separates it from the next one.
    fn finish(&mut self, text: &[u8]) {
        self.put(&[text]);
        if self.depth > 0 {
            self.put(&[b","]);
        }
        self.new_line();
    }

    fn indent(&mut self) {
        if let Layout::Indented(tabs) = self.layout {
            self.out.resize(self.out.len() + tabs + self.depth, b'\t');
        }
    }

    fn new_line(&mut self) {
        if self.depth > 0 && self.layout != Layout::Compact {
            self.put(&[b"\n"]);
        }
    }

    fn put(&mut self, pieces: &[&[u8]]) {
        for piece in pieces {
            self.out.extend_from_slice(piece);
        }
    }
}
