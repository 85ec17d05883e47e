//! Addresses and their ports.

use super::check;
use crate::sample::canonical;

#[test]
fn an_address_of_the_other_family_is_refused() {
    check(
        "src inet:[::1]:22",
        "\
this is not of the family `inet`
  src inet:[::1]:22
           ^^^^^^^^
expected an IPv4 address, `*` or nothing behind inet:",
    );
    check(
        "inet6:10.0.0.1",
        "\
this is not of the family `inet6`
  inet6:10.0.0.1
        ^^^^^^^^
expected an IPv6 address, `*` or nothing behind inet6:",
    );
    assert!(canonical("sport > *").contains("is no port"));
}

#[test]
fn addresses_say_what_is_wrong_with_them() {
    check(
        "dst 10.0.0.0/33",
        "\
`33` is no prefix length of such an address
  dst 10.0.0.0/33
      ^^^^^^^^^^^
expected a number from 0 to 32",
    );
    check(
        "dst ::/129",
        "\
`129` is no prefix length of such an address
  dst ::/129
      ^^^^^^
expected a number from 0 to 128",
    );
    check(
        "dst 127.1",
        "\
`127.1` is no IPv4 address
  dst 127.1
      ^^^^^
for the network write 127.1.0.0/16, or 127.1/16",
    );
    check(
        "dst 10.0.0.256",
        "\
`10.0.0.256` is no IPv4 address
  dst 10.0.0.256
      ^^^^^^^^^^
expected four numbers from 0 to 255, as in 10.0.0.1",
    );
    check(
        "dst nowhere.example",
        "\
cannot resolve `nowhere.example`: no such host
  dst nowhere.example
      ^^^^^^^^^^^^^^^
expected an address, a host name or a text in quotes",
    );
    check(
        "dst nowhere/8",
        "\
a host name cannot have a prefix length
  dst nowhere/8
      ^^^^^^^^^
expected an address, as in 10.0.0.0/8",
    );
}

#[test]
fn addresses_have_no_zones_and_their_ports_a_place() {
    check(
        "dst fe80::1%eth0",
        "\
a zone is not part of an address here
  dst fe80::1%eth0
      ^^^^^^^^^^^^
write the interface as its own condition: fe80::1 dev = eth0",
    );
    check(
        "[fe80::1%eth0]:80",
        "\
a zone is not part of an address here
  [fe80::1%eth0]:80
  ^^^^^^^^^^^^^^^^^
write the interface as its own condition: fe80::1 dev = eth0",
    );
    check(
        "dst [::1",
        "\
`[` has no `]`
  dst [::1
      ^^^^
expected an IPv6 address in brackets, as in [::1]:443",
    );
    check(
        "dst [::1]x",
        "\
there is something behind the bracket
  dst [::1]x
           ^
expected a port (:443) or a prefix length (/64)",
    );
    check(
        "dst 10.0.0.1:",
        "\
there is no port behind the colon
  dst 10.0.0.1:
      ^^^^^^^^^
expected a port, a range or a service name",
    );
    check(
        "dst 1:2:3",
        "\
`1:2:3` is no IPv6 address
  dst 1:2:3
      ^^^^^
a port behind an IPv6 address needs brackets: [2001:db8::1]:443",
    );
    check(
        "dst netlink:route:5",
        "\
this table has no addresses of `netlink`
  dst netlink:route:5
              ^^^^^^^",
    );
    check(
        "dst none.example",
        "\
`none.example` has no address
  dst none.example
      ^^^^^^^^^^^^
expected an address, a host name or a text in quotes",
    );
    check(
        "dst",
        "\
`dst` needs a value
  dst
     ^
expected an address (10.0.0.1, 10.0.0.0/8, [::1]:443), a host name or a text in quotes",
    );
    check(
        "group = 10.0.0.1:5",
        "\
`group` has no port beside it
  group = 10.0.0.1:5
          ^^^^^^^^^^",
    );
}
