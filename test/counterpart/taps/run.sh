#!/bin/bash
# Other platforms' logs from their real makers: MLServer answers requests of the Open Inference Protocol; each exchange comes as a
# line, and as the two CloudEvents that KServe's logger would send (made by the CloudEvents SDK, out of order, the token in the
# address). What is recorded is what the server was asked and answered.
#   FIREBREAK=build/release/bin/firebreak test/counterpart/taps/run.sh    another program than the dev build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/taps"
firebreak="${FIREBREAK:-build/dev/bin/firebreak}"
[ -x "$firebreak" ] || { echo "taps: no $firebreak; run scripts/test_integration.sh"; exit 77; }
[ "$(uname -m)" = x86_64 ] || { echo "taps: the locked wheels are for x86_64"; exit 77; }
command -v python3 >/dev/null || { echo "taps: there is no python3 here"; exit 77; }
[ "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = 3.11 ] || { echo "taps: the locked wheels are for Python 3.11"; exit 77; }
python3 -m pip --version >/dev/null 2>&1 || scripts/deps.sh pip
wheels="$PWD/build/counterpart/mlserver"
if ! cmp -s "$here/requirements.txt" "$wheels/requirements.txt"; then
  rm -rf "$wheels"
  echo "taps: fetching MLServer and what it needs (310 MB unpacked)"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes --target "$wheels" \
    -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$wheels/"
fi
. test/counterpart/common.sh
model="http://127.0.0.1:$(free_port)"
mkdir "$run/model"
cp "$here/scorer.py" "$run/model/"
echo '{"name": "credit", "implementation": "scorer.Scorer", "parameters": {"version": "v3"}}' >"$run/model/model-settings.json"
cat >"$run/model/settings.json" <<JSON
{"host": "127.0.0.1", "http_port": ${model##*:}, "grpc_port": $(free_port), "metrics_port": $(free_port), "parallel_workers": 0}
JSON
export PYTHONPATH="$wheels:$run/model"
python3 -c 'from mlserver.cli import main; main()' start "$run/model" >"$run/mlserver.log" 2>&1 &
pids+=($!)
url="http://127.0.0.1:$(free_port)"
"$firebreak" serve --data "$run/data" --listen "${url#http://}" >"$run/log" 2>&1 &
pids+=($!)
until_true "the server" curl -fs -o /dev/null "$url/healthz"
until_true "MLServer" curl -fs -o /dev/null "$model/v2/health/ready"
export FIREBREAK_URL="$url" FIREBREAK_TOKEN
FIREBREAK_TOKEN="$(cat "$run/data/admin.token")"
for endpoint in lines events; do
  "$firebreak" onboard "$endpoint" --numeric age,amount --positive 1 >/dev/null
done
python3 "$here/exchange.py" "$model" "$url"
