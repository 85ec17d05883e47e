//! Texts and addresses inside of structures are fields like all others: columns, filters, keys of an order and of groups.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::line::directory;

/// What the built program makes of a built capture.
fn replay(capture: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .args(["sockets", "--no-owners", "--replay"])
        .arg(directory().join(capture))
        .args(arguments)
        .output()
        .expect("sockeye runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The values of one field of a structure in the rows that fit a filter.
fn values(capture: &str, object: &str, field: &str, filter: &str) -> Vec<String> {
    let column = format!("{object}.{field}");
    let text = replay(capture, &["--columns", &column, "-o", "ndjson", filter]);
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let rows = rows.filter(|row| row["verdict"].is_null());
    rows.map(|row| row[object][field].as_str().unwrap_or_else(|| panic!("no {column} in {row}")).to_owned()).collect()
}

fn links(field: &str, filter: &str) -> Vec<String> {
    values("built_smc_6.cap", "lgrinfo", field, filter)
}

fn primary_addresses(filter: &str) -> Vec<String> {
    values("built_sctp_6.cap", "sctp_info", "p_address", filter)
}

#[test]
fn a_text_of_a_structure_is_compared_as_text() {
    for field in ["ibname", "gid", "peer_gid"] {
        let all = links(field, "smc");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 8, "no two the same: {all:?}");
        let (one, rest) = all.split_first().expect("rows");
        assert_eq!(links(field, &format!("lgrinfo.{field} = {one}")), std::slice::from_ref(one));
        assert_eq!(links(field, &format!("lgrinfo.{field} != {one}")), rest);
        assert_eq!(links(field, &format!("lgrinfo.{field} ~ '{}*'", &one[..5])), std::slice::from_ref(one));
    }
}

#[test]
fn a_list_of_socket_addresses_is_compared_by_each() {
    for field in ["local_addresses", "peer_addresses"] {
        let count = |filter: &str| replay("built_sctp_6.cap", &["--count", filter]).trim_end().to_owned();
        let text = replay("built_sctp_6.cap", &["--columns", field, "-o", "ndjson", "sctp"]);
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let ends = |row: &Value| -> Vec<String> {
            let list = row[field].as_array().map(Vec::as_slice).unwrap_or_default();
            list.iter().map(|end| end.as_str().expect("a text").to_owned()).collect()
        };
        let [first, second] = &ends(&rows[0])[..] else { panic!("two addresses of {}", rows[0]) };
        let with = |wanted: &dyn Fn(&str) -> bool| {
            rows.iter().filter(|row| ends(row).iter().any(|end| wanted(end))).count().to_string()
        };
        assert_eq!(count(&format!("{field} = {first}")), with(&|end| end == first));
        assert_eq!(count(&format!("{field} = '{second}'")), with(&|end| end == second));
        let (address, port) = first.rsplit_once(':').expect("a port");
        assert_eq!(count(&format!("{field} = {address}")), with(&|end| end.starts_with(&format!("{address}:"))));
        assert_eq!(count(&format!("{field} = :{port}")), with(&|end| end.ends_with(&format!(":{port}"))));
        let (_, other) = second.rsplit_once(':').expect("a port");
        assert_ne!(port, other);
        assert_eq!(count(&format!("{field} = {address}:{other}")), "0", "the port of another address");
        assert_eq!(count(&format!("{field} = 2001:db8::/32")), "8");
    }
}

#[test]
fn a_socket_address_of_a_structure_is_compared_by_address_and_port() {
    let all = primary_addresses("sctp");
    let (four, six): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|address| address.starts_with("203.0.113."));
    assert!(four.len() >= 2 && six.len() >= 2 && four.len() + six.len() == 8, "{all:?}");
    assert_eq!(primary_addresses("sctp_info.p_address = 203.0.113.0/24"), four);
    assert_eq!(primary_addresses("sctp_info.p_address = 2001:db8::/32"), six);
    assert_eq!(primary_addresses("sctp_info.p_address ~ '203.*'"), four);
    for one in [&four[0], &six[1]] {
        let (_, port) = one.rsplit_once(':').expect("a port");
        for filter in [one.clone(), format!(":{port}"), format!("'{one}'")] {
            assert_eq!(
                primary_addresses(&format!("sctp_info.p_address = {filter}")),
                std::slice::from_ref(one),
                "{filter}"
            );
        }
    }
}

#[test]
fn tables_and_csv_show_what_json_shows() {
    let all = primary_addresses("sctp");
    let csv = replay("built_sctp_6.cap", &["--columns", "sctp_info.p_address", "-o", "csv", "--no-header"]);
    assert_eq!(csv.lines().collect::<Vec<_>>(), all);
    let table = replay("built_sctp_6.cap", &["--columns", "sctp_info.p_address", "--no-header"]);
    assert_eq!(table.lines().map(str::trim_end).collect::<Vec<_>>(), all);
}

#[test]
fn socket_addresses_are_sorted_by_number() {
    let sort = ["--columns", "sctp_info.p_address", "--sort", "sctp_info.p_address", "--no-header", "-o", "csv"];
    let sorted = replay("built_sctp_6.cap", &sort);
    let sorted: Vec<std::net::SocketAddr> = sorted.lines().map(|line| line.parse().expect("an address")).collect();
    assert!(sorted.len() == 8 && sorted.is_sorted(), "{sorted:?}");
}
