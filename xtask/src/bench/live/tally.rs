//! What `sockeye watch sockets -o ndjson` said, counted while it comes.
//!
//! Each line is searched for what is counted, not parsed: who counts has to leave the processors to those that are measured.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};

/// Everything that was said.
#[derive(Debug, Default)]
pub(in super::super) struct Tally {
    /// Sockets that came, with the cookie of each.
    pub(super) came: Vec<u64>,
    /// How many of these came out of a listener.
    pub(super) accepted: u64,
    /// Sockets that ended.
    pub(super) ended: Vec<u64>,
    /// What the ends said together.
    pub(super) totals: Totals,
    /// Ends of which nothing was known before, and those of sockets that were found alive.
    pub(super) known_at_end: u64,
    pub(super) known_found: u64,
    /// Ends without counters.
    pub(super) without_counters: u64,
    /// Ends whose `known` is none of the words there are.
    pub(super) unmarked: u64,
    /// What was found by asking again after a loss.
    pub(super) resynced: u64,
    /// Events that are said to be lost; `None` where that is not known of one loss.
    pub(super) lost: Option<u64>,
    /// How often something was lost.
    pub(super) gaps: u64,
}

/// Sums over the lives of all sockets that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Bytes that programs sent, again those that were sent again.
    pub(super) sent: u64,
    /// Of these, those that were sent again.
    pub(super) sent_again: u64,
    /// Bytes that arrived; the FIN of the other end counts as one.
    pub(super) received: u64,
    /// Segments that were sent again.
    pub(super) retransmissions: u64,
}

impl Totals {
    /// Bytes that programs sent once, and bytes that arrived.
    pub(super) const fn carried(&self) -> [u64; 2] {
        [self.sent.saturating_sub(self.sent_again), self.received]
    }
}

impl Tally {
    /// Reads to the end. How many have ended can be seen meanwhile.
    pub(super) fn of(text: impl Read, ended: &AtomicU64) -> io::Result<Self> {
        let mut tally = Self { lost: Some(0), ..Self::default() };
        let (mut text, mut line) = (BufReader::with_capacity(1 << 16, text), Vec::new());
        while text.read_until(b'\n', &mut line)? > 0 {
            tally.line(&line).map_err(|error| io::Error::other(format!("{error}: {}", line.escape_ascii())))?;
            line.clear();
            ended.store(tally.ended.len() as u64, Ordering::Relaxed);
        }
        Ok(tally)
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        let change = word(line, b"\"change\":\"").context("an object without a change")?;
        if change == b"gap" {
            self.gaps += 1;
            self.lost = self.lost.zip(number(line, b"\"lost\":")).map(|(all, some)| all + some);
            return Ok(());
        }
        let is_end = change == b"closed";
        if !is_end && !matches!(change, b"opened" | b"accepted") {
            return Ok(());
        }
        self.resynced += u64::from(find(line, b"\"resync\":true").is_some());
        let cookie = word(line, b"\"cookie\":\"0x").context("a socket without a cookie")?;
        let cookie = u64::from_str_radix(std::str::from_utf8(cookie)?, 16)?;
        if !is_end {
            self.came.push(cookie);
            self.accepted += u64::from(change == b"accepted");
            return Ok(());
        }
        self.ended.push(cookie);
        self.end(line.get(find(line, b"\"life\":{").context("a socket without a life")?..).unwrap_or_default());
        Ok(())
    }

    /// Takes the life of a socket that ended.
    fn end(&mut self, life: &[u8]) {
        let life = life.split(|byte| *byte == b'}').next().unwrap_or_default();
        match word(life, b"\"known\":\"") {
            Some(b"end") => self.known_at_end += 1,
            Some(b"found") => self.known_found += 1,
            Some(b"birth") => {}
            _ => self.unmarked += 1,
        }
        let [sent, received] = [&b"\"bytes_sent\":"[..], b"\"bytes_received\":"].map(|key| number(life, key));
        self.without_counters += u64::from(sent.is_none() || received.is_none());
        self.totals.sent += sent.unwrap_or(0);
        self.totals.received += received.unwrap_or(0);
        self.totals.sent_again += number(life, b"\"bytes_retrans\":").unwrap_or(0);
        self.totals.retransmissions += number(life, b"\"retransmissions\":").unwrap_or(0);
    }

    /// Fails where a socket came or ended twice.
    pub(super) fn each_once(&self) -> Result<()> {
        for (what, cookies) in [("came", &self.came), ("ended", &self.ended)] {
            let mut times: HashMap<u64, u32> = HashMap::with_capacity(cookies.len());
            for cookie in cookies {
                *times.entry(*cookie).or_default() += 1;
            }
            let twice = times.values().filter(|times| **times > 1).count();
            ensure!(twice == 0, "{twice} sockets {what} more than once");
        }
        Ok(())
    }

    /// Sockets that came and did not end, and those that ended and had not come.
    pub(super) fn halves(&self) -> (usize, usize) {
        let [came, ended] = [&self.came, &self.ended].map(|list| list.iter().collect::<std::collections::HashSet<_>>());
        (came.difference(&ended).count(), ended.difference(&came).count())
    }
}

/// What stands behind this, up to the end of its quotes.
fn word<'l>(line: &'l [u8], key: &[u8]) -> Option<&'l [u8]> {
    line.get(find(line, key)? + key.len()..)?.split(|byte| *byte == b'"').next()
}

fn number(line: &[u8], key: &[u8]) -> Option<u64> {
    let rest = line.get(find(line, key)? + key.len()..)?;
    let digits = rest.split(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn find(line: &[u8], what: &[u8]) -> Option<usize> {
    line.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = concat!(
        r#"{"change":"sources","sources":["bpf"]}"#,
        "\n",
        r#"{"table":"sockets","change":"opened","key":{"cookie":"0x1f"},"life":{"known":"birth"}}"#,
        "\n",
        r#"{"table":"sockets","change":"accepted","key":{"cookie":"0x20"},"life":{"known":"birth"}}"#,
        "\n",
        r#"{"change":"state","key":{"cookie":"0x20"},"life":{"known":"birth","bytes_sent":9}}"#,
        "\n",
        r#"{"change":"gap","reason":"ring-full","lost":7}"#,
        "\n",
        r#"{"change":"closed","resync":true,"key":{"cookie":"0x20"},"life":{"known":"end"},"record":{"bytes_sent":9}}"#,
        "\n",
        r#"{"change":"closed","key":{"cookie":"0x21"},"life":{"known":"found","bytes_sent":137,"bytes_received":3,"bytes_retrans":5,"retransmissions":2}}"#,
        "\n",
    );

    #[test]
    fn lives_are_counted_and_summed_up() {
        let ended = AtomicU64::new(0);
        let tally = Tally::of(SAID.as_bytes(), &ended).expect("fine");
        assert_eq!(ended.into_inner(), 2);
        assert_eq!((&tally.came[..], &tally.ended[..]), (&[0x1f, 0x20][..], &[0x20, 0x21][..]));
        assert_eq!((tally.accepted, tally.known_at_end, tally.known_found, tally.unmarked), (1, 1, 1, 0));
        assert_eq!((tally.gaps, tally.lost, tally.resynced, tally.without_counters), (1, Some(7), 1, 1));
        assert_eq!(tally.totals, Totals { sent: 137, sent_again: 5, received: 3, retransmissions: 2 });
        assert_eq!(tally.halves(), (1, 1));
        assert!(tally.each_once().is_ok());
    }

    #[test]
    fn what_comes_twice_is_found_and_a_loss_of_unknown_size_stays_unknown() {
        let said = SAID.repeat(2).replace("\"lost\":7", "\"lost\":null");
        let tally = Tally::of(said.as_bytes(), &AtomicU64::new(0)).expect("fine");
        assert!(tally.each_once().is_err());
        assert_eq!((tally.gaps, tally.lost), (2, None));
    }
}
