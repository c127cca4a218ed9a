#!/bin/bash
# The Python writer of binary batches against a running server: what it sends is what is read back, and is what the same
# records sent as lines are.
set -euo pipefail
cd "$(dirname "$0")/../../.."
if ! command -v python3 >/dev/null; then
  echo "rows: no python3 here"
  exit 77
fi
firebreak="${FIREBREAK:-build/dev/bin/firebreak}"
[ -x "$firebreak" ] || { echo "rows: no $firebreak; run scripts/test_integration.sh"; exit 77; }
. test/counterpart/common.sh
start_firebreak_alone

for stream in lines rows; do
  api -X PUT -H 'Content-Type: application/json' -d '{"kinds":["inference","label"]}' "$url/api/v1/streams/$stream" >/dev/null
done
python3 - >"$run/records.ndjson" <<'PY'
import json, random
random.seed(7)
for i in range(3000):
    record = {"type": "inference", "id": f"e{i}", "time": f"2026-11-20T10:{i // 60 % 60:02}:{i % 60:02}.{i % 1000:03}Z",
              "caller": f"key-{i % 17}", "release": "1.0.0" if i % 5 else "1.1.0",
              "model": {"name": "scorer", "version": "1", "digest": "ab" * 32},
              "features": {"age": i % 90, "amount": round(random.uniform(0, 1e6), 2), "sex": random.choice(["f", "m", "ü", ""])},
              "output": {"label": "approve", "score": random.random()}, "disposition": "served", "latency_us": i}
    if i % 97 == 0:
        record["features"]["late_comer"] = i > 1000  # opens a schema in the middle
    if i % 101 == 0:
        record["features"]["tags"] = ["a", {"b": None}]  # has no column
    print(json.dumps(record))
PY
api -H 'Content-Type: application/x-ndjson' --data-binary "@$run/records.ndjson" "$url/api/v1/streams/lines/records" >/dev/null
python3 examples/rows/send_rows.py "$url" rows "$token" <"$run/records.ndjson" >"$run/receipts"

python3 - "$url" "$token" <<'PY'
import json, sys, urllib.request
url, token = sys.argv[1], open(sys.argv[2]).read().strip()
def records(stream):
    found, at = {}, 0
    while True:
        request = urllib.request.Request(f"{url}/api/v1/streams/{stream}/records?from={at}&limit=5000",
                                         headers={"Authorization": f"Bearer {token}"})
        page = json.load(urllib.request.urlopen(request))
        for item in page["items"]:
            if "control" not in item["record"]:
                found[item["record"]["id"]] = item["record"]
        if page["next"] == at or page["next"] >= page["size"]:
            return found
        at = page["next"]
lines, rows = records("lines"), records("rows")
assert len(lines) == 3000, len(lines)
differing = [key for key in lines if lines[key] != rows.get(key)]
assert not differing and len(rows) == 3000, (differing[:3], len(rows))
print("rows: 3,000 records, equal in both forms")
PY
grep -c '"first"' "$run/receipts" >/dev/null
