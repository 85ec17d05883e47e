//! Numbers and units.

use super::check;

#[test]
fn numbers_out_of_range_are_not_cut() {
    check(
        "sport = 65537",
        "\
`65537` is out of the range of `sport`
  sport = 65537
          ^^^^^
expected a number from 0 to 65535",
    );
    check(
        "sport > 65535",
        "\
this can match nothing: no `sport` is greater
  sport > 65535
          ^^^^^",
    );
    check(
        "uid = 4294967296",
        "\
`4294967296` is out of the range of `uid`
  uid = 4294967296
        ^^^^^^^^^^
expected a number from 0 to 4294967295",
    );
    check(
        "rtt < -5",
        "\
`-5` is out of the range of `rtt`
  rtt < -5
        ^^
expected a number from 0 to 18446744073709551615",
    );
    check(
        "cookie = 0x10000000000000000",
        "\
`0x10000000000000000` is out of the range of `cookie`
  cookie = 0x10000000000000000
           ^^^^^^^^^^^^^^^^^^^
expected a number",
    );
    check(
        "dst 10.0.0.1:99999",
        "\
`99999` is out of the range of `port`
  dst 10.0.0.1:99999
               ^^^^^
expected a number from 0 to 65535",
    );
    check(
        "rtt = 1.5us",
        "\
this can match nothing: `rtt` holds whole numbers only
  rtt = 1.5us
        ^^^^^",
    );
}

#[test]
fn numbers_have_the_units_of_their_field() {
    check(
        "rtt > x",
        "\
`x` is no number, and `rtt` is one
  rtt > x
        ^
expected a number in µs, or with a unit: ns, us, ms, s, min, h or d",
    );
    check(
        "rtt > 5MB",
        "\
`MB` is no unit of `rtt`
  rtt > 5MB
        ^^^
expected a number in µs, or with a unit: ns, us, ms, s, min, h or d",
    );
    check(
        "send-q > 1Mb",
        "\
`Mb` is no unit of `send-q`
  send-q > 1Mb
           ^^^
expected a number in bytes, or with a unit: B, kB, MB, GB (thousands) or KiB, MiB, GiB (1024), K, M, G for the latter",
    );
    check(
        "pacing-rate > 1M",
        "\
`M` is no unit of `pacing-rate`
  pacing-rate > 1M
                ^^
expected a number in bytes/s, or with a unit: bit/s, kbit/s, Mbit/s, Gbit/s or B/s, kB/s, MB/s, KiB/s, MiB/s",
    );
    check(
        "retrans > 5ms",
        "\
`ms` is no unit of `retrans`
  retrans > 5ms
            ^^^
expected a number, or with a unit: k, M or G (thousands)",
    );
    check(
        "mark = 1a",
        "\
`1a` is no decimal number
  mark = 1a
         ^^
hexadecimal numbers begin with 0x: 0x1a",
    );
    check(
        "mark = 0x100/0xff",
        "\
this can match nothing: the value has bits that the mask leaves out
  mark = 0x100/0xff
         ^^^^^^^^^^
with that mask the value would be 0x0",
    );
}
