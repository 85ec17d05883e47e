//! Numbers as C's printf writes them, which is what scripts for `ss` expect.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`ss` computes with doubles, and its digits are to be met; what is cut is small and positive"
)]

use crate::output::number;

/// A count of microseconds in milliseconds, with six digits as `%g` gives them.
pub(super) fn milliseconds(out: &mut Vec<u8>, microseconds: u64) {
    // Up to six digits nothing is rounded away, and that is nearly all there is.
    if microseconds < 1_000_000 {
        let (whole, part) = (microseconds / 1000, microseconds % 1000);
        number::decimal(out, whole);
        if part != 0 {
            let digits = [b'0' + (part / 100) as u8, b'0' + (part / 10 % 10) as u8, b'0' + (part % 10) as u8];
            let kept = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
            out.push(b'.');
            out.extend_from_slice(&digits[..kept]);
        }
        return;
    }
    general(out, microseconds as f64 / 1000.0, 6);
}

/// A factor in parts of 256, with six digits as `%g` gives them.
pub(super) fn in_256ths(out: &mut Vec<u8>, parts: u64) {
    const DIGITS: u32 = 6;
    let whole = parts / 256;
    if !(1..1000).contains(&whole) {
        general(out, parts as f64 / 256.0, 6);
        return;
    }
    // Exact in whole numbers: as many decimals as six digits leave room for, rounded half to even.
    let decimals = DIGITS - 1 - whole.ilog10();
    let scaled = parts * 10_u64.pow(decimals);
    let (floor, rest) = (scaled / 256, scaled % 256);
    let rounded = floor + u64::from(rest > 128 || (rest == 128 && floor % 2 == 1));
    let unit = 10_u64.pow(decimals);
    number::decimal(out, rounded / unit);
    let part = rounded % unit;
    if part != 0 {
        let digits = format!("{part:0width$}", width = decimals as usize);
        out.push(b'.');
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }
}

/// `%.{digits}g`.
pub(super) fn general(out: &mut Vec<u8>, value: f64, digits: usize) {
    if value == 0.0 {
        out.push(b'0');
        return;
    }
    // Rust rounds the exact decimal value of a double half to even, and so does glibc.
    let scientific = format!("{value:.*e}", digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let precision = i32::try_from(digits).unwrap_or(6);
    if exponent < -4 || exponent >= precision {
        out.extend_from_slice(without_zeros(mantissa).as_bytes());
        out.push(b'e');
        out.push(if exponent < 0 { b'-' } else { b'+' });
        if exponent.abs() < 10 {
            out.push(b'0');
        }
        number::decimal(out, exponent.unsigned_abs().into());
        return;
    }
    let decimals = usize::try_from(precision - 1 - exponent).unwrap_or(0);
    let plain = format!("{value:.decimals$}");
    out.extend_from_slice(without_zeros(&plain).as_bytes());
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Bits a second: with a prefix and three digits, or plain where names are numbers too (`-n`).
pub(super) fn bandwidth(out: &mut Vec<u8>, bits: f64, plain: bool) {
    const UNITS: [(f64, u8); 4] = [(1e12, b'T'), (1e9, b'G'), (1e6, b'M'), (1e3, b'k')];
    if plain {
        // Rounded half to even, as printf does.
        let rounded = bits.round_ties_even();
        if rounded < 1e18 {
            number::decimal(out, rounded as u64);
        } else {
            out.extend_from_slice(format!("{rounded:.0}").as_bytes());
        }
        return;
    }
    match UNITS.into_iter().find(|(unit, _)| bits >= *unit) {
        Some((unit, letter)) => {
            three_digits(out, bits / unit);
            out.push(letter);
        }
        None => general(out, bits, 6),
    }
}

/// `%.3g` of a number from 1 on.
fn three_digits(out: &mut Vec<u8>, value: f64) {
    let (scale, decimals) = match value {
        v if v < 10.0 => (100.0, 2),
        v if v < 100.0 => (10.0, 1),
        _ => (1.0, 0),
    };
    let scaled = value * scale;
    let nearest = scaled.round();
    // Close to the middle between two, only exact arithmetic can tell; at the upper end a digit more is needed.
    let is_clear = (scaled - nearest).abs() < 0.499_999 && nearest < 1000.0 && value < 1000.0;
    if !is_clear {
        general(out, value, 3);
        return;
    }
    let nearest = nearest as u64;
    let (whole, part) = match decimals {
        2 => (nearest / 100, nearest % 100),
        1 => (nearest / 10, nearest % 10 * 10),
        _ => (nearest, 0),
    };
    number::decimal(out, whole);
    if part != 0 {
        out.push(b'.');
        out.push(b'0' + (part / 10) as u8);
        if part % 10 != 0 {
            out.push(b'0' + (part % 10) as u8);
        }
    }
}

/// Tenths of a percent, as `%.1f%%`.
pub(super) fn percent(out: &mut Vec<u8>, part: u64, whole: u64) {
    out.extend_from_slice(format!("{:.1}%", 100.0 * part as f64 / whole as f64).as_bytes());
}

/// The time until a timer fires, in the two largest units that say something: `1min30sec`, `2.700sec`, `200ms`.
pub(super) fn timer(out: &mut Vec<u8>, milliseconds: u32) {
    let (mut minutes, mut seconds, mut rest) = (milliseconds / 60_000, milliseconds / 1000 % 60, milliseconds % 1000);
    if minutes > 0 {
        rest = 0;
        if minutes > 9 {
            seconds = 0;
        }
        number::decimal(out, minutes.into());
        out.extend_from_slice(b"min");
        minutes = 0;
    }
    debug_assert_eq!(minutes, 0);
    if seconds > 0 {
        if seconds > 9 {
            rest = 0;
        }
        number::decimal(out, seconds.into());
        out.extend_from_slice(if rest > 0 { b"." } else { b"sec" });
    }
    if rest > 0 {
        out.extend_from_slice(format!("{rest:03}").as_bytes());
        out.extend_from_slice(if seconds > 0 { b"sec" } else { b"ms" });
    }
}

/// A number in hexadecimal with `0x`, but a plain zero: `%#x`.
pub(super) fn hexadecimal(out: &mut Vec<u8>, number: u64) {
    if number == 0 {
        out.push(b'0');
    } else {
        number::hexadecimal(out, number);
    }
}

/// A count in six places, filled up at the right: `%-6d`.
#[inline]
pub(super) fn six_places(out: &mut Vec<u8>, count: i64) {
    // Most queues are empty.
    if count == 0 {
        out.extend_from_slice(b"0     ");
        return;
    }
    let start = out.len();
    number::signed(out, count);
    let used = out.len() - start;
    if used < 6 {
        out.extend_from_slice(&b"      "[used..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn milliseconds_have_six_digits() {
        for (microseconds, expected) in [
            (0, "0"),
            (37, "0.037"),
            (1500, "1.5"),
            (204_000, "204"),
            (999_999, "999.999"),
            (1_234_567, "1234.57"),
            (120_000_000, "120000"),
            (999_999_500, "1e+06"),
            (4_294_967_295, "4.29497e+06"),
        ] {
            assert_eq!(text(|out| milliseconds(out, microseconds)), expected);
        }
    }

    #[test]
    fn small_numbers_have_no_exponent_before_the_fifth_place() {
        assert_eq!(text(|out| general(out, 0.0001, 6)), "0.0001");
        assert_eq!(text(|out| general(out, 0.000_012_345, 6)), "1.2345e-05");
        assert_eq!(text(|out| general(out, 2.886_718_75, 6)), "2.88672");
    }

    #[test]
    fn bandwidth_has_three_digits_and_a_prefix() {
        for (bits, expected) in [
            (512.0, "512"),
            (999.0, "999"),
            (1000.0, "1k"),
            (1234.0, "1.23k"),
            (12_345.0, "12.3k"),
            (99_950.0, "100k"),
            (999_499.0, "999k"),
            (999_500.0, "1e+03k"),
            (10_400_000.0, "10.4M"),
            (64_250_000_000.0, "64.2G"),
            (1.0e12, "1T"),
            (1.5e15, "1.5e+03T"),
        ] {
            assert_eq!(text(|out| bandwidth(out, bits, false)), expected, "{bits}");
        }
        assert_eq!(text(|out| bandwidth(out, 1_234_567.5, true)), "1234568");
    }

    #[test]
    fn parts_of_256_are_those_of_the_slow_way() {
        for parts in (0..300_000_u32).step_by(7).chain([739, 255_999, 256_000]) {
            let slow = text(|out| general(out, f64::from(parts) / 256.0, 6));
            assert_eq!(text(|out| in_256ths(out, parts.into())), slow, "{parts}");
        }
    }

    #[test]
    fn three_digits_are_those_of_the_slow_way() {
        let mut value = 1.0;
        while value < 1000.0 {
            assert_eq!(text(|out| three_digits(out, value)), text(|out| general(out, value, 3)), "{value}");
            value += 0.003_7;
        }
        for hundredths in 100..100_000_u32 {
            let value = f64::from(hundredths) / 100.0 + 0.005;
            assert_eq!(text(|out| three_digits(out, value)), text(|out| general(out, value, 3)), "{value}");
        }
    }

    #[test]
    fn timers_drop_what_is_too_fine() {
        for (milliseconds, expected) in [
            (0, ""),
            (7, "007ms"),
            (200, "200ms"),
            (2_700, "2.700sec"),
            (9_000, "9sec"),
            (12_345, "12sec"),
            (90_500, "1min30sec"),
            (60_000, "1min"),
            (659_000, "10min"),
            (7_200_000, "120min"),
        ] {
            assert_eq!(text(|out| timer(out, milliseconds)), expected);
        }
    }
}
