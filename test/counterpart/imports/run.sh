#!/bin/bash
# Evidently and whylogs write their files anew, and Firebreak reads the same out of them as out of those in test/data/imports.
#   test/counterpart/imports/run.sh --write    puts the new files (and Evidently's scores) into test/data
#   FIREBREAK=build/release/bin/firebreak test/counterpart/imports/run.sh    another program than the dev build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/imports"
firebreak="${FIREBREAK:-build/dev/bin/firebreak}"
. test/counterpart/wheels.sh
python_wheels imports-evidently "$here/evidently"
evidently="$wheels"
python_wheels imports-others "$here/others"
others="$wheels"
out=build/counterpart/imports
mkdir -p "$out"
PYTHONPATH="$evidently" python3 -W ignore "$here/evidently/fixtures.py" "$out"
PYTHONHASHSEED=0 PYTHONPATH="$evidently" python3 -W ignore "$here/evidently/scores.py" "$out/evidently_scores.json"
PYTHONPATH="$others" python3 -W ignore "$here/others/fixtures.py" "$out"
if [ "${1:-}" = --write ]; then
  mv "$out/evidently_scores.json" test/data/conformance/
  cp "$out"/* test/data/imports/
  exit 0
fi
[ -x "$firebreak" ] || { echo "imports: no $firebreak; run scripts/test_integration.sh"; exit 77; }
read_out() {  # what it says of a file, without the file's own digest
  "$firebreak" profile import --from "$1" "$2" --json | sed -E 's/"episode": "[^"]*"/"episode"/; s/"20[0-9TZ:.-]+"/"time"/'
}
for file in evidently:evidently_report.json evidently:evidently_old_report.json evidently:evidently_tests.json sagemaker:sagemaker_statistics.json \
            sagemaker:sagemaker_violations.json tfdv:tfdv_statistics.pb tfdv:tfdv_statistics.json whylogs:whylogs_view.json whylogs:whylogs_dict.json; do
  cmp <(read_out "${file%%:*}" "$out/${file#*:}") <(read_out "${file%%:*}" "test/data/imports/${file#*:}")
done
# The last digits are the processor's: its vector instructions add up in another order.
python3 "$here/same_scores.py" "$out/evidently_scores.json" test/data/conformance/evidently_scores.json
echo "imports: the same out of nine files written anew"
