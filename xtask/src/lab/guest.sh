# The first program of a guest once it has its root, from the folder of results. Every line of `plan` is one program, with a
# name, the seconds it may take, the folder it runs in, and its words, divided by tabs. What it says and how it ends is
# written beside the plan.
exec </dev/console >/dev/console 2>&1
cd /run/lab || exit 1
export HOME=/root TERM=dumb LANG=C.UTF-8 TMPDIR=/run/tmp
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. ./environment
# Where somebody types the commands, the program that was built is the one they mean.
[ -z "$PROGRAMS" ] || PATH=$PROGRAMS:$PATH
# Kinds of links, families and the like load themselves, by the host's modprobe, which knows soft dependencies.
printf '#!/bin/sh\nexec /sbin/modprobe -d "%s" "$@"\n' "$IMAGE" >/run/modprobe
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
ip link set lo up
hostname lab
for module in $(cat modules); do
  modprobe -q -d "$IMAGE" "$module" || echo "$module" >>modules.missing
done
# A new namespace has its loopback device and nothing else, whatever tunnels were loaded before.
echo 1 >/proc/sys/net/core/fb_tunnels_only_for_init_net
# As a service has it: what a program needs beyond 1024, it asks for.
ulimit -H -n 20000
ulimit -S -n 1024
echo "lab: ready"

if [ -e shell ]; then
  # In the foreground of the console, so that Ctrl-C reaches what runs in it and not this.
  (cd "$REPOSITORY" && exec setsid -c -w bash -i) </dev/ttyS0 >/dev/ttyS0 2>&1
else
  tab=$(printf '\t')
  while IFS="$tab" read -r name seconds folder words; do
    start=$(cut -d' ' -f1 /proc/uptime)
    (
      cd "$folder" || exit 125
      IFS="$tab"
      set -f
      # shellcheck disable=SC2086
      exec timeout -k 10 "$seconds" $words
    ) >"$name.out" 2>"$name.err" </dev/null
    status=$?
    end=$(cut -d' ' -f1 /proc/uptime)
    echo "$status $start $end" >"$name.end"
    echo "lab: $name $status $start $end"
  done <plan
fi
echo "lab: over"
sync
# A restart is the end of QEMU (-no-reboot).
echo b >/proc/sysrq-trigger
