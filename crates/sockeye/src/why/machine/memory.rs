//! Memory of TCP and UDP, and sockets that nobody holds any more.

use super::super::finding::Finding;
use super::is_near;
use super::look::Look;

/// Of the orphans there may be, this part in hundredths.
const ORPHANS_NEAR: u64 = 80;

pub(super) fn findings(now: &Look, findings: &mut Vec<Finding>) {
    // Pages in use, and the three marks: below the first all is well, from the second on TCP saves, at the third it stops.
    if let Some(pages) = now.sockstat("TCP:", "mem")
        && let [_, pressure, max] = now.numbers("tcp_mem")[..]
        && pages >= pressure
    {
        let advice =
            "sockets hold too much memory: slow readers (see the receive queues), or net.ipv4.tcp_mem is too small";
        findings.push(
            Finding::new("tcp-memory-pressure", "TCP", advice)
                .with("pages", pages)
                .with("pressure_pages", pressure)
                .with("limit_pages", max),
        );
    }
    // UDP knows no pressure, so that whoever waits with more than `udp_rmem_min` gets nothing from the first mark on (net/core/sock.c,
    // `__sk_mem_raise_allocated`).
    if let Some(pages) = now.sockstat("UDP:", "mem")
        && let [least, _, max] = now.numbers("udp_mem")[..]
        && pages > least
    {
        let advice = "datagrams are dropped: slow readers (see the receive queues), or net.ipv4.udp_mem is too small";
        findings.push(
            Finding::new("udp-memory-pressure", "UDP", advice)
                .with("pages", pages)
                .with("pressure_pages", least)
                .with("limit_pages", max),
        );
    }
    if let Some(orphans) = now.sockstat("TCP:", "orphan")
        && let [max, ..] = now.numbers("tcp_max_orphans")[..]
        && max > 0
        && is_near(orphans, max, ORPHANS_NEAR)
    {
        let advice = "programs close connections whose peers have vanished; at the limit the kernel resets them";
        findings
            .push(Finding::new("orphans-near-their-limit", "TCP", advice).with("orphans", orphans).with("limit", max));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of so many orphans, with that limit, and so many pages.
    fn of(orphans: u64, max: u64, pages: u64) -> Vec<&'static str> {
        found(orphans, max, pages, 575_796)
    }

    /// The same with so many pages of UDP.
    fn found(orphans: u64, max: u64, pages: u64, udp: u64) -> Vec<&'static str> {
        let sockstat = format!(
            "sockets: used 12\nTCP: inuse 1 orphan {orphans} tw 0 alloc 8 mem {pages}\nUDP: inuse 2 mem {udp}\n"
        );
        let files = [
            ("sockstat", sockstat),
            ("tcp_mem", "287898\t383867\t575796\n".to_owned()),
            ("udp_mem", "575796\t767733\t1151592\n".to_owned()),
            ("tcp_max_orphans", format!("{max}\n")),
        ];
        let mut found = Vec::new();
        findings(&Look { files: files.into(), ..Look::default() }, &mut found);
        found.iter().map(|one| one.cause).collect()
    }

    #[test]
    fn memory_and_orphans_are_held_against_their_limits() {
        assert_eq!(of(799, 1000, 383_866), Vec::<&str>::new());
        assert_eq!(of(800, 1000, 383_866), ["orphans-near-their-limit"]);
        assert_eq!(of(799, 1000, 383_867), ["tcp-memory-pressure"]);
        assert_eq!(found(799, 1000, 383_866, 575_797), ["udp-memory-pressure"], "from the first mark on");
    }

    #[test]
    fn numbers_beyond_all_measure_are_held_against_each_other_too() {
        assert_eq!(of(u64::MAX / 99, 1000, 383_866), ["orphans-near-their-limit"]);
        assert_eq!(of(u64::MAX / 99, u64::MAX, 383_866), Vec::<&str>::new());
        assert_eq!(of(u64::MAX, u64::MAX, u64::MAX), ["tcp-memory-pressure", "orphans-near-their-limit"]);
    }
}
