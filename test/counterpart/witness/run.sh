#!/bin/bash
# A real witness, torchwood's litewitness: it cosigns our logs; a data folder that was set back, and one that was written anew,
# get no cosignature, and Firebreak says so in a finding.
#   FIREBREAK=build/dev/bin/firebreak test/counterpart/witness/run.sh    another program than the release
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here=test/counterpart/witness
work="$PWD/build/counterpart/witness"
firebreak="${FIREBREAK:-build/release/bin/firebreak}"
for program in ssh-agent ssh-add ssh-keygen sqlite3 curl python3; do
  command -v $program >/dev/null || { echo "witness: there is no $program here"; exit 77; }
done
[ -x "$firebreak" ] || { echo "witness: no $firebreak; run make build first"; exit 77; }

mkdir -p "$work"
. test/counterpart/go.sh
(cd $here && "$go" build -mod=readonly -buildvcs=false -o "$work/litewitness" filippo.io/torchwood/cmd/litewitness)

# Sockets have short names; everything else stays in build/.
. test/counterpart/common.sh

ssh-keygen -q -t ed25519 -N '' -f "$run/key"
ssh-agent -D -a "$run/agent" >/dev/null &
pids+=($!)
until_true "ssh-agent" test -S "$run/agent"
SSH_AUTH_SOCK="$run/agent" ssh-add -q "$run/key"
witness_port=$(free_port)
# Without the first a program built from a GOPATH answers 404 to everything.
GODEBUG=httpmuxgo121=0 "$work/litewitness" -name example.com/litewitness -key "$(ssh-keygen -lf "$run/key.pub" | awk '{print $2}')" \
  -ssh-agent "$run/agent" -db "$run/witness.db" -listen "127.0.0.1:$witness_port" >"$work/litewitness.log" 2>&1 &
pids+=($!)
until_true "litewitness" curl -s -o /dev/null "http://127.0.0.1:$witness_port/"
until_true "litewitness' key" grep -q 'vkey=' "$work/litewitness.log"
vkey="$(sed -nE 's/.*vkey="?([^" ]+)"?.*/\1/p' "$work/litewitness.log" | sed -n 1p)"

data="$run/data"
port=$(free_port)
url="http://127.0.0.1:$port"
cat >"$run/firebreak.yaml" <<YAML
witness:
  - {name: lite, url: 'http://127.0.0.1:$witness_port', vkey: '$vkey', required: true, interval_s: 0.2}
YAML
start() {
  "$firebreak" serve --data "$data" --config "$run/firebreak.yaml" --listen "127.0.0.1:$port" >"$work/server.out" 2>"$work/server.err" &
  server=$!
  pids+=("$server")
  until_true "the server" curl -sf -o /dev/null "$url/healthz"
}
stop() { kill "$server"; wait "$server" || true; }
status() { "$firebreak" status --json --url "$url" --data "$data"; }
# Every log is in this state, and with "ok" nothing is behind.
all_are() {
  status | python3 -c '
import json, sys
said = json.load(sys.stdin)["attested"]
sys.exit(not (len(said) >= 2 and all(s["state"] == sys.argv[1] and (sys.argv[1] != "ok" or s["size"] == s["entries"]) for s in said)))' "$1"
}
add() {  # N WORD
  for i in $(seq "$1"); do
    echo "{\"id\":\"$2-$i\",\"time\":\"2026-03-07T03:00:00Z\",\"caller\":\"c\",\"features\":{\"x\":$i}}"
  done | curl -sf -o "$run/receipt-$2.json" -H "Authorization: Bearer $(cat "$data/admin.token")" -H 'Content-Type: application/x-ndjson' \
    --data-binary @- "$url/api/v1/streams/s/records" || fail "the batch '$2' was not taken"
}

start
curl -sf -o /dev/null -X PUT -H "Authorization: Bearer $(cat "$data/admin.token")" -H 'Content-Type: application/json' \
  -d '{"kinds":["inference"]}' "$url/api/v1/streams/s"
add 300 first
until_true "a refusal of a log that is not registered" all_are refused
status | grep -q 'have it registered there with the key' || fail "the refusal does not say what to do"
for log in s journal; do
  key="$(curl -sf "$url/tlog/$log/vkey")"
  sqlite3 "$run/witness.db" "INSERT INTO log(origin,tree_size,tree_hash) VALUES('${key%%+*}',0,'47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    INSERT INTO key(origin,key) VALUES('${key%%+*}','$key');"
done
until_true "the first cosignatures" all_are ok
python3 examples/verify/tlog_verify.py "$url/tlog/s" --token "$(cat "$data/admin.token")" --witness "$vkey" --receipt "$run/receipt-first.json"
echo "witness: cosigned by litewitness, checked by examples/verify"

stop
cp -r "$data" "$run/older"
start
add 200 second
until_true "cosignatures of the longer log" all_are ok
stop
"$firebreak" ledger verify --data "$data" --log s --witness "$vkey" --receipt "$run/receipt-second.json"
# Cosignature lines do not disturb those who read the log alone.
test/counterpart/fsck/build.sh "$work/fsck"
"$firebreak" ledger export --data "$data" --log s --out "$run/export" >/dev/null
[ "$(grep -c '^— ' "$run/export/cosigned")" = 2 ] || fail "the export's checkpoint bears no cosignature"
"$work/fsck" "$run/export"

rm -rf "$data"
cp -r "$run/older" "$data"
start
until_true "the finding about a folder that was set back" bash -c "'$firebreak' finding list --url '$url' --data '$data' | grep -q log_contradicted"
status | grep -q 'it was cut back' || fail "the status does not say that the log was cut back"
echo "witness: a folder that was set back is refused and found"

# The fork grows past what the witness knows: another tree, a proof that cannot hold.
add 400 fork
until_true "the fork's finding" bash -c "'$firebreak' status --json --url '$url' --data '$data' | grep -q 'it was written anew'"
grep -q 'was cut back' <("$firebreak" ledger verify --data "$data" --receipt "$run/receipt-second.json" || true) &&
  fail "the fork is longer than the receipt"
"$firebreak" ledger verify --data "$data" --log s --receipt "$run/receipt-second.json" && fail "the fork holds the receipt"
stop
echo "witness: a fork is refused and found"
