//! What may differ between sockeye and another `ss`, each with its reason: a bug of the original, a rule that changed,
//! or something that an older one does not know.
//!
//! A reason rewrites exactly its difference; what is left must be equal. [`crate::proof`] tries each.

use std::collections::BTreeMap;

use crate::oracle::{Release, Said};
use crate::rewrite;

/// A command line, and beside whom it is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) line: &'a str,
    /// Of the other `ss`.
    pub(crate) release: Release,
    /// Ports of Netlink sockets that do not move: see [`crate::moving`].
    pub(crate) kept_ports: &'a [String],
}

impl Asked<'_> {
    /// Whether a word of the line is this option, or a cluster with its letter.
    pub(crate) fn has(&self, option: &str) -> bool {
        let letter = option.strip_prefix('-').filter(|letter| letter.len() == 1);
        self.line.split_whitespace().any(|word| {
            let clustered = word.starts_with('-') && !word.starts_with("--");
            word == option || letter.is_some_and(|letter| clustered && word[1..].contains(letter))
        })
    }

    /// Whether owners are shown.
    pub(crate) fn has_owners(&self) -> bool {
        self.has("-p") || self.has("--processes")
    }
}

/// A difference that is known.
#[derive(Debug)]
pub(crate) struct Reason {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    /// The first release without it; none where the newest has it too.
    pub(crate) until: Option<Release>,
    /// Rewrites one answer or both, and says whether there was something to rewrite.
    excuse: fn(&Asked<'_>, &mut Said, &mut Said) -> bool,
    pub(crate) example: Example,
}

/// Two answers that differ by one reason.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) line: &'static str,
    pub(crate) theirs: &'static str,
    pub(crate) ours: &'static str,
}

/// So many reasons are enough for everything.
pub(crate) const REASONS_MAX: usize = 15;

/// All reasons, in the order in which they are applied.
pub(crate) const REASONS: &[Reason] = &[
    Reason {
        name: "options",
        why: "it does not know -Q, which hides queues, and -B, which shows sockets that are only bound",
        until: Some(LATER_STATES),
        excuse: |asked, theirs, ours| {
            rewrite::unknown_option(asked, &["-Q", "--no-queues", "-B", "--bound-inactive"], theirs, ours)
        },
        example: Example { line: "ss -tanQ", theirs: "", ours: "State Local Address:Port Peer Address:Port\n" },
    },
    Reason {
        name: "keys before the table",
        why: "it prints the keys of MD5 signatures at once, before the first line, and not in their row",
        until: Some(Release(6, 2)),
        excuse: |_, theirs, ours| rewrite::keys(theirs, ours),
        example: Example {
            line: "ss -tai",
            theirs: "not\\040a\\040key\\033State\n\t md5keys:10.20.0.0/14=,192.0.2.77/32=\n",
            ours: "State\n\t md5keys:10.20.0.0/14=not\\040a\\040key,192.0.2.77/32=\\033\n",
        },
    },
    Reason {
        name: "later states",
        why: "its masks lack the states of half-open connections and of sockets that are only bound, or have them where \
              the manual says that they are left out; beside one that never asks for the latter none is made",
        until: None,
        excuse: rewrite::later_states,
        example: Example {
            line: "ss -ti",
            theirs: "UNCONN 0 0 127.9.8.7:54321 0.0.0.0:*\n\t\nESTAB 0 0 127.9.8.7:51563\n",
            ours: "ESTAB 0 0 127.9.8.7:51563\n",
        },
    },
    Reason {
        name: "doubled rows",
        why: "the kernel gives a Netlink socket again once it has joined a group, and it prints both",
        until: None,
        excuse: |_, theirs, ours| rewrite::doubled_rows(theirs, ours),
        example: Example {
            line: "ss -f netlink -a",
            theirs: "UNCONN 0 0 rtnl:7 *\nUNCONN 0 0 rtnl:8 *\nUNCONN 0 0 rtnl:7 *\n",
            ours: "UNCONN 0 0 rtnl:7 *\nUNCONN 0 0 rtnl:8 *\n",
        },
    },
    Reason {
        name: "fields",
        why: "it does not know rcv_wnd and rehash, TLS without padding, and what the kernel tells of MPTCP since 5.16",
        until: Some(Release(6, 7)),
        excuse: |_, _, ours| rewrite::without(ours, rewrite::NEWER_FIELDS),
        example: Example {
            line: "ss -tMi",
            theirs: "\t cubic snd_wnd:65536\n\t subflows:1 rcv_nxt:6612714186286091857\n",
            ours: "\t cubic snd_wnd:65536 rcv_wnd:65483 rehash:2\n\t subflows:1 rcv_nxt:6612714186286091857 \
                   local_addr_used:1 bytes_sent:4321 last_data_sent:#\n",
        },
    },
    Reason {
        name: "names of protocols",
        why: "it has no name for raw sockets that the kernel lists by Netlink, and for vsock's with whole records",
        until: None,
        excuse: |_, theirs, ours| rewrite::nameless(theirs, ours),
        example: Example {
            line: "ss -wan",
            theirs: "Netid State\n???   UNCONN 0 0 127.9.8.7:89 0.0.0.0:*\n",
            ours: "Netid State\nraw   UNCONN 0 0 127.9.8.7:89 0.0.0.0:*\n",
        },
    },
    Reason {
        name: "numbers of MPTCP",
        why: "it prints sequence numbers in hexadecimal",
        until: Some(Release(6, 7)),
        excuse: |_, _, ours| rewrite::sequence_numbers(ours),
        example: Example {
            line: "ss -Mi",
            theirs: "\t write_seq:ceeae14d46f0a3d9 snd_una:1f ssnoff:ff\n",
            ours: "\t write_seq:14909977238382355417 snd_una:31 ssnoff:255\n",
        },
    },
    Reason {
        name: "threads alone",
        why: "it names no owners for -T without -p, which its manual says is implied",
        until: None,
        excuse: |asked, theirs, ours| !asked.has_owners() && asked.has("-T") && rewrite::threads_alone(theirs, ours),
        example: Example {
            line: "ss -tanT",
            theirs: "Peer Address:Port\n127.1.2.3:56239 ino:7\n",
            ours: "Peer Address:Port Process\n127.1.2.3:56239    users:((\"a b\",pid=7,tid=8,fd=9)) ino:7\n",
        },
    },
    Reason {
        name: "owners of Netlink sockets",
        why: "it does not look for them, and pads the column by something else",
        until: None,
        excuse: |_, theirs, ours| rewrite::netlink_owners(theirs, ours),
        example: Example {
            line: "ss -f netlink -anp",
            theirs: "Address:PortProcess\n0 0 0:1592590337 *    \n",
            ours: "Address:Port     Process\n0 0 0:1592590337 *           users:((\"zoo\",pid=7,fd=8))\n",
        },
    },
    Reason {
        name: "device numbers",
        why: "it reads the kernel's form of a device number as if it were that of the C library",
        until: None,
        excuse: |_, _, ours| rewrite::device_numbers(ours),
        example: Example {
            line: "ss -xae",
            theirs: "u_str LISTEN 0 7 @zoo 7 * 0 <-> ino:9 dev:0/65024\n",
            ours: "u_str LISTEN 0 7 @zoo 7 * 0 <-> ino:9 dev:254/0\n",
        },
    },
    Reason {
        name: "Netlink details",
        why: "it leaves them out without -p, with the column of owners that it thinks them to be in, and says 0 for the \
              cookie",
        until: None,
        excuse: rewrite::netlink_details,
        example: Example {
            line: "ss -f netlink -ae",
            theirs: "UNCONN 0 0 rtnl:kernel *\n",
            ours: "UNCONN 0 0 rtnl:kernel * sk=2031bf8 cb=0 groups=0x00000011\t skmem:(r0,rb212992)\n",
        },
    },
    Reason {
        name: "spread columns",
        why: "it does not heed COLUMNS, and gives a column of owners that is not shown its share of a terminal",
        until: Some(Release(7, 0)),
        excuse: rewrite::spread,
        example: Example {
            line: "COLUMNS=40 ss -ltn",
            theirs: "State     Local Address:Port   Process\nLISTEN        127.9.8.7:22     \n",
            ours: "State       Local Address:Port\nLISTEN          127.9.8.7:22\n",
        },
    },
    Reason {
        name: "column of owners",
        why: "it names the column of owners where none are asked for, and pads the one before it",
        until: Some(PROCESS_COLUMN),
        excuse: |asked, theirs, ours| !asked.has_owners() && rewrite::owners_column(theirs, ours),
        example: Example {
            line: "ss -tane",
            theirs: "State Peer Address:Port Process\nESTAB    127.9.8.7:*     ino:7\nESTAB    127.9.8.7:1024  ino:8\n",
            ours: "State Peer Address:Port\nESTAB    127.9.8.7:* ino:7\nESTAB    127.9.8.7:1024 ino:8\n",
        },
    },
];

/// Command lines for which the original is asked with other words: what it says to these is wrong or nothing, and its
/// manual says what it should be.
pub(crate) const INSTEAD: &[Instead] = &[
    Instead { line: "ss -46tan", theirs: "ss -tan", reason: ONE_FAMILY },
    Instead { line: "ss -4 -6 -ua", theirs: "ss -ua", reason: ONE_FAMILY },
    Instead { line: "ss -tan dst inet6:fd00:5eed::a", theirs: "ss -tan dst '[fd00:5eed::a]'", reason: REFUSED },
    Instead { line: "ss -tan src '[fd00:5eed::]/32'", theirs: "ss -tan src '[fd00:5eed::/32]'", reason: REFUSED },
    Instead { line: "ss -tan 'sport =22'", theirs: "ss -tan 'sport = 22'", reason: REFUSED },
    Instead { line: "ss -tan '(sport = 22)'", theirs: "ss -tan '( sport = 22 )'", reason: REFUSED },
];

const ONE_FAMILY: &str = "of several families that are named, it takes the last alone";
const REFUSED: &str = "it refuses what can have only one meaning";

/// A command line, and another one to which the original gives the answer that is right.
#[derive(Debug)]
pub(crate) struct Instead {
    pub(crate) line: &'static str,
    pub(crate) theirs: &'static str,
    pub(crate) reason: &'static str,
}

/// The first release that asks for sockets which are only bound.
pub(crate) const LATER_STATES: Release = Release(6, 8);

/// The first release that leaves the column of owners out where none are asked for.
const PROCESS_COLUMN: Release = Release(6, 8);

/// Which reasons were needed, and how often.
#[derive(Debug, Default)]
pub(crate) struct Excuses {
    used: BTreeMap<&'static str, usize>,
}

impl Excuses {
    /// The line with which the original is asked.
    pub(crate) fn line_instead<'a>(&mut self, line: &'a str) -> &'a str {
        let Some(instead) = INSTEAD.iter().find(|instead| instead.line == line) else { return line };
        *self.used.entry(instead.reason).or_default() += 1;
        instead.theirs
    }

    /// Both answers without what has a reason.
    pub(crate) fn applied(&mut self, asked: &Asked<'_>, mut theirs: Said, mut ours: Said) -> (Said, Said) {
        for reason in REASONS.iter().filter(|reason| reason.until.is_none_or(|until| asked.release < until)) {
            if theirs.text == ours.text && theirs.status == ours.status {
                break;
            }
            if (reason.excuse)(asked, &mut theirs, &mut ours) {
                *self.used.entry(reason.name).or_default() += 1;
            }
        }
        (theirs, ours)
    }

    /// Names of reasons, with the number of command lines that needed each.
    pub(crate) fn used(&self) -> &BTreeMap<&'static str, usize> {
        &self.used
    }
}
