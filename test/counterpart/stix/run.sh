#!/bin/bash
# Bundles of STIX 2.1 against the validator of OASIS: that of the room's story, and what a running server exports.
#   FIREBREAK=build/release/bin/firebreak test/counterpart/stix/run.sh    another program than the dev build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/stix"
firebreak="${FIREBREAK:-build/dev/bin/firebreak}"
story="$(dirname "$firebreak")/test/read_events_test"
[ -x "$firebreak" ] && [ -x "$story" ] || { echo "stix: no $firebreak or no $story; run scripts/test_integration.sh"; exit 77; }
. test/counterpart/wheels.sh
python_wheels stix "$here" "" cpe
. test/counterpart/common.sh
check() { PYTHONPATH="$wheels" python3 "$here/check.py" "$1"; }
FIREBREAK_STIX_OUT="$run" "$story" --gtest_filter='Stix.has_an_object*' >/dev/null
check "$run/bundle.json"
start_firebreak_alone
export FIREBREAK_URL="$url" FIREBREAK_TOKEN
FIREBREAK_TOKEN="$(cat "$token")"
"$firebreak" onboard shop --numeric age >/dev/null
incident="$("$firebreak" incident declare --endpoint shop --title "Erika Musterfrau called" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')"
"$firebreak" incident label "$incident" atlas 5.6.0 AML.T0043.001 >/dev/null
if "$firebreak" incident label "$incident" atlas 5.6.0 AML.T0999 >/dev/null 2>"$run/refused"; then fail "an id that ATLAS does not have was taken"; fi
grep -q 'the nearest is AML.T' "$run/refused" || fail "no nearest id is named: $(cat "$run/refused")"
"$firebreak" incident label "$incident" owasp_ml 2023 ML01:2023 >/dev/null
"$firebreak" incident indicator "$incident" ip 192.0.2.7 --tlp TLP:GREEN >/dev/null
"$firebreak" incident indicator "$incident" url "https://attacker.example/it's" --tlp TLP:AMBER >/dev/null
"$firebreak" incident indicator "$incident" email erika@musterfrau.example --tlp TLP:CLEAR >/dev/null
"$firebreak" incident export "$incident" --out "$run/exported.json" >/dev/null
check "$run/exported.json"
grep -qi musterfrau "$run/exported.json" && fail "a person is in the bundle"
grep -q 'Craft Adversarial Data: Black-Box Optimization' "$run/exported.json" || fail "the technique has no name"
"$firebreak" incident export "$incident" --tlp TLP:GREEN | grep -q attacker.example && fail "an amber indicator is in a green bundle"
echo "stix: the validator of OASIS takes both bundles"
