//! Keys of TCP MD5 signatures.

use sockeye_wire::sock_diag::md5::Md5Signatures;

use super::Printer;
use crate::output::number;

impl Printer<'_> {
    /// ` md5keys:ADDRESS/LEN=KEY,…`. The keys are secrets, and the kernel tells them only to whoever may set them.
    pub(super) fn md5_keys(&self, out: &mut Vec<u8>, payload: &[u8]) {
        let mut before: &[u8] = b" md5keys:";
        for signature in Md5Signatures::new(payload) {
            out.extend_from_slice(std::mem::replace(&mut before, b","));
            if let Some(address) = signature.address() {
                self.names.host(out, address);
            }
            out.push(b'/');
            number::decimal(out, signature.prefix_len().unwrap_or(0).into());
            out.push(b'=');
            for &byte in signature.key() {
                if (byte.is_ascii_graphic() && byte != b'\\') && byte != b',' {
                    out.push(byte);
                } else {
                    out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
                }
            }
        }
    }
}
