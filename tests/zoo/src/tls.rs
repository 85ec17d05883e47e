//! TCP with TLS that the kernel does: it encrypts what one end sends, and decrypts what the other receives.

use std::io;
use std::os::fd::AsFd;

use libc::IPPROTO_TCP;

use crate::expected::Expected;
use crate::specimen::Specimen;
use crate::sys;
use crate::tcp::plain_pair;
use crate::zoo::{Unavailable, Zoo, make};

// Numbers from include/uapi/linux/tls.h and include/linux/socket.h.
const SOL_TLS: i32 = 282;
const TLS_TX: i32 = 1;
const TLS_RX: i32 = 2;
const TLS_RX_EXPECT_NO_PAD: i32 = 4;

/// A version with a cipher, and how long key, salt, counter and the rest of the initial vector are together.
#[derive(Clone, Copy)]
struct Suite {
    version: u16,
    cipher: u16,
    secret_bytes: usize,
}

/// TLS 1.2 with AES-GCM-128 (`struct tls12_crypto_info_aes_gcm_128`).
const TLS_1_2: Suite = Suite { version: 0x0303, cipher: 51, secret_bytes: 36 };

/// TLS 1.3 with AES-GCM-256 (`struct tls12_crypto_info_aes_gcm_256`).
const TLS_1_3: Suite = Suite { version: 0x0304, cipher: 52, secret_bytes: 52 };

impl Suite {
    /// `struct tls_crypto_info` and what follows it: the same secret in both directions and at both ends.
    fn crypto_info(self) -> Vec<u8> {
        let secret = (0..self.secret_bytes).map(|at| u8::try_from(at).expect("short") ^ 0x5e);
        self.version.to_ne_bytes().into_iter().chain(self.cipher.to_ne_bytes()).chain(secret).collect()
    }

    fn begin(self, socket: impl AsFd, directions: &[i32]) -> io::Result<()> {
        sys::set_bytes(&socket, IPPROTO_TCP, libc::TCP_ULP, b"tls")?;
        directions.iter().try_for_each(|&direction| sys::set_bytes(&socket, SOL_TLS, direction, &self.crypto_info()))
    }
}

impl Zoo {
    /// `client` that encrypts and `server` that decrypts, one direction each, in TLS 1.2.
    pub fn tcp_tls12(&self) -> Result<Specimen, Unavailable> {
        make("tcp_tls12", || {
            let pair = plain_pair()?;
            TLS_1_2.begin(&pair.client, &[TLS_TX])?;
            TLS_1_2.begin(&pair.server, &[TLS_RX])?;
            sys::send_to(&pair.client, b"in one record", 0, &[])?;
            let [listener, client, server] = pair.expected()?;
            let with_tls = |expected| Expected { ulp: Some("tls"), ..expected };
            Ok(pair.specimen([listener, with_tls(client), with_tls(server)]))
        })
    }

    /// `client` and `server` that do both, in TLS 1.3; the client expects records without padding.
    pub fn tcp_tls13(&self) -> Result<Specimen, Unavailable> {
        make("tcp_tls13", || {
            let pair = plain_pair()?;
            TLS_1_3.begin(&pair.client, &[TLS_TX, TLS_RX])?;
            TLS_1_3.begin(&pair.server, &[TLS_TX, TLS_RX])?;
            sys::set(&pair.client, SOL_TLS, TLS_RX_EXPECT_NO_PAD, 1)?;
            sys::send_to(&pair.client, b"in one record", 0, &[])?;
            let [listener, client, server] = pair.expected()?;
            let with_tls = |expected| Expected { ulp: Some("tls"), ..expected };
            Ok(pair.specimen([listener, with_tls(client), with_tls(server)]))
        })
    }
}
