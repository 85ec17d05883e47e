//! The bare loop for routes: asks for the tables of IPv4 and IPv6 with one socket, receives, and only counts.
//!
//! What `bare` is for sockets: the kernel's own cost, without any code of sockeye.

use std::io;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::rtnetlink::{HEADER_LEN, Message, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR};
use super::sys;

/// The kernel never fills more than this in one go (`netlink_dump`).
const BUFFER_LEN: usize = 32 * 1024;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWROUTE: u16 = 24;
const RTA_TABLE: u16 = 15;
const RT_TABLE_MAIN: u32 = 254;

#[derive(Clone, Default, clap::Args)]
pub(crate) struct Args {
    /// Only the main table of IPv4, which the kernel selects
    #[arg(long)]
    main4: bool,
}

impl Args {
    /// These as a command line.
    pub(super) fn line(main4: bool) -> Vec<String> {
        let mut line = vec!["bare-routes".to_owned()];
        if main4 {
            line.push("--main4".to_owned());
        }
        line
    }
}

/// Asks and counts. Prints the number of routes and the microseconds from the first request to the last answer.
pub(crate) fn run(args: &Args) -> Result<()> {
    let socket = sys::rtnetlink().context("cannot open a socket for rtnetlink")?;
    let mut buffer = vec![0; BUFFER_LEN];
    let mut routes = 0u64;
    let begin = Instant::now();
    let families: &[i32] = if args.main4 { &[libc::AF_INET] } else { &[libc::AF_INET, libc::AF_INET6] };
    for &family in families {
        let mut body = [0; 12];
        body[0] = family.try_into()?;
        let mut request = Message::new(RTM_GETROUTE, NLM_F_DUMP, &body);
        if args.main4 {
            request = request.attribute(RTA_TABLE, &RT_TABLE_MAIN.to_ne_bytes());
        }
        sys::send(&socket, &request.finish()).context("cannot ask rtnetlink")?;
        loop {
            let length = sys::receive(&socket, &mut buffer).context("cannot receive from rtnetlink")?;
            let datagram = buffer.get(..length).context("a datagram is longer than the buffer")?;
            if count(datagram, &mut routes)? {
                break;
            }
        }
    }
    println!("{routes} {}", begin.elapsed().as_micros());
    Ok(())
}

/// Counts the routes of one datagram. True where it ends the dump.
fn count(datagram: &[u8], routes: &mut u64) -> Result<bool> {
    let mut rest = datagram;
    while rest.len() >= HEADER_LEN {
        let length = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        let message = rest.get(..length.max(HEADER_LEN)).context("a message is longer than its datagram")?;
        match u16::from_ne_bytes([rest[4], rest[5]]) {
            NLMSG_DONE | NLMSG_ERROR => {
                let error = message.get(HEADER_LEN..).and_then(<[u8]>::first_chunk).map(|b| i32::from_ne_bytes(*b));
                match error {
                    Some(error) if error < 0 => bail!("the kernel refuses: {}", io::Error::from_raw_os_error(-error)),
                    _ => return Ok(true),
                }
            }
            RTM_NEWROUTE => *routes += 1,
            _ => {}
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Ok(false)
}
