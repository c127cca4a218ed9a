#!/bin/bash
# The Debian package in a scratch root: installs, serves by its units' command lines as a user without rights and within the
# system calls that the units allow, keeps what was recorded over an upgrade and back, refuses data of a newer format, purges
# without a trace. Nothing of the running system is touched; what needs a running systemd (restarts, users) is not tested here.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=build/package-test
rm -rf "$work"
mkdir -p "$work"
root=$PWD/$work/root
failed=0
check() { # WHAT COMMAND…
  local what=$1
  shift
  if "$@" >"$work/check.out" 2>&1; then
    echo "package: ok: $what"
  else
    echo "package: FAILED: $what" >&2
    tail -5 "$work/check.out" >&2
    failed=1
  fi
}

scripts/package.sh --version 0.1.0~test1 >/dev/null
scripts/package.sh --version 0.1.0~test2 >/dev/null
old=$(echo build/package/firebreak_0.1.0~test1_*.deb) new=$(echo build/package/firebreak_0.1.0~test2_*.deb)

mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/var/log" "$root/etc"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
# Dependencies are the machine's; the scratch root's database knows none of them.
package() { dpkg --root="$root" --force-script-chrootless --force-depends --force-not-root --log="$work/dpkg.log" "$@"; }

archive_old=$(echo build/package/firebreak-archive_0.1.0~test1_*.deb) archive_new=$(echo build/package/firebreak-archive_0.1.0~test2_*.deb)
check "installs" package -i "$old"
check "installs without DuckDB" test ! -e "$root/usr/lib/firebreak"
if [ -f "$archive_old" ]; then
  check "installs the archive's package beside it" package -i "$archive_old"
  known=$(sed -n 's/.*kDigest = "\([0-9a-f]*\)".*/\1/p' src/read/archive/duckdb.h)
  check "brings the library whose digest the program knows" sh -c "echo '$known  $root/usr/lib/firebreak/libduckdb.so' | sha256sum -c -"
  check "names DuckDB's licence" grep -q "Copyright: .*DuckDB" "$root/usr/share/doc/firebreak-archive/copyright"
fi
bin=$root/usr/bin/firebreak
data=$root/var/lib/firebreak
export XDG_DATA_HOME=$work
mode() { [ "$(stat -c %a "$1")" = "$2" ]; }
check "the data folder is private" mode "$data" 700
check "server and gateway share a token" cmp "$data/gateway-control.token" "$root/var/lib/firebreak-gateway/control.token"
manual=$work/firebreak.1
check "the manual is the program's own" bash -c "zcat '$root/usr/share/man/man1/firebreak.1.gz' >'$manual' && '$bin' manual | cmp - '$manual'"
playbooks=$root/usr/share/firebreak/content/playbooks
for playbook in "$playbooks"/*.json; do
  name=$(basename "$playbook" .json)
  check "the playbook $name is signed by the package's key" "$bin" playbook verify "$playbook" --key "$playbooks/release-key.pem"
  check "the playbook $name conforms and can run" "$bin" playbook lint "$playbook"
  check "the playbook $name has its page" test -s "$root/usr/share/doc/firebreak/playbooks/$name.html"
done
if command -v groff >/dev/null; then
  check "the manual is set without a warning" bash -c "warnings=\$(groff -man -ww -Tutf8 -z '$manual' 2>&1); echo \"\$warnings\"; [ -z \"\$warnings\" ]"
fi
if command -v promtool >/dev/null; then
  check "promtool takes the alert rules" promtool check rules "$root/usr/share/doc/firebreak/examples/prometheus-rules.yaml"
else
  echo "package: no promtool here (Debian package prometheus): the alert rules' syntax is not checked"
fi
check "the completion is valid bash" bash -n "$root/usr/share/bash-completion/completions/firebreak"
if command -v systemd-analyze >/dev/null; then
  for unit in firebreak firebreak-gateway; do
    score=$(systemd-analyze security --offline=yes --no-pager "$root/lib/systemd/system/$unit.service" 2>/dev/null | sed -n 's/.*exposure level[^0-9]*\([0-9.]*\).*/\1/p' | tail -1)
    echo "package: $unit.service: exposure ${score:-not known} of 10"
    [ -z "$score" ] || check "$unit.service is hardened (exposure below 2.5)" awk "BEGIN { exit !($score < 2.5) }"
    mkdir -p "$work/units"
    sed "s#/usr/bin/#$root/usr/bin/#" "$root/lib/systemd/system/$unit.service" >"$work/units/$unit.service"
  done
  check "systemd understands every line of the units" bash -c "
    said=\$(systemd-analyze verify --man=no '$work/units/firebreak.service' '$work/units/firebreak-gateway.service' 2>&1 | grep firebreak); echo \"\$said\"; [ -z \"\$said\" ]"
fi

# As root everything runs as a user without rights, as the units do.
user=()
if [ "$(id -u)" -eq 0 ]; then user=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all); fi
if [ ${#user[@]} -gt 0 ] && ! "${user[@]}" test -x "$bin" -a -r "$root/etc/firebreak/firebreak.yaml" 2>/dev/null; then
  echo "package: the folders above this one are closed to other users: the units' command lines run as root here"
  user=()
fi
own() { [ ${#user[@]} -eq 0 ] || chown -R 65534:65534 "$root/var/lib/firebreak" "$root/var/lib/firebreak-gateway" "$work/calls"; }
mkdir -p "$work/calls"
own

# The units' own command lines, with the scratch root before their paths and ports of the test's.
port=$((20000 + RANDOM % 2000 * 4))
sed -i "s#127.0.0.1:8442#127.0.0.1:$((port + 2))#" "$root/etc/firebreak/firebreak.yaml"
line_of() {
  sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/$1.service" | sed -e "s#/usr/bin/#$root/usr/bin/#" -e "s#/var/lib#$root/var/lib#g" \
    -e "s#/etc/firebreak#$root/etc/firebreak#" -e "s#127.0.0.1:8440#127.0.0.1:$port#g" -e "s#127.0.0.1:8441#127.0.0.1:$((port + 1))#" \
    -e "s#127.0.0.1:8442#127.0.0.1:$((port + 2))#" -e 's/\$FIREBREAK_[A-Z]*_OPTIONS//'
}
declare -A running=()
start() { # UNIT [traced]
  local tracer=() line
  line=$(line_of "$1")
  if [ "${2:-}" = traced ] && command -v strace >/dev/null; then tracer=(strace -f -c -o "$work/calls/$1"); fi
  : >"$work/$1.out" # what an earlier one said there does not count
  # shellcheck disable=SC2086
  (umask 077 && exec "${user[@]}" "${tracer[@]}" $line) >"$work/$1.out" 2>"$work/$1.err" &
  running[$1]=$!
  for _ in $(seq 400); do
    grep -q listen "$work/$1.out" && return
    kill -0 "${running[$1]}" 2>/dev/null || return 1
    sleep 0.05 # between two looks at a process that is starting
  done
  return 1
}
# A traced program is its tracer's only child; the tracer ends with the program's exit code.
end() {
  local child
  child=$(cat "/proc/${running[$1]}/task/${running[$1]}/children" 2>/dev/null || true)
  # shellcheck disable=SC2086
  kill ${child:-${running[$1]}} && wait "${running[$1]}"
}
trap 'for unit in "${!running[@]}"; do end "$unit" 2>/dev/null || true; done' EXIT
serve() { start firebreak; }
stop() { end firebreak; }

# The names in a set of system calls, sets within it included.
calls_of() {
  local name
  systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^    \([@a-z_0-9-]*\)$/\1/p' | while read -r name; do
    case $name in @*) calls_of "$name" ;; *) echo "$name" ;; esac
  done
}
# Every call that UNIT's program made while it was traced is one that its filter lets pass: the first SystemCallFilter line
# allows (and @default always does), those with ~ take away.
within_filter() {
  local word
  { sed -n 's/^SystemCallFilter=\([^~]\)/\1/p' "$root/lib/systemd/system/$1.service" | tr ' ' '\n'; echo @default; } |
    while read -r word; do calls_of "$word"; done | sort -u >"$work/allowed"
  sed -n 's/^SystemCallFilter=~//p' "$root/lib/systemd/system/$1.service" | tr ' ' '\n' | while read -r word; do calls_of "$word"; done |
    sort -u >"$work/denied"
  awk 'NR > 2 && $1 ~ /^[0-9.]+$/ && $NF != "total" { print $NF }' "$work/calls/$1" | sort -u >"$work/made"
  comm -23 "$work/made" <(comm -23 "$work/allowed" "$work/denied") >"$work/outside"
  echo "$(wc -l <"$work/made") kinds of calls made, outside the filter:" && cat "$work/outside"
  [ -s "$work/made" ] && [ ! -s "$work/outside" ]
}
export FIREBREAK_URL=http://127.0.0.1:$port

check "serves by its unit's command line" start firebreak traced
export FIREBREAK_TOKEN
FIREBREAK_TOKEN=$(cat "$data/admin.token")
check "takes a user and a token for the gateway" bash -c "'$bin' user add gw-1 --role gateway && '$bin' token add gw-1 --out '$root/var/lib/firebreak-gateway/server.token'"
check "the token's file is private" mode "$root/var/lib/firebreak-gateway/server.token" 600
own
check "the gateway starts by its unit's command line" start firebreak-gateway traced
for i in $(seq 600); do echo "{\"id\":\"d$i\",\"time\":\"$(date -u -d "-$((600 - i)) minutes" +%FT%TZ)\",\"caller\":\"shop\",\"features\":{\"a\":$((i % 50)),\"b\":$((i % 7))},\"label\":\"approve\",\"score\":0.$((i % 10))}"; done >"$work/log"
check "onboards an endpoint" "$bin" onboard shop
check "records its log" "$bin" ingest --endpoint shop "$work/log"
queries() { [ "$("$bin" query 'SELECT count(*) AS n FROM shop.inference' --format csv | tr -d '\r' | tail -1)" = "${1:-600}" ]; }
if [ -f "$archive_old" ]; then check "answers a query with the library that came as a package" queries; fi
# What vouches for the logs is measured once a witness or an authority is configured; here is none.
check "the alert rules name metrics that are exported" bash -c "
  curl -s $FIREBREAK_URL/metrics >'$work/metrics'
  for name in \$(grep -o 'firebreak_[a-z_]*' packaging/prometheus-rules.yaml | grep -v '^firebreak_attest' | sort -u); do grep -q \"^\$name\" '$work/metrics' || { echo \"\$name is not exported\"; exit 1; }; done"
# The test's user is none of the machine's, so the doctor asks as the units' user.
doctor() { "${user[@]}" "$bin" doctor --data "$data" --config "$root/etc/firebreak/firebreak.yaml" --url "$FIREBREAK_URL"; }
check "doctor finds nothing red" doctor
check "the gateway ends cleanly" end firebreak-gateway
gateway_is_missed() { ! doctor >"$work/doctor" && [ "$(grep -c '^red' "$work/doctor")" = 1 ] && grep -q "^red .*gateway gw-1: nobody answers" "$work/doctor"; }
check "doctor misses a gateway that does not run, and nothing else" gateway_is_missed
check "ends cleanly" stop
if command -v strace >/dev/null && command -v systemd-analyze >/dev/null; then
  for unit in firebreak firebreak-gateway; do check "$unit made no system call that its unit forbids" within_filter $unit; done
else
  echo "package: no strace or systemd-analyze here: the units' system call filters are not tried"
fi

echo "# by hand" >>"$root/etc/firebreak/server.env"
both() { package -i "$1" ${2:+"$2"}; }
[ -f "$archive_old" ] || archive_old='' archive_new=''
check "upgrades over old data" both "$new" "$archive_new"
check "keeps what was changed in /etc" grep -q "by hand" "$root/etc/firebreak/server.env"
check "serves the old data" serve
check "still traces what was recorded before" "$bin" trace d7
if [ -n "$archive_new" ]; then check "still answers a query" queries; fi
check "ends cleanly again" stop
check "the logs verify" "$bin" ledger verify --data "$data"
check "goes back to the older version, whose format is the same" both "$old" "$archive_old"
check "serves what the newer one wrote" serve
check "traces it" "$bin" trace d7
check "ends cleanly once more" stop

echo "firebreak-data 99" >"$data/FORMAT"
refused() { ! serve && grep -q "format 1" "$work/firebreak.err"; }
check "refuses data of a newer format, and says so" refused
echo "firebreak-data 1" >"$data/FORMAT"

if [ -n "$archive_old" ]; then check "removes the archive's package" package -P firebreak-archive; fi
check "removes" package -r firebreak
check "keeps the data when removed" test -f "$data/FORMAT"
check "purges" package -P firebreak
gone() { [ ! -e "$data" ] && [ ! -e "$root/var/lib/firebreak-gateway" ] && [ ! -e "$root/etc/firebreak" ] && [ ! -e "$root/usr/bin/firebreak" ] && [ ! -e "$root/usr/lib/firebreak" ] && [ ! -e "$root/usr/share/doc/firebreak-archive" ] &&
  [ ! -e "$root/usr/share/firebreak" ]; }
check "purge leaves nothing" gone
exit $failed
