#!/bin/bash
# A time-stamping authority, `openssl ts` behind https (authority.py), stamps our checkpoints; openssl judges the exported stamps.
#   FIREBREAK=build/dev/bin/firebreak test/counterpart/timestamp/run.sh    another program than the release
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/timestamp"
firebreak="${FIREBREAK:-build/release/bin/firebreak}"
for program in openssl curl python3; do
  command -v $program >/dev/null || { echo "timestamp: there is no $program here"; exit 77; }
done
[ -x "$firebreak" ] || { echo "timestamp: no $firebreak; run make build first"; exit 77; }
. test/counterpart/common.sh

# One CA for the stamps, one for https.
certificate() {  # NAME CA EXTENSION
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$run/$1.key" -out "$run/$1.csr" -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$run/$1.csr" -CA "$run/$2.pem" -CAkey "$run/$2.key" -CAcreateserial -days 30 -extfile <(echo "$3") -out "$run/$1.crt" 2>/dev/null
}
for ca in stamps https; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$run/$ca.key" -out "$run/$ca.pem" -subj "/CN=CA of $ca" -days 30 2>/dev/null
done
certificate tsa stamps "extendedKeyUsage=critical,timeStamping"
certificate localhost https "subjectAltName=DNS:localhost"
cat "$run/localhost.crt" "$run/localhost.key" >"$run/server.pem"
echo 01 >"$run/serial"
cat >"$run/tsa.cnf" <<CNF
[tsa]
default_tsa = t
[t]
serial = $run/serial
signer_cert = $run/tsa.crt
certs = $run/stamps.pem
signer_key = $run/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
CNF
tsa_port=$(free_port)
python3 "$here/authority.py" "$run" "$tsa_port" &
pids+=($!)

data="$run/data"
port=$(free_port)
cat >"$run/firebreak.yaml" <<YAML
timestamps:
  - {name: clock, url: 'https://localhost:$tsa_port/', ca_file: stamps.pem, tls_ca_file: https.pem, interval_s: 0.3}
  - {name: untrusted, url: 'https://localhost:$tsa_port/', ca_file: stamps.pem, interval_s: 0.3}
YAML
"$firebreak" serve --data "$data" --config "$run/firebreak.yaml" --listen "127.0.0.1:$port" >"$run/server.out" 2>"$run/server.err" &
server=$!
pids+=("$server")
until_true "the server" curl -sf -o /dev/null "http://127.0.0.1:$port/healthz"
stamped() { ls "$data"/logs/journal/timestamps/clock/*.tsr >/dev/null 2>&1; }
until_true "a stamp" stamped
"$firebreak" status --url "http://127.0.0.1:$port" --data "$data"
[ ! -e "$data/logs/journal/timestamps/untrusted" ] || fail "a server was trusted whose certificate leads nowhere"
kill "$server"
wait "$server" || true

"$firebreak" ledger verify --data "$data" --timestamps "$run/stamps.pem"
"$firebreak" ledger verify --data "$data" --timestamps "$run/https.pem" >/dev/null && fail "stamps of another CA were accepted"
"$firebreak" ledger export --data "$data" --log journal --out "$run/out"
count=0
for stamp in "$run"/out/timestamps/clock/*.tsr; do
  openssl ts -verify -in "$stamp" -data "${stamp%.tsr}.checkpoint" -CAfile "$run/stamps.pem" 2>/dev/null | grep -q 'Verification: OK' ||
    fail "openssl does not accept $stamp"
  count=$((count + 1))
done
echo "timestamp: openssl accepts $count exported stamps"
