#!/bin/bash
# The recommender that loses 40 % of its precision overnight: real ratings, a model, a night's batches with forged ones among them, a
# retrain that its own gate lets through. Firebreak finds it, and by its playbook two people bring the last known good model back. MLflow is
# real; SageMaker and S3 are moto's. Figures in build/recommender/figures.json, the incident's report in build/recommender/report.
#   FIREBREAK_BUILD=build/dev examples/recommender/run.sh    another build
#   examples/recommender/run.sh sweep    how the loss depends on the number of forged accounts, and on chance
# Exit 77: it cannot run here (a build of firebreak and Python 3.11 on x86_64 are needed; wheels are fetched, 600 MB on disk).
set -euo pipefail
cd "$(dirname "$0")/../.."
story="$PWD/examples/recommender"
out="$PWD/build/recommender"
command -v curl >/dev/null || { echo "recommender: there is no curl here"; exit 77; }
. test/counterpart/common.sh
. test/counterpart/wheels.sh
. test/counterpart/callers/servers.sh
install_callers
python_wheels ratings "$story" any
export RATINGS="$wheels"
# One thread: sums are then the same on every run.
py() { OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$moto_wheels:$mlflow_wheels" python3 -W ignore "$@"; }
if [ "${1:-}" = sweep ]; then
  py "$story/sweep.py"
  exit
fi
export FIREBREAK="$(realpath -m "${FIREBREAK_BUILD:-build/dev}")/bin/firebreak"
[ -x "$FIREBREAK" ] || { echo "recommender: no $FIREBREAK; run scripts/test_integration.sh"; exit 77; }
rm -rf "$out"
mkdir -p "$out"
start_moto "$out/moto.log"
start_mlflow "$out/mlflow" "$out/mlflow.log"
export MLFLOW_URL="$mlflow_url" AWS_URL="$moto_url"
tell() { py "$story/story.py" "$@"; }

tell yesterday "$out"
tell measure "$out" before
tell overnight "$out"
tell measure "$out" poisoned
python3 - "$out/figures.json" <<'PY'
import json, sys
f = json.load(open(sys.argv[1]))
lost = 1 - f["precision_poisoned"] / f["precision_before"]
print(f"recommender: precision@10 {f['precision_before']} before the night, {f['precision_poisoned']} after it: {lost:.1%} lost; a clean retrain would have {f['precision_of_a_clean_retrain']}")
sys.exit(not 0.3 < lost < 0.5)
PY

# Firebreak: what it is told of the outside systems, and what its playbooks are told of this model.
port="$(free_port)"
export FIREBREAK_URL="http://127.0.0.1:$port"
(umask 077 && echo story >"$out/aws.secret")
playbooks="$(for one in content/playbooks/*.json; do echo "    - '$PWD/$one'"; done)"
cat >"$out/firebreak.yaml" <<YAML
callers:
  models: {kind: mlflow, url: '$mlflow_url'}
  endpoints: {kind: sagemaker, url: '$moto_url', access_key_id: story, secret_file: aws.secret}
  training: {kind: s3, url: '$moto_url', access_key_id: story, secret_file: aws.secret}
playbooks:
  files:
$playbooks
  variables:
    __model__: movie-recs
    __model_file__: model.json
    __alias__: champion
    __serving_endpoint__: recs-prod
    __suspect_variant__: current
    __good_variant__: standby
    __bucket__: recs-training
    __prefix__: ratings/
    __intake__: ratings/ingest/
YAML
"$FIREBREAK" serve --data "$out/firebreak" --config "$out/firebreak.yaml" --listen "127.0.0.1:$port" >"$out/firebreak.log" 2>&1 &
pids+=($!)
until_true "Firebreak" curl -fs -o /dev/null "$FIREBREAK_URL/healthz"
admin() { "$FIREBREAK" "$@" --data "$out/firebreak"; }
admin user add ana --role analyst >/dev/null
admin user add ben --role approver >/dev/null
admin token add ana --out "$out/ana.token" >/dev/null
admin token add ben --out "$out/ben.token" >/dev/null
admin onboard recs-prod --owner recommendations --numeric ratings,stars --positive liked >/dev/null
tell answers "$out"
admin ingest --endpoint recs-prod "$out/evening.ndjson"
py "$story/morning.py" "$out" contain
py "$story/morning.py" "$out" tampered
