//! `-s`: how many sockets there are, from the kernel's own counters.

use std::path::Path;

use sockeye_conn::Namespace;

use super::names::proc_root;

/// The counters of `/proc/net/sockstat`, `/proc/net/sockstat6` and `/proc/net/snmp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    sockets: i64,
    tcp_allocated: i64,
    tcp_orphaned: i64,
    tcp_time_wait: i64,
    tcp_established: i64,
    tcp: Both,
    udp: Both,
    raw: Both,
    fragments: Both,
}

/// One count for each version of IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Both {
    v4: i64,
    v6: i64,
}

impl Both {
    const fn sum(self) -> i64 {
        self.v4 + self.v6
    }
}

impl std::ops::Add for Both {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { v4: self.v4 + other.v4, v6: self.v6 + other.v6 }
    }
}

impl Summary {
    /// Reads the counters of a namespace; what could not be read stands beside them, in a sentence each.
    pub(super) fn read(namespace: Option<&Namespace>) -> (Self, Vec<String>) {
        let read = || {
            let mut missing = Vec::new();
            let mut file = |variable: &str, name: &str, needed: bool| {
                // Not /proc/net: that is the main thread's namespace.
                let path = std::env::var_os(variable).map_or_else(|| net(name), std::path::PathBuf::from);
                let text = std::fs::read_to_string(&path);
                if let Err(error) = &text
                    && needed
                {
                    missing.push(format!("cannot read {}: {error}", path.display()));
                }
                text.unwrap_or_default()
            };
            let v4 = file("PROC_NET_SOCKSTAT", "sockstat", true);
            let v6 = if v4.is_empty() { String::new() } else { file("PROC_NET_SOCKSTAT6", "sockstat6", false) };
            let snmp = file("PROC_NET_SNMP", "snmp", true);
            (Self::of(&v4, &v6, &snmp), missing)
        };
        match namespace {
            Some(namespace) => {
                namespace.run_in(read).unwrap_or_else(|error| (Self::default(), vec![error.to_string()]))
            }
            None => read(),
        }
    }

    fn of(v4: &str, v6: &str, snmp: &str) -> Self {
        let both = |name: &str| Both {
            v4: counter(v4, &format!("{name}:"), "inuse"),
            v6: counter(v6, &format!("{name}6:"), "inuse"),
        };
        Self {
            sockets: counter(v4, "sockets:", "used"),
            tcp_allocated: counter(v4, "TCP:", "alloc"),
            tcp_orphaned: counter(v4, "TCP:", "orphan"),
            tcp_time_wait: counter(v4, "TCP:", "tw"),
            tcp_established: snmp_counter(snmp, "Tcp:", "CurrEstab"),
            tcp: both("TCP"),
            udp: both("UDP"),
            raw: both("RAW"),
            fragments: both("FRAG"),
        }
    }

    fn closed(&self) -> i64 {
        self.tcp_allocated - (self.tcp.sum() - self.tcp_time_wait)
    }

    fn total(&self) -> i64 {
        self.tcp_allocated + self.tcp_time_wait
    }

    fn transports(&self) -> [(&'static str, Both); 5] {
        let internet = self.raw + self.udp + self.tcp;
        [("RAW", self.raw), ("UDP", self.udp), ("TCP", self.tcp), ("INET", internet), ("FRAG", self.fragments)]
    }

    /// As `ss` prints it.
    pub(super) fn text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!(
            "Total: {}\nTCP:   {} (estab {}, closed {}, orphaned {}, timewait {})\n\nTransport Total     IP        IPv6\n",
            self.sockets,
            self.total(),
            self.tcp_established,
            self.closed(),
            self.tcp_orphaned,
            self.tcp_time_wait,
        );
        for (name, both) in self.transports() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}\t  {:<9} {:<9} {:<9}", both.sum(), both.v4, both.v6);
        }
        text.push('\n');
        text
    }

    /// The same as one JSON object.
    pub(super) fn json(&self) -> String {
        let transports: Vec<String> = self
            .transports()
            .iter()
            .map(|(name, both)| {
                let name = name.to_ascii_lowercase();
                format!("\"{name}\":{{\"total\":{},\"ipv4\":{},\"ipv6\":{}}}", both.sum(), both.v4, both.v6)
            })
            .collect();
        format!(
            "{{\"schema\":1,\"total\":{},\"tcp\":{{\"total\":{},\"established\":{},\"closed\":{},\"orphaned\":{},\
             \"time_wait\":{}}},\"transports\":{{{}}}}}\n",
            self.sockets,
            self.total(),
            self.tcp_established,
            self.closed(),
            self.tcp_orphaned,
            self.tcp_time_wait,
            transports.join(","),
        )
    }
}

/// A file below `/proc/net`, of the namespace that this thread is in.
fn net(name: &str) -> std::path::PathBuf {
    if std::env::var_os("PROC_ROOT").is_some() {
        proc_root().join("net").join(name)
    } else {
        Path::new("/proc/thread-self/net").join(name)
    }
}

/// The number behind `word` in the line that begins with `line`; 0 where there is none.
fn counter(file: &str, line: &str, word: &str) -> i64 {
    let words = file.lines().find_map(|text| text.strip_prefix(line)).unwrap_or_default();
    let mut words = words.split_whitespace();
    words.by_ref().find(|found| *found == word);
    words.next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The number below `name` in the two lines that begin with `line`.
fn snmp_counter(file: &str, line: &str, name: &str) -> i64 {
    let mut lines = file.lines().filter_map(|text| text.strip_prefix(line));
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else { return 0 };
    let place = names.split_whitespace().position(|found| found == name);
    place.and_then(|place| numbers.split_whitespace().nth(place)?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "sockets: used 117\nTCP: inuse 6 orphan 1 tw 42 alloc 9 mem 3\nUDP: inuse 2 mem 1\n\
                      UDPLITE: inuse 0\nRAW: inuse 3\nFRAG: inuse 4 memory 0\n";
    const V6: &str = "TCP6: inuse 5\nUDP6: inuse 7\nUDPLITE6: inuse 0\nRAW6: inuse 8\nFRAG6: inuse 10 memory 0\n";
    const SNMP: &str = "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm CurrEstab InSegs\nTcp: 1 23 4567\n";

    #[test]
    fn each_counter_stands_in_its_place() {
        let text = Summary::of(V4, V6, SNMP).text();
        assert_eq!(
            text,
            "Total: 117\nTCP:   51 (estab 23, closed 40, orphaned 1, timewait 42)\n\n\
             Transport Total     IP        IPv6\nRAW\t  11        3         8        \n\
             UDP\t  9         2         7        \nTCP\t  11        6         5        \n\
             INET\t  31        11        20       \nFRAG\t  14        4         10       \n\n"
        );
    }

    #[test]
    fn json_has_the_same_numbers() {
        let json = Summary::of(V4, V6, SNMP).json();
        assert!(json.contains("\"time_wait\":42") && json.contains("\"inet\":{\"total\":31,\"ipv4\":11,\"ipv6\":20}"));
    }
}
