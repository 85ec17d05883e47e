//! The bare loop: asks sock_diag for sockets with one socket, receives, and only counts the messages.
//!
//! What it takes is what the kernel takes, so it is the measure of everything that shows sockets. It shares no code with
//! sockeye, and does nothing cleverly: one request after the other, one thread, one buffer.

use std::io::{self, BufWriter, Write};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::sys;

/// All states of a socket, TCP_BOUND_INACTIVE (13) among them.
const STATES_ALL: u32 = 0x3ffe;
/// The kernel never fills more than this in one go (`netlink_dump`).
const BUFFER_LEN: usize = 32 * 1024;
const NLMSG_HEADER_LEN: usize = 16;
/// Where a message has the cookie: in `inet_diag_msg.id.idiag_cookie`.
const COOKIE: std::ops::Range<usize> = NLMSG_HEADER_LEN + 44..NLMSG_HEADER_LEN + 52;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_REQ_BYTECODE: u16 = 1;
const INET_DIAG_BC_S_EQ: u8 = 11;

#[derive(Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Also ask for UDP
    #[arg(long)]
    udp: bool,
    /// Attributes to ask for: idiag_ext
    #[arg(long, default_value_t = 0)]
    extensions: u8,
    /// Let the kernel leave out all but this local port
    #[arg(long)]
    source_port: Option<u16>,
    /// Print the cookies, one a line, instead of how long it took
    #[arg(long)]
    cookies: bool,
}

impl Args {
    /// These as a command line.
    pub(super) fn line(arguments: &[&str]) -> Vec<String> {
        ["bare"].iter().chain(arguments).map(|&argument| argument.to_owned()).collect()
    }
}

/// Asks and counts. Prints the number of messages and the microseconds from the first request to the last answer.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    let mut messages = 0u64;
    let begin = Instant::now();
    if args.cookies {
        walk(args, |message| {
            let cookie = message[COOKIE].try_into().map_or(0, u64::from_ne_bytes);
            writeln!(output, "{cookie:x}").context("cannot print")
        })?;
    } else {
        walk(args, |_| {
            messages += 1;
            Ok(())
        })?;
        writeln!(output, "{messages} {}", begin.elapsed().as_micros()).context("cannot print")?;
    }
    output.flush().context("cannot print")
}

fn walk(args: &Args, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let socket = sys::sock_diag().context("cannot open a socket for sock_diag")?;
    let mut buffer = vec![0; BUFFER_LEN];
    let protocols = if args.udp { &[libc::IPPROTO_TCP, libc::IPPROTO_UDP][..] } else { &[libc::IPPROTO_TCP] };
    for &protocol in protocols {
        for family in [libc::AF_INET, libc::AF_INET6] {
            let request = request(family.try_into()?, protocol.try_into()?, args.extensions, args.source_port);
            sys::send(&socket, &request).context("cannot ask sock_diag")?;
            loop {
                let length = sys::receive(&socket, &mut buffer).context("cannot receive from sock_diag")?;
                let datagram = buffer.get(..length).context("a datagram is longer than the buffer")?;
                if messages(datagram, &mut each)? {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Hands out the sockets of one datagram. True where it ends the dump.
fn messages(datagram: &[u8], each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<bool> {
    let mut rest = datagram;
    while rest.len() >= NLMSG_HEADER_LEN {
        let length = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        let message = rest.get(..length.max(NLMSG_HEADER_LEN)).context("a message is longer than its datagram")?;
        match u16::from_ne_bytes([rest[4], rest[5]]) {
            NLMSG_DONE | NLMSG_ERROR => {
                let error =
                    message.get(NLMSG_HEADER_LEN..).and_then(<[u8]>::first_chunk).map(|b| i32::from_ne_bytes(*b));
                match error {
                    Some(error) if error < 0 => bail!("the kernel refuses: {}", io::Error::from_raw_os_error(-error)),
                    _ => return Ok(true),
                }
            }
            _ => each(message)?,
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Ok(false)
}

/// `inet_diag_req_v2` (include/uapi/linux/inet_diag.h), with a program where a port is asked for.
fn request(family: u8, protocol: u8, extensions: u8, source_port: Option<u16>) -> Vec<u8> {
    let flags = u16::try_from(libc::NLM_F_REQUEST | libc::NLM_F_DUMP).unwrap_or_default();
    let mut body = vec![family, protocol, extensions, 0];
    body.extend(STATES_ALL.to_ne_bytes());
    body.extend([0; 48]); // inet_diag_sockid: every socket
    if let Some(port) = source_port {
        // struct rtattr, then inet_diag_bc_op {code, yes, no}, the port in the `no` of a second one.
        for word in [12, INET_DIAG_REQ_BYTECODE] {
            body.extend(word.to_ne_bytes());
        }
        body.extend([INET_DIAG_BC_S_EQ, 8]);
        for word in [12, 0, port] {
            body.extend(word.to_ne_bytes());
        }
    }
    let length = u32::try_from(NLMSG_HEADER_LEN + body.len()).unwrap_or_default();
    let mut request = length.to_ne_bytes().to_vec();
    request.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    request.extend([0; 8]); // sequence number and port id
    request.extend(body);
    request
}
