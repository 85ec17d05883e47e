//! Families that this kernel lacks: a reason, and never an empty table.

use sockeye_zoo::{Skip, Zoo, in_namespace};

use crate::ran::{csv, missing, sockeye};

/// A family of which the kernel cannot even make a socket, so that it cannot list any.
pub(crate) fn absent_family(zoo: &Zoo) -> Result<&'static str, Skip> {
    let families = [("sctp", zoo.sctp()), ("tipc", zoo.tipc()), ("smc", zoo.smc())];
    let absent = families.into_iter().find_map(|(name, made)| made.is_err().then_some(name));
    absent.ok_or_else(|| Skip::new("absent_family", "this kernel has every family that a test could miss"))
}

#[test]
fn a_family_alone_is_a_failure_with_a_reason() {
    in_namespace(|zoo| {
        let family = absent_family(zoo)?;
        let reason = format!("cannot list {family} sockets");
        let table = sockeye(&["sockets", family]).ended(1);
        assert_eq!(table.text(), "", "not even a heading: nobody said that there are none");
        assert!(table.errors().starts_with("failed: ") && table.errors().contains(&reason), "{}", table.errors());

        let json = sockeye(&[family, "-j"]).ended(1).json();
        assert_eq!((&json["sockets"], &json["verdict"]["answer"]), (&serde_json::json!([]), &"failed".into()));
        let tables = missing(&json["verdict"], "table");
        assert_eq!((&tables[0]["table"], &tables[0]["asked_for"]), (&family.into(), &true.into()));
        assert!(tables[0]["reason"].as_str().is_some_and(|said| said.contains(&reason)));

        assert_eq!(sockeye(&[family, "-o", "ndjson"]).ended(1).json_lines().len(), 1);
        let count = sockeye(&[family, "--count"]).ended(1);
        assert_eq!(count.text(), "", "not 0: nobody counted");
        assert!(sockeye(&[family, "--count", "-j"]).ended(1).json().get("count").is_none());
        let groups = sockeye(&[family, "--group-by", "state"]).ended(1);
        assert!(groups.errors().contains(&reason));
        Ok(())
    });
}

#[test]
fn beside_another_family_it_is_named_and_the_rows_are_shown() {
    in_namespace(|zoo| {
        let family = absent_family(zoo)?;
        let _kept = zoo.tcp_established_v4()?;
        let table = sockeye(&["sockets", "tcp", family]).ended(3);
        assert_eq!(table.lines().len(), 4, "{}", table.text());
        assert!(table.errors().starts_with("note: this kernel cannot list"), "{}", table.errors());
        let records = csv(sockeye(&["tcp", family, "-o", "csv"]).ended(3).text());
        assert_eq!(records.len(), 4);
        let json = sockeye(&["tcp", family, "-j"]).ended(3).json();
        assert_eq!(json["sockets"].as_array().map(Vec::len), Some(3));
        assert_eq!(json["verdict"]["answer"], "whole");
        assert_eq!(missing(&json["verdict"], "table")[0]["table"], family);
        Ok(())
    });
}

#[test]
fn of_every_family_only_what_was_named_counts() {
    in_namespace(|zoo| {
        let family = absent_family(zoo)?;
        // `any` names none of them: what is not there is a note.
        let json = sockeye(&["any", "all", "-j"]).json();
        assert!(missing(&json["verdict"], "table").iter().any(|missing| missing["table"] == family));
        Ok(())
    });
}
