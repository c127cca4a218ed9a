#!/bin/bash
# What a value costs whylogs, Evidently and river, and here: the same values, one run, processor time, passes in turn; prints a table.
#   bench/peers/run.sh [passes, default 5]    or scripts/bench.sh peers
# The peers come from PyPI, locked by digests (bench/peers/river, test/counterpart/imports), into build/counterpart. Exit 77: it cannot run here.
set -euo pipefail
cd "$(dirname "$0")/../.."
passes="${1:-5}"
. test/counterpart/wheels.sh
declare -A from=()
python_wheels peers-river bench/peers/river
from[river]="$wheels"
python_wheels imports-others test/counterpart/imports/others
from[whylogs]="$wheels"
python_wheels imports-evidently test/counterpart/imports/evidently
from[evidently]="$wheels"

scripts/deps.sh build bench
cmake --preset release >/dev/null
cmake --build --preset release --target peers_bench
out=build/bench/peers
mkdir -p "$out"
ours=build/release/bin/bench/peers_bench
"$ours" --values "$out/values.csv"
: >"$out/runs.ndjson"
for pass in $(seq "$passes"); do
  echo "peers: pass $pass of $passes" >&2
  "$ours" >>"$out/runs.ndjson"
  for peer in river whylogs evidently; do
    PYTHONPATH="${from[$peer]}" python3 -W ignore bench/peers/peer.py "$peer" "$out/values.csv" 2>"$out/$peer.log" | tail -1 >>"$out/runs.ndjson" ||
      { tail -20 "$out/$peer.log" >&2; exit 1; }
  done
done
echo "load of the machine: $(cut -d' ' -f1-3 /proc/loadavg)"
python3 bench/peers/table.py "$out/runs.ndjson" | tee "$out/table.txt"
