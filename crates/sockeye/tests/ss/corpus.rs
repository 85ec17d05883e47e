//! The command lines: lines of shell in which `ss` is the program to be tried. `$FOLDER` is a folder for files.

use std::collections::BTreeSet;

/// Command lines with something in common.
#[derive(Debug)]
pub(crate) struct Group {
    /// What they have in common.
    pub(crate) name: &'static str,
    pub(crate) lines: Vec<String>,
}

/// What a manual page and thousands of scripts say.
const PEOPLE: &[&str] = &[
    "ss",
    "ss -a",
    "ss -n",
    "ss -an",
    "ss -l",
    "ss -ln",
    "ss -t",
    "ss -ta",
    "ss -tan",
    "ss -tanH",
    "ss -ant",
    "ss -lnt",
    "ss -ltn",
    "ss -lntH",
    "ss -ltnp",
    "ss -lntp",
    "ss -tlnp 'sport = :22'",
    "ss -tulpn",
    "ss -tulwn",
    "ss -tunap",
    "ss -ua",
    "ss -uan",
    "ss -ulnp",
    "ss -wa",
    "ss -wan",
    "ss -x",
    "ss -xa",
    "ss -xl",
    "ss -xp",
    "ss -xlp",
    "ss -s",
    "ss -tin",
    "ss -ti",
    "ss -tni",
    "ss -tnoi",
    "ss -tinO",
    "ss -tain",
    "ss -tem",
    "ss -tanemo",
    "ss -tampinemo",
    "ss -to state time-wait",
    "ss -Man",
    "ss -Mani",
    "ss -tn state established '( dport = :443 or sport = :443 )'",
    "ss -o state established '( sport != :22 )'",
    "ss -xan not src '/tmp/*'",
    "ss -tan dst 127.0.0.0/255.0.0.0",
    "ss -tan src 127.9.0.0/255.255.0.0",
    "ss -an not dst 127.1.2.3",
    "ss -o state established '( dport = :ssh or sport = :ssh )'",
    "ss -o state fin-wait-1 '( sport = :http or sport = :https )' dst 193.233.7/24",
    "ss -Htn state established '( sport = :22 )' | wc -l",
    "ss -ltnp | awk '{print $4}'",
    "ss -ltnH | awk '{print $4}' | sort | uniq -c",
    "ss -tan | awk 'NR>1 {++count[$1]} END {for (state in count) print state, count[state]}' | sort",
    "ss -tan | tail -n +2 | cut -d' ' -f1 | sort | uniq -c",
    "ss -ltn | grep -c LISTEN",
    "ss -tanH | sed 's/  */ /g' | cut -d' ' -f5",
    "ss -lun | grep -v '^State'",
];

/// Each option by its short name and by its long one.
const OPTIONS: &[&str] = &[
    "ss -na --tcp",
    "ss --numeric --all --udp",
    "ss --all --numeric --raw",
    "ss --all --numeric --unix",
    "ss --all --packet",
    "ss --all --mptcp -n",
    "ss --all --sctp",
    "ss -Sa",
    "ss --all --dccp",
    "ss -da",
    "ss --vsock -a",
    "ss --tipc -a",
    "ss --tipc --tipcinfo -a",
    "ss --xdp -a",
    "ss --xdp -aem",
    "ss --listening --numeric --tcp",
    "ss --bound-inactive --tcp",
    "ss -Btn",
    "ss -Btne",
    "ss --ipv4 -tan",
    "ss --ipv6 -tan",
    "ss -4 -an",
    "ss -6 -an",
    "ss -0 -a",
    "ss -46tan",
    "ss -4 -6 -ua",
    "ss -f inet -tan",
    "ss -f inet6 -tan",
    "ss -f unix -a",
    "ss -f link -a",
    "ss -f netlink -a",
    "ss -f netlink -anp",
    "ss -f vsock -a",
    "ss -f xdp -a",
    "ss --family=inet6 -uan",
    "ss -A tcp -an",
    "ss -A udp,tcp -an",
    "ss -A inet -a",
    "ss -A all -an",
    "ss -A raw -an",
    "ss -A unix -a",
    "ss -A unix_stream -a",
    "ss -A u_str,u_dgr -a",
    "ss -A unix_dgram -a",
    "ss -A unix_seqpacket -a",
    "ss -A u_seq -a",
    "ss -A packet -a",
    "ss -A netlink -an",
    "ss -A mptcp,tcp -an",
    "ss -A vsock -a",
    "ss -A vsock_stream -a",
    "ss -A xdp -a",
    "ss -A 'all,!netlink' -an",
    "ss -A 'inet,!tcp' -an",
    "ss --query=tcp -a",
    "ss --socket udp -a",
    "ss --options -tan",
    "ss --extended -uan",
    "ss --memory -uan",
    "ss --processes -tan",
    "ss --info -tan",
    "ss --bpf -0a",
    "ss -0ab",
    "ss -0abO",
    "ss -0aeO",
    "ss --summary",
    "ss -s -t",
    "ss -tan --tos",
    "ss -uan --tos",
    "ss -tan --cgroup",
    "ss -tan --inet-sockopt",
    "ss -uanO --inet-sockopt",
    "ss --no-header -tan",
    "ss --no-queues -tan",
    "ss --oneline -tain",
    "ss -inmHMNnosuch",
    "unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/netns && touch /run/netns/here && \
     mount --bind /proc/self/ns/net /run/netns/here && ss -N here -ltn'",
    "timeout 2 ss -Etn",
    "timeout 2 ss --events -un state all",
    "ss -V >/dev/null",
    "ss --bogus",
    "ss -Y",
    "ss -A bogus",
    "ss -f bogus",
    "ss -Z",
    "ss -4tanD $FOLDER/dumped && TCPDIAG_FILE=$FOLDER/dumped ss -tano",
    "ss -uaD -",
    "echo 'sport = :22' > $FOLDER/filter && ss -tanF $FOLDER/filter",
    "echo 'dst 127.1.2.3' | ss -tanF -",
    "ss -tan --filter=/nonexistent",
    "ss -tanr dst 127.0.0.1 and src 127.0.0.1",
];

/// States, with and without expressions.
const STATES: &[&str] = &[
    "ss -tn state established",
    "ss -tan state syn-sent",
    "ss -tan state syn-recv",
    "ss -tan state syn-rcv",
    "ss -tan state fin-wait-1",
    "ss -tan state fin-wait-2",
    "ss -tan state time-wait",
    "ss -tan state close-wait",
    "ss -tan state last-ack",
    "ss -tan state closing",
    "ss -tan state LISTENING",
    "ss -uan state closed",
    "ss -uan state unconnected",
    "ss -tan state connected",
    "ss -tan state synchronized",
    "ss -tan state bucket",
    "ss -tan state big",
    "ss -tan state all",
    "ss -tan state time-wait state syn-recv",
    "ss -tan exclude established exclude listening",
    "ss -tan excl time-wait",
    "ss -xa state listening",
    "ss -xa state established",
    "ss -an state listening",
    "ss -n state established",
    "ss -tan state bogus",
    "ss -tan state",
];

/// Expressions.
const FILTERS: &[&str] = &[
    "ss -tan src 127.9.8.7",
    "ss -tan src 127.9.8.7 dst 127.1.2.3",
    "ss -tan src 127.0.0.0/8 and not dst 127.1.2.3",
    "ss -tan '! src 127.9.8.7'",
    "ss -tan 'src = 127.9.8.7 && dst = 127.1.2.3'",
    "ss -tan 'dst 127.1.2.3 || dst 127.4.5.6'",
    "ss -tan dst 127.1/16",
    "ss -tan dst '[fd00:5eed::a]'",
    "ss -tan src '[fd00:5eed::/32]'",
    "ss -tan src '[fd00:5eed::]/32'",
    "ss -tan dst inet6:fd00:5eed::a",
    "ss -tan dst inet:127.9.8.7",
    "ss -tan 'sport = inet::22'",
    "ss -tan src any",
    "ss -tan 'src all'",
    "ss -tan src default",
    "ss -tan src 127.9.8.7:",
    "ss -tan dst '*'",
    "ss -tan src localhost",
    "ss -tan 'sport gt :40000'",
    "ss -tan 'sport > 40000'",
    "ss -tan 'sport >= :40000 and sport <= :50000'",
    "ss -tan 'dport lt 40000'",
    "ss -tan 'dport != :443'",
    "ss -tan 'dport ne https'",
    "ss -tan 'sport == :http'",
    "ss -tan 'sport eq 1'",
    "ss -tan sport = domain",
    "ss -tan autobound",
    "ss -xa autobound",
    "ss -tan dev lo",
    "ss -tan dev != lo",
    "ss -tan 'dev = 1'",
    "ss -tan fwmark 0x5eed",
    "ss -tan fwmark != 0x5eed",
    "ss -tan fwmark 0x5e00/0xff00",
    "ss -uan fwmark = 0x5eed",
    "ss -tan cgroup $(awk '$3 == \"cgroup2\" {print $2; exit}' /proc/mounts)",
    "ss -tan cgroup /no/such/group",
    "ss -xa src '*'",
    "ss -xa 'src *zoo*'",
    "ss -xa src unix:@*",
    "ss -a src unix:*LISTENING",
    "ss -a src link:lldp",
    "ss -a src link:*:lo",
    "ss -a src netlink:rtnl:kernel",
    "ss -an src netlink:15",
    "ss -an 'sport = 0'",
    "ss -uan src 127.9.8.7",
    "ss -wan src 127.9.8.7",
    "ss -Man dst 127.9.8.7",
    "ss -tan 'sport =22'",
    "ss -tan '(sport = 22)'",
    "ss -tan sport = 80,443",
    "ss -tan and",
    "ss -tan src",
    "ss -tan dst nosuch.invalid",
    "ss -tan sport = nosuchservice",
];

/// Widths as on a terminal.
const WIDTHS: &[&str] = &[
    "COLUMNS=80 ss -ltn",
    "COLUMNS=80 ss -tan",
    "COLUMNS=120 ss -tanp",
    "COLUMNS=200 ss -an",
    "COLUMNS=40 ss -ltn",
    "COLUMNS=20 ss -uan",
    "COLUMNS=1 ss -uan",
    "COLUMNS=300 ss -uane",
    "COLUMNS=100 ss -uanemp",
    "COLUMNS=100 ss -xap",
    "COLUMNS=0 ss -ltn",
    "COLUMNS=wide ss -ltn",
    "COLUMNS=132 ss -tanQH",
];

/// What the lines of a listing are made of.
const DISPLAY: [&str; 16] = [
    "-n",
    "-o",
    "-e",
    "-m",
    "-p",
    "-T",
    "-i",
    "-b",
    "-H",
    "-Q",
    "-O",
    "-r -n",
    "--tos",
    "--cgroup",
    "--inet-sockopt",
    "--tipcinfo",
];

/// The corpus.
pub(crate) fn groups() -> Vec<Group> {
    let written = |name, lines: &[&str]| Group { name, lines: lines.iter().map(|&line| line.to_owned()).collect() };
    vec![
        written("people", PEOPLE),
        written("options", OPTIONS),
        written("states", STATES),
        written("filters", FILTERS),
        written("widths", WIDTHS),
        Group { name: "pairs", lines: pairs() },
    ]
}

/// Every pair of display options over every table.
fn pairs() -> Vec<String> {
    let mut lines = Vec::new();
    for (index, one) in DISPLAY.iter().enumerate() {
        lines.extend(DISPLAY[index..].iter().map(|other| match one {
            one if one == other => format!("ss -a {one}"),
            one => format!("ss -a {one} {other}"),
        }));
    }
    lines
}

/// Options of the manual page, and where a line has each: on its own, or in a cluster of letters.
const NAMED: &str = "-n -r -o -e -m -i -p -T -b -a -l -B -4 -6 -0 -t -M -S -u -d -w -x -f -A -s -D -F -V -Z -N -H -Q -O \
    -E --numeric --options --extended --memory --info --processes --bpf --all --listening --bound-inactive --ipv4 --ipv6 \
    --packet --tcp --mptcp --sctp --udp --dccp --raw --unix --tipc --vsock --xdp --family --query --socket --summary \
    --filter --events --no-header --no-queues --oneline --inet-sockopt --tos --cgroup --tipcinfo";

/// The corpus is as large as was promised, no line is twice in it, and every option is.
pub(crate) fn it_has_every_option_and_every_pair() {
    let lines: Vec<String> = groups().into_iter().flat_map(|group| group.lines).collect();
    let different: BTreeSet<&String> = lines.iter().collect();
    assert_eq!(different.len(), lines.len(), "a line is there twice");
    assert!(lines.len() >= 150, "{} lines", lines.len());
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split([' ', '='])).collect();
    for option in NAMED.split_whitespace() {
        let has = |word: &&str| match option.strip_prefix("--") {
            Some(_) => *word == option,
            None => is_cluster(word) && word.contains(&option[1..]),
        };
        assert!(words.iter().any(has), "no line has {option}");
    }
}

fn is_cluster(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}
