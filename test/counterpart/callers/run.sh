#!/bin/bash
# Other people's registries, endpoints and stores: a real MLflow server with users, and SageMaker and S3 as moto serves them, behind a
# server that holds every signature against botocore's. Our callers move an alias by its digest, tag, set weights, take snapshots, and
# put things back.
#   FIREBREAK_BUILD=build/dev test/counterpart/callers/run.sh    another build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/callers"
build="${FIREBREAK_BUILD:-build/dev}"
command -v curl >/dev/null || { echo "callers: there is no curl here"; exit 77; }
[ -x "$build/bin/test/counterpart_test" ] || { echo "callers: no $build/bin/test/counterpart_test; run scripts/test_integration.sh"; exit 77; }
. test/counterpart/common.sh
. test/counterpart/wheels.sh
. "$here/servers.sh"
install_callers
mkdir -p build/counterpart/callers
mlflow_password="$(head -c 12 /dev/urandom | base64)"
password="$(head -c 12 /dev/urandom | base64)" secret="$(head -c 12 /dev/urandom | base64)"
start_moto build/counterpart/callers/moto.log
front="127.0.0.1:$(free_port)"
PYTHONPATH="$moto_wheels" python3 "$here/front.py" "$front" "$moto_url" key "$secret" &
pids+=($!)
start_mlflow "$run/mlflow" build/counterpart/callers/mlflow.log
PYTHONPATH="$moto_wheels" python3 -W ignore "$here/prepare.py" "$mlflow_url" "$mlflow_password" "$moto_url" "$password" >"$run/prepared.json"
until_true "the server before moto" bash -c "exec 3<>/dev/tcp/127.0.0.1/${front##*:}" 2>/dev/null
python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1])) | {"aws": sys.argv[2], "secret": sys.argv[3]}))' "$run/prepared.json" "http://$front" "$secret" \
  >"$run/callers.json"
FIREBREAK_CALLERS="$run/callers.json" "$build/bin/test/counterpart_test" --gtest_brief=1 --gtest_filter='RealMlflow.*:RealSageMaker.*:RealTrainingStore.*' | tee "$run/said"
grep -q SKIPPED "$run/said" && fail "a test was skipped"
echo "callers: MLflow, SageMaker and S3 did what they were asked, and what they were is back"
