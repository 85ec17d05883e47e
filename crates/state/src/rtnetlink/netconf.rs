//! Settings of interfaces: a notification has the one that changed, a dump has them all.
//!
//! net/ipv4/devinet.c `inet_netconf_notify_devconf`, net/ipv6/addrconf.c `inet6_netconf_notify_devconf`: `type` says which
//! attribute is filled in, and only a new interface tells all of them.

use sockeye_wire::rtnetlink::AF_MPLS;
use sockeye_wire::{Attribute, Attributes};

use super::route::put;

/// Attributes of a message that tells one setting: the interface, and the setting.
const PARTIAL_MAX: usize = 2;
/// Bytes of `struct netconfmsg`, padded.
const HEADER_LEN: usize = 4;

/// Whether a notification tells one setting alone. MPLS has no more than one.
pub(crate) fn is_partial(record: &[u8]) -> bool {
    record.first() != Some(&AF_MPLS) && attributes(record).count() <= PARTIAL_MAX
}

/// The record with what a notification says of it, in the order of the record.
pub(crate) fn merge(record: &[u8], news: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(news.get(..HEADER_LEN).unwrap_or(news));
    for old in attributes(record) {
        put(old.number, find(news, old.number).unwrap_or(old.payload), out);
    }
    for new in attributes(news) {
        if find(record, new.number).is_none() {
            put(new.number, new.payload, out);
        }
    }
}

fn find(record: &[u8], number: u16) -> Option<&[u8]> {
    attributes(record).find(|attribute| attribute.number == number).map(|attribute| attribute.payload)
}

fn attributes(record: &[u8]) -> impl Iterator<Item = Attribute<'_>> {
    Attributes::new(record.get(HEADER_LEN..).unwrap_or_default()).map_while(Result::ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(family: u8, settings: &[(u16, i32)]) -> Vec<u8> {
        let mut record = vec![family, 0, 0, 0];
        for &(number, value) in settings {
            put(number, &value.to_ne_bytes(), &mut record);
        }
        record
    }

    #[test]
    fn one_setting_changes_and_the_others_stay() {
        let old = record(2, &[(1, 7), (2, 1), (3, 2), (5, 1)]);
        let news = record(2, &[(1, 7), (2, 0)]);
        let mut merged = Vec::new();
        merge(&old, &news, &mut merged);
        assert_eq!(merged, record(2, &[(1, 7), (2, 0), (3, 2), (5, 1)]));
        merge(&old, &record(2, &[(1, 7), (6, 9)]), &mut merged);
        assert_eq!(merged, record(2, &[(1, 7), (2, 1), (3, 2), (5, 1), (6, 9)]));
    }

    #[test]
    fn who_tells_all_is_no_part() {
        assert!(is_partial(&record(2, &[(1, 7), (2, 0)])));
        assert!(is_partial(&record(10, &[(1, -1)])));
        assert!(!is_partial(&record(2, &[(1, 7), (2, 1), (3, 2)])));
        assert!(!is_partial(&record(AF_MPLS, &[(1, 7), (7, 1)])));
    }
}
