//! The files that `sockeye ss` reads in the place of the kernel (docs/ss.md, "Input files"), damaged: whoever hands one over
//! can have written anything into it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sockeye_fuzz::Random;
use sockeye_fuzz::captures;
use sockeye_fuzz::damage::damage;

const SEED: u64 = 0xf11e5;
/// Files of each kind.
const FILES: usize = 12;
/// Damaged copies of its lines in a file.
const COPIES: usize = 60;

/// What is recorded of `/proc/net`: by the variable that names it, its lines, and the options that have it read.
const RECORDED: &[(&str, &str, &str)] = &[
    (
        "PROC_NET_TCP",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
         0: 0100007F:1F90 0A00000A:C350 01 0000002A:00000007 01:00000031 00000003  1000        2 1678 2 ffff8881f2 \
         31 4 17 10 -1\n   1: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 \
         1679 1 ffff8881f3 100 0 0 10 0\n",
        "-tanoei",
    ),
    (
        "PROC_NET_TCP6",
        "  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode\n   \
         0: 0000000000000000FFFF00000100007F:1F90 B80D0120000000000000000009000000:01BB 01 00000000:00000000 \
         02:00000A31 00000000    33        0 1680 2 ffff8881f4 20 4 30 10 7\n",
        "-6tanoei",
    ),
    (
        "PROC_NET_UDP",
        "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref pointer drops\n \
         7: 3500007F:0035 00000000:0000 07 00000000:00000B00 00:00000000 00000000   101        0 1681 2 ffff8881f5 9\n",
        "-uane",
    ),
    (
        "PROC_NET_RAW6",
        "  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref pointer drops\n \
         58: 00000000000000000000000000000000:003A 00000000000000000000000000000000:0000 07 00000000:00000000 \
         00:00000000 00000000  0  0 1682 2 ffff8881f6 3\n",
        "-6wane",
    ),
    (
        "PROC_NET_UNIX",
        "Num       RefCount Protocol Flags    Type St Inode Path\n000000001293cae3: 00000003 00000000 00010000 0001 01 1683 \
         /run/a.sock\n0000000013569d30: 00000003 00000000 00000000 0005 03 1684 @ab\n",
        "-xane",
    ),
    (
        "PROC_NET_PACKET",
        "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\nffff8881f7 3      3    0003   2     1 2304   33     \
         1685\n",
        "-0ane",
    ),
    (
        "PROC_NET_NETLINK",
        "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n00000000d7d9b397 15  \
         4294963093 00000113 7        9        0     2        3        1686\n",
        "-fnetlink",
    ),
    ("PROC_NET_SOCKSTAT", "sockets: used 117\nTCP: inuse 6 orphan 1 tw 42 alloc 9 mem 3\nUDP: inuse 2 mem 1\n", "-s"),
    ("PROC_NET_SOCKSTAT6", "TCP6: inuse 5\nUDP6: inuse 3\nRAW6: inuse 2\nFRAG6: inuse 4 memory 8\n", "-s"),
    (
        "PROC_NET_SNMP",
        "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens CurrEstab InSegs\nTcp: 1 200 120000 -1 9399948 17 56417588\n",
        "-s",
    ),
    ("PROC_IP_LOCAL_PORT_RANGE", "32768\t60999\n", "-tan"),
];

/// A file that is gone when the test is over.
struct Temporary(PathBuf);

impl Temporary {
    fn write(name: &str, bytes: &[u8]) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::write(&path, bytes).expect("written");
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Digits, signs and ends of words that were not there before: numbers too long for their types, words too many.
const PIECES: &[&str] = &[
    "ffffffffffffffffff",
    "-1",
    "-9223372036854775808",
    "18446744073709551615",
    ":",
    " ",
    "\t",
    "0",
    "\x1b[31m",
    "端",
];

/// Its first line, and then damaged copies of the others.
fn damaged(text: &str, random: &mut Random) -> Vec<u8> {
    let (head, lines) = text.split_at(text.find('\n').map_or(0, |at| at + 1));
    let mut bytes = head.as_bytes().to_vec();
    for _ in 0..COPIES {
        let mut copy = if lines.is_empty() { head.as_bytes().to_vec() } else { lines.as_bytes().to_vec() };
        for _ in 0..random.below(3) {
            let at = random.below(copy.len() + 1);
            let piece = random.pick(PIECES).expect("there are some");
            copy.splice(at..(at + random.below(piece.len() + 1)).min(copy.len()), piece.bytes()).for_each(drop);
        }
        bytes.extend(if random.one_in(4) { damage(&copy, random) } else { copy });
    }
    bytes
}

fn ss(arguments: &[&str], variable: &str, file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.arg("ss").args(arguments).env(variable, file);
    let output = command.output().expect("sockeye runs");
    // A panic would be 101 or a signal.
    assert!(
        matches!(output.status.code(), Some(0..=3)),
        "{variable} {arguments:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

#[test]
fn damaged_tables_of_proc_are_listed_as_far_as_they_can_be_read_and_no_crash() {
    let mut random = Random(SEED);
    for (variable, text, options) in RECORDED {
        let mut lines = 0;
        for _ in 0..FILES {
            let file = Temporary::write(variable, &damaged(text, &mut random));
            for more in [&[][..], &["sport", ">", "7"], &["--json"]] {
                // Counters have no filter.
                if *options == "-s" && more.len() > 1 {
                    continue;
                }
                let output = ss(&[&[*options][..], more].concat(), variable, &file.0);
                lines += output.stdout.split(|byte| *byte == b'\n').count();
                if more == ["--json"] {
                    let mut documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
                    assert!(documents.all(|document: Result<serde_json::Value, _>| document.is_ok()), "{variable}");
                }
            }
        }
        // What is only a part of a line that was damaged is not the whole file.
        assert!(lines > 3 * FILES, "{variable}: {lines} lines");
    }
}

/// What is recorded is TCP; rows of other tables are printed in a test of their own (`ss/attacked.rs`).
#[test]
fn damaged_dumps_of_the_kernel_are_listed_as_far_as_they_can_be_read_and_no_crash() {
    let mut random = Random(SEED);
    let datagrams = captures::datagrams();
    let mut lines = 0;
    for _ in 0..FILES {
        let mut bytes = Vec::new();
        for _ in 0..COPIES {
            let (_, datagram) = &datagrams[random.below(datagrams.len())];
            bytes.extend(if random.one_in(2) { damage(datagram, &mut random) } else { datagram.clone() });
        }
        let file = Temporary::write("diag", &bytes);
        for arguments in [&["-tanoeipmO"][..], &["-tan", "state", "all", "dport", ">", "9"], &["-tai", "--json"]] {
            lines += ss(arguments, "TCPDIAG_FILE", &file.0).stdout.split(|byte| *byte == b'\n').count();
        }
    }
    assert!(lines > 10 * FILES, "{lines} lines");
}

#[test]
fn damaged_files_of_filters_are_filters_or_mistakes_and_no_crash() {
    let mut random = Random(SEED);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..FILES * 4 {
        let comment = "# those that wait, of which nobody knows for what\n".repeat(8);
        let filter = format!("{comment}sport = :22 or ( dst 10.0.0.0/8 and dport >= :1024 )\nnot autobound\n{comment}");
        let bytes = damage(filter.as_bytes(), &mut random);
        let file = Temporary::write("filter", &bytes);
        let path = file.0.to_str().expect("a path of letters");
        let output = ss(&["-tan", "-F", path], "PROC_NET_TCP", Path::new("/dev/null"));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.chars().all(|letter| letter == '\n' || !letter.is_control()), "{errors:?}");
        let count = if output.status.success() { &mut read } else { &mut refused };
        *count += 1;
    }
    assert!(read >= 5 && refused >= 5, "{read} read, {refused} refused");
}
