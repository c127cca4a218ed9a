#!/bin/bash
# Lines of OCSF against the schema as it was published: those of the room's story (every kind of line), and those of a running server.
#   FIREBREAK=build/release/bin/firebreak test/counterpart/events/run.sh    another program than the dev build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/events"
firebreak="${FIREBREAK:-build/dev/bin/firebreak}"
story="$(dirname "$firebreak")/test/read_events_test"
[ -x "$firebreak" ] && [ -x "$story" ] || { echo "events: no $firebreak or no $story; run scripts/test_integration.sh"; exit 77; }
. test/counterpart/wheels.sh
python_wheels ocsf "$here"
. test/counterpart/common.sh
check() { PYTHONPATH="$wheels" python3 "$here/check.py" "$1"; }
FIREBREAK_EVENTS_OUT="$run" "$story" --gtest_filter='Ocsf.has_what*' >/dev/null
check "$run/ocsf.ndjson"
url="http://127.0.0.1:$(free_port)"
"$firebreak" serve --data "$run/data" --listen "${url#http://}" --events "$run/events.ndjson" >"$run/log" 2>&1 &
pids+=($!)
until_true "the server" curl -fs -o /dev/null "$url/healthz"
export FIREBREAK_URL="$url" FIREBREAK_TOKEN
FIREBREAK_TOKEN="$(cat "$run/data/admin.token")"
"$firebreak" onboard shop --numeric age >/dev/null
incident="$("$firebreak" incident declare --endpoint shop --title "odd" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')"
"$firebreak" incident ack "$incident" >/dev/null
"$firebreak" incident triage "$incident" benign_drift --reason "a drill" >/dev/null
"$firebreak" incident set "$incident" no_attack "a drill" >/dev/null
"$firebreak" incident close "$incident" --summary "a drill" --residual-risk "none" --reason "a drill" >/dev/null
until_true "the line of its close" grep -q incident_closed "$run/events.ndjson"
check "$run/events.ndjson"
