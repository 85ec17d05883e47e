//! The list of options.

/// What `-h` prints.
pub(super) const TEXT: &str = "\
Usage: ss [OPTIONS] [state STATE | exclude STATE]... [EXPRESSION]

Which sockets
  -a, --all               in every state
  -l, --listening         that wait for connections or datagrams
  -B, --bound-inactive    TCP sockets that are bound and do nothing yet
  -t, --tcp               TCP
  -u, --udp               UDP
  -w, --raw               raw IP
  -S, --sctp              SCTP
  -M, --mptcp             MPTCP
  -d, --dccp              DCCP
  -x, --unix              unix domain
  -0, --packet            packet (link layer)
      --vsock             virtual machines
      --tipc              TIPC
      --xdp               AF_XDP
  -4, --ipv4              of IPv4 only
  -6, --ipv6              of IPv6 only
  -f, --family=FAMILY     inet, inet6, link, unix, netlink, vsock, tipc, xdp
  -A, --query=TABLE[,..]  all, inet, tcp, mptcp, udp, raw, sctp, dccp, unix, unix_stream,
      --socket=TABLE[,..] unix_dgram, unix_seqpacket, packet, packet_raw, packet_dgram,
                          netlink, vsock, vsock_stream, vsock_dgram, tipc, xdp; !TABLE takes away
  -N, --net=NAMESPACE     of another network namespace: a name, a path or a process id
  -F, --filter=FILE       read the expression from a file (- is standard input)

What is shown
  -o, --options           timers
  -e, --extended          user, inode, cookie, mark, control group; with timers
  -m, --memory            memory
  -i, --info              what TCP knows of the connection
  -p, --processes         the processes that hold the socket
  -T, --threads           and their threads
  -Z, --context           with the SELinux context of the process
  -z, --contexts          and that of the socket
  -b, --bpf               classic BPF filters of packet sockets
      --bpf-maps          BPF storage of the socket, of every map
      --bpf-map-id=ID     or of these maps
      --tos               type of service, traffic class, priority
      --cgroup            control group
      --inet-sockopt      socket options that are on or off
      --tipcinfo          what TIPC knows of the socket
  -n, --numeric           ports and rates as plain numbers
  -r, --resolve           names of hosts
  -H, --no-header         no headings
  -Q, --no-queues         no queues
  -O, --oneline           one line a socket

Instead of a listing
  -s, --summary           how many sockets there are
  -E, --events            sockets as they are destroyed
  -K, --kill              close the sockets that the expression takes
  -D, --diag=FILE         the kernel's own messages about TCP sockets, into a file
  -h, --help              this text
  -V, --version           the version

Beyond the original
      --json              the sockets as JSON, in the schema of `sockeye sockets`
      --watch=TIME        again and again, with rates, as in --watch 1s

STATE is all, connected, synchronized, bucket, big, or one of established, syn-sent, syn-recv,
fin-wait-1, fin-wait-2, time-wait, closed, close-wait, last-ack, listening, closing, bound-inactive.
EXPRESSION is a condition such as  dport = :https or src 10.0.0.0/8  (docs/filter.md, docs/ss.md).
";
