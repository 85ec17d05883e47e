//! A small table: its fields, its words, the names that resolve, and records to filter.

use core::net::IpAddr;
use std::collections::HashMap;

use sockeye_query::filter::{self, Expression, Filter, Mistake, Record};
use sockeye_query::{Catalog, FieldId, FieldInfo, FieldKind, Names, Value, Word};
use sockeye_wire::{Meaning, Name, Privilege, Version};

pub(crate) const STATES: [Name; 6] = [
    Name { value: 1, name: "established" },
    Name { value: 2, name: "syn-sent" },
    Name { value: 4, name: "fin-wait-1" },
    Name { value: 5, name: "fin-wait-2" },
    Name { value: 6, name: "time-wait" },
    Name { value: 10, name: "listening" },
];

pub(crate) const OPTIONS: [Name; 3] =
    [Name { value: 1, name: "timestamps" }, Name { value: 2, name: "sack" }, Name { value: 4, name: "ecn" }];

const PROTOCOLS: [Name; 3] =
    [Name { value: 0, name: "tcp" }, Name { value: 1, name: "udp" }, Name { value: 2, name: "unix" }];

type Row = (&'static str, &'static [&'static str], FieldKind);

const FIELDS: [Row; 28] = [
    ("proto", &["proto", "netid"], FieldKind::Number(Meaning::OneOf(&PROTOCOLS))),
    ("state", &["state"], FieldKind::Number(Meaning::OneOf(&STATES))),
    ("local", &["local", "src"], FieldKind::Address),
    ("local_port", &["lport", "sport"], FieldKind::Port),
    ("peer", &["peer", "dst"], FieldKind::Address),
    ("peer_port", &["pport", "dport"], FieldKind::Port),
    ("port", &["port"], FieldKind::Port),
    ("send_queue", &["send-q", "sndq"], FieldKind::Number(Meaning::Bytes)),
    ("interface", &["dev"], FieldKind::Interface),
    ("ifindex", &["ifindex"], FieldKind::Number(Meaning::Identifier)),
    ("uid", &["uid"], FieldKind::User),
    ("user", &["user"], FieldKind::UserName),
    ("process", &["process", "comm"], FieldKind::Text),
    ("pid", &["pid"], FieldKind::Number(Meaning::Identifier)),
    ("mark", &["mark", "fwmark"], FieldKind::Number(Meaning::Hexadecimal)),
    ("cookie", &["cookie"], FieldKind::Number(Meaning::Hexadecimal)),
    ("cgroup", &["cgroup"], FieldKind::Cgroup),
    ("netns", &["netns"], FieldKind::Text),
    ("v6only", &["v6only"], FieldKind::Number(Meaning::Truth)),
    ("skmem", &["skmem"], FieldKind::Structure),
    ("tcp_info.rtt", &["rtt"], FieldKind::Number(Meaning::Microseconds)),
    ("tcp_info.ato", &["ato"], FieldKind::Number(Meaning::Milliseconds)),
    ("tcp_info.retrans", &["retrans"], FieldKind::Number(Meaning::Count)),
    ("tcp_info.options", &["options"], FieldKind::Number(Meaning::SetOf(&OPTIONS))),
    ("tcp_info.pacing_rate", &["pacing-rate"], FieldKind::Number(Meaning::BytesPerSecond)),
    ("group", &["group"], FieldKind::Address),
    ("sctp_info.p_address", &["primary"], FieldKind::SocketAddress),
    ("local_addresses", &["addresses"], FieldKind::SocketAddress),
];

const WORDS: [(&str, &str, &[&str]); 13] = [
    ("tcp", "proto", &["tcp"]),
    ("udp", "proto", &["udp"]),
    ("unix", "proto", &["unix"]),
    ("inet", "proto", &["tcp", "udp"]),
    ("established", "state", &["established"]),
    ("syn-sent", "state", &["syn-sent"]),
    ("fin-wait-1", "state", &["fin-wait-1"]),
    ("time-wait", "state", &["time-wait"]),
    ("listening", "state", &["listening"]),
    ("connected", "state", &["established", "syn-sent", "fin-wait-1", "fin-wait-2", "time-wait"]),
    ("synchronized", "state", &["established", "fin-wait-1", "fin-wait-2", "time-wait"]),
    ("big", "state", &["established", "syn-sent", "fin-wait-1", "fin-wait-2", "listening"]),
    ("all", "state", &["established", "syn-sent", "fin-wait-1", "fin-wait-2", "time-wait", "listening"]),
];

/// Fields of which a record can have several values.
const SEVERAL: [&str; 11] = [
    "port",
    "process",
    "peer-process",
    "user",
    "cmdline",
    "unit",
    "container",
    "pod",
    "pid",
    "groups",
    "local_addresses",
];

pub(crate) fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for (path, aliases, kind) in FIELDS {
        catalog.add(FieldInfo {
            path: path.to_owned(),
            aliases: aliases.to_vec(),
            json: path.to_owned(),
            kernel: String::new(),
            doc: "A field of the test.",
            kind,
            scalar: None,
            several: SEVERAL.contains(&path),
            none_is_said: ["interface", "ifindex"].contains(&path),
            since: Version(3, 2),
            privilege: Privilege::None,
        });
    }
    for (word, field, values) in WORDS {
        let field = catalog.find(field).unwrap();
        catalog.add_word(Word { word, field, values });
    }
    catalog
}

/// Names from a table instead of the system.
pub(crate) struct Known;

impl Names for Known {
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host {
            "localhost" => Ok(vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()]),
            "two.example" => Ok(vec!["10.0.0.2".parse().unwrap(), "10.0.0.1".parse().unwrap()]),
            "none.example" => Ok(Vec::new()),
            other => Err(format!("cannot resolve `{other}`: no such host")),
        }
    }

    fn port(&self, service: &str) -> Result<u16, String> {
        match service {
            "ssh" => Ok(22),
            "http" => Ok(80),
            "https" => Ok(443),
            "netbios-ns" => Ok(137),
            other => Err(format!("no service is called `{other}`")),
        }
    }

    fn user(&self, name: &str) -> Result<u32, String> {
        if name == "alice" { Ok(1000) } else { Err(format!("no user is called `{name}`")) }
    }

    fn user_name(&self, uid: u32) -> Option<String> {
        (uid == 1000).then(|| "alice".to_owned())
    }

    fn interface(&self, name: &str) -> Result<Option<u32>, String> {
        Ok((name == "eth0").then_some(2))
    }

    fn known(&self, kind: FieldKind) -> Vec<String> {
        let names: &[&str] = match kind {
            FieldKind::Port => &["ssh", "http", "https", "netbios-ns"],
            FieldKind::User => &["alice"],
            FieldKind::Interface => &["eth0"],
            _ => &[],
        };
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn cgroup(&self, path: &str) -> Result<(u64, Vec<u8>), String> {
        let (id, known) = match path.strip_prefix("/sys/fs/cgroup/").unwrap_or(path).trim_matches('/') {
            "" => (1, "/"),
            "system.slice/ssh.service" => (77, "/system.slice/ssh.service"),
            _ => return Err(format!("there is no cgroup `{path}`")),
        };
        Ok((id, known.as_bytes().to_vec()))
    }
}

pub(crate) fn parse(text: &str) -> Result<Filter, Mistake> {
    filter::parse(text, &catalog(), &Known)
}

pub(crate) fn printed(expression: &Expression) -> String {
    expression.display(&catalog()).to_string()
}

/// The filter in full brackets, or its mistake.
pub(crate) fn canonical(text: &str) -> String {
    parse(text).map_or_else(|mistake| mistake.to_string(), |filter| printed(&filter.expression))
}

/// A record that says what it was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample(HashMap<FieldId, Value<'static>>);

impl Sample {
    pub(crate) fn with(mut self, field: &str, value: Value<'static>) -> Self {
        self.0.insert(catalog().find(field).unwrap(), value);
        self
    }

    pub(crate) fn of(values: HashMap<FieldId, Value<'static>>) -> Self {
        Self(values)
    }
}

impl Record for Sample {
    fn value(&self, field: FieldId) -> Option<Value<'_>> {
        self.0.get(&field).cloned()
    }
}
