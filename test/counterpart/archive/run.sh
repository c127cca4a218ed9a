#!/bin/bash
# pyarrow, which shares no code with DuckDB, reads the archive's Parquet files: what is in them is what the server gives out
# as records, types and counts are those of the manifest, and each file has the digest that it names.
#   FIREBREAK=build/release/bin/firebreak test/counterpart/archive/run.sh    another program than the dev build
# Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../../.."
here="$PWD/test/counterpart/archive"
firebreak="${FIREBREAK:-build/dev/bin/firebreak}"
[ -x "$firebreak" ] || { echo "archive: no $firebreak; run scripts/test_integration.sh"; exit 77; }
. test/counterpart/wheels.sh
python_wheels pyarrow "$here"
FIREBREAK_DUCKDB="$(scripts/duckdb.sh --path | tail -1)"
export FIREBREAK_DUCKDB
. test/counterpart/common.sh
start_firebreak_alone
api -X PUT -H 'Content-Type: application/json' -d '{"kinds":["inference","label"],"fields":{"mail":{"keep":"encrypt"}}}' "$url/api/v1/streams/shop" >/dev/null
python3 "$here/records.py" >"$run/records.ndjson"
api -H 'Content-Type: application/x-ndjson' --data-binary "@$run/records.ndjson" "$url/api/v1/streams/shop/records" >/dev/null
export FIREBREAK_URL="$url" FIREBREAK_TOKEN
FIREBREAK_TOKEN="$(cat "$token")"
"$firebreak" archive build --open
"$firebreak" impact --stream shop --release 1.0.0 --as-is --json --prove "$run/statement.json" >"$run/impact.json"
"$firebreak" query 'SELECT caller, count(*) AS n FROM inference GROUP BY ALL' --stream shop --as-is --format parquet --out "$run/answer.parquet"
"$firebreak" impact --stream shop --as-is --format parquet --out "$run/cells.parquet"
PYTHONPATH="$wheels" python3 "$here/compare.py" "$run"
cp -r "$run/data/archive/shop" "$run/copy"
kill "${pids[0]}"
wait "${pids[0]}" || true
# Without the server.
"$firebreak" evidence verify "$run/statement.json" --archive "$run/copy" --key "$(cat "$run/data/logs/shop/vkey")" --key "$(cat "$run/data/logs/journal/vkey")"
# What only runs where the library is; not as a client of the server above.
if [ -x build/dev/bin/test/e2e_test ]; then env -u FIREBREAK_URL -u FIREBREAK_TOKEN build/dev/bin/test/e2e_test --gtest_brief=1 --gtest_filter='Archive.*'; fi
