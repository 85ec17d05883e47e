//! Units, containers and pods of processes that are in groups with such names.

use sockeye_zoo::skip::may_load_programs;
use sockeye_zoo::{Resident, in_namespace};

use crate::ran::{WHOEVER_MAY_BE_SEEN, sockeye};

/// A path of groups, and what it is: unit, container, pod.
type Group<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

#[test]
fn sockets_have_the_unit_the_container_and_the_pod_of_who_holds_them() {
    in_namespace(|zoo| {
        let ids = ["3c", "a9"].map(|digits| digits.repeat(32));
        let docker = format!("system.slice/docker-{}.scope", ids[0]);
        let pod = "kubepods.slice/kubepods-burstable.slice/\
                   kubepods-burstable-pod0f2d1e4c_7b1a_4c58_9d3e_5a6b7c8d9e0f.slice";
        let containerd = format!("{pod}/cri-containerd-{}.scope", ids[1]);
        let uid = "0f2d1e4c-7b1a-4c58-9d3e-5a6b7c8d9e0f";
        let scopes = [&docker, &containerd].map(|path| path.rsplit('/').next().expect("a name").to_owned());
        let groups: [Group<'_>; 3] = [
            ("system.slice/system-getty.slice/getty@tty7.service", Some("getty@tty7.service"), None, None),
            (&docker, Some(&scopes[0]), Some(&ids[0]), None),
            (&containerd, Some(&scopes[1]), Some(&ids[1]), Some(uid)),
        ];
        // Without the capability, the listing that chooses for itself is left.
        let sources = if may_load_programs().is_ok() { &["bpf", "proc", "auto"][..] } else { &["proc", "auto"] };
        let mut residents = Vec::new();
        for (path, ..) in &groups {
            residents.push(zoo.resident(path)?);
        }
        for ((path, unit, container, pod), resident) in groups.iter().zip(&residents) {
            for source in sources {
                told(resident, source, &[("unit", *unit), ("container", *container), ("pod", *pod)], path);
            }
        }
        // A filter takes what a column shows, and each leaves out the others.
        for (filter, fitting) in [
            (format!("container = '{}'", ids[0]), 1),
            (format!("pod = '{uid}'"), 1),
            ("unit = getty@tty7.service".to_owned(), 1),
            ("unit = getty@tty8.service".to_owned(), 0),
        ] {
            let rows = sockeye(&["sockets", "tcp", "listening", &filter, "-j"]).ended_in(&WHOEVER_MAY_BE_SEEN).json();
            let rows = rows["sockets"].as_array().map_or(0, Vec::len);
            assert_eq!(rows, fitting, "{filter}");
        }
        Ok(())
    });
}

/// What a listing says of the resident's socket.
#[track_caller]
fn told(resident: &Resident, source: &str, expected: &[(&str, Option<&str>)], path: &str) {
    let own = format!("sport = {}", resident.port);
    let columns = ["--columns", "pid,unit,container,pod", "--owner-source", source, "-j"];
    let ran = sockeye(&[&["sockets", "tcp", "listening", &own], &columns[..]].concat());
    let answer = ran.ended_in(&WHOEVER_MAY_BE_SEEN).json();
    let owners = &answer["sockets"][0]["owners"];
    assert_eq!((owners.as_array().map(Vec::len), &owners[0]["pid"]), (Some(1), &resident.pid().into()), "{answer:#}");
    for (field, value) in expected {
        assert_eq!(owners[0][*field].as_str(), *value, "{field} by {source} of {path}: {owners:#}");
    }
}
