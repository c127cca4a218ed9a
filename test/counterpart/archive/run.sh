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
[ "$(uname -m)" = x86_64 ] || { echo "archive: the locked libraries are for x86_64"; exit 77; }
command -v python3 >/dev/null || { echo "archive: there is no python3 here"; exit 77; }
[ "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = 3.11 ] || { echo "archive: the locked pyarrow is for Python 3.11"; exit 77; }
python3 -m pip --version >/dev/null 2>&1 || scripts/deps.sh pip
FIREBREAK_DUCKDB="$(scripts/duckdb.sh --path | tail -1)"
export FIREBREAK_DUCKDB
wheels="$PWD/build/counterpart/pyarrow"
if [ ! -d "$wheels/pyarrow" ] || ! cmp -s "$here/requirements.txt" "$wheels/requirements.txt"; then
  rm -rf "$wheels"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes --only-binary :all: --target "$wheels" -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$wheels/"
fi
. test/counterpart/common.sh
url="http://127.0.0.1:$(free_port)"
"$firebreak" serve --data "$run/data" --listen "${url#http://}" >"$run/log" 2>&1 &
pids+=($!)
until_true "the server" curl -fs -o /dev/null "$url/healthz"
token="$run/data/admin.token"
api() { curl -fsS -H "Authorization: Bearer $(cat "$token")" "$@"; }
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
# What only runs where the library is.
if [ -x build/dev/bin/test/e2e_test ]; then build/dev/bin/test/e2e_test --gtest_brief=1 --gtest_filter='Archive.*'; fi
