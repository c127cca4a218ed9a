#!/bin/bash
# Two real S3 servers: SeaweedFS, which keeps its locks, and versitygw, which lets an owner shorten COMPLIANCE retention. Our client
# writes to both, reads back what it wrote, and finds out which of them is immutable. A server sends its copy to both: from SeaweedFS
# it comes back on a machine that lost everything, with the keys and without; versitygw is away for a while.
#   FIREBREAK_BUILD=build/dev test/counterpart/store/run.sh    another build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/store"
work="$PWD/build/counterpart/store"
build="${FIREBREAK_BUILD:-build/dev}"
firebreak="$build/bin/firebreak"
for program in curl openssl python3; do
  command -v $program >/dev/null || { echo "store: there is no $program here"; exit 77; }
done
[ -x "$build/bin/test/counterpart_test" ] || { echo "store: no $build/bin/test/counterpart_test; run scripts/test_integration.sh"; exit 77; }
mkdir -p "$work"
. test/counterpart/go.sh
. test/counterpart/common.sh
. test/counterpart/wheels.sh
. "$here/servers.sh"
. "$here/server.sh"
install_seaweed

client() { "$build/bin/test/counterpart_test" --gtest_brief=1 --gtest_filter='RealStore.*'; }
export FIREBREAK_STORE_BUCKET=evidence

start_seaweed "$run/seaweed"
FIREBREAK_STORE_URL="$seaweed_url" FIREBREAK_STORE_KEY=writer FIREBREAK_STORE_SECRET=writer-secret FIREBREAK_STORE_KEEPS=1 client
# Whoever may do everything cannot do it either.
FIREBREAK_STORE_URL="$seaweed_url" FIREBREAK_STORE_KEY=admin FIREBREAK_STORE_SECRET=admin-secret FIREBREAK_STORE_KEEPS=1 client
echo "store: SeaweedFS keeps what it is told to keep"

data="$run/data"
configure "$seaweed_url" writer writer-secret
start_firebreak
make_stream
add 300 first
head -c 20000000 /dev/urandom >"$run/document"
api -o /dev/null -H 'Content-Type: application/octet-stream' --data-binary "@$run/document" "$url/api/v1/blobs"
digest="$(sha256sum <"$run/document" | cut -d' ' -f1)"
until_true "the document in the bucket" s3 admin:admin-secret -o /dev/null "$seaweed_url/evidence/prod/blobs/${digest:0:2}/$digest" 2>/dev/null
until_true "300 records in the bucket" has 300 "$seaweed_url" admin:admin-secret
until_true "all of the copy" all_there
offsite_is 'o["immutable"] is True' || fail "SeaweedFS is not said to be immutable: $(status)"
offsite_is 'o["keys"]["missing"] > 0 and "firebreak backup" in o["keys"]["command"]' || fail "keys without a backup are not told: $(status)"
"$firebreak" backup --data "$data" --out "$run/keys"
until_true "the key backup in the status" offsite_is 'o["keys"]["missing"] == 0'
# Somebody with the writer's credentials puts objects there under names of the copy: the next start tells them, and the copy goes on.
for object in checkpoints/00000000000000009999 000001.seg/00000000000900000000; do
  curl -sS --fail-with-body --aws-sigv4 aws:amz:us-east-1:s3 -H "x-amz-content-sha256: $(printf nonsense | sha256sum | cut -d' ' -f1)" -u writer:writer-secret -X PUT \
    --data-binary nonsense -o /dev/null "$seaweed_url/evidence/prod/logs/s/$object"
done
stop_firebreak
start_firebreak
until_true "the finding about a stranger's objects" bash -c "'$firebreak' finding list --url '$url' --data '$data' | grep -q store_foreign"
add 5 third
"$firebreak" backup --data "$data" --out "$run/keys-2"
until_true "305 records in the bucket" has 305 "$seaweed_url" admin:admin-secret
until_true "all of the copy again" all_there
stop_firebreak
rm -rf "$data"
# Somebody with the writer's credentials deletes what he can; the versions stay.
for object in logs/s/vkey "logs/s/000001.seg/00000000000000000000"; do s3 writer:writer-secret -X DELETE "$seaweed_url/evidence/prod/$object"; done
"$firebreak" restore --store-config "$run/firebreak.yaml" --out "$run/proofs" >"$run/said"
grep -q 'proofs only' "$run/said" && grep -q '^s: consistent' "$run/said" || fail "without keys: $(cat "$run/said")"
"$firebreak" ledger verify --data "$run/proofs" --receipt "$run/receipt-first.json"
"$firebreak" serve --data "$run/proofs" --listen "127.0.0.1:$(free_port)" >"$run/refused" 2>&1 && fail "a server goes on without its keys"
grep -q 'key backup' "$run/refused" || fail "it does not say that keys are missing: $(cat "$run/refused")"
"$firebreak" restore --store-config "$run/firebreak.yaml" --keys "$run/keys-2" --out "$data" | tee "$run/said"
grep -q 'passed over, somebody else wrote it: log s: logs/s/checkpoints/00000000000000009999' "$run/said" || fail "a stranger's checkpoint is not told"
"$firebreak" ledger verify --data "$data" --receipt "$run/receipt-first.json"
cmp "$run/document" "$data/blobs/${digest:0:2}/$digest"
start_firebreak
"$firebreak" trace first-7 --json --url "$url" --data "$data" | grep -qE '"x": ?7\b' || fail "a restored record cannot be read"
add 10 second
until_true "the copy goes on" has 315 "$seaweed_url" admin:admin-secret
stop_firebreak
echo "store: everything came back from SeaweedFS and the key backup, and went on; proofs alone without the keys"

if [ "$("$go" env GOVERSION | sed -E 's/go1\.([0-9]+).*/\1/')" -lt 25 ]; then
  echo "store: versitygw needs Go 1.25; what gives way is shown by the room's own tests alone"
  exit 0
fi
(cd "$here" && "$go" build -mod=readonly -buildvcs=false -o "$work/versitygw" github.com/versity/versitygw/cmd/versitygw)
gateway_data="$work/gateway-data.$$"
trap 'finish; rm -rf "$gateway_data"' EXIT
start_versitygw "$gateway_data"
FIREBREAK_STORE_URL="$gateway_url" FIREBREAK_STORE_KEY=owner FIREBREAK_STORE_SECRET=owner-secret FIREBREAK_STORE_KEEPS=0 client
data="$run/data-2"
configure "$gateway_url" owner owner-secret
start_firebreak
make_stream
add 20 first
until_true "20 records in the bucket" has 20 "$gateway_url" owner:owner-secret
until_true "the finding" bash -c "'$firebreak' finding list --url '$url' --data '$data' | grep -q store_not_immutable"
status | grep -q 'RED not immutable: COMPLIANCE retention can be shortened' || fail "no red line: $(status)"
echo "store: versitygw gives way, and is found"
kill "$gateway"
wait "$gateway" || true
add 200 meanwhile  # acknowledged nevertheless
until_true "the finding about the outage" bash -c "'$firebreak' finding list --url '$url' --data '$data' | grep -q store_away"
offsite_is 'o["lag_octets"] > 0' || fail "nothing waits: $(status)"
start_versitygw "$gateway_data" "${gateway_url##*:}"
until_true "what gathered during the outage" has 220 "$gateway_url" owner:owner-secret
until_true "the end of the outage" all_there
stop_firebreak
"$firebreak" restore --store-config "$run/firebreak.yaml" --out "$run/proofs-2" >/dev/null
"$firebreak" ledger verify --data "$run/proofs-2" --receipt "$run/receipt-meanwhile.json"
echo "store: an outage costs nothing but time"

tls=1 start_versitygw "$gateway_data/tls"
FIREBREAK_STORE_URL="$gateway_url" FIREBREAK_STORE_KEY=owner FIREBREAK_STORE_SECRET=owner-secret FIREBREAK_STORE_KEEPS=0 FIREBREAK_STORE_CA="$run/tls.pem" client
echo "store: the same over https"
