#!/bin/bash
# The Debian package in a scratch root: installs, serves by its unit's command line, keeps what was recorded over an upgrade,
# refuses data of a newer format, purges without a trace. Nothing of the running system is touched.
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

check "installs" package -i "$old"
bin=$root/usr/bin/firebreak
data=$root/var/lib/firebreak
export XDG_DATA_HOME=$work
mode() { [ "$(stat -c %a "$1")" = "$2" ]; }
check "the data folder is private" mode "$data" 700
check "server and gateway share a token" cmp "$data/gateway-control.token" "$root/var/lib/firebreak-gateway/control.token"
check "the manual names every noun" bash -c "zcat '$root/usr/share/man/man1/firebreak.1.gz' | grep -q 'B incident ack'"
check "the completion is valid bash" bash -n "$root/usr/share/bash-completion/completions/firebreak"
if command -v systemd-analyze >/dev/null; then
  for unit in firebreak firebreak-gateway; do
    score=$(systemd-analyze security --offline=yes --no-pager "$root/lib/systemd/system/$unit.service" 2>/dev/null | sed -n 's/.*exposure level[^0-9]*\([0-9.]*\).*/\1/p' | tail -1)
    echo "package: $unit.service: exposure ${score:-not known} of 10"
    [ -z "$score" ] || check "$unit.service is hardened (exposure below 2.5)" awk "BEGIN { exit !($score < 2.5) }"
  done
fi

# The unit's own command line, with the scratch root before its paths and a port of the test's.
port=$((20000 + RANDOM % 8000))
serve() {
  local line
  line=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/firebreak.service" | sed -e "s#/usr/bin/#$root/usr/bin/#" \
    -e "s#/var/lib#$root/var/lib#g" -e "s#/etc/firebreak#$root/etc/firebreak#" -e "s#127.0.0.1:8440#127.0.0.1:$port#" -e 's/\$FIREBREAK_SERVE_OPTIONS//')
  # shellcheck disable=SC2086
  $line >"$work/serve.out" 2>"$work/serve.err" &
  server=$!
  for _ in $(seq 200); do
    grep -q listen "$work/serve.out" && return
    kill -0 $server 2>/dev/null || return 1
    sleep 0.05 # between two looks at a process that is starting
  done
  return 1
}
stop() { kill $server && wait $server; }
trap 'kill $server 2>/dev/null || true' EXIT
export FIREBREAK_URL=http://127.0.0.1:$port

check "serves by its unit's command line" serve
export FIREBREAK_TOKEN
FIREBREAK_TOKEN=$(cat "$data/admin.token")
check "takes a user and a token for the gateway" bash -c "'$bin' user add gw-1 --role gateway && '$bin' token add gw-1 --out '$root/var/lib/firebreak-gateway/server.token'"
check "the token's file is private" mode "$root/var/lib/firebreak-gateway/server.token" 600
for i in $(seq 600); do echo "{\"id\":\"d$i\",\"time\":\"$(date -u -d "-$((600 - i)) minutes" +%FT%TZ)\",\"caller\":\"shop\",\"features\":{\"a\":$((i % 50)),\"b\":$((i % 7))},\"label\":\"approve\",\"score\":0.$((i % 10))}"; done >"$work/log"
check "onboards an endpoint" "$bin" onboard shop
check "records its log" "$bin" ingest --endpoint shop "$work/log"
check "the alert rules name metrics that are exported" bash -c "
  curl -s $FIREBREAK_URL/metrics >'$work/metrics'
  for name in \$(grep -o 'firebreak_[a-z_]*' packaging/prometheus-rules.yaml | sort -u); do grep -q \"^\$name\" '$work/metrics' || { echo \"\$name is not exported\"; exit 1; }; done"
check "doctor finds nothing red but the gateway that does not run" bash -c "
  '$bin' doctor --data '$data' --config '$root/etc/firebreak/firebreak.yaml' --url $FIREBREAK_URL | tee /dev/stderr | grep -c '^red' | grep -qx 1"
check "ends cleanly" stop

echo "# by hand" >>"$root/etc/firebreak/server.env"
check "upgrades over old data" package -i "$new"
check "keeps what was changed in /etc" grep -q "by hand" "$root/etc/firebreak/server.env"
check "serves the old data" serve
check "still traces what was recorded before" "$bin" trace d7
check "ends cleanly again" stop
check "the logs verify" "$bin" ledger verify --data "$data"

echo "firebreak-data 99" >"$data/FORMAT"
refused() { ! serve && grep -q "format 1" "$work/serve.err"; }
check "refuses data of a newer format, and says so" refused
echo "firebreak-data 1" >"$data/FORMAT"

check "removes" package -r firebreak
check "keeps the data when removed" test -f "$data/FORMAT"
check "purges" package -P firebreak
gone() { [ ! -e "$data" ] && [ ! -e "$root/var/lib/firebreak-gateway" ] && [ ! -e "$root/etc/firebreak" ] && [ ! -e "$root/usr/bin/firebreak" ]; }
check "purge leaves nothing" gone
exit $failed
