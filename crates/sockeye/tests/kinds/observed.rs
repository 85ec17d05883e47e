//! One row of a listing, and everything in it that is not as it must be.

use serde_json::Value;

/// A row under comparison. Places are JSON pointers (RFC 6901): `/skmem/drops`.
pub(crate) struct Observed<'r> {
    row: &'r Value,
    mistakes: Vec<String>,
}

impl<'r> Observed<'r> {
    pub(crate) fn new(row: &'r Value) -> Self {
        Self { row, mistakes: Vec::new() }
    }

    /// What was found wrong.
    pub(crate) fn mistakes(self) -> Vec<String> {
        self.mistakes
    }

    pub(crate) fn value(&self, place: &str) -> Option<&'r Value> {
        self.row.pointer(place)
    }

    pub(crate) fn list(&self, place: &str) -> &'r [Value] {
        self.value(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn mistake(&mut self, place: &str, expected: &str) {
        let found = self.value(place).map_or_else(|| "nothing".to_owned(), Value::to_string);
        self.mistakes.push(format!("{place} is {found}, not {expected}"));
    }

    pub(crate) fn equal(&mut self, place: &str, expected: impl Into<Value>) {
        let expected = expected.into();
        if self.value(place) != Some(&expected) {
            self.mistake(place, &expected.to_string());
        }
    }

    /// An identifier that is written in hexadecimal.
    pub(crate) fn hexadecimal(&mut self, place: &str, expected: u64) {
        self.equal(place, format!("{expected:#x}"));
    }

    pub(crate) fn absent(&mut self, place: &str) {
        if self.value(place).is_some() {
            self.mistake(place, "absent");
        }
    }

    pub(crate) fn at_least(&mut self, place: &str, expected: u64) {
        if self.value(place).and_then(Value::as_u64).is_none_or(|number| number < expected) {
            self.mistake(place, &format!("at least {expected}"));
        }
    }

    pub(crate) fn within(&mut self, place: &str, expected: std::ops::RangeInclusive<u64>) {
        if self.value(place).and_then(Value::as_u64).is_none_or(|number| !expected.contains(&number)) {
            self.mistake(place, &format!("within {expected:?}"));
        }
    }

    /// Bytes that somebody chose: read back exactly, whatever they are.
    pub(crate) fn bytes(&mut self, place: &str, expected: &[u8]) {
        if self.value(place).is_none() || lossless(self.row, place).as_deref() != Some(expected) {
            self.mistake(place, &format!("losslessly {:?}", expected.escape_ascii().to_string()));
        }
    }

    /// These words and no others, for a set of bits.
    pub(crate) fn bits(&mut self, place: &str, bits: u32, names: &[(u32, &str)]) {
        self.equal(place, words(bits, names));
    }

    /// At least these words, for a set of bits.
    pub(crate) fn bits_among(&mut self, place: &str, bits: u32, names: &[(u32, &str)]) {
        let found = self.list(place);
        if words(bits, names).iter().any(|word| !found.contains(word)) {
            self.mistake(place, &format!("with {:?}", words(bits, names)));
        }
    }

    /// The same values in whatever order.
    pub(crate) fn same_set(&mut self, place: &str, mut expected: Vec<Value>) {
        let mut found = self.list(place).to_vec();
        let order = |value: &Value| value.to_string();
        found.sort_by_key(order);
        expected.sort_by_key(order);
        if self.value(place).is_none() || found != expected {
            self.mistake(place, &Value::from(expected).to_string());
        }
    }
}

/// The words for the bits that are set.
///
/// # Panics
///
/// If a bit has no name here: it would not be compared.
fn words(bits: u32, names: &[(u32, &str)]) -> Vec<Value> {
    let known = names.iter().fold(0, |known, (bit, _)| known | bit);
    assert_eq!(bits & !known, 0, "bits without names");
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| Value::from(*name)).collect()
}

/// The bytes of a string: those of its `_hex` companion where it has one, which it has when it is not UTF-8.
pub(crate) fn lossless(row: &Value, place: &str) -> Option<Vec<u8>> {
    match row.pointer(&format!("{place}_hex")).and_then(Value::as_str) {
        Some(digits) => {
            let bytes = digits.as_bytes().as_chunks::<2>().0.iter();
            bytes.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
        }
        None => row.pointer(place)?.as_str().map(|text| text.as_bytes().to_vec()),
    }
}
