//! Keys that must not be kept: those of TCP MD5 signatures (RFC 2385), which `inet_diag` gives to whoever has
//! `CAP_NET_ADMIN` (net/ipv4/tcp_diag.c, `tcp_diag_md5sig_fill`).

use sockeye_wire::{Attributes, Kind, Messages, WireError};

/// `AF_INET` and `AF_INET6`, the first byte of an `inet_diag_msg`.
const INET_FAMILIES: [u8; 2] = [2, 10];
/// Bytes of `struct inet_diag_msg`.
const INET_DIAG_MSG_LEN: usize = 72;
/// `INET_DIAG_MD5SIG`: `struct tcp_diag_md5sig` again and again.
const INET_DIAG_MD5SIG: u16 = 18;
/// Bytes of `struct tcp_diag_md5sig`.
const SIGNATURE_LEN: usize = 100;
/// Where `tcpm_key` begins in it; the key is the rest.
const KEY_AT: usize = 20;

/// Puts zeroes in the place of every key in a `sock_diag` datagram. Lengths and all else stay.
///
/// What cannot be read as attributes is where a key could hide: in a message about an internet socket that is cut or
/// malformed, everything behind the defect becomes zero. Readers stop there anyway.
pub fn redact_keys(datagram: &mut [u8]) {
    for (at, length) in secret_ranges(datagram) {
        datagram[at..at + length].fill(0);
    }
}

/// Where keys are, or may be: offset and length.
fn secret_ranges(datagram: &[u8]) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let offset = |part: &[u8]| part.as_ptr().addr() - datagram.as_ptr().addr();
    for message in Messages::new(datagram) {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                let rest = datagram.get(place(error) + sockeye_wire::message::HEADER_LEN..).unwrap_or_default();
                ranges.extend(attributes_of_inet(rest).map(|attributes| (offset(attributes), attributes.len())));
                break;
            }
        };
        let attributes = attributes_of_inet(message.payload());
        let Some(attributes) = attributes.filter(|_| matches!(message.kind(), Kind::Data(_))) else {
            continue;
        };
        for attribute in Attributes::new(attributes) {
            match attribute {
                Ok(attribute) if attribute.number == INET_DIAG_MD5SIG => {
                    for signature in attribute.payload.chunks(SIGNATURE_LEN) {
                        let key = signature.get(KEY_AT..).unwrap_or_default();
                        ranges.push((offset(signature) + KEY_AT.min(signature.len()), key.len()));
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    let at = (place(error) + sockeye_wire::attribute::HEADER_LEN).min(attributes.len());
                    ranges.push((offset(attributes) + at, attributes.len() - at));
                }
            }
        }
    }
    ranges
}

/// What follows the fixed structure, where that is of an internet socket.
fn attributes_of_inet(payload: &[u8]) -> Option<&[u8]> {
    payload.first().filter(|family| INET_FAMILIES.contains(family))?;
    payload.get(INET_DIAG_MSG_LEN..)
}

/// Where a length went wrong.
fn place(error: WireError) -> usize {
    match error {
        WireError::Truncated { at, .. } | WireError::BadLength { at, .. } => at,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sockeye_wire::Request;

    /// A byte that is nowhere else in these messages.
    const SECRET: u8 = 0xee;

    /// One signature: family, prefix, length of the key, address, key.
    fn signature() -> Vec<u8> {
        [&[2, 32, 80, 0][..], &[127; 16], &[SECRET; 80]].concat()
    }

    fn about_a_socket(family: u8, number: u16, payload: &[u8]) -> Vec<u8> {
        let body = [&[family, 10][..], &[1; 70]].concat();
        let message = Request::new(20, 0).body(&body).attribute(15, &[7; 4]).attribute(number, payload);
        message.attribute(21, &[9; 8]).as_bytes().to_vec()
    }

    fn has_secrets(bytes: &[u8]) -> bool {
        bytes.contains(&SECRET)
    }

    #[test]
    fn every_key_of_every_message_goes_and_nothing_else() {
        for family in INET_FAMILIES {
            let message = about_a_socket(family, INET_DIAG_MD5SIG, &[signature(), signature()].concat());
            let original = [message.clone(), message].concat();
            let mut datagram = original.clone();
            redact_keys(&mut datagram);
            let expected: Vec<u8> = original.iter().map(|&byte| if byte == SECRET { 0 } else { byte }).collect();
            assert_eq!(datagram, expected);
        }
    }

    #[test]
    fn other_attributes_and_other_families_stay_as_they_are() {
        for (family, number) in [(2, 17), (1, INET_DIAG_MD5SIG), (16, INET_DIAG_MD5SIG)] {
            let original = about_a_socket(family, number, &signature());
            let mut datagram = original.clone();
            redact_keys(&mut datagram);
            assert_eq!(datagram, original);
        }
    }

    #[test]
    fn a_cut_datagram_keeps_no_part_of_a_key() {
        let message = about_a_socket(10, INET_DIAG_MD5SIG, &signature());
        let whole = [message.clone(), message].concat();
        for length in 0..whole.len() {
            let mut datagram = whole[..length].to_vec();
            redact_keys(&mut datagram);
            assert!(!has_secrets(&datagram), "cut at {length}");
        }
    }

    #[test]
    fn a_wrong_attribute_length_hides_no_key() {
        let at = 16 + 72 + 8;
        let message = about_a_socket(2, INET_DIAG_MD5SIG, &signature());
        for length in [0u16, 3, 500, u16::MAX] {
            let mut datagram = message.clone();
            datagram[at..at + 2].copy_from_slice(&length.to_ne_bytes());
            redact_keys(&mut datagram);
            assert!(!has_secrets(&datagram), "length {length}");
        }
    }

    #[test]
    fn a_key_of_an_incomplete_signature_goes() {
        for length in KEY_AT..SIGNATURE_LEN {
            let mut datagram = about_a_socket(2, INET_DIAG_MD5SIG, &signature()[..length]);
            redact_keys(&mut datagram);
            assert!(!has_secrets(&datagram), "{length} bytes");
        }
    }
}
