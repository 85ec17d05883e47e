use sockeye_wire::sock_diag::bare;
use sockeye_wire::sock_diag::inet::IPPROTO_TCP;
use sockeye_wire::sock_diag::state::State;

use super::*;
use crate::filter::{Decision, Filter};
use crate::names::Nobody;
use crate::sockets::surroundings::Nothing;
use crate::sockets::table::Table;

#[test]
fn fields_of_a_life_come_before_parts_of_a_message() {
    let catalog = live_catalog();
    let own = |name: &str| live_own(catalog.find(name).unwrap());
    assert_eq!(own("duration"), Some(Own::Duration));
    assert_eq!(own("old.state"), Some(Own::OldState));
    for (at, (name, ..)) in (0..).zip(TOTALS) {
        assert_eq!(own(name), Some(Own::Total(at)), "{name}");
    }
    for (at, (name, ..)) in (0..).zip(RATES) {
        assert_eq!(own(name), Some(Own::Rate(at)), "{name}");
    }
    assert_eq!(own("why"), Some(Own::Why));
    for (part, name, ..) in incident::FIELDS {
        assert_eq!(own(name), Some(Own::Incident(part)), "{name}");
    }
    // A word for what happens, and a field of what happened.
    assert_eq!(catalog.word("error").unwrap().values, ["error"]);
    assert_eq!(own("tcp_info.rtt"), None);
    assert_eq!(own("state"), None);
    assert_eq!(catalog.info(catalog.find("rtt").unwrap()).json, "rtt_us");
    assert_eq!(catalog.word("closed").unwrap().values, ["closed"]);
}

/// A drop, as a filter of these words decides on it.
fn decides(words: &str, incident: Incident<'_>) -> Decision {
    let end = "10.1.2.3:4567".parse().unwrap();
    let message = bare::message(State::Unknown(0), end, "10.9.8.7:443".parse().unwrap(), 0);
    let row = SocketRow::read(Table::Raw, &message, &Nothing).unwrap();
    let facts = Facts { event: "drop", incident: Some(incident), ..Facts::default() };
    let filter = Filter::parse(&[words], live_catalog(), &Nobody).unwrap_or_else(|mistake| panic!("{mistake}"));
    filter.expression.decide(&LiveRow { row, facts })
}

#[test]
fn a_filter_speaks_of_what_went_wrong_and_what_nobody_said_is_unknown() {
    let dropped = Incident {
        protocol: Some(IPPROTO_TCP),
        direction: Some("received"),
        reason: Some("NETFILTER_DROP"),
        location: Some("nf_hook_slow"),
        ..Incident::default()
    };
    for (words, holds) in [
        ("drop and reason = NETFILTER_DROP and direction = received", Decision::Yes),
        ("drop and reason = NO_SOCKET", Decision::No),
        ("location ~ nf_*", Decision::Yes),
        ("dport = 443 and not error", Decision::Yes),
        ("error = ECONNREFUSED", Decision::Unknown),
        ("cookie = 0", Decision::Unknown),
        ("state = established", Decision::Unknown),
        ("uid = 0", Decision::Unknown),
    ] {
        assert_eq!(decides(words, dropped), holds, "{words}");
    }
    let refused = Incident { error: Some(111), ..Incident::default() };
    assert_eq!(decides("error = ECONNREFUSED", refused), Decision::Yes);
    assert_eq!(refused.value(Part::Error), Some(Value::Word("ECONNREFUSED")));
    assert_eq!(Incident { error: Some(4095), ..refused }.value(Part::Error), Some(Value::Unsigned(4095)));
    let protocol = |protocol| Incident { protocol: Some(protocol), ..Incident::default() }.foreign_protocol();
    assert_eq!(protocol(58), Some(Value::Word("icmpv6")));
    assert_eq!((protocol(253), protocol(132)), (Some(Value::Unsigned(253)), None));
}

#[test]
fn a_filter_needs_what_its_fields_are_made_of_and_what_nobody_tells_is_refused() {
    let needs = |words: &str| {
        let filter = Filter::parse(&[words], live_catalog(), &Nobody).unwrap_or_else(|mistake| panic!("{mistake}"));
        needs(&filter.expression).map(|needs| (needs.extensions, needs.rows))
    };
    let of = |extensions, rows| Ok((extensions, rows));
    assert_eq!(
        needs("closed and dport = 443 and process = curl and duration > 1s and reason = NO_SOCKET"),
        of(0, false)
    );
    assert_eq!(needs("uid = 7"), of(0, true));
    // An event says which process did it, and no more of that.
    assert_eq!(needs("closed and user = 0"), of(0, true));
    let filter = Filter::parse(&["cmdline ~ a* or fd = 7 and duration > 1s"], live_catalog(), &Nobody).unwrap();
    assert_eq!(owner_parts(&filter.expression), [OwnerPart::Fd, OwnerPart::Cmdline]);
    // INET_DIAG_INFO, INET_DIAG_TOS.
    assert_eq!(needs("tcp_info.rtt > 1ms or tos = 16"), of(1 << 1 | 1 << 4, true));
    for (words, name) in [("autobound", "autobound"), ("dport = 443 or peer-process = curl", "peer-process")] {
        let refusal = needs(words).expect_err(words);
        assert!(refusal.starts_with(&format!("`{name}` is not known")), "{refusal}");
    }
}

#[test]
fn a_filter_that_fits_no_socket_of_some_tables_is_known() {
    let can_fit = |words: &str, tables: &[Table]| {
        let filter = Filter::parse(&[words], live_catalog(), &Nobody).unwrap_or_else(|mistake| panic!("{mistake}"));
        needs(&filter.expression).unwrap().can_fit(tables)
    };
    let followed = [Table::Tcp, Table::Udp];
    for (words, can) in [
        ("closed and dport = 443", true),
        ("not unix", true),
        ("unix or vsock", false),
        ("unix and dport = 443 or error", true),
        ("drop and sctp", false),
        ("not (tcp or udp)", false),
    ] {
        assert_eq!(can_fit(words, &followed), can, "{words}");
    }
    assert!(can_fit("drop and sctp", &[Table::Udp, Table::Sctp]));
    assert!(!can_fit("udp", &[Table::Tcp]));
}

#[test]
fn a_filter_tells_what_can_have_happened_to_whoever_fits() {
    let all: Vec<_> = EVENTS.iter().map(|name| name.name).collect();
    let without = |gone: &[&str]| all.iter().copied().filter(|name| !gone.contains(name)).collect::<Vec<_>>();
    let possible = |words: &str| {
        let filter = Filter::parse(&[words], live_catalog(), &Nobody).unwrap_or_else(|mistake| panic!("{mistake}"));
        let needs = needs(&filter.expression).unwrap();
        all.iter().copied().filter(|name| needs.can_be(name)).collect::<Vec<_>>()
    };
    for (words, expected) in [
        ("closed and dport = 443", vec!["closed"]),
        ("not (closed or drop)", without(&["closed", "drop"])),
        ("reason = NO_SOCKET or established", vec!["established", "reset", "drop"]),
        ("reason != NO_SOCKET", vec!["reset", "drop"]),
        ("not has reason", all.clone()),
        ("has location", vec!["drop"]),
        ("error = ECONNREFUSED and not closed", vec!["error"]),
        ("old.state = established", vec!["state", "closed"]),
        ("dport = 443", all.clone()),
    ] {
        assert_eq!(possible(words), expected, "{words}");
    }
}

#[test]
fn a_word_is_what_happened_or_what_is() {
    let path = |catalog: &Catalog, word: &str| {
        let found: Vec<_> = catalog.words().iter().filter(|known| known.word == word).collect();
        assert_eq!(found.len(), 1, "{word}");
        catalog.info(found[0].field).path.clone()
    };
    for word in ["established", "listening"] {
        assert_eq!((path(live_catalog(), word), path(alive_catalog(), word)), ("event".to_owned(), "state".to_owned()));
    }
    let paths = |catalog: &Catalog| catalog.fields().map(|(_, info)| info.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(live_catalog()), paths(alive_catalog()), "the fields are the same");
}
