# Runs in a guest, from the folder of results: every line of `plan` is one program, with a name, the seconds it may take,
# the folder it runs in, and its words, divided by tabs. What it says and how it ends is written beside the plan.
cd /run/lab || exit 1
export HOME=/root TERM=dumb LANG=C.UTF-8 TMPDIR=/run/tmp
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
. ./environment
for module in $(cat modules); do
  modprobe -q -d "$IMAGE" "$module" || echo "$module" >>modules.missing
done
# As a service has it: what a program needs beyond 1024, it asks for.
ulimit -H -n 20000
ulimit -S -n 1024

if [ -e shell ]; then
  cd "$REPOSITORY" || cd /
  # A console of its own, so that Ctrl-C reaches what runs and not the shell.
  exec setsid -c -w bash -i </dev/ttyS0 >/dev/ttyS0 2>&1
fi

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
