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
. test/counterpart/wheels.sh
python_wheels mlserver "$here"
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
start_firebreak_alone
until_true "MLServer" curl -fs -o /dev/null "$model/v2/health/ready"
export FIREBREAK_URL="$url" FIREBREAK_TOKEN
FIREBREAK_TOKEN="$(cat "$run/data/admin.token")"
for endpoint in lines events; do
  "$firebreak" onboard "$endpoint" --numeric age,amount --positive 1 >/dev/null
done
python3 "$here/exchange.py" "$model" "$url"
