//! Runs of numbers out of one structure: the bulk of a row with everything in it.
//!
//! A row of `--view everything` has more than a hundred numbers. What it costs to write them decides whether the listing keeps up
//! with the kernel, so the structure is looked up once a run, each key is copied as one block of fixed size, and the
//! output is asked for room once.

use sockeye_query::sockets::{NumberReader, SocketRow};
use sockeye_wire::{Meaning, Name};

use super::{number, value};

/// Bytes of the longest key with its comma, quotes and colon; a longer one is written without the short cut.
const KEY_LEN: usize = 48;
/// Bytes of the longest value that is written into the line: a decimal number has 20, most names of the kernel fewer.
const VALUE_LEN: usize = 32;
/// Numbers that are written before the output is asked for room.
const STEPS: usize = 32;
/// Bytes of a line. A key is copied as a whole block, also the last one.
const LINE_LEN: usize = STEPS * (KEY_LEN + VALUE_LEN) + KEY_LEN;

/// Numbers of one structure, written one behind the other.
pub(crate) struct Run {
    steps: Vec<Step>,
}

struct Step {
    key: [u8; KEY_LEN],
    key_len: usize,
    reader: NumberReader,
    form: Form,
}

/// How a number is written.
#[derive(Clone, Copy)]
enum Form {
    Decimal,
    Signed,
    Truth,
    Hexadecimal,
    OneOf(&'static [Name]),
    SetOf(&'static [Name]),
}

impl Form {
    fn of(reader: &NumberReader) -> Self {
        match reader.meaning {
            Meaning::Truth => Self::Truth,
            // Wider than the numbers of most JSON readers.
            Meaning::Hexadecimal if reader.is_wide() => Self::Hexadecimal,
            Meaning::OneOf(names) => Self::OneOf(names),
            Meaning::SetOf(names) => Self::SetOf(names),
            _ if reader.is_signed() => Self::Signed,
            _ => Self::Decimal,
        }
    }
}

impl Run {
    /// A run that begins with this number; `None` where its key is too long for a run.
    pub(crate) fn new(key: &[u8], reader: NumberReader) -> Option<Self> {
        let mut run = Self { steps: Vec::new() };
        run.push(key, reader).then_some(run)
    }

    /// Adds a number of the same structure. `false`: it does not belong into this run.
    pub(crate) fn push(&mut self, key: &[u8], reader: NumberReader) -> bool {
        let fits = key.len() <= KEY_LEN && self.steps.first().is_none_or(|first| first.reader.is_beside(&reader));
        if fits {
            let mut padded = [0; KEY_LEN];
            padded[..key.len()].copy_from_slice(key);
            self.steps.push(Step { key: padded, key_len: key.len(), reader, form: Form::of(&reader) });
        }
        fits
    }

    /// Appends the numbers that are there. `line` is room to work in; what is in it says nothing.
    pub(crate) fn write(&self, out: &mut Vec<u8>, line: &mut Line, row: &SocketRow<'_>) {
        let Some(bytes) = self.steps.first().and_then(|first| first.reader.bytes(row)) else { return };
        let line = &mut line.0;
        for steps in self.steps.chunks(STEPS) {
            let mut at = 0;
            for step in steps {
                let Some(read) = step.reader.read_in(bytes) else { continue };
                // `at` grows by a key and a value at most for each step, so there is always room.
                line[at..at + KEY_LEN].copy_from_slice(&step.key);
                at += step.key_len;
                match step.form {
                    Form::Decimal if read < 10 => at += put(line, at, DIGITS[(read % 10) as usize]),
                    Form::Decimal => at += put(line, at, itoa::Buffer::new().format(read).as_bytes()),
                    Form::Truth => at += put(line, at, if read == 0 { b"false" } else { b"true" }),
                    Form::OneOf(names)
                        if let Some(name) =
                            names.iter().find(|name| name.value == read && name.name.len() + 2 <= VALUE_LEN) =>
                    {
                        line[at] = b'"';
                        at += 1 + put(line, at + 1, name.name.as_bytes());
                        line[at] = b'"';
                        at += 1;
                    }
                    form => {
                        out.extend_from_slice(&line[..at]);
                        at = 0;
                        write_form(out, form, read);
                    }
                }
            }
            out.extend_from_slice(&line[..at]);
        }
    }
}

const DIGITS: [&[u8; 1]; 10] = [b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"];

/// Room for the numbers of [`STEPS`] steps; kept by the caller, since clearing it would cost as much as filling it.
pub(crate) struct Line(Box<[u8; LINE_LEN]>);

impl Default for Line {
    fn default() -> Self {
        Self(Box::new([0; LINE_LEN]))
    }
}

/// Copies a short text into the line and says how long it is.
#[inline]
fn put(line: &mut [u8; LINE_LEN], at: usize, text: &[u8]) -> usize {
    line[at..at + text.len()].copy_from_slice(text);
    text.len()
}

fn write_form(out: &mut Vec<u8>, form: Form, read: u64) {
    match form {
        Form::Decimal => number::decimal(out, read),
        Form::Signed => number::signed(out, read.cast_signed()),
        Form::Truth => out.extend_from_slice(if read == 0 { b"false" } else { b"true" }),
        Form::Hexadecimal => {
            out.push(b'"');
            number::hexadecimal(out, read);
            out.push(b'"');
        }
        Form::OneOf(names) => match names.iter().find(|name| name.value == read) {
            Some(name) => {
                out.push(b'"');
                out.extend_from_slice(name.name.as_bytes());
                out.push(b'"');
            }
            None => number::decimal(out, read),
        },
        Form::SetOf(names) => value::set(out, read, names),
    }
}
