//! Numbers as text.

/// Appends a decimal number.
#[inline]
pub(crate) fn decimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a decimal number that may be negative.
pub(crate) fn signed(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a hexadecimal number with its `0x`.
pub(crate) fn hexadecimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(b"0x");
    hex_digits(out, number);
}

/// Appends a hexadecimal number without leading zeros.
pub(crate) fn hex_digits(out: &mut Vec<u8>, number: u64) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
    out.extend((0..digits).rev().map(|place| DIGITS[(number >> (place * 4) & 0xf) as usize]));
}

/// Appends an address. IPv4 is on the hot path of every listing.
#[inline]
pub(crate) fn address(out: &mut Vec<u8>, address: std::net::IpAddr) {
    match address {
        std::net::IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            octet(out, a);
            out.push(b'.');
            octet(out, b);
            out.push(b'.');
            octet(out, c);
            out.push(b'.');
            octet(out, d);
        }
        std::net::IpAddr::V6(address) => {
            use std::io::Write;
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{address}");
        }
    }
}

#[inline]
fn octet(out: &mut Vec<u8>, octet: u8) {
    if octet >= 100 {
        out.push(b'0' + octet / 100);
    }
    if octet >= 10 {
        out.push(b'0' + octet / 10 % 10);
    }
    out.push(b'0' + octet % 10);
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
    fn addresses_are_as_the_standard_library_writes_them() {
        for sample in ["0.0.0.0", "9.10.99.100", "255.1.200.7", "::", "::1", "2001:db8::ff:0", "::ffff:192.0.2.1"] {
            assert_eq!(text(|out| address(out, sample.parse().unwrap())), sample);
        }
    }

    #[test]
    fn hexadecimal_has_no_leading_zeros() {
        assert_eq!(text(|out| hexadecimal(out, 0)), "0x0");
        assert_eq!(text(|out| hexadecimal(out, 0x0bad_cafe)), "0xbadcafe");
        assert_eq!(text(|out| hexadecimal(out, u64::MAX)), "0xffffffffffffffff");
    }
}
