//! What is said of a filter that is wrong.
use crate::sample::canonical;
#[test]
fn show() {
    for text in [
        "listning", "tcp and", "and tcp", "or", "(tcp", "tcp)", "()", "tcp,udp", "not", "!", "rtt", "rtt 100ms", "(rtt) and tcp", "process nginx", "state", "state foo", "state listning", "exclude", "has", "has rt", "has 5",
        "rt > 5", "tcp = 5", "> 5", "= 5", "'foo'", "rtt > ", "rtt > and tcp", "rtt > x", "rtt > 5MB", "rtt > 1.5.5", "rtt = 1.5us", "rtt > 1-2ms", "rtt < 0", "rtt < -5", "sport = 65537", "sport > 65535", "sport = 90-80", "sport = foo", "sport = 80-http", "sport = 80,443", "sport = (80)", "sport in 80", "sport in (80 443)", "sport in (80", "sport in (80,)", "sport in ()", "sport =~ 8", "sport ~ 8*", "sport => 8",
        "dst 10.0.0.0/33", "dst ::/129", "dst 127.1", "dst 10.0.0.256", "dst 10.0.0.1.1", "dst nowhere.example", "dst nowhere/8", "dst fe80::1%eth0", "[fe80::1%eth0]:80", "dst [::1", "dst [::1]x", "dst 10.0.0.1:", "dst 10.0.0.1:99999", "dst > 10.0.0.1", "dst 1:2:3", "dst netlink:route:5", "dst none.example", "dst", "dst and tcp", "group = 10.0.0.1:5", "localhost", "443", "example.com", "localhost:80",
        "state > listening", "state = listning", "options = sak", "options > 3", "v6only = maybe", "skmem = 5", "skmem", "state ~ x*", "process ~ [", "process ~~ a(", "process > a", "user ~ a*", "uid ~ a*", "uid = bob", "uid = 4294967296", "mark = 1a", "mark = 0x100/0xff", "mark = 5/x", "cgroup = /nope", "cookie = 0x10000000000000000", "pid = 1.5", "pid = abc", "send-q > 1Mb", "pacing-rate > 1M", "retrans > 5ms",
        "tcp and udp", "listening and established", "sport = 1 and sport = 2", "sport = 1 sport = 2", "rtt gt 5ms and rtt lt 1ms", "tcp not tcp", "(tcp) udp", "(tcp or udp) and unix", "not (tcp or udp or unix) tcp", "not has mark and mark = 1", "dst 10.0.0.0/8 dst 192.168.0.0/16", "v6only and not v6only", "not rtt >= 0", "state = listening state = established", "process = a and process = b", "tcp and udp or unix", "10.0.0.1:80 sport=22 dport=22",
        "-tlnp", "tcp -tlnp", "process = 'foo", "tcp \u{1b}[2J\u{202e}", "端口 = 5", "process = 'x' y 端口z", "tcp tcp &&& udp", "a b", "rtt >> 5", "tcp == udp", "has", "tcp is listening", "rtt gt 100 ms",
    ] {
        println!("### {text:?}\n{}\n", canonical(text));
    }
}
