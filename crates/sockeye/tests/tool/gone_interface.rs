//! A socket that is bound to an interface which is gone: the kernel keeps its index, and nothing has that any more.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use sockeye_zoo::{Skip, in_namespace};

use crate::ran::{csv, sockeye, with_cookie};
use crate::support::listing;

#[test]
fn a_socket_of_an_interface_that_is_gone_is_bound_to_its_index() {
    in_namespace(|zoo| {
        let device = zoo.tcp_hostile_device()?;
        let expected = device.expected("listener");
        let (name, index) = (expected.interface.clone().expect("a name"), expected.ifindex.expect("an index"));
        let cookie = expected.cookie.expect("every socket has a cookie");
        let deleted = Command::new("ip").args(["link", "delete", "dev"]).arg(OsStr::from_bytes(&name)).output();
        let deleted = deleted.map_err(|error| Skip::new("program:ip", error.to_string()))?;
        assert!(deleted.status.success(), "{}", String::from_utf8_lossy(&deleted.stderr));
        let same_index = format!("dev = {index}");
        for filter in ["dev != lo", "not dev lo", "dev != 1", "has dev", &same_index, "dev !~ 'l*'"] {
            // What the kernel decides and what is decided here: an `or` with what no program can say.
            for filter in [filter.to_owned(), format!("({filter} or has pid and fd > 4000000)")] {
                let (rows, verdict) = listing(&["tcp", &filter, "--columns", "cookie,dev"]);
                let row = *with_cookie(&rows, cookie).first().unwrap_or_else(|| panic!("{filter}: {verdict}"));
                assert_eq!((row.get("interface"), row["ifindex"].as_u64()), (None, Some(index.into())), "{filter}");
            }
        }
        for filter in ["dev lo", "not has dev", "dev = 1", "dev ~ 'l*'"] {
            assert!(with_cookie(&listing(&["tcp", filter, "--columns", "cookie"]).0, cookie).is_empty(), "{filter}");
        }
        let table = sockeye(&["tcp", &same_index, "-H", "--columns", "local,dev"]).ended(0);
        let line = table.text().trim_end();
        assert!(line.contains(&format!("%{index}:")) && line.ends_with(&format!(" {index}")), "{line}");
        let records = csv(sockeye(&["tcp", &same_index, "-H", "-o", "csv", "--columns", "dev"]).ended(0).text());
        assert_eq!(records[0].last(), Some(&index.to_string()), "{records:?}");
        Ok(())
    });
}
