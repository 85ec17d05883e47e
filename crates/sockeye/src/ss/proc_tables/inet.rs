//! `/proc/net/tcp`, `udp`, `raw` and their twins for IPv6 (net/ipv4/tcp_ipv4.c, `tcp4_seq_show`).
#![expect(clippy::cast_precision_loss, reason = "`ss` computes with doubles, and its digits are to be met")]

use std::net::IpAddr;

use sockeye_query::sockets::Table;
use sockeye_wire::sock_diag::inet::{AF_INET, AF_INET6, MESSAGE_LEN};

use super::{Source, number};
use crate::output::number::{decimal, hex_digits};
use crate::ss::listing::Writer;
use crate::ss::names::Ports;
use crate::ss::row::{InetSocket, OldTcpInfo, write_timer};

/// Ticks a second in what the kernel tells of time (`USER_HZ`).
const TICKS_A_SECOND: u64 = 100;
/// The retransmission timeout that is taken for "none yet".
const INITIAL_RTO_TICKS: u64 = 3 * TICKS_A_SECOND;
/// The timer that retransmits; with any other the kernel counts probes.
const TIMER_ON: u64 = 1;

/// One line.
struct Line {
    local: (IpAddr, u16),
    peer: (IpAddr, u16),
    state: u8,
    queues: (u64, u64),
    timer: u64,
    expires_ticks: u64,
    retransmissions: u64,
    uid: u64,
    probes: u64,
    inode: u64,
    pointer: u64,
    connection: Option<Connection>,
}

/// What only lines of TCP end with.
struct Connection {
    rto_ticks: u64,
    ato_ticks: u64,
    quick_ack: i64,
    cwnd: u64,
    ssthresh: i64,
}

pub(super) fn list(table: Table, v6: bool, text: &str, source: &Source<'_>, writer: &mut Writer<'_, '_>) {
    for line in text.lines().skip(1) {
        let Some(line) = Line::read(line, table, v6) else { continue };
        if !source.has_state(line.state) || !source.takes(table, &line.message(v6)) {
            continue;
        }
        let socket = InetSocket {
            netid: table.name(),
            state: line.state,
            queues: (line.queues.0.cast_signed(), line.queues.1.cast_signed()),
            local: line.local,
            peer: line.peer,
            ports: match table {
                Table::Tcp => Ports::Tcp,
                Table::Udp => Ports::Udp,
                _ => Ports::Raw,
            },
            ifindex: 0,
            inode: u32::try_from(line.inode).unwrap_or(0),
            v6only: false,
        };
        let open = writer.row(|printer, batch| {
            printer.inet_columns(batch, &socket, false);
            // Of datagram sockets ss says no more.
            let Some(connection) = &line.connection else { return };
            let out = &mut batch.text;
            let retransmissions = if line.timer == TIMER_ON { line.retransmissions } else { line.probes };
            if printer.options.timers {
                let name = match line.timer {
                    0 => None,
                    1 => Some("on"),
                    2 => Some("keepalive"),
                    3 => Some("timewait"),
                    4 => Some("persist"),
                    _ => Some("unknown"),
                };
                let expires_ms = line.expires_ticks.saturating_mul(1000).div_ceil(TICKS_A_SECOND);
                if let Some(name) = name {
                    write_timer(out, name, u32::try_from(expires_ms).unwrap_or(u32::MAX), retransmissions);
                }
            }
            if printer.options.extended {
                if line.uid != 0 {
                    out.extend_from_slice(b" uid:");
                    decimal(out, line.uid);
                }
                out.extend_from_slice(b" ino:");
                decimal(out, line.inode);
                out.extend_from_slice(b" sk:");
                hex_digits(out, line.pointer);
            }
            if printer.options.info {
                connection.old_info(retransmissions).write(out);
            }
        });
        if !open {
            break;
        }
    }
}

impl Line {
    /// `N: LOCAL:PORT PEER:PORT STATE TX:RX TIMER:WHEN RETRANSMISSIONS UID PROBES INODE REFERENCES POINTER …`.
    fn read(line: &str, table: Table, v6: bool) -> Option<Self> {
        let mut words = line.split_whitespace();
        words.next().filter(|word| word.ends_with(':'))?;
        let (local, peer) = (end(words.next()?, v6)?, end(words.next()?, v6)?);
        let state = u8::try_from(number(words.next(), 16)?).ok()?;
        let (sent, received) = words.next()?.split_once(':')?;
        let (timer, expires) = words.next()?.split_once(':')?;
        let mut read = Self {
            local,
            peer,
            state,
            queues: (number(Some(received), 16)?, number(Some(sent), 16)?),
            timer: number(Some(timer), 16)?,
            expires_ticks: number(Some(expires), 16)?,
            retransmissions: number(words.next(), 16)?,
            uid: number(words.next(), 10)?,
            probes: number(words.next(), 10)?,
            inode: number(words.next(), 10)?,
            pointer: 0,
            connection: None,
        };
        words.next();
        read.pointer = number(words.next(), 16).unwrap_or(0);
        if table == Table::Tcp {
            let mut signed = || words.next().and_then(|word| word.parse::<i64>().ok());
            let unsigned = |number: Option<i64>| u64::try_from(number.unwrap_or(0)).unwrap_or(0);
            let values = [signed(), signed(), signed(), signed(), signed()];
            // TIME-WAIT sockets have none of it.
            let is_short = values[0].is_none();
            read.connection = Some(Connection {
                rto_ticks: unsigned(values[0]),
                ato_ticks: unsigned(values[1]),
                quick_ack: values[2].unwrap_or(0) / 2,
                cwnd: if is_short { 2 } else { unsigned(values[3]) },
                ssthresh: values[4].filter(|&threshold| threshold != -1 && !is_short).unwrap_or(0),
            });
        }
        Some(read)
    }

    /// The socket as `struct inet_diag_msg`, for the filter.
    fn message(&self, v6: bool) -> [u8; MESSAGE_LEN] {
        let mut message = [0; MESSAGE_LEN];
        message[0] = if v6 { AF_INET6 } else { AF_INET };
        message[1] = self.state;
        message[4..6].copy_from_slice(&self.local.1.to_be_bytes());
        message[6..8].copy_from_slice(&self.peer.1.to_be_bytes());
        for (at, address) in [(8, self.local.0), (24, self.peer.0)] {
            match address {
                IpAddr::V4(address) => message[at..at + 4].copy_from_slice(&address.octets()),
                IpAddr::V6(address) => message[at..at + 16].copy_from_slice(&address.octets()),
            }
        }
        for (at, number) in [(56, self.queues.0), (60, self.queues.1), (64, self.uid), (68, self.inode)] {
            message[at..at + 4].copy_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_ne_bytes());
        }
        message
    }
}

impl Connection {
    fn old_info(&self, retrans: u64) -> OldTcpInfo {
        let seconds = |ticks: u64| ticks as f64 / TICKS_A_SECOND as f64;
        OldTcpInfo {
            rto_seconds: if self.rto_ticks == INITIAL_RTO_TICKS { 0.0 } else { seconds(self.rto_ticks) },
            ato_seconds: seconds(self.ato_ticks),
            quick_ack: self.quick_ack,
            cwnd: self.cwnd,
            ssthresh: self.ssthresh,
            retrans,
        }
    }
}

/// `0100007F:0016`: words of the address as numbers of this machine, which are bytes of the network.
fn end(text: &str, v6: bool) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| address.get(at..at + 8).and_then(|word| u32::from_str_radix(word, 16).ok());
    let address = if v6 {
        let mut octets = [0; 16];
        for (at, octets) in octets.chunks_exact_mut(4).enumerate() {
            octets.copy_from_slice(&word(at * 8)?.to_ne_bytes());
        }
        IpAddr::from(octets)
    } else {
        IpAddr::from(word(0)?.to_ne_bytes())
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}
