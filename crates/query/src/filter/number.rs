//! Numbers with units, exact to the last nanosecond: a literal becomes a fraction in its field's own unit, and only
//! the comparison decides on which side of the fraction the whole numbers lie.

use sockeye_wire::Meaning;

/// An exact number in the unit of its field. The denominator is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    pub(super) const fn whole(number: i128) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// The greatest whole number that is not above.
    pub(super) const fn floor(self) -> i128 {
        self.numerator.div_euclid(self.denominator)
    }

    /// The smallest whole number that is not below.
    pub(super) const fn ceil(self) -> i128 {
        // The numerator is far from the type's end (see `scale`), so this does not overflow.
        -(-self.numerator).div_euclid(self.denominator)
    }

    pub(super) const fn is_whole(self) -> bool {
        self.numerator.rem_euclid(self.denominator) == 0
    }
}

/// Why a text is not a number of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError<'t> {
    /// It does not begin with digits.
    NotANumber,
    /// What follows the digits is no unit of this field.
    UnknownUnit(&'t str),
    /// Hexadecimal digits without `0x`.
    HexadecimalWithoutPrefix,
    /// Beyond every field's range.
    TooLarge,
}

/// Digits a literal may have: `u64` in nanoseconds needs 29.
const DIGITS_MAX: usize = 30;

/// Reads a number as a field of that meaning takes it.
pub(super) fn read(text: &str, meaning: Meaning) -> Result<Exact, NumberError<'_>> {
    if meaning == Meaning::Handle {
        return handle(text);
    }
    let (sign, unsigned) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        return hexadecimal(digits).map(|number| Exact::whole(sign * number));
    }
    let whole_len = digits_len(unsigned);
    if whole_len == 0 {
        return Err(if looks_hexadecimal(text, meaning) {
            NumberError::HexadecimalWithoutPrefix
        } else {
            NumberError::NotANumber
        });
    }
    let (whole, rest) = unsigned.split_at(whole_len);
    let (fraction, unit) = match rest.strip_prefix('.') {
        Some(tail) => match digits_len(tail) {
            0 => return Err(NumberError::NotANumber),
            len => tail.split_at(len),
        },
        None => ("", rest),
    };
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(NumberError::TooLarge);
    }
    let Some((factor, divisor)) = unit_factor(meaning, unit) else {
        let hexadecimal = looks_hexadecimal(text, meaning);
        return Err(if hexadecimal { NumberError::HexadecimalWithoutPrefix } else { NumberError::UnknownUnit(unit) });
    };
    let digits = whole.bytes().chain(fraction.bytes());
    let mantissa = digits.fold(0i128, |number, digit| number * 10 + i128::from(digit - b'0'));
    let denominator = (0..fraction.len()).try_fold(divisor, |number, _| number.checked_mul(10));
    match (mantissa.checked_mul(sign * factor), denominator) {
        (Some(numerator), Some(denominator)) => Ok(Exact { numerator, denominator }),
        _ => Err(NumberError::TooLarge),
    }
}

/// The unit at the end of a number, empty where there is none.
pub(super) fn unit_of(text: &str) -> &str {
    text.trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'))
}

/// The units that a field of that meaning takes, for messages; `None` where it takes plain numbers only.
pub(super) const fn units(meaning: Meaning) -> Option<&'static str> {
    match meaning {
        Meaning::Nanoseconds
        | Meaning::Microseconds
        | Meaning::Milliseconds
        | Meaning::Centiseconds
        | Meaning::Seconds => Some("ns, us, ms, s, min, h or d"),
        Meaning::Bytes => Some("B, kB, MB, GB (thousands) or KiB, MiB, GiB (1024), K, M, G for the latter"),
        Meaning::BytesPerSecond => Some("bit/s, kbit/s, Mbit/s, Gbit/s or B/s, kB/s, MB/s, KiB/s, MiB/s"),
        Meaning::Count => Some("k, M or G (thousands)"),
        _ => None,
    }
}

/// Whether the text is a unit of anything.
pub(super) fn is_unit(text: &str) -> bool {
    nanoseconds(text).is_some() || bytes(text).is_some() || rate(text).is_some()
}

fn digits_len(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn hexadecimal(digits: &str) -> Result<i128, NumberError<'_>> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(NumberError::NotANumber);
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(digits, 16).map(i128::from).map_err(|_| NumberError::TooLarge)
}

/// `1:10` as `tc` writes it, in hexadecimal; `root`, `ingress`, or the plain number.
fn handle(text: &str) -> Result<Exact, NumberError<'_>> {
    let part = |text: &str| match text {
        "" => Some(0),
        digits => u16::from_str_radix(digits, 16).ok().map(u32::from),
    };
    let number = match text {
        "root" => u32::MAX,
        "ingress" => 0xffff_fff1,
        _ => match text.split_once(':') {
            Some((major, minor)) => {
                let (major, minor) = part(major).zip(part(minor)).ok_or(NumberError::NotANumber)?;
                major << 16 | minor
            }
            None => return read(text, Meaning::Identifier),
        },
    };
    Ok(Exact::whole(number.into()))
}

fn looks_hexadecimal(text: &str, meaning: Meaning) -> bool {
    meaning == Meaning::Hexadecimal && !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// What one of the unit is in the field's unit, as a fraction.
fn unit_factor(meaning: Meaning, unit: &str) -> Option<(i128, i128)> {
    if unit.is_empty() {
        return Some((1, 1));
    }
    match meaning {
        Meaning::Nanoseconds => Some((nanoseconds(unit)?, 1)),
        Meaning::Microseconds => Some((nanoseconds(unit)?, 1_000)),
        Meaning::Milliseconds => Some((nanoseconds(unit)?, 1_000_000)),
        Meaning::Centiseconds => Some((nanoseconds(unit)?, 10_000_000)),
        Meaning::Seconds => Some((nanoseconds(unit)?, 1_000_000_000)),
        Meaning::Bytes => Some((bytes(unit)?, 1)),
        Meaning::BytesPerSecond => rate(unit),
        Meaning::Count => match unit {
            "k" | "K" => Some((1_000, 1)),
            "M" => Some((1_000_000, 1)),
            "G" => Some((1_000_000_000, 1)),
            _ => None,
        },
        _ => None,
    }
}

fn nanoseconds(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter look alike and are both on keyboards.
        "us" | "\u{b5}s" | "\u{3bc}s" | "usec" => 1_000,
        "ms" | "msec" => 1_000_000,
        "s" | "sec" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

/// `kB` is 1000 and `KiB` 1024 as everywhere; a bare `K` is 1024, as people who size queues and buffers mean it.
/// `kb` and `Mb` are refused: a small b is a bit.
fn bytes(unit: &str) -> Option<i128> {
    Some(match unit {
        "B" => 1,
        "k" | "K" | "KiB" | "kiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    })
}

/// Bits in thousands as `ss` prints and `tc` takes them, or bytes with `/s` behind.
fn rate(unit: &str) -> Option<(i128, i128)> {
    let bits = match unit {
        "bit/s" | "bit" | "bps" => 1,
        "kbit/s" | "kbit" | "kbps" | "Kbit/s" | "Kbit" | "Kbps" => 1_000,
        "Mbit/s" | "Mbit" | "Mbps" | "mbit" => 1_000_000,
        "Gbit/s" | "Gbit" | "Gbps" | "gbit" => 1_000_000_000,
        "Tbit/s" | "Tbit" | "Tbps" | "tbit" => 1_000_000_000_000,
        // Without the small b or the B there is no telling bits from bytes.
        _ => return unit.strip_suffix("/s").filter(|size| size.ends_with('B')).and_then(bytes).map(|bytes| (bytes, 1)),
    };
    Some((bits, 8))
}

#[cfg(test)]
mod tests {
    use sockeye_wire::Meaning;

    use super::{Exact, NumberError, read};

    fn edges(text: &str, meaning: Meaning) -> (i128, i128) {
        let exact = read(text, meaning).unwrap();
        (exact.floor(), exact.ceil())
    }

    #[test]
    fn units_become_the_unit_of_the_field() {
        use Meaning::{Bytes, BytesPerSecond, Count, Microseconds, Milliseconds, Seconds};
        for (text, meaning, number) in [
            ("100ms", Microseconds, 100_000),
            ("1.5ms", Microseconds, 1_500),
            ("2m", Seconds, 120),
            ("1d", Milliseconds, 86_400_000),
            ("7", Milliseconds, 7),
            ("3µs", Microseconds, 3),
            ("1MiB", Bytes, 1 << 20),
            ("1K", Bytes, 1024),
            ("1kB", Bytes, 1000),
            ("0.5GiB", Bytes, 1 << 29),
            ("80Mbit/s", BytesPerSecond, 10_000_000),
            ("8bps", BytesPerSecond, 1),
            ("1MB/s", BytesPerSecond, 1_000_000),
            ("1KiB/s", BytesPerSecond, 1024),
            ("2k", Count, 2000),
            ("0x10", Count, 16),
            ("-4", Count, -4),
        ] {
            assert_eq!(edges(text, meaning), (number, number), "{text}");
        }
    }

    #[test]
    fn what_lies_between_two_whole_numbers_has_two_neighbours() {
        assert_eq!(edges("0.5us", Meaning::Microseconds), (0, 1));
        assert_eq!(edges("1500ns", Meaning::Microseconds), (1, 2));
        assert_eq!(edges("-0.5", Meaning::Count), (-1, 0));
        assert_eq!(edges("1bit/s", Meaning::BytesPerSecond), (0, 1));
        assert!(!read("1ns", Meaning::Seconds).unwrap().is_whole());
        assert!(Exact::whole(3).is_whole());
    }

    #[test]
    fn what_is_no_number_says_why() {
        use NumberError::{HexadecimalWithoutPrefix, NotANumber, TooLarge, UnknownUnit};
        for (text, meaning, error) in [
            ("", Meaning::Count, NotANumber),
            ("-", Meaning::Count, NotANumber),
            ("0x", Meaning::Count, NotANumber),
            ("0x1g", Meaning::Count, NotANumber),
            ("1.", Meaning::Count, NotANumber),
            ("1Mb", Meaning::Bytes, UnknownUnit("Mb")),
            ("1MB", Meaning::Microseconds, UnknownUnit("MB")),
            ("1M/s", Meaning::BytesPerSecond, UnknownUnit("M/s")),
            ("12ab", Meaning::Hexadecimal, HexadecimalWithoutPrefix),
            ("ab", Meaning::Hexadecimal, HexadecimalWithoutPrefix),
            ("0x10000000000000000", Meaning::Count, TooLarge),
            ("99999999999999999999999999999999999999999", Meaning::Count, TooLarge),
            ("999999999999999999999999999999d", Meaning::Seconds, TooLarge),
        ] {
            assert_eq!(read(text, meaning), Err(error), "{text}");
        }
    }
}
